//! A block: a header, what it holds, checksums over both.
//!
//! | bytes | part of the header |
//! | --- | --- |
//! | 8 | magic: [`BlockKind`] |
//! | 4 | bytes behind the header, with checksums |
//! | 4 | bytes of what it holds, unpacked |
//! | 8 | first byte of the block of this kind before it; −1: there is none |
//! | 1, 4 | kind of the checksums, bytes that each is over |
//! | 4 | bytes with header, without checksums |
//!
//! The last three, and checksums, are in files from version 2.1 on. Source: HBase 2.5.10
//! `io/hfile/{HFileBlock,BlockType,ChecksumUtil}.java`, `util/ChecksumType.java`.

use super::input::Input;
use crate::hbase::codec::Unpacker;

/// What a block holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BlockKind {
    Data,
    EncodedData,
    LeafIndex,
    IntermediateIndex,
    RootIndex,
    BloomChunk,
    Meta,
    FileInfo,
    BloomMeta,
    DeleteBloomMeta,
}

/// Bytes of a magic.
pub(super) const MAGIC_BYTES: usize = 8;

impl BlockKind {
    const ALL: [(BlockKind, &[u8; MAGIC_BYTES]); 10] = [
        (BlockKind::Data, b"DATABLK*"),
        (BlockKind::EncodedData, b"DATABLKE"),
        (BlockKind::LeafIndex, b"IDXLEAF2"),
        (BlockKind::IntermediateIndex, b"IDXINTE2"),
        (BlockKind::RootIndex, b"IDXROOT2"),
        (BlockKind::BloomChunk, b"BLMFBLK2"),
        (BlockKind::Meta, b"METABLKc"),
        (BlockKind::FileInfo, b"FILEINF2"),
        (BlockKind::BloomMeta, b"BLMFMET2"),
        (BlockKind::DeleteBloomMeta, b"DFBLMET2"),
    ];

    /// The kind of the block that begins with these bytes.
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        let magic = bytes.first_chunk::<MAGIC_BYTES>()?;
        Self::ALL.iter().find(|it| it.1 == magic).map(|it| it.0)
    }

    pub(super) fn holds_cells(self) -> bool {
        matches!(self, BlockKind::Data | BlockKind::EncodedData)
    }

    /// What is in it, in words.
    pub(super) fn words(self) -> &'static str {
        match self {
            BlockKind::Data | BlockKind::EncodedData => "a block of cells",
            BlockKind::LeafIndex | BlockKind::IntermediateIndex | BlockKind::RootIndex => {
                "a block of the index"
            }
            BlockKind::FileInfo => "the file's info",
            BlockKind::BloomChunk | BlockKind::BloomMeta | BlockKind::DeleteBloomMeta => {
                "a block of a Bloom filter"
            }
            BlockKind::Meta => "a meta block",
        }
    }
}

/// How the blocks of a file are summed. It is one for a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Checksums {
    pub(crate) kind: ChecksumKind,
    /// Bytes that each checksum is over.
    pub(crate) piece_bytes: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ChecksumKind {
    /// There is room for sums, and zeros in it.
    None,
    Crc32,
    Crc32c,
}

/// Bytes of a checksum.
const SUM_BYTES: usize = 4;

impl Checksums {
    /// Whether the sums behind `summed` are right.
    pub(super) fn are_right(self, summed: &[u8], sums: &[u8]) -> bool {
        let sum: fn(&[u8]) -> u32 = match self.kind {
            ChecksumKind::None => return true,
            ChecksumKind::Crc32 => crc32,
            ChecksumKind::Crc32c => crc32c::crc32c,
        };
        let (sums, rest) = sums.as_chunks::<SUM_BYTES>();
        let pieces = summed.chunks(self.piece_bytes.max(1));
        rest.is_empty() && pieces.map(|piece| sum(piece).to_be_bytes()).eq(sums.iter().copied())
    }

    /// Bytes of the sums of a block.
    fn bytes_for(self, summed_bytes: usize) -> usize {
        summed_bytes.div_ceil(self.piece_bytes.max(1)).saturating_mul(SUM_BYTES)
    }
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

/// The header of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) kind: BlockKind,
    /// Bytes on disk: header, what it holds, checksums.
    pub(super) size: usize,
    /// Of these, bytes in front of the checksums.
    pub(super) summed: usize,
    /// Of these, bytes of the header.
    pub(super) header: usize,
    /// Bytes of what it holds, unpacked.
    pub(super) unpacked: usize,
    /// The first byte of the block of this kind before it.
    pub(super) previous: Option<u64>,
    /// `None` in version 2.0.
    pub(super) checksums: Option<Checksums>,
}

/// Bytes of a header with and without what tells of checksums.
const HEADER_BYTES: [usize; 2] = [33, 24];

impl Header {
    /// Bytes of every header of a file.
    pub(super) fn bytes(has_checksums: bool) -> usize {
        let [with, without] = HEADER_BYTES;
        if has_checksums { with } else { without }
    }

    /// The header that these bytes begin with, which are as many as [`Header::bytes`] says.
    /// `None`: they are none, or its lengths contradict each other.
    pub(super) fn parse(bytes: &[u8], has_checksums: bool) -> Option<Self> {
        let kind = BlockKind::of(bytes)?;
        let mut input = Input::new(bytes);
        input.take(MAGIC_BYTES)?;
        let header = Self::bytes(has_checksums);
        let size = header.checked_add(input.length()?)?;
        let unpacked = input.length()?;
        let previous = Some(input.u64()?).filter(|offset| *offset != u64::MAX);
        if !has_checksums {
            let (summed, checksums) = (size, None);
            return Some(Header { kind, size, summed, header, unpacked, previous, checksums });
        }
        let checksum_kind = match input.u8()? {
            0 => ChecksumKind::None,
            1 => ChecksumKind::Crc32,
            2 => ChecksumKind::Crc32c,
            _ => return None,
        };
        let checksums = Checksums { kind: checksum_kind, piece_bytes: input.length()? };
        let summed = input.length()?;
        let is_sound = summed >= header
            && checksums.piece_bytes > 0
            && summed.checked_add(checksums.bytes_for(summed)) == Some(size);
        let checksums = Some(checksums);
        is_sound.then_some(Header { kind, size, summed, header, unpacked, previous, checksums })
    }
}

/// A block that is there as a whole.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block<'b> {
    pub(super) header: Header,
    bytes: &'b [u8],
}

impl<'b> Block<'b> {
    /// The block that these bytes begin with. `None`: it is longer than they are.
    pub(super) fn of(header: Header, bytes: &'b [u8]) -> Option<Self> {
        Some(Block { header, bytes: bytes.get(..header.size)? })
    }

    /// Whether its checksums are right, and made as those of the whole file are: what says how they
    /// are made stands in the header itself, which they shall protect.
    pub(super) fn is_whole(&self, checksums: Option<Checksums>) -> bool {
        let Some((summed, sums)) = self.bytes.split_at_checked(self.header.summed) else {
            return false;
        };
        self.header.checksums == checksums
            && checksums.is_none_or(|checksums| checksums.are_right(summed, sums))
    }

    /// What it holds, unpacked into `buffer` if it is packed.
    ///
    /// Errors: it can't be unpacked, is more than `limit_bytes`, or another size than the header says.
    pub(super) fn unpack<'u>(
        &self,
        unpacker: &mut Unpacker,
        limit_bytes: usize,
        buffer: &'u mut Vec<u8>,
    ) -> Result<&'u [u8], String> {
        let packed = self.bytes.get(self.header.header..self.header.summed).unwrap_or_default();
        unpacker.unpack(packed, limit_bytes.min(self.header.unpacked), buffer)?;
        if buffer.len() == self.header.unpacked {
            return Ok(buffer);
        }
        Err(format!("it holds {} bytes; expected {}", buffer.len(), self.header.unpacked))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of `hbase-hfile-snapshot.md` section 2.
    const HEAD: &[u8; 33] = b"DATABLK*\0\0\0\xaa\0\0\0\xa6\xff\xff\xff\xff\xff\xff\xff\xff\
        \x02\0\0\x40\0\0\0\0\xc7";

    #[test]
    fn a_header_is_read_and_one_that_contradicts_itself_is_none() {
        let header = Header::parse(HEAD, true).unwrap();
        assert_eq!((header.size, header.summed, header.unpacked), (203, 199, 166));
        assert_eq!((header.kind, header.previous), (BlockKind::Data, None));
        let kind = ChecksumKind::Crc32c;
        assert_eq!(header.checksums, Some(Checksums { kind, piece_bytes: 16384 }));
        for (at, change) in [(0, 1), (11, 1), (24, 4), (25, 0x80), (32, 1)] {
            let mut bytes = *HEAD;
            bytes[at] ^= change;
            assert_eq!(Header::parse(&bytes, true), None, "{at}");
        }
        assert_eq!(Header::parse(HEAD, false).unwrap().size, 24 + 170);
    }

    #[test]
    fn pieces_are_summed_one_by_one() {
        let bytes = b"123456789123456789123";
        let three = Checksums { kind: ChecksumKind::Crc32c, piece_bytes: 9 };
        let [a, b] = [crc32c::crc32c(b"123456789"), crc32c::crc32c(b"123")];
        assert_eq!((a, crc32(b"123456789")), (0xe306_9283, 0xcbf4_3926));
        let sums = [a, a, b].map(u32::to_be_bytes).concat();
        assert!(three.are_right(bytes, &sums));
        assert!(!three.are_right(bytes, &sums[..8]));
        assert!(!three.are_right(&bytes[1..], &sums));
        assert!(!Checksums { kind: ChecksumKind::Crc32, ..three }.are_right(bytes, &sums));
    }
}
