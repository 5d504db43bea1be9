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
mod region;
mod schema;
mod table_name;
#[cfg(test)]
mod tests;

#[allow(unused_imports)] // Until snapshots are sources.
pub(crate) use description::{Description, SnapshotKind};
#[allow(unused_imports)] // Until snapshots are sources.
pub(crate) use folder::{SnapshotFolder, find};
#[allow(unused_imports)] // Until snapshots are sources.
pub(crate) use locate::{LocatedFile, locate};
pub(crate) use manifest::Manifest;
pub(crate) use region::{Region, StoreFile};
#[allow(unused_imports)] // Until snapshots are sources.
pub(crate) use schema::Family;
pub(crate) use schema::Schema;
pub(crate) use table_name::TableName;

use tsdbproof_core::{Error, Kind};

/// A message that can't be read.
fn malformed(what: impl Into<String>) -> Error {
    Error::new(Kind::Malformed, what).help("the snapshot is damaged: copy or export it again")
}
