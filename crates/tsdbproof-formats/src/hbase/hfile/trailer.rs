//! The end of an HFile: where everything else is. Nothing protects its bytes.
//!
//! | bytes | part |
//! | --- | --- |
//! | 8 | magic `TRABLK"$` |
//! | n | length and fields of a message; in versions 2.0 and 2.1 fixed fields |
//! | … | zeros, up to 212 bytes in version 2 and 4096 in version 3 |
//! | 1, 3 | minor and major version |
//!
//! Source: HBase 2.5.10 `io/hfile/FixedFileTrailer.java`, `HFile.proto`.

use tsdbproof_core::{Error, Kind, Position, quote};

use super::input::Input;
use crate::hbase::codec::Compression;
use crate::hbase::protobuf::{self, Fields, Value};

const MAGIC: &[u8; 8] = b"TRABLK\"$";

/// Bytes from the end that hold every trailer.
pub(super) const MAX_BYTES: u64 = 4096;

/// What a trailer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Trailer {
    /// Major and minor.
    pub(super) version: (u32, u32),
    /// Its first byte.
    pub(super) at: u64,
    pub(super) file_info_at: u64,
    pub(super) load_on_open_at: u64,
    pub(super) compression: Compression,
    pub(super) entry_count: u64,
    /// Entries of the root index.
    pub(super) index_count: u32,
    /// Levels of the index.
    pub(super) index_levels: u32,
    /// First bytes of the first and the last block of cells; `None` if there are no cells.
    pub(super) first_data_at: Option<u64>,
    pub(super) last_data_at: Option<u64>,
}

impl Trailer {
    /// Whether blocks have checksums.
    pub(super) fn has_checksums(&self) -> bool {
        self.version > (2, 0)
    }
}

/// The trailer that ends a file of `size` bytes, whose last bytes `tail` is: at least
/// [`MAX_BYTES`], or all.
pub(super) fn parse(tail: &[u8], size: u64) -> Result<Trailer, Error> {
    let (rest, version) = tail.split_last_chunk::<4>().ok_or_else(|| cut(size))?;
    let [minor, major @ ..] = *version;
    let [a, b, c] = major;
    let version = (u32::from_be_bytes([0, a, b, c]), u32::from(minor));
    let trailer_bytes: usize = match version {
        (2, 0..=3) => 212,
        (3, 0..=3) => 4096,
        (major, minor) if looks_like_end(rest) => {
            let what = format!("an HFile of version {major}.{minor}; versions 2.0 to 3.3 are read");
            return Err(unsupported(what).at(Position::Byte(size.saturating_sub(4))));
        }
        _ => return Err(cut(size)),
    };
    let from = tail.len().checked_sub(trailer_bytes).ok_or_else(|| cut(size))?;
    let body = rest.get(from..).and_then(|it| it.strip_prefix(MAGIC)).ok_or_else(|| cut(size))?;
    let at = size.saturating_sub(trailer_bytes as u64);
    let fields = if version < (2, 2) { fixed(body) } else { message(body) };
    let malformed = || Error::new(Kind::Malformed, "a trailer whose fields can't be read");
    let raw = fields.ok_or_else(|| malformed().at(Position::Byte(at)))?;
    raw.check(version, at).map_err(|error| error.at(Position::Byte(at)))
}

/// A file that has not the end of an HFile.
fn cut(size: u64) -> Error {
    Error::new(Kind::Malformed, "no trailer ends the file, as one ends every HFile")
        .at(Position::Byte(size))
        .help("the file was cut, or written to while it was copied: copy it again")
}

/// Whether a trailer stands where one of version 3 would.
fn looks_like_end(rest: &[u8]) -> bool {
    let from = rest.len().saturating_sub(MAX_BYTES as usize - 4);
    rest.get(from..).is_some_and(|rest| rest.starts_with(MAGIC))
}

fn unsupported(what: impl Into<String>) -> Error {
    Error::new(Kind::Unsupported, what)
        .help("rewrite the table by `major_compact` with settings that are read, or use Export")
}

/// The fields as they stand there.
#[derive(Debug, Default)]
struct Raw<'t> {
    file_info_at: u64,
    load_on_open_at: u64,
    entry_count: u64,
    index_count: u64,
    index_levels: u64,
    first_data_at: u64,
    last_data_at: u64,
    comparator: &'t [u8],
    codec: Option<u64>,
    is_encrypted: bool,
}

fn message(mut body: &[u8]) -> Option<Raw<'_>> {
    let mut raw = Raw { index_levels: 1, ..Raw::default() };
    for field in Fields::of(protobuf::delimited(&mut body)?) {
        let field = field.ok()?;
        let slot = match (field.number, field.value) {
            (1, Value::Varint(_)) => &mut raw.file_info_at,
            (2, Value::Varint(_)) => &mut raw.load_on_open_at,
            (5, Value::Varint(_)) => &mut raw.index_count,
            (7, Value::Varint(_)) => &mut raw.entry_count,
            (8, Value::Varint(_)) => &mut raw.index_levels,
            (9, Value::Varint(_)) => &mut raw.first_data_at,
            (10, Value::Varint(_)) => &mut raw.last_data_at,
            (11, Value::Bytes(name)) => {
                raw.comparator = name;
                continue;
            }
            (12, Value::Varint(codec)) => {
                raw.codec = Some(codec);
                continue;
            }
            (13, Value::Bytes(_)) => {
                raw.is_encrypted = true;
                continue;
            }
            (1 | 2 | 5 | 7..=13, _) => return None,
            _ => continue,
        };
        *slot = field.value.varint()?;
    }
    Some(raw)
}

fn fixed(body: &[u8]) -> Option<Raw<'_>> {
    let mut input = Input::new(body);
    let (file_info_at, load_on_open_at) = (input.u64()?, input.u64()?);
    let index_count = input.u32()?.into();
    input.u64()?; // Bytes of the index, unpacked.
    input.u32()?; // Meta blocks.
    input.u64()?; // Bytes of the file, unpacked.
    let entry_count = input.u64()?;
    let codec = Some(input.u32()?.into());
    let index_levels = input.u32()?.into();
    let (first_data_at, last_data_at) = (input.u64()?, input.u64()?);
    let name = input.rest();
    let name_length = name.iter().position(|byte| *byte == 0).unwrap_or(name.len());
    let comparator = name.get(..name_length)?;
    Some(Raw {
        file_info_at,
        load_on_open_at,
        entry_count,
        index_count,
        index_levels,
        first_data_at,
        last_data_at,
        comparator,
        codec,
        is_encrypted: false,
    })
}

impl Raw<'_> {
    fn check(&self, version: (u32, u32), at: u64) -> Result<Trailer, Error> {
        if self.is_encrypted {
            return Err(unsupported("an HFile that is encrypted"));
        }
        let compression = compression(self.codec)?;
        if !is_of_cells(self.comparator) {
            let what = format!("an HFile in the order of {}", quote(self.comparator));
            return Err(unsupported(what));
        }
        let is_in_front = |offset: &u64| *offset < at;
        let offset = |offset: u64| Some(offset).filter(|offset| *offset != u64::MAX);
        let (first_data_at, last_data_at) = (offset(self.first_data_at), offset(self.last_data_at));
        let small = |number: u64| u32::try_from(number).ok();
        let (Some(index_count), Some(index_levels)) =
            (small(self.index_count), small(self.index_levels))
        else {
            return Err(Error::new(Kind::Malformed, "a trailer with an index beyond all sizes"));
        };
        let offsets = [Some(self.file_info_at), Some(self.load_on_open_at)];
        let offsets = offsets.into_iter().chain([first_data_at, last_data_at]);
        if !offsets.flatten().all(|offset| is_in_front(&offset))
            || self.file_info_at < self.load_on_open_at
        {
            return Err(Error::new(Kind::Malformed, "a trailer with places that are behind it")
                .help("the file was cut or joined: copy it again"));
        }
        Ok(Trailer {
            version,
            at,
            file_info_at: self.file_info_at,
            load_on_open_at: self.load_on_open_at,
            compression,
            entry_count: self.entry_count,
            index_count,
            index_levels,
            first_data_at,
            last_data_at,
        })
    }
}

/// The compression of this number (`Compression.Algorithm`).
fn compression(codec: Option<u64>) -> Result<Compression, Error> {
    let name = match codec {
        None | Some(2) => return Ok(Compression::None),
        Some(1) => return Ok(Compression::Gzip),
        Some(3) => return Ok(Compression::Snappy),
        Some(4) => return Ok(Compression::Lz4),
        Some(5) => return Ok(Compression::Bzip2),
        Some(6) => return Ok(Compression::Zstd),
        Some(0) => "LZO",
        Some(7) => "LZMA",
        Some(8) => "BROTLI",
        Some(number) => {
            let what = format!("a trailer with compression {number}, which HBase has not");
            return Err(Error::new(Kind::Malformed, what));
        }
    };
    Err(unsupported(format!("an HFile packed by {name}")))
}

/// Whether this comparator orders cells of tables of users.
fn is_of_cells(comparator: &[u8]) -> bool {
    let known: [&[u8]; 6] = [
        b"org.apache.hadoop.hbase.KeyValue$KVComparator",
        b"org.apache.hadoop.hbase.KeyValue$KeyComparator",
        b"org.apache.hadoop.hbase.CellComparator",
        b"org.apache.hadoop.hbase.CellComparatorImpl",
        b"org.apache.hadoop.hbase.InnerStoreCellComparator",
        b"",
    ];
    known.contains(&comparator)
}
