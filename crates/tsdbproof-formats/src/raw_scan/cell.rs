//! What the bytes of a column mean: qualifiers, values, and columns of many points.
//!
//! | qualifier | bits |
//! | --- | --- |
//! | second point, 2 bytes | offset in seconds (12), float (1), length − 1 (3) |
//! | millisecond point, 4 bytes | 1111 (4), offset in milliseconds (22), zero (2), float (1), length − 1 (3) |
//! | compacted column | qualifiers of its points; the value has their values, then one flag byte |
//! | append column, `05 00 00` | the value has the qualifier and the value of each point in turn |
//!
//! Source: OpenTSDB 2.4.1 `core/Internal.java`, `extractDataPoints`; `core/AppendDataPoints.java`,
//! `parseKeyValue`; `core/RowSeq.java`, `extractIntegerValue`, `extractFloatingPointValue`.

use tsdbproof_core::{HOUR_MS, Point, TIME_LIMIT_MS, Value};

/// The qualifier of one point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Qualifier {
    bits: u32,
    pub(super) is_ms: bool,
}

impl Qualifier {
    /// The qualifier that `bytes` begin with, and what is behind it.
    pub(super) fn leading(bytes: &[u8]) -> Option<(Self, &[u8])> {
        if bytes.first()? & 0xf0 == 0xf0 {
            let (ms, rest) = bytes.split_first_chunk()?;
            return Some((Qualifier { bits: u32::from_be_bytes(*ms), is_ms: true }, rest));
        }
        let (seconds, rest) = bytes.split_first_chunk()?;
        let bits = u32::from(u16::from_be_bytes(*seconds));
        Some((Qualifier { bits, is_ms: false }, rest))
    }

    /// The qualifier that all of `bytes` are.
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        Qualifier::leading(bytes).filter(|(_, rest)| rest.is_empty()).map(|(it, _)| it)
    }

    /// Milliseconds from the base time of the row.
    pub(super) fn offset_ms(self) -> u32 {
        if self.is_ms { (self.bits & 0x0fff_ffc0) >> 6 } else { (self.bits >> 4) * 1000 }
    }

    /// The bytes that it is.
    pub(super) fn to_bytes(self) -> Vec<u8> {
        let bytes = self.bits.to_be_bytes();
        bytes.into_iter().skip(if self.is_ms { 0 } else { 2 }).collect()
    }

    pub(super) fn is_float(self) -> bool {
        self.bits & 8 != 0
    }

    /// Bytes of the value.
    pub(super) fn value_length(self) -> usize {
        (self.bits & 7) as usize + 1
    }

    /// The time that a scan prints: seconds or milliseconds, as the qualifier counts.
    pub(super) fn printed_time(self, base_s: u32) -> u64 {
        match self.is_ms {
            true => u64::from(base_s) * 1000 + u64::from(self.offset_ms()),
            false => u64::from(base_s) + u64::from(self.offset_ms() / 1000),
        }
    }

    /// The offset that a scan prints, which takes a time below 2^32 for one in seconds.
    pub(super) fn printed_offset(self, base_s: u32) -> u64 {
        let is_ms = self.printed_time(base_s) >> 32 != 0;
        u64::from(if is_ms { self.offset_ms() } else { self.offset_ms() / 1000 })
    }

    /// The number that `bytes` hold. Errors: what is wrong with them.
    pub(super) fn value(self, bytes: &[u8]) -> Result<Value, &'static str> {
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
    pub(super) fn point(self, value: &[u8], base_s: u32) -> Result<Point, &'static str> {
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

    /// The least and the greatest column that a scan prints as this single point, by their first four
    /// bytes: of second points it corrects the length.
    pub(super) fn columns(self) -> (u32, u32) {
        match self.is_ms {
            true => (self.bits, self.bits),
            false => ((self.bits & !7) << 16, (self.bits | 7) << 16 | 0xffff),
        }
    }
}

/// A point within a column of many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spot {
    pub(super) qualifier: Qualifier,
    /// Where its value begins in the column's value.
    start: u32,
}

impl Spot {
    /// The bytes of its value, within that of its column.
    pub(super) fn value(self, column: &[u8]) -> &[u8] {
        let value = column.get(self.start as usize..).unwrap_or_default();
        value.get(..self.qualifier.value_length()).unwrap_or(value)
    }
}

/// The points of a compacted column, as a scan prints them, and the flag byte of its value.
pub(super) fn compacted(mut qualifiers: &[u8], value: &[u8]) -> Option<(Vec<Spot>, u8)> {
    let (flag, values) = value.split_last()?;
    let (mut spots, mut start) = (Vec::new(), 0);
    while !qualifiers.is_empty() {
        let (qualifier, rest) = Qualifier::leading(qualifiers)?;
        spots.push(Spot { qualifier, start: u32::try_from(start).ok()? });
        start += qualifier.value_length();
        qualifiers = rest;
    }
    spots.sort_by_key(|spot| spot.qualifier.offset_ms());
    (start == values.len()).then_some((spots, *flag))
}

/// What the value of an append column holds, as `tsdb scan` prints a column that it takes for one.
pub(super) fn appended(value: &[u8]) -> Option<Vec<Spot>> {
    let (mut spots, mut rest) = (Vec::new(), value);
    while !rest.is_empty() {
        let (qualifier, behind) = Qualifier::leading(rest)?;
        let start = u32::try_from(value.len() - behind.len()).ok()?;
        spots.push(Spot { qualifier, start });
        rest = behind.get(qualifier.value_length()..)?;
    }
    spots.sort_by_key(|spot| spot.qualifier.offset_ms());
    Some(spots)
}

/// Of several points of one instant, the one that was appended last.
pub(super) fn last_of_each(spots: Vec<Spot>) -> Vec<Spot> {
    let same = |a: &Spot, b: &Spot| a.qualifier.offset_ms() == b.qualifier.offset_ms();
    spots.chunk_by(same).filter_map(|same| same.last().copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(qualifier: &[u8], value: &[u8], expected: Result<(u64, Value), &str>) {
        let found = Qualifier::of(qualifier).unwrap().point(value, 1_699_999_200);
        let found = found.map(|point| (point.timestamp_ms, point.value));
        match (found, expected) {
            (Err(found), Err(part)) => assert!(found.contains(part), "{found}"),
            (found, expected) => assert_eq!(found, expected),
        }
    }

    #[test]
    fn qualifiers_and_values_are_those_of_opentsdb() {
        let second = 1_700_000_000_000;
        check(&[0x32, 0x00], &[0x2a], Ok((second, Value::integer(42))));
        check(&[0x32, 0x0b], &[0x40, 0x86, 0x66, 0x66], Ok((second, Value::float(4.2_f32.into()))));
        check(&[0x32, 0x0f], &0.1_f64.to_be_bytes(), Ok((second, Value::float(0.1))));
        check(&[0x32, 0x01], &[0x80, 0], Ok((second, Value::integer(-32768))));
        check(&[0x32, 0x03], &[0xff; 4], Ok((second, Value::integer(-1))));
        check(&[0x32, 0x07], &i64::MIN.to_be_bytes(), Ok((second, Value::integer(i64::MIN))));
        check(&[0xf3, 0x0d, 0x5e, 0xc0], &[1], Ok((second + 123, Value::integer(1))));
        check(&[0xf3, 0x0d, 0x5e, 0xd0], &[1], Err("no meaning"));
        check(&[0x32, 0x02], &[1, 2, 3], Err("1, 2, 4 or 8"));
        check(&[0x32, 0x09], &[1, 2], Err("4 or 8"));
        check(&[0x32, 0x00], &[1, 2], Err("another length"));
        check(&[0xe1, 0x00], &[1], Err("behind the hour"));
        assert_eq!(Qualifier::of(&[0xf3, 0x0d]), None);
        assert_eq!(Qualifier::of(&[0x32, 0x00, 0x00]), None);
    }

    #[test]
    fn a_millisecond_of_early_1970_has_its_offset_printed_in_seconds() {
        let qualifier = Qualifier::of(&[0xf0, 0x00, 0xfa, 0x00]).unwrap();
        assert_eq!((qualifier.printed_time(0), qualifier.printed_offset(0)), (1000, 1));
        assert_eq!(qualifier.printed_offset(1_699_999_200), 1000);
    }

    #[test]
    fn columns_are_taken_apart_to_the_last_byte() {
        let mixed = [0x32, 0x00, 0xf3, 0x0d, 0xbd, 0x0b, 0x32, 0x11];
        let value = [0x2a, 0x40, 0x86, 0x66, 0x66, 1, 0, 1];
        let (spots, flag) = compacted(&mixed, &value).unwrap();
        let offsets: Vec<u32> = spots.iter().map(|spot| spot.qualifier.offset_ms()).collect();
        assert_eq!((offsets, flag), (vec![800_000, 800_500, 801_000], 1));
        assert_eq!(spots[2].value(&value), [1, 0]);
        for end in 0..value.len() {
            assert!(compacted(&mixed, &value[..end]).is_none());
        }
        let value = [0x32, 0, 0x2a, 0x32, 0x0b, 0x40, 0x86, 0x66, 0x66, 0x32, 0, 0x2b];
        let spots = appended(&value).unwrap();
        assert_eq!(spots.len(), 3);
        let last = last_of_each(spots);
        assert_eq!((last.len(), last[0].value(&value)), (1, &[0x2b][..]));
        assert!(appended(&value[..11]).is_none());
    }
}
