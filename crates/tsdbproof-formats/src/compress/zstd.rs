//! Zstandard, of one frame with a checksum, by the C library.

use std::io::Write;

use tsdbproof_core::Error;
use zstd::stream::write::Encoder;

use super::Compressor;

/// The library's own choice.
const LEVEL: i32 = 3;

/// An open frame.
pub(super) struct Zstd(Encoder<'static, Vec<u8>>);

impl Zstd {
    pub(super) fn new() -> Result<Self, Error> {
        let mut encoder = Encoder::new(Vec::new(), LEVEL)?;
        encoder.include_checksum(true)?;
        Ok(Zstd(encoder))
    }
}

impl Compressor for Zstd {
    fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        self.0.write_all(bytes)?;
        out.append(self.0.get_mut());
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), Error> {
        self.0.do_finish()?;
        out.append(self.0.get_mut());
        Ok(())
    }
}
