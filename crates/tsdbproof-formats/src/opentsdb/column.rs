//! What kind of column a cell is, and columns of many points.
//!
//! | qualifier | column |
//! | --- | --- |
//! | 2 bytes, or 4 that begin with f | one point |
//! | other even | compacted: the qualifiers of its points; the value has their values, then one flag byte |
//! | `05` and 2 bytes, `05 00 00` as written | append column: the value has the qualifier and the value of each point in turn |
//! | `01`, `06` and 2 or 4 bytes | annotation, histogram |
//! | name of an aggregator, `:`, 2 bytes | rollup, in its old form |
//! | other 3 bytes | rollup: number of an aggregator (0 to 127), 2 bytes |
//!
//! Rollups have tables of their own, and there an aggregator's number may be 1, 5 or 6 too. The value
//! tells them apart: a rollup's is as long as the lowest bits of its qualifier say. That is too short
//! for an annotation's JSON, and for a point in an append column.
//!
//! Source: OpenTSDB 2.4.1 `core/Internal.java`, `extractDataPoints`; `core/CompactionQueue.java`,
//! `buildHeapProcessAnnotations`; `core/AppendDataPoints.java`, `parseKeyValue`;
//! `rollup/RollupUtils.java`, `buildRollupQualifier`, `getRollupQualifierPrefix`.

use tsdbproof_core::sort;

use super::qualifier::Qualifier;

/// The first byte of an annotation's qualifier.
const ANNOTATION: u8 = 1;
/// The first byte of an append column's qualifier.
pub(crate) const APPEND: u8 = 5;
/// The first byte of a histogram's qualifier.
const HISTOGRAM: u8 = 6;

/// What a column of the data table, or of a rollup table, holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Point(Qualifier),
    Compacted,
    Appended,
    Annotation,
    Histogram,
    Rollup,
    /// An object of a kind that no version of OpenTSDB up to 2.5 writes.
    Future,
    /// What can't be an object of OpenTSDB.
    Unknown,
}

impl Kind {
    /// The kind of a column.
    #[inline(always)]
    pub(crate) fn of(qualifier: &[u8], value: &[u8]) -> Self {
        match Qualifier::of(qualifier) {
            Some(qualifier) => Kind::Point(qualifier),
            None => Kind::of_other(qualifier, value),
        }
    }

    /// The kind of a column that is not of one point.
    fn of_other(qualifier: &[u8], value: &[u8]) -> Self {
        match *qualifier {
            [] | [_] | [_, _] => Kind::Unknown,
            [ref name @ .., _, flags] if is_rollup(name, flags, value) => Kind::Rollup,
            _ if qualifier.len().is_multiple_of(2) => Kind::Compacted,
            [APPEND, _, _] => Kind::Appended,
            [APPEND, _, _, _, _] => Kind::Unknown,
            [ANNOTATION, _, _] | [ANNOTATION, _, _, _, _] => Kind::Annotation,
            [HISTOGRAM, _, _] | [HISTOGRAM, _, _, _, _] => Kind::Histogram,
            [_, _, _] | [_, _, _, _, _] => Kind::Future,
            _ => Kind::Unknown,
        }
    }
}

/// Whether a column is a rollup's, by its qualifier's bytes before the last two, its flags and value.
///
/// No compacted column passes for one: of its value the last point is never all.
fn is_rollup(name: &[u8], flags: u8, value: &[u8]) -> bool {
    let is_letter = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let is_named = match name {
        [_] => true,
        [letters @ .., b':'] => !letters.is_empty() && letters.iter().all(is_letter),
        _ => false,
    };
    is_named
        && value.len() == usize::from(flags & 7) + 1
        && matches!((flags & 8, value.len()), (0, 1 | 2) | (_, 4 | 8))
}

/// A point within a column of many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Spot {
    pub(crate) qualifier: Qualifier,
    /// Where its value begins in the column's value.
    start: u32,
}

impl Spot {
    /// The bytes of its value, within that of its column.
    pub(crate) fn value(self, column: &[u8]) -> &[u8] {
        let value = column.get(self.start as usize..).unwrap_or_default();
        value.get(..self.qualifier.value_length()).unwrap_or(value)
    }
}

/// The points of a compacted column, as they stand in it, and the flag byte of its value; `None` if
/// the lengths do not add up.
pub(crate) fn compacted(mut qualifiers: &[u8], value: &[u8]) -> Option<(Vec<Spot>, u8)> {
    let (flag, values) = value.split_last()?;
    let (mut spots, mut start) = (Vec::with_capacity(qualifiers.len() / 2), 0);
    while !qualifiers.is_empty() {
        let (qualifier, rest) = Qualifier::leading(qualifiers)?;
        spots.push(Spot { qualifier, start: u32::try_from(start).ok()? });
        start += qualifier.value_length();
        qualifiers = rest;
    }
    (start == values.len()).then_some((spots, *flag))
}

/// The points of an append column's value, as they stand in it; `None` if the last is cut.
pub(crate) fn appended(value: &[u8]) -> Option<Vec<Spot>> {
    let (mut spots, mut rest) = (Vec::new(), value);
    while !rest.is_empty() {
        let (qualifier, behind) = Qualifier::leading(rest)?;
        let start = u32::try_from(value.len() - behind.len()).ok()?;
        spots.push(Spot { qualifier, start });
        rest = behind.get(qualifier.value_length()..)?;
    }
    Some(spots)
}

/// Points in the order of their time; of those of one instant in the order in which they stand.
pub(crate) fn by_time(mut spots: Vec<Spot>) -> Vec<Spot> {
    sort::by(&mut spots, |a, b| a.qualifier.offset_ms().cmp(&b.qualifier.offset_ms()));
    spots
}

/// Of several points of one instant the last, as a reader of an append column takes it; by time.
pub(crate) fn last_of_each(spots: Vec<Spot>) -> Vec<Spot> {
    let same = |a: &Spot, b: &Spot| a.qualifier.offset_ms() == b.qualifier.offset_ms();
    by_time(spots).chunk_by(same).filter_map(|same| same.last().copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn a_column_is_known_by_its_qualifier_and_a_rollup_by_its_value_too() {
        let json = b"{\"startTime\":1699999230}";
        let point = |bytes: &[u8]| Kind::Point(Qualifier::of(bytes).unwrap());
        for (qualifier, value, expected) in [
            (&b"\x32\0"[..], &b"\x2a"[..], point(b"\x32\0")),
            (b"\x05\x2f", b"\0\0\0\0\0\0\0\0", point(b"\x05\x2f")),
            (b"\xf3\x0d\x5e\xc0", b"\x01", point(b"\xf3\x0d\x5e\xc0")),
            (b"\x05\xa1\x09\x61", b"\x03\xe8\x03\xe9\0", Kind::Compacted),
            (b"\x32\0\xf3\x0d\xbd\x0b", b"\x2a\0\0\0\0\x01", Kind::Compacted),
            (b"\x05\0\0", b"\x32\0\x2a", Kind::Appended),
            (b"\x05\0\0", b"\x2a", Kind::Rollup),
            (b"\x05\0\x10", b"\x32\0\x2a", Kind::Appended),
            (b"\x05\0\0\0\x10", b"\x32\0\x2a", Kind::Unknown),
            (b"\x01\0\x1e", json, Kind::Annotation),
            (b"\x01\0\0\x78\x39", json, Kind::Annotation),
            (b"\x01\0\x1f", &[0; 8], Kind::Rollup),
            (b"\x06\0\x3c", b"\x2a\0\0\0\0", Kind::Histogram),
            (b"\x06\0\0\0\x05", b"\x2a\0\0\0\0", Kind::Histogram),
            (b"\0\0\x1b", &[0; 4], Kind::Rollup),
            (b"\x07\0\x1b", &[0; 9], Kind::Future),
            (b"sum:\0\x10", b"\x2a", Kind::Rollup),
            (b"count:\0\x1f", &[0; 8], Kind::Rollup),
            (b"zimsum:\0\x1f", &[0; 8], Kind::Rollup),
            (b"a:\x61\x40", &[0; 6], Kind::Compacted),
            (b":\x61\x40", &[0; 6], Kind::Future),
            (b"\xf3\x0d", b"\x01", Kind::Unknown),
            (b"", b"", Kind::Unknown),
            (b"\x01", b"", Kind::Unknown),
            (b"\x01\0\0\0\0\0\0", json, Kind::Unknown),
        ] {
            assert_eq!(Kind::of(qualifier, value), expected, "{}", qualifier.escape_ascii());
        }
    }
}
