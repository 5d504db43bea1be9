//! The manifest file: an Arrow IPC file of one row for each node of one depth.
//!
//! Rows ascend by metric, tags and time; `table` tells the columns, `meta` the keys of the footer,
//! `store/file` the rest. A manifest proves itself: rows fold up to the roots in its footer.

mod losses;
mod meta;
mod read;
mod rules;
mod table;
mod write;

pub(crate) use losses::LossyRows;
pub(crate) use read::Nodes;
pub(crate) use write::ManifestWriter;

use crate::unread::Gaps;
use tsdbproof_core::{
    Error,
    digest::{Depth, Totals},
};

use super::file::{self, shown};

/// What the schema of a manifest says that it is.
pub(crate) use table::WHAT;

/// What a manifest says beside its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Meta {
    /// How deep the rows reach.
    pub(crate) depth: Depth,
    /// Roots and the node above all metrics.
    pub(crate) totals: Totals,
    /// The scope text.
    pub(crate) scope: String,
    /// Problems of the source by kind name: what the root leaves out.
    pub(crate) left_out: Vec<(String, u64)>,
    /// Rows whose points may not be the stored ones, for the way they came.
    pub(crate) losses: LossyRows,
    /// What could not be read of a server.
    pub(crate) unread: Gaps,
    /// The input files.
    pub(crate) files: Vec<FileMeta>,
}

/// An input file, by its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct FileMeta {
    /// Its name.
    pub(crate) name: String,
    /// Bytes.
    pub(crate) size_bytes: u64,
    /// BLAKE3 of each block of 1 MiB: all of them, or none where not asked for.
    pub(crate) blocks: Vec<[u8; 32]>,
    /// SHA-256 of the whole file, where asked for.
    pub(crate) sha256: Option<[u8; 32]>,
}

/// A manifest that is not what was written.
fn damaged(what: impl Into<String>) -> Error {
    file::damaged("manifest", what)
}

#[cfg(test)]
mod tests;
