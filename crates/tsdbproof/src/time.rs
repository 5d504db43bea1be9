//! Instants as people write them: ISO 8601 in UTC out, that and OpenTSDB's forms in.

use tsdbproof_core::{Error, digest::civil, parse_iso8601, quote};

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
        None => parse_epoch(text).or_else(|| parse_iso8601(text)),
    };
    parsed.ok_or_else(|| {
        Error::usage(format!("{} is no time", quote(text.as_bytes()))).help(
            "write 2026-03-02, 2026-03-02T14:00, 2026-03-02T14:00:00+01:00, \
             seconds or milliseconds since 1970, or 1d-ago",
        )
    })
}

/// The milliseconds that `text` names: `500ms`, `10s`, `1m`, `2h`, `1d`.
pub fn parse_duration(text: &str) -> Option<u64> {
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

fn digits(text: &str) -> Option<u64> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok())?
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
