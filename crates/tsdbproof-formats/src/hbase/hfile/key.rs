//! The key of a cell, as KeyValues and indexes hold it.
//!
//! | bytes | part |
//! | --- | --- |
//! | 2 + n | length of the row, row |
//! | 1 + n | length of the family, family |
//! | n | qualifier, up to the last nine bytes |
//! | 8 + 1 | timestamp, type |
//!
//! Source: HBase 2.5.10 `KeyValue.java`.

use super::input::Input;

/// Bytes behind the qualifier.
pub(super) const STAMP_BYTES: usize = 8 + 1;

/// The part of a key that names a column of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Column<'k> {
    pub(crate) row: &'k [u8],
    pub(crate) family: &'k [u8],
    pub(crate) qualifier: &'k [u8],
}

impl<'k> Column<'k> {
    /// The parts of a key without its timestamp and type.
    pub(super) fn of(bytes: &'k [u8]) -> Option<Self> {
        let mut input = Input::new(bytes);
        let row_length = input.u16()?;
        let row = input.take(row_length.into())?;
        let family_length = input.u8()?;
        let family = input.take(family_length.into())?;
        Some(Column { row, family, qualifier: input.rest() })
    }
}

/// A whole key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key<'k> {
    pub(crate) column: Column<'k>,
    pub(crate) timestamp_ms: i64,
    /// The number of a [`CellKind`](crate::hbase::cell::CellKind), or of none that is stored.
    pub(crate) kind: u8,
}

impl<'k> Key<'k> {
    /// The parts of a key.
    pub(crate) fn of(bytes: &'k [u8]) -> Option<Self> {
        let (column, stamp) = bytes.split_last_chunk::<STAMP_BYTES>()?;
        let (timestamp_ms, kind) = split_stamp(stamp);
        Some(Key { column: Column::of(column)?, timestamp_ms, kind })
    }
}

/// The timestamp and the type.
pub(super) fn split_stamp(stamp: &[u8; STAMP_BYTES]) -> (i64, u8) {
    let [timestamp @ .., kind] = stamp;
    (i64::from_be_bytes(*timestamp), *kind)
}
