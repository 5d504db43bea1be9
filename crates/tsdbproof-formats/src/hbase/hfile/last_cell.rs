//! The key of the last cell of a file so far: what the next one is ordered by.

use super::key::Key;
use crate::hbase::cell::{Cell, CellKind};

/// The key of a cell, kept.
pub(super) struct LastCell {
    /// Row, family and qualifier.
    bytes: Vec<u8>,
    row: usize,
    family: usize,
    timestamp_ms: i64,
    kind: CellKind,
}

impl LastCell {
    /// The key of this cell.
    pub(super) fn of(cell: &Cell<'_>) -> Self {
        let (timestamp_ms, kind) = (cell.timestamp_ms, cell.kind);
        let mut last = LastCell { bytes: Vec::new(), row: 0, family: 0, timestamp_ms, kind };
        last.keep(cell);
        last
    }

    /// Keeps this cell in its place.
    pub(super) fn keep(&mut self, cell: &Cell<'_>) {
        self.bytes.clear();
        self.bytes.extend_from_slice(cell.row);
        self.bytes.extend_from_slice(cell.family);
        self.bytes.extend_from_slice(cell.qualifier);
        (self.row, self.family) = (cell.row.len(), cell.row.len() + cell.family.len());
        (self.timestamp_ms, self.kind) = (cell.timestamp_ms, cell.kind);
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.bytes.capacity()
    }

    /// The cell, without what no order looks at.
    pub(super) fn cell(&self) -> Cell<'_> {
        Cell {
            row: self.bytes.get(..self.row).unwrap_or_default(),
            family: self.bytes.get(self.row..self.family).unwrap_or_default(),
            qualifier: self.bytes.get(self.family..).unwrap_or_default(),
            timestamp_ms: self.timestamp_ms,
            kind: self.kind,
            value: &[],
            tags: &[],
            sequence: 0,
        }
    }

    /// Whether this is its key.
    pub(super) fn is(&self, key: &Key<'_>) -> bool {
        let (cell, column) = (self.cell(), key.column);
        (cell.row, cell.family, cell.qualifier) == (column.row, column.family, column.qualifier)
            && (cell.timestamp_ms, cell.kind as u8) == (key.timestamp_ms, key.kind)
    }
}
