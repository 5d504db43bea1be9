//! What OpenTSDB means by the rows and cells of its tables.
