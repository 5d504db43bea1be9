//! Pieces of an HFile to cells.

use std::ops::Range;
use std::sync::Arc;

use super::cells::Cells;
use super::half::Half;
use super::layout::Layout;
use super::walk::{Found, Walk};
use crate::Limits;
use crate::hbase::cell::CellSink;

/// How a file is read, beyond what it says itself.
#[derive(Debug, Clone, Default)]
pub(crate) struct ReadAs {
    /// Only cells in this half are given.
    pub(crate) half: Option<Half>,
    /// The sequence of every cell, in place of its MVCC number: [`Layout::sequence_of_cells`].
    pub(crate) sequence: Option<u64>,
}

/// An open HFile, or a part of one, fed with its bytes in pieces of any size.
pub(crate) struct HFileReader {
    walk: Walk,
    cells: Cells,
    /// Whether all blocks of the file are to come.
    is_whole: bool,
}

impl HFileReader {
    /// A reader of these bytes of a file: [`Layout::data`], one of [`Layout::parts`], or from the
    /// place of a cell on. Only with all of them is the number of cells held against the trailer's.
    pub(crate) fn new(
        layout: Arc<Layout>,
        range: Range<u64>,
        read_as: ReadAs,
        limits: &Limits,
    ) -> Self {
        let walk = Walk::new(range.clone(), layout.checksums, limits.record_bytes);
        let is_whole = range == layout.data;
        let cells = Cells::new(layout, read_as, limits, range.start == 0);
        HFileReader { walk, cells, is_whole }
    }

    /// Takes the next bytes; those behind the range are passed over.
    pub(crate) fn push(&mut self, bytes: &[u8], sink: &mut dyn CellSink) {
        self.walk.push(bytes);
        self.read(false, sink);
    }

    /// Bytes are lost between the last piece and the next: drops what is half read, and says so.
    pub(crate) fn gap(&mut self, sink: &mut dyn CellSink) {
        self.walk.gap();
        self.read(false, sink);
    }

    /// The bytes are over: what is missing up to the end of the range is a problem.
    pub(crate) fn finish(&mut self, sink: &mut dyn CellSink) {
        self.read(true, sink);
        self.cells.finish(self.is_whole, sink);
    }

    /// Cells read so far, in either half.
    pub(crate) fn cells(&self) -> u64 {
        self.cells.count()
    }

    /// Bytes of memory that depend on the input, roughly.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.walk.memory_bytes() + self.cells.memory_bytes()
    }

    fn read(&mut self, is_over: bool, sink: &mut dyn CellSink) {
        while let Some(found) = self.walk.next(is_over) {
            match found {
                Found::Block { at, block } => self.cells.block(at, block, sink),
                Found::Lost(lost) => self.cells.lost(lost, sink),
            }
        }
    }
}
