//! Decodes zstd blocks in Rust alone, for hosts without a C compiler, such as browsers.

use std::io::Read;

use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::decoder::{BlockDecoder, Refused};
use super::frame::{BLOCK_BYTES, plain_header};

/// A last block, without a byte in it.
const EMPTY_LAST_BLOCK: [u8; 3] = [1, 0, 0];

/// ruzstd's decoder.
///
/// By its own measure it holds back the bytes of a whole window and tells nothing of them. But once
/// a last block was seen it shows all it has and hands out as much as it is asked for, and it goes
/// on to decode. So each frame is begun with an empty last block, and the window is kept here.
pub(in crate::decompress) struct Portable {
    decoder: FrameDecoder,
    /// Unpacked bytes that the decoder holds, without those of a broken block.
    held: usize,
    window: usize,
    buffer: Vec<u8>,
}

impl BlockDecoder for Portable {
    fn new() -> Self {
        Portable { decoder: FrameDecoder::new(), held: 0, window: 0, buffer: vec![0; BLOCK_BYTES] }
    }

    fn begin(&mut self, window: u64) -> Result<(), Refused> {
        self.held = 0;
        self.window = usize::try_from(window).map_err(|_| Refused::Broken)?;
        // The decoder takes memory for the window at once; this much is enough to learn the size of
        // blocks from, and it grows as it needs.
        let header = plain_header(window.min(BLOCK_BYTES as u64));
        self.decoder.reset(header.as_slice()).map_err(|_| Refused::Broken)?;
        self.block(EMPTY_LAST_BLOCK.as_slice())
    }

    fn decode(&mut self, head: [u8; 3], packed: &[u8], most: usize) -> Result<usize, Refused> {
        self.block(head.as_slice().chain(packed))?;
        let size = self.decoder.can_collect().saturating_sub(self.held);
        if size > most {
            return Err(Refused::TooLong);
        }
        self.held += size;
        Ok(size)
    }

    fn next(&mut self, is_over: bool) -> &[u8] {
        let needed = if is_over { 0 } else { self.window };
        let count = self.held.saturating_sub(needed).min(self.buffer.len());
        let target = self.buffer.get_mut(..count).unwrap_or_default();
        let count = self.decoder.read(target).unwrap_or(0);
        self.held -= count;
        self.buffer.get(..count).unwrap_or_default()
    }
}

impl Portable {
    fn block(&mut self, bytes: impl Read) -> Result<(), Refused> {
        let one = BlockDecodingStrategy::UptoBlocks(1);
        self.decoder.decode_blocks(bytes, one).map(drop).map_err(|_| Refused::Broken)
    }
}
