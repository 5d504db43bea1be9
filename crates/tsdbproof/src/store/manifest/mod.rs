//! The manifest file: an Arrow IPC file of one row for each node of one depth.
//!
//! Rows ascend by metric, tags and time; `table` tells the columns, `meta` the keys of the footer,
//! `ipc` the framing. A manifest proves itself: rows fold up to the roots in its footer, and
//! `tsdbproof.sha256` is the SHA-256 of the whole file in which those 64 digits are read as zeros:
//!
//! ```python
//! hashlib.sha256(data.replace(digits, b"0" * 64)).hexdigest() == digits.decode()
//! ```

mod ipc;
mod losses;
mod meta;
mod read;
mod rules;
mod table;
mod write;

pub(crate) use losses::LossyRows;
pub(crate) use read::ManifestReader;
pub(crate) use write::ManifestWriter;

use crate::unread::Gaps;
use tsdbproof_core::{
    Error, Hour, Kind, Series,
    digest::{Depth, Entry, Totals},
};

/// Takes the rows of a manifest.
pub(crate) type Rows<'a> = dyn FnMut(&Series, Hour, &Entry) -> Result<(), Error> + 'a;

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

/// Whether a file that begins so is a manifest, of whatever version, and no other Arrow file.
pub(crate) fn is_manifest(head: &[u8]) -> bool {
    let schema = head
        .strip_prefix(&ipc::HEAD)
        .and_then(|rest| rest.strip_prefix(&ipc::CONTINUATION))
        .and_then(|rest| rest.split_first_chunk())
        .and_then(|(length, rest)| rest.get(..u32::from_le_bytes(*length) as usize))
        .and_then(|message| ipc::read_schema(message).ok());
    schema.is_some_and(|s| s.metadata().get(table::KEY).is_some_and(|what| what == table::WHAT))
}

/// A manifest that is not what was written.
fn damaged(what: impl Into<String>) -> Error {
    let help = "the manifest was changed or damaged after it was written; take another copy";
    Error::new(Kind::Malformed, what).help(help)
}

/// Text of an input, escaped, and cut where it is long.
fn shown(text: &str) -> String {
    const LONGEST: usize = 64;
    let escaped: String = text.escape_debug().take(LONGEST + 1).collect();
    match escaped.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("\"{}\"…", escaped.get(..end).unwrap_or_default()),
        None => format!("\"{escaped}\""),
    }
}

#[cfg(test)]
mod tests;
