//! Decodes zstd blocks by the C library: the fastest there is, for hosts that have a C compiler.

use zstd::zstd_safe::{DCtx, DParameter, InBuffer, OutBuffer, ResetDirective, SafeResult};

use super::decoder::{BlockDecoder, Refused};
use super::frame::{BLOCK_BYTES, plain_header};

/// The largest window log that the library knows; the window was judged before it gets here.
const WINDOW_LOG: u32 = 31;

/// The C library's decoder.
pub(in crate::decompress) struct LibZstd {
    context: DCtx<'static>,
    /// The last block, unpacked.
    block: Vec<u8>,
    is_given: bool,
}

impl BlockDecoder for LibZstd {
    fn new() -> Self {
        LibZstd { context: DCtx::create(), block: Vec::with_capacity(BLOCK_BYTES), is_given: true }
    }

    fn begin(&mut self, window: u64) -> Result<(), Refused> {
        self.is_given = true;
        check(self.context.reset(ResetDirective::SessionOnly))?;
        check(self.context.set_parameter(DParameter::WindowLogMax(WINDOW_LOG)))?;
        self.block.clear();
        self.feed(&plain_header(window))
    }

    fn decode(&mut self, head: [u8; 3], packed: &[u8], most: usize) -> Result<usize, Refused> {
        self.block.clear();
        self.is_given = true;
        self.feed(&head)?;
        self.feed(packed)?;
        if self.block.len() > most {
            return Err(Refused::TooLong);
        }
        self.is_given = false;
        Ok(self.block.len())
    }

    fn next(&mut self, _: bool) -> &[u8] {
        match std::mem::replace(&mut self.is_given, true) {
            true => &[],
            false => &self.block,
        }
    }
}

impl LibZstd {
    /// Lets the library take all these bytes; what they give is appended to the block.
    fn feed(&mut self, bytes: &[u8]) -> Result<(), Refused> {
        let mut input = InBuffer::around(bytes);
        while input.pos() < bytes.len() {
            let before = input.pos();
            let at = self.block.len();
            let mut output = OutBuffer::around_pos(&mut self.block, at);
            check(self.context.decompress_stream(&mut output, &mut input))?;
            if input.pos() == before {
                return Err(Refused::Broken);
            }
        }
        Ok(())
    }
}

fn check(result: SafeResult) -> Result<(), Refused> {
    match result {
        Ok(_) => Ok(()),
        Err(_) => Err(Refused::Broken),
    }
}
