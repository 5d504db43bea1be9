//! What a reader gives out, with its place: runs of points, and problems between them.

use std::ops::Range;

use tsdbproof_core::{Point, sort};

use super::object::Many;
use super::templates::Hit;
use crate::json::cursor::Cursor;
use crate::number::Fault;
use crate::{PointSink, SeriesId};

/// Points of one series that are given out together at the most.
const RUN_POINTS: usize = 256;

/// The place in a file, and the points of the objects just before it.
#[derive(Debug)]
pub(super) struct Output {
    pub(super) cursor: Cursor,
    /// Points of one series whose objects lie one behind the other.
    run: Vec<Point>,
    series: SeriesId,
    run_at: Range<u64>,
}

impl Output {
    pub(super) fn new(at: u64) -> Self {
        let run = Vec::with_capacity(RUN_POINTS);
        Output { cursor: Cursor::new(at), run, series: SeriesId(0), run_at: at..at }
    }

    /// Takes the next object, which holds a point.
    #[inline]
    pub(super) fn accept(&mut self, hit: Hit, sink: &mut dyn PointSink) {
        if self.series != hit.series || self.run.len() >= RUN_POINTS {
            self.flush(sink);
        }
        if self.run.is_empty() {
            self.series = hit.series;
            self.run_at.start = self.cursor.at();
        }
        self.run.push(hit.point);
        self.cursor.pass_counted(hit.length as u64, u64::from(hit.line_ends));
        self.run_at.end = self.cursor.at();
    }

    /// Takes the next object, which holds many points or faults.
    pub(super) fn accept_many(&mut self, many: Many<'_>, object: &[u8], sink: &mut dyn PointSink) {
        self.flush(sink);
        let mut points = Vec::with_capacity(many.pairs.len());
        for pair in many.pairs {
            match pair {
                Ok((metric, point)) => points.push((sink.series(&metric, &many.tags), point)),
                Err(fault) => self.report(fault, sink),
            }
        }
        // A metric that stands twice gives one run, in the order of the object.
        sort::by(&mut points, |(a, _), (b, _)| a.cmp(b));
        let start = self.cursor.at();
        let at = start..start + object.len() as u64;
        for same in points.chunk_by(|a, b| a.0 == b.0) {
            let run: Vec<Point> = same.iter().map(|(_, point)| *point).collect();
            if let Some((series, _)) = same.first() {
                sink.points(*series, &run, at.clone());
            }
        }
        self.cursor.pass(object);
    }

    /// Reports a fault of what comes next, behind the points of earlier objects.
    pub(super) fn report(&mut self, fault: Fault, sink: &mut dyn PointSink) {
        self.flush(sink);
        sink.problem(fault.at(self.cursor.position()));
    }

    /// Gives out the points held.
    pub(super) fn flush(&mut self, sink: &mut dyn PointSink) {
        if !self.run.is_empty() {
            sink.points(self.series, &self.run, self.run_at.clone());
            self.run.clear();
        }
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.run.capacity() * size_of::<Point>()
    }
}
