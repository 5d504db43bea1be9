//! `.snapshotinfo`: what a snapshot is of.

use tsdbproof_core::{Error, Kind};

use super::{TableName, malformed};
use crate::hbase::protobuf::{Field, Fields};

/// What a snapshot is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Description {
    pub(crate) name: String,
    pub(crate) table: TableName,
    /// When it was taken, in milliseconds since 1970: the moment that times to live are counted to.
    pub(crate) created_ms: Option<i64>,
    pub(crate) kind: SnapshotKind,
    pub(crate) owner: Option<String>,
    /// How long the snapshot itself is kept, in seconds; `None`: for ever.
    pub(crate) ttl_s: Option<u64>,
}

/// What a snapshot holds of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SnapshotKind {
    /// All: the table was disabled.
    Disabled,
    /// All that was written before it began.
    Flush,
    /// Only what was in store files: what stood in memory is missing.
    SkipFlush,
}

/// The version of snapshots with manifests.
const VERSION: u64 = 2;

impl Description {
    /// Reads the bytes of a `.snapshotinfo`.
    ///
    /// Errors: `Malformed`; `Unsupported` for a snapshot of files without a manifest.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let what = "a description of a snapshot (.snapshotinfo) that can't be read";
        let (description, version) = read(bytes).ok_or_else(|| malformed(what))?;
        if version == VERSION {
            return Ok(description);
        }
        let what = format!("a snapshot of version {version}; version {VERSION} is read");
        let help = "restore it into an HBase of 0.98 or later and take a new one, or use Export";
        Err(Error::new(Kind::Unsupported, what).help(help))
    }
}

fn read(bytes: &[u8]) -> Option<(Description, u64)> {
    let (mut name, mut table, mut created_ms, mut owner, mut ttl_s) =
        (None, None, None, None, None);
    let (mut kind, mut version) = (SnapshotKind::Flush, 0);
    for field in Fields::of(bytes) {
        let field = field.ok()?;
        match field.number {
            1 => name = Some(text(field)?),
            2 => table = Some(TableName::of_text(&text(field)?)),
            3 => created_ms = Some(field.value.varint()?.cast_signed()).filter(|time| *time > 0),
            4 => kind = snapshot_kind(field.value.varint()?)?,
            5 => version = field.value.varint()?,
            6 => owner = Some(text(field)?),
            8 => ttl_s = Some(field.value.varint()?).filter(|ttl| *ttl > 0),
            _ => {}
        }
    }
    let (name, table) = (name?, table?);
    Some((Description { name, table, created_ms, kind, owner, ttl_s }, version))
}

fn snapshot_kind(number: u64) -> Option<SnapshotKind> {
    match number {
        0 => Some(SnapshotKind::Disabled),
        1 => Some(SnapshotKind::Flush),
        2 => Some(SnapshotKind::SkipFlush),
        _ => None,
    }
}

fn text(field: Field<'_>) -> Option<String> {
    str::from_utf8(field.value.bytes()?).ok().map(str::to_owned)
}
