//! Hadoop's blocks of compressed chunks.
//!
//! | bytes | part of a block |
//! | --- | --- |
//! | 4 | size of the block when unpacked, big endian; 0: no block follows |
//! | n × (4 + …) | chunks: size, big endian; compressed bytes, for themselves; until the block is full |
//!
//! Source: Hadoop 3.3.6 `io/compress/BlockCompressorStream.java`, `BlockDecompressorStream.java`.

use super::too_long;

/// Where chunks of a block are unpacked to.
pub(super) struct Chunks<'a> {
    /// What is unpacked, and zeros behind it that were of use as room.
    bytes: &'a mut Vec<u8>,
    /// What is unpacked.
    length: usize,
    /// Where the block ends when it is full.
    end: usize,
}

impl Chunks<'_> {
    /// What the block still lacks.
    pub(super) fn room(&self) -> usize {
        self.end - self.length
    }

    /// Appends bytes, no more than there is room for.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        if let Some(target) = self.target(bytes.len()).get_mut(..bytes.len()) {
            target.copy_from_slice(bytes);
            self.length += bytes.len();
        }
    }

    /// So many bytes to write to, or as many as there is room for.
    fn target(&mut self, most: usize) -> &mut [u8] {
        let end = self.length + most.min(self.room());
        if self.bytes.len() < end {
            self.bytes.resize(end, 0);
        }
        self.bytes.get_mut(self.length..end).unwrap_or_default()
    }
}

/// Appends what the blocks hold to `out`.
pub(super) fn unpack(
    mut packed: &[u8],
    limit_bytes: usize,
    out: &mut Vec<u8>,
    mut chunk: impl FnMut(&[u8], &mut Chunks<'_>) -> Result<(), String>,
) -> Result<(), String> {
    let mut length = 0;
    while let Some(size) = size(&mut packed)? {
        if size > limit_bytes - length {
            return Err(too_long(limit_bytes));
        }
        if size == 0 && packed.is_empty() {
            break;
        }
        if size == 0 {
            return Err(format!("{} bytes stand behind the last block", packed.len()));
        }
        let mut chunks = Chunks { bytes: &mut *out, length, end: length + size };
        while chunks.room() > 0 {
            chunk(next_chunk(&mut packed)?, &mut chunks)?;
        }
        length = chunks.length;
    }
    out.truncate(length);
    Ok(())
}

/// Takes a size off the front; `None` at the end.
fn size(packed: &mut &[u8]) -> Result<Option<usize>, String> {
    if packed.is_empty() {
        return Ok(None);
    }
    let (size, rest) = packed.split_first_chunk().ok_or("it ends in the size of a block")?;
    *packed = rest;
    Ok(Some(usize::try_from(u32::from_be_bytes(*size)).unwrap_or(usize::MAX)))
}

fn next_chunk<'a>(packed: &mut &'a [u8]) -> Result<&'a [u8], String> {
    let cut = || "it ends in a block that is not full".to_string();
    let size = size(packed)?.ok_or_else(cut)?;
    let (chunk, rest) = packed.split_at_checked(size).ok_or_else(cut)?;
    *packed = rest;
    Ok(chunk)
}

/// The most that a byte of raw Snappy, or of raw LZ4, unpacks to.
const SNAPPY_RATIO: usize = 64;
const LZ4_RATIO: usize = 255;

/// Unpacks a chunk of raw Snappy.
pub(super) fn snappy(chunk: &[u8], out: &mut Chunks<'_>) -> Result<(), String> {
    let broken = |error: snap::Error| format!("a chunk of Snappy is broken: {error}");
    let size = snap::raw::decompress_len(chunk).map_err(broken)?;
    if size == 0 || size > out.room() || size / SNAPPY_RATIO > chunk.len() {
        return Err(format!("a chunk of {} bytes claims to hold {size}", chunk.len()));
    }
    let size = snap::raw::Decoder::new().decompress(chunk, out.target(size)).map_err(broken)?;
    out.length += size;
    Ok(())
}

/// Unpacks a chunk of raw LZ4, which does not tell its size.
pub(super) fn lz4(chunk: &[u8], out: &mut Chunks<'_>) -> Result<(), String> {
    let target = out.target(chunk.len().saturating_mul(LZ4_RATIO));
    let size = lz4_flex::block::decompress_into(chunk, target)
        .map_err(|error| format!("a chunk of LZ4 is broken: {error}"))?;
    if size == 0 {
        return Err("a chunk of LZ4 holds nothing".into());
    }
    out.length += size;
    Ok(())
}
