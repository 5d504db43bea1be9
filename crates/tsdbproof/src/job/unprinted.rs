//! Points that text of `tsdb scan` can't hold.
//!
//! `tsdb scan` 2.4.1 takes every column whose qualifier begins with 05 for an appended one, so also a
//! point at second 80 to 95 of its hour, or a compacted column that begins there; it then stops or
//! prints what is none. And the end of its scan is the hour behind the end time, as 32 bits: it
//! never reaches the last hour that a row can stand for.
//!
//! Source: OpenTSDB 2.4.1 `core/Internal.java`, `parseSingleValue`; `core/TsdbQuery.java`,
//! `getScanEndTimeSeconds`.

use std::ops::Range;

use tsdbproof_core::{HOUR_MS, Hour, Record, TIME_LIMIT_MS};

use crate::look::Looked;

/// Formats that `tsdb scan` prints.
const SCANS: [&str; 2] = ["import-text", "raw-scan"];
/// Offsets whose qualifier begins with 05.
const FAULT_MS: Range<u32> = 80_000..96_000;
/// The hour that no scan reaches.
const LAST_HOUR: Hour = (TIME_LIMIT_MS / HOUR_MS) as Hour;

/// Counts points that one side lacks, and that it can't hold if `tsdb scan` printed it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Unprinted {
    /// Whether a side (base, current) is such text.
    is_scan: [bool; 2],
    /// The hour of each side that is open, and whether the first point that it lacks lies at fault.
    open: [Option<(Hour, bool)>; 2],
    /// In columns that begin at second 80 to 95.
    pub(super) at_fault: u64,
    /// In the last hour.
    pub(super) beyond_end: u64,
}

/// Whether all points of a side stand in text that a scan may have printed.
pub(super) fn is_scan(looked: Option<&Looked>) -> bool {
    let files = looked.into_iter().flat_map(|looked| &looked.files);
    let mut files = files.filter(|file| file.points_read > 0).peekable();
    files.peek().is_some() && files.all(|file| SCANS.contains(&file.format))
}

impl Unprinted {
    pub(super) fn new(is_scan: [bool; 2]) -> Self {
        Unprinted { is_scan, ..Unprinted::default() }
    }

    /// Takes the points of an instant that this side (0 base, 1 current) lacks; instants of an hour
    /// ascend.
    pub(super) fn lacks(&mut self, side: usize, hour: Hour, records: &[Record]) {
        if let Some(first) = records.first() {
            self.count(side, hour, first.offset_ms(), records.len() as u64);
        }
    }

    /// Takes all points of an hour that this side lacks as a whole.
    pub(super) fn lacks_hour(&mut self, side: usize, hour: Hour, first_ms: u64, points: u64) {
        let offset_ms = first_ms.saturating_sub(u64::from(hour) * HOUR_MS);
        self.count(side, hour, u32::try_from(offset_ms).unwrap_or(u32::MAX), points);
    }

    fn count(&mut self, side: usize, hour: Hour, offset_ms: u32, points: u64) {
        let (Some(true), Some(open)) = (self.is_scan.get(side), self.open.get_mut(side)) else {
            return;
        };
        if hour >= LAST_HOUR {
            self.beyond_end += points;
            return;
        }
        // Nothing of a row is printed behind the column at which a scan stops.
        let is_at_fault = FAULT_MS.contains(&offset_ms) && offset_ms.is_multiple_of(1000);
        let (_, is_at_fault) = match *open {
            Some(same) if same.0 == hour => same,
            _ => *open.insert((hour, is_at_fault)),
        };
        self.at_fault += if is_at_fault { points } else { 0 };
    }
}

#[cfg(test)]
mod tests {
    use tsdbproof_core::{Point, Value};

    use super::*;

    #[test]
    fn only_what_a_scan_can_not_print_is_told() {
        let record = |timestamp_ms| Point { timestamp_ms, value: Value::integer(5) }.record();
        let count = |side, offsets: &[u64]| {
            let mut found = Unprinted::new([false, true]);
            for offset in offsets {
                found.lacks(side, 472_222, &[record(472_222 * HOUR_MS + offset)]);
            }
            found.at_fault
        };
        assert_eq!(count(1, &[80_000, 95_000, 100_000, 3_599_000]), 4);
        assert_eq!(count(0, &[80_000, 95_000]), 0);
        assert_eq!(count(1, &[79_000, 80_000]), 0);
        assert_eq!(count(1, &[96_000]) + count(1, &[80_500]), 0);
        let mut found = Unprinted::new([true, false]);
        found.lacks_hour(0, 472_222, 472_222 * HOUR_MS + 82_000, 7);
        found.lacks_hour(0, 472_223, 472_223 * HOUR_MS + 60_000, 5);
        let last = 4_294_965_600_000;
        found.lacks_hour(0, (last / HOUR_MS) as Hour - 1, last - 1000, 3);
        found.lacks(0, (last / HOUR_MS) as Hour, &[record(last)]);
        assert_eq!((found.at_fault, found.beyond_end), (7, 1));
    }
}
