//! The body of a batch: buffers, which may be compressed, as columns.

use std::{io::Read, ops::Range, sync::Arc};

use arrow_buffer::Buffer;
use arrow_ipc::{BodyCompressionMethod, CompressionType, RecordBatch};
use lz4_flex::frame::FrameDecoder;

use super::Flaw;
use super::dictionaries::Dictionaries;
use super::fields::Field;
use crate::Limits;
use crate::decompress::ZstdBuffers;
use crate::tables::array::{Array, Bits};

/// What a message says of the body behind it, checked against nothing but itself.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) rows: usize,
    /// Rows and nulls of each column, the children's behind their own.
    nodes: Vec<(usize, usize)>,
    /// Where each buffer lies in the body.
    buffers: Vec<Range<usize>>,
    /// How many buffers with text columns of views have, one after the other.
    more_buffers: Vec<usize>,
    codec: Codec,
}

/// How each buffer of a body is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Codec {
    Plain,
    Lz4,
    Zstd,
}

/// In place of a buffer's size: its bytes are not compressed.
const PLAIN: i64 = -1;
/// Bytes behind the last buffer at the most: they may be aligned to so many.
const PADDING_BYTES: usize = 64;
/// Bytes that one byte of LZ4 gives at the most, as room to begin with.
const LZ4_RATIO: usize = 255;

fn size(claimed: i64) -> Result<usize, Flaw> {
    usize::try_from(claimed).map_err(|_| "a size below zero, or beyond this machine's")
}

impl Layout {
    /// The layout that a message tells of a body of this size.
    pub(super) fn read(batch: RecordBatch<'_>, body_bytes: usize) -> Result<Self, Flaw> {
        let codec = match batch.compression() {
            None => Codec::Plain,
            Some(it) if it.method() != BodyCompressionMethod::BUFFER => {
                return Err("a body of an unknown compression");
            }
            Some(it) => match it.codec() {
                CompressionType::LZ4_FRAME => Codec::Lz4,
                CompressionType::ZSTD => Codec::Zstd,
                _ => return Err("a body of an unknown compression"),
            },
        };
        let buffers = buffers_of(batch, body_bytes)?;
        // A body that is longer may have taken the messages behind it.
        let end = buffers.iter().map(|range| range.end).max().unwrap_or(0);
        if body_bytes - end > PADDING_BYTES {
            return Err("a body that is longer than its buffers");
        }
        let nodes = batch.nodes().into_iter().flatten();
        let nodes = nodes.map(|node| Ok((size(node.length())?, size(node.null_count())?)));
        let more = batch.variadicBufferCounts().into_iter().flatten().map(size);
        Ok(Layout {
            rows: size(batch.length())?,
            nodes: nodes.collect::<Result<_, Flaw>>()?,
            buffers,
            more_buffers: more.collect::<Result<_, Flaw>>()?,
            codec,
        })
    }
}

/// Where the buffers lie, all of them within the body.
fn buffers_of(batch: RecordBatch<'_>, body_bytes: usize) -> Result<Vec<Range<usize>>, Flaw> {
    let buffers = batch.buffers().into_iter().flatten().map(|buffer| {
        let start = size(buffer.offset())?;
        let end = start.checked_add(size(buffer.length())?).filter(|end| *end <= body_bytes);
        Ok(start..end.ok_or("a buffer outside of its body")?)
    });
    buffers.collect()
}

/// Takes the columns out of a body, one after the other.
pub(super) struct Body<'a> {
    bytes: Buffer,
    codec: Codec,
    nodes: std::slice::Iter<'a, (usize, usize)>,
    buffers: std::slice::Iter<'a, Range<usize>>,
    more_buffers: std::slice::Iter<'a, usize>,
    /// Bytes that unpacked buffers may still take.
    room: usize,
    zstd: ZstdBuffers,
    dictionaries: &'a Dictionaries,
}

impl<'a> Body<'a> {
    pub(super) fn new(
        layout: &'a Layout,
        bytes: Vec<u8>,
        limits: &Limits,
        dictionaries: &'a Dictionaries,
    ) -> Self {
        Body {
            bytes: bytes.into(),
            codec: layout.codec,
            nodes: layout.nodes.iter(),
            buffers: layout.buffers.iter(),
            more_buffers: layout.more_buffers.iter(),
            room: limits.batch_bytes,
            zstd: ZstdBuffers::new(limits),
            dictionaries,
        }
    }

    /// The next column. Its buffers are as long as its rows need.
    pub(super) fn column(&mut self, field: &Field) -> Result<Array, Flaw> {
        let array = self.array(field)?;
        array.check().map_err(|_| "a column that is shorter than its rows need")?;
        Ok(array)
    }

    fn array(&mut self, field: &Field) -> Result<Array, Flaw> {
        let (length, nulls) = *self.nodes.next().ok_or("a batch that lacks columns")?;
        let validity = match field.layout.has_validity {
            true => self.validity(length, nulls)?,
            false => None,
        };
        let mut buffers = Vec::new();
        for _ in 0..self.count_of(field)? {
            buffers.push(self.buffer()?);
        }
        let children = field.children.iter().map(|child| self.array(child));
        let children = children.collect::<Result<_, _>>()?;
        let dictionary = field
            .dictionary
            .as_ref()
            .and_then(|(id, _)| self.dictionaries.get(*id).map(Arc::clone));
        Ok(Array { kind: field.kind.clone(), length, validity, buffers, children, dictionary })
    }

    /// Passes over the next column, which may hold what is not understood.
    pub(super) fn pass(&mut self, field: &Field) -> Result<(), Flaw> {
        self.nodes.next().ok_or("a batch that lacks columns")?;
        let buffers = self.count_of(field)? + usize::from(field.layout.has_validity);
        for _ in 0..buffers {
            self.buffers.next().ok_or("a batch that lacks buffers")?;
        }
        field.children.iter().try_for_each(|child| self.pass(child))
    }

    /// Holds that no column is left.
    pub(super) fn end(mut self) -> Result<(), Flaw> {
        match (self.nodes.next(), self.buffers.next(), self.more_buffers.next()) {
            (None, None, None) => Ok(()),
            _ => Err("a batch that has more than its columns"),
        }
    }

    fn count_of(&mut self, field: &Field) -> Result<usize, Flaw> {
        let more = match field.layout.has_more {
            true => *self.more_buffers.next().ok_or("a batch that lacks counts of buffers")?,
            false => 0,
        };
        // There can't be more than the layout has, which were counted when it was read.
        field.layout.buffers.checked_add(more).ok_or("a batch of too many buffers")
    }

    fn validity(&mut self, length: usize, nulls: usize) -> Result<Option<Bits>, Flaw> {
        let buffer = self.buffer()?;
        if buffer.is_empty() {
            return if nulls == 0 { Ok(None) } else { Err("a column that lacks its nulls") };
        }
        if buffer.len() < length.div_ceil(8) {
            return Err("a column that is shorter than its rows need");
        }
        let set = buffer.count_set_bits_offset(0, length);
        match length.checked_sub(set) == Some(nulls) {
            true => Ok((nulls > 0).then_some(Bits { buffer, first: 0 })),
            false => Err("a column with more or fewer nulls than it tells"),
        }
    }

    fn buffer(&mut self) -> Result<Buffer, Flaw> {
        let range = self.buffers.next().ok_or("a batch that lacks buffers")?;
        let bytes = self.bytes.slice_with_length(range.start, range.len());
        if self.codec == Codec::Plain || bytes.is_empty() {
            return Ok(bytes);
        }
        let (claimed, packed) = bytes.split_first_chunk().ok_or("a buffer without its size")?;
        let claimed = i64::from_le_bytes(*claimed);
        if claimed == PLAIN {
            return Ok(bytes.slice(size_of::<i64>()));
        }
        let claimed = size(claimed)?;
        self.room = self.room.checked_sub(claimed).ok_or(super::TOO_LARGE)?;
        let unpacked = match self.codec {
            Codec::Lz4 => lz4(packed, claimed)?,
            _ => self.zstd(packed, claimed)?,
        };
        match unpacked.len() == claimed {
            true => Ok(unpacked.into()),
            false => Err("a buffer that unpacks to less than it tells"),
        }
    }

    fn zstd(&mut self, packed: &[u8], claimed: usize) -> Result<Vec<u8>, Flaw> {
        let mut bytes = Vec::new();
        self.zstd.unpack(packed, claimed, &mut bytes).map_err(|_| "a zstd frame that is broken")?;
        Ok(bytes)
    }
}

/// The content of a frame, and at the most one byte more than is claimed.
fn lz4(packed: &[u8], claimed: usize) -> Result<Vec<u8>, Flaw> {
    const BROKEN: Flaw = "an LZ4 frame that is broken";
    let mut bytes = Vec::with_capacity(claimed.min(packed.len().saturating_mul(LZ4_RATIO)));
    let mut frame = FrameDecoder::new(packed);
    let limit = claimed as u64 + 1;
    frame.by_ref().take(limit).read_to_end(&mut bytes).map_err(|_| BROKEN)?;
    if frame.get_ref().is_empty() { Ok(bytes) } else { Err(BROKEN) }
}
