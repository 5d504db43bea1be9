//! The headers of zstd frames and blocks.
//!
//! | bytes | part of a frame |
//! | --- | --- |
//! | `28 b5 2f fd` | magic |
//! | 1 | descriptor: bits 7–6 size of content size, 5 single segment, 3 reserved, 2 checksum, 1–0 size of dictionary id |
//! | 0 or 1 | window: bits 7–3 exponent, 2–0 mantissa; absent in a single segment |
//! | 0, 1, 2 or 4 | dictionary id |
//! | 0, 1, 2, 4 or 8 | content size |
//! | n × (3 + …) | blocks: bit 0 last, bits 2–1 type, bits 23–3 size, little endian |
//! | 0 or 4 | low bytes of the XXH64 of the content |
//!
//! A skippable frame is `5? 2a 4d 18`, 4 bytes of length, and that many bytes. Source: RFC 8878.

/// The magic of a frame with content.
pub(super) const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// The most that a block may hold, packed or unpacked, whatever the window.
pub(super) const BLOCK_BYTES: usize = 128 << 10;

/// The largest window that any release of zstd writes or reads.
const WINDOW_BYTES: u64 = 1 << 31;

/// What bytes are that should be the beginning of a frame.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// No bytes.
    Nothing,
    /// Too few bytes to tell.
    Short,
    /// A frame that holds nothing; `length` with its head of 8 bytes.
    Skippable { length: u64 },
    /// A frame.
    Frame(FrameHeader),
    /// A frame whose header can't be.
    Bad(String),
    /// No frame.
    Foreign,
}

/// A frame's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FrameHeader {
    /// The header's own size, with the magic.
    pub(super) size: usize,
    /// How far back a block may refer.
    window: u64,
    /// The size of what the frame holds.
    pub(super) content: Option<u64>,
    pub(super) has_checksum: bool,
    /// The dictionary that the frame needs; 0 for none.
    pub(super) dictionary: u32,
}

impl FrameHeader {
    /// The most that a block of this frame may hold, packed or unpacked.
    pub(super) fn block_bytes(&self) -> usize {
        usize::try_from(self.window).unwrap_or(BLOCK_BYTES).min(BLOCK_BYTES)
    }

    /// The bytes of history that a decoder needs: what the window says, or less if there is less.
    pub(super) fn history_bytes(&self) -> u64 {
        let needed = self.window.min(self.content.unwrap_or(u64::MAX));
        needed.max(self.block_bytes() as u64)
    }
}

/// Judges the beginning of a frame.
pub(super) fn start(bytes: &[u8]) -> Start {
    match bytes {
        [] => Start::Nothing,
        [0x50..=0x5f, 0x2a, 0x4d, 0x18, rest @ ..] => match rest.first_chunk::<4>() {
            Some(length) => Start::Skippable { length: 8 + u64::from(u32::from_le_bytes(*length)) },
            None => Start::Short,
        },
        [0x28, 0xb5, 0x2f, 0xfd, rest @ ..] => frame_header(rest),
        _ if begins_magic(bytes) => Start::Short,
        _ => Start::Foreign,
    }
}

fn begins_magic(bytes: &[u8]) -> bool {
    MAGIC.starts_with(bytes)
        || matches!(bytes, [0x50..=0x5f] | [0x50..=0x5f, 0x2a] | [0x50..=0x5f, 0x2a, 0x4d])
}

/// Reads what stands behind the magic.
fn frame_header(bytes: &[u8]) -> Start {
    let Some(&descriptor) = bytes.first() else { return Start::Short };
    if descriptor & 0x08 != 0 {
        return Start::Bad("a reserved bit is set in its header".into());
    }
    match fields(bytes, descriptor) {
        None => Start::Short,
        Some(header) if header.history_bytes() > WINDOW_BYTES => {
            let window = header.history_bytes();
            Start::Bad(format!("found a window of {window} bytes, expected {WINDOW_BYTES} at most"))
        }
        Some(header) => Start::Frame(header),
    }
}

/// The fields behind the magic, if all are there.
fn fields(bytes: &[u8], descriptor: u8) -> Option<FrameHeader> {
    let is_single = descriptor & 0x20 != 0;
    let window_size = usize::from(!is_single);
    let dictionary_size = [0, 1, 2, 4].get(usize::from(descriptor & 3)).copied()?;
    let content_size = match descriptor >> 6 {
        0 => usize::from(is_single),
        power => 1 << power,
    };
    let mut rest = bytes.get(1..)?;
    let mut field = |size: usize| {
        let (now, later) = rest.split_at_checked(size)?;
        rest = later;
        Some(now.iter().rev().fold(0u64, |sum, &byte| (sum << 8) | u64::from(byte)))
    };
    let window = field(window_size)?;
    let dictionary = field(dictionary_size)?;
    let content = field(content_size)?.saturating_add(if content_size == 2 { 256 } else { 0 });
    Some(FrameHeader {
        size: MAGIC.len() + 1 + window_size + dictionary_size + content_size,
        window: if is_single { content } else { window_bytes(u8::try_from(window).ok()?) },
        content: (content_size > 0).then_some(content),
        has_checksum: descriptor & 4 != 0,
        dictionary: u32::try_from(dictionary).ok()?,
    })
}

/// The window that a window descriptor stands for.
fn window_bytes(descriptor: u8) -> u64 {
    let base = 1u64 << (10 + (descriptor >> 3));
    base + base / 8 * u64::from(descriptor & 7)
}

/// A frame header that asks for at least this window and says nothing else.
///
/// The decoders of the hosts get this one in place of the file's: what else it says is checked here,
/// in the same way for all of them.
pub(super) fn plain_header(window: u64) -> [u8; 6] {
    let descriptor = (0..=u8::MAX).find(|&byte| window_bytes(byte) >= window);
    let [a, b, c, d] = MAGIC;
    [a, b, c, d, 0, descriptor.unwrap_or(u8::MAX)]
}

/// How a block is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BlockType {
    /// Not at all.
    Raw,
    /// As one byte and how often it stands.
    Repeated,
    /// Compressed.
    Compressed,
    /// In no way that is known.
    Reserved,
}

/// A block's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BlockHeader {
    pub(super) is_last: bool,
    pub(super) block_type: BlockType,
    /// The size of the block; unpacked for one byte repeated, else packed.
    pub(super) size: usize,
    word: u32,
}

impl BlockHeader {
    /// The header's own size.
    pub(super) const SIZE: usize = 3;

    /// Reads a block header, if there are enough bytes.
    pub(super) fn read(bytes: &[u8]) -> Option<BlockHeader> {
        let [a, b, c] = *bytes.first_chunk::<3>()?;
        let word = u32::from_le_bytes([a, b, c, 0]);
        let block_type = match (word >> 1) & 3 {
            0 => BlockType::Raw,
            1 => BlockType::Repeated,
            2 => BlockType::Compressed,
            _ => BlockType::Reserved,
        };
        let size = usize::try_from(word >> 3).ok()?;
        Some(BlockHeader { is_last: word & 1 != 0, block_type, size, word })
    }

    /// The header as bytes, never marked as the last.
    pub(super) fn plain_head(&self) -> [u8; 3] {
        let [a, b, c, _] = (self.word & !1).to_le_bytes();
        [a, b, c]
    }

    /// The bytes that follow on the header.
    pub(super) fn packed_size(&self) -> usize {
        if self.block_type == BlockType::Repeated { 1 } else { self.size }
    }

    /// What is wrong with the header in a frame whose blocks hold `most` bytes.
    pub(super) fn fault(&self, most: usize) -> Option<String> {
        if self.block_type == BlockType::Reserved {
            return Some("found a block of a reserved type".into());
        }
        let size = self.size;
        (size > most).then(|| format!("found a block of {size} bytes, expected {most} at most"))
    }
}
