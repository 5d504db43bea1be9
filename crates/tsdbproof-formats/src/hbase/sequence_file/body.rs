//! What follows on the header: records and blocks with sync markers between, over damage.

use std::{mem, ops::Range};

use memchr::memmem::Finder;
use tsdbproof_core::{Position, ProblemKind};

use super::header::{Header, Sync};
use super::lost::{Lost, span};
use super::record::{self, ESCAPE, Part};
use super::result::bad_record;
use super::rows::Rows;
use super::values::Values;
use crate::Limits;
use crate::hbase::cell::CellSink;
use crate::hbase::hex::hex;
use crate::number::Fault;

/// Bytes of an open record or block that are gathered before they are looked at again.
const GATHER_BYTES: usize = 64 << 10;

const MARKER_BYTES: usize = size_of::<Sync>();

/// What a step came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// So many bytes are done with; none, if another step tells more.
    Took(usize),
    /// So many bytes make another step possible.
    Needs(usize),
}

/// What comes next in the file.
#[derive(Debug)]
enum State {
    /// A sync marker, a record or the end.
    Between,
    /// A block, behind its sync marker.
    Block,
    /// Anything: a fault was found, and the next sync marker is not yet.
    Search(Lost),
}

/// What follows on the header.
pub(super) struct Body {
    limit: usize,
    is_blocked: bool,
    values: Values,
    state: State,
    sync: Sync,
    finder: Finder<'static>,
    /// From here on the open record or block is searched for a sync marker.
    scanned: usize,
    /// What came last was sound, so what comes next begins here.
    is_trusted: bool,
}

impl Body {
    pub(super) fn new(header: &Header, limits: &Limits) -> Self {
        Body {
            limit: limits.record_bytes,
            is_blocked: header.is_blocked,
            values: Values::new(header, limits),
            state: State::Between,
            sync: header.sync,
            finder: Finder::new(&header.sync).into_owned(),
            scanned: 0,
            is_trusted: true,
        }
    }

    pub(super) fn values(&self) -> &Values {
        &self.values
    }

    /// Reads the next thing, which begins at byte `at` of the file, if enough of it is there.
    pub(super) fn step<'b>(&mut self, rest: &'b [u8], at: u64, rows: &mut Rows<'b, '_>) -> Step {
        match mem::replace(&mut self.state, State::Between) {
            State::Between if rest.len() < ESCAPE.len() => Step::Needs(ESCAPE.len()),
            State::Between if rest.starts_with(&ESCAPE) => self.marker(rest, at, rows),
            State::Between if self.is_blocked => {
                let found = hex(rest.get(..ESCAPE.len()).unwrap_or(rest));
                let what = format!("no block; found {found}, expected a sync marker");
                self.lose(bad_record(what), at)
            }
            State::Between => self.record(rest, at, rows),
            State::Block => self.block(rest, at, rows),
            State::Search(lost) => self.search(lost, rest, at, rows),
        }
    }

    /// Bytes are lost between byte `to` and the next; those from `at` on, half read, are dropped.
    pub(super) fn gap(&mut self, at: u64, to: u64, sink: &mut dyn CellSink) {
        let up_to = "up to the lost bytes";
        match mem::replace(&mut self.state, State::Between) {
            State::Search(lost) => lost.report(to, up_to, sink),
            State::Between | State::Block if at < to => {
                let what = "what is half read where bytes are lost";
                Lost::new(Fault::new(ProblemKind::Cut, what), at).report(to, up_to, sink);
            }
            State::Between | State::Block => {}
        }
        self.scanned = 0;
        self.state = State::Search(Lost::behind_gap(to));
    }

    /// The file ends at byte `end`; the bytes from `at` on could not be read.
    pub(super) fn finish(&mut self, at: u64, end: u64, sink: &mut dyn CellSink) {
        let cut = |what: &str| Lost::new(Fault::new(ProblemKind::Cut, what), at);
        let lost = match mem::replace(&mut self.state, State::Between) {
            State::Between if at == end => return,
            State::Between => cut("the file ends in a record or in a sync marker"),
            State::Block => cut("the file ends in a block"),
            State::Search(lost) => lost,
        };
        lost.report(end, "up to the end of the file", sink);
    }

    /// Gives up what begins at byte `at`; the next sync marker is searched for.
    fn lose(&mut self, fault: Fault, at: u64) -> Step {
        self.scanned = 0;
        self.state = State::Search(Lost::new(fault, at));
        Step::Took(0)
    }

    fn search(&mut self, lost: Lost, rest: &[u8], at: u64, rows: &mut Rows<'_, '_>) -> Step {
        if let Some(index) = self.finder.find(rest) {
            let place = at + index as u64;
            let up_to = format!("up to the sync marker at byte {place}");
            lost.report(place, &up_to, rows.sink());
            self.pass_marker();
            return Step::Took(index + MARKER_BYTES);
        }
        self.state = State::Search(lost);
        // The marker may begin in the last bytes.
        match (rest.len() + 1).saturating_sub(MARKER_BYTES) {
            0 => Step::Needs(MARKER_BYTES),
            count => Step::Took(count),
        }
    }

    fn pass_marker(&mut self) {
        self.is_trusted = true;
        self.state = if self.is_blocked { State::Block } else { State::Between };
    }

    /// Reads a sync marker with its escape.
    ///
    /// One that differs from the last, where one must stand, is no reason to give up what follows:
    /// it is damaged, or the last one was, in the header.
    fn marker(&mut self, rest: &[u8], at: u64, rows: &mut Rows<'_, '_>) -> Step {
        let marker = rest.get(ESCAPE.len()..).and_then(|rest| rest.first_chunk());
        let Some(marker) = marker else { return Step::Needs(ESCAPE.len() + MARKER_BYTES) };
        if *marker != self.sync {
            let (found, expected) = (hex(marker), hex(&self.sync));
            let what = format!("another sync marker; found {found}, expected {expected}");
            if !self.is_trusted {
                return self.lose(bad_record(what), at);
            }
            rows.sink().problem(bad_record(what).at(Position::Byte(at)));
            self.sync = *marker;
            self.finder = Finder::new(marker).into_owned();
        }
        self.pass_marker();
        Step::Took(ESCAPE.len() + MARKER_BYTES)
    }

    /// The part that begins here, if all of it is there and it can be.
    fn whole<T>(&mut self, part: Part<T>, rest: &[u8], at: u64) -> Result<(T, usize), Step> {
        let seen = part.seen(rest);
        let unscanned = rest.get(self.scanned..seen).unwrap_or_default();
        if self.finder.find(unscanned).is_some() {
            let what = "a record or a block with a sync marker inside: its length is damaged";
            return Err(self.lose(bad_record(what), at));
        }
        self.scanned = 0;
        match part {
            Part::Whole { part, length } => Ok((part, length)),
            Part::Broken { fault, .. } => Err(self.lose(fault, at)),
            Part::Needs(count) => {
                self.scanned = (seen + 1).saturating_sub(MARKER_BYTES);
                Err(Step::Needs(count.min(rest.len() + GATHER_BYTES)))
            }
        }
    }

    fn record<'b>(&mut self, rest: &'b [u8], at: u64, rows: &mut Rows<'b, '_>) -> Step {
        let part = record::record(rest, self.limit);
        let (record, length) = match self.whole(part, rest, at) {
            Ok(found) => found,
            Err(step) => return step,
        };
        let bytes = at..at + length as u64;
        let taken = self.values.record(&record, &bytes, rows);
        self.end_part("a record", taken, &bytes, rows);
        Step::Took(length)
    }

    fn block(&mut self, rest: &[u8], at: u64, rows: &mut Rows<'_, '_>) -> Step {
        let part = record::block(rest, self.limit);
        let (block, length) = match self.whole(part, rest, at) {
            Ok(found) => found,
            Err(Step::Needs(count)) => {
                self.state = State::Block;
                return Step::Needs(count);
            }
            Err(step) => return step,
        };
        let bytes = at..at + length as u64;
        let taken = self.values.block(&block, &bytes, rows.sink());
        self.end_part(&format!("a block of {} records", block.count), taken, &bytes, rows);
        Step::Took(length)
    }

    /// Ends a record or a block. One that can't be read costs itself: what follows is to be seen.
    fn end_part(
        &mut self,
        part: &str,
        taken: Result<(), Fault>,
        at: &Range<u64>,
        rows: &mut Rows<'_, '_>,
    ) {
        self.is_trusted = taken.is_ok();
        if let Err(Fault { kind, what }) = taken {
            let what = format!("{part} left out, {}: {what}", span(at.start, at.end));
            rows.sink().problem(Fault::new(kind, what).at(Position::Byte(at.start)));
        }
    }
}
