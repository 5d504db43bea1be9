//! The cells of one row, kept until the row is whole.

use std::ops::Range;

use crate::hbase::cell::{Cell, CellKind, Puts};
use crate::prefix;

/// The cells of one row, copied.
#[derive(Debug, Default)]
pub(super) struct Batch {
    row: Vec<u8>,
    /// Of each cell its family, qualifier, value and tags.
    bytes: Vec<u8>,
    cells: Vec<Held>,
    /// From where the first cell begins to where the last ends.
    pub(super) at: Range<u64>,
    /// The row grew too large: no cell is kept.
    is_too_large: bool,
}

/// Where the parts of a cell end in the bytes of all, and the rest of it.
#[derive(Debug)]
struct Held {
    family_end: usize,
    qualifier_end: usize,
    value_end: usize,
    tags_end: usize,
    timestamp_ms: i64,
    kind: CellKind,
    sequence: u64,
}

/// Memory that is kept for the next row.
const KEPT_BYTES: usize = 1 << 20;

impl Batch {
    /// Whether a cell of this row goes into another batch.
    pub(super) fn is_of_another(&self, row: &[u8]) -> bool {
        !self.is_empty() && !prefix::is_same(&self.row, row)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.cells.is_empty() && !self.is_too_large
    }

    pub(super) fn is_too_large(&self) -> bool {
        self.is_too_large
    }

    /// Whether a row of these would be kept with this limit.
    pub(super) fn fits(puts: &Puts<'_>, limit_bytes: usize) -> bool {
        let each = puts.family.len() + size_of::<Held>();
        puts.bytes + puts.columns.len() * each <= limit_bytes
    }

    pub(super) fn row(&self) -> &[u8] {
        &self.row
    }

    /// Adds a cell of the row; beyond the limit the whole row is given up.
    pub(super) fn push(&mut self, cell: &Cell<'_>, at: Range<u64>, limit_bytes: usize) {
        if self.is_empty() {
            self.row.clear();
            self.row.extend_from_slice(cell.row);
            self.at = at;
        } else {
            self.at = self.at.start.min(at.start)..self.at.end.max(at.end);
        }
        let [family, qualifier, value, tags] =
            [cell.family, cell.qualifier, cell.value, cell.tags].map(<[u8]>::len);
        let more = family + qualifier + value + tags + size_of::<Held>();
        if self.held_bytes() + more > limit_bytes {
            (self.bytes, self.cells, self.is_too_large) = (Vec::new(), Vec::new(), true);
        }
        if self.is_too_large {
            return;
        }
        for part in [cell.family, cell.qualifier, cell.value, cell.tags] {
            self.bytes.extend_from_slice(part);
        }
        let tags_end = self.bytes.len();
        let value_end = tags_end - tags;
        let qualifier_end = value_end - value;
        let family_end = qualifier_end - qualifier;
        let Cell { timestamp_ms, kind, sequence, .. } = *cell;
        let held =
            Held { family_end, qualifier_end, value_end, tags_end, timestamp_ms, kind, sequence };
        self.cells.push(held);
    }

    /// The cells, in the order in which they came.
    pub(super) fn cells(&self) -> Vec<Cell<'_>> {
        let mut start = 0;
        let part = |range: Range<usize>| self.bytes.get(range).unwrap_or_default();
        let cell = |held: &Held| {
            let Held { family_end, qualifier_end, value_end, tags_end, .. } = *held;
            let family = part(start..family_end);
            start = tags_end;
            Cell {
                row: &self.row,
                family,
                qualifier: part(family_end..qualifier_end),
                timestamp_ms: held.timestamp_ms,
                kind: held.kind,
                value: part(qualifier_end..value_end),
                tags: part(value_end..tags_end),
                sequence: held.sequence,
            }
        };
        self.cells.iter().map(cell).collect()
    }

    /// Makes room for another row, and gives memory back if this one was unusually large.
    pub(super) fn clear(&mut self) {
        if self.memory_bytes() > KEPT_BYTES {
            *self = Batch::default();
        }
        self.bytes.clear();
        self.cells.clear();
        self.is_too_large = false;
    }

    fn held_bytes(&self) -> usize {
        self.bytes.len() + self.cells.len() * size_of::<Held>()
    }

    /// Bytes of memory.
    pub(super) fn memory_bytes(&self) -> usize {
        self.row.capacity() + self.bytes.capacity() + self.cells.capacity() * size_of::<Held>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CELL: Cell<'_> = Cell {
        row: b"row",
        family: b"t",
        qualifier: b"\0\0",
        timestamp_ms: 5,
        kind: CellKind::Put,
        value: b"value",
        tags: b"",
        sequence: 7,
    };

    #[test]
    fn cells_come_back_as_they_were() {
        let marker = Cell { kind: CellKind::Delete, value: b"", qualifier: b"", ..CELL };
        let cells = [CELL, marker, Cell { family: b"", tags: b"\0\x01\x05", ..CELL }];
        let mut batch = Batch::default();
        for (at, cell) in [10..20, 2..5, 20..21].into_iter().zip(&cells) {
            assert!(!batch.is_of_another(b"row"));
            batch.push(cell, at, 1 << 20);
        }
        assert_eq!((batch.cells(), batch.at.clone()), (cells.to_vec(), 2..21));
        assert!(batch.is_of_another(b"rox"));
        batch.clear();
        assert!(batch.is_empty() && !batch.is_of_another(b"rox"));
    }

    #[test]
    fn a_row_that_grows_too_large_is_given_up_as_a_whole() {
        let mut batch = Batch::default();
        for index in 0..10_000 {
            batch.push(&CELL, index..index + 1, 1000);
            assert!(batch.memory_bytes() < 4000);
        }
        assert!(batch.is_too_large() && batch.cells().is_empty() && !batch.is_empty());
        assert_eq!(batch.at, 0..10_000);
        batch.clear();
        assert!(!batch.is_too_large() && batch.is_empty());
    }
}
