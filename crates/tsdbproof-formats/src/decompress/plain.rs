//! No compression.

use tsdbproof_core::Error;

use super::{Decompressor, Out, Piece};

/// Passes bytes on.
pub(super) struct Plain;

impl Decompressor for Plain {
    fn push(&mut self, packed: &[u8], out: &mut Out<'_>) -> Result<(), Error> {
        out(Piece::Bytes(packed))
    }

    fn finish(&mut self, _: &mut Out<'_>) -> Result<(), Error> {
        Ok(())
    }

    fn is_protected(&self) -> bool {
        false
    }
}
