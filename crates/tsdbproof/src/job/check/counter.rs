//! Counters that fall: a process that starts again counts from 0.

use tsdbproof_core::{Point, Series};

use super::{Found, Place};
use crate::report::FindingKind;

/// Fewer steps make no counter.
const LEAST_STEPS: u64 = 8;
/// Falls of a counter that are told one by one.
const TOLD: usize = 100;

/// Whether a series counts, and where it falls.
#[derive(Default)]
pub(super) struct Counter {
    last: Option<i64>,
    /// It has a value that no counter has.
    is_none: bool,
    rises: u64,
    falls: Vec<(u64, i64, i64)>,
    more_falls: u64,
}

impl Counter {
    pub(super) fn take(&mut self, point: Point) {
        let value = point.value.as_integer().filter(|value| *value >= 0);
        let (Some(value), false) = (value, self.is_none) else {
            self.is_none = true;
            return;
        };
        match self.last.replace(value) {
            Some(last) if value > last => self.rises += 1,
            Some(last) if value < last && self.falls.len() < TOLD => {
                self.falls.push((point.timestamp_ms, last, value));
            }
            Some(last) if value < last => self.more_falls += 1,
            _ => {}
        }
    }

    pub(super) fn tell(self, series: &Series, found: &mut Found<'_>) {
        let falls = self.falls.len() as u64 + self.more_falls;
        // A gauge falls about as often as it rises, a counter seldom and far.
        let counts = !self.is_none && self.rises >= LEAST_STEPS && falls * 10 <= self.rises;
        if !counts || self.falls.iter().any(|(_, last, value)| *value > last / 2) {
            return;
        }
        for (timestamp_ms, last, value) in self.falls {
            let place = Place { series, timestamp_ms: Some(timestamp_ms) };
            found.add(FindingKind::CounterReset, &place, format!("{last} falls to {value}"));
        }
        if self.more_falls > 0 {
            let what = format!("{} more falls", self.more_falls);
            let last = self.last.unwrap_or_default();
            let place = Place { series, timestamp_ms: None };
            found.add(
                FindingKind::CounterReset,
                &place,
                format!("{what}, the last value is {last}"),
            );
        }
    }
}
