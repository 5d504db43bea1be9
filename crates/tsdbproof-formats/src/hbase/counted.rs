//! Cells of a table that holds no points: counted, and held against the checksums of their container.

use std::ops::Range;

use tsdbproof_core::{Error, Position, Problem, ProblemKind};

use super::{
    cell::{Cell, CellSink},
    table::CellReader,
};
use crate::{FormatReader, PointSink};

/// Reads cells, and says at the end how many there were.
pub(super) struct CountedCells {
    reader: Box<dyn CellReader>,
    what: String,
    counted: u64,
}

struct Counting<'c> {
    counted: &'c mut u64,
    sink: &'c mut dyn PointSink,
}

impl CellSink for Counting<'_> {
    fn cell(&mut self, _: Cell<'_>, _: Range<u64>) {
        *self.counted += 1;
    }

    fn problem(&mut self, problem: Problem) {
        self.sink.problem(problem);
    }
}

impl CountedCells {
    /// A count of cells of a table that is this.
    pub(super) fn new(reader: Box<dyn CellReader>, what: &str) -> Self {
        CountedCells { reader, what: what.to_owned(), counted: 0 }
    }
}

impl FormatReader for CountedCells {
    fn push(&mut self, bytes: &[u8], sink: &mut dyn PointSink) -> Result<(), Error> {
        self.reader.push(bytes, &mut Counting { counted: &mut self.counted, sink })
    }

    fn gap(&mut self, sink: &mut dyn PointSink) {
        self.reader.gap(&mut Counting { counted: &mut self.counted, sink });
    }

    fn finish(&mut self, sink: &mut dyn PointSink) -> Result<(), Error> {
        self.reader.finish(&mut Counting { counted: &mut self.counted, sink })?;
        let CountedCells { what, counted, .. } = self;
        let s = if *counted == 1 { "" } else { "s" };
        let what = format!("{what}; {counted} cell{s} left out");
        sink.problem(Problem { kind: ProblemKind::NotAPoint, at: Position::Byte(0), what });
        Ok(())
    }

    fn forget_series(&mut self) {}

    fn memory_bytes(&self) -> usize {
        self.reader.memory_bytes()
    }

    fn lines(&self) -> u64 {
        0
    }

    fn is_protected(&self) -> bool {
        true
    }
}
