//! The header of a SequenceFile.
//!
//! | bytes | part |
//! | --- | --- |
//! | `53 45 51` + 1 | `SEQ`, version |
//! | Text, Text | class of keys, class of values |
//! | 1, 1 | whether values are compressed, whether blocks are |
//! | Text | class of the codec, if compressed, from version 5; in version 4 it is DefaultCodec |
//! | int + n × (Text, Text) | metadata, from version 6 |
//! | 16 | sync marker |
//!
//! Older versions spell class names in another way. HBase has always run on a Hadoop that writes
//! version 6. Source: Hadoop 3.3.6 `io/SequenceFile.java`, `Reader.init`, which reads all of them.

use tsdbproof_core::{Error, Kind, Position, quote};

use crate::hbase::codec::Compression;
use crate::hbase::writable::{int, slice, text, vint};

/// What a SequenceFile begins with.
pub(super) const MAGIC: &[u8] = b"SEQ";
/// The versions that are read.
const VERSIONS: std::ops::RangeInclusive<u8> = 4..=6;
/// The class of keys.
const KEY: &[u8] = b"org.apache.hadoop.hbase.io.ImmutableBytesWritable";
/// The class of values.
pub(super) const VALUE: &[u8] = b"org.apache.hadoop.hbase.client.Result";
/// The longest name of a class.
const NAME_BYTES: usize = 1 << 10;
/// The longest header; Export's have no metadata and are some 200 bytes long.
const HEADER_BYTES: usize = 1 << 20;

/// The bytes that stand before records now and then, to be found by them.
pub(super) type Sync = [u8; 16];

/// A header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    /// Its own size.
    pub(super) size: usize,
    pub(super) compression: Compression,
    /// Whether records stand in blocks.
    pub(super) is_blocked: bool,
    pub(super) sync: Sync,
}

impl Header {
    /// Reads a header; `None` if there are too few bytes.
    ///
    /// Errors: `Unsupported` for classes and versions that nothing here reads, `Malformed` for what
    /// is no header.
    pub(super) fn read(bytes: &[u8]) -> Result<Option<Header>, Error> {
        let bytes = bytes.get(..HEADER_BYTES).unwrap_or(bytes);
        match parse(bytes) {
            Ok(header) => Ok(Some(header)),
            Err(Stop::Wrong(error)) => Err(error),
            Err(Stop::Short) if bytes.len() < HEADER_BYTES => Ok(None),
            Err(Stop::Short) => {
                Err(malformed(format!("found no end of it in {HEADER_BYTES} bytes")))
            }
        }
    }
}

/// Why there is no header.
enum Stop {
    /// There may be one, if more bytes follow.
    Short,
    Wrong(Error),
}

fn parse(bytes: &[u8]) -> Result<Header, Stop> {
    let mut rest = bytes;
    let version = parse_version(&mut rest)?;
    let classes = (name(&mut rest)?, name(&mut rest)?);
    if classes != (KEY, VALUE) {
        return Err(Stop::Wrong(unsupported_classes(classes)));
    }
    let (is_compressed, is_blocked) = match (byte(&mut rest)?, byte(&mut rest)?) {
        (0, 0) => (false, false),
        (1, 0) => (true, false),
        (1, 1) => (true, true),
        (a, b) => {
            let what = format!("found {a} and {b} where 0 or 1 tell of compression");
            return Err(Stop::Wrong(malformed(what)));
        }
    };
    let compression = match is_compressed {
        false => Compression::None,
        true if version < 5 => Compression::Zlib,
        true => codec(name(&mut rest)?)?,
    };
    if version >= 6 {
        pass_metadata(&mut rest)?;
    }
    let sync = slice(&mut rest, size_of::<Sync>()).and_then(<[u8]>::first_chunk);
    let sync = *sync.ok_or(Stop::Short)?;
    Ok(Header { size: bytes.len() - rest.len(), compression, is_blocked, sync })
}

fn parse_version(rest: &mut &[u8]) -> Result<u8, Stop> {
    let magic = slice(rest, MAGIC.len()).ok_or(Stop::Short)?;
    if magic != MAGIC {
        let what = format!("found {}, expected {}", quote(magic), quote(MAGIC));
        return Err(Stop::Wrong(malformed(what)));
    }
    let version = byte(rest)?;
    if !VERSIONS.contains(&version) {
        return Err(Stop::Wrong(unsupported_version(version)));
    }
    Ok(version)
}

/// Takes the name of a class.
fn name<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], Stop> {
    let length = vint(rest).ok_or(Stop::Short)?;
    match usize::try_from(length) {
        Ok(length @ ..=NAME_BYTES) => slice(rest, length).ok_or(Stop::Short),
        _ => Err(Stop::Wrong(malformed(format!("found the name of a class of {length} bytes")))),
    }
}

fn codec(class: &[u8]) -> Result<Compression, Stop> {
    let known = str::from_utf8(class).ok().and_then(Compression::of_class);
    known.ok_or_else(|| Stop::Wrong(unsupported_codec(class)))
}

/// Metadata says nothing of cells.
fn pass_metadata(rest: &mut &[u8]) -> Result<(), Stop> {
    let count = int(rest).ok_or(Stop::Short)?;
    if count < 0 {
        return Err(Stop::Wrong(malformed(format!("found {count} words of metadata"))));
    }
    for _ in 0..count {
        text(rest).ok_or(Stop::Short)?;
        text(rest).ok_or(Stop::Short)?;
    }
    Ok(())
}

fn byte(rest: &mut &[u8]) -> Result<u8, Stop> {
    let (byte, behind) = rest.split_first().ok_or(Stop::Short)?;
    *rest = behind;
    Ok(*byte)
}

fn error(kind: Kind, what: String) -> Error {
    Error::new(kind, what).at(Position::Byte(0))
}

fn malformed(what: String) -> Error {
    error(Kind::Malformed, format!("the header of a SequenceFile is broken: {what}"))
        .help("nothing behind it can be read; take another copy of this file")
}

fn unsupported_version(version: u8) -> Error {
    let (first, last) = (VERSIONS.start(), VERSIONS.end());
    let what = format!(
        "a SequenceFile of a version that is not read; found {version}, expected {first} to {last}"
    );
    error(Kind::Unsupported, what).help("copy it with a Hadoop of today, which writes version 6")
}

fn unsupported_classes((key, value): (&[u8], &[u8])) -> Error {
    let what = format!(
        "a SequenceFile of other things than rows of HBase; found keys {} and values {}, expected {} and {}",
        quote(key),
        quote(value),
        quote(KEY),
        quote(VALUE),
    );
    error(Kind::Unsupported, what).help("give the part files that HBase's Export wrote")
}

fn unsupported_codec(class: &[u8]) -> Error {
    let codecs = "DefaultCodec, GzipCodec, BZip2Codec, SnappyCodec, Lz4Codec or ZStandardCodec";
    let what = format!(
        "a SequenceFile of a codec that is not read; found {}, expected {codecs}",
        quote(class)
    );
    let help = "export the table anew with -Dmapreduce.output.fileoutputformat.compress.codec=org.apache.hadoop.io.compress.DefaultCodec";
    error(Kind::Unsupported, what).help(help)
}
