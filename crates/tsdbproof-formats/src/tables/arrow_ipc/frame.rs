//! Arrow's framing of a file that is written: messages and the footer.
//!
//! By hand, because arrow-ipc compresses otherwise on 32 bit machines (see `lz4`), and the same rows
//! shall be the same bytes from the page and the command.
//! Source: <https://arrow.apache.org/docs/format/Columnar.html>, "Serialization".

use std::ops::Range;

use arrow_ipc::{
    Block, BodyCompressionBuilder, BodyCompressionMethod, Buffer, CompressionType, FieldNode,
    FooterBuilder, MessageBuilder, MessageHeader, MetadataVersion, RecordBatchBuilder,
    convert::{IpcSchemaEncoder, metadata_to_fb},
};
use arrow_schema::{Metadata, Schema};
use flatbuffers::FlatBufferBuilder;

use super::lz4::Pack;

/// The first bytes of a file.
pub const HEAD: [u8; 8] = *b"ARROW1\0\0";
/// The last bytes of a file.
pub(super) const MAGIC: [u8; 6] = *b"ARROW1";
/// The first half of every message's prefix.
pub const CONTINUATION: [u8; 4] = [0xff; 4];
/// Behind the last message.
pub const END_OF_STREAM: [u8; 8] = [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0];
/// What buffers, messages and their bodies are padded to.
const ALIGNMENT: usize = 8;

/// Pads with zeros up to the alignment.
pub fn pad(bytes: &mut Vec<u8>) {
    bytes.resize(bytes.len().next_multiple_of(ALIGNMENT), 0);
}

/// A message with its prefix. It must be shorter than 2 GiB, as all here are.
fn framed(message: &[u8]) -> Vec<u8> {
    let mut bytes = [&CONTINUATION[..], &[0; 4], message].concat();
    pad(&mut bytes);
    let length = (bytes.len() - END_OF_STREAM.len()) as u32;
    if let Some(slot) = bytes.get_mut(4..8) {
        slot.copy_from_slice(&length.to_le_bytes());
    }
    bytes
}

/// The first message.
pub fn schema_message(schema: &Schema) -> Vec<u8> {
    let mut fbb = FlatBufferBuilder::new();
    let schema = IpcSchemaEncoder::new().schema_to_fb_offset(&mut fbb, schema);
    let mut message = MessageBuilder::new(&mut fbb);
    message.add_version(MetadataVersion::V5);
    message.add_header_type(MessageHeader::Schema);
    message.add_bodyLength(0);
    message.add_header(schema.as_union_value());
    let message = message.finish();
    fbb.finish(message, None);
    framed(fbb.finished_data())
}

/// What a batch's message says of its body.
#[derive(Debug, Default)]
pub struct Layout {
    /// Rows of the batch.
    pub rows: usize,
    /// Rows and nulls of each column, those of its children behind its own.
    pub nodes: Vec<(usize, usize)>,
    /// Where each packed buffer lies in the body.
    pub buffers: Vec<Range<usize>>,
    /// Bytes of the body.
    pub body_bytes: usize,
}

impl Layout {
    /// Adds a buffer to a body that has the layout so far.
    pub fn add(&mut self, buffer: &[u8], pack: Pack, body: &mut Vec<u8>) {
        let start = body.len();
        pack(buffer, body);
        self.buffers.push(start..body.len());
        pad(body);
        self.body_bytes = body.len();
    }
}

/// The message before a batch's body.
pub fn batch_message(layout: &Layout) -> Vec<u8> {
    let mut fbb = FlatBufferBuilder::new();
    let mut compression = BodyCompressionBuilder::new(&mut fbb);
    compression.add_method(BodyCompressionMethod::BUFFER);
    compression.add_codec(CompressionType::LZ4_FRAME);
    let compression = compression.finish();
    let node = |&(rows, nulls): &(usize, usize)| FieldNode::new(rows as i64, nulls as i64);
    let nodes: Vec<_> = layout.nodes.iter().map(node).collect();
    let nodes = fbb.create_vector(&nodes);
    let buffer = |range: &Range<usize>| Buffer::new(range.start as i64, range.len() as i64);
    let buffers: Vec<_> = layout.buffers.iter().map(buffer).collect();
    let buffers = fbb.create_vector(&buffers);
    let mut batch = RecordBatchBuilder::new(&mut fbb);
    batch.add_length(layout.rows as i64);
    batch.add_nodes(nodes);
    batch.add_buffers(buffers);
    batch.add_compression(compression);
    let batch = batch.finish();
    let mut message = MessageBuilder::new(&mut fbb);
    message.add_version(MetadataVersion::V5);
    message.add_header_type(MessageHeader::RecordBatch);
    message.add_bodyLength(layout.body_bytes as i64);
    message.add_header(batch.as_union_value());
    let message = message.finish();
    fbb.finish(message, None);
    framed(fbb.finished_data())
}

/// A batch in the file: where its message begins, bytes of the message, bytes of the body.
pub type Place = (u64, usize, usize);

/// A batch's place as the footer tells it.
pub fn block(&(at, message, body): &Place) -> Block {
    Block::new(at as i64, message as i32, body as i64)
}

/// The footer's flatbuffer.
pub fn footer(schema: &Schema, batches: &[Place], metadata: Metadata) -> Vec<u8> {
    let mut fbb = FlatBufferBuilder::new();
    let dictionaries = fbb.create_vector::<Block>(&[]);
    let batches: Vec<_> = batches.iter().map(block).collect();
    let batches = fbb.create_vector(&batches);
    let schema = IpcSchemaEncoder::new().schema_to_fb_offset(&mut fbb, schema);
    let metadata = metadata_to_fb(&mut fbb, &metadata);
    let mut footer = FooterBuilder::new(&mut fbb);
    footer.add_version(MetadataVersion::V5);
    footer.add_schema(schema);
    footer.add_dictionaries(dictionaries);
    footer.add_recordBatches(batches);
    footer.add_custom_metadata(metadata);
    let footer = footer.finish();
    fbb.finish(footer, None);
    fbb.finished_data().to_vec()
}

/// What stands behind the footer.
pub fn trailer(footer: &[u8]) -> Vec<u8> {
    [&(footer.len() as u32).to_le_bytes()[..], &MAGIC].concat()
}
