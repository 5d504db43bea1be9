//! Pieces of a SequenceFile to its parts.

use std::mem;

use tsdbproof_core::{Error, Kind, Position, Problem, ProblemKind};

use super::body::{Body, Step};
use super::header::Header;
use super::result::ResultForm;
use super::rows::Rows;
use crate::Limits;
use crate::hbase::cell::CellSink;

/// Bytes of a piece that are put behind held ones at the least: more than a search leaves.
const STEP_BYTES: usize = 64;

/// Memory that stays once what needed more is read.
const KEEP_BYTES: usize = 4 << 20;

/// An open SequenceFile of HBase's Export, fed in pieces of any size.
///
/// What it finds, and the words of faults, never depend on how the file is cut into pieces.
pub(crate) struct SequenceFileReader {
    limits: Limits,
    /// The beginning of what goes on in the next piece.
    held: Vec<u8>,
    /// So many bytes must be held before it makes sense to look at them.
    needed: usize,
    /// Where the first byte that is held, or the next one, stands in the file.
    at: u64,
    open: Open,
}

/// What the file is known to be.
enum Open {
    /// Nothing yet.
    Header,
    /// The header is lost, and with it the sync marker and the codec.
    Headless,
    Body(Box<Body>),
}

impl SequenceFileReader {
    pub(crate) fn new(limits: &Limits) -> Self {
        SequenceFileReader {
            limits: *limits,
            held: Vec::new(),
            needed: 0,
            at: 0,
            open: Open::Header,
        }
    }

    /// Takes the next bytes.
    ///
    /// Errors: `Malformed` or `Unsupported` for a header behind which nothing can be read.
    pub(crate) fn push(&mut self, mut piece: &[u8], sink: &mut dyn CellSink) -> Result<(), Error> {
        while !piece.is_empty() {
            if self.held.is_empty() {
                let read = self.read(piece, sink)?;
                self.held.extend_from_slice(piece.get(read..).unwrap_or_default());
                return Ok(());
            }
            let wanted = self.needed.saturating_sub(self.held.len()).max(STEP_BYTES);
            let (now, later) = piece.split_at_checked(wanted).unwrap_or((piece, &[]));
            self.held.extend_from_slice(now);
            if self.held.len() >= self.needed {
                self.read_held(sink)?;
            }
            // What is left and came from this piece needs not be held to be read on.
            match now.len().checked_sub(self.held.len()) {
                Some(read) => {
                    self.held.clear();
                    piece = piece.get(read..).unwrap_or_default();
                }
                None => piece = later,
            }
        }
        Ok(())
    }

    /// Bytes are lost between the last piece and the next: drops what is half read, and says so.
    pub(crate) fn gap(&mut self, sink: &mut dyn CellSink) {
        let end = self.end();
        match &mut self.open {
            Open::Header | Open::Headless => self.open = Open::Headless,
            Open::Body(body) => body.gap(self.at, end, sink),
        }
        self.held.clear();
        self.at = end;
    }

    /// The bytes are over: what is still open is a problem.
    pub(crate) fn finish(&mut self, sink: &mut dyn CellSink) -> Result<(), Error> {
        self.read_held(sink)?;
        let (at, end) = (self.at, self.end());
        match &mut self.open {
            Open::Header | Open::Headless => {
                let what = "the header of the file is cut, so nothing in it can be read".into();
                let at = Position::Byte(end);
                sink.problem(Problem { kind: ProblemKind::Cut, at, what });
            }
            Open::Body(body) => body.finish(at, end, sink),
        }
        self.held = Vec::new();
        self.at = end;
        Ok(())
    }

    /// Whether a checksum of the codec protects all cells so far; false before the header is read.
    /// That records are missing at the file's end, a codec can't tell.
    pub(crate) fn is_protected(&self) -> bool {
        matches!(&self.open, Open::Body(body) if body.values().is_protected())
    }

    /// How values are written; `None` before the first one.
    pub(crate) fn form(&self) -> Option<ResultForm> {
        match &self.open {
            Open::Body(body) => body.values().form(),
            _ => None,
        }
    }

    /// Bytes of memory that depend on the input, roughly.
    pub(crate) fn memory_bytes(&self) -> usize {
        let body = match &self.open {
            Open::Body(body) => body.values().memory_bytes(),
            _ => 0,
        };
        self.held.capacity() + body
    }

    /// The place behind all bytes so far.
    fn end(&self) -> u64 {
        self.at + self.held.len() as u64
    }

    fn read_held(&mut self, sink: &mut dyn CellSink) -> Result<(), Error> {
        let mut held = mem::take(&mut self.held);
        let read = self.read(&held, sink)?;
        held.drain(..read.min(held.len()));
        if held.capacity() > KEEP_BYTES && held.len() < KEEP_BYTES / 2 {
            held.shrink_to(KEEP_BYTES);
        }
        self.held = held;
        Ok(())
    }

    /// Reads what can be read of these bytes; gives back how many that are.
    fn read(&mut self, bytes: &[u8], sink: &mut dyn CellSink) -> Result<usize, Error> {
        let mut read = 0;
        let mut rows = Rows::new(sink);
        loop {
            let rest = bytes.get(read..).unwrap_or_default();
            let step = match &mut self.open {
                Open::Body(body) => body.step(rest, self.at, &mut rows),
                Open::Header => self.header(rest)?,
                Open::Headless if rest.is_empty() => Step::Needs(1),
                Open::Headless => return Err(headless().at(Position::Byte(self.at))),
            };
            match step {
                Step::Took(count) => {
                    read += count;
                    self.at += count as u64;
                }
                Step::Needs(count) => {
                    rows.sink();
                    self.needed = count;
                    return Ok(read);
                }
            }
        }
    }

    fn header(&mut self, bytes: &[u8]) -> Result<Step, Error> {
        let Some(header) = Header::read(bytes)? else { return Ok(Step::Needs(bytes.len() + 1)) };
        self.open = Open::Body(Box::new(Body::new(&header, &self.limits)));
        Ok(Step::Took(header.size))
    }
}

fn headless() -> Error {
    let what = "the header of a SequenceFile is lost, so nothing in it can be read";
    Error::new(Kind::Malformed, what).help("take another copy of this file")
}
