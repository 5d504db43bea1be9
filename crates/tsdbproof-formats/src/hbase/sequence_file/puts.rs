//! Results that are puts of one family and nothing else, as nearly all are: read by their form.
//!
//! In such a message each cell begins with the same bytes, up to its qualifier. What has any other
//! form is left to [`read`](super::result::read), which is the judge of this.

use super::result::{ResultForm, short_field};
use crate::hbase::cell::{CellKind, Column};
use crate::hbase::protobuf::{Fields, delimited, varint};
use crate::prefix;

/// The longest Result that is read so: its columns stay in memory until the next one is read.
const LONGEST: usize = 1 << 20;

/// Takes the columns of a Result apart, if its cells are puts of this row and one family, without
/// tags; gives the family. `None` leaves it to the judge, and `columns` of no use.
pub(super) fn puts<'a>(
    row: &[u8],
    value: &'a [u8],
    columns: &mut Vec<Column<'a>>,
) -> Option<&'a [u8]> {
    columns.clear();
    if value.len() > LONGEST || ResultForm::of(value) != Some(ResultForm::Message) {
        return None;
    }
    let mut rest = value;
    varint(&mut rest)?;
    let (family, head) = head(row, rest)?;
    while let Some(cell) = field(&mut rest, 1) {
        columns.push(column(prefix::strip(cell, head)?)?);
    }
    // Whether it is stale or partial is nothing to us.
    let is_sound = Fields::of(rest).all(|field| field.is_ok_and(|field| field.number > 2));
    is_sound.then_some(family)
}

/// The family of the first cell of a message, and the bytes before its qualifier.
fn head<'a>(row: &[u8], message: &'a [u8]) -> Option<(&'a [u8], &'a [u8])> {
    let cell = field(&mut { message }, 1)?;
    let mut rest = cell;
    let found = short_field(&mut rest, 1)?;
    let family = short_field(&mut rest, 2)?;
    let head = cell.get(..cell.len() - rest.len())?;
    prefix::is_same(found, row).then_some((family, head))
}

/// A cell, behind its row and its family.
#[inline(always)]
fn column(mut rest: &[u8]) -> Option<Column<'_>> {
    let qualifier = field(&mut rest, 3)?;
    let &[TIMESTAMP, ref behind @ ..] = rest else { return None };
    let &[KIND, PUT, ref behind @ ..] = behind_varint(behind)? else { return None };
    rest = behind;
    let value = field(&mut rest, 6)?;
    matches!(rest, [] | [TAGS, 0]).then_some(Column { qualifier, value })
}

/// What stands before the timestamp, the type and the tags of a cell.
const TIMESTAMP: u8 = 4 << 3;
const KIND: u8 = 5 << 3;
const TAGS: u8 = 7 << 3 | 2;
const PUT: u8 = CellKind::Put as u8;

/// Takes the field of this number off the front.
#[inline(always)]
fn field<'a>(rest: &mut &'a [u8], number: u8) -> Option<&'a [u8]> {
    let &[key, ref behind @ ..] = *rest else { return None };
    if key != number << 3 | 2 {
        return None;
    }
    let (field, behind) = match *behind {
        [length @ ..0x80, ref behind @ ..] => behind.split_at_checked(usize::from(length))?,
        _ => long_field(behind)?,
    };
    *rest = behind;
    Some(field)
}

/// As many bytes as a varint says, and what is behind them.
#[cold]
fn long_field(mut bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    Some((delimited(&mut bytes)?, bytes))
}

/// What is behind a varint that has at most 8 bytes, if so many are left.
#[inline(always)]
fn behind_varint(bytes: &[u8]) -> Option<&[u8]> {
    let ends = !u64::from_le_bytes(*bytes.first_chunk()?) & 0x8080_8080_8080_8080;
    (ends != 0).then(|| bytes.get(ends.trailing_zeros() as usize / 8 + 1..))?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hbase::cell::Cell;
    use crate::hbase::sequence_file::result::read;

    /// Family, qualifier and value of each cell, as the judge finds them, if they are puts of one
    /// family without tags.
    fn judged(row: &[u8], value: &[u8]) -> Option<Vec<[Vec<u8>; 3]>> {
        let (mut cells, mut is_plain) = (Vec::new(), true);
        let form = read(row, value, &mut |cell| match cell {
            Ok(Cell { family, qualifier, kind: CellKind::Put, value, tags: [], .. }) => {
                cells.push([family, qualifier, value].map(<[u8]>::to_vec));
            }
            _ => is_plain = false,
        });
        let is_one_family = cells.is_sorted_by(|a, b| a[0] == b[0]);
        (is_plain && is_one_family && form == Ok(ResultForm::Message)).then_some(cells)
    }

    #[track_caller]
    fn check(row: &[u8], value: &[u8]) -> bool {
        let mut columns = Vec::new();
        let Some(family) = puts(row, value, &mut columns) else { return false };
        let parts = |it: &Column<'_>| [family, it.qualifier, it.value].map(<[u8]>::to_vec);
        assert_eq!(Some(columns.iter().map(parts).collect()), judged(row, value), "{value:?}");
        true
    }

    #[test]
    fn puts_are_what_the_judge_finds() {
        let cell = |qualifier: &[u8], value: &[u8], tail: &[u8]| {
            let long = |bytes: &[u8]| {
                let low = (bytes.len() & 0x7f) as u8;
                let length = [low | 0x80, (bytes.len() >> 7) as u8];
                let length = if bytes.len() < 0x80 { &[low][..] } else { &length };
                [length, bytes].concat()
            };
            let fixed = b"\x20\xfb\xd0\x95\xff\xbc\x31\x28\x04\x32";
            let (qualifier, value) = (long(qualifier), long(value));
            let cell = [b"\x0a\x03row\x12\x01t\x1a", &qualifier[..], fixed, &value, tail].concat();
            [b"\x0a", &long(&cell)[..]].concat()
        };
        let small = [cell(b"\0\0", b"\x2a", b"\x3a\0"), cell(b"\x01\0", b"", b"")].concat();
        let large = cell(&[7; 130], &[1; 200], b"\x3a\0");
        let message = |cells: &[u8], tail: &[u8]| {
            let length = cells.len() + tail.len();
            let length = [(length & 0x7f) as u8 | 0x80, (length >> 7) as u8];
            [&length[..], cells, tail].concat()
        };
        for value in [message(&small, b""), message(&[small, large].concat(), b"\x20\0\x28\0")] {
            assert!(check(b"row", &value));
            assert!(!check(b"roe", &value));
            for at in 0..value.len() {
                check(b"row", &value[..at]);
                for byte in 0..=u8::MAX {
                    let mut damaged = value.clone();
                    damaged[at] = byte;
                    check(b"row", &damaged);
                }
            }
        }
    }
}
