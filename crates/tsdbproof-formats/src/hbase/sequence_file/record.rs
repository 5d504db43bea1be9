//! Records and blocks as they stand in the file.
//!
//! | bytes | part |
//! | --- | --- |
//! | `ff ff ff ff` + 16 | sync marker: before a record now and then, before each block |
//! | int, int | record: length of key and value, length of the key |
//! | int + row | key |
//! | n | value, compressed for itself or not |
//! | VInt | block: count of records |
//! | 4 × (VInt + n) | lengths of keys, keys, lengths of values, values; each compressed for itself |
//!
//! Source: Hadoop 3.3.6 `io/SequenceFile.java`; HBase 2.5.10 `io/ImmutableBytesWritable.java`.

use tsdbproof_core::ProblemKind;

use super::result::bad_record;
use crate::hbase::writable::{count, slice, vcount, vint};
use crate::number::Fault;

/// What stands in place of a length before a sync marker.
pub(super) const ESCAPE: [u8; 4] = [0xff; 4];

/// The longest row key that HBase takes.
const ROW_BYTES: usize = i16::MAX as usize;

/// A part of the file, as far as its bytes are there.
#[derive(Debug)]
pub(super) enum Part<T> {
    /// All of it is there.
    Whole { part: T, length: usize },
    /// So many bytes tell more.
    Needs(usize),
    /// It can't be, as its first `seen` bytes tell.
    Broken { fault: Fault, seen: usize },
}

impl<T> Part<T> {
    /// How many of the bytes that are there belong to the part.
    pub(super) fn seen(&self, bytes: &[u8]) -> usize {
        match self {
            Part::Whole { length, .. } => *length,
            Part::Needs(_) => bytes.len(),
            Part::Broken { seen, .. } => *seen,
        }
    }
}

/// A record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Record<'a> {
    pub(super) row: &'a [u8],
    /// Packed, if values are.
    pub(super) value: &'a [u8],
}

/// The size of what tells whether a record can be: its lengths, and that of its row.
const HEAD_BYTES: usize = 12;

/// Reads a record.
pub(super) fn record(bytes: &[u8], limit: usize) -> Part<Record<'_>> {
    let mut rest = bytes;
    let (Some(length), Some(key_length), Some(row_length)) =
        (count(&mut rest), count(&mut rest), count(&mut rest))
    else {
        return Part::Needs(HEAD_BYTES);
    };
    if let Some(fault) = record_fault(length, key_length, row_length, limit) {
        return Part::Broken { fault, seen: HEAD_BYTES };
    }
    let value_length = length - key_length;
    match slice(&mut rest, row_length).and_then(|row| Some((row, slice(&mut rest, value_length)?)))
    {
        Some((row, value)) => {
            Part::Whole { part: Record { row, value }, length: bytes.len() - rest.len() }
        }
        None => Part::Needs(HEAD_BYTES + row_length + value_length),
    }
}

/// Why these can't be the lengths of a record.
fn record_fault(length: usize, key: usize, row: usize, limit: usize) -> Option<Fault> {
    let is_row = (1..=ROW_BYTES).contains(&row) && row + size_of::<i32>() == key;
    if !is_row || length <= key || i32::try_from(length).is_err() {
        let word = |length: usize| match i32::try_from(length) {
            Ok(length) => length.to_string(),
            Err(_) => "less than 0".to_owned(),
        };
        let (length, key, row) = (word(length), word(key), word(row));
        return Some(bad_record(format!(
            "no record; found lengths of {length} for all, {key} for the key and {row} for its row"
        )));
    }
    (length > limit).then(|| too_long("record", length, limit))
}

fn too_long(part: &str, length: usize, limit: usize) -> Fault {
    let what = format!("a {part} of {length} bytes; expected at most {limit}");
    Fault::new(ProblemKind::RecordTooLong, what)
}

/// A block, packed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Block<'a> {
    pub(super) count: usize,
    pub(super) buffers: [&'a [u8]; 4],
}

/// What stands in the buffers of a block.
pub(super) const BUFFERS: [&str; 4] = ["lengths of keys", "keys", "lengths of values", "values"];

/// Reads a block, from behind its sync marker.
pub(super) fn block(bytes: &[u8], limit: usize) -> Part<Block<'_>> {
    let mut rest = bytes;
    let seen = |rest: &[u8]| bytes.len() - rest.len();
    let Some(count) = vint(&mut rest) else { return Part::Needs(bytes.len() + 1) };
    let Some(count) = usize::try_from(count).ok().filter(|count| (1..=limit).contains(count))
    else {
        let fault = bad_record(format!("no block; found a count of {count} records"));
        return Part::Broken { fault, seen: seen(rest) };
    };
    let mut buffers = [&[][..]; 4];
    for (buffer, name) in buffers.iter_mut().zip(BUFFERS) {
        let Some(length) = vint(&mut rest) else { return Part::Needs(bytes.len() + 1) };
        let Ok(length) = usize::try_from(length) else {
            let fault = bad_record(format!("a block with {length} bytes of {name}"));
            return Part::Broken { fault, seen: seen(rest) };
        };
        let end = seen(rest).saturating_add(length);
        if end > limit {
            return Part::Broken { fault: too_long("block", end, limit), seen: seen(rest) };
        }
        match slice(&mut rest, length) {
            Some(found) => *buffer = found,
            None => return Part::Needs(end),
        }
    }
    Part::Whole { part: Block { count, buffers }, length: seen(rest) }
}

/// The keys of a block with their values, from unpacked buffers.
///
/// Errors: why the lengths are not those of the buffers.
pub(super) fn pairs(
    count: usize,
    [key_lengths, keys, value_lengths, values]: [&[u8]; 4],
) -> Result<impl Iterator<Item = (&[u8], &[u8])>, Fault> {
    for (lengths, bytes, name) in [(key_lengths, keys, "keys"), (value_lengths, values, "values")] {
        if !add_up(count, lengths, bytes.len()) {
            let total = bytes.len();
            return Err(bad_record(format!(
                "a block whose lengths of {name} are not {count} that add up to {total}"
            )));
        }
    }
    Ok(items(key_lengths, keys).zip(items(value_lengths, values)))
}

/// Whether these are so many lengths with this sum.
fn add_up(count: usize, mut lengths: &[u8], total: usize) -> bool {
    let sum = (0..count).try_fold(0usize, |sum, _| sum.checked_add(vcount(&mut lengths)?));
    sum == Some(total) && lengths.is_empty()
}

/// What stands back to back, by its lengths.
fn items<'a>(mut lengths: &'a [u8], mut bytes: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
    std::iter::from_fn(move || {
        let length = vcount(&mut lengths)?;
        slice(&mut bytes, length)
    })
}

/// The row of a key.
pub(super) fn row_of_key(mut key: &[u8]) -> Result<&[u8], Fault> {
    let length = count(&mut key);
    if length == Some(key.len()) && (1..=ROW_BYTES).contains(&key.len()) {
        return Ok(key);
    }
    Err(bad_record("a key that is no row"))
}
