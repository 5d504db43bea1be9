//! Instants as ISO 8601 writes them.

use crate::HOUR_MS;

const SECOND_MS: u64 = 1000;
const MINUTE_MS: u64 = 60 * SECOND_MS;
const DAY_MS: u64 = 24 * HOUR_MS;
/// Nanoseconds; nobody writes more.
const FRACTION_DIGITS: usize = 9;

/// The instant that `text` names, in milliseconds since 1970: a date, or a date and a time.
///
/// Shape: `YYYY-MM-DD`, then maybe `T` or a blank and `HH`, `HH:MM`, `HH:MM:SS` or `HH:MM:SS.f…`, then
/// maybe `Z`, `+HH`, `+HHMM` or `+HH:MM`. Without a zone it is UTC. `None` where it is no such
/// text, lies before 1970 or is no whole millisecond.
pub fn parse_iso8601(text: &str) -> Option<u64> {
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
    let fraction_ms = fraction.map_or(Some(0), whole_ms)?;
    let in_day = hour < 24 && minute < 60 && second < 60;
    let end_of_day = (hour, minute, second, fraction_ms) == (24, 0, 0, 0);
    let ms = hour * HOUR_MS + minute * MINUTE_MS + second * SECOND_MS + fraction_ms;
    (in_day || end_of_day).then(|| i64::try_from(ms).ok())?
}

/// The digits behind a point, in milliseconds, if that is a whole number.
fn whole_ms(fraction: &str) -> Option<u64> {
    let (ms, finer) = fraction.split_at_checked(3).unwrap_or((fraction, ""));
    let is_whole = fraction.len() <= FRACTION_DIGITS && finer.bytes().all(|byte| byte == b'0');
    let ms = digits(ms)? * 10_u64.pow(3 - u32::try_from(ms.len()).ok()?);
    is_whole.then_some(ms)
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

    #[test]
    fn every_form_is_read() {
        let at = 1_772_460_000_000;
        for (text, ms) in [
            ("2026-03-02T14", at),
            ("2026-03-02 14:00", at),
            ("2026-03-02t14:00:00z", at),
            ("2026-03-02T14:00:00.5Z", at + 500),
            ("2026-03-02 14:00:00.123000", at + 123),
            ("2026-03-02T14:00:00.001000000Z", at + 1),
            ("2026-03-02 15:00:00+01", at),
            ("2026-03-02T12:30-0130", at),
            ("2026-03-02T14:00:00+00:00", at),
            ("2026-03-02", at - 14 * HOUR_MS),
            ("2026-03-01T24:00", at - 14 * HOUR_MS),
            ("2024-02-29", 1_709_164_800_000),
            ("1970-01-01", 0),
        ] {
            assert_eq!(parse_iso8601(text), Some(ms), "{text}");
        }
    }

    #[test]
    fn what_is_no_instant_is_none() {
        for text in [
            "",
            "2026",
            "2026-02-29",
            "2026-3-2",
            "20260302",
            "2026-03-02T",
            "2026-03-02T24:01",
            "2026-03-02T14:00:60",
            "2026-03-02T14:00:00.",
            "2026-03-02T14:00:00.1234",
            "2026-03-02T14:00:00.1230000000",
            "2026-03-02T14:00:00,5",
            "2026-03-02T14:00+1",
            "2026-03-02T14:00Z ",
            "1969-12-31",
            "1970-01-01T00:00+01:00",
            "+026-03-02",
            "ü026-03-022",
        ] {
            assert_eq!(parse_iso8601(text), None, "{text}");
        }
    }
}
