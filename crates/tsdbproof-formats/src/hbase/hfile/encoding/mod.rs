//! What a data block holds, unpacked: cells, one behind the other, in one of five encodings.
//!
//! | id | encoding | what is left out |
//! | --- | --- | --- |
//! | none | | nothing: [`plain`] |
//! | 2 | PREFIX | what a key begins with like the one before it: [`prefix`] |
//! | 3, 4 | DIFF, FAST_DIFF | that, the family, and more that repeats: [`delta`] |
//! | 7 | ROW_INDEX_V1 | nothing; where rows begin stands behind the cells: [`row_index`] |
//!
//! An encoded block begins with the u16 id. In 2, 3 and 4 the u32 size follows that the cells would
//! have if plain. Behind each cell stand its tags and its MVCC number, if the file has such.
//!
//! Source: HBase 2.5.10 `io/encoding/*.java`; `hbase-hfile-snapshot.md` section 6.

mod delta;
mod plain;
mod prefix;
mod row_index;
mod tags;
#[cfg(test)]
mod tests;

use self::tags::Dictionary;
use super::input::Input;
use super::key::{Column, STAMP_BYTES};

/// How the cells of a data block are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    None,
    Prefix,
    Diff,
    FastDiff,
    RowIndexV1,
}

impl Encoding {
    const ALL: [(Encoding, u16, &'static str); 5] = [
        (Encoding::None, 0, "NONE"),
        (Encoding::Prefix, 2, "PREFIX"),
        (Encoding::Diff, 3, "DIFF"),
        (Encoding::FastDiff, 4, "FAST_DIFF"),
        (Encoding::RowIndexV1, 7, "ROW_INDEX_V1"),
    ];

    /// The encoding of this name in a file's info.
    pub(super) fn of_name(name: &[u8]) -> Option<Self> {
        Self::ALL.iter().find(|it| it.2.as_bytes() == name).map(|it| it.0)
    }

    /// The encoding of this number in a block.
    pub(super) fn of_id(id: u16) -> Option<Self> {
        Self::ALL.iter().find(|it| it.1 == id).map(|it| it.0)
    }

    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        Self::ALL.iter().find(|it| it.0 == self).map_or("", |it| it.2)
    }
}

/// What stands behind each cell of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Behind {
    pub(crate) tags: TagForm,
    /// An MVCC number.
    pub(crate) mvcc: bool,
}

/// How tags are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TagForm {
    /// Not at all.
    None,
    Plain,
    /// By a dictionary: [`tags`]. Encodings that leave nothing out write them plain all the same.
    Compressed,
}

/// A cell of a block, before its type is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BlockCell<'k> {
    pub(super) column: Column<'k>,
    pub(super) timestamp_ms: i64,
    pub(super) kind: u8,
    pub(super) value: &'k [u8],
    pub(super) tags: &'k [u8],
    pub(super) mvcc: i64,
}

/// Why a block can't be taken apart, or not to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fault {
    /// The byte, from the start of the encoded cells, of the cell that can't be read.
    pub(super) at: usize,
    pub(super) what: &'static str,
}

/// Takes the cells.
pub(super) type Each<'a> = dyn FnMut(BlockCell<'_>) + 'a;

/// Gives each cell of a block, given without its id. On a fault the cells before it were given.
pub(super) fn decode(
    encoding: Encoding,
    bytes: &[u8],
    behind: Behind,
    each: &mut Each<'_>,
) -> Result<(), Fault> {
    match encoding {
        Encoding::None => {
            let mut input = Input::new(bytes);
            walk(&mut input, &mut plain::Plain, behind, each).map(|_| ())
        }
        Encoding::RowIndexV1 => row_index::decode(bytes, behind, each),
        Encoding::Prefix => sized(bytes, &mut prefix::Prefix::default(), behind, each),
        Encoding::Diff => sized(bytes, &mut delta::Diff::default(), behind, each),
        Encoding::FastDiff => sized(bytes, &mut delta::FastDiff::default(), behind, each),
    }
}

/// The part of a cell that an encoding writes in its own way.
struct Stem<'k, 'b> {
    /// The key without timestamp and type.
    column: &'k [u8],
    timestamp_ms: i64,
    kind: u8,
    value: &'b [u8],
}

/// One of the encodings, within a block.
trait Decoder<'b> {
    /// Takes the next cell, up to what stands behind its value. `None`: it goes beyond the block's
    /// end, or its lengths contradict each other.
    fn next<'s>(&'s mut self, input: &mut Input<'b>) -> Option<Stem<'s, 'b>>
    where
        'b: 's;

    /// Whether nothing is left out of cells and tags.
    const IS_PLAIN: bool;
}

/// The cells of a block that begins with the size that they would have if plain.
fn sized<'b, D: Decoder<'b>>(
    bytes: &'b [u8],
    decoder: &mut D,
    behind: Behind,
    each: &mut Each<'_>,
) -> Result<(), Fault> {
    let mut input = Input::new(bytes);
    let expected = input.u32().ok_or(Fault { at: 0, what: "a block without its size" })?;
    let size = walk(&mut input, decoder, behind, each)?;
    if size == u64::from(expected) {
        return Ok(());
    }
    Err(Fault { at: input.at(), what: "cells that are not as many bytes as the block says" })
}

/// Decodes cells to the end of the input. Gives the size that they would have if plain, in bytes.
fn walk<'b, D: Decoder<'b>>(
    input: &mut Input<'b>,
    decoder: &mut D,
    behind: Behind,
    each: &mut Each<'_>,
) -> Result<u64, Fault> {
    let mut tail = Tail { behind, dictionary: Dictionary::default(), tags: Vec::new() };
    let mut size = 0;
    while !input.is_empty() {
        let at = input.at();
        let what = "a cell whose lengths go beyond it or its block";
        size += cell(input, decoder, &mut tail, each).ok_or(Fault { at, what })? as u64;
    }
    Ok(size)
}

/// Decodes a cell. Gives its size if plain, in bytes.
fn cell<'b, D: Decoder<'b>>(
    input: &mut Input<'b>,
    decoder: &mut D,
    tail: &mut Tail,
    each: &mut Each<'_>,
) -> Option<usize> {
    let Stem { column, timestamp_ms, kind, value } = decoder.next(input)?;
    let size = LENGTHS_BYTES + column.len() + STAMP_BYTES + value.len();
    let tags_size = tail.take_tags::<D>(input)?;
    let from = input.at();
    let mvcc = if tail.behind.mvcc { input.vlong()? } else { 0 };
    let mvcc_size = input.at() - from;
    let (column, tags) = (Column::of(column)?, &tail.tags);
    each(BlockCell { column, timestamp_ms, kind, value, tags, mvcc });
    Some(size + tags_size + mvcc_size)
}

/// What is read behind a cell.
struct Tail {
    behind: Behind,
    dictionary: Dictionary,
    /// The tags of the last cell, plain.
    tags: Vec<u8>,
}

impl Tail {
    /// Takes the tags of a cell. Gives the size that they would have if plain, in bytes.
    fn take_tags<'b, D: Decoder<'b>>(&mut self, input: &mut Input<'b>) -> Option<usize> {
        if self.behind.tags == TagForm::None {
            return Some(0);
        }
        let length = if D::IS_PLAIN { input.u16()?.into() } else { input.compressed_length()? };
        self.tags.clear();
        if self.behind.tags == TagForm::Compressed && !D::IS_PLAIN {
            self.dictionary.unpack(length, input, &mut self.tags)?;
        } else {
            self.tags.extend_from_slice(input.take(length)?);
        }
        Some(2 + length)
    }
}

/// Bytes of the two lengths that a plain cell begins with.
const LENGTHS_BYTES: usize = 4 + 4;
