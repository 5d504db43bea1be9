//! Numbers from the front of a longer text, for the hot path.
//!
//! What is read here is what the judges [`value`] and [`timestamp_ms`](super::timestamp_ms) make of
//! the same bytes; where nothing is read, the word is theirs.

use tsdbproof_core::Value;

use super::{split_sign, to_ms, value};

/// The time at the front of `text`, in milliseconds, and what follows its digits.
#[inline]
pub(crate) fn leading_timestamp_ms(text: &[u8]) -> Option<(u64, &[u8])> {
    let (number, rest) = leading_time_number(text)?;
    Some((to_ms(number)?, rest))
}

/// The number of a time at the front of `text`, whatever it counts, and what follows its digits.
/// Times of less than eight digits are not worth the hurry, nor those at the end of a text: `None`.
#[inline]
pub(crate) fn leading_time_number(text: &[u8]) -> Option<(u64, &[u8])> {
    let (first, behind) = text.split_first_chunk()?;
    let first = Eight::of(*first);
    if first.others != 0 {
        return None;
    }
    match behind {
        // Seconds have ten digits from 2001 to 2286.
        [a @ b'0'..=b'9', b @ b'0'..=b'9', rest @ ..] if !rest.first()?.is_ascii_digit() => {
            let last = u64::from(a - b'0') * 10 + u64::from(b - b'0');
            Some((first.number(8) * 100 + last, rest))
        }
        _ => first.and_next(behind),
    }
}

/// The value at the front of `text`, and what follows it.
///
/// It ends where no byte of a number follows; whether that byte may follow is the caller's to say.
#[inline(always)]
pub(crate) fn leading_value(text: &[u8]) -> Option<(Value, &[u8])> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        _ => (false, text),
    };
    match Decimal::short(digits) {
        Some((decimal, rest)) => Some((decimal.value(negative), rest)),
        None => leading_long_value(text),
    }
}

/// The same for what is written in more bytes, or has an exponent or a plus.
#[inline(never)]
fn leading_long_value(text: &[u8]) -> Option<(Value, &[u8])> {
    let (negative, digits) = split_sign(text);
    if let Some((decimal, rest)) = Decimal::long(digits) {
        return Some((decimal.value(negative), rest));
    }
    let length = text.iter().position(|byte| !is_of_number(byte)).unwrap_or(text.len());
    let (word, rest) = text.split_at_checked(length)?;
    Some((value(word).ok()?, rest))
}

#[inline]
fn ends_number(rest: &[u8]) -> bool {
    !rest.first().is_some_and(is_of_number)
}

#[inline]
fn is_of_number(byte: &u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-')
}

/// `mantissa` / 10^`decimals`, of at most 18 digits.
#[derive(Debug, Clone, Copy)]
struct Decimal {
    mantissa: u64,
    decimals: usize,
}

impl Decimal {
    const DIGITS_MAX: usize = 18;
    /// Each is exact in a binary64.
    const POWERS_OF_TEN: [f64; Self::DIGITS_MAX + 1] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
        1e17, 1e18,
    ];

    /// The number at the front of `text`, if it is written in seven bytes, or in fifteen digits, and
    /// what follows it.
    #[inline]
    fn short(text: &[u8]) -> Option<(Self, &[u8])> {
        let (first, behind) = text.split_first_chunk()?;
        let digits = Eight::of(*first);
        let whole = digits.count();
        if whole == 8 {
            let (mantissa, rest) = digits.and_next(behind)?;
            return ends_number(rest).then_some((Decimal { mantissa, decimals: 0 }, rest));
        }
        let has_point = text.get(whole) == Some(&b'.');
        let (digits, length) = if has_point { digits.without_other() } else { (digits, whole) };
        let rest = text.get(length + usize::from(has_point)..)?;
        // Left to the judge: without decimals this would be an integer.
        let is_bare = has_point && length == whole;
        let known = 0 < length && length < 8 && !is_bare && ends_number(rest);
        known.then(|| (Decimal { mantissa: digits.number(length), decimals: length - whole }, rest))
    }

    /// The number at the front of `text`, and what follows it.
    fn long(text: &[u8]) -> Option<(Self, &[u8])> {
        let (whole, count, rest) = leading_digits(0, text);
        let (mantissa, decimals, rest) = match rest {
            // Left to the judge: without decimals this would be an integer, beyond 2^53 another.
            [b'.', behind @ ..] if !behind.first().is_some_and(u8::is_ascii_digit) => return None,
            [b'.', fraction @ ..] => leading_digits(whole, fraction),
            _ => (whole, 0, rest),
        };
        let known = (1..=Self::DIGITS_MAX).contains(&(count + decimals)) && ends_number(rest);
        known.then_some((Decimal { mantissa, decimals }, rest))
    }

    #[inline]
    fn value(self, negative: bool) -> Value {
        if self.decimals == 0 {
            let number = self.mantissa as i64;
            return Value::integer(if negative { -number } else { number });
        }
        let number = self.nearest();
        Value::float(if negative { -number } else { number })
    }

    /// The nearest binary64.
    #[inline]
    fn nearest(self) -> f64 {
        let power = Self::POWERS_OF_TEN.get(self.decimals).copied().unwrap_or(1.0);
        // With both exact in a binary64 the division rounds once: W. Clinger, "How to read floating
        // point numbers accurately".
        if self.mantissa <= 1 << 53 {
            return self.mantissa as i64 as f64 / power;
        }
        // The quotient has more than 55 bits. A remainder shows in the last of them, where it is
        // seen if the others make a tie, so that the conversion rounds once.
        let scaled = u128::from(self.mantissa) << 64;
        let quotient = scaled / power as u128;
        let inexact = quotient * power as u128 != scaled;
        (quotient | u128::from(inexact)) as f64 / (1u128 << 64) as f64
    }
}

/// `number` with the digits at the front of `text` written behind it, how many those are, and what
/// follows. With more than 19 digits in all the number is another.
fn leading_digits(mut number: u64, text: &[u8]) -> (u64, usize, &[u8]) {
    let (mut count, mut rest) = (0, text);
    loop {
        let digits = Eight::of(rest.first_chunk().copied().unwrap_or_else(|| padded(rest)));
        let found = digits.count();
        let scale = Eight::SCALES.get(found).copied().unwrap_or_default();
        number = number.wrapping_mul(scale).wrapping_add(digits.number(found));
        count += found;
        rest = rest.get(found..).unwrap_or_default();
        if found < 8 {
            return (number, count, rest);
        }
    }
}

/// Less than eight bytes at the end of a text, with NULs behind them.
#[cold]
pub(crate) fn padded(text: &[u8]) -> [u8; 8] {
    let mut chunk = [0; 8];
    chunk.iter_mut().zip(text).for_each(|(to, from)| *to = *from);
    chunk
}

/// Eight bytes of text, looked at together; the first is the lowest.
///
/// Source: D. Lemire, "Quickly parsing eight digits".
#[derive(Debug, Clone, Copy)]
struct Eight {
    /// A digit is its number here.
    bytes: u64,
    /// The high bit of each byte that is no digit. Behind the second such byte it may be wrong.
    others: u64,
}

impl Eight {
    /// What so many digits multiply the digits before them by.
    const SCALES: [u64; 9] =
        [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

    #[inline]
    fn of(chunk: [u8; 8]) -> Self {
        let bytes = u64::from_le_bytes(chunk) ^ 0x3030_3030_3030_3030;
        // Adding 118 takes 10 and more to the high bit. What a byte above 137 carries over, and only
        // a byte that is no digit does, changes bytes behind it.
        let others = (bytes.wrapping_add(0x7676_7676_7676_7676) | bytes) & 0x8080_8080_8080_8080;
        Eight { bytes, others }
    }

    /// How many digits come first.
    #[inline]
    fn count(self) -> usize {
        self.others.trailing_zeros() as usize / 8
    }

    /// The number of these eight digits and those that `behind` begins with, if those are less than
    /// eight, and what follows.
    #[inline]
    fn and_next(self, behind: &[u8]) -> Option<(u64, &[u8])> {
        let next = Eight::of(*behind.first_chunk()?);
        let count = next.count();
        let scale = Self::SCALES.get(..8)?.get(count)?;
        Some((self.number(8) * scale + next.number(count), behind.get(count..)?))
    }

    /// The same bytes with the first that is no digit taken out, and how many digits come first now.
    #[inline]
    fn without_other(self) -> (Self, usize) {
        let before = (self.others ^ self.others.wrapping_sub(1)) >> 8;
        let bytes = self.bytes & before | self.bytes >> 8 & !before;
        let others = (self.others & self.others.wrapping_sub(1)) >> 8;
        let digits = Eight { bytes, others };
        (digits, digits.count())
    }

    /// The number that the first `length` digits write.
    #[inline]
    fn number(self, length: usize) -> u64 {
        // Shifted to the end, with zeros before it, a shorter number is one of eight digits.
        let digits = self.bytes.unbounded_shl(64 - 8 * length as u32);
        let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8);
        let low = (pairs & 0xff_0000_00ff).wrapping_mul(100 + (1_000_000 << 32));
        let high = (pairs >> 16 & 0xff_0000_00ff).wrapping_mul(1 + (10_000 << 32));
        low.wrapping_add(high) >> 32
    }
}

#[cfg(test)]
mod tests {
    use super::super::timestamp_ms;
    use super::*;

    /// Random words that look like numbers, in all lengths.
    fn words() -> impl Iterator<Item = String> {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut next = move |bound: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 11) as usize % bound
        };
        std::iter::from_fn(move || {
            let mut digits = |count: usize| -> String {
                (0..count).map(|_| char::from(b'0' + next(10) as u8)).collect()
            };
            let (whole, fraction, exponent) = (digits(25), digits(25), digits(3));
            let sign = ["", "", "", "-", "+"][next(5)];
            let whole_max = [3, 8, 17, 21][next(4)];
            let whole = &whole[..next(1 + whole_max)];
            let fraction_max = [0, 3, 8, 17, 21][next(5)];
            let fraction = &fraction[..next(1 + fraction_max)];
            let point = if fraction.is_empty() && next(8) > 0 { "" } else { "." };
            let exponent = match next(8) {
                0 => format!("e{}{}", ["", "-", "+"][next(3)], &exponent[..next(4)]),
                _ => String::new(),
            };
            let mut word = format!("{sign}{whole}{point}{fraction}{exponent}");
            if next(20) == 0 && !word.is_empty() {
                let strange = ["+", "-", ".", "e", "x", "\u{e9}"][next(6)];
                word.insert_str(next(word.len()), strange);
            }
            Some(word)
        })
        .filter(|word| word.is_ascii() || word.is_char_boundary(1))
    }

    #[test]
    fn leading_values_are_what_the_judge_makes_of_the_word() {
        for word in words().take(300_000) {
            for behind in ["", " ", " host=a dc=b", ",", "\n"] {
                let text = format!("{word}{behind}");
                let read = leading_value(text.as_bytes());
                match value(word.as_bytes()) {
                    Ok(value) => assert_eq!(read, Some((value, behind.as_bytes())), "{text:?}"),
                    // A longer word may begin with a number; what is behind that tells.
                    Err(_) => {
                        assert!(read.is_none_or(|(_, rest)| rest != behind.as_bytes()), "{text:?}")
                    }
                }
            }
        }
    }

    #[test]
    fn leading_floats_are_what_the_standard_library_reads() {
        for word in words().filter(|word| is_decimal(word.trim_start_matches('-'))).take(300_000) {
            let Some((read, _)) = leading_value(format!("{word} ").as_bytes()) else { continue };
            let Ok(number) = word.parse::<f64>() else { panic!("{word}") };
            if word.contains(['.', 'e']) {
                assert_eq!(read, Value::float(number), "{word}");
            }
        }

        fn is_decimal(word: &str) -> bool {
            super::super::is_decimal(word.as_bytes())
        }
    }

    #[test]
    fn leading_times_are_what_the_judge_makes_of_the_word() {
        for word in words().take(300_000) {
            let text = format!("{word} 1 host=a");
            if let Some((read, b" 1 host=a")) = leading_timestamp_ms(text.as_bytes()) {
                assert_eq!(timestamp_ms(word.as_bytes()), Ok(read), "{word}");
            }
        }
        let text = b"1700000000 1 h=a";
        assert_eq!(leading_timestamp_ms(text), Some((1_700_000_000_000, &b" 1 h=a"[..])));
    }

    #[test]
    fn halves_between_floats_are_rounded_to_even() {
        // 2^53 + 1 and 2^53 + 3 lie between two floats; a digit behind them breaks the tie.
        for word in [
            "9007199254740993.0",
            "9007199254740995.0",
            "9007199254740993.1",
            "900719925474099.30",
            "90071992547409.930",
            "0.9007199254740993",
            "999999999999999999.",
        ] {
            let (read, _) = leading_value(format!("{word} ").as_bytes()).unwrap();
            assert_eq!(read, value(word.as_bytes()).unwrap(), "{word}");
        }
    }
}
