//! Columns of a batch, as Arrow lays them out.

use std::sync::Arc;

use arrow_schema::{DataType, Field, TimeUnit};
use tsdbproof_core::digest::Hash;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Time,
    Count,
    Integer,
    Float,
    Digest,
}

impl Kind {
    /// Bytes of a value; 0 where values differ in length.
    pub(super) fn width(self) -> usize {
        match self {
            Kind::Text => 0,
            Kind::Time | Kind::Count | Kind::Integer | Kind::Float => 8,
            Kind::Digest => 32,
        }
    }

    fn data_type(self) -> DataType {
        match self {
            Kind::Text => DataType::Utf8,
            Kind::Time => DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())),
            Kind::Count => DataType::UInt64,
            Kind::Integer => DataType::Int64,
            Kind::Float => DataType::Float64,
            Kind::Digest => DataType::FixedSizeBinary(32),
        }
    }
}

/// A column of one batch: Arrow's buffers as they stand in the file once unpacked.
#[derive(Debug)]
pub(crate) struct Column {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) nullable: bool,
    /// One bit a row, only where there are nulls.
    pub(super) valid: Vec<u8>,
    /// Of texts: i32, one more than rows.
    pub(super) offsets: Vec<u8>,
    pub(super) data: Vec<u8>,
    pub(super) nulls: usize,
    rows: usize,
}

const NO_OFFSET: [u8; 4] = [0; 4];

impl Column {
    pub(super) fn new(name: &'static str, kind: Kind) -> Self {
        let (valid, data) = (Vec::new(), Vec::new());
        let offsets = if kind == Kind::Text { NO_OFFSET.to_vec() } else { Vec::new() };
        Column { name, kind, nullable: false, valid, offsets, data, nulls: 0, rows: 0 }
    }

    pub(super) fn nullable(name: &'static str, kind: Kind) -> Self {
        Column { nullable: true, ..Column::new(name, kind) }
    }

    pub(super) fn clear(&mut self) {
        self.valid.clear();
        self.offsets.truncate(NO_OFFSET.len());
        self.data.clear();
        (self.nulls, self.rows) = (0, 0);
    }

    fn push(&mut self, value: &[u8]) {
        self.data.extend_from_slice(value);
        self.end_value(true);
    }

    fn push_null(&mut self) {
        self.data.resize(self.data.len() + self.kind.width(), 0);
        self.nulls += 1;
        self.end_value(false);
    }

    fn end_value(&mut self, valid: bool) {
        if self.kind == Kind::Text {
            // The writer closes a batch long before 2 GiB of text, and refuses longer names.
            let end = i32::try_from(self.data.len()).unwrap_or(i32::MAX);
            self.offsets.extend_from_slice(&end.to_le_bytes());
        }
        if self.nullable {
            self.push_validity(valid);
        }
    }

    fn push_validity(&mut self, valid: bool) {
        if self.rows.is_multiple_of(8) {
            self.valid.push(0);
        }
        if let Some(last) = self.valid.last_mut() {
            *last |= u8::from(valid) << (self.rows % 8);
        }
        self.rows += 1;
    }

    pub(super) fn push_text(&mut self, text: &str) {
        self.push(text.as_bytes());
    }

    pub(super) fn push_number(&mut self, number: u64) {
        self.push(&number.to_le_bytes());
    }

    pub(super) fn push_digest(&mut self, digest: &Hash) {
        self.push(&digest.0);
    }

    pub(super) fn push_option<T>(&mut self, value: Option<T>, push: impl FnOnce(&mut Self, T)) {
        match value {
            Some(value) => push(self, value),
            None => self.push_null(),
        }
    }

    /// The column in a schema.
    pub(super) fn field(&self) -> Arc<Field> {
        Arc::new(Field::new(self.name, self.kind.data_type(), self.nullable))
    }

    /// The column's buffers in Arrow's order.
    pub(super) fn buffers(&self) -> impl Iterator<Item = &[u8]> {
        let valid: &[u8] = if self.nulls == 0 { &[] } else { &self.valid };
        let offsets = (self.kind == Kind::Text).then_some(self.offsets.as_slice());
        [Some(valid), offsets, Some(self.data.as_slice())].into_iter().flatten()
    }

    /// Where the text of a row ends.
    pub(super) fn offset(&self, index: usize) -> Option<usize> {
        let (bytes, _) = self.offsets.get(4 * index..)?.split_first_chunk()?;
        usize::try_from(i32::from_le_bytes(*bytes)).ok()
    }

    pub(super) fn is_null(&self, row: usize) -> bool {
        self.nulls > 0 && self.valid.get(row / 8).is_none_or(|byte| byte >> (row % 8) & 1 == 0)
    }

    pub(super) fn text(&self, row: usize) -> Option<&[u8]> {
        self.data.get(self.offset(row)?..self.offset(row + 1)?)
    }

    /// The text of a row; of a null that of the row before, `None` where none is.
    pub(super) fn text_or_last<'a>(&'a self, row: usize, last: &'a [u8]) -> Option<&'a [u8]> {
        match self.is_null(row) {
            true => (row > 0).then_some(last),
            false => self.text(row),
        }
    }

    pub(super) fn number(&self, row: usize) -> Option<u64> {
        let (bytes, _) = self.data.get(8 * row..)?.split_first_chunk()?;
        Some(u64::from_le_bytes(*bytes))
    }

    pub(super) fn digest(&self, row: usize) -> Option<Hash> {
        let (bytes, _) = self.data.get(32 * row..)?.split_first_chunk()?;
        Some(Hash(*bytes))
    }
}
