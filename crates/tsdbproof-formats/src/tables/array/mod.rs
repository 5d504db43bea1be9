//! A column of a batch of rows, in Arrow's layout, whose bytes nobody has checked yet.
//!
//! Not arrow-rs's arrays: those check a column as a whole, and one bad string would cost a batch;
//! here every cell is checked when it is read, so a fault costs its row.
//! Source: <https://arrow.apache.org/docs/format/Columnar.html>, "Physical Memory Layout".

mod cell;
mod number;
mod same;

use std::{ops::Range, sync::Arc};

use arrow_buffer::Buffer;
use tsdbproof_core::ProblemKind;

use super::columns::Unit;
use super::resolve::Holds;
use crate::number::Fault;

/// What the bytes of a column are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    Integer(Integer),
    /// Of 2, 4 or 8 bytes.
    Float(usize),
    /// Of 4, 8, 16 or 32 bytes; the number is divided by ten to the power of `scale`.
    Decimal {
        bytes: usize,
        scale: i32,
    },
    /// 64 bits that count since 1970 in UTC; where no zone is told, it is taken for UTC.
    Time(Unit),
    /// 32 bits that count days since 1970.
    Days,
    /// Offsets of this many bytes, then text.
    Text(usize),
    /// Views of 16 bytes, then any number of buffers with text.
    Views,
    /// Offsets of this many bytes; the one child is a struct of keys and values.
    Map(usize),
    /// A child for each name.
    Struct(Arc<[String]>),
    /// Which child a row stands in, by these numbers; where it stands there if `is_dense`.
    Union {
        ids: Arc<[i32]>,
        is_dense: bool,
    },
    /// Indices into a dictionary.
    Dictionary(Integer),
    /// What is never read.
    Other,
}

/// A whole number in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Integer {
    /// 1, 2, 4 or 8.
    pub(super) bytes: usize,
    pub(super) is_signed: bool,
}

/// The size of a view.
const VIEW_BYTES: usize = 16;

impl Kind {
    /// What such a column can hold, as far as that does not lie with its children.
    pub(super) fn holds(&self) -> Holds {
        match self {
            Kind::Integer(_) | Kind::Float(_) | Kind::Decimal { .. } => Holds::Numbers,
            Kind::Time(_) | Kind::Days => Holds::Times,
            Kind::Text(_) | Kind::Views => Holds::Text,
            Kind::Map(_) | Kind::Struct(_) => Holds::Pairs,
            Kind::Union { .. } | Kind::Dictionary(_) | Kind::Other => Holds::Other,
        }
    }
}

/// A column, or a part of one.
#[derive(Debug, Clone)]
pub(super) struct Array {
    pub(super) kind: Kind,
    /// Rows.
    pub(super) length: usize,
    /// A bit for each row, set where the row has a value; `None` where all have.
    pub(super) validity: Option<Bits>,
    /// The buffers behind the validity.
    pub(super) buffers: Vec<Buffer>,
    /// Of maps, structs and unions.
    pub(super) children: Vec<Array>,
    /// Of dictionary indices.
    pub(super) dictionary: Option<Arc<Dictionary>>,
}

/// Bits from some bit of a buffer on.
#[derive(Debug, Clone)]
pub(super) struct Bits {
    pub(super) buffer: Buffer,
    pub(super) first: usize,
}

/// The values that indices stand for. What is added later goes behind.
#[derive(Debug, Clone, Default)]
pub(super) struct Dictionary {
    /// Each with the index of its first value, ascending.
    parts: Vec<(usize, Array)>,
    length: usize,
}

impl Dictionary {
    pub(super) fn add(&mut self, values: Array) {
        let first = self.length;
        self.length += values.length;
        self.parts.push((first, values));
    }

    fn get(&self, index: usize) -> Option<(&Array, usize)> {
        let part = self.parts.partition_point(|(first, _)| *first <= index).checked_sub(1)?;
        let (first, values) = self.parts.get(part)?;
        Some((values, index - first)).filter(|(values, row)| *row < values.length)
    }

    /// Bytes of memory.
    pub(super) fn memory_bytes(&self) -> usize {
        self.parts.iter().map(|(_, values)| values.memory_bytes()).sum()
    }
}

fn broken(what: &str) -> Fault {
    Fault::new(ProblemKind::BadCell, what)
}

/// A number of `N` bytes at an index.
fn at<const N: usize>(buffer: &[u8], index: usize) -> Option<[u8; N]> {
    let start = index.checked_mul(N)?;
    buffer.get(start..start.checked_add(N)?)?.try_into().ok()
}

impl Integer {
    /// The number at an index.
    fn read(self, buffer: &[u8], index: usize) -> Option<i128> {
        Some(match (self.bytes, self.is_signed) {
            (1, true) => i8::from_le_bytes(at(buffer, index)?).into(),
            (2, true) => i16::from_le_bytes(at(buffer, index)?).into(),
            (4, true) => i32::from_le_bytes(at(buffer, index)?).into(),
            (8, true) => i64::from_le_bytes(at(buffer, index)?).into(),
            (1, false) => u8::from_le_bytes(at(buffer, index)?).into(),
            (2, false) => u16::from_le_bytes(at(buffer, index)?).into(),
            (4, false) => u32::from_le_bytes(at(buffer, index)?).into(),
            (8, false) => u64::from_le_bytes(at(buffer, index)?).into(),
            _ => return None,
        })
    }
}

impl Array {
    fn buffer(&self, index: usize) -> &[u8] {
        self.buffers.get(index).map_or(&[], Buffer::as_slice)
    }

    /// Holds that the buffers are as long as the rows need, so that rows take memory.
    ///
    /// What offsets and indices point to is checked when it is read.
    pub(super) fn check(&self) -> Result<(), Fault> {
        let rows = self.length;
        let (of_row, more) = match &self.kind {
            Kind::Integer(it) | Kind::Dictionary(it) => (it.bytes, 0),
            Kind::Float(bytes) | Kind::Decimal { bytes, .. } => (*bytes, 0),
            Kind::Time(_) => (8, 0),
            Kind::Days => (4, 0),
            // Without rows there may be no offset at all.
            Kind::Text(bytes) | Kind::Map(bytes) => (*bytes, usize::from(rows > 0)),
            Kind::Views => (VIEW_BYTES, 0),
            Kind::Union { .. } => (1, 0),
            Kind::Struct(_) | Kind::Other => (0, 0),
        };
        let needed = rows.checked_add(more).and_then(|count| count.checked_mul(of_row));
        let has = self.buffer(0).len();
        let bits = self.validity.as_ref().map(|it| (it.first.checked_add(rows), &it.buffer));
        let lacks_bits =
            bits.is_some_and(|(end, buffer)| end.is_none_or(|end| end.div_ceil(8) > buffer.len()));
        if needed.is_none_or(|needed| needed > has) || lacks_bits {
            return Err(broken("a column is shorter than its batch has rows"));
        }
        let same_rows = matches!(&self.kind, Kind::Struct(_))
            || matches!(&self.kind, Kind::Union { is_dense: false, .. });
        if same_rows && self.children.iter().any(|child| child.length < rows) {
            return Err(broken("a part of a column is shorter than its batch has rows"));
        }
        self.children.iter().try_for_each(Array::check)
    }

    fn is_valid(&self, row: usize) -> bool {
        let Some(Bits { buffer, first }) = &self.validity else { return true };
        let bit = first + row;
        buffer.get(bit / 8).is_some_and(|byte| byte >> (bit % 8) & 1 == 1)
    }

    /// The cell of a row without dictionaries and unions around it; `None` for a null.
    fn plain(&self, row: usize) -> Result<Option<(&Array, usize)>, Fault> {
        let (mut array, mut row) = (self, row);
        loop {
            if row >= array.length {
                return Err(broken("a row outside of its column"));
            }
            if !array.is_valid(row) {
                return Ok(None);
            }
            let found = match &array.kind {
                Kind::Dictionary(indices) => array.entry(*indices, row),
                Kind::Union { ids, is_dense } => array.member(ids, *is_dense, row),
                _ => return Ok(Some((array, row))),
            };
            (array, row) = found?;
        }
    }

    fn entry(&self, indices: Integer, row: usize) -> Result<(&Array, usize), Fault> {
        let index = indices.read(self.buffer(0), row);
        let dictionary = self.dictionary.as_ref();
        let dictionary = dictionary.ok_or_else(|| broken("a dictionary that is not there"))?;
        index
            .and_then(|index| dictionary.get(usize::try_from(index).ok()?))
            .ok_or_else(|| broken("an index outside of its dictionary"))
    }

    fn member(&self, ids: &[i32], is_dense: bool, row: usize) -> Result<(&Array, usize), Fault> {
        let child = || {
            let id = i32::from(i8::from_le_bytes(at(self.buffer(0), row)?));
            let child = self.children.get(ids.iter().position(|known| *known == id)?)?;
            let at = match is_dense {
                true => usize::try_from(i32::from_le_bytes(at(self.buffer(1), row)?)).ok()?,
                false => row,
            };
            Some((child, at))
        };
        child().ok_or_else(|| broken("a row of a union that stands in none of its parts"))
    }

    /// Where the part of a row begins and ends, of offsets with this many bytes.
    fn range(&self, bytes: usize, row: usize) -> Option<Range<usize>> {
        let (start, end) = (self.offset(bytes, row)?, self.offset(bytes, row.checked_add(1)?)?);
        (start <= end).then_some(start..end)
    }

    fn offset(&self, bytes: usize, index: usize) -> Option<usize> {
        match bytes {
            4 => usize::try_from(i32::from_le_bytes(at(self.buffer(0), index)?)).ok(),
            _ => usize::try_from(i64::from_le_bytes(at(self.buffer(0), index)?)).ok(),
        }
    }

    /// Adds the dictionaries in it.
    pub(super) fn add_dictionaries(&self, dictionaries: &mut Vec<Arc<Dictionary>>) {
        dictionaries.extend(self.dictionary.clone());
        self.children.iter().for_each(|child| child.add_dictionaries(dictionaries));
    }

    /// Bytes of memory.
    pub(super) fn memory_bytes(&self) -> usize {
        let own: usize = self.buffers.iter().map(Buffer::len).sum();
        own + self.children.iter().map(Array::memory_bytes).sum::<usize>()
    }
}
