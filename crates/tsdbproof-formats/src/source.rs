//! The two sides of a reader: bytes come in by [`FormatReader`], points go out by [`PointSink`].

use std::ops::Range;

use tsdbproof_core::{Error, Hour, Loss, Point, Problem, Series, Tags};

use crate::{RowSummary, writing};

/// A series as a sink knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SeriesId(pub u32);

/// Where a reader puts what it finds, in the source's own order.
pub trait PointSink {
    /// The same name gets the same id. A reader keeps ids, never names.
    fn series(&mut self, metric: &str, tags: &Tags) -> SeriesId;

    /// Points of one series. `at` is where they lie in the unpacked file: a reader that is opened
    /// at its start and fed to its end finds them again.
    fn points(&mut self, series: SeriesId, points: &[Point], at: Range<u64>);

    /// The points of this series and hour may not be the stored ones, for the way they came.
    /// Said once or often, before or behind them.
    fn loss(&mut self, series: SeriesId, hour: Hour, loss: Loss);

    /// A fault in the data. The reader goes on behind it.
    fn problem(&mut self, problem: Problem);

    /// What was met in all rows of a data table. Said at their end.
    fn rows(&mut self, _rows: RowSummary) {}
}

/// One open backup of one format that is read from front to back, fed in pieces of any size.
pub trait FormatReader: Send {
    /// Takes the next bytes. `Err` only where reading cannot go on.
    fn push(&mut self, bytes: &[u8], sink: &mut dyn PointSink) -> Result<(), Error>;

    /// Bytes are lost between the last piece and the next: drops what is half read.
    /// The loss itself is reported by who found it; what was dropped here is the reader's to report.
    fn gap(&mut self, sink: &mut dyn PointSink);

    /// The bytes are over: what is still open is a problem.
    fn finish(&mut self, sink: &mut dyn PointSink) -> Result<(), Error>;

    /// Every id given so far is void: the sink had to free its memory.
    fn forget_series(&mut self);

    /// Bytes of memory that depend on the input, roughly.
    fn memory_bytes(&self) -> usize;

    /// Lines finished so far, in formats that have lines.
    fn lines(&self) -> u64;

    /// Whether checksums of the format protect all points so far.
    fn is_protected(&self) -> bool {
        false
    }
}

/// Writes points in one format: the other direction of a [`FormatReader`].
///
/// What is written, read back, gives the same points; what the format can't say is refused first.
pub trait FormatWriter: Send {
    /// Why the format can't hold a series of this name.
    fn refuses_series(&self, series: &Series) -> Option<&'static str> {
        writing::refuses_series(series)
    }

    /// Why the format can't hold this point.
    fn refuses_point(&self, _: Point) -> Option<&'static str> {
        None
    }

    /// Appends points of one series to `out`. Series come in the order of their names, each once or
    /// in several calls one behind the other; its points ascend in time.
    fn points(&mut self, series: &Series, points: &[Point], out: &mut Vec<u8>)
    -> Result<(), Error>;

    /// Appends what ends the file; of a file without points, all of it.
    fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), Error>;

    /// Bytes of memory that wait to be written, roughly.
    fn memory_bytes(&self) -> usize;
}
