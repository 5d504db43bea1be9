//! Text to values and times, for every format of text: digest-v1, "Values" and "timestamp".
//!
//! [`value`] and [`timestamp_ms`] judge a whole word and say what is wrong with it.

mod leading;

use tsdbproof_core::{Position, Problem, ProblemKind, TIME_LIMIT_MS, Value, quote};

pub(crate) use leading::{leading_time_number, leading_timestamp_ms, leading_value, padded};

/// What is wrong, before its place is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) kind: ProblemKind,
    pub(crate) what: String,
}

impl Fault {
    pub(crate) fn new(kind: ProblemKind, what: impl Into<String>) -> Self {
        Fault { kind, what: what.into() }
    }

    /// The fault as a problem, at a place.
    pub(crate) fn at(self, at: Position) -> Problem {
        Problem { kind: self.kind, at, what: self.what }
    }
}

/// The longest integer that OpenTSDB reads, leading zeros counted.
const INTEGER_DIGITS: usize = 19;

/// The time that a word writes, in milliseconds: below 2^32 it counts seconds.
///
/// Source: OpenTSDB 2.4.1 `core/Tags.java`, `parseLong`; `core/Const.java`, `SECOND_MASK`.
pub(crate) fn timestamp_ms(word: &[u8]) -> Result<u64, Fault> {
    to_ms(time_number(word)?).ok_or_else(|| out_of_range(word))
}

/// The number that a time writes, whatever it counts.
pub(crate) fn time_number(word: &[u8]) -> Result<u64, Fault> {
    let fault = |kind, wrong: &str, expected: &str| {
        Err(Fault::new(kind, format!("{wrong}; found {}, expected {expected}", quote(word))))
    };
    let (negative, digits) = split_sign(word);
    if digits.is_empty() || !all_digits(digits) {
        let expected = "seconds or milliseconds since 1970";
        return fault(ProblemKind::BadTime, "a time that is no whole number", expected);
    }
    if digits.len() > INTEGER_DIGITS {
        let expected = "at most 19 digits";
        return fault(ProblemKind::BadTime, "a time of too many digits", expected);
    }
    let number = digits.iter().fold(0, |number, digit| number * 10 + u64::from(digit - b'0'));
    if negative && number > 0 {
        return fault(ProblemKind::TimeOutOfRange, "a time before 1970", "no sign");
    }
    Ok(number)
}

/// The fault of a time that is too late.
pub(crate) fn out_of_range(word: &[u8]) -> Fault {
    let what = "a time that no row of OpenTSDB can hold";
    let found = quote(word);
    let what = format!("{what}; found {found}, expected less than 4294967296000 ms");
    Fault::new(ProblemKind::TimeOutOfRange, what)
}

/// Seconds or milliseconds as milliseconds, if OpenTSDB has a row for them.
#[inline]
fn to_ms(number: u64) -> Option<u64> {
    let timestamp_ms = if number < 1 << 32 { number * 1000 } else { number };
    (timestamp_ms < TIME_LIMIT_MS).then_some(timestamp_ms)
}

/// The value that a word writes.
pub(crate) fn value(word: &[u8]) -> Result<Value, Fault> {
    let fault = |kind, wrong: &str| {
        let expected = "expected an integer or a decimal float";
        Err(Fault::new(kind, format!("{wrong}; found {}, {expected}", quote(word))))
    };
    let (_, digits) = split_sign(word);
    let text = str::from_utf8(word).unwrap_or_default();
    if !digits.is_empty() && all_digits(digits) {
        return match text.parse().ok().filter(|_| digits.len() <= INTEGER_DIGITS) {
            Some(number) => Ok(Value::integer(number)),
            None => fault(ProblemKind::ValueOutOfRange, "an integer beyond 19 digits or 64 bits"),
        };
    }
    if is_decimal(digits) {
        return match text.parse().ok().filter(|number: &f64| number.is_finite()) {
            Some(number) => Ok(Value::float(number)),
            None => fault(ProblemKind::ValueOutOfRange, "a float beyond what 64 bits hold"),
        };
    }
    let mut bad = fault(ProblemKind::BadValue, "a value that is no number");
    if let (Err(fault), Some(number)) = (&mut bad, read_by_java(word)) {
        fault.what += &format!("; OpenTSDB would store {number:?}");
    }
    bad
}

/// Whether text without its sign is digits with a `.`, an exponent or both, or digits alone.
fn is_decimal(text: &[u8]) -> bool {
    let (whole, rest) = split_digits(text);
    let (fraction, rest) = match rest {
        [b'.', rest @ ..] => split_digits(rest),
        _ => (Default::default(), rest),
    };
    let exponent = match rest {
        [] => true,
        [b'e' | b'E', exponent @ ..] => {
            let (_, digits) = split_sign(exponent);
            !digits.is_empty() && all_digits(digits)
        }
        _ => false,
    };
    exponent && whole.len() + fraction.len() > 0
}

fn split_sign(word: &[u8]) -> (bool, &[u8]) {
    match word {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        _ => (false, word),
    }
}

fn split_digits(text: &[u8]) -> (&[u8], &[u8]) {
    let count = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    text.split_at_checked(count).unwrap_or_default()
}

fn all_digits(text: &[u8]) -> bool {
    text.iter().all(u8::is_ascii_digit)
}

/// What OpenTSDB makes of a word outside the grammar: it hands words with `.`, `e` or `E` to Java's
/// `parseFloat`, which also takes hexadecimal floats and the suffixes of literals.
fn read_by_java(word: &[u8]) -> Option<f64> {
    word.iter().find(|byte| matches!(byte, b'.' | b'e' | b'E'))?;
    let literal = match word {
        [literal @ .., b'f' | b'F' | b'd' | b'D'] => literal,
        _ => word,
    };
    let (negative, digits) = split_sign(literal);
    let number = if is_decimal(digits) {
        str::from_utf8(digits).ok()?.parse().ok()?
    } else {
        hexadecimal_float(str::from_utf8(digits).ok()?)?
    };
    number.is_finite().then_some(if negative { -number } else { number })
}

/// Source: Java SE 8, `Double.valueOf(String)`: `0x1.8p1` is 3. Only for messages: 16 digits.
fn hexadecimal_float(text: &str) -> Option<f64> {
    let text = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"))?;
    let (mantissa, exponent) = text.split_once(['p', 'P'])?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let number = u64::from_str_radix(&format!("{whole}{fraction}"), 16).ok()?;
    let exponent = exponent.parse::<i32>().ok()?;
    let exponent = exponent.checked_sub(i32::try_from(fraction.len()).ok()?.checked_mul(4)?)?;
    Some(number as f64 * 2f64.powi(exponent))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value_of(word: &str) -> Result<Value, ProblemKind> {
        value(word.as_bytes()).map_err(|fault| fault.kind)
    }

    fn time_of(word: &str) -> Result<u64, ProblemKind> {
        timestamp_ms(word.as_bytes()).map_err(|fault| fault.kind)
    }

    #[test]
    fn integers_of_up_to_19_digits_are_read_if_they_fit() {
        for (word, number) in [
            ("0", 0),
            ("-0", 0),
            ("+7", 7),
            ("0000000000000000007", 7),
            ("9223372036854775807", i64::MAX),
            ("-9223372036854775808", i64::MIN),
        ] {
            assert_eq!(value_of(word), Ok(Value::integer(number)), "{word}");
        }
        for word in ["9223372036854775808", "-9223372036854775809", "00000000000000000007"] {
            assert_eq!(value_of(word), Err(ProblemKind::ValueOutOfRange), "{word}");
        }
    }

    #[test]
    fn decimal_floats_are_the_nearest_binary64() {
        for (word, number) in [
            (".5", 0.5),
            ("5.", 5.0),
            ("5.e1", 50.0),
            ("1E300", 1e300),
            ("+1.5e-3", 0.0015),
            ("-0.0", 0.0),
            ("4.199999809265137", 4.199999809265137),
            ("1e-400", 0.0),
        ] {
            assert_eq!(value_of(word), Ok(Value::float(number)), "{word}");
        }
        assert_eq!(value_of("1e400"), Err(ProblemKind::ValueOutOfRange));
    }

    #[test]
    fn nothing_else_is_a_value() {
        for word in [
            "", "-", "+", ".", "-.", "e5", ".e5", "1e", "1e+", "1.2.3", "--1", "1-", "NaN", "nan",
            "Infinity", "-inf", "0x10", "1_000", "1.5f", "1 5", "1,5", "１", "1e5.0",
        ] {
            assert_eq!(value_of(word), Err(ProblemKind::BadValue), "{word}");
        }
    }

    #[test]
    fn what_opentsdb_would_store_from_a_bad_value_is_said() {
        let said = |word: &str| {
            let what = value(word.as_bytes()).unwrap_err().what;
            what.split_once("would store ").map(|(_, stored)| stored.to_owned())
        };
        assert_eq!(said("1.5f").as_deref(), Some("1.5"));
        assert_eq!(said("-1e3D").as_deref(), Some("-1000.0"));
        assert_eq!(said("0x1.8p1").as_deref(), Some("3.0"));
        assert_eq!(said("-0X.8P-1d").as_deref(), Some("-0.25"));
        // Without a dot or an `e` OpenTSDB reads an integer, or refuses.
        for word in ["1f", "NaN", "0x10", "0x1p3", "1.5ff", "1.5x"] {
            assert_eq!(said(word), None, "{word}");
        }
    }

    #[test]
    fn times_below_2_to_the_32_count_seconds() {
        assert_eq!(time_of("0"), Ok(0));
        assert_eq!(time_of("-0"), Ok(0));
        assert_eq!(time_of("+1700000000"), Ok(1_700_000_000_000));
        assert_eq!(time_of("4294967295"), Ok(4_294_967_295_000));
        assert_eq!(time_of("4294967296"), Ok(4_294_967_296));
        assert_eq!(time_of("4294967295999"), Ok(4_294_967_295_999));
        for word in ["-1", "4294967296000", "9223372036854775808", "9999999999999999999"] {
            assert_eq!(time_of(word), Err(ProblemKind::TimeOutOfRange), "{word}");
        }
        for word in ["", "+", "1.5", "1e9", "12a", "00000000001700000000"] {
            assert_eq!(time_of(word), Err(ProblemKind::BadTime), "{word}");
        }
    }
}
