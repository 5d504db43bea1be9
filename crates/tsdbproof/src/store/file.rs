//! A file that we write: an Arrow IPC file that proves itself.
//!
//! `tsdbproof.sha256` in its footer is the SHA-256 of the whole file in which those 64 digits are read as
//! zeros, so that no changed byte that matters goes unseen:
//!
//! ```python
//! hashlib.sha256(data.replace(digits, b"0" * 64)).hexdigest() == digits.decode()
//! ```

use std::{
    collections::{BTreeMap, HashMap},
    io::Write,
    ops::Range,
};

use arrow_schema::Schema;
use sha2::{Digest, Sha256};
use tsdbproof_core::{Error, Kind, Position, Series, Tags, digest::Hash};
use tsdbproof_formats::arrow::lz4;

use super::{
    column::{self, Column},
    ipc,
};

/// The key that tells what of ours a file is, in the metadata of the schema.
pub(super) const KEY: &str = "tsdbproof";
/// The version of what it is, in the metadata of the schema and of the footer.
pub(super) const VERSION_KEY: &str = "tsdbproof.version";
/// The SHA-256 of the whole file, in which the 64 digits of this value are read as zeros.
pub(super) const SHA256_KEY: &str = "tsdbproof.sha256";
/// What stands for the digest while it is computed.
pub(super) const SHA256_BLANK: [u8; 64] = [b'0'; 64];

/// The tail's part of the memory: it is parsed in place, but grows by doubling.
const TAIL_SHARE: u64 = 4;

/// What of ours a file that begins so is, of whatever version; `None` for all others.
pub(super) fn what(head: &[u8]) -> Option<String> {
    head.strip_prefix(&ipc::HEAD)
        .and_then(|rest| rest.strip_prefix(&ipc::CONTINUATION))
        .and_then(|rest| rest.split_first_chunk())
        .and_then(|(length, rest)| rest.get(..u32::from_le_bytes(*length) as usize))
        .and_then(|message| ipc::read_schema(message).ok())
        .and_then(|schema| schema.metadata().get(KEY).cloned())
}

/// A file of ours that is not what was written; `noun` says which it is.
pub(super) fn damaged(noun: &str, what: impl Into<String>) -> Error {
    let help = format!("the {noun} was changed or damaged after it was written; take another copy");
    Error::new(Kind::Malformed, what).help(help)
}

/// Text of an input, escaped, and cut where it is long.
pub(super) fn shown(text: &str) -> String {
    const LONGEST: usize = 64;
    let escaped: String = text.escape_debug().take(LONGEST + 1).collect();
    match escaped.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("\"{}\"…", escaped.get(..end).unwrap_or_default()),
        None => format!("\"{escaped}\""),
    }
}

/// Whether these tags are their own canonical text. A key that stands twice is: HBase can hold it.
pub(super) fn is_canonical(tags: &Tags) -> bool {
    if is_plainly_canonical(tags.as_str()) {
        return true;
    }
    let pairs = tags.pairs();
    let texts = pairs.iter().map(|(key, value)| Tags::new([(key.as_str(), value.as_str())]));
    let texts: Result<Vec<Tags>, _> = texts.collect();
    let Ok(texts) = texts else { return false };
    let texts: Vec<&str> = texts.iter().map(Tags::as_str).collect();
    pairs.is_sorted() && texts.join(",") == tags.as_str()
}

/// The same of tags in which nothing is escaped, without taking memory: there may be millions.
fn is_plainly_canonical(text: &str) -> bool {
    let mut last = ("", "");
    !text.contains(['\\', '{', '}'])
        && text.split(',').all(|pair| {
            let Some((key, value)) = pair.split_once('=') else { return false };
            let ascends = last <= (key, value);
            last = (key, value);
            ascends && !key.is_empty() && !value.is_empty() && !value.contains('=')
        })
}

/// Writes a file batch by batch. Memory is 24 bytes for each batch written.
pub(super) struct FileWriter<W: Write> {
    out: Hashed<W>,
    schema: Schema,
    batches: Vec<ipc::Place>,
}

impl<W: Write> FileWriter<W> {
    /// Begins a file of this schema.
    pub(super) fn new(out: W, schema: Schema) -> Result<Self, Error> {
        let mut out = Hashed { out, hash: Sha256::new(), bytes: 0 };
        out.write(&ipc::HEAD)?;
        out.write(&ipc::schema_message(&schema))?;
        Ok(FileWriter { out, schema, batches: Vec::new() })
    }

    /// Writes a batch of so many rows, whose columns are those of the schema.
    pub(super) fn batch<'a>(
        &mut self,
        rows: usize,
        columns: impl Iterator<Item = &'a mut Column>,
    ) -> Result<(), Error> {
        let mut layout = ipc::Layout { rows, ..ipc::Layout::default() };
        let mut body = Vec::new();
        for column in columns {
            layout.nodes.push((rows, column.nulls));
            column.buffers().for_each(|buffer| layout.add(buffer, lz4::pack, &mut body));
        }
        let message = ipc::batch_message(&layout);
        self.batches.push((self.out.bytes, message.len(), body.len()));
        self.out.write(&message)?;
        self.out.write(&body)
    }

    /// Writes the footer with this metadata, in which [`SHA256_KEY`] is blank, and gives the output back.
    pub(super) fn finish(mut self, metadata: HashMap<String, String>) -> Result<W, Error> {
        self.out.write(&ipc::END_OF_STREAM)?;
        let mut tail = ipc::footer(&self.schema, &self.batches, metadata.into());
        tail.extend(ipc::trailer(&tail));
        self.out.finish(tail)
    }
}

/// An output with the SHA-256 of what was written.
struct Hashed<W> {
    out: W,
    hash: Sha256,
    bytes: u64,
}

impl<W: Write> Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.hash.update(bytes);
        self.bytes += bytes.len() as u64;
        Ok(self.out.write_all(bytes)?)
    }

    /// Writes the tail with the digest of the file in its place, which is still blank.
    fn finish(mut self, mut tail: Vec<u8>) -> Result<W, Error> {
        let place = ipc::Tail::read(&tail).ok().and_then(|tail| tail.place_of(SHA256_KEY));
        self.hash.update(&tail);
        let digits = Hash(self.hash.finalize().into()).to_string();
        let slot = place.and_then(|place| tail.get_mut(place));
        let slot = slot.filter(|slot| slot.len() == digits.len());
        let slot = slot.ok_or_else(|| Error::new(Kind::Limit, "a footer too large to be read"))?;
        slot.copy_from_slice(digits.as_bytes());
        self.out.write_all(&tail)?;
        self.out.flush()?;
        Ok(self.out)
    }
}

/// Takes the rows of a file, in their order.
pub(crate) type Rows<'a, R> = dyn FnMut(&Series, R) -> Result<(), Error> + 'a;

/// What stands in a file between its frame.
pub(crate) trait Content: Sized {
    /// What it is called.
    const NOUN: &'static str;
    /// What a row tells of its series.
    type Row;
    /// What the footer says beside the rows.
    type Meta;

    /// Begins with a schema, if it is one of these files.
    fn open(schema: &Schema) -> Result<Self, Error>;
    /// The columns of a batch, in the order of the schema.
    fn columns(&mut self) -> impl Iterator<Item = &mut Column>;
    /// Takes the rows that stand in the columns.
    fn batch(&mut self, rows: usize, sink: &mut Rows<'_, Self::Row>) -> Result<(), Error>;
    /// Holds the footer's metadata against the rows.
    fn end(self, metadata: &BTreeMap<&str, &str>) -> Result<Self::Meta, Error>;
}

/// Reads a file pushed in pieces, and believes nothing in it.
///
/// Memory is one batch and the tail. What rows say is proven only when `finish` is done; until then they
/// are a claim.
#[derive(Debug)]
pub(crate) struct FileReader<C> {
    memory_bytes: u64,
    part: Part,
    /// The part so far, and how many bytes it has in all.
    bytes: Vec<u8>,
    part_bytes: usize,
    /// Where the part begins.
    at: u64,
    hash: Sha256,
    content: Option<(Schema, C)>,
    batches: Vec<ipc::Place>,
}

/// What the next bytes are.
#[derive(Debug)]
enum Part {
    Head,
    Prefix,
    /// A flatbuffer: the schema, then one for each batch.
    Message,
    Body(ipc::Layout),
    /// All that is left.
    Tail,
}

impl<C: Content> FileReader<C> {
    /// A reader that takes no more memory than this for what a file claims.
    pub(crate) fn new(memory_bytes: u64) -> Self {
        FileReader {
            memory_bytes,
            part: Part::Head,
            bytes: Vec::new(),
            part_bytes: ipc::HEAD.len(),
            at: 0,
            hash: Sha256::new(),
            content: None,
            batches: Vec::new(),
        }
    }

    /// Takes the next bytes; rows go out as their batch is complete.
    pub(crate) fn push(&mut self, bytes: &[u8], rows: &mut Rows<'_, C::Row>) -> Result<(), Error> {
        let mut rest = bytes;
        while !matches!(self.part, Part::Tail) {
            let missing = self.part_bytes.saturating_sub(self.bytes.len());
            let (bytes, behind) = rest.split_at(missing.min(rest.len()));
            self.bytes.extend_from_slice(bytes);
            rest = behind;
            if bytes.len() < missing {
                return Ok(());
            }
            self.end_part(rows).map_err(|error| error.at(Position::Byte(self.at)))?;
        }
        let room = (self.memory_bytes / TAIL_SHARE).saturating_sub(self.bytes.len() as u64);
        if rest.len() as u64 > room {
            let what = "digests of files behind the rows take more than a quarter of the memory";
            return Err(limit(what.to_owned()).at(Position::Byte(self.at)));
        }
        self.bytes.extend_from_slice(rest);
        Ok(())
    }

    fn end_part(&mut self, rows: &mut Rows<'_, C::Row>) -> Result<(), Error> {
        self.hash.update(&self.bytes);
        let (next, next_bytes) = match std::mem::replace(&mut self.part, Part::Tail) {
            Part::Head if self.bytes == ipc::HEAD => (Part::Prefix, ipc::END_OF_STREAM.len()),
            Part::Head => return Err(broken::<C>("found no ARROW1, expected an Arrow file")),
            Part::Prefix => self.end_prefix()?,
            Part::Message => self.end_message()?,
            Part::Body(layout) => {
                if let Some((_, content)) = &mut self.content {
                    unpack(content, &self.bytes, &layout, self.memory_bytes)?;
                    content.batch(layout.rows, rows)?;
                }
                (Part::Prefix, ipc::END_OF_STREAM.len())
            }
            Part::Tail => (Part::Tail, 0),
        };
        self.at += self.bytes.len() as u64;
        self.bytes.clear();
        (self.part, self.part_bytes) = (next, next_bytes);
        Ok(())
    }

    fn end_prefix(&mut self) -> Result<(Part, usize), Error> {
        if self.bytes == ipc::END_OF_STREAM && self.content.is_some() {
            return Ok((Part::Tail, 0));
        }
        let (mark, length) = self.bytes.split_at(ipc::CONTINUATION.len());
        let length = length.try_into().map_or(0, u32::from_le_bytes);
        if mark != ipc::CONTINUATION || length == 0 {
            return Err(broken::<C>("found no message, expected its first bytes ffffffff"));
        }
        self.check_memory(length.into(), "a message")?;
        Ok((Part::Message, length as usize))
    }

    fn end_message(&mut self) -> Result<(Part, usize), Error> {
        if self.content.is_none() {
            let schema = ipc::read_schema(&self.bytes).map_err(broken::<C>)?;
            let content = C::open(&schema)?;
            self.content = Some((schema, content));
            return Ok((Part::Prefix, ipc::END_OF_STREAM.len()));
        }
        let layout = ipc::read_batch(&self.bytes).map_err(broken::<C>)?;
        self.check_memory(layout.body_bytes as u64, "a batch of rows")?;
        if layout.rows == 0 {
            return Err(broken::<C>("a batch without rows"));
        }
        // The footer repeats the places of all batches, so they may take as much as the tail.
        let places_bytes = size_of::<ipc::Place>() * (self.batches.len() + 1);
        let claimed_bytes = (places_bytes as u64).saturating_mul(TAIL_SHARE);
        self.check_memory(claimed_bytes, "the list of batches")?;
        let prefix_bytes = ipc::END_OF_STREAM.len();
        let place = self.at.saturating_sub(prefix_bytes as u64);
        self.batches.push((place, prefix_bytes + self.bytes.len(), layout.body_bytes));
        let body_bytes = layout.body_bytes;
        Ok((Part::Body(layout), body_bytes))
    }

    fn check_memory(&self, claimed_bytes: u64, what: &str) -> Result<(), Error> {
        check_memory(claimed_bytes, self.memory_bytes, what)
    }

    /// The bytes are over. Checks the file's SHA-256, its footer, and what the footer says of the rows.
    ///
    /// All rows went out before: a batch is complete as soon as its last byte is there.
    pub(crate) fn finish(mut self) -> Result<C::Meta, Error> {
        let at = Position::Byte(self.at);
        let (Part::Tail, Some((schema, content))) = (&self.part, self.content.take()) else {
            return Err(broken::<C>("the file ends before its rows do").at(at));
        };
        self.end(&schema, content).map_err(|error| error.at(at))
    }

    fn end(self, schema: &Schema, content: C) -> Result<C::Meta, Error> {
        let FileReader { bytes: tail, mut hash, batches, .. } = self;
        let read = ipc::Tail::read(&tail).map_err(broken::<C>)?;
        let metadata = read.metadata().ok_or_else(|| broken::<C>("a footer with a key twice"))?;
        let place = read.place_of(SHA256_KEY).filter(|place| place.len() == SHA256_BLANK.len());
        let place = place.ok_or_else(|| broken::<C>(format!("no {SHA256_KEY} in the footer")))?;
        hash.update(tail.get(..place.start).unwrap_or_default());
        hash.update(SHA256_BLANK);
        hash.update(tail.get(place.end..).unwrap_or_default());
        let found = Hash(hash.finalize().into()).to_string();
        let expected = metadata.get(SHA256_KEY).copied().unwrap_or_default();
        if found != expected {
            let expected = shown(expected);
            return Err(broken::<C>(format!(
                "SHA-256 of the file; found {found}, expected {expected}"
            )));
        }
        if !read.shows(schema, &batches) {
            return Err(broken::<C>("the footer shows other rows than stand in the file"));
        }
        content.end(&metadata)
    }
}

fn broken<C: Content>(what: impl Into<String>) -> Error {
    damaged(C::NOUN, what)
}

/// Unpacks a batch into its columns. Memory is taken only after the claims were added up.
fn unpack<C: Content>(
    content: &mut C,
    body: &[u8],
    layout: &ipc::Layout,
    memory_bytes: u64,
) -> Result<(), Error> {
    let packed = |range: &Range<usize>| body.get(range.clone()).unwrap_or_default();
    let mut claimed_bytes = body.len() as u64;
    for range in &layout.buffers {
        let claimed = lz4::claimed_bytes(packed(range));
        let claimed = claimed.ok_or_else(|| broken::<C>("a column of impossible size"))?;
        claimed_bytes = claimed_bytes.saturating_add(claimed);
    }
    check_memory(claimed_bytes, memory_bytes, "a batch of rows")?;
    let (mut nulls, mut buffers) =
        (layout.nodes.iter().map(|node| node.1), layout.buffers.iter().map(packed));
    for column in content.columns() {
        let nulls = nulls.next().ok_or_else(|| broken::<C>("a batch lacks a column"))?;
        unpack_column(column, layout.rows, nulls, &mut buffers).ok_or_else(|| {
            broken::<C>(format!("column {} of a batch does not unpack to its rows", column.name))
        })?;
    }
    match (nulls.next(), buffers.next()) {
        (None, None) => Ok(()),
        _ => Err(broken::<C>("a batch has more than its columns")),
    }
}

fn unpack_column<'a>(
    column: &mut Column,
    rows: usize,
    nulls: usize,
    packed: &mut impl Iterator<Item = &'a [u8]>,
) -> Option<()> {
    column.nulls = nulls;
    let valid_bytes = if nulls == 0 { 0 } else { rows.div_ceil(8) };
    lz4::unpack(packed.next()?, valid_bytes, &mut column.valid)?;
    let data_bytes = if column.kind == column::Kind::Text {
        let offsets_bytes = rows.checked_add(1)?.checked_mul(4)?;
        lz4::unpack(packed.next()?, offsets_bytes, &mut column.offsets)?;
        // That they ascend shows when each text is taken; here, that they cover the data.
        (column.offset(0)? == 0).then_some(column.offset(rows)?)?
    } else {
        rows.checked_mul(column.kind.width())?
    };
    lz4::unpack(packed.next()?, data_bytes, &mut column.data)?;
    let nulls_fit = nulls == 0
        || column.nullable && (0..rows).filter(|&row| column.is_null(row)).count() == nulls;
    nulls_fit.then_some(())
}

fn check_memory(claimed_bytes: u64, memory_bytes: u64, what: &str) -> Result<(), Error> {
    if claimed_bytes <= memory_bytes {
        return Ok(());
    }
    Err(limit(format!("{what} claims {claimed_bytes} bytes of memory; {memory_bytes} are allowed")))
}

fn limit(what: String) -> Error {
    Error::new(Kind::Limit, what).help("raise --memory")
}

/// Refuses a version that is not the one that is read.
pub(super) fn check_version(noun: &str, read: &str, found: Option<&str>) -> Result<(), Error> {
    match found {
        Some(version) if version == read => Ok(()),
        Some(newer) if newer.parse::<u64>().is_ok_and(|newer| newer > 1) => {
            let what = format!("a {noun} of version {newer}; found by a program for {read}");
            Err(Error::new(Kind::Unsupported, what).help("update tsdbproof"))
        }
        _ => Err(damaged(noun, format!("no version of a {noun}; expected {read}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_canonical_tags_are() {
        for text in ["", "a=1", "a=1,b=2", "a=,b=2", r"a=1,b=x\,y,c\==\{\\\}", "a=1,a=1,a=2"] {
            assert!(is_canonical(&Tags::from_canonical(text)), "{text}");
        }
        for text in [
            "a",
            "b=1,a=1",
            "a=1,",
            ",a=1",
            r"\a=1",
            "a={",
            "a=1,a=0",
            "a=1=2,b=1",
            "a=1=2",
            r"a=1\",
        ] {
            assert!(!is_canonical(&Tags::from_canonical(text)), "{text}");
        }
    }
}
