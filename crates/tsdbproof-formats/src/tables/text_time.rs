//! Times in text: numbers that count since 1970, or ISO 8601.

use tsdbproof_core::{ProblemKind, TIME_LIMIT_MS, parse_iso8601, quote};

use super::{columns::Unit, epoch::number_ms};
use crate::number::{self, Fault};

/// The time that a word tells, in milliseconds. `unit` is what numbers count; without one, those
/// below 2^32 count seconds. Decimals are taken where they leave whole milliseconds.
pub(super) fn timestamp_ms(word: &[u8], unit: Option<Unit>) -> Result<u64, Fault> {
    if let Some(number) = digits(word) {
        return number_ms(number, unit);
    }
    let text = str::from_utf8(word).unwrap_or_default();
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    if decimals.bytes().all(|byte| byte.is_ascii_digit())
        && let Ok(number) = whole.parse()
    {
        let unit = unit.unwrap_or_else(|| Unit::by_size(number));
        let decimals = decimals.trim_end_matches('0');
        let ms = unit.to_ms(number)?;
        return match decimals.is_empty() {
            true => Ok(ms),
            false if unit == Unit::Seconds && !whole.starts_with('-') => {
                whole_ms(decimals).map(|more| ms + more).ok_or_else(|| no_whole_ms(word))
            }
            false => Err(no_whole_ms(word)),
        };
    }
    match parse_iso8601(text) {
        Some(ms) if ms < TIME_LIMIT_MS => Ok(ms),
        Some(_) => {
            let what = "a time that no row of OpenTSDB can hold";
            let expected = "expected one before 2106-02-07T06:28:16Z";
            let what = format!("{what}; found {}, {expected}", quote(word));
            Err(Fault::new(ProblemKind::TimeOutOfRange, what))
        }
        // A date, though none of ours.
        None if text.contains([':', '-', '/']) => {
            let expected = "expected one like 2026-03-02T14:00:00Z, from 1970 on, in whole ms";
            let what = format!("a date that can't be read; found {}, {expected}", quote(word));
            Err(Fault::new(ProblemKind::BadTime, what))
        }
        None => number::timestamp_ms(word),
    }
}

/// The number of a word that is digits alone, as most are, and no more than surely fit.
#[inline]
fn digits(word: &[u8]) -> Option<i64> {
    if !(1..=18).contains(&word.len()) {
        return None;
    }
    word.iter().try_fold(0, |number, byte| {
        byte.is_ascii_digit().then(|| number * 10 + i64::from(byte - b'0'))
    })
}

/// Decimals of a second in milliseconds, if they are no finer.
fn whole_ms(decimals: &str) -> Option<u64> {
    let scale = [1000, 100, 10, 1].get(decimals.len())?;
    Some(decimals.parse::<u64>().ok()? * scale)
}

fn no_whole_ms(word: &[u8]) -> Fault {
    let what = format!(
        "a time that is no whole millisecond; found {}, expected no finer times",
        quote(word)
    );
    Fault::new(ProblemKind::BadTime, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_dates_are_times() {
        let at = 1_700_000_000_000;
        for (word, unit, ms) in [
            ("1700000000", None, at),
            ("1700000000123", None, at + 123),
            ("4294967295", None, 4_294_967_295_000),
            ("4294967296", None, 4_294_967_296),
            ("4294967295", Some(Unit::Milliseconds), 4_294_967_295),
            ("1700000000", Some(Unit::Seconds), at),
            ("1700000000123000", Some(Unit::Microseconds), at + 123),
            ("1700000000123000000", Some(Unit::Nanoseconds), at + 123),
            ("1700000000.0", None, at),
            ("1700000000.12", None, at + 120),
            ("1700000000.123000000", Some(Unit::Seconds), at + 123),
            ("1700000000123.000", Some(Unit::Milliseconds), at + 123),
            ("0", None, 0),
            ("-0", None, 0),
            ("2023-11-14T22:13:20Z", None, at),
            ("2023-11-14 22:13:20.123000", Some(Unit::Milliseconds), at + 123),
            ("2023-11-14 23:13:20+01:00", None, at),
        ] {
            assert_eq!(timestamp_ms(word.as_bytes(), unit), Ok(ms), "{word}");
        }
    }

    #[test]
    fn what_is_no_time_is_told() {
        use ProblemKind::{BadTime, TimeOutOfRange};
        for (word, unit, kind, what) in [
            ("x", None, BadTime, "no whole number"),
            ("1.7e9", None, BadTime, "no whole number"),
            ("1700000000.1234", None, BadTime, "no whole millisecond"),
            ("1700000000123.5", None, BadTime, "no whole millisecond"),
            ("-0.5", None, BadTime, "no whole millisecond"),
            ("-1", None, TimeOutOfRange, "before 1970"),
            ("4294967296", Some(Unit::Seconds), TimeOutOfRange, "no row"),
            ("4294967296000", None, TimeOutOfRange, "no row"),
            ("99999999999999999999", None, BadTime, "too many digits"),
            ("2106-02-07T06:28:16Z", None, TimeOutOfRange, "no row"),
            ("14/11/2023 22:13", None, BadTime, "a date"),
            ("1969-12-31", None, BadTime, "a date"),
        ] {
            let fault = timestamp_ms(word.as_bytes(), unit).unwrap_err();
            assert_eq!(fault.kind, kind, "{word}");
            assert!(fault.what.contains(what), "{word}: {}", fault.what);
        }
        assert_eq!(timestamp_ms(b"\xff", None).unwrap_err().kind, BadTime);
    }
}
