//! Snapshots: which store files a table had at a moment, and where they lie in a folder.
//!
//! | path under the root | what |
//! | --- | --- |
//! | `.hbase-snapshot/NAME/.snapshotinfo` | [`Description`] |
//! | `.hbase-snapshot/NAME/data.manifest` | [`Manifest`]: the table's schema, its regions, their store files |
//! | `.hbase-snapshot/NAME/region-manifest.…` | a region of it, until all are joined into one |
//! | `.hbase-snapshot/.tmp/NAME/…` | a snapshot that is not finished, or not exported to its end |
//! | `archive/data/NAMESPACE/TABLE/REGION/FAMILY/FILE` | a store file, where ExportSnapshot puts all of them |
//! | `data/NAMESPACE/TABLE/REGION/FAMILY/FILE` | a store file of a live table |
//!
//! All messages are bare protocol buffers without checksums. Parsers here do no I/O: whoever has the
//! folder gives them the list of its files and the bytes that they name.
//!
//! Source: HBase 2.5.10 `snapshot/*.java`, `io/HFileLink.java`, `Snapshot.proto`, `HBase.proto`.

mod description;
mod folder;
mod locate;
mod manifest;
mod opened;
mod region;
mod schema;
mod table_name;
#[cfg(test)]
mod tests;

pub(crate) use description::{Description, SnapshotKind};
pub use folder::{SNAPSHOTS, SnapshotFolder, UNFINISHED_SNAPSHOTS, find, is_part_of_snapshot};
pub(crate) use locate::{LocatedFile, locate};
pub(crate) use manifest::Manifest;
pub use opened::{Snapshot, SnapshotFile, TableRules};
pub(crate) use region::{Region, StoreFile};
pub(crate) use schema::Schema;
pub(crate) use table_name::TableName;

use tsdbproof_core::{Error, Kind};

use super::{hex::hex, table::NoPoints};
use crate::{Access, Format, Score};

/// What says what a snapshot is made of. It is known by its path; no byte tells.
pub static SNAPSHOT: Format = Format {
    name: "hbase-snapshot",
    about: "which store files a snapshot of HBase has",
    extensions: &[],
    example: "(a message without a mark)",
    score: |_| Score::No,
    access: Access::Stream { splits_at_lines: false, open: |_, _| Box::new(NoPoints) },
    keeps_kind: true,
    write: None,
};

/// A message that can't be read.
fn malformed(what: impl Into<String>) -> Error {
    Error::new(Kind::Malformed, what).help("the snapshot is damaged: copy or export it again")
}

/// Rows from a key on up to another, in words; an empty key is no border.
fn span(from: &[u8], to: &[u8]) -> String {
    let from = if from.is_empty() { "the first".to_owned() } else { hex(from) };
    let to = if to.is_empty() { "the last".to_owned() } else { hex(to) };
    format!("from {from} to {to}")
}
