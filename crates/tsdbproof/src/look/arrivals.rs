//! The first points of an input, held back until they show whether points come in order.
//!
//! Leaf states of points in no order would all be made again from the points. What is noticed before
//! the first of them is made costs nothing; what shows later, the sink notices by its leaves.

use std::{collections::HashMap, ops::Range};

use tsdbproof_core::Point;

/// Points that are held back.
const ENOUGH: usize = 8192;
/// Points of series that were met before, without which nothing is concluded.
const LEAST: usize = 16;

/// Points as they came.
#[derive(Default)]
pub(super) struct Arrivals {
    points: Vec<Point>,
    runs: Vec<Arrived>,
}

/// Points of one series that came together.
struct Arrived {
    series: u32,
    count: usize,
    /// The number of the first in the order of writing.
    first: u64,
    /// Where they lie.
    at: Range<u64>,
}

impl Arrivals {
    /// Holds back more points of a series; gives whether they are enough.
    pub(super) fn push(
        &mut self,
        series: u32,
        points: &[Point],
        first: u64,
        at: Range<u64>,
    ) -> bool {
        self.points.extend_from_slice(points);
        self.runs.push(Arrived { series, count: points.len(), first, at });
        self.points.len() >= ENOUGH
    }

    /// Whether most points of series that were met before are late, or open another hour.
    pub(super) fn are_unordered(&self) -> bool {
        let mut last = HashMap::new();
        let (mut met, mut moved) = (0, 0);
        self.for_each_run(|run, points| {
            for point in points {
                if let Some(before) = last.insert(run.series, *point) {
                    let is_late = point.timestamp_ms < before.timestamp_ms;
                    met += 1;
                    moved += usize::from(is_late || point.hour() != before.hour());
                }
            }
        });
        met >= LEAST && moved > met / 2
    }

    fn for_each_run<'a>(&'a self, mut visit: impl FnMut(&'a Arrived, &'a [Point])) {
        let mut rest = self.points.as_slice();
        for run in &self.runs {
            let (points, later) = rest.split_at_checked(run.count).unwrap_or((rest, &[]));
            visit(run, points);
            rest = later;
        }
    }

    /// All of them as they came: series, points, number of the first, and where they lie.
    pub(super) fn for_each(&self, mut take: impl FnMut(u32, &[Point], u64, &Range<u64>)) {
        self.for_each_run(|run, points| take(run.series, points, run.first, &run.at));
    }
}

#[cfg(test)]
mod tests {
    use tsdbproof_core::{HOUR_MS, Value};

    use super::*;

    /// Points of these series at these minutes.
    fn arrivals(points: impl IntoIterator<Item = (u32, u64)>) -> Arrivals {
        let mut arrivals = Arrivals::default();
        for (at, (series, minute)) in (0..).zip(points) {
            let timestamp_ms = 1000 * HOUR_MS + minute * 60_000;
            let point = Point { timestamp_ms, value: Value::integer(1) };
            arrivals.push(series, &[point], at, at..at + 1);
        }
        arrivals
    }

    #[test]
    fn a_scan_and_a_log_come_in_order() {
        let rows = (0..40)
            .flat_map(|row| (0..60).map(move |minute| (row % 4, minute + u64::from(row / 4) * 60)));
        assert!(!arrivals(rows).are_unordered());
        let log = (0..600).flat_map(|minute| (0..4).map(move |series| (series, minute)));
        assert!(!arrivals(log).are_unordered());
    }

    #[test]
    fn shuffled_points_and_single_points_of_hours_do_not() {
        let shuffled = (0..1000).map(|i| (i % 7, u64::from(i).wrapping_mul(0x9e37_79b9) % 997));
        assert!(arrivals(shuffled).are_unordered());
        assert!(arrivals((0..100).map(|hour| (0, hour * 60))).are_unordered());
        assert!(!arrivals((0..10).map(|hour| (0, hour * 60))).are_unordered(), "too few");
    }
}
