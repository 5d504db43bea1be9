//! A cell of a table, as every container of HBase's holds it.

use std::ops::Range;

use tsdbproof_core::Problem;

/// What a cell does. The numbers are HBase's (`KeyValue.Type`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum CellKind {
    /// Holds a value.
    Put = 4,
    /// Hides the one version of this column with this timestamp.
    Delete = 8,
    /// Hides the cells of this family with this timestamp.
    DeleteFamilyVersion = 10,
    /// Hides the versions of this column up to this timestamp.
    DeleteColumn = 12,
    /// Hides the cells of this family up to this timestamp.
    DeleteFamily = 14,
}

impl CellKind {
    /// The kind of this number; `None` for one that no stored cell has.
    pub(crate) fn of(number: u8) -> Option<Self> {
        use CellKind::{Delete, DeleteColumn, DeleteFamily, DeleteFamilyVersion, Put};
        let kinds = [Put, Delete, DeleteFamilyVersion, DeleteColumn, DeleteFamily];
        kinds.into_iter().find(|kind| *kind as u8 == number)
    }
}

/// A cell of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cell<'a> {
    pub(crate) row: &'a [u8],
    pub(crate) family: &'a [u8],
    pub(crate) qualifier: &'a [u8],
    /// When it was written, in milliseconds since 1970: what orders versions.
    pub(crate) timestamp_ms: i64,
    pub(crate) kind: CellKind,
    pub(crate) value: &'a [u8],
    /// Tags as HBase stores them, one behind the other: u16 length, u8 type, data.
    pub(crate) tags: &'a [u8],
    /// What orders writes of one timestamp: the MVCC number, 0 where a container has none.
    pub(crate) sequence: u64,
}

impl<'a> Cell<'a> {
    /// What it holds, and in which column.
    pub(crate) fn column(&self) -> Column<'a> {
        Column { qualifier: self.qualifier, value: self.value }
    }
}

/// Cells of one row and one family that are puts without tags, a column each.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Puts<'a> {
    pub(crate) row: &'a [u8],
    pub(crate) family: &'a [u8],
    pub(crate) columns: &'a [Column<'a>],
    /// Bytes of all qualifiers and values.
    pub(crate) bytes: usize,
}

/// What a put holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Column<'a> {
    pub(crate) qualifier: &'a [u8],
    pub(crate) value: &'a [u8],
}

/// Where a reader of cells puts what it finds, in the container's own order.
pub(crate) trait CellSink {
    /// A cell. `at` is where it lies in the unpacked file, or the part of the file that has to be
    /// read to find it again.
    fn cell(&mut self, cell: Cell<'_>, at: Range<u64>);

    /// Cells with which a row ends: those that come next are of another.
    ///
    /// Gives `false`, and takes nothing, where they have to come one by one.
    fn row(&mut self, _puts: &Puts<'_>, _at: &Range<u64>) -> bool {
        false
    }

    /// A fault in the container. The reader goes on behind it.
    fn problem(&mut self, problem: Problem);
}
