//! Points to a Parquet file, group by group.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, Float64Array, Int64Array, MapArray, RecordBatch, StringArray, StructArray,
    TimestampMillisecondArray,
};
use arrow_buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{ArrowError, DataType, Schema};
use parquet::{
    arrow::ArrowWriter,
    basic::{Compression, Encoding, ZstdLevel},
    errors::ParquetError,
    file::properties::{WriterProperties, WriterVersion},
    schema::types::ColumnPath,
};
use tsdbproof_core::{Error, Kind, Point, Series};

use crate::{
    FormatWriter,
    tables::growing::{Growing, Grown, Text, entry_fields, schema},
};

/// Rows that are handed to the encoder at a time.
const BATCH_ROWS: usize = 1 << 13;
/// Bytes of names after which rows are handed over before there are so many.
const BATCH_TEXT_BYTES: usize = 4 << 20;
/// Rows and encoded bytes of a group, about: what Spark and DuckDB read side by side.
const GROUP_ROWS: usize = 1 << 20;
const GROUP_BYTES: usize = 64 << 20;
const ZSTD_LEVEL: i32 = 3;

/// Writes the columns of [`growing`](crate::tables::growing).
pub(super) struct Writer {
    schema: Arc<Schema>,
    growing: Growing,
    /// None before the first call.
    encoder: Option<ArrowWriter<Vec<u8>>>,
}

impl Writer {
    pub(super) fn new() -> Self {
        Writer { schema: Arc::new(schema()), growing: Growing::new(), encoder: None }
    }

    fn encoder(&mut self) -> Result<&mut ArrowWriter<Vec<u8>>, ParquetError> {
        let encoder = match self.encoder.take() {
            Some(encoder) => encoder,
            None => {
                let schema = Arc::clone(&self.schema);
                ArrowWriter::try_new(Vec::new(), schema, Some(properties()?))?
            }
        };
        Ok(self.encoder.insert(encoder))
    }

    /// Hands the rows so far to the encoder; ends its group if that is large enough.
    fn encode(&mut self) -> Result<(), ParquetError> {
        if self.growing.rows() == 0 {
            return Ok(());
        }
        let batch = batch(&self.schema, self.growing.take())?;
        let encoder = self.encoder()?;
        encoder.write(&batch)?;
        let is_full =
            encoder.in_progress_rows() >= GROUP_ROWS || encoder.in_progress_size() >= GROUP_BYTES;
        if is_full { encoder.flush() } else { Ok(()) }
    }

    fn push(&mut self, series: &Series, points: &[Point]) -> Result<(), ParquetError> {
        for point in points {
            self.growing.push(series, *point);
            let growing = &self.growing;
            if growing.rows() >= BATCH_ROWS || growing.text_bytes() >= BATCH_TEXT_BYTES {
                self.encode()?;
            }
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), ParquetError> {
        self.encode()?;
        self.encoder()?.finish().map(drop)
    }

    /// Moves what is encoded on.
    fn drain(&mut self, out: &mut Vec<u8>) {
        if let Some(encoder) = &mut self.encoder {
            out.append(encoder.inner_mut());
        }
    }
}

/// What every reader of the last ten years knows, and the same bytes for the same rows.
fn properties() -> Result<WriterProperties, ParquetError> {
    let path = |name: &str| ColumnPath::new(vec![name.to_owned()]);
    Ok(WriterProperties::builder()
        .set_writer_version(WriterVersion::PARQUET_1_0)
        .set_created_by("tsdbproof".to_owned())
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(ZSTD_LEVEL)?))
        .set_max_row_group_row_count(Some(2 * GROUP_ROWS))
        // Times differ from row to row by little, and hardly one comes again.
        .set_column_dictionary_enabled(path("timestamp"), false)
        .set_column_encoding(path("timestamp"), Encoding::DELTA_BINARY_PACKED)
        .build())
}

fn text(text: Text) -> Result<StringArray, ArrowError> {
    let (offsets, bytes) = text.buffers();
    StringArray::try_new(offset_buffer(offsets), bytes, None)
}

fn offset_buffer(offsets: Buffer) -> OffsetBuffer<i32> {
    // They ascend, for each is a length so far.
    OffsetBuffer::new(ScalarBuffer::from(offsets))
}

fn batch(schema: &Arc<Schema>, grown: Grown) -> Result<RecordBatch, ArrowError> {
    let words: Vec<ArrayRef> = vec![Arc::new(text(grown.keys)?), Arc::new(text(grown.values)?)];
    let entries = StructArray::try_new(entry_fields(), words, None)?;
    let DataType::Map(entry, is_sorted) = schema.field(1).data_type() else {
        return Err(ArrowError::SchemaError("tags are a map".to_owned()));
    };
    let offsets = offset_buffer(grown.tag_offsets);
    let tags = MapArray::try_new(Arc::clone(entry), offsets, entries, None, *is_sorted)?;
    let times = TimestampMillisecondArray::try_new(ScalarBuffer::from(grown.timestamps), None)?;
    let columns: Vec<ArrayRef> = vec![
        Arc::new(text(grown.metric)?),
        Arc::new(tags),
        Arc::new(times.with_timezone("UTC")),
        Arc::new(Float64Array::try_new(ScalarBuffer::from(grown.floats), None)?),
        Arc::new(Int64Array::try_new(grown.integers.into(), grown.came_as_integer)?),
    ];
    RecordBatch::try_new(Arc::clone(schema), columns)
}

fn failed(error: ParquetError) -> Error {
    Error::new(Kind::Io, format!("points that can't be written as Parquet: {error}"))
}

impl FormatWriter for Writer {
    fn points(
        &mut self,
        series: &Series,
        points: &[Point],
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        self.push(series, points).map_err(failed)?;
        self.drain(out);
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), Error> {
        self.end().map_err(failed)?;
        self.drain(out);
        Ok(())
    }

    fn memory_bytes(&self) -> usize {
        let encoder = self.encoder.as_ref().map_or(0, |encoder| encoder.memory_size());
        encoder + self.growing.memory_bytes()
    }
}
