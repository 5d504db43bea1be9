//! Rows that wait to be written, as columns in Arrow's layout.
//!
//! | column | type | holds |
//! | --- | --- | --- |
//! | `metric` | text | |
//! | `tags` | map of text to text | sorted by their keys |
//! | `timestamp` | milliseconds since 1970, UTC | |
//! | `value` | 64-bit float | the number, or of an integer the float next to it |
//! | `value_int` | 64-bit integer, or null | the number, if it came as an integer |
//!
//! Names are plain text in every row: dictionaries would have to be known before the first row, or
//! grow in between, which not every reader follows. Tags are a map, for its columns are the same for
//! any data, and no key is taken for another where a tool ignores case.

use arrow_buffer::{Buffer, NullBuffer, NullBufferBuilder};
use arrow_schema::{DataType, Field, Fields, Schema, TimeUnit};
use tsdbproof_core::{Point, Series};

/// The table's columns.
pub(super) fn schema() -> Schema {
    let timestamp = DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()));
    Schema::new(vec![
        Field::new("metric", DataType::Utf8, false),
        Field::new("tags", DataType::Map(entries(), false), false),
        Field::new("timestamp", timestamp, false),
        Field::new("value", DataType::Float64, false),
        Field::new("value_int", DataType::Int64, true),
    ])
}

/// The one child of the column of tags, named as Parquet names it.
fn entries() -> std::sync::Arc<Field> {
    Field::new("key_value", DataType::Struct(entry_fields()), false).into()
}

/// A key and its value.
pub(super) fn entry_fields() -> Fields {
    Fields::from(vec![
        Field::new("key", DataType::Utf8, false),
        Field::new("value", DataType::Utf8, false),
    ])
}

/// Bytes that a row takes besides its names.
const ROW_BYTES: usize = 40;

/// Text, one behind the other.
#[derive(Debug, Default)]
pub(super) struct Text {
    /// Where each ends.
    ends: Vec<i32>,
    bytes: Vec<u8>,
}

impl Text {
    fn push(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
        self.ends.push(self.bytes.len() as i32);
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Offsets, and what they point to.
    pub(super) fn buffers(self) -> (Buffer, Buffer) {
        (offsets(self.ends), Buffer::from_vec(self.bytes))
    }
}

/// Offsets of parts that end so.
fn offsets(mut ends: Vec<i32>) -> Buffer {
    ends.insert(0, 0);
    Buffer::from_vec(ends)
}

/// Rows on their way.
#[derive(Debug)]
pub(super) struct Growing {
    /// Whose names are in `pairs`.
    series: Option<Series>,
    pairs: Vec<(String, String)>,
    metric: Text,
    tag_ends: Vec<i32>,
    keys: Text,
    values: Text,
    timestamps: Vec<i64>,
    floats: Vec<f64>,
    integers: Vec<i64>,
    came_as_integer: NullBufferBuilder,
}

/// The columns of some rows.
#[derive(Debug)]
pub(super) struct Grown {
    pub(super) rows: usize,
    pub(super) metric: Text,
    pub(super) tag_offsets: Buffer,
    pub(super) keys: Text,
    pub(super) values: Text,
    pub(super) timestamps: Buffer,
    pub(super) floats: Buffer,
    pub(super) integers: Buffer,
    /// None where every row has one.
    pub(super) came_as_integer: Option<NullBuffer>,
}

impl Growing {
    pub(super) fn new() -> Self {
        Growing {
            series: None,
            pairs: Vec::new(),
            metric: Text::default(),
            tag_ends: Vec::new(),
            keys: Text::default(),
            values: Text::default(),
            timestamps: Vec::new(),
            floats: Vec::new(),
            integers: Vec::new(),
            came_as_integer: NullBufferBuilder::new(0),
        }
    }

    /// Rows so far.
    pub(super) fn rows(&self) -> usize {
        self.timestamps.len()
    }

    /// Bytes of names so far. Below 2 GiB, or offsets can't count them.
    pub(super) fn text_bytes(&self) -> usize {
        self.metric.bytes.len() + self.keys.bytes.len() + self.values.bytes.len()
    }

    /// Adds a row.
    pub(super) fn push(&mut self, series: &Series, point: Point) {
        if self.series.as_ref() != Some(series) {
            self.pairs = series.tags.pairs();
            self.series = Some(series.clone());
        }
        self.metric.push(&series.metric);
        for (key, value) in &self.pairs {
            self.keys.push(key);
            self.values.push(value);
        }
        self.tag_ends.push(self.keys.len() as i32);
        // Every time that a row of OpenTSDB can hold is far below 2^63.
        self.timestamps.push(point.timestamp_ms as i64);
        let integer = point.value.as_integer();
        let float = point.value.as_float().or(integer.map(|number| number as f64));
        self.floats.push(float.unwrap_or_default());
        let integer = integer.filter(|_| !point.value.came_as_float());
        self.integers.push(integer.unwrap_or_default());
        self.came_as_integer.append(integer.is_some());
    }

    /// The rows so far; begins anew.
    pub(super) fn take(&mut self) -> Grown {
        let grown = std::mem::replace(self, Growing::new());
        (self.series, self.pairs) = (grown.series, grown.pairs);
        let mut came_as_integer = grown.came_as_integer;
        Grown {
            rows: grown.timestamps.len(),
            metric: grown.metric,
            tag_offsets: offsets(grown.tag_ends),
            keys: grown.keys,
            values: grown.values,
            timestamps: Buffer::from_vec(grown.timestamps),
            floats: Buffer::from_vec(grown.floats),
            integers: Buffer::from_vec(grown.integers),
            came_as_integer: came_as_integer.finish(),
        }
    }

    pub(super) fn memory_bytes(&self) -> usize {
        let words = self.keys.len() + self.values.len();
        self.text_bytes() + self.rows() * ROW_BYTES + words * size_of::<i32>()
    }
}
