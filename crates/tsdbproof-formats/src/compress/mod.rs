//! Compressors: bytes are pushed in, packed bytes come out. The same bytes in the same pieces give
//! the same packed bytes: neither a time nor a name of a file stands in them.

mod gzip;
#[cfg(not(target_arch = "wasm32"))]
mod zstd;

use tsdbproof_core::Error;

use crate::decompress::Codec;

/// One open file that is compressed as it is written.
pub trait Compressor: Send {
    /// Takes the next bytes; appends to `out` what is packed of all so far.
    fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), Error>;

    /// The bytes are over: appends the rest, with the checksum of all.
    fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), Error>;
}

/// Endings of names, with their dot.
const ENDINGS: [(&str, Codec); 2] = [(".gz", Codec::Gzip), (".zst", Codec::Zstd)];

impl Codec {
    /// The codec that a file of this name is written in, and the name without its ending.
    pub fn of_name(name: &str) -> (Codec, &str) {
        let inner = |ending: &str| {
            let (inner, end) = name.split_at_checked(name.len().checked_sub(ending.len())?)?;
            end.eq_ignore_ascii_case(ending).then_some(inner)
        };
        let found = ENDINGS.iter().find_map(|(ending, codec)| Some((*codec, inner(ending)?)));
        found.unwrap_or((Codec::Plain, name))
    }

    /// A compressor of this codec. Errors: `Unsupported`, where this host has none.
    pub fn compressor(self) -> Result<Box<dyn Compressor>, Error> {
        match self {
            Codec::Plain => Ok(Box::new(Plain)),
            Codec::Gzip => Ok(Box::new(gzip::Gzip::new())),
            #[cfg(not(target_arch = "wasm32"))]
            Codec::Zstd => Ok(Box::new(zstd::Zstd::new()?)),
            // ruzstd has one level, whose files are seven times as large on import text.
            #[cfg(target_arch = "wasm32")]
            Codec::Zstd => {
                let what = "zstd is not written in WebAssembly";
                let error = Error::new(tsdbproof_core::Kind::Unsupported, what);
                Err(error.help("let the name end in .gz, or use the command"))
            }
        }
    }
}

/// Leaves bytes as they are.
struct Plain;

impl Compressor for Plain {
    fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        out.extend_from_slice(bytes);
        Ok(())
    }

    fn finish(&mut self, _: &mut Vec<u8>) -> Result<(), Error> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;
    use crate::decompress::Piece;

    const CODECS: [Codec; 3] = [Codec::Plain, Codec::Gzip, Codec::Zstd];
    const TEXT: &[u8] = include_bytes!("../../../../tests/data/opentsdb/main-import.txt");

    fn pack(codec: Codec, bytes: &[u8], piece_bytes: usize) -> Vec<u8> {
        let (mut compressor, mut packed) = (codec.compressor().unwrap(), Vec::new());
        for piece in bytes.chunks(piece_bytes) {
            compressor.push(piece, &mut packed).unwrap();
        }
        compressor.finish(&mut packed).unwrap();
        packed
    }

    fn unpack(codec: Codec, packed: &[u8]) -> Result<Vec<u8>, String> {
        let mut unpacked = Vec::new();
        let mut keep = |piece: Piece<'_>| match piece {
            Piece::Bytes(bytes) => {
                unpacked.extend_from_slice(bytes);
                Ok(())
            }
            Piece::Gap(problem) | Piece::Problem(problem) => Err(Error::usage(problem.what)),
        };
        let mut reader = codec.open(&Limits::default());
        reader
            .push(packed, &mut keep)
            .and_then(|()| reader.finish(&mut keep))
            .map_err(|error| error.to_string())?;
        Ok(unpacked)
    }

    #[test]
    fn what_is_packed_is_unpacked_by_our_readers_and_others() {
        for codec in CODECS {
            for bytes in [TEXT, &TEXT[..1], b""] {
                let packed = pack(codec, bytes, 70_000);
                assert_eq!(unpack(codec, &packed).as_deref(), Ok(bytes));
                assert_eq!(Codec::of(&packed), codec);
            }
        }
        let gzip = pack(Codec::Gzip, TEXT, 1000);
        let mut others = Vec::new();
        let mut reader = flate2::read::GzDecoder::new(&gzip[..]);
        std::io::Read::read_to_end(&mut reader, &mut others).unwrap();
        assert_eq!(others, TEXT);
        let zstd = pack(Codec::Zstd, TEXT, 1000);
        assert_eq!(::zstd::stream::decode_all(&zstd[..]).unwrap(), TEXT);
        assert!(gzip.len() < TEXT.len() / 5 && zstd.len() < TEXT.len() / 5);
    }

    #[test]
    fn the_same_bytes_are_packed_to_the_same() {
        for codec in CODECS {
            assert_eq!(pack(codec, TEXT, 4096), pack(codec, TEXT, 4096));
        }
        let head = pack(Codec::Gzip, TEXT, TEXT.len());
        // No flags, no time, no system.
        assert_eq!(head[..10], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);
    }

    #[test]
    fn a_changed_byte_of_the_checksum_is_found() {
        for (codec, from_end) in [(Codec::Gzip, 8), (Codec::Zstd, 4)] {
            let mut packed = pack(codec, TEXT, TEXT.len());
            let at = packed.len() - from_end;
            packed[at] ^= 1;
            assert!(unpack(codec, &packed).is_err(), "{}", codec.name());
        }
    }

    #[test]
    fn a_name_tells_the_codec() {
        for (name, codec, inner) in [
            ("points.txt.gz", Codec::Gzip, "points.txt"),
            ("points.csv.ZST", Codec::Zstd, "points.csv"),
            ("points.txt", Codec::Plain, "points.txt"),
            ("gz", Codec::Plain, "gz"),
            ("é", Codec::Plain, "é"),
            (".zst", Codec::Zstd, ""),
            ("", Codec::Plain, ""),
        ] {
            assert_eq!(Codec::of_name(name), (codec, inner), "{name}");
        }
    }
}
