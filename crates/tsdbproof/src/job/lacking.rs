//! Points that one side lacks because of what it is: text that can't hold them, a table that lets
//! them go.

use tsdbproof_core::{Hour, Record};

use super::unprinted::Unprinted;

/// Counts points that one side lacks, where it can't have them. Sides are 0, base, and 1, current.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Lacking {
    /// Those that `tsdb scan` can't print.
    pub(super) unprinted: Unprinted,
    /// Points older than this a side does not show, for its cells live only so long; 0: it shows all.
    gone_before_ms: [u64; 2],
    /// Those that are older.
    pub(super) expired: u64,
}

impl Lacking {
    pub(super) fn new(is_scan: [bool; 2], gone_before_ms: [u64; 2]) -> Self {
        Lacking { unprinted: Unprinted::new(is_scan), gone_before_ms, expired: 0 }
    }

    /// Takes the points of an instant that this side lacks; instants of an hour ascend.
    pub(super) fn lacks(&mut self, side: usize, hour: Hour, records: &[Record]) {
        self.unprinted.lacks(side, hour, records);
        let before_ms = self.gone_before_ms.get(side).copied().unwrap_or(0);
        let is_gone = |record: &&Record| record.in_hour(hour).timestamp_ms < before_ms;
        self.expired += records.iter().filter(is_gone).count() as u64;
    }

    /// Takes all points of an hour that this side lacks as a whole, the first and the last of them at
    /// these times.
    pub(super) fn lacks_hour(
        &mut self,
        side: usize,
        hour: Hour,
        (first_ms, last_ms): (u64, u64),
        points: u64,
    ) {
        self.unprinted.lacks_hour(side, hour, first_ms, points);
        let is_gone = self.gone_before_ms.get(side).is_some_and(|before_ms| last_ms < *before_ms);
        self.expired += if is_gone { points } else { 0 };
    }
}

#[cfg(test)]
mod tests {
    use tsdbproof_core::{HOUR_MS, Point, Value};

    use super::*;

    #[test]
    fn what_a_side_lets_go_is_older_than_its_time_to_live() {
        let start = 472_222 * HOUR_MS;
        let record = |ms| Point { timestamp_ms: start + ms, value: Value::integer(5) }.record();
        let mut lacking = Lacking::new([false, false], [0, start + 2000]);
        lacking.lacks(1, 472_222, &[record(1999)]);
        lacking.lacks(1, 472_222, &[record(2000)]);
        lacking.lacks(0, 472_222, &[record(0)]);
        assert_eq!(lacking.expired, 1);
        lacking.lacks_hour(1, 472_221, (start - 9, start - 1), 7);
        lacking.lacks_hour(1, 472_222, (start, start + 2000), 5);
        lacking.lacks_hour(0, 472_221, (start - 9, start - 1), 3);
        assert_eq!(lacking.expired, 8);
    }
}
