//! DIFF and FAST_DIFF: of a key only the row and the qualifier are written, from where they differ.
//!
//! | bytes | part of a cell | is there |
//! | --- | --- | --- |
//! | 1 | flags | always |
//! | 1.. each | length of the key, of the value | unless the last one's |
//! | 1.. | bytes of the column that are the last one's | always |
//! | 2 − n, n | length of the row, row, from there on | if they differ |
//! | n | qualifier, from there on; of another row all of it | always |
//! | 1–8 | timestamp | always |
//! | 1 | type | unless the last one's |
//! | n | value | in FAST_DIFF unless the last one's |
//!
//! The family is the same in the whole file: DIFF writes it before the first cell of a block,
//! FAST_DIFF writes that cell's key and value as they are.
//!
//! Source: HBase 2.5.10 `io/encoding/{DiffKeyDeltaEncoder,FastDiffDeltaEncoder}.java`.

use super::super::input::Input;
use super::super::key::{STAMP_BYTES, split_stamp};
use super::{Decoder, Stem};

/// The last key, without timestamp and type.
#[derive(Default)]
struct LastColumn {
    bytes: Vec<u8>,
    row_length: usize,
    /// The family with its length.
    family: Vec<u8>,
}

impl LastColumn {
    /// Makes it the next column, of a key of this length that begins with so many bytes of it.
    fn step(&mut self, key_length: usize, common: usize, input: &mut Input<'_>) -> Option<()> {
        let length = key_length.checked_sub(STAMP_BYTES)?;
        if common > self.bytes.len() {
            return None;
        }
        self.bytes.truncate(common);
        if common < 2 + self.row_length {
            let missing = 2_usize.saturating_sub(common);
            self.bytes.extend_from_slice(input.take(missing)?);
            self.row_length = u16::from_be_bytes(*self.bytes.first_chunk()?).into();
            let missing = (2 + self.row_length).checked_sub(self.bytes.len())?;
            self.bytes.extend_from_slice(input.take(missing)?);
            self.bytes.extend_from_slice(&self.family);
        }
        let missing = length.checked_sub(self.bytes.len())?;
        self.bytes.extend_from_slice(input.take(missing)?);
        Some(())
    }
}

/// Lengths that stay as they are unless a cell brings others.
#[derive(Default)]
struct Lengths {
    key: usize,
    value: usize,
}

impl Lengths {
    fn step(&mut self, same_key: bool, same_value: bool, input: &mut Input<'_>) -> Option<()> {
        if !same_key {
            self.key = input.compressed_length()?;
        }
        if !same_value {
            self.value = input.compressed_length()?;
        }
        Some(())
    }
}

/// The decoder of DIFF.
#[derive(Default)]
pub(super) struct Diff {
    last: LastColumn,
    lengths: Lengths,
    timestamp_ms: i64,
    kind: u8,
    is_behind_first: bool,
}

/// Flags of DIFF.
mod diff {
    pub(super) const SAME_KEY_LENGTH: u8 = 0x01;
    pub(super) const SAME_VALUE_LENGTH: u8 = 0x02;
    pub(super) const SAME_KIND: u8 = 0x04;
    /// The timestamp is what the last one was more than it.
    pub(super) const TIMESTAMP_IS_DIFFERENCE: u8 = 0x08;
    pub(super) const TIMESTAMP_IS_NEGATIVE: u8 = 0x80;
}

impl Diff {
    /// Takes the timestamp: the bytes of a number, the lowest first, without sign.
    fn timestamp(&self, flags: u8, input: &mut Input<'_>) -> Option<i64> {
        let bytes = input.take(usize::from(flags >> 4 & 7) + 1)?;
        let bits = bytes.iter().rev().fold(0u64, |bits, byte| bits << 8 | u64::from(*byte));
        // Java's arithmetic, which goes around at the ends.
        let mut number = bits.cast_signed();
        if flags & diff::TIMESTAMP_IS_NEGATIVE != 0 {
            number = number.wrapping_neg();
        }
        let is_difference = flags & diff::TIMESTAMP_IS_DIFFERENCE != 0;
        Some(if is_difference { self.timestamp_ms.wrapping_sub(number) } else { number })
    }
}

impl<'b> Decoder<'b> for Diff {
    const IS_PLAIN: bool = false;

    fn next<'s>(&'s mut self, input: &mut Input<'b>) -> Option<Stem<'s, 'b>>
    where
        'b: 's,
    {
        if !std::mem::replace(&mut self.is_behind_first, true) {
            let length = *input.rest().first()?;
            self.last.family = input.take(1 + usize::from(length))?.to_vec();
        }
        let flags = input.u8()?;
        let is_set = |flag: u8| flags & flag != 0;
        let same_key = is_set(diff::SAME_KEY_LENGTH);
        self.lengths.step(same_key, is_set(diff::SAME_VALUE_LENGTH), input)?;
        let common = input.compressed_length()?;
        self.last.step(self.lengths.key, common, input)?;
        self.timestamp_ms = self.timestamp(flags, input)?;
        if !is_set(diff::SAME_KIND) {
            self.kind = input.u8()?;
        }
        let value = input.take(self.lengths.value)?;
        let column = &self.last.bytes;
        Some(Stem { column, timestamp_ms: self.timestamp_ms, kind: self.kind, value })
    }
}

/// The decoder of FAST_DIFF.
#[derive(Default)]
pub(super) struct FastDiff<'b> {
    last: LastColumn,
    lengths: Lengths,
    timestamp: [u8; 8],
    kind: u8,
    value: &'b [u8],
    is_behind_first: bool,
}

/// Flags of FAST_DIFF.
mod fast_diff {
    /// Bytes of the timestamp that are the last one's.
    pub(super) const TIMESTAMP_COMMON: u8 = 0x07;
    pub(super) const SAME_KEY_LENGTH: u8 = 0x08;
    pub(super) const SAME_VALUE_LENGTH: u8 = 0x10;
    pub(super) const SAME_KIND: u8 = 0x20;
    pub(super) const SAME_VALUE: u8 = 0x40;
}

impl<'b> FastDiff<'b> {
    /// Takes the first cell's key and value.
    fn first(&mut self, input: &mut Input<'b>) -> Option<()> {
        let (column, stamp) = input.take(self.lengths.key)?.split_last_chunk::<STAMP_BYTES>()?;
        let mut parts = Input::new(column);
        self.last.row_length = parts.u16()?.into();
        parts.take(self.last.row_length)?;
        let family_length = *parts.rest().first()?;
        self.last.family = parts.take(1 + usize::from(family_length))?.to_vec();
        self.last.bytes = column.to_vec();
        let (timestamp_ms, kind) = split_stamp(stamp);
        (self.timestamp, self.kind) = (timestamp_ms.to_be_bytes(), kind);
        self.value = input.take(self.lengths.value)?;
        Some(())
    }

    /// Takes another cell's.
    fn other(&mut self, flags: u8, common: usize, input: &mut Input<'b>) -> Option<()> {
        self.last.step(self.lengths.key, common, input)?;
        let differs = self.timestamp.get_mut(usize::from(flags & fast_diff::TIMESTAMP_COMMON)..)?;
        differs.copy_from_slice(input.take(differs.len())?);
        if flags & fast_diff::SAME_KIND == 0 {
            self.kind = input.u8()?;
        }
        if flags & fast_diff::SAME_VALUE == 0 {
            self.value = input.take(self.lengths.value)?;
        }
        (self.value.len() == self.lengths.value).then_some(())
    }
}

impl<'b> Decoder<'b> for FastDiff<'b> {
    const IS_PLAIN: bool = false;

    fn next<'s>(&'s mut self, input: &mut Input<'b>) -> Option<Stem<'s, 'b>>
    where
        'b: 's,
    {
        let flags = input.u8()?;
        let same_key = flags & fast_diff::SAME_KEY_LENGTH != 0;
        self.lengths.step(same_key, flags & fast_diff::SAME_VALUE_LENGTH != 0, input)?;
        let common = input.compressed_length()?;
        if std::mem::replace(&mut self.is_behind_first, true) {
            self.other(flags, common, input)?;
        } else {
            self.first(input)?;
        }
        let (column, timestamp_ms) = (&self.last.bytes, i64::from_be_bytes(self.timestamp));
        Some(Stem { column, timestamp_ms, kind: self.kind, value: self.value })
    }
}
