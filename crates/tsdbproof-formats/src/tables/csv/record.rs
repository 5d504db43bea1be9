//! Records cut into cells: RFC 4180, with any delimiter, and line ends LF or CR LF.
//!
//! The csv-core library takes a quote inside a cell, text behind a closing quote and quotes that
//! never close for data, without a word. In a backup each is damage with a place, so the grammar is
//! our own; tests hold it against csv-core where there is no fault.

use std::{borrow::Cow, ops::Range};

use memchr::{memchr, memchr_iter, memchr3};
use tsdbproof_core::{ProblemKind, quote};

use crate::number::Fault;

/// Where the text of a cell lies in its record, without the quotes around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cell {
    range: Range<usize>,
    /// A quote stands in it, written twice.
    has_quote: bool,
}

/// A fault in the quotes of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BadQuotes {
    /// Bytes of the record before what is wrong.
    pub(super) offset: usize,
    pub(super) fault: Fault,
}

/// A record and its cells.
#[derive(Debug, Clone, Copy)]
pub(super) struct Record<'a> {
    text: &'a [u8],
    cells: &'a [Cell],
}

impl<'a> Record<'a> {
    /// The record of this text, with its line end, and of the cells that [`cut`] found in it.
    pub(super) fn new(text: &'a [u8], cells: &'a [Cell]) -> Self {
        Record { text, cells }
    }

    pub(super) fn text(self) -> &'a [u8] {
        self.text
    }

    pub(super) fn width(self) -> usize {
        self.cells.len()
    }

    pub(super) fn is_blank(self) -> bool {
        matches!(self.text, [b'\n'] | [b'\r', b'\n'])
    }

    /// Lines that it goes over.
    pub(super) fn lines(self) -> u64 {
        memchr_iter(b'\n', self.text).count() as u64
    }

    /// A cell as it is spelled: quotes inside stand twice. Empty where there is none.
    pub(super) fn raw(self, index: usize) -> &'a [u8] {
        self.cells.get(index).and_then(|cell| self.text.get(cell.range.clone())).unwrap_or_default()
    }

    /// What a cell says.
    pub(super) fn cell(self, index: usize) -> Cow<'a, [u8]> {
        let raw = self.raw(index);
        if !self.cells.get(index).is_some_and(|cell| cell.has_quote) {
            return Cow::Borrowed(raw);
        }
        let mut is_second = false;
        let mut text = raw.to_vec();
        text.retain(|byte| {
            is_second = *byte == b'"' && !is_second;
            *byte != b'"' || is_second
        });
        Cow::Owned(text)
    }

    /// From the beginning of a cell to the record's end.
    pub(super) fn from(self, index: usize) -> &'a [u8] {
        let start = self.cells.get(index).map_or(usize::MAX, |cell| cell.range.start);
        self.text.get(start..).unwrap_or_default()
    }
}

/// Cuts the record at the front of `text` into `cells`. Gives its length with the line end, or
/// `None` if it goes on behind `text`.
pub(super) fn cut(
    text: &[u8],
    delimiter: u8,
    cells: &mut Vec<Cell>,
) -> Result<Option<usize>, BadQuotes> {
    cells.clear();
    let mut start = 0;
    loop {
        let Some((cell, end)) = cut_cell(text, start, delimiter) else { return Ok(None) };
        cells.push(cell);
        start = match text.get(end..).unwrap_or_default() {
            [byte, ..] if *byte == delimiter => end + 1,
            [b'\n', ..] => return Ok(Some(end + 1)),
            [b'\r', b'\n', ..] => return Ok(Some(end + 2)),
            [] | [b'\r'] => return Ok(None),
            _ => return Err(bad_quotes(text, end)),
        };
    }
}

/// The cell that begins at `start`, and where what is behind it begins.
#[inline]
fn cut_cell(text: &[u8], start: usize, delimiter: u8) -> Option<(Cell, usize)> {
    match text.get(start..)? {
        [b'"', quoted @ ..] => {
            let (length, has_quote) = quoted_length(quoted)?;
            let range = start + 1..start + 1 + length;
            let end = range.end + 1;
            Some((Cell { range, has_quote }, end))
        }
        rest => {
            let end = start + plain_length(rest, delimiter)?;
            Some((Cell { range: start..end, has_quote: false }, end))
        }
    }
}

/// The length of a cell without quotes, up to its delimiter or line end, or up to a stray quote.
#[inline]
fn plain_length(text: &[u8], delimiter: u8) -> Option<usize> {
    let length = memchr3(delimiter, b'\n', b'"', text)?;
    match text.get(..=length)? {
        [cell @ .., b'\r', b'\n'] => Some(cell.len()),
        _ => Some(length),
    }
}

/// The length of what is between quotes, behind the first of them, and whether quotes are in it.
///
/// `None` while the closing one is missing: at the end of `text` a quote may be half of two.
fn quoted_length(text: &[u8]) -> Option<(usize, bool)> {
    let (mut at, mut has_quote) = (0, false);
    loop {
        at += memchr(b'"', text.get(at..)?)?;
        match text.get(at + 1)? {
            b'"' => (at, has_quote) = (at + 2, true),
            _ => return Some((at, has_quote)),
        }
    }
}

/// Bytes of a record that are shown before what is wrong in it.
const SHOWN_BYTES: usize = 24;

#[cold]
fn bad_quotes(text: &[u8], offset: usize) -> BadQuotes {
    // Up to what is wrong and no further: more may not be there yet.
    let found = quote(text.get(offset.saturating_sub(SHOWN_BYTES)..=offset).unwrap_or_default());
    let what = match text.get(offset) {
        Some(b'"') => format!("a quote inside a cell that does not begin with one; found {found}"),
        _ => {
            let expected = "expected a delimiter or a line end";
            format!("text behind a closing quote; found {found}, {expected}")
        }
    };
    BadQuotes { offset, fault: Fault::new(ProblemKind::BadQuotes, what) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The cells of every record, as far as there is no fault; each record's length.
    fn cut_all(text: &str) -> Result<Vec<Vec<String>>, BadQuotes> {
        let (mut rest, mut cells, mut records) = (text.as_bytes(), Vec::new(), Vec::new());
        while let Some(length) = cut(rest, b',', &mut cells)? {
            let (record, behind) = rest.split_at(length);
            let record = Record::new(record, &cells);
            let text = |index| String::from_utf8(record.cell(index).into_owned()).unwrap();
            records.push((0..record.width()).map(text).collect());
            rest = behind;
        }
        Ok(records)
    }

    #[test]
    fn records_are_cut_as_rfc_4180_says() {
        for (text, records) in [
            ("a,b\n", &[&["a", "b"][..]][..]),
            ("a,b\r\nc,\r\n", &[&["a", "b"], &["c", ""]]),
            ("\n,\n", &[&[""], &["", ""]]),
            ("\"a,b\",\"c\r\nd\",\"\"\"\"\n", &[&["a,b", "c\r\nd", "\""]]),
            ("\"\",\"a\"\"\"\"b\"\r\nx\n", &[&["", "a\"\"b"], &["x"]]),
            ("a\rb,\rc\n", &[&["a\rb", "\rc"]]),
            ("a, \r\n", &[&["a", " "]]),
        ] {
            assert_eq!(cut_all(text).unwrap(), records, "{text:?}");
            for cut_at in 0..text.len() {
                // A part gives the records that end in it, and no fault.
                let part = cut_all(&text[..cut_at]).unwrap();
                assert_eq!(part, records[..part.len()], "{:?}", &text[..cut_at]);
            }
        }
    }

    #[test]
    fn bad_quotes_are_told_with_their_byte() {
        for (text, offset) in [
            ("a\"b\",c\n", 1),
            ("a,\"b\"c\n", 5),
            ("\"a\" ,b\n", 3),
            ("\"a\"\rb\n", 3),
            ("a,b\"", 3),
        ] {
            let bad = cut_all(text).unwrap_err();
            assert_eq!((bad.offset, bad.fault.kind), (offset, ProblemKind::BadQuotes), "{text:?}");
        }
    }

    #[test]
    fn records_are_those_of_csv_core() {
        let (mut random, mut sound) = (1_u64, 0);
        for _ in 0..20_000 {
            let mut text = String::new();
            for _ in 0..12 {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                text.push_str(
                    ["a", "bc", ",", "\n", "\r\n", "\"", "\"\"", ",\"", "\","]
                        [(random >> 33) as usize % 9],
                );
            }
            text.push('\n');
            // Of quotes that stay open it makes a record.
            let is_open = text.matches('"').count() % 2 == 1;
            if let Ok(mut ours) = cut_all(&text)
                && !is_open
            {
                let mut theirs = by_csv_core(&text);
                for records in [&mut ours, &mut theirs] {
                    records.retain(|cells| *cells != [""]);
                }
                assert_eq!(ours, theirs, "{text:?}");
                sound += 1;
            }
        }
        assert!(sound > 1000, "{sound}");
    }

    /// What csv-core reads; it has no records for lines without a character.
    fn by_csv_core(text: &str) -> Vec<Vec<String>> {
        let mut reader = csv_core::Reader::new();
        let (mut out, mut ends, mut records) = ([0; 256], [0; 64], Vec::new());
        let mut rest = text.as_bytes();
        loop {
            let (found, taken, _, cells) = reader.read_record(rest, &mut out, &mut ends);
            rest = &rest[taken..];
            match found {
                csv_core::ReadRecordResult::Record => {}
                csv_core::ReadRecordResult::End => return records,
                _ => continue,
            }
            let starts = [0].into_iter().chain(ends);
            let cell =
                |(start, end): (usize, usize)| str::from_utf8(&out[start..end]).unwrap().to_owned();
            records.push(starts.zip(ends).take(cells).map(cell).collect());
        }
    }
}
