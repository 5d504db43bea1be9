//! Pieces of a file to lines, lines to rows.

use memchr::memchr;
use tsdbproof_core::{Error, Position, ProblemKind, Weight, quote};

use super::column;
use super::header;
use super::noise::{self, Noise, noise};
use super::row::{Output, Row, Wrong};
use crate::number::Fault;
use crate::{BYTE_ORDER_MARK, FormatReader, Limits, PointSink};

/// An open file of a raw scan.
#[derive(Debug)]
pub(super) struct Reader {
    line_limit: usize,
    /// The beginning of a line that goes on in the next piece.
    held: Vec<u8>,
    /// The rest of the line is passed over; why is said.
    passes_line: bool,
    /// Where the next line begins; while one is passed over, where the next byte is.
    at: u64,
    lines: u64,
    state: State,
    /// The last line was an exception's.
    in_trace: bool,
}

#[derive(Debug)]
enum State {
    /// No row was seen yet.
    Outside,
    Row(Box<Row>),
    /// Up to the next row nothing is read.
    Passing(Passing),
}

/// Why lines are passed over, and how much stands in them.
#[derive(Debug)]
struct Passing {
    fault: Fault,
    at: Position,
    points: u64,
    /// Bytes were lost here, which is said elsewhere: it is worth a word only if something follows.
    is_gap: bool,
    is_used: bool,
}

impl Reader {
    pub(super) fn new(limits: &Limits, at: u64) -> Self {
        Reader {
            line_limit: limits.line_bytes,
            held: Vec::new(),
            passes_line: false,
            at,
            lines: 0,
            state: State::Outside,
            in_trace: false,
        }
    }

    fn place(&self) -> Position {
        Position::Line { line: self.lines + 1, byte: self.at }
    }

    fn output<'a>(&self, length: usize, sink: &'a mut dyn PointSink) -> Output<'a> {
        Output { sink, at: self.place(), end: self.at + length as u64 }
    }

    /// Keeps a part of a line, or passes over it.
    fn hold(&mut self, part: &[u8], sink: &mut dyn PointSink) {
        let length = self.held.len() + part.len();
        if !self.passes_line && length > self.line_limit.saturating_add(1) {
            let what = "a line that is too long to be read";
            let what = format!("{what}; expected at most {} bytes", self.line_limit);
            self.pass(Fault::new(ProblemKind::LineTooLong, what), sink);
            self.at += self.held.len() as u64;
            self.held = Vec::new();
            self.passes_line = true;
        }
        if self.passes_line {
            self.at += part.len() as u64;
        } else {
            self.held.extend_from_slice(part);
        }
    }

    /// Ends the line that is held, or passed over.
    fn end_line(&mut self, sink: &mut dyn PointSink) {
        if std::mem::take(&mut self.passes_line) {
            self.lines += 1;
            return;
        }
        let mut line = std::mem::take(&mut self.held);
        self.read_line(&line, sink);
        line.clear();
        self.held = line;
    }

    /// Reads a line, given with its end.
    fn read_line(&mut self, line: &[u8], sink: &mut dyn PointSink) {
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        let mut text = text.strip_suffix(b"\r").unwrap_or(text);
        if self.at == 0 {
            text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
        }
        match self.take(text, &mut self.output(line.len(), sink)) {
            Ok(()) => {}
            Err(Wrong::Line(fault)) => self.output(0, sink).report(fault),
            Err(Wrong::Place(fault)) => self.pass(fault, sink),
        }
        self.at += line.len() as u64;
        self.lines += 1;
    }

    /// Reads the last line, which has no end.
    fn read_last(&mut self, sink: &mut dyn PointSink) {
        let line = std::mem::take(&mut self.held);
        let cut = |fault: Fault| match fault.kind {
            ProblemKind::ScanDied | ProblemKind::UnresolvedNames => fault,
            kind if kind.weight() == Weight::Note => fault,
            _ => {
                let what = format!("the file ends in the middle of a line: {}", fault.what);
                Fault::new(ProblemKind::Cut, what)
            }
        };
        match self.take(&line, &mut self.output(line.len(), sink)) {
            Ok(()) => {
                let what = "the last line has no end: it may be cut";
                let fault = Fault::new(ProblemKind::NoFinalNewline, what);
                self.output(0, sink).report(fault);
            }
            Err(Wrong::Line(fault)) => self.output(0, sink).report(cut(fault)),
            Err(Wrong::Place(fault)) => self.pass(cut(fault), sink),
        }
        self.lines += 1;
    }

    /// Takes what a line holds, given without its end.
    fn take(&mut self, text: &[u8], out: &mut Output<'_>) -> Result<(), Wrong> {
        let was_trace = std::mem::take(&mut self.in_trace);
        let (kind, cell) = match text {
            [] => {
                out.report(Fault::new(ProblemKind::BlankLine, "a blank line"));
                return Ok(());
            }
            [b'[', ..] => return self.open_row(text, out),
            [b' ', b' ', b' ', b' ', cell @ ..] => (LineKind::Below, cell),
            [b' ', b' ', cell @ ..] => (LineKind::Cell, cell),
            _ => return self.take_other(text, was_trace, out),
        };
        let taken = match &mut self.state {
            State::Row(row) if kind == LineKind::Below => row.below(cell, out),
            State::Row(row) => row.cell(cell, out),
            State::Passing(passing) => {
                passing.count(kind, cell);
                return Ok(());
            }
            State::Outside => {
                let what = "columns without the line of their row before them";
                let fault = Fault::new(ProblemKind::BadRow, what);
                self.state = State::Passing(Passing::new(fault, out.at));
                return self.take(text, out);
            }
        };
        taken.map_err(|wrong| match wrong {
            Wrong::Place(_) if noise::holds_exception(text) => Wrong::Place(died(text)),
            wrong => wrong,
        })
    }

    fn open_row(&mut self, text: &[u8], out: &mut Output<'_>) -> Result<(), Wrong> {
        self.end_state(out);
        match header::parse(text) {
            Ok(header) => {
                let from = match out.at {
                    Position::Line { byte, .. } => byte,
                    _ => self.at,
                };
                self.state = State::Row(Box::new(Row::new(header, out.at, from)));
                Ok(())
            }
            Err(fault) if fault.kind == ProblemKind::BadRow && noise::holds_exception(text) => {
                Err(Wrong::Place(died(text)))
            }
            Err(fault) => Err(Wrong::Place(fault)),
        }
    }

    /// Takes a line that is no part of a scan.
    fn take_other(
        &mut self,
        text: &[u8],
        was_trace: bool,
        out: &mut Output<'_>,
    ) -> Result<(), Wrong> {
        match noise(text) {
            Some(Noise::Log) => {
                let what = format!("a line of a log; found {}", quote(text));
                out.report(Fault::new(ProblemKind::LogLine, what));
            }
            Some(Noise::More) if was_trace => self.in_trace = true,
            Some(_) => {
                self.in_trace = true;
                if let State::Row(row) = &mut self.state {
                    row.has_cells = true;
                    row.end_column(out);
                }
                out.report(died(text));
            }
            None => {
                let what = format!("a line that is no part of a scan; found {}", quote(text));
                return Err(Wrong::Place(Fault::new(ProblemKind::StrayLine, what)));
            }
        }
        Ok(())
    }

    /// Passes over all up to the next row.
    fn pass(&mut self, fault: Fault, sink: &mut dyn PointSink) {
        let mut out = self.output(0, sink);
        if let State::Passing(_) = self.state {
            // Why nothing is read is to be said already.
            out.report(fault);
        } else {
            self.leave_row();
            self.end_state(&mut out);
            self.state = State::Passing(Passing::new(fault, out.at));
        }
    }

    /// Nothing is known of what follows: that the row had no column so far says nothing.
    fn leave_row(&mut self) {
        if let State::Row(row) = &mut self.state {
            row.has_cells = true;
        }
    }

    /// Whether bytes were lost just before.
    fn is_at_gap(&self) -> bool {
        matches!(&self.state, State::Passing(passing) if passing.is_gap && !passing.is_used)
    }

    /// Ends the row, or what is passed over.
    fn end_state(&mut self, out: &mut Output<'_>) {
        match std::mem::replace(&mut self.state, State::Outside) {
            State::Outside => {}
            State::Row(row) => row.end(out),
            State::Passing(passing) => passing.report(out),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LineKind {
    Cell,
    Below,
}

impl Passing {
    fn new(fault: Fault, at: Position) -> Self {
        Passing { fault, at, points: 0, is_gap: false, is_used: false }
    }

    fn count(&mut self, kind: LineKind, text: &[u8]) {
        let is_point = column::fields(text)
            .is_some_and(|fields| kind == LineKind::Below || matches!(fields[3], b"l" | b"f"));
        self.points += u64::from(is_point);
    }

    fn report(self, out: &mut Output<'_>) {
        let Passing { mut fault, at, points, .. } = self;
        if points > 0 {
            let s = if points == 1 { "" } else { "s" };
            fault.what += &format!("; {points} point{s} up to the next row left out");
        }
        if !self.is_gap || self.is_used {
            out.sink.problem(fault.at(at));
        }
    }
}

#[cold]
fn died(text: &[u8]) -> Fault {
    let what =
        format!("the scan died, and what it had not printed is missing; found {}", quote(text));
    Fault::new(ProblemKind::ScanDied, what)
}

impl FormatReader for Reader {
    fn push(&mut self, mut piece: &[u8], sink: &mut dyn PointSink) -> Result<(), Error> {
        if let State::Passing(passing) = &mut self.state {
            passing.is_used |= !piece.is_empty();
        }
        while let Some((line, behind)) =
            memchr(b'\n', piece).and_then(|length| piece.split_at_checked(length + 1))
        {
            if self.held.is_empty() && !self.passes_line && line.len() <= self.line_limit {
                self.read_line(line, sink);
            } else {
                self.hold(line, sink);
                self.end_line(sink);
            }
            piece = behind;
        }
        if !piece.is_empty() {
            self.hold(piece, sink);
        }
        Ok(())
    }

    fn gap(&mut self, sink: &mut dyn PointSink) {
        if !self.held.is_empty() {
            let what = format!("a line that lost bytes cut; found {}", quote(&self.held));
            self.output(0, sink).report(Fault::new(ProblemKind::Cut, what));
            self.at += self.held.len() as u64;
            self.lines += 1;
            self.held = Vec::new();
        } else if self.passes_line && !self.is_at_gap() {
            self.lines += 1;
        }
        self.leave_row();
        self.end_state(&mut self.output(0, sink));
        let what = "what stands behind lost bytes, up to the next row, which is passed over";
        let fault = Fault::new(ProblemKind::Cut, what);
        let passing = Passing { is_gap: true, ..Passing::new(fault, self.place()) };
        self.state = State::Passing(passing);
        self.passes_line = true;
    }

    fn finish(&mut self, sink: &mut dyn PointSink) -> Result<(), Error> {
        if self.passes_line && !self.is_at_gap() {
            self.lines += 1;
        } else if !self.held.is_empty() {
            self.read_last(sink);
        }
        let mut out = self.output(0, sink);
        if let State::Row(row) = &self.state
            && row.open_column_is_cut()
        {
            let what = "the file ends within a column: the scan died there, or the file was cut";
            out.report(Fault::new(ProblemKind::ScanDied, what));
        }
        self.end_state(&mut out);
        Ok(())
    }

    fn forget_series(&mut self) {
        if let State::Row(row) = &mut self.state {
            row.forget_series();
        }
    }

    fn memory_bytes(&self) -> usize {
        let row = match &self.state {
            State::Row(row) => row.memory_bytes(),
            _ => 0,
        };
        self.held.capacity() + row
    }

    fn lines(&self) -> u64 {
        self.lines
    }
}

#[cfg(test)]
mod tests;
