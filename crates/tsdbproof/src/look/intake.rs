//! The work of a first look: one part of one input, from bytes to a sink, its bytes digested.

use std::sync::Arc;

use tsdbproof_core::{Error, Position, Problem, ProblemKind};
use tsdbproof_formats::{
    CrcCheck, FormatReader, Limits, PointSink,
    decompress::{Codec, Decompressor, Piece},
};

use super::{
    ahead::{Hand, Made, Unpacked, Unpacker},
    digests::{BLOCK_BYTES, Digester, FileBlocks},
    reading::{Part, Reading},
    remote,
    sink::{Found, Keep, Shared, Sink},
    staged::{Feed, Plan, Receive, Receiver},
    wanted::Wanted,
};
use crate::{FileDigests, Flow, Told, Work};

/// A first look at one part of one input.
pub(crate) struct FirstLook {
    pub(crate) reading: Reading,
    pub(crate) part: Part,
    pub(crate) input: u32,
    /// It can't be read a second time.
    pub(crate) is_stream: bool,
    pub(crate) digests: FileDigests,
    /// The first damage is enough.
    pub(crate) strict: bool,
    /// There are others: if it can't be read on, the job goes on.
    pub(crate) has_others: bool,
    /// The side file with its sums.
    pub(crate) sums: Option<Arc<[u8]>>,
    pub(crate) shared: Arc<Shared>,
}

/// One part of one input on its way into a sink.
pub(crate) struct Intake {
    reading: Reading,
    part: Part,
    strict: bool,
    has_others: bool,
    /// Why it can't be read on.
    refused: Option<Error>,
    /// Damage was found, and the first is enough.
    stops: bool,
    /// The next byte that will be pushed.
    at: u64,
    state: State,
    unpack: Box<dyn Decompressor>,
    sink: Sink,
    digester: Option<Digester>,
    sums: Option<CrcCheck>,
    is_protected: bool,
}

/// What a part gave.
pub(crate) struct PartLook {
    pub(crate) found: Found,
    pub(crate) lines: u64,
    pub(crate) blocks: FileBlocks,
    /// Whether checksums protect all that was read for points.
    pub(crate) is_protected: bool,
    /// Whether a side file has sums of all of its bytes.
    pub(crate) has_sums: bool,
    /// The byte behind the last that was read.
    pub(crate) end: u64,
    /// Why it was not read on.
    pub(crate) refused: Option<Error>,
}

enum State {
    /// Before the first line that begins in the part.
    Seeking,
    Reading(Box<dyn FormatReader>),
    Done(u64),
}

impl Plan for FirstLook {
    type Open = Intake;

    fn open(self) -> Intake {
        let FirstLook { reading, part, .. } = self;
        let keeps_all = self.is_stream || self.shared.keeps_points;
        let keep = if keeps_all { Keep::All } else { Keep::Unordered };
        let state = match part.from {
            from if from > 0 && part.cuts_lines => State::Seeking,
            from => State::Reading(reading.open(from)),
        };
        let unpack = reading.unpack();
        let keeps_kind = reading.format.keeps_kind;
        let sink = Sink::new(&self.shared, self.input, keep);
        let mut sink = sink.telling_kinds(keeps_kind);
        let sums = self.sums.and_then(|sums| match CrcCheck::new(&sums) {
            Ok(check) => Some(check),
            Err(what) => {
                let what = format!("what should be its side file is {what}");
                let at = Position::Byte(0);
                sink.problem(Problem { kind: ProblemKind::BadChecksum, at, what });
                None
            }
        });
        Intake {
            reading,
            part,
            strict: self.strict,
            has_others: self.has_others,
            refused: None,
            stops: false,
            at: part.first_byte(),
            state,
            unpack,
            sink,
            sums,
            digester: Digester::new(self.digests, part.from, part.to),
            // Until a reader that read something says otherwise.
            is_protected: true,
        }
    }

    fn order(&self) -> Option<Vec<u8>> {
        FirstLook::order(self)
    }

    fn receiver(&self) -> Option<Receiver<Self>> {
        Some(Box::new(remote::Receiver::new(self)))
    }
}

impl Receive<PartLook> for remote::Receiver {
    fn take(&mut self, piece: &[u8]) -> Result<(), Error> {
        remote::Receiver::take(self, piece)
    }

    fn finish(self: Box<Self>) -> Result<PartLook, Error> {
        remote::Receiver::finish(*self)
    }
}

impl Intake {
    /// Passes over what belongs to the part before; gives the rest.
    fn seek<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let State::Seeking = self.state else { return bytes };
        let Some(line_end) = bytes.iter().position(|byte| *byte == b'\n') else { return &[] };
        let (before, rest) = bytes.split_at(line_end + 1);
        let start = self.at + before.len() as u64;
        self.state = match self.part.to {
            Some(to) if start >= to => State::Done(0),
            _ => State::Reading(self.reading.open(start)),
        };
        rest
    }

    /// The bytes up to the end of the part, or of the last line that begins in it.
    fn until_end<'a>(&self, bytes: &'a [u8], at: u64) -> (&'a [u8], bool) {
        let Some(to) = self.part.to else { return (bytes, false) };
        if !self.part.cuts_lines {
            let length = usize::try_from(to.saturating_sub(at)).unwrap_or(usize::MAX);
            return bytes.get(..length).map_or((bytes, false), |inside| (inside, true));
        }
        // A line that ends in front of `to` may be followed by one that begins in the part.
        let inside = usize::try_from((to - 1).saturating_sub(at)).unwrap_or(usize::MAX);
        let line_end =
            bytes.get(inside..).and_then(|rest| rest.iter().position(|byte| *byte == b'\n'));
        match line_end {
            Some(end) => (bytes.get(..=inside + end).unwrap_or(bytes), true),
            None => (bytes, false),
        }
    }

    fn read(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let behind = self.at + bytes.len() as u64;
        if let (State::Seeking, Some(to)) = (&self.state, self.part.to)
            && self.at >= to
        {
            // No line begins in the part.
            self.state = State::Done(0);
        }
        let bytes = self.seek(bytes);
        let (bytes, is_last) = self.until_end(bytes, behind - bytes.len() as u64);
        let State::Reading(reader) = &mut self.state else { return Ok(()) };
        let mut taking = Taking { reader: reader.as_mut(), sink: &mut self.sink, failed: false };
        let unpacked = self.unpack.push(bytes, &mut |piece| taking.take(piece));
        let failed = taking.failed;
        self.go_on(unpacked, failed)?;
        if is_last { self.end_lines() } else { Ok(()) }
    }

    /// Takes a piece that was unpacked elsewhere.
    fn take_piece(&mut self, piece: Piece<'_>) -> Result<(), Error> {
        let State::Reading(reader) = &mut self.state else { return Ok(()) };
        let mut taking = Taking { reader: reader.as_mut(), sink: &mut self.sink, failed: false };
        let taken = taking.take(piece);
        let failed = taking.failed;
        self.go_on(taken, failed)
    }

    fn end_lines(&mut self) -> Result<(), Error> {
        let State::Reading(reader) = &mut self.state else { return Ok(()) };
        let mut taking = Taking { reader: reader.as_mut(), sink: &mut self.sink, failed: false };
        let unpacked = self.unpack.finish(&mut |piece| taking.take(piece));
        let (failed, is_protected) = (taking.failed, self.unpack.is_protected());
        self.end_reading(unpacked, failed, is_protected)
    }

    /// All bytes are unpacked, and whether a checksum protects them.
    fn end_reading(
        &mut self,
        unpacked: Result<(), Error>,
        failed: bool,
        is_protected: bool,
    ) -> Result<(), Error> {
        let State::Reading(reader) = &mut self.state else { return Ok(()) };
        let ended = unpacked.and_then(|()| reader.finish(&mut self.sink));
        self.is_protected = reader.is_protected() || is_protected;
        let lines = reader.lines();
        self.go_on(ended, failed)?;
        self.state = State::Done(lines);
        Ok(())
    }

    /// Takes the end of packed bytes, or of all, that were unpacked elsewhere.
    fn take_end(&mut self, unpacked: Unpacked) -> Result<Flow, Error> {
        match unpacked {
            Unpacked::Packed(bytes, result) => {
                if matches!(self.state, State::Reading(_)) && !self.stops {
                    self.go_on(result, false)?;
                }
                Ok(self.end_piece(&bytes))
            }
            Unpacked::End(result, is_protected) => {
                self.end_reading(result, false, is_protected)?;
                Ok(Flow::More)
            }
            Unpacked::Bytes(_) | Unpacked::Gap(_) | Unpacked::Problem(_) => Ok(Flow::More),
        }
    }

    /// Takes the bytes of the file, once they are read.
    fn end_piece(&mut self, bytes: &[u8]) -> Flow {
        if let Some(digester) = &mut self.digester {
            digester.push(bytes, self.at);
        }
        if let Some(sums) = &mut self.sums {
            sums.push(bytes, &mut |problem| self.sink.problem(problem));
        }
        self.at += bytes.len() as u64;
        let wants_blocks = self.digester.as_ref().is_some_and(|it| it.wants(self.at, self.part.to));
        // Of a file that is not read on the sums are checked all the same.
        let wants_more = wants_blocks || self.refused.is_some() && self.sums.is_some();
        let enough = self.stops || matches!(self.state, State::Done(_)) && !wants_more;
        self.stops = self.strict && self.sink.has_damage();
        if enough { Flow::Enough } else { Flow::More }
    }

    /// Ends the reading of a file that can't be read on, or the job with it.
    fn go_on(&mut self, read: Result<(), Error>, failed: bool) -> Result<(), Error> {
        let Err(error) = read else { return Ok(()) };
        if failed || !self.has_others || self.strict {
            return Err(error);
        }
        let lines = if let State::Reading(reader) = &self.state { reader.lines() } else { 0 };
        self.state = State::Done(lines);
        self.refused = Some(error);
        Ok(())
    }
}

/// Keeps the memory of a sink and its reader within the bound.
fn relieve(sink: &mut Sink, reader: &mut dyn FormatReader) -> Result<(), Error> {
    if sink.relieve(reader.memory_bytes())? {
        reader.forget_series();
    }
    Ok(())
}

/// Unpacked pieces on their way into a reader, and its points into a sink.
struct Taking<'a> {
    reader: &'a mut dyn FormatReader,
    sink: &'a mut Sink,
    /// An error came from the sink, and is none of the file's.
    failed: bool,
}

impl Taking<'_> {
    fn take(&mut self, piece: Piece<'_>) -> Result<(), Error> {
        match piece {
            Piece::Bytes(bytes) => {
                self.reader.push(bytes, self.sink)?;
                let relieved = relieve(self.sink, self.reader);
                self.failed = relieved.is_err();
                relieved?;
            }
            Piece::Gap(problem) => {
                self.sink.problem(problem);
                self.reader.gap(self.sink);
            }
            Piece::Problem(problem) => self.sink.problem(problem),
        }
        Ok(())
    }
}

impl Feed for Intake {
    type Found = PartLook;

    fn tell(&mut self, told: Told) -> Result<Flow, Error> {
        self.sink.tell(told)
    }

    fn push(&mut self, bytes: &[u8]) -> Result<Flow, Error> {
        if !matches!(self.state, State::Done(_)) && !self.stops {
            self.read(bytes)?;
        }
        Ok(self.end_piece(bytes))
    }

    fn ahead(&mut self, hand: Hand) -> Option<Box<dyn Work>> {
        if self.reading.codec == Codec::Plain {
            return None;
        }
        // What comes from there is unpacked.
        let unpack = std::mem::replace(&mut self.unpack, Codec::Plain.open(&Limits::default()));
        Some(Box::new(Unpacker::new(unpack, hand)))
    }

    fn take(&mut self, Made(unpacked): Made) -> Result<Flow, Error> {
        let piece = match &unpacked {
            Unpacked::Bytes(bytes) => Piece::Bytes(bytes),
            Unpacked::Gap(problem) => Piece::Gap(problem.clone()),
            Unpacked::Problem(problem) => Piece::Problem(problem.clone()),
            Unpacked::Packed(..) | Unpacked::End(..) => return self.take_end(unpacked),
        };
        if !self.stops {
            self.take_piece(piece)?;
        }
        Ok(Flow::More)
    }

    fn finish(mut self) -> Result<PartLook, Error> {
        self.end_lines()?;
        let stops = self.strict && self.sink.has_damage();
        let has_sums = self.sums.is_some();
        if let Some(sums) = self.sums.as_mut().filter(|_| !stops) {
            sums.finish(&mut |problem| self.sink.problem(problem));
        }
        let lines = if let State::Done(lines) = self.state { lines } else { 0 };
        let blocks = self.digester.map(Digester::finish).unwrap_or_default();
        let Intake { is_protected, at: end, refused, .. } = self;
        let found = self.sink.finish()?;
        Ok(PartLook { found, lines, blocks, is_protected, has_sums, end, refused })
    }
}

/// Rounds up to the start of a block.
pub(crate) fn block_start(byte: u64) -> u64 {
    byte.div_ceil(BLOCK_BYTES) * BLOCK_BYTES
}

/// A second look at stretches of one input.
pub(crate) struct SecondLook {
    pub(crate) reading: Reading,
    pub(crate) input: u32,
    /// The first unpacked byte that will be pushed.
    pub(crate) from: u64,
    /// Stretches of unpacked bytes, ascending.
    pub(crate) ranges: Vec<(u64, u64)>,
    pub(crate) wanted: Arc<Wanted>,
    pub(crate) shared: Arc<Shared>,
}

/// The work of a second look: stretches of one input, once more, into a sink.
pub(crate) struct Again {
    reading: Reading,
    /// Stretches of unpacked bytes, ascending, the next one last.
    ranges: Vec<(u64, u64)>,
    /// The next unpacked byte.
    at: u64,
    reader: Option<Box<dyn FormatReader>>,
    unpack: Box<dyn Decompressor>,
    sink: Sink,
}

impl Plan for SecondLook {
    type Open = Again;

    fn open(mut self) -> Again {
        self.ranges.reverse();
        let sink = Sink::new(&self.shared, self.input, Keep::Wanted(self.wanted));
        Again {
            unpack: self.reading.unpack(),
            sink: sink.telling_kinds(self.reading.format.keeps_kind),
            reading: self.reading,
            ranges: self.ranges,
            at: self.from,
            reader: None,
        }
    }
}

/// The stretches that are still wanted, and the reader of the open one.
struct Stretch<'a> {
    reading: &'a Reading,
    ranges: &'a mut Vec<(u64, u64)>,
    at: &'a mut u64,
    reader: &'a mut Option<Box<dyn FormatReader>>,
    sink: &'a mut Sink,
}

impl Stretch<'_> {
    fn take(&mut self, piece: Piece<'_>) -> Result<(), Error> {
        match piece {
            Piece::Bytes(bytes) => self.bytes(bytes),
            Piece::Gap(_) => {
                if let Some(reader) = self.reader {
                    reader.gap(self.sink);
                }
                Ok(())
            }
            Piece::Problem(_) => Ok(()),
        }
    }

    fn bytes(&mut self, mut bytes: &[u8]) -> Result<(), Error> {
        while let Some(&(from, to)) = self.ranges.last() {
            let skip = usize::try_from(from.saturating_sub(*self.at)).unwrap_or(usize::MAX);
            let Some(wanted) = bytes.get(skip..) else { break };
            let start = *self.at + skip as u64;
            let length = usize::try_from(to.saturating_sub(start)).unwrap_or(usize::MAX);
            let inside = wanted.get(..length).unwrap_or(wanted);
            let open = || self.reading.open(start);
            let reader = self.reader.get_or_insert_with(open);
            reader.push(inside, self.sink)?;
            relieve(self.sink, reader.as_mut())?;
            bytes = wanted.get(inside.len()..).unwrap_or_default();
            *self.at = start + inside.len() as u64;
            if *self.at < to {
                return Ok(());
            }
            if let Some(mut reader) = self.reader.take() {
                reader.finish(self.sink)?;
            }
            self.ranges.pop();
        }
        *self.at += bytes.len() as u64;
        Ok(())
    }
}

impl Feed for Again {
    type Found = Found;

    fn push(&mut self, bytes: &[u8]) -> Result<Flow, Error> {
        let Again { reading, ranges, at, reader, sink, .. } = self;
        let mut stretch = Stretch { reading, ranges, at, reader, sink };
        self.unpack.push(bytes, &mut |piece| stretch.take(piece))?;
        Ok(if self.ranges.is_empty() { Flow::Enough } else { Flow::More })
    }

    fn finish(mut self) -> Result<Found, Error> {
        let Again { reading, ranges, at, reader, unpack, sink } = &mut self;
        let mut stretch = Stretch { reading, ranges, at, reader, sink };
        unpack.finish(&mut |piece| stretch.take(piece))?;
        if let Some(mut reader) = self.reader.take() {
            reader.finish(&mut self.sink)?;
        }
        self.sink.finish()
    }
}
