//! What the headers of a column's pages claim, checked before the decoder takes memory for it.
//!
//! Source: parquet-format `parquet.thrift`, `PageHeader`.

use super::thrift::{Compact, STRUCT};

/// What is wrong with a column, in a few words.
pub(super) type Flaw = &'static str;

/// Pages that unpack to more than the limit.
pub(super) const TOO_LARGE: Flaw =
    "a row group that takes more than half of the memory; --memory gives more";

/// The header of a page; what it leaves out is −1.
#[derive(Debug, PartialEq, Eq)]
struct Page {
    kind: i64,
    unpacked_bytes: i64,
    packed_bytes: i64,
    values: i64,
    /// Of levels, which are never compressed.
    levels_bytes: i64,
}

const DATA: i64 = 0;
const DICTIONARY: i64 = 2;
const DATA_2: i64 = 3;

impl Page {
    /// The header at the beginning, and what is behind it.
    fn read(bytes: &[u8]) -> Option<(Page, &[u8])> {
        let mut page =
            Page { kind: -1, unpacked_bytes: -1, packed_bytes: -1, values: -1, levels_bytes: 0 };
        let (mut compact, mut last) = (Compact::new(bytes), 0);
        while let Some((id, kind)) = compact.field(&mut last)? {
            let slot = match id {
                1 => &mut page.kind,
                2 => &mut page.unpacked_bytes,
                3 => &mut page.packed_bytes,
                5 | 7 | 8 if kind == STRUCT => {
                    page.read_values(&mut compact, id == 8)?;
                    continue;
                }
                _ => {
                    compact.pass(kind, 0)?;
                    continue;
                }
            };
            *slot = compact.number_of(kind)??;
        }
        Some((page, compact.rest()))
    }

    /// The header of what the page holds: how many values first, lengths of levels where there are.
    fn read_values(&mut self, compact: &mut Compact<'_>, has_levels: bool) -> Option<()> {
        let mut last = 0;
        while let Some((id, kind)) = compact.field(&mut last)? {
            let number = compact.number_of(kind)?;
            match id {
                1 => self.values = number?,
                5 | 6 if has_levels => {
                    let bytes = number.filter(|bytes| *bytes >= 0)?;
                    self.levels_bytes = self.levels_bytes.checked_add(bytes)?;
                }
                _ => {}
            }
        }
        Some(())
    }
}

/// Checks the pages of a column that is to hold so many values; takes what they unpack to from `room`.
pub(super) fn check(bytes: &[u8], values: i64, room: &mut usize) -> Result<(), Flaw> {
    let (mut rest, mut found) = (bytes, 0i64);
    while found < values {
        let (page, behind) = Page::read(rest).ok_or("a page whose header can't be read")?;
        let size = |bytes: i64| usize::try_from(bytes).map_err(|_| "a page of impossible size");
        let (packed, unpacked) = (size(page.packed_bytes)?, size(page.unpacked_bytes)?);
        rest = behind.get(packed..).ok_or("a page that is longer than its column")?;
        *room = room.checked_sub(unpacked).ok_or(TOO_LARGE)?;
        let levels = size(page.levels_bytes)?;
        let count = size(page.values);
        match page.kind {
            DATA | DATA_2 if levels > packed.min(unpacked) => {
                return Err("a page whose levels are longer than it is");
            }
            DATA | DATA_2 if count.is_ok() => found = found.saturating_add(page.values),
            // Every value in it takes a byte at least.
            DICTIONARY if count.is_ok_and(|count| count <= unpacked) => {}
            DATA | DATA_2 | DICTIONARY => return Err("a page of an impossible number of values"),
            _ => {}
        }
    }
    if found == values { Ok(()) } else { Err("pages of more values than the footer tells") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(number: i64) -> Vec<u8> {
        let (mut rest, mut bytes) = ((number << 1 ^ number >> 63) as u64, Vec::new());
        while rest >= 0x80 {
            bytes.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        bytes.push(rest as u8);
        bytes
    }

    /// A data page of version 1, or of another kind, with a body of `packed` bytes.
    fn page(kind: i64, unpacked: i64, packed: i64, values: i64) -> Vec<u8> {
        let field = if kind == DICTIONARY { 0x4c } else { 0x2c };
        let mut bytes = [&[0x15][..], &number(kind), &[0x15], &number(unpacked)].concat();
        bytes.extend([&[0x15][..], &number(packed)].concat());
        bytes.extend([&[field, 0x15][..], &number(values), &[0x00, 0x00]].concat());
        bytes.resize(bytes.len() + packed.max(0) as usize, 7);
        bytes
    }

    #[test]
    fn pages_hold_as_many_values_as_the_footer_tells() {
        let column = [page(DICTIONARY, 20, 10, 5), page(DATA, 30, 12, 100), page(DATA, 9, 9, 50)];
        let column = column.concat();
        let mut room = 100;
        assert_eq!(check(&column, 150, &mut room), Ok(()));
        assert_eq!(room, 100 - 59);
        assert!(check(&column, 149, &mut 100).unwrap_err().contains("more values"));
        assert!(check(&column, 151, &mut 100).unwrap_err().contains("header"));
        assert_eq!(check(&column, 150, &mut 58), Err(TOO_LARGE));
    }

    #[test]
    fn what_no_page_can_be_is_refused() {
        for (bytes, what) in [
            (page(DATA, 10, -1, 1), "impossible size"),
            (page(DATA, -1, 10, 1), "impossible size"),
            (page(DATA, 10, 10, -1), "impossible number"),
            (page(DICTIONARY, 10, 10, 11), "impossible number"),
            (page(DATA, 10, 10, 1)[..15].to_vec(), "longer than its column"),
            (page(DATA, 10, 10, 2), "more values"),
            (Vec::new(), "header"),
        ] {
            let flaw = check(&bytes, 1, &mut 1000).unwrap_err();
            assert!(flaw.contains(what), "{flaw}, not {what}");
        }
    }
}
