//! What a reader gives out: runs of points, with what was lost on their way.

use tsdbproof_core::{Hour, Loss, Point, Series, Value};

use crate::json::cursor::Cursor;
use crate::{PointSink, SeriesId};

/// Points of one series that are given out together at the most.
const RUN_POINTS: usize = 256;

/// The place in a file, and the points just before it.
#[derive(Debug)]
pub(super) struct Output {
    pub(super) cursor: Cursor,
    /// The first byte of the answer: a reader that begins there finds its points again.
    pub(super) start: u64,
    /// Whether times are whole seconds.
    pub(super) is_in_seconds: bool,
    series: Series,
    id: Option<SeriesId>,
    run: Vec<Point>,
    /// The last hour of the series in which each loss was told.
    told: [Option<Hour>; 2],
}

impl Output {
    pub(super) fn new(at: u64) -> Self {
        Output {
            cursor: Cursor::new(at),
            start: at,
            is_in_seconds: false,
            series: Series::default(),
            id: None,
            run: Vec::with_capacity(RUN_POINTS),
            told: Default::default(),
        }
    }

    /// The points that come belong to this series.
    pub(super) fn set_series(&mut self, series: Series, sink: &mut dyn PointSink) {
        self.flush(sink);
        self.series = series;
        self.forget();
    }

    /// The series is to be named again.
    pub(super) fn forget(&mut self) {
        self.id = None;
        self.told = Default::default();
    }

    /// Takes the next point of the series.
    #[inline]
    pub(super) fn push(&mut self, point: Point, sink: &mut dyn PointSink) {
        if self.run.len() >= RUN_POINTS {
            self.flush(sink);
        }
        self.run.push(point);
    }

    /// Gives out the points held.
    pub(super) fn flush(&mut self, sink: &mut dyn PointSink) {
        if self.run.is_empty() {
            return;
        }
        let Series { metric, tags } = &self.series;
        let id = *self.id.get_or_insert_with(|| sink.series(metric, tags));
        // One byte more: only what stands behind a number tells its end.
        sink.points(id, &self.run, self.start..self.cursor.at() + 1);
        for point in &self.run {
            let hour = point.hour();
            let losses = [
                (Loss::WholeSeconds, self.is_in_seconds),
                (Loss::WideIntegers, is_wide(point.value)),
            ];
            for ((loss, is_lost), told) in losses.into_iter().zip(&mut self.told) {
                if is_lost && told.replace(hour) != Some(hour) {
                    sink.loss(id, hour, loss);
                }
            }
        }
        self.run.clear();
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.run.capacity() * size_of::<Point>()
    }
}

/// Whether a value may have been an integer that was printed as the double next to it.
///
/// Source: OpenTSDB 2.4.1 `core/AggregationIterator.java`: an integer whose next neighbour is a float
/// is given as a double.
fn is_wide(value: Value) -> bool {
    const EXACT: u64 = 1 << 53;
    const LARGEST: f64 = 9_223_372_036_854_775_808.0;
    let is_wide_integer = |number: i64| number.unsigned_abs() >= EXACT;
    value.came_as_float()
        && (value.as_integer().is_some_and(is_wide_integer) || value.as_float() == Some(LARGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_that_may_stand_for_an_integer_are_wide() {
        for wide in [9_007_199_254_740_992.0, -9_007_199_254_740_992.0, 1e16, TWO_63, -TWO_63] {
            assert!(is_wide(Value::float(wide)), "{wide}");
            assert!(Value::float(wide) == Value::float(TWO_63) || !is_wide(integer(wide)));
        }
        for exact in [9_007_199_254_740_991.0, 0.5, 1e19, -1e19, 1e300, f64::NAN] {
            assert!(!is_wide(Value::float(exact)), "{exact}");
        }
    }

    const TWO_63: f64 = 9_223_372_036_854_775_808.0;

    fn integer(number: f64) -> Value {
        Value::integer(number as i64)
    }
}
