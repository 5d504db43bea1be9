//! What the keys of an answer count: one unit for all of them.
//!
//! | key | as seconds | as milliseconds | so it is |
//! | --- | --- | --- | --- |
//! | below 10^9 | before 2001-09-09 | before 1970-01-12 | either: what the others are, else seconds |
//! | below 2^32 | to 2106 | to 1970-02-19 | seconds |
//! | from 2^32 on | after all that OpenTSDB stores | from 1970-02-19 on | milliseconds |
//!
//! The first key that tells decides; one that says otherwise is a fault, for a key with a turned
//! digit, or answers of two units in one array, must not move all other points.

use tsdbproof_core::{ProblemKind, TIME_LIMIT_MS, quote};

use crate::TimeUnit;
use crate::number::{self, Fault};

/// The unit of an answer, as far as it is known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unit {
    known: Option<TimeUnit>,
    /// Whether it was asked for: no key says otherwise.
    is_given: bool,
}

impl Unit {
    /// Of an answer of which nothing was read.
    pub(super) fn new(given: Option<TimeUnit>) -> Self {
        Unit { known: given, is_given: given.is_some() }
    }

    /// Whether times are whole seconds.
    pub(super) fn is_seconds(self) -> bool {
        self.known == Some(TimeUnit::Seconds)
    }

    /// No key will come that tells.
    pub(super) fn settle(&mut self) {
        self.known.get_or_insert(TimeUnit::Seconds);
    }

    /// The time that a key means, in milliseconds; `None` while nobody knows.
    pub(super) fn time_ms(&mut self, key: u64) -> Result<Option<u64>, Fault> {
        let told = match key {
            0..1_000_000_000 => None,
            1_000_000_000..=0xffff_ffff => Some(TimeUnit::Seconds),
            _ => Some(TimeUnit::Milliseconds),
        };
        self.known = self.known.or(told);
        let Some(unit) = self.known else { return Ok(None) };
        if told.is_some_and(|told| told != unit) && !self.is_given {
            return Err(contrary(key, unit));
        }
        let time_ms = match unit {
            TimeUnit::Seconds => key.saturating_mul(1000),
            TimeUnit::Milliseconds => key,
        };
        if time_ms < TIME_LIMIT_MS {
            return Ok(Some(time_ms));
        }
        Err(number::out_of_range(key.to_string().as_bytes()))
    }
}

fn contrary(key: u64, unit: TimeUnit) -> Fault {
    let (found, others, flags) = match unit {
        TimeUnit::Seconds => ("milliseconds", "seconds", "s or ms"),
        TimeUnit::Milliseconds => ("seconds", "milliseconds", "ms or s"),
    };
    let key = quote(key.to_string().as_bytes());
    let what = format!(
        "a key of {found} in an answer whose keys are {others}; found {key}; --unit {flags} says what all keys are"
    );
    Fault::new(ProblemKind::BadTime, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(given: Option<TimeUnit>, keys: &[u64]) -> Vec<Result<Option<u64>, ProblemKind>> {
        let mut unit = Unit::new(given);
        keys.iter().map(|key| unit.time_ms(*key).map_err(|fault| fault.kind)).collect()
    }

    #[test]
    fn the_first_key_that_tells_decides() {
        let (bad, late) = (Err(ProblemKind::BadTime), Err(ProblemKind::TimeOutOfRange));
        assert_eq!(times(None, &[0, 999_999_999]), [Ok(None), Ok(None)]);
        let seconds = [5, 1_000_000_000, 5, 4_294_967_296, 4_294_967_295];
        let expected = [
            Ok(None),
            Ok(Some(1_000_000_000_000)),
            Ok(Some(5000)),
            bad,
            Ok(Some(4_294_967_295_000)),
        ];
        assert_eq!(times(None, &seconds), expected);
        let milliseconds = [5, 4_294_967_296, 5, 1_700_000_000, 4_294_967_296_000];
        let expected = [Ok(None), Ok(Some(4_294_967_296)), Ok(Some(5)), bad, late];
        assert_eq!(times(None, &milliseconds), expected);
    }

    #[test]
    fn a_unit_that_was_asked_for_stands() {
        let late = Err(ProblemKind::TimeOutOfRange);
        let keys = [5, 1_700_000_000, 1_700_000_000_000, u64::MAX];
        let seconds = [Ok(Some(5000)), Ok(Some(1_700_000_000_000)), late, late];
        assert_eq!(times(Some(TimeUnit::Seconds), &keys), seconds);
        let milliseconds =
            [Ok(Some(5)), Ok(Some(1_700_000_000)), Ok(Some(1_700_000_000_000)), late];
        assert_eq!(times(Some(TimeUnit::Milliseconds), &keys), milliseconds);
    }
}
