//! Zstandard: frames one after the other, some of them skippable.
//!
//! Frames, blocks and checksums are walked over here, in the same way on every host; only the inside
//! of a block is left to a host's decoder. So faults have the same places and texts everywhere.

use std::hash::Hasher as _;

use memchr::memmem;
use tsdbproof_core::{Error, Kind, Position, Problem, ProblemKind};
use twox_hash::XxHash64;

pub(crate) use self::buffers::ZstdBuffers;
use self::decoder::{BlockDecoder, Refused};
use self::frame::{BlockHeader, BlockType, FrameHeader, MAGIC, Start};
use super::packed::{Lost, Packed, Step, Walk, Walked, cut, span};
use super::{Out, Piece};
use crate::Limits;

mod block;
mod buffers;
mod decoder;
mod frame;
#[cfg(not(target_arch = "wasm32"))]
mod libzstd;
#[cfg(any(test, target_arch = "wasm32"))]
mod portable;
#[cfg(test)]
mod tests;

#[cfg(not(target_arch = "wasm32"))]
type HostDecoder = libzstd::LibZstd;
#[cfg(target_arch = "wasm32")]
type HostDecoder = portable::Portable;

/// A zstd decompressor.
pub(super) type Zstd = Walked<Frames<HostDecoder>>;

impl<D: BlockDecoder> Walked<Frames<D>> {
    pub(super) fn new(limits: &Limits) -> Self {
        Walked::over(Frames {
            state: State::Between,
            decoder: D::new(),
            window_limit: limits.window_bytes,
            unpacked: 0,
            has_unchecked: false,
        })
    }
}

/// The walk over the frames.
pub(super) struct Frames<D> {
    state: State,
    decoder: D,
    window_limit: u64,
    /// Unpacked bytes so far.
    unpacked: u64,
    /// A frame so far had no checksum.
    has_unchecked: bool,
}

/// What comes next in the file.
enum State {
    /// A frame's header, or the end.
    Between,
    /// The rest of a skippable frame.
    Skip { began: u64, left: u64 },
    /// A block of a frame.
    Block(Box<Frame>),
    /// A frame's checksum.
    Checksum(Box<Frame>),
    /// Anything: a fault was found and the next frame is not yet.
    Search(Lost),
}

/// The open frame.
struct Frame {
    header: FrameHeader,
    /// Where it began.
    packed: u64,
    /// Where its content began.
    unpacked: u64,
    /// Of all content that was handed out.
    hash: XxHash64,
}

impl<D: BlockDecoder> Walk for Frames<D> {
    fn step(&mut self, packed: &mut Packed, out: &mut Out<'_>) -> Result<Step, Error> {
        match std::mem::replace(&mut self.state, State::Between) {
            State::Between => self.between(packed, out),
            State::Skip { began, left } => self.skip(began, left, packed, out),
            State::Block(frame) => self.block(frame, packed, out),
            State::Checksum(frame) => self.checksum(frame, packed, out),
            State::Search(lost) => self.search(lost, packed, out),
        }
    }

    fn is_protected(&self) -> bool {
        !self.has_unchecked
    }
}

impl<D: BlockDecoder> Frames<D> {
    fn between(&mut self, packed: &mut Packed, out: &mut Out<'_>) -> Result<Step, Error> {
        let place = packed.place();
        match frame::start(packed.rest()) {
            Start::Nothing => return Ok(Step::NeedsMore),
            Start::Short if packed.ended() => {
                packed.take_all();
                out(cut(packed.end(), cut_text(place, "header")))?;
            }
            Start::Short => return Ok(Step::NeedsMore),
            Start::Skippable { length } => {
                self.state = State::Skip { began: place, left: length };
            }
            Start::Frame(header) => self.begin(header, packed)?,
            Start::Bad(why) => self.refuse(packed, &why),
            Start::Foreign => {
                let what = "bytes that belong to no zstd frame".into();
                let kind = ProblemKind::StrayBytes;
                self.state = State::Search(Lost { kind, at: place, what, from: place });
            }
        }
        Ok(Step::Done)
    }

    fn begin(&mut self, header: FrameHeader, packed: &mut Packed) -> Result<(), Error> {
        if header.dictionary != 0 {
            let why = format!("it needs dictionary {}, which a backup has not", header.dictionary);
            self.refuse(packed, &why);
            return Ok(());
        }
        let (window, limit) = (header.history_bytes(), self.window_limit);
        if window > limit {
            return Err(Error::new(
                Kind::Limit,
                format!("zstd frame needs a window of {window} bytes; the window limit is {limit}"),
            )
            .at(Position::PackedByte(packed.place()))
            .help("raise the window limit, or pack the file anew without --long"));
        }
        if self.decoder.begin(window).is_err() {
            // Both decoders know all windows that pass the limit of the format.
            self.refuse(packed, "its window can't be had");
            return Ok(());
        }
        self.has_unchecked |= !header.has_checksum;
        let hash = XxHash64::with_seed(0);
        let (began, unpacked) = (packed.place(), self.unpacked);
        packed.take(header.size);
        self.state = State::Block(Box::new(Frame { header, packed: began, unpacked, hash }));
        Ok(())
    }

    /// Gives up the frame that begins here for its header.
    fn refuse(&mut self, packed: &mut Packed, why: &str) {
        let place = packed.place();
        packed.take(MAGIC.len());
        self.state = State::Search(Lost {
            kind: ProblemKind::BadFrame,
            at: place,
            what: format!("zstd frame that can't be unpacked: {why}"),
            from: place,
        });
    }

    fn skip(
        &mut self,
        began: u64,
        left: u64,
        packed: &mut Packed,
        out: &mut Out<'_>,
    ) -> Result<Step, Error> {
        let there = packed.rest().len() as u64;
        packed.take(usize::try_from(left.min(there)).unwrap_or(usize::MAX));
        if left <= there {
            return Ok(Step::Done);
        }
        if packed.ended() {
            let what = format!(
                "skippable zstd frame that began at packed byte {began} is cut: the file ends in it"
            );
            out(cut(packed.end(), what))?;
            return Ok(Step::Done);
        }
        self.state = State::Skip { began, left: left - there };
        Ok(Step::NeedsMore)
    }

    fn block(
        &mut self,
        mut frame: Box<Frame>,
        packed: &mut Packed,
        out: &mut Out<'_>,
    ) -> Result<Step, Error> {
        let rest = packed.rest();
        let header = BlockHeader::read(rest);
        if let Some(why) = header.and_then(|block| block.fault(frame.header.block_bytes())) {
            return self.broken(frame, &why, 0, packed, out);
        }
        let whole = header.and_then(|block| {
            let bytes = rest.get(BlockHeader::SIZE..)?.get(..block.packed_size())?;
            Some((block, bytes))
        });
        let Some((block, bytes)) = whole else {
            return self.short(frame, State::Block, "blocks", packed, out);
        };
        let decoded = self.decode(&frame, block, bytes);
        let size = BlockHeader::SIZE + bytes.len();
        packed.take(size);
        if let Err(why) = decoded {
            return self.broken(frame, &why, size, packed, out);
        }
        self.give(&mut frame, block.is_last, out)?;
        match (block.is_last, frame.header.has_checksum) {
            (false, _) => self.state = State::Block(frame),
            (true, true) => self.state = State::Checksum(frame),
            (true, false) => self.end(&frame, out)?,
        }
        Ok(Step::Done)
    }

    /// Decodes a block; gives what is wrong with it.
    fn decode(&mut self, frame: &Frame, block: BlockHeader, bytes: &[u8]) -> Result<(), String> {
        let most = frame.header.block_bytes();
        if block.block_type == BlockType::Compressed && !block::is_plausible(bytes, most) {
            return Err("found a block that can't be decoded".into());
        }
        let left = frame.header.content.map(|content| content - (self.unpacked - frame.unpacked));
        let left = left.and_then(|left| usize::try_from(left).ok());
        match (self.decoder.decode(block.plain_head(), bytes, left.unwrap_or(most).min(most)), left)
        {
            (Ok(size), _) => self.unpacked += size as u64,
            (Err(Refused::TooLong), Some(left)) if left <= most => {
                let content = frame.header.content.unwrap_or_default();
                return Err(format!(
                    "found more than the {content} bytes that its header tells of"
                ));
            }
            (Err(_), _) => return Err("found a block that can't be decoded".into()),
        }
        Ok(())
    }

    /// Hands out what was decoded.
    fn give(&mut self, frame: &mut Frame, is_over: bool, out: &mut Out<'_>) -> Result<(), Error> {
        loop {
            let bytes = self.decoder.next(is_over);
            if bytes.is_empty() {
                return Ok(());
            }
            if frame.header.has_checksum {
                frame.hash.write(bytes);
            }
            out(Piece::Bytes(bytes))?;
        }
    }

    /// Gives up the frame whose block, of which `size` bytes were walked over, is broken. The search
    /// begins in front of the block, as the block's size may be what is broken.
    fn broken(
        &mut self,
        mut frame: Box<Frame>,
        why: &str,
        size: usize,
        packed: &mut Packed,
        out: &mut Out<'_>,
    ) -> Result<Step, Error> {
        self.give(&mut frame, true, out)?;
        let from = packed.place() - size as u64;
        packed.back_to(from);
        let what = format!(
            "zstd frame broken at packed byte {from}: {why}; {} came from it unchecked",
            span(frame.unpacked, self.unpacked),
        );
        self.state =
            State::Search(Lost { kind: ProblemKind::BadFrame, at: frame.packed, what, from });
        Ok(Step::Done)
    }

    /// Waits for more of the frame; `part` comes next. If there is no more, the frame is cut.
    fn short(
        &mut self,
        mut frame: Box<Frame>,
        state: fn(Box<Frame>) -> State,
        part: &str,
        packed: &mut Packed,
        out: &mut Out<'_>,
    ) -> Result<Step, Error> {
        if !packed.ended() {
            self.state = state(frame);
            return Ok(Step::NeedsMore);
        }
        self.give(&mut frame, true, out)?;
        packed.take_all();
        let unchecked = span(frame.unpacked, self.unpacked);
        let what = format!("{}; {unchecked} came from it unchecked", cut_text(frame.packed, part));
        out(cut(packed.end(), what))?;
        Ok(Step::Done)
    }

    fn checksum(
        &mut self,
        frame: Box<Frame>,
        packed: &mut Packed,
        out: &mut Out<'_>,
    ) -> Result<Step, Error> {
        let Some(checksum) = packed.rest().first_chunk::<4>() else {
            return self.short(frame, State::Checksum, "checksum", packed, out);
        };
        let expected = u64::from(u32::from_le_bytes(*checksum));
        packed.take(4);
        self.end(&frame, out)?;
        // The format keeps the low half of the hash.
        let found = frame.hash.finish() & u64::from(u32::MAX);
        if found != expected {
            let doubt = span(frame.unpacked, self.unpacked);
            let what = format!(
                "zstd frame with a wrong checksum; found {found:08x}, expected {expected:08x}; {doubt} may be wrong"
            );
            let at = Position::PackedByte(frame.packed);
            out(Piece::Problem(Problem { kind: ProblemKind::BadChecksum, at, what }))?;
        }
        Ok(Step::Done)
    }

    /// Ends a frame all of whose blocks were decoded.
    fn end(&mut self, frame: &Frame, out: &mut Out<'_>) -> Result<(), Error> {
        let found = self.unpacked - frame.unpacked;
        match frame.header.content {
            Some(content) if content != found => {
                let what = format!(
                    "zstd frame with a wrong length; found {found} bytes, expected {content} as in its header"
                );
                let at = Position::PackedByte(frame.packed);
                out(Piece::Gap(Problem { kind: ProblemKind::BadFrame, at, what }))
            }
            _ => Ok(()),
        }
    }

    fn search(
        &mut self,
        lost: Lost,
        packed: &mut Packed,
        out: &mut Out<'_>,
    ) -> Result<Step, Error> {
        match self.find(packed.rest()) {
            Found::Frame(at) => {
                packed.take(at);
                out(lost.found(packed.place(), "zstd frame"))?;
            }
            Found::Maybe(_) if packed.ended() => {
                packed.take_all();
                out(lost.not_found(packed.end()))?;
            }
            Found::Maybe(at) => {
                packed.take(at);
                self.state = State::Search(lost);
                return Ok(Step::NeedsMore);
            }
        }
        Ok(Step::Done)
    }

    /// The next frame, as far as these bytes tell.
    ///
    /// Skippable frames are passed over like other bytes: they hold nothing, and each stray match of
    /// their magic, of which there are 16, could hide 4 GiB behind it.
    fn find(&self, bytes: &[u8]) -> Found {
        for at in memmem::find_iter(bytes, &MAGIC) {
            let candidate = bytes.get(at..).unwrap_or_default();
            match frame::start(candidate) {
                Start::Short => return Found::Maybe(at),
                Start::Frame(header) if self.can_be(&header) => {
                    match BlockHeader::read(candidate.get(header.size..).unwrap_or_default()) {
                        None => return Found::Maybe(at),
                        Some(block) if block.fault(header.block_bytes()).is_none() => {
                            return Found::Frame(at);
                        }
                        Some(_) => {}
                    }
                }
                _ => {}
            }
        }
        // The magic may begin in the last three bytes.
        Found::Maybe((bytes.len() + 1).saturating_sub(MAGIC.len()))
    }

    /// Whether a search may take this for the header of a frame.
    fn can_be(&self, header: &FrameHeader) -> bool {
        header.dictionary == 0 && header.history_bytes() <= self.window_limit
    }
}

/// What a search found in the bytes that are there.
enum Found {
    /// A frame begins here.
    Frame(usize),
    /// None begins before this; whether one begins here, more bytes must tell.
    Maybe(usize),
}

fn cut_text(began: u64, part: &str) -> String {
    format!("zstd frame that began at packed byte {began} is cut: the file ends in its {part}")
}
