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
//! Older versions spell class names in another way, and HBase never wrote them.
//! Source: Hadoop 3.3.6 `io/SequenceFile.java`, `Reader.init`; Hadoop 0.20 for versions 4 and 5.

use tsdbproof_core::{Error, Kind, Position, quote};

use super::writable::{count, slice, text};
use crate::hbase::codec::Compression;

/// What a SequenceFile begins with.
pub(super) const MAGIC: &[u8] = b"SEQ";
/// The versions that are read.
const VERSIONS: std::ops::RangeInclusive<u8> = 4..=6;
/// The class of keys.
const KEY: &[u8] = b"org.apache.hadoop.hbase.io.ImmutableBytesWritable";
/// The class of values.
pub(super) const VALUE: &[u8] = b"org.apache.hadoop.hbase.client.Result";
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
        let mut rest = bytes;
        let header = (|| {
            let magic = slice(&mut rest, MAGIC.len())?;
            if magic != MAGIC {
                let found = quote(magic);
                return Some(malformed(format!(
                    "no SequenceFile; found {found}, expected \"SEQ\""
                )));
            }
            let version = byte(&mut rest)?;
            if !VERSIONS.contains(&version) {
                return Some(Err(unsupported_version(version)));
            }
            let classes = (text(&mut rest)?, text(&mut rest)?);
            if classes != (KEY, VALUE) {
                return Some(Err(unsupported_classes(classes)));
            }
            read_behind_classes(version, bytes.len(), rest)
        })();
        match header {
            None if bytes.len() > HEADER_BYTES => {
                malformed(format!("a header without an end in {HEADER_BYTES} bytes"))
            }
            None => Ok(None),
            Some(header) => header.map(Some),
        }
    }
}

/// Reads what follows on the classes; `length` is that of all bytes, with those before `rest`.
fn read_behind_classes(
    version: u8,
    length: usize,
    mut rest: &[u8],
) -> Option<Result<Header, Error>> {
    let flags = (byte(&mut rest)?, byte(&mut rest)?);
    let (is_compressed, is_blocked) = match flags {
        (0, 0) => (false, false),
        (1, 0) => (true, false),
        (1, 1) => (true, true),
        (a, b) => {
            let what = format!("found {a} and {b} where 0 or 1 tell of compression");
            return Some(malformed(what));
        }
    };
    let compression = match is_compressed {
        false => Compression::None,
        true if version < 5 => Compression::Zlib,
        true => {
            let class = text(&mut rest)?;
            match str::from_utf8(class).ok().and_then(Compression::of_class) {
                Some(compression) => compression,
                None => return Some(Err(unsupported_codec(class))),
            }
        }
    };
    if version >= 6 {
        for _ in 0..count(&mut rest)? {
            text(&mut rest)?;
            text(&mut rest)?;
        }
    }
    let sync = *slice(&mut rest, size_of::<Sync>())?.first_chunk()?;
    Some(Ok(Header { size: length - rest.len(), compression, is_blocked, sync }))
}

fn byte(bytes: &mut &[u8]) -> Option<u8> {
    let (byte, rest) = bytes.split_first()?;
    *bytes = rest;
    Some(*byte)
}

fn error(kind: Kind, what: String) -> Error {
    Error::new(kind, what).at(Position::Byte(0))
}

fn malformed<T>(what: String) -> Result<T, Error> {
    let error = error(Kind::Malformed, format!("the header of a SequenceFile is broken: {what}"));
    Err(error.help("nothing behind it can be read; take another copy of this file"))
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
