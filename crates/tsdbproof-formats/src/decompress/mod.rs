//! Decompressors: packed bytes are pushed in, unpacked pieces come out, faults have a place.

use tsdbproof_core::{Error, Kind, Problem};

use crate::Limits;

mod gzip;
mod packed;
mod plain;
#[cfg(test)]
mod testing;
mod zstd;

pub(crate) use self::zstd::ZstdBuffers;

/// Unpacked bytes that are enough to judge a file by.
const HEAD_BYTES: usize = 256 << 10;

/// What a decompressor gives.
#[derive(Debug)]
pub enum Piece<'a> {
    /// The next unpacked bytes; at most 256 KiB at a time.
    Bytes(&'a [u8]),
    /// A fault behind which the next bytes do not follow on the last ones.
    Gap(Problem),
    /// A fault that costs no bytes, such as a wrong checksum behind them.
    Problem(Problem),
}

/// Takes the pieces, in order.
pub type Out<'a> = dyn FnMut(Piece<'_>) -> Result<(), Error> + 'a;

/// One open compressed file, fed in pieces of any size.
pub trait Decompressor: Send {
    /// Takes the next packed bytes.
    fn push(&mut self, packed: &[u8], out: &mut Out<'_>) -> Result<(), Error>;

    /// The packed bytes are over: what is still open is a [`Piece::Gap`].
    fn finish(&mut self, out: &mut Out<'_>) -> Result<(), Error>;

    /// Whether a checksum protects all bytes so far.
    fn is_protected(&self) -> bool;
}

/// How a file is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    /// Not at all.
    Plain,
    /// gzip, of one or more members.
    Gzip,
    /// Zstandard, of one or more frames, some of them skippable.
    Zstd,
}

impl Codec {
    /// The codec by a file's first bytes.
    pub fn of(head: &[u8]) -> Codec {
        match head {
            [0x1f, 0x8b, ..] => Codec::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Codec::Zstd,
            _ => Codec::Plain,
        }
    }

    /// The codec's name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Codec::Plain => "plain",
            Codec::Gzip => "gzip",
            Codec::Zstd => "zstd",
        }
    }

    /// A decompressor for a file of this codec.
    pub fn open(self, limits: &Limits) -> Box<dyn Decompressor> {
        match self {
            Codec::Plain => Box::new(plain::Plain),
            Codec::Gzip => Box::new(gzip::Gzip::new(limits)),
            Codec::Zstd => Box::new(zstd::Zstd::new(limits)),
        }
    }

    /// As much of the unpacked file as its first packed bytes give, 256 KiB and a piece at most.
    pub fn unpack_head(self, head: &[u8], limits: &Limits) -> Vec<u8> {
        let mut unpacked = Vec::new();
        let mut keep = |piece: Piece<'_>| {
            if let Piece::Bytes(bytes) = piece {
                unpacked.extend_from_slice(bytes);
            }
            let is_enough = unpacked.len() >= HEAD_BYTES;
            if is_enough { Err(Error::new(Kind::Limit, "the head is full")) } else { Ok(()) }
        };
        let mut open = self.open(limits);
        // A fault in the head shows again, with its place, when the file is read. That the head ends
        // is no fault at all, but the end is what makes a decompressor give all it has.
        let _ = open.push(head, &mut keep).and_then(|()| open.finish(&mut keep));
        unpacked
    }
}
