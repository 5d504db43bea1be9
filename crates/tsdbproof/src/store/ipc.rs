//! Arrow's framing of a file that we write: messages and the footer.
//!
//! | bytes | |
//! | --- | --- |
//! | `ARROW1`, two zeros | |
//! | message: schema | ff ff ff ff, u32 length, flatbuffer padded to 8 bytes |
//! | messages: batches | the same, then the body: buffers, each padded to 8 bytes |
//! | end of stream | ff ff ff ff 00 00 00 00 |
//! | footer | flatbuffer, u32 length of it, `ARROW1` |
//!
//! Written by the framing that points in Arrow have too, and read by hand, because arrow-ipc's decoder
//! panics on some changed bytes and takes memory before it looks; and more strictly than other
//! tables, for each byte is known.
//! Source: <https://arrow.apache.org/docs/format/Columnar.html>, "Serialization".

use std::{collections::BTreeMap, ops::Range};

use arrow_ipc::{
    BodyCompressionMethod, CompressionType, Footer, KeyValue, Message, convert::try_fb_to_schema,
    root_as_footer, root_as_message,
};
use arrow_schema::Schema;
use tsdbproof_formats::arrow::block;
pub(super) use tsdbproof_formats::arrow::{
    CONTINUATION, END_OF_STREAM, HEAD, Layout, Place, batch_message, footer, schema_message,
    trailer,
};

/// Bytes behind the footer: its length, `ARROW1`.
const TRAILER: usize = 4 + 6;

/// A sound file that is none of ours, in a few words.
pub(super) type Flaw = &'static str;

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
        layout.nodes.push((rows, size(node.null_count())?));
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
