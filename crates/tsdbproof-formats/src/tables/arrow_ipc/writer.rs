//! Points to an Arrow IPC file, whose buffers are compressed by LZ4.

use arrow_schema::Schema;
use tsdbproof_core::{Error, Point, Series};

use super::frame::{
    END_OF_STREAM, HEAD, Layout, Place, batch_message, footer, schema_message, trailer,
};
use super::lz4::pack_frame;
use crate::{
    FormatWriter,
    tables::growing::{Growing, Grown, schema},
};

/// Rows of a batch.
const BATCH_ROWS: usize = 1 << 16;
/// Bytes of names after which a batch is closed before it is full.
const BATCH_TEXT_BYTES: usize = 16 << 20;

/// Writes the columns of [`growing`](crate::tables::growing).
#[derive(Debug)]
pub(super) struct Writer {
    schema: Schema,
    growing: Growing,
    /// Bytes written.
    at: u64,
    batches: Vec<Place>,
}

impl Writer {
    pub(super) fn new() -> Self {
        Writer { schema: schema(), growing: Growing::new(), at: 0, batches: Vec::new() }
    }

    fn write(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(bytes);
        self.at += bytes.len() as u64;
    }

    fn begin(&mut self, out: &mut Vec<u8>) {
        if self.at == 0 {
            self.write(&HEAD, out);
            self.write(&schema_message(&self.schema), out);
        }
    }

    fn end_batch(&mut self, out: &mut Vec<u8>) {
        if self.growing.rows() == 0 {
            return;
        }
        let mut body = Vec::new();
        let message = batch_message(&layout(self.growing.take(), &mut body));
        self.batches.push((self.at, message.len(), body.len()));
        self.write(&message, out);
        self.write(&body, out);
    }
}

/// Puts columns into a body, in the order of the schema. arrow2 knows no buffer without a frame.
fn layout(grown: Grown, body: &mut Vec<u8>) -> Layout {
    let Grown { rows, metric, tag_offsets, keys, values, .. } = grown;
    let tags = keys.len();
    let nulls = grown.came_as_integer.as_ref().map_or(0, |valid| valid.null_count());
    let nodes = [(rows, 0), (rows, 0), (tags, 0), (tags, 0), (tags, 0), (rows, 0), (rows, 0)];
    let mut layout = Layout { rows, nodes: nodes.to_vec(), ..Layout::default() };
    layout.nodes.push((rows, nulls));
    let none: &[u8] = &[];
    let (metric, keys, values) = (metric.buffers(), keys.buffers(), values.buffers());
    let valid = grown.came_as_integer.as_ref().map_or(none, |valid| valid.validity());
    let buffers: [&[u8]; 18] = [
        none,
        &metric.0,
        &metric.1, // metric
        none,
        &tag_offsets, // tags
        none,         // their entries
        none,
        &keys.0,
        &keys.1,
        none,
        &values.0,
        &values.1, // of which
        none,
        &grown.timestamps,
        none,
        &grown.floats,
        valid,
        &grown.integers,
    ];
    buffers.into_iter().for_each(|buffer| layout.add(buffer, pack_frame, body));
    layout
}

impl FormatWriter for Writer {
    fn points(
        &mut self,
        series: &Series,
        points: &[Point],
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        self.begin(out);
        for point in points {
            self.growing.push(series, *point);
            let growing = &self.growing;
            if growing.rows() >= BATCH_ROWS || growing.text_bytes() >= BATCH_TEXT_BYTES {
                self.end_batch(out);
            }
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), Error> {
        self.begin(out);
        self.end_batch(out);
        self.write(&END_OF_STREAM, out);
        let footer = footer(&self.schema, &self.batches, Default::default());
        self.write(&footer, out);
        self.write(&trailer(&footer), out);
        Ok(())
    }

    fn memory_bytes(&self) -> usize {
        self.growing.memory_bytes() + self.batches.capacity() * size_of::<Place>()
    }
}
