//! One point of a row: its qualifier and its value.
//!
//! | qualifier | bits |
//! | --- | --- |
//! | second point, 2 bytes | offset in seconds (12), float (1), length − 1 (3) |
//! | millisecond point, 4 bytes | 1111 (4), offset in milliseconds (22), zero (2), float (1), length − 1 (3) |
//!
//! Source: OpenTSDB 2.4.1 `core/Internal.java`; `core/RowSeq.java`, `extractIntegerValue`,
//! `extractFloatingPointValue`.

use tsdbproof_core::{HOUR_MS, Point, TIME_LIMIT_MS, Value};

/// The qualifier of one point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Qualifier {
    bits: u32,
    pub(crate) is_ms: bool,
}

/// What was wrong with a single value, and is put right as OpenTSDB does when it reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repair {
    /// A float of 4 bytes, as its qualifier says, behind 4 bytes of zeros.
    PaddedFloat,
    /// The qualifier tells another length than the value has.
    Length,
}

impl Qualifier {
    /// The qualifier that `bytes` begin with, and what is behind it.
    pub(crate) fn leading(bytes: &[u8]) -> Option<(Self, &[u8])> {
        if bytes.first()? & 0xf0 == 0xf0 {
            let (ms, rest) = bytes.split_first_chunk()?;
            return Some((Qualifier { bits: u32::from_be_bytes(*ms), is_ms: true }, rest));
        }
        let (seconds, rest) = bytes.split_first_chunk()?;
        let bits = u32::from(u16::from_be_bytes(*seconds));
        Some((Qualifier { bits, is_ms: false }, rest))
    }

    /// The qualifier that all of `bytes` are.
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        Qualifier::leading(bytes).filter(|(_, rest)| rest.is_empty()).map(|(it, _)| it)
    }

    /// The number that its 2 or 4 bytes are.
    pub(crate) fn bits(self) -> u32 {
        self.bits
    }

    /// Milliseconds from the base time of the row.
    pub(crate) fn offset_ms(self) -> u32 {
        if self.is_ms { (self.bits & 0x0fff_ffc0) >> 6 } else { (self.bits >> 4) * 1000 }
    }

    /// The bytes that it is.
    pub(crate) fn to_bytes(self) -> Vec<u8> {
        let bytes = self.bits.to_be_bytes();
        bytes.into_iter().skip(if self.is_ms { 0 } else { 2 }).collect()
    }

    pub(crate) fn is_float(self) -> bool {
        self.bits & 8 != 0
    }

    /// Bytes of the value.
    pub(crate) fn value_length(self) -> usize {
        (self.bits & 7) as usize + 1
    }

    /// The number that `bytes` hold. Errors: what is wrong with them.
    #[inline(always)]
    pub(crate) fn value(self, bytes: &[u8]) -> Result<Value, &'static str> {
        if bytes.len() != self.value_length() {
            return Err("a value of another length than its qualifier says");
        }
        match (self.is_float(), bytes) {
            (false, [a]) => Ok(Value::integer(i64::from(a.cast_signed()))),
            (false, &[a, b]) => Ok(Value::integer(i64::from(i16::from_be_bytes([a, b])))),
            (false, &[a, b, c, d]) => {
                Ok(Value::integer(i64::from(i32::from_be_bytes([a, b, c, d]))))
            }
            (true, &[a, b, c, d]) => Ok(Value::float(f64::from(f32::from_be_bytes([a, b, c, d])))),
            (is_float, bytes) => match (<[u8; 8]>::try_from(bytes), is_float) {
                (Ok(bytes), false) => Ok(Value::integer(i64::from_be_bytes(bytes))),
                (Ok(bytes), true) => Ok(Value::float(f64::from_be_bytes(bytes))),
                (Err(_), false) => Err("an integer that is not of 1, 2, 4 or 8 bytes"),
                (Err(_), true) => Err("a float that is not of 4 or 8 bytes"),
            },
        }
    }

    /// The point of this qualifier, a value and the base time of its row. Errors: what is wrong.
    #[inline(always)]
    pub(crate) fn point(self, value: &[u8], base_s: u32) -> Result<Point, &'static str> {
        let value = self.value(value)?;
        if u64::from(self.offset_ms()) >= HOUR_MS {
            return Err("a point behind the hour of its row");
        }
        if self.is_ms && self.bits & 0x30 != 0 {
            return Err("a qualifier with bits that have no meaning");
        }
        let timestamp_ms = u64::from(base_s) * 1000 + u64::from(self.offset_ms());
        if timestamp_ms >= TIME_LIMIT_MS {
            return Err("a time that no row of OpenTSDB can hold");
        }
        Ok(Point { timestamp_ms, value })
    }

    /// The qualifier and the value of a column of this single point, put right as OpenTSDB does it.
    ///
    /// Only second points: writers of the time before milliseconds and compactions made these faults.
    /// Errors: a float in which other bytes stand where zeros should.
    /// Source: OpenTSDB 2.4.1 `core/Internal.java`, `fixFloatingPointValue`, `fixQualifierFlags`.
    pub(crate) fn repaired(
        self,
        value: &[u8],
    ) -> Result<(Self, &[u8], Option<Repair>), &'static str> {
        if self.is_ms || value.len() == self.value_length() {
            return Ok((self, value, None));
        }
        if let (true, 4, [zeros @ .., _, _, _, _]) = (self.is_float(), self.value_length(), value)
            && zeros.len() == 4
        {
            return match (zeros, value.last_chunk::<4>()) {
                ([0, 0, 0, 0], Some(float)) => Ok((self, float, Some(Repair::PaddedFloat))),
                ([0xff, 0xff, 0xff, 0xff], _) => Err(SIGN_EXTENDED),
                _ => Err("a float of 4 bytes behind 4 others that are not zero"),
            };
        }
        // Beyond 8 bytes OpenTSDB lets the length run over into the type: what it reads is no value.
        match value.len() {
            length @ 1..=8 => {
                let bits = self.bits & !7 | (length as u32 - 1);
                Ok((Qualifier { bits, ..self }, value, Some(Repair::Length)))
            }
            0 => Err("a value without a byte"),
            _ => Err("a value of more than 8 bytes"),
        }
    }
}

/// A fault of old versions that `tsdb fsck` repairs, and a query does not.
pub(crate) const SIGN_EXTENDED: &str =
    "a float of 4 bytes behind 4 of ff, which a query refuses and `tsdb fsck` repairs";

#[cfg(test)]
mod tests {
    use super::*;

    const BASE_S: u32 = 1_699_999_200;
    const SECOND: u64 = 1_700_000_000_000;

    #[track_caller]
    fn check(qualifier: &[u8], value: &[u8], expected: Result<(u64, Value), &str>) {
        let found = Qualifier::of(qualifier).unwrap().point(value, BASE_S);
        compare(found, expected);
    }

    #[track_caller]
    fn compare(found: Result<Point, &str>, expected: Result<(u64, Value), &str>) {
        let found = found.map(|point| (point.timestamp_ms, point.value));
        match (found, expected) {
            (Err(found), Err(part)) => assert!(found.contains(part), "{found}"),
            (found, expected) => assert_eq!(found, expected),
        }
    }

    #[test]
    fn qualifiers_and_values_are_those_of_opentsdb() {
        check(&[0x32, 0x00], &[0x2a], Ok((SECOND, Value::integer(42))));
        check(&[0x32, 0x0b], &[0x40, 0x86, 0x66, 0x66], Ok((SECOND, Value::float(4.2_f32.into()))));
        check(&[0x32, 0x0f], &0.1_f64.to_be_bytes(), Ok((SECOND, Value::float(0.1))));
        check(&[0x32, 0x01], &[0x80, 0], Ok((SECOND, Value::integer(-32768))));
        check(&[0x32, 0x03], &[0xff; 4], Ok((SECOND, Value::integer(-1))));
        check(&[0x32, 0x07], &i64::MIN.to_be_bytes(), Ok((SECOND, Value::integer(i64::MIN))));
        check(&[0xf3, 0x0d, 0x5e, 0xc0], &[1], Ok((SECOND + 123, Value::integer(1))));
        check(&[0xf3, 0x0d, 0x5e, 0xd0], &[1], Err("no meaning"));
        check(&[0x32, 0x02], &[1, 2, 3], Err("1, 2, 4 or 8"));
        check(&[0x32, 0x09], &[1, 2], Err("4 or 8"));
        check(&[0x32, 0x00], &[1, 2], Err("another length"));
        check(&[0xe1, 0x00], &[1], Err("behind the hour"));
        assert_eq!(Qualifier::of(&[0xf3, 0x0d]), None);
        assert_eq!(Qualifier::of(&[0x32, 0x00, 0x00]), None);
    }

    #[test]
    fn faults_of_old_writers_are_put_right_as_opentsdb_does_it() {
        #[track_caller]
        fn check(
            qualifier: &[u8],
            value: &[u8],
            repair: Option<Repair>,
            expected: Result<(u64, Value), &str>,
        ) {
            let repaired = Qualifier::of(qualifier).unwrap().repaired(value);
            if let Ok((_, _, found)) = repaired {
                assert_eq!(found, repair);
            }
            compare(repaired.and_then(|(q, value, _)| q.point(value, BASE_S)), expected);
        }
        let float = Ok((SECOND, Value::float(4.2_f32.into())));
        let double = Ok((SECOND, Value::float(4.2)));
        let bytes = 4.2_f32.to_be_bytes();
        let padded = |pad: u8| [[pad; 4], bytes].concat();
        check(&[0x32, 0x0b], &bytes, None, float);
        check(&[0x32, 0x0b], &padded(0), Some(Repair::PaddedFloat), float);
        check(&[0x32, 0x0b], &padded(0xff), None, Err("fsck"));
        check(&[0x32, 0x0b], &padded(1), None, Err("not zero"));
        check(&[0x32, 0x0f], &bytes, Some(Repair::Length), float);
        check(&[0x32, 0x08], &4.2_f64.to_be_bytes(), Some(Repair::Length), double);
        check(&[0x32, 0x07], &[0x2a], Some(Repair::Length), Ok((SECOND, Value::integer(42))));
        check(&[0x32, 0x00], &[0xff; 8], Some(Repair::Length), Ok((SECOND, Value::integer(-1))));
        check(&[0x32, 0x00], &[1, 2, 3], Some(Repair::Length), Err("1, 2, 4 or 8"));
        check(&[0x32, 0x08], &[1, 2], Some(Repair::Length), Err("4 or 8"));
        check(&[0x32, 0x00], &[], None, Err("without a byte"));
        check(&[0x32, 0x00], &[1; 12], None, Err("more than 8"));
        // Milliseconds are younger than these faults.
        check(&[0xf3, 0x0d, 0x5e, 0xc7], &[1], None, Err("another length"));
    }
}
