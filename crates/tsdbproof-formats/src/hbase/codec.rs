//! The codecs of Hadoop's containers, over buffers that are there as a whole.
//!
//! | codec | what a buffer holds |
//! | --- | --- |
//! | Default, Deflate | zlib streams, one behind the other |
//! | Gzip, BZip2 | members, one behind the other |
//! | Snappy, LZ4 | Hadoop's blocks ([`framing`]) of raw Snappy or raw LZ4 |
//! | ZStandard | frames, one behind the other, as Hadoop writes them; or Hadoop's blocks of frames, as HBase's own codecs write them |
//!
//! A buffer of Hadoop's usually holds one of each. Source: Hadoop 3.3.6 `io/compress/*Codec.java`,
//! `DecompressorStream.java`, `BlockDecompressorStream.java`.

mod framing;
mod streams;
#[cfg(test)]
mod tests;

use self::framing::Chunks;
use self::streams::Streams;
use crate::Limits;
use crate::decompress::ZstdBuffers;

/// How the buffers of a container are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compression {
    /// Not at all.
    None,
    /// zlib: Hadoop's default.
    Zlib,
    /// gzip.
    Gzip,
    /// bzip2.
    Bzip2,
    /// Raw Snappy in Hadoop's blocks.
    Snappy,
    /// Raw LZ4 in Hadoop's blocks.
    Lz4,
    /// Zstandard, in Hadoop's blocks or not.
    Zstd,
}

impl Compression {
    /// The compression of a codec's class, by its last name: packages have moved.
    pub(crate) fn of_class(class: &str) -> Option<Self> {
        let name = class.rsplit('.').next().filter(|_| class.starts_with("org.apache.hadoop."))?;
        Some(match name {
            "DefaultCodec" | "DeflateCodec" => Compression::Zlib,
            "GzipCodec" | "ReusableStreamGzipCodec" => Compression::Gzip,
            "BZip2Codec" => Compression::Bzip2,
            "SnappyCodec" => Compression::Snappy,
            "Lz4Codec" => Compression::Lz4,
            "ZStandardCodec" | "ZstdCodec" => Compression::Zstd,
            _ => return None,
        })
    }
}

/// Unpacks the buffers of a container, one after the other.
pub(crate) struct Unpacker {
    compression: Compression,
    streams: Streams,
    zstd: ZstdBuffers,
    is_protected: bool,
}

impl Unpacker {
    pub(crate) fn new(compression: Compression, limits: &Limits) -> Self {
        use Compression::{Bzip2, Gzip, Zlib, Zstd};
        Unpacker {
            compression,
            streams: Streams::default(),
            zstd: ZstdBuffers::new(limits),
            is_protected: matches!(compression, Zlib | Gzip | Bzip2 | Zstd),
        }
    }

    /// Whether a checksum stood behind all that was unpacked so far. Frames of zstd may do without.
    pub(crate) fn is_protected(&self) -> bool {
        self.is_protected
    }

    /// Replaces what `out` holds by what a buffer holds.
    ///
    /// Memory grows with what is really there: a size that a buffer claims takes none. `out` has
    /// `limit_bytes` at the most, and a little more capacity.
    /// Errors: what is wrong, or that it is more than `limit_bytes`; `out` is then of no use.
    pub(crate) fn unpack(
        &mut self,
        packed: &[u8],
        limit_bytes: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), String> {
        out.clear();
        match self.compression {
            Compression::None if packed.len() > limit_bytes => Err(too_long(limit_bytes)),
            Compression::None => {
                out.extend_from_slice(packed);
                Ok(())
            }
            Compression::Zlib => self.streams.zlib(packed, limit_bytes, out),
            Compression::Gzip => self.streams.gzip(packed, limit_bytes, out),
            Compression::Bzip2 => self.streams.bzip2(packed, limit_bytes, out),
            Compression::Snappy => framing::unpack(packed, limit_bytes, out, framing::snappy),
            Compression::Lz4 => framing::unpack(packed, limit_bytes, out, framing::lz4),
            Compression::Zstd => self.zstd(packed, limit_bytes, out),
        }
    }

    fn zstd(&mut self, packed: &[u8], limit_bytes: usize, out: &mut Vec<u8>) -> Result<(), String> {
        // As the size of a block, what begins a frame would be 640 MiB or more.
        if ZstdBuffers::begins_frame(packed) {
            self.is_protected &= self.zstd.unpack(packed, limit_bytes, out)?;
            return Ok(());
        }
        let mut frames = Vec::new();
        framing::unpack(packed, limit_bytes, out, |chunk: &[u8], out: &mut Chunks<'_>| {
            frames.clear();
            self.is_protected &= self.zstd.unpack(chunk, out.room(), &mut frames)?;
            out.push(&frames);
            Ok(())
        })
    }
}

fn too_long(limit_bytes: usize) -> String {
    format!("more than {limit_bytes} bytes come out")
}
