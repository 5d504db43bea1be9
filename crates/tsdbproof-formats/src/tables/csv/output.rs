//! What a reader gives out, with its place: runs of points, and problems between them.

use memchr::memchr_iter;
use tsdbproof_core::{Point, Position};

use crate::{PointSink, SeriesId, number::Fault};

/// Points of one series that are given out together at the most.
const RUN_POINTS: usize = 256;

/// The place in a file, and the points of the records just before it.
#[derive(Debug)]
pub(super) struct Output {
    /// Where the next record begins.
    at: u64,
    /// Line ends before that.
    lines: u64,
    run: Vec<Point>,
    series: SeriesId,
}

impl Output {
    pub(super) fn new() -> Self {
        let run = Vec::with_capacity(RUN_POINTS);
        Output { at: 0, lines: 0, run, series: SeriesId(0) }
    }

    /// Takes the point of the next record.
    #[inline]
    pub(super) fn accept(&mut self, series: SeriesId, point: Point, sink: &mut dyn PointSink) {
        if self.series != series || self.run.len() >= RUN_POINTS {
            self.flush(sink);
            self.series = series;
        }
        self.run.push(point);
    }

    /// Reports a fault of what comes next, behind the points of earlier records.
    pub(super) fn report(&mut self, fault: Fault, before: &[u8], sink: &mut dyn PointSink) {
        self.flush(sink);
        sink.problem(fault.at(self.position(before)));
    }

    /// Where the byte behind these is.
    pub(super) fn position(&self, before: &[u8]) -> Position {
        let line = self.lines + 1 + memchr_iter(b'\n', before).count() as u64;
        Position::Line { line, byte: self.at + before.len() as u64 }
    }

    /// Goes on behind bytes.
    #[inline]
    pub(super) fn pass(&mut self, bytes: &[u8]) {
        self.at += bytes.len() as u64;
        self.lines += memchr_iter(b'\n', bytes).count() as u64;
    }

    /// Gives out the points held. The file has to be read from its header on to find them again.
    pub(super) fn flush(&mut self, sink: &mut dyn PointSink) {
        if !self.run.is_empty() {
            sink.points(self.series, &self.run, 0..self.at);
            self.run.clear();
        }
    }

    /// The same at the end of a file of this size.
    pub(super) fn end(&mut self, size: u64, sink: &mut dyn PointSink) {
        self.at = size;
        self.flush(sink);
    }

    pub(super) fn at(&self) -> u64 {
        self.at
    }

    pub(super) fn lines(&self) -> u64 {
        self.lines
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.run.capacity() * size_of::<Point>()
    }
}
