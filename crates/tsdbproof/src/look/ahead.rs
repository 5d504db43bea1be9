//! Unpacking on a thread of its own: packed bytes become pieces here, which an intake takes there.

use tsdbproof_core::{Error, Kind, Problem};
use tsdbproof_formats::decompress::{Decompressor, Piece};

use crate::{Flow, Work};

/// What was made ahead of an intake, which alone can tell what it is.
#[derive(Debug)]
pub struct Made(pub(super) Unpacked);

/// Takes what is made; [`Flow::Enough`] once nobody wants it.
pub type Hand = Box<dyn FnMut(Made) -> Flow + Send>;

#[derive(Debug)]
pub(super) enum Unpacked {
    Bytes(Vec<u8>),
    Gap(Problem),
    Problem(Problem),
    /// Behind the pieces of packed bytes: those bytes, and how unpacking them ended.
    Packed(Vec<u8>, Result<(), Error>),
    /// Behind all: how it ended, and whether a checksum protects all bytes.
    End(Result<(), Error>, bool),
}

/// A decompressor at work ahead of its intake.
pub(super) struct Unpacker {
    unpack: Box<dyn Decompressor>,
    hand: Hand,
    /// Whether somebody wants more.
    flow: Flow,
}

impl Unpacker {
    pub(super) fn new(unpack: Box<dyn Decompressor>, hand: Hand) -> Self {
        Unpacker { unpack, hand, flow: Flow::More }
    }

    fn give(&mut self, unpacked: Unpacked) -> Flow {
        self.flow = (self.hand)(Made(unpacked));
        self.flow
    }

    /// Lets the decompressor work, and hands on what it gives.
    fn unpack(
        &mut self,
        work: impl FnOnce(
            &mut dyn Decompressor,
            &mut dyn FnMut(Piece<'_>) -> Result<(), Error>,
        ) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let Unpacker { unpack, hand, flow } = self;
        work(unpack.as_mut(), &mut |piece| {
            *flow = hand(Made(match piece {
                Piece::Bytes(bytes) => Unpacked::Bytes(bytes.to_vec()),
                Piece::Gap(problem) => Unpacked::Gap(problem),
                Piece::Problem(problem) => Unpacked::Problem(problem),
            }));
            match flow {
                Flow::More => Ok(()),
                Flow::Enough => Err(Error::new(Kind::Interrupted, "nobody wants more")),
            }
        })
    }
}

impl Work for Unpacker {
    fn push(&mut self, bytes: &[u8]) -> Result<Flow, Error> {
        let result = self.unpack(|unpack, out| unpack.push(bytes, out));
        Ok(match self.flow {
            Flow::More => self.give(Unpacked::Packed(bytes.to_vec(), result)),
            Flow::Enough => Flow::Enough,
        })
    }

    fn finish(&mut self) -> Result<(), Error> {
        if self.flow == Flow::More {
            let result = self.unpack(|unpack, out| unpack.finish(out));
            if self.flow == Flow::More {
                let is_protected = self.unpack.is_protected();
                self.give(Unpacked::End(result, is_protected));
            }
        }
        Ok(())
    }
}
