//! The headers of gzip members: read, and searched for.

use flate2::Crc;
use memchr::{memchr, memmem};

/// The longest header: an extra field of full size, and as much for name and comment. The format
/// bounds neither of those.
const HEADER_BYTES: usize = 128 << 10;

/// The bytes before optional fields.
pub(super) const FIXED_BYTES: usize = 10;

const MAGIC: &[u8] = &[0x1f, 0x8b];

/// What bytes are that should be a member's header.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Header {
    /// No bytes.
    Nothing,
    /// A header; `sound` if its own CRC, where it has one, is right.
    Whole { size: usize, sound: bool },
    /// The beginning of a header.
    Short,
    /// A zero, which no header begins with.
    Zero,
    /// No header.
    Foreign,
    /// A header that can't be read, and how many of its bytes that took to see.
    Bad { why: String, tried: usize },
}

/// Judges the beginning of a member.
pub(super) fn header(bytes: &[u8]) -> Header {
    match bytes {
        [] => Header::Nothing,
        [0, ..] => Header::Zero,
        [0x1f] | [0x1f, 0x8b] => Header::Short,
        [0x1f, 0x8b, method, ..] if *method != 8 => {
            bad(format!("found method {method}, expected 8 (deflate)"), 3)
        }
        [0x1f, 0x8b, _, flags, ..] if flags & 0xe0 != 0 => {
            bad(format!("found flags {flags:#04x}, expected none above 0x1f"), 4)
        }
        [0x1f, 0x8b, _, flags, ..] => match header_size(bytes, *flags) {
            Some(size) => Header::Whole { size, sound: header_crc_is_right(bytes, size, *flags) },
            None if bytes.len() < HEADER_BYTES => Header::Short,
            None => bad(format!("found no end within {HEADER_BYTES} bytes"), HEADER_BYTES),
        },
        [0x1f, 0x8b, ..] => Header::Short,
        _ => Header::Foreign,
    }
}

fn bad(why: String, tried: usize) -> Header {
    Header::Bad { why, tried }
}

/// The size of a header with these flags, if it ends within the bytes and the limit.
pub(super) fn header_size(bytes: &[u8], flags: u8) -> Option<usize> {
    let bytes = bytes.get(..HEADER_BYTES).unwrap_or(bytes);
    let mut size = FIXED_BYTES;
    if flags & 4 != 0 {
        let length = bytes.get(size..)?.first_chunk::<2>()?;
        size += 2 + usize::from(u16::from_le_bytes(*length));
    }
    for text in [8, 16] {
        if flags & text != 0 {
            size += 1 + memchr(0, bytes.get(size..)?)?;
        }
    }
    size += if flags & 2 != 0 { 2 } else { 0 };
    (size <= bytes.len()).then_some(size)
}

fn header_crc_is_right(bytes: &[u8], size: usize, flags: u8) -> bool {
    let header = bytes.get(..size).unwrap_or_default();
    let Some((covered, expected)) = header.split_last_chunk::<2>() else { return true };
    let mut crc = Crc::new();
    crc.update(covered);
    flags & 2 == 0 || crc.sum() & 0xffff == u32::from(u16::from_le_bytes(*expected))
}

/// The first place where a header may be.
pub(super) fn find_header(bytes: &[u8]) -> Option<usize> {
    memmem::find_iter(bytes, MAGIC).find(|&at| bytes.get(at..).is_some_and(is_plausible_header))
}

/// Whether a search may take these bytes for a header: the values that no compressor writes are the
/// best guard against chance hits in compressed data.
fn is_plausible_header(bytes: &[u8]) -> bool {
    let Some((fixed, _)) = bytes.split_first_chunk::<FIXED_BYTES>() else { return false };
    let [0x1f, 0x8b, 8, flags, _, _, _, _, extra, os] = fixed else { return false };
    flags & 0xe0 == 0 && matches!(extra, 0 | 2 | 4) && matches!(os, 0..=13 | 255)
}
