//! Arguments to job to output and exit code.
