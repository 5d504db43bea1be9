//! Instants as people write them: ISO 8601 in UTC out, that and OpenTSDB's forms in.

use tsdbproof_core::{Error, digest::civil, quote};

const SECOND_MS: u64 = 1000;
const MINUTE_MS: u64 = 60 * SECOND_MS;
const HOUR_MS: u64 = 60 * MINUTE_MS;
const DAY_MS: u64 = 24 * HOUR_MS;

/// OpenTSDB's units of time, with months of 30 and years of 365 days.
const UNITS: [(&str, u64); 8] = [
    ("ms", 1),
    ("s", SECOND_MS),
    ("m", MINUTE_MS),
    ("h", HOUR_MS),
    ("d", DAY_MS),
    ("w", 7 * DAY_MS),
    ("n", 30 * DAY_MS),
    ("y", 365 * DAY_MS),
];

/// Digits up to which a plain number is seconds, in OpenTSDB's queries.
const SECONDS_DIGITS: usize = 10;

/// A time in milliseconds as ISO 8601 in UTC: `2026-03-02T14:00:00Z`, with `.123` where needed.
pub fn time(ms: u64) -> String {
    let (year, month, day) = date(ms);
    let ms_of_day = ms % DAY_MS;
    let (hour, minute) = (ms_of_day / HOUR_MS, ms_of_day / MINUTE_MS % 60);
    let (second, ms) = (ms_of_day / SECOND_MS % 60, ms_of_day % SECOND_MS);
    let fraction = if ms > 0 { format!(".{ms:03}") } else { String::new() };
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z")
}

/// A stretch of whole hours: `2026-03-02 14:00–15:00`; with both dates where it leaves the day.
pub fn window(from_ms: u64, to_ms: u64) -> String {
    let day = |ms| {
        let (year, month, day) = date(ms);
        format!("{year:04}-{month:02}-{day:02}")
    };
    let clock = |ms: u64| format!("{:02}:{:02}", ms % DAY_MS / HOUR_MS, ms % HOUR_MS / MINUTE_MS);
    let (from, to) = (clock(from_ms), clock(to_ms));
    if from_ms / DAY_MS == to_ms / DAY_MS {
        format!("{} {from}–{to}", day(from_ms))
    } else if to_ms == (from_ms / DAY_MS + 1) * DAY_MS {
        format!("{} {from}–24:00", day(from_ms))
    } else {
        format!("{} {from} – {} {to}", day(from_ms), day(to_ms))
    }
}

fn date(ms: u64) -> (u32, u32, u32) {
    civil(u32::try_from(ms / DAY_MS).unwrap_or(u32::MAX >> 1))
}

/// The instant that `text` names, in milliseconds since 1970.
///
/// Shape: an ISO 8601 date or date and time, in UTC unless a zone is given; seconds since 1970 in
/// up to ten digits, milliseconds in more or with `ms`; `now`; `1d-ago` before `now_ms`.
/// Source: OpenTSDB 2.4.1 `utils/DateTime.java`, `parseDateTimeString` and `parseDuration`.
pub fn parse_time(text: &str, now_ms: u64) -> Result<u64, Error> {
    let text = text.trim();
    if text == "now" {
        return Ok(now_ms);
    }
    let parsed = match text.strip_suffix("-ago") {
        Some(duration) => parse_duration(duration).and_then(|ms| now_ms.checked_sub(ms)),
        None => parse_epoch(text).or_else(|| parse_iso(text)),
    };
    parsed.ok_or_else(|| {
        Error::usage(format!("{} is no time", quote(text.as_bytes()))).help(
            "write 2026-03-02, 2026-03-02T14:00, 2026-03-02T14:00:00+01:00, \
             seconds or milliseconds since 1970, or 1d-ago",
        )
    })
}

fn parse_duration(text: &str) -> Option<u64> {
    let unit_at = text.find(|c: char| !c.is_ascii_digit())?;
    let (count, unit) = text.split_at(unit_at);
    let (_, unit_ms) = UNITS.iter().find(|(name, _)| *name == unit)?;
    digits(count)?.checked_mul(*unit_ms)
}

fn parse_epoch(text: &str) -> Option<u64> {
    if let Some(ms) = text.strip_suffix("ms") {
        return digits(ms);
    }
    let factor = if text.len() <= SECONDS_DIGITS { SECOND_MS } else { 1 };
    digits(text)?.checked_mul(factor)
}

fn parse_iso(text: &str) -> Option<u64> {
    let (date, rest) = text.split_at_checked(10)?;
    let mut parts = date.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || (year.len(), month.len(), day.len()) != (4, 2, 2) {
        return None;
    }
    let days = days_since_1970(digits(year)?, digits(month)?, digits(day)?)?;
    let date_ms = i64::try_from(days.checked_mul(DAY_MS)?).ok()?;
    if rest.is_empty() {
        return u64::try_from(date_ms).ok();
    }
    let rest = rest.strip_prefix(['T', 't', ' '])?;
    let (clock, zone) = rest.split_at(rest.find(['Z', 'z', '+', '-']).unwrap_or(rest.len()));
    u64::try_from(date_ms + parse_clock(clock)? - parse_zone(zone)?).ok()
}

/// `HH`, `HH:MM`, `HH:MM:SS` or `HH:MM:SS.fff`, in milliseconds.
fn parse_clock(text: &str) -> Option<i64> {
    let (clock, fraction) = text.split_once('.').map_or((text, None), |(c, f)| (c, Some(f)));
    let fields: Vec<u64> = clock.split(':').map(two_digits).collect::<Option<_>>()?;
    let (hour, minute, second) = match (fields.as_slice(), fraction) {
        ([hour], None) => (*hour, 0, 0),
        ([hour, minute], None) => (*hour, *minute, 0),
        ([hour, minute, second], _) => (*hour, *minute, *second),
        _ => return None,
    };
    let fraction_ms = match fraction {
        None => 0,
        Some(text) if (1..=3).contains(&text.len()) => {
            digits(text)? * 10u64.pow(3 - u32::try_from(text.len()).ok()?)
        }
        Some(_) => return None,
    };
    let in_day = hour < 24 && minute < 60 && second < 60;
    let end_of_day = (hour, minute, second, fraction_ms) == (24, 0, 0, 0);
    let ms = hour * HOUR_MS + minute * MINUTE_MS + second * SECOND_MS + fraction_ms;
    (in_day || end_of_day).then(|| i64::try_from(ms).ok())?
}

/// Nothing, `Z`, `+HH`, `+HHMM` or `+HH:MM`: milliseconds ahead of UTC.
fn parse_zone(text: &str) -> Option<i64> {
    if matches!(text, "" | "Z" | "z") {
        return Some(0);
    }
    let (sign, offset) = match text.strip_prefix('+') {
        Some(offset) => (1, offset),
        None => (-1, text.strip_prefix('-')?),
    };
    let (hours, minutes) = match offset.len() {
        2 => (offset, "00"),
        4 => offset.split_at_checked(2)?,
        _ => offset.split_once(':')?,
    };
    let (hours, minutes) = (two_digits(hours)?, two_digits(minutes)?);
    let ms = hours * HOUR_MS + minutes * MINUTE_MS;
    (hours < 24 && minutes < 60).then(|| i64::try_from(ms).ok().map(|ms| sign * ms))?
}

fn two_digits(text: &str) -> Option<u64> {
    (text.len() == 2).then(|| digits(text))?
}

fn digits(text: &str) -> Option<u64> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok())?
}

/// Days from 1970-01-01 to a date of the Gregorian calendar; `None` before, and for no date.
fn days_since_1970(year: u64, month: u64, day: u64) -> Option<u64> {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let month_days = match month {
        2 => 28 + u64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=month_days).contains(&day) {
        return None;
    }
    // Years are counted from March, so that the leap day is a year's last.
    let (year, month) =
        if month > 2 { (year, month - 3) } else { (year.checked_sub(1)?, month + 9) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1;
    days.checked_sub(719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: u64 = 1_772_460_000_123;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(parse_time(text, NOW_MS).map(time).unwrap(), expected);
    }

    #[test]
    fn iso_times_are_utc_unless_a_zone_is_given() {
        check("2026-03-02", "2026-03-02T00:00:00Z");
        check("2026-03-02T14", "2026-03-02T14:00:00Z");
        check("2026-03-02 14:05", "2026-03-02T14:05:00Z");
        check("2026-03-02T14:05:09.5Z", "2026-03-02T14:05:09.500Z");
        check("2026-03-02T14:00:00+01:00", "2026-03-02T13:00:00Z");
        check("2026-03-02T23:30-0130", "2026-03-03T01:00:00Z");
        check("2024-02-29T24:00", "2024-03-01T00:00:00Z");
        check("1970-01-01", "1970-01-01T00:00:00Z");
        check("9999-12-31", "9999-12-31T00:00:00Z");
    }

    #[test]
    fn numbers_follow_the_rule_of_opentsdb_queries() {
        check("1772460000", "2026-03-02T14:00:00Z");
        check("1772460000123", "2026-03-02T14:00:00.123Z");
        check("12345678901", "1970-05-23T21:21:18.901Z");
        check("5ms", "1970-01-01T00:00:00.005Z");
        check("0", "1970-01-01T00:00:00Z");
    }

    #[test]
    fn ago_counts_back_from_now() {
        check("now", "2026-03-02T14:00:00.123Z");
        check("1d-ago", "2026-03-01T14:00:00.123Z");
        check("123ms-ago", "2026-03-02T14:00:00Z");
        check("2n-ago", "2026-01-01T14:00:00.123Z");
        check("1y-ago", "2025-03-02T14:00:00.123Z");
        check("90m-ago", "2026-03-02T12:30:00.123Z");
    }

    #[test]
    fn what_is_no_time_is_refused() {
        let wrong = "|2026-02-29|2026-13-01|2026-3-2|2026-03-02T25:00|2026-03-02T14:60|yesterday|d-ago\
             |1x-ago|99999y-ago|1969-12-31|2026-03-02T14:00:00.1234|2026-03-02T14:00+1|20260-3-02\
             |18446744073709551616|99999999999999999999|2026-03-02T|ü026-03-022|1970-01-01T00:00+01:00";
        for text in wrong.split('|') {
            assert!(parse_time(text, NOW_MS).is_err(), "{text}");
        }
    }

    #[test]
    fn every_day_is_read_back() {
        for days in (0..2_932_896).step_by(17) {
            let text = time(days * DAY_MS);
            assert_eq!(parse_time(&text, 0).unwrap(), days * DAY_MS, "{text}");
        }
    }

    #[test]
    fn a_window_says_its_day_once() {
        let at = |text| parse_time(text, 0).unwrap();
        let check = |from, to, expected| assert_eq!(window(at(from), at(to)), expected);
        check("2026-03-02T14:00", "2026-03-02T15:00", "2026-03-02 14:00–15:00");
        check("2026-03-02T23:00", "2026-03-03T00:00", "2026-03-02 23:00–24:00");
        check("2026-03-02T23:00", "2026-03-03T01:00", "2026-03-02 23:00 – 2026-03-03 01:00");
    }
}
