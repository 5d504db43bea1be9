//! One answer while it is read: the unit of its keys, and the points that wait for it.

use tsdbproof_core::{Point, Series, Value};

use super::{output::Output, unit::Unit};
use crate::json::cursor::Cursor;
use crate::number::Fault;
use crate::{PointSink, TimeUnit};

/// A point before its time is known.
pub(super) type Keyed = (u64, Value);

/// The open answer, and what of the file was read.
#[derive(Debug)]
pub(super) struct Answer {
    given: Option<TimeUnit>,
    /// Bytes of points that may wait.
    limit: usize,
    is_open: bool,
    unit: Unit,
    /// The series of the points that come.
    series: Series,
    waiting: Vec<Waiting>,
    waiting_bytes: usize,
    /// Whether the last of `waiting` is of the series of the points that come.
    goes_on: bool,
    pub(super) output: Output,
}

/// Points of a series whose keys don't tell their unit.
#[derive(Debug)]
struct Waiting {
    series: Series,
    points: Vec<Keyed>,
}

impl Answer {
    /// None yet; the first byte is the file's byte `at`.
    pub(super) fn new(given: Option<TimeUnit>, limit: usize, at: u64) -> Self {
        Answer {
            given,
            limit,
            is_open: false,
            unit: Unit::new(given),
            series: Series::default(),
            waiting: Vec::new(),
            waiting_bytes: 0,
            goes_on: false,
            output: Output::new(at),
        }
    }

    /// An answer begins with the next byte, unless one is open. Gives whether one was.
    pub(super) fn begin(&mut self) -> bool {
        if !self.is_open {
            self.unit = Unit::new(self.given);
            self.output.start = self.output.cursor.at();
        }
        std::mem::replace(&mut self.is_open, true)
    }

    /// The answer is over.
    pub(super) fn end(&mut self, sink: &mut dyn PointSink) {
        self.unit.settle();
        self.give_waiting(sink);
        self.output.flush(sink);
        self.is_open = false;
    }

    /// The points that come belong to this series.
    pub(super) fn set_series(&mut self, series: Series, sink: &mut dyn PointSink) {
        self.goes_on = false;
        self.series.clone_from(&series);
        self.output.set_series(series, sink);
    }

    /// Takes a point of the series; its bytes, and the one behind them, are passed.
    #[inline]
    pub(super) fn point(
        &mut self,
        (key, value): Keyed,
        sink: &mut dyn PointSink,
    ) -> Result<(), Fault> {
        match self.unit.time_ms(key)? {
            Some(timestamp_ms) => {
                self.give_waiting(sink);
                self.output.is_in_seconds = self.unit.is_seconds();
                self.output.push(Point { timestamp_ms, value }, sink);
            }
            None => self.wait((key, value), sink),
        }
        Ok(())
    }

    /// Reports a fault at the next byte, behind the points of earlier ones.
    pub(super) fn report(&mut self, fault: Fault, sink: &mut dyn PointSink) {
        self.report_at(fault, self.output.cursor, sink);
    }

    /// The same, of a place before.
    pub(super) fn report_at(&mut self, fault: Fault, at: Cursor, sink: &mut dyn PointSink) {
        self.output.flush(sink);
        sink.problem(fault.at(at.position()));
    }

    #[cold]
    fn wait(&mut self, point: Keyed, sink: &mut dyn PointSink) {
        self.waiting_bytes += size_of::<Keyed>();
        match self.waiting.last_mut().filter(|_| self.goes_on) {
            Some(waiting) => waiting.points.push(point),
            None => {
                let series = self.series.clone();
                self.waiting_bytes += series.metric.len() + series.tags.as_str().len();
                self.waiting.push(Waiting { series, points: vec![point] });
                self.goes_on = true;
            }
        }
        if self.waiting_bytes > self.limit {
            self.unit.settle();
            self.give_waiting(sink);
        }
    }

    fn give_waiting(&mut self, sink: &mut dyn PointSink) {
        if self.waiting.is_empty() {
            return;
        }
        self.output.is_in_seconds = self.unit.is_seconds();
        for Waiting { series, points } in std::mem::take(&mut self.waiting) {
            self.output.set_series(series, sink);
            for (key, value) in points {
                // Keys that don't tell their unit are a time in either.
                if let Ok(Some(timestamp_ms)) = self.unit.time_ms(key) {
                    self.output.push(Point { timestamp_ms, value }, sink);
                }
            }
        }
        self.waiting_bytes = 0;
        self.goes_on = false;
        self.output.set_series(self.series.clone(), sink);
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.waiting_bytes + self.output.memory_bytes()
    }
}
