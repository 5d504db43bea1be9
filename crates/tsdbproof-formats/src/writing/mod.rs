//! What writers of text share: words for times and values, and what no reader would take back.

mod lines;
#[cfg(test)]
pub(crate) mod testing;

use std::io::Write as _;

use tsdbproof_core::{Point, Series, Tags};

use crate::Limits;

pub(crate) use lines::Lines;

/// What a line may hold beside names: a time, a value and the words of the format.
const LINE_FRAME_BYTES: usize = 256;
/// The most bytes that escapes make of one byte of a name.
const ESCAPED_BYTES: usize = 2;

/// Why no format of lines holds a series of this name: what the readers of all of them refuse.
pub(crate) fn refuses_series(series: &Series) -> Option<&'static str> {
    let pairs = series.tags.pairs();
    let words = || pairs.iter().flat_map(|(key, value)| [key, value]).chain([&series.metric]);
    let name_bytes: usize = words().map(|word| word.len() + 1).sum();
    // Equal only if no key stands twice: other readings of the same tags have another text.
    let is_canonical = || {
        let pairs = pairs.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        Tags::new(pairs).is_ok_and(|tags| tags == series.tags)
    };
    match () {
        () if pairs.is_empty() => Some("it has no tags"),
        () if words().any(String::is_empty) => Some("a name in it is empty"),
        () if words().any(|word| word.bytes().any(|byte| byte.is_ascii_control())) => {
            Some("a control character stands in a name")
        }
        () if name_bytes > (Limits::default().line_bytes - LINE_FRAME_BYTES) / ESCAPED_BYTES => {
            Some("its names are longer than a line that is read")
        }
        () if !is_canonical() => Some("a tag key stands in it twice"),
        () => None,
    }
}

/// Why no decimal number is this value.
pub(crate) fn refuses_value(point: Point) -> Option<&'static str> {
    let is_number = point.value.as_float().is_none_or(f64::is_finite);
    (!is_number).then_some("its value is no finite number")
}

/// Why OpenTSDB's rule for times would read this point at another time.
pub(crate) fn refuses_time(point: Point) -> Option<&'static str> {
    let is_read_as_seconds =
        point.timestamp_ms < 1 << 32 && !point.timestamp_ms.is_multiple_of(1000);
    is_read_as_seconds.then_some("milliseconds before 1970-02-19T17:02:47.296Z are read as seconds")
}

/// Appends a time as OpenTSDB takes it: whole seconds as such, others in milliseconds.
#[inline]
pub(crate) fn push_time(point: Point, out: &mut Vec<u8>) {
    let time = point.timestamp_ms;
    let number = if time.is_multiple_of(1000) { time / 1000 } else { time };
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// Appends a value: a whole number in digits, any other as Java's `Double.toString` lays it out,
/// with the fewest digits that are read back to it.
#[inline]
pub(crate) fn push_value(point: Point, out: &mut Vec<u8>) {
    let number = point.value;
    // A whole number that came as a float stays one: `tsdb import` tells them apart.
    let float = if number.came_as_float() { number.as_integer().map(|it| it as f64) } else { None };
    match (number.as_integer().filter(|_| float.is_none()), number.as_float().or(float)) {
        (Some(number), _) => out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes()),
        (None, Some(number)) if number == 0.0 || (1e-3..1e7).contains(&number.abs()) => {
            out.extend_from_slice(zmij::Buffer::new().format(number).as_bytes());
        }
        (None, Some(number)) => push_scientific(number, out),
        (None, None) => {}
    }
}

#[cold]
fn push_scientific(number: f64, out: &mut Vec<u8>) {
    let behind_digit = out.len() + usize::from(number < 0.0) + 1;
    // Writing to memory can't fail.
    let _ = write!(out, "{number:E}");
    if out.get(behind_digit) == Some(&b'E') {
        out.splice(behind_digit..behind_digit, *b".0");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number;
    use tsdbproof_core::Value;

    fn word(value: Value) -> String {
        let mut out = Vec::new();
        push_value(Point { timestamp_ms: 0, value }, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn values_are_spelled_as_java_spells_them() {
        for spelled in [
            "0",
            "-9223372036854775808",
            "9223372036854775807",
            "0.5",
            "-4.199999809265137",
            "0.001",
            "9.999E-4",
            "9999999.5",
            "1.00000005E7",
            "-1.0E300",
            "1.2345E-7",
            "9.223372036854776E18",
            "1.7976931348623157E308",
            "2.2250738585072014E-308",
        ] {
            assert_eq!(word(number::value(spelled.as_bytes()).unwrap()), spelled);
        }
        // Java has digits to spare here.
        assert_eq!(word(Value::float(5e-324)), "5.0E-324");
    }

    #[test]
    fn every_value_is_read_back() {
        let mut bits = 0x9e37_79b9_7f4a_7c15_u64;
        for _ in 0..200_000 {
            bits = bits.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            for value in [
                Value::float(f64::from_bits(bits)),
                Value::integer(bits as i64),
                Value::float(f64::from(f32::from_bits((bits >> 32) as u32))),
                Value::float((bits >> 20) as f64 / 1e6),
            ] {
                if refuses_value(Point { timestamp_ms: 0, value }).is_none() {
                    assert_eq!(number::value(word(value).as_bytes()), Ok(value));
                }
            }
        }
    }

    #[test]
    fn values_without_a_decimal_number_are_refused() {
        for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let point = Point { timestamp_ms: 0, value: Value::float(number) };
            assert!(refuses_value(point).is_some());
        }
    }

    #[test]
    fn a_time_that_is_not_refused_is_read_back() {
        let around = |time: u64| time.saturating_sub(1001)..=time + 1001;
        let times = [0, 1 << 32, 1_700_000_000_000].map(around).into_iter().flatten();
        let mut refused = 0;
        for timestamp_ms in times.chain([4_294_967_295_999]) {
            let point = Point { timestamp_ms, value: Value::integer(0) };
            let mut out = Vec::new();
            push_time(point, &mut out);
            let is_same = number::timestamp_ms(&out) == Ok(timestamp_ms);
            assert_eq!(is_same, refuses_time(point).is_none(), "{timestamp_ms}");
            refused += u32::from(!is_same);
        }
        assert_eq!(refused, 1000 + 1000);
    }

    #[test]
    fn series_that_no_reader_takes_are_refused() {
        let of = |metric: &str, tags: &str| {
            let tags = Tags::from_canonical(tags);
            refuses_series(&Series { metric: metric.to_owned(), tags })
        };
        assert_eq!(of("m", r"a=1,b=\,\\"), None);
        assert_eq!(of("größe", "ключ=é"), None);
        assert!(of("m", "").unwrap().contains("no tags"));
        assert!(of("", "a=1").unwrap().contains("empty"));
        assert!(of("m", "a=").unwrap().contains("empty"));
        assert!(of("m\n", "a=1").unwrap().contains("control"));
        assert!(of("m", "a=\u{7f}").unwrap().contains("control"));
        assert!(of("m", "a=1,a=2").unwrap().contains("twice"));
        assert!(of(&"m".repeat(1 << 19), "a=1").unwrap().contains("longer"));
    }
}
