//! Arrow's framing of a manifest: messages and the footer.
//!
//! | bytes | |
//! | --- | --- |
//! | `ARROW1`, two zeros | |
//! | message: schema | ff ff ff ff, u32 length, flatbuffer padded to 8 bytes |
//! | messages: batches | the same, then the body: buffers, each padded to 8 bytes |
//! | end of stream | ff ff ff ff 00 00 00 00 |
//! | footer | flatbuffer, u32 length of it, `ARROW1` |
//!
//! Written by hand, because arrow-ipc compresses otherwise on 32 bit machines (see `lz4`), and read by
//! hand, because its decoder panics on some changed bytes and takes memory before it looks.
//! Source: <https://arrow.apache.org/docs/format/Columnar.html>, "Serialization".

use std::{collections::BTreeMap, ops::Range};

use arrow_ipc::{
    Block, BodyCompressionBuilder, BodyCompressionMethod, Buffer, CompressionType, FieldNode,
    Footer, FooterBuilder, KeyValue, Message, MessageBuilder, MessageHeader, MetadataVersion,
    RecordBatchBuilder,
    convert::{IpcSchemaEncoder, metadata_to_fb, try_fb_to_schema},
    root_as_footer, root_as_message,
};
use arrow_schema::{Metadata, Schema};
use flatbuffers::FlatBufferBuilder;

/// The first bytes of the file.
pub(super) const HEAD: [u8; 8] = *b"ARROW1\0\0";
/// The last bytes of the file.
const MAGIC: [u8; 6] = *b"ARROW1";
/// The first half of every message's prefix.
pub(super) const CONTINUATION: [u8; 4] = [0xff; 4];
/// Behind the last message.
pub(super) const END_OF_STREAM: [u8; 8] = [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0];
/// Bytes behind the footer.
const TRAILER: usize = 4 + MAGIC.len();
/// What buffers, messages and their bodies are padded to.
const ALIGNMENT: usize = 8;

/// A sound file that no manifest is, in a few words.
pub(super) type Flaw = &'static str;

/// Pads with zeros up to the alignment.
pub(super) fn pad(bytes: &mut Vec<u8>) {
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
pub(super) fn schema_message(schema: &Schema) -> Vec<u8> {
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
pub(super) struct Layout {
    pub(super) rows: usize,
    /// Nulls of each column.
    pub(super) nulls: Vec<usize>,
    /// Where each packed buffer lies in the body.
    pub(super) buffers: Vec<Range<usize>>,
    pub(super) body_bytes: usize,
}

/// The message before a batch's body.
pub(super) fn batch_message(layout: &Layout) -> Vec<u8> {
    let mut fbb = FlatBufferBuilder::new();
    let mut compression = BodyCompressionBuilder::new(&mut fbb);
    compression.add_method(BodyCompressionMethod::BUFFER);
    compression.add_codec(CompressionType::LZ4_FRAME);
    let compression = compression.finish();
    let rows = layout.rows as i64;
    let nodes: Vec<_> = layout.nulls.iter().map(|&n| FieldNode::new(rows, n as i64)).collect();
    let nodes = fbb.create_vector(&nodes);
    let buffer = |range: &Range<usize>| Buffer::new(range.start as i64, range.len() as i64);
    let buffers: Vec<_> = layout.buffers.iter().map(buffer).collect();
    let buffers = fbb.create_vector(&buffers);
    let mut batch = RecordBatchBuilder::new(&mut fbb);
    batch.add_length(rows);
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
pub(super) type Place = (u64, usize, usize);

/// The footer's flatbuffer.
pub(super) fn footer(schema: &Schema, batches: &[Place], metadata: Metadata) -> Vec<u8> {
    let mut fbb = FlatBufferBuilder::new();
    let dictionaries = fbb.create_vector::<Block>(&[]);
    let block = |&(at, message, body): &Place| Block::new(at as i64, message as i32, body as i64);
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
pub(super) fn trailer(footer: &[u8]) -> Vec<u8> {
    [&(footer.len() as u32).to_le_bytes()[..], &MAGIC].concat()
}

/// The schema in the file's first message, which stands without its prefix.
pub(super) fn read_schema(message: &[u8]) -> Result<Schema, Flaw> {
    let message = read_message(message)?;
    let schema = message.header_as_schema().ok_or("no schema at the beginning")?;
    if message.bodyLength() != 0 {
        return Err("a schema with a body");
    }
    try_fb_to_schema(schema).map_err(|_| "a schema that is none")
}

/// The layout of a batch from its message, which stands without its prefix.
///
/// Every buffer lies within the body; lengths are as claimed, and nothing was done by them.
pub(super) fn read_batch(message: &[u8]) -> Result<Layout, Flaw> {
    let message = read_message(message)?;
    let batch = message.header_as_record_batch().ok_or("a message that is no batch of rows")?;
    let method = batch.compression().map(|c| (c.codec(), c.method()));
    if method != Some((CompressionType::LZ4_FRAME, BodyCompressionMethod::BUFFER)) {
        return Err("a batch whose buffers are no LZ4 frames");
    }
    let size = |claimed: i64| usize::try_from(claimed).map_err(|_| "a batch of impossible size");
    let (rows, body_bytes) = (size(batch.length())?, size(message.bodyLength())?);
    let mut layout = Layout { rows, body_bytes, ..Layout::default() };
    for node in batch.nodes().into_iter().flatten() {
        if node.length() != batch.length() {
            return Err("a batch whose columns differ in length");
        }
        layout.nulls.push(size(node.null_count())?);
    }
    for buffer in batch.buffers().into_iter().flatten() {
        let (start, length) = (size(buffer.offset())?, size(buffer.length())?);
        let end = start.checked_add(length).filter(|end| *end <= body_bytes);
        layout.buffers.push(start..end.ok_or("a buffer outside of its batch")?);
    }
    Ok(layout)
}

fn read_message(message: &[u8]) -> Result<Message<'_>, Flaw> {
    root_as_message(message).map_err(|_| "a message that is no flatbuffer")
}

/// What stands behind the end of the stream.
#[derive(Debug)]
pub(super) struct Tail<'a> {
    bytes: &'a [u8],
    footer: Footer<'a>,
}

impl<'a> Tail<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, Flaw> {
        let (footer, trailer) = bytes
            .len()
            .checked_sub(TRAILER)
            .and_then(|length| bytes.split_at_checked(length))
            .ok_or("the file ends before its footer does")?;
        if trailer != self::trailer(footer) {
            return Err("the file does not end behind its footer");
        }
        let footer = root_as_footer(footer).map_err(|_| "a footer that is no flatbuffer")?;
        Ok(Tail { bytes, footer })
    }

    /// Whether Arrow readers, which go by the footer, see these batches and this schema.
    pub(super) fn shows(&self, schema: &Schema, batches: &[Place]) -> bool {
        let blocks = self.footer.recordBatches().into_iter().flatten();
        let block =
            |&(at, message, body): &Place| Block::new(at as i64, message as i32, body as i64);
        blocks.copied().eq(batches.iter().map(block))
            && self.footer.dictionaries().is_none_or(|dictionaries| dictionaries.is_empty())
            && self.footer.schema().and_then(|s| try_fb_to_schema(s).ok()).as_ref() == Some(schema)
    }

    /// The file's metadata; `None` where a key stands twice or without a value.
    pub(super) fn metadata(&self) -> Option<BTreeMap<&'a str, &'a str>> {
        let mut metadata = BTreeMap::new();
        for pair in self.pairs() {
            if metadata.insert(pair.key()?, pair.value()?).is_some() {
                return None;
            }
        }
        Some(metadata)
    }

    /// Where in the tail the value of `key` lies.
    pub(super) fn place_of(&self, key: &str) -> Option<Range<usize>> {
        let value = self.pairs().find(|pair| pair.key() == Some(key))?.value()?;
        // The value borrows from the tail, so their addresses tell the place.
        let start = value.as_ptr().addr().checked_sub(self.bytes.as_ptr().addr())?;
        Some(start..start + value.len())
    }

    fn pairs(&self) -> impl Iterator<Item = KeyValue<'a>> {
        self.footer.custom_metadata().into_iter().flatten()
    }
}
