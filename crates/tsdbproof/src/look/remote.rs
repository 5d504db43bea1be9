//! A part of a first look that is done elsewhere: an order goes there, what was found comes back.
//!
//! Threads that share no memory, such as a browser's workers, take parts this way. What comes back is
//! what a sink here would have found: sorted runs, which the fold merges as any others.
//!
//! | piece | what |
//! | --- | --- |
//! | `0`, … | all but the runs |
//! | `1`, kind, new, size | a segment of a run of rows (0) or points (1) begins; of a new run (1) or the last |
//! | `2`, … | bytes of the segment |
//!
//! Both sides are the same build, so a fault in a piece is the machine's.

use std::{slice, sync::Arc};

use tsdbproof_core::{Error, Kind, Position, Problem, ProblemKind};
use tsdbproof_formats::Access;

use super::{
    digests::FileBlocks,
    intake::{FirstLook, PartLook},
    reading::{Holds, Part, Reading, readings},
    runs::{Incoming, Run, Spill},
    sink::{Found, Shared},
};
use crate::{FileDigests, Host, Input, Options, Scope, Task};

/// Bytes of a segment in one piece.
const PIECE_BYTES: usize = 1 << 20;

fn broken() -> Error {
    Error::new(Kind::Io, "a worker gave back something else than it was asked for")
}

/// Writes numbers and texts one behind the other.
#[derive(Default)]
struct Writer(Vec<u8>);

impl Writer {
    fn number(&mut self, number: u64) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    fn flag(&mut self, flag: bool) {
        self.number(u64::from(flag));
    }

    fn optional(&mut self, number: Option<u64>) {
        self.flag(number.is_some());
        self.number(number.unwrap_or_default());
    }

    fn position(&mut self, at: Position) {
        let numbers = match at {
            Position::Line { line, byte } => [0, line, byte],
            Position::Byte(byte) => [1, 0, byte],
            Position::PackedByte(byte) => [2, 0, byte],
        };
        numbers.into_iter().for_each(|number| self.number(number));
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }
}

/// Reads what a [`Writer`] wrote.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn number(&mut self) -> Result<u64, Error> {
        let (number, rest) = self.0.split_first_chunk().ok_or_else(broken)?;
        self.0 = rest;
        Ok(u64::from_le_bytes(*number))
    }

    fn flag(&mut self) -> Result<bool, Error> {
        Ok(self.number()? != 0)
    }

    fn optional(&mut self) -> Result<Option<u64>, Error> {
        let is_some = self.flag()?;
        self.number().map(|number| is_some.then_some(number))
    }

    fn position(&mut self) -> Result<Position, Error> {
        Ok(match (self.number()?, self.number()?, self.number()?) {
            (0, line, byte) => Position::Line { line, byte },
            (1, _, byte) => Position::Byte(byte),
            (_, _, byte) => Position::PackedByte(byte),
        })
    }

    fn bytes(&mut self) -> Result<&'a [u8], Error> {
        let length = usize::try_from(self.number()?).map_err(|_| broken())?;
        let (bytes, rest) = self.0.split_at_checked(length).ok_or_else(broken)?;
        self.0 = rest;
        Ok(bytes)
    }

    fn text(&mut self) -> Result<String, Error> {
        String::from_utf8(self.bytes()?.to_vec()).map_err(|_| broken())
    }

    fn digest(&mut self) -> Result<[u8; 32], Error> {
        self.bytes()?.try_into().map_err(|_| broken())
    }
}

impl FirstLook {
    /// What is to be done, in bytes; `None` where it takes more than an input and the job's options.
    pub(super) fn order(&self) -> Option<Vec<u8>> {
        let FirstLook { reading, part, shared, .. } = self;
        let is_stream = matches!(reading.format.access, Access::Stream { .. });
        let is_alone = is_stream && reading.holds == Holds::Points && reading.sums.is_none();
        if self.is_stream || shared.observer.is_some() || !is_alone {
            return None;
        }
        let mut order = Writer::default();
        order.number(u64::from(self.input));
        order.number(part.from);
        order.optional(part.to);
        order.flag(part.cuts_lines);
        order.flag(self.digests.blocks);
        order.flag(self.digests.sha256);
        order.flag(self.strict);
        order.flag(self.has_others);
        order.flag(shared.keeps_points);
        order.number(shared.sink_bytes as u64);
        order.bytes(shared.scope.text().as_bytes());
        Some(order.0)
    }

    fn ordered(bytes: &[u8], reading: Reading, spills: &Spills) -> Result<Self, Error> {
        let mut order = Reader(bytes);
        let input = u32::try_from(order.number()?).map_err(|_| broken())?;
        let part = Part { from: order.number()?, to: order.optional()?, cuts_lines: order.flag()? };
        let digests = FileDigests { blocks: order.flag()?, sha256: order.flag()? };
        let (strict, has_others) = (order.flag()?, order.flag()?);
        let shared = Shared {
            keeps_points: order.flag()?,
            sink_bytes: usize::try_from(order.number()?).map_err(|_| broken())?,
            scope: Scope::parse(&order.text()?)?,
            unsettled: None,
            rows: Arc::clone(&spills.rows),
            points: Arc::clone(&spills.points),
            watch: None,
            observer: None,
        };
        let shared = Arc::new(shared);
        let (is_stream, sums) = (false, None);
        Ok(FirstLook { reading, part, input, is_stream, digests, strict, has_others, sums, shared })
    }
}

/// Where the runs of a side live.
struct Spills {
    rows: Arc<Spill>,
    points: Arc<Spill>,
}

impl Spills {
    fn of(&self, kind: u64) -> &Arc<Spill> {
        if kind == 0 { &self.rows } else { &self.points }
    }
}

/// What was found by order of another process, piece by piece.
pub struct Helped {
    head: Option<Vec<u8>>,
    spills: Spills,
    /// Runs that are still to be given, the next one last: of rows or points.
    runs: Vec<(u64, Run)>,
    /// The next segment of the last run, and how much of it was given.
    segment: usize,
    given: Option<u64>,
}

impl Helped {
    /// The next piece; `None` behind the last.
    pub fn next_piece(&mut self) -> Result<Option<Vec<u8>>, Error> {
        if let Some(head) = self.head.take() {
            return Ok(Some(head));
        }
        while let Some((kind, run)) = self.runs.last() {
            let Some(size) = run.segment_bytes(self.segment) else {
                self.runs.pop();
                self.segment = 0;
                continue;
            };
            let Some(given) = self.given else {
                self.given = Some(0);
                let mut piece = Writer(vec![1]);
                piece.number(*kind);
                piece.flag(self.segment == 0);
                piece.number(size);
                return Ok(Some(piece.0));
            };
            let length = (size - given).min(PIECE_BYTES as u64);
            let mut piece = vec![2];
            self.spills.of(*kind).read_segment(run, self.segment, given, length, &mut piece)?;
            self.given = Some(given + length).filter(|given| *given < size);
            self.segment += usize::from(self.given.is_none());
            return Ok(Some(piece));
        }
        Ok(None)
    }
}

/// Does a part of a job as `order` says, which the job's own process gave; `input` is what it is about,
/// the only one of this host.
pub async fn help<H: Host>(
    host: &H,
    input: &Input,
    order: &[u8],
    options: &Options,
) -> Result<Helped, Error> {
    let (rows, points) = super::spills(host, options.memory_bytes)?;
    let spills = Spills { rows, points };
    let reading = readings(slice::from_ref(input), options)?.pop().ok_or_else(broken)?;
    let look = FirstLook::ordered(order, reading, &spills)?;
    let task = Task { input: 0, from: look.part.first_byte(), work: super::Staged::Planned(look) };
    let done = host.read(vec![task]).await?.pop().and_then(|task| task.work.found());
    let look = done.ok_or_else(super::unfed)?;
    let head = Some(head(&look));
    let of = |kind, runs: Vec<Run>| runs.into_iter().map(move |run| (kind, run));
    let mut runs: Vec<_> = of(0, look.found.rows).chain(of(1, look.found.points)).collect();
    runs.reverse();
    Ok(Helped { head, spills, runs, segment: 0, given: None })
}

/// All that a part gave but its runs.
fn head(look: &PartLook) -> Vec<u8> {
    // By name: what is new in it has to travel too. Cells and live inputs are not looked at elsewhere.
    let Found {
        rows: _,
        points: _,
        problems,
        points_read,
        filtered,
        unsettled: _,
        met: _,
        beside: _,
    } = &look.found;
    let mut head = Writer(vec![0]);
    head.number(look.lines);
    head.number(look.end);
    head.flag(look.is_protected);
    head.number(*points_read);
    head.number(*filtered);
    head.flag(look.blocks.sha256.is_some());
    head.bytes(&look.blocks.sha256.unwrap_or_default());
    head.number(look.blocks.blocks.len() as u64);
    for (index, digest) in &look.blocks.blocks {
        head.number(*index);
        head.bytes(digest);
    }
    let kinds = problems.parts();
    head.number(kinds.len() as u64);
    for (kind, count, first) in kinds {
        head.bytes(kind.name().as_bytes());
        head.number(count);
        head.number(first.len() as u64);
        for problem in first {
            head.position(problem.at);
            head.bytes(problem.what.as_bytes());
        }
    }
    head.flag(look.refused.is_some());
    if let Some(error) = &look.refused {
        write_error(&mut head, error);
    }
    head.0
}

/// Kinds of errors, by their number in a piece.
const KINDS: [Kind; 7] = [
    Kind::Io,
    Kind::Malformed,
    Kind::Unsupported,
    Kind::Limit,
    Kind::Usage,
    Kind::Changed,
    Kind::Interrupted,
];

fn write_error(head: &mut Writer, error: &Error) {
    head.number(KINDS.iter().position(|kind| *kind == error.kind()).unwrap_or(0) as u64);
    head.bytes(error.what().as_bytes());
    head.flag(error.position().is_some());
    if let Some(at) = error.position() {
        head.position(at);
    }
    head.flag(error.advice().is_some());
    head.bytes(error.advice().unwrap_or_default().as_bytes());
}

fn read_error(head: &mut Reader<'_>) -> Result<Error, Error> {
    let kind = usize::try_from(head.number()?).ok().and_then(|index| KINDS.get(index));
    let mut error = Error::new(*kind.ok_or_else(broken)?, head.text()?);
    if head.flag()? {
        error = error.at(head.position()?);
    }
    let (has_help, help) = (head.flag()?, head.text()?);
    Ok(if has_help { error.help(help) } else { error })
}

fn read_head(head: &mut Reader<'_>) -> Result<PartLook, Error> {
    let lines = head.number()?;
    let end = head.number()?;
    let is_protected = head.flag()?;
    let mut found =
        Found { points_read: head.number()?, filtered: head.number()?, ..Found::default() };
    let has_sha256 = head.flag()?;
    let sha256 = Some(head.digest()?).filter(|_| has_sha256);
    let mut blocks = FileBlocks { sha256, ..FileBlocks::default() };
    for _ in 0..head.number()? {
        blocks.blocks.insert(head.number()?, head.digest()?);
    }
    for _ in 0..head.number()? {
        let name = head.text()?;
        let kind = ProblemKind::ALL.iter().find(|kind| kind.name() == name).ok_or_else(broken)?;
        let count = head.number()?;
        let mut first = Vec::new();
        for _ in 0..head.number()? {
            first.push(Problem { kind: *kind, at: head.position()?, what: head.text()? });
        }
        found.problems.add_part(*kind, count, first);
    }
    let refused = if head.flag()? { Some(read_error(head)?) } else { None };
    Ok(PartLook { found, lines, blocks, is_protected, has_sums: false, end, refused })
}

/// Takes the pieces of what was found elsewhere.
pub(super) struct Receiver {
    spills: Spills,
    look: Option<PartLook>,
    /// The segment whose bytes come, of this kind.
    open: Option<(u64, Incoming)>,
}

impl Receiver {
    pub(super) fn new(look: &FirstLook) -> Self {
        let Shared { rows, points, .. } = &*look.shared;
        let spills = Spills { rows: Arc::clone(rows), points: Arc::clone(points) };
        Receiver { spills, look: None, open: None }
    }

    pub(super) fn take(&mut self, piece: &[u8]) -> Result<(), Error> {
        let (tag, rest) = piece.split_first().ok_or_else(broken)?;
        let mut reader = Reader(rest);
        match tag {
            0 => self.look = Some(read_head(&mut reader)?),
            1 => {
                self.end_segment()?;
                let (kind, is_new) = (reader.number()?, reader.flag()?);
                let runs = self.runs(kind)?;
                if is_new {
                    runs.push(Run::default());
                }
                let incoming = Incoming::new(self.spills.of(kind), reader.number()?);
                self.open = Some((kind, incoming));
            }
            _ => self.open.as_mut().ok_or_else(broken)?.1.take(rest)?,
        }
        Ok(())
    }

    fn runs(&mut self, kind: u64) -> Result<&mut Vec<Run>, Error> {
        let found = &mut self.look.as_mut().ok_or_else(broken)?.found;
        Ok(if kind == 0 { &mut found.rows } else { &mut found.points })
    }

    fn end_segment(&mut self) -> Result<(), Error> {
        if let Some((kind, incoming)) = self.open.take() {
            let run = self.runs(kind)?.last_mut().ok_or_else(broken)?;
            incoming.end(run)?;
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<PartLook, Error> {
        self.end_segment()?;
        self.look.ok_or_else(broken)
    }
}
