//! Opens what a user names: files, folders, globs and standard input.
