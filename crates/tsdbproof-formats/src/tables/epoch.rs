//! Numbers that count since 1970, as milliseconds: digest-v1, "timestamp".

use tsdbproof_core::{ProblemKind, TIME_LIMIT_MS};

use super::columns::Unit;
use crate::{TimeUnit, number::Fault};

/// Milliseconds of a day.
pub(super) const DAY_MS: i64 = 86_400_000;

impl From<TimeUnit> for Unit {
    fn from(unit: TimeUnit) -> Self {
        match unit {
            TimeUnit::Seconds => Unit::Seconds,
            TimeUnit::Milliseconds => Unit::Milliseconds,
        }
    }
}

impl Unit {
    fn name(self) -> &'static str {
        Unit::ALL.into_iter().find(|(_, unit)| *unit == self).map_or("", |(sign, _)| sign)
    }

    /// The unit by OpenTSDB's rule, where nothing tells it: below 2^32 numbers count seconds.
    pub(super) fn by_size(number: i64) -> Self {
        if number < 1 << 32 { Unit::Seconds } else { Unit::Milliseconds }
    }

    /// A time of this unit in milliseconds. Never rounded.
    pub(super) fn to_ms(self, number: i64) -> Result<u64, Fault> {
        match self.whole_ms(number) {
            Some(ms) => self.row_ms(number).ok_or_else(|| self.out_of_range(number, ms < 0)),
            None => Err(self.fraction(number)),
        }
    }

    /// Milliseconds, if there are no fractions of them; at the ends of 64 bits where it is beyond.
    fn whole_ms(self, number: i64) -> Option<i64> {
        let divide = |by: i64| (number % by == 0).then_some(number / by);
        match self {
            Unit::Seconds => Some(number.saturating_mul(1000)),
            Unit::Milliseconds => Some(number),
            Unit::Microseconds => divide(1000),
            Unit::Nanoseconds => divide(1_000_000),
        }
    }

    /// Milliseconds that a row of OpenTSDB can hold.
    fn row_ms(self, number: i64) -> Option<u64> {
        let ms = u64::try_from(self.whole_ms(number)?).ok()?;
        (ms < TIME_LIMIT_MS).then_some(ms)
    }

    fn fraction(self, number: i64) -> Fault {
        let unit = self.name();
        let what = format!(
            "a time that is no whole millisecond; found {number} {unit}, expected no finer times"
        );
        Fault::new(ProblemKind::BadTime, what)
    }

    fn out_of_range(self, number: i64, is_before: bool) -> Fault {
        let unit = self.name();
        let wrong = match is_before {
            true => "a time before 1970",
            false => "a time that no row of OpenTSDB can hold",
        };
        let what = format!(
            "{wrong}; found {number} {unit}, expected 0 or more and less than 4294967296000 ms"
        );
        Fault::new(ProblemKind::TimeOutOfRange, what)
    }
}

/// A number whose unit is told or else goes by its size, in milliseconds.
pub(super) fn number_ms(number: i64, unit: Option<Unit>) -> Result<u64, Fault> {
    let unit = unit.unwrap_or_else(|| Unit::by_size(number));
    unit.to_ms(number).map_err(|mut fault| {
        // Numbers of finer units are the usual cause.
        let fits = |(_, finer): &&(&str, Unit)| *finer != unit && finer.row_ms(number).is_some();
        if let Some((sign, _)) = Unit::ALL.iter().skip(2).find(fits) {
            fault.what += &format!("; of times in {sign} say --columns timestamp:{sign}=COLUMN");
        }
        fault
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_every_unit_are_whole_milliseconds_or_a_fault() {
        for (unit, number, expected) in [
            (Unit::Seconds, 1_700_000_000, Ok(1_700_000_000_000)),
            (Unit::Seconds, 4_294_967_295, Ok(4_294_967_295_000)),
            (Unit::Seconds, 4_294_967_296, Err(ProblemKind::TimeOutOfRange)),
            (Unit::Seconds, i64::MAX, Err(ProblemKind::TimeOutOfRange)),
            (Unit::Seconds, -1, Err(ProblemKind::TimeOutOfRange)),
            (Unit::Milliseconds, 0, Ok(0)),
            (Unit::Milliseconds, i64::MIN, Err(ProblemKind::TimeOutOfRange)),
            (Unit::Microseconds, 1_700_000_000_123_000, Ok(1_700_000_000_123)),
            (Unit::Microseconds, 1_700_000_000_123_001, Err(ProblemKind::BadTime)),
            (Unit::Microseconds, -1, Err(ProblemKind::BadTime)),
            (Unit::Nanoseconds, 1_700_000_000_123_000_000, Ok(1_700_000_000_123)),
            (Unit::Nanoseconds, 1_700_000_000_123_000_001, Err(ProblemKind::BadTime)),
            (Unit::Nanoseconds, i64::MAX / 1_000_000 * 1_000_000, Err(ProblemKind::TimeOutOfRange)),
        ] {
            let found = unit.to_ms(number).map_err(|fault| fault.kind);
            assert_eq!(found, expected, "{unit:?} {number}");
        }
    }

    #[test]
    fn the_unit_that_would_fit_is_told() {
        let told = |number| number_ms(number, None).unwrap_err().what;
        assert!(told(1_700_000_000_123_000).contains("timestamp:us=COLUMN"));
        assert!(told(1_700_000_000_123_000_000).contains("timestamp:ns=COLUMN"));
        assert!(!told(-5).contains("timestamp:"));
    }
}
