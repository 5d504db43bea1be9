//! What a reader gives out, with its place: runs of points, and problems between them.

use tsdbproof_core::{Point, Position, ProblemKind};

use super::templates::Hit;
use crate::number::Fault;
use crate::{PointSink, SeriesId};

/// Points of one series that are given out together at the most.
const RUN_POINTS: usize = 256;

/// The place in a file, and the points of the lines just before it.
#[derive(Debug)]
pub(super) struct Output {
    /// Where the next line begins; while one is passed over, where the next byte is.
    at: u64,
    /// Lines before that.
    lines: u64,
    /// Points of one series whose lines lie one behind the other and end at `at`.
    run: Vec<Point>,
    series: SeriesId,
    run_at: u64,
    /// Points of a run at the most.
    run_points: usize,
}

impl Output {
    pub(super) fn new(at: u64, line_by_line: bool) -> Self {
        let run_points = if line_by_line { 1 } else { RUN_POINTS };
        let run = Vec::with_capacity(run_points);
        Output { at, lines: 0, run, series: SeriesId(0), run_at: at, run_points }
    }

    /// Takes the point of the next line.
    pub(super) fn accept(&mut self, hit: Hit, line_length: usize, sink: &mut dyn PointSink) {
        let (points, _) = self.open_run(hit.series, hit.irregular, sink);
        points.push(hit.point);
        self.take_lines(1, line_length);
    }

    /// Where the points of the next lines belong, and how many there may be then; of irregular lines
    /// one at a time.
    #[inline]
    pub(super) fn open_run(
        &mut self,
        series: SeriesId,
        irregular: bool,
        sink: &mut dyn PointSink,
    ) -> (&mut Vec<Point>, usize) {
        if irregular {
            self.report(irregular_blanks(), sink);
        }
        if self.series != series || self.run.len() >= self.run_points {
            self.flush(sink);
        }
        if self.run.is_empty() {
            self.series = series;
            self.run_at = self.at;
        }
        let most = if irregular { self.run.len() + 1 } else { self.run_points };
        (&mut self.run, most)
    }

    /// Goes on behind lines whose points were taken.
    #[inline]
    pub(super) fn take_lines(&mut self, lines: usize, bytes: usize) {
        self.lines += lines as u64;
        self.at += bytes as u64;
    }

    /// Takes a line without a point, for a reason.
    pub(super) fn refuse(&mut self, fault: Fault, line_length: usize, sink: &mut dyn PointSink) {
        self.report(fault, sink);
        self.skip(line_length);
        self.end_line();
    }

    /// Whether the next line is the file's first.
    pub(super) fn is_at_start(&self) -> bool {
        self.at == 0
    }

    /// Reports a fault of the next line, behind the points of earlier ones.
    pub(super) fn report(&mut self, fault: Fault, sink: &mut dyn PointSink) {
        self.flush(sink);
        sink.problem(fault.at(Position::Line { line: self.lines + 1, byte: self.at }));
    }

    /// Goes on behind bytes of a line that was reported.
    pub(super) fn skip(&mut self, length: usize) {
        self.at += length as u64;
    }

    /// Counts a line that was skipped.
    pub(super) fn end_line(&mut self) {
        self.lines += 1;
    }

    /// Gives out the points held.
    pub(super) fn flush(&mut self, sink: &mut dyn PointSink) {
        if !self.run.is_empty() {
            sink.points(self.series, &self.run, self.run_at..self.at);
            self.run.clear();
        }
    }

    pub(super) fn lines(&self) -> u64 {
        self.lines
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.run.capacity() * size_of::<Point>()
    }
}

#[cold]
fn irregular_blanks() -> Fault {
    let what = "a blank too many before the value; `tsdb import` refuses such a line";
    Fault::new(ProblemKind::IrregularBlanks, what)
}
