//! Pieces of a file to blocks, and past what is no whole block.
//!
//! A block that is not whole costs its own bytes if another block, or the end, stands right behind
//! it; else nothing that its header says is believed, and the next header is searched for.

use std::ops::Range;

use tsdbproof_core::ProblemKind;

use super::block::{Block, BlockKind, Checksums, Header, MAGIC_BYTES};

/// What stands next in a file.
#[derive(Debug)]
pub(super) enum Found<'w> {
    /// A whole block.
    Block {
        /// Its first byte in the file.
        at: u64,
        block: Block<'w>,
    },
    Lost(Lost),
}

/// Bytes that hold no whole block.
#[derive(Debug)]
pub(super) struct Lost {
    pub(super) range: Range<u64>,
    pub(super) kind: ProblemKind,
    /// What was found there.
    pub(super) what: String,
}

/// A walk over the blocks in a range of a file.
#[derive(Debug)]
pub(super) struct Walk {
    range: Range<u64>,
    checksums: Option<Checksums>,
    limit_bytes: usize,
    /// Bytes that were pushed; those before `start` are done.
    held: Vec<u8>,
    start: usize,
    /// The place of `start` in the file.
    at: u64,
    /// Since where nothing is read, and why.
    lost: Option<Lost>,
}

/// What stands at a place.
enum Seen {
    /// Too little of it is there.
    TooLittle,
    /// A whole block.
    Whole(Header),
    /// A block that is not whole, with another or the end behind it.
    Bad(Header),
    /// Nothing whose end is known.
    Nothing(ProblemKind, &'static str),
}

const OTHER_CHECKSUM: &str = "a block whose checksum is another";
const CUT: &str = "a block that is cut";

impl Walk {
    /// A walk over blocks of at most `limit_bytes` in a range that begins with one. `checksums` are
    /// those of the file; `None`: it has none, and shorter headers.
    pub(super) fn new(range: Range<u64>, checksums: Option<Checksums>, limit_bytes: usize) -> Self {
        let at = range.start;
        Walk { range, checksums, limit_bytes, held: Vec::new(), start: 0, at, lost: None }
    }

    /// Takes the next bytes.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.held.drain(..self.start);
        self.start = 0;
        if self.held.capacity() > KEEP_BYTES && self.held.len() < KEEP_BYTES / 2 {
            self.held.shrink_to(KEEP_BYTES);
        }
        let room = self.range.end.saturating_sub(self.at + self.held.len() as u64);
        let room = usize::try_from(room).unwrap_or(usize::MAX);
        self.held.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
    }

    /// Drops what is held: what comes next does not follow on it.
    pub(super) fn gap(&mut self) {
        self.lose(ProblemKind::Cut, CUT);
        self.advance(usize::MAX);
    }

    /// Bytes of memory.
    pub(super) fn memory_bytes(&self) -> usize {
        self.held.capacity()
    }

    /// What stands next; `None` until more bytes come. With `is_over` none come any more.
    pub(super) fn next(&mut self, is_over: bool) -> Option<Found<'_>> {
        loop {
            if self.lost.is_some() && !self.seek(is_over) {
                return self.end(is_over).map(Found::Lost);
            }
            match self.look(is_over) {
                Seen::TooLittle => return self.end(is_over).map(Found::Lost),
                // What was lost in front of it is told first; then it is looked at again.
                Seen::Whole(_) if self.lost.is_some() => return self.take_lost().map(Found::Lost),
                Seen::Whole(header) => return self.give(header),
                Seen::Bad(header) => {
                    self.lose(ProblemKind::BadChecksum, OTHER_CHECKSUM);
                    self.advance(header.size);
                    return self.take_lost().map(Found::Lost);
                }
                Seen::Nothing(kind, what) => {
                    self.lose(kind, what);
                    self.advance(1);
                }
            }
        }
    }

    fn give(&mut self, header: Header) -> Option<Found<'_>> {
        let (from, at) = (self.start, self.at);
        self.advance(header.size);
        let block = Block::of(header, self.held.get(from..)?)?;
        Some(Found::Block { at, block })
    }

    /// What is lost at the end of the bytes.
    fn end(&mut self, is_over: bool) -> Option<Lost> {
        if is_over && self.at < self.range.end {
            self.lose(ProblemKind::Cut, "the file ends within its blocks");
            (self.start, self.at) = (self.held.len(), self.range.end);
        }
        if self.at >= self.range.end { self.take_lost() } else { None }
    }

    /// From here on nothing is read.
    fn lose(&mut self, kind: ProblemKind, what: &str) {
        let range = self.at..self.at;
        self.lost.get_or_insert_with(|| Lost { range, kind, what: what.to_owned() });
    }

    /// From here on blocks are read again.
    fn take_lost(&mut self) -> Option<Lost> {
        let mut lost = self.lost.take()?;
        lost.range.end = self.at;
        Some(lost)
    }

    fn rest(&self) -> &[u8] {
        self.held.get(self.start..).unwrap_or_default()
    }

    /// Whether no byte of the range will follow on those that are held.
    fn has_all(&self, is_over: bool) -> bool {
        is_over || self.at + self.rest().len() as u64 >= self.range.end
    }

    fn advance(&mut self, count: usize) {
        let count = count.min(self.rest().len());
        self.start += count;
        self.at += count as u64;
    }

    fn header(&self, bytes: &[u8]) -> Option<Header> {
        Header::parse(bytes, self.checksums.is_some())
    }

    /// Goes to the next bytes that are a header. `false`: there are none so far.
    fn seek(&mut self, is_over: bool) -> bool {
        let rest = self.rest();
        let header_bytes = Header::bytes(self.checksums.is_some());
        // A header that is there in part is looked at when the rest of it is.
        let places = (rest.len() + 1).saturating_sub(header_bytes);
        let is_header =
            |at: &usize| rest.get(*at..).is_some_and(|bytes| self.header(bytes).is_some());
        let found = (0..places).find(is_header);
        let passed = if self.has_all(is_over) { rest.len() } else { places };
        self.advance(found.unwrap_or(passed));
        found.is_some()
    }

    /// What stands here.
    fn look(&self, is_over: bool) -> Seen {
        let rest = self.rest();
        let has_all = self.has_all(is_over);
        let left = self.range.end.saturating_sub(self.at);
        if rest.is_empty() {
            return Seen::TooLittle;
        }
        let Some(header) = self.header(rest) else {
            let is_short = rest.len() < Header::bytes(self.checksums.is_some());
            return match () {
                () if is_short && !has_all => Seen::TooLittle,
                () if is_short => Seen::Nothing(ProblemKind::Cut, CUT),
                () => Seen::Nothing(ProblemKind::BadRecord, "no block begins where one should"),
            };
        };
        let size = header.size;
        if size as u64 > left {
            return Seen::Nothing(ProblemKind::BadRecord, "a block that goes beyond the last one");
        }
        if size > self.limit_bytes {
            return Seen::Nothing(ProblemKind::RecordTooLong, "a block longer than the limit");
        }
        let Some(block) = Block::of(header, rest) else {
            return if is_over { Seen::Nothing(ProblemKind::Cut, CUT) } else { Seen::TooLittle };
        };
        if block.is_whole(self.checksums) {
            return Seen::Whole(header);
        }
        let behind = rest.get(size..).unwrap_or_default();
        match () {
            () if size as u64 == left || BlockKind::of(behind).is_some() => Seen::Bad(header),
            () if behind.len() < MAGIC_BYTES && !has_all => Seen::TooLittle,
            () => Seen::Nothing(ProblemKind::BadChecksum, OTHER_CHECKSUM),
        }
    }
}

/// Memory that stays once what needed more is read.
const KEEP_BYTES: usize = 4 << 20;
