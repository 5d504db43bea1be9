//! The files that this program writes.

pub(crate) mod manifest;
