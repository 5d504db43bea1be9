//! Pieces of a file to records, records to points.
//!
//! A record with a fault in its quotes is passed over up to its first line end, and so is one whose
//! quotes took a line into a cell that can't hold one: behind a lost quote the next line is a record.

use memchr::memchr;
use tsdbproof_core::{Error, Kind, ProblemKind, Weight, quote};

use super::{
    output::Output,
    record::{Cell, Record, cut},
    table::{Front, Table, header},
};
use crate::{
    BYTE_ORDER_MARK, FormatReader, PointSink, ReadOptions, number::Fault, tables::rows::NamesSeen,
};

/// An open table.
#[derive(Debug)]
pub(super) struct Reader {
    options: ReadOptions,
    delimiters: &'static [u8],
    state: State,
    table: Option<Table>,
    /// The beginning of a record that goes on in the next piece, maybe with records before it.
    held: Vec<u8>,
    /// Until so many bytes are held nothing is read: small pieces of a long record take linear time.
    retry_at: usize,
    /// The cells of the last record.
    cells: Vec<Cell>,
    names: NamesSeen,
    output: Output,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Reading,
    /// Up to the next line end nothing is read; why is reported.
    Passing,
    /// Bytes are missing before the next one, so that may stand in the middle of a record.
    BehindGap,
    /// The header is missing, so nothing can be read.
    Headless,
}

/// What is behind the bytes at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Behind {
    /// Maybe more.
    Open,
    /// Nothing.
    End,
    /// Nothing, and the last byte is a line end that the file lacks.
    LackingEnd,
    /// Lost bytes.
    Gap,
}

impl Reader {
    pub(super) fn new(options: &ReadOptions, delimiters: &'static [u8]) -> Self {
        Reader {
            options: options.clone(),
            delimiters,
            state: State::Reading,
            table: None,
            held: Vec::new(),
            retry_at: 0,
            cells: Vec::new(),
            names: NamesSeen::default(),
            output: Output::new(),
        }
    }

    fn limit(&self) -> usize {
        self.options.limits.line_bytes
    }

    /// Reads what ends in `text`. Gives the bytes of that; the rest goes on in the next piece.
    fn read(
        &mut self,
        text: &[u8],
        behind: Behind,
        sink: &mut dyn PointSink,
    ) -> Result<usize, Error> {
        if self.state == State::Headless {
            self.output.pass(text);
            return Ok(text.len());
        }
        let header = if self.table.is_none() { self.read_header(text, behind, sink)? } else { 0 };
        match text.get(header..) {
            Some(records) if self.table.is_some() => {
                Ok(header + self.read_records(records, behind, sink))
            }
            _ => Ok(header),
        }
    }

    /// Reads the header; gives its bytes, 0 if it goes on behind `text`.
    fn read_header(
        &mut self,
        text: &[u8],
        behind: Behind,
        sink: &mut dyn PointSink,
    ) -> Result<usize, Error> {
        let body = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
        let within = body.get(..self.limit()).unwrap_or(body);
        let front = header(within, self.delimiters, &self.options);
        match front.map_err(|error| error.at(self.output.position(&[])))? {
            Front::Header(mut table, length) => {
                let length = text.len() - body.len() + length;
                table.notes.drain(..).for_each(|note| self.output.report(note, &[], sink));
                if behind == Behind::LackingEnd && length == text.len() {
                    self.output.report(no_line_end(), &[], sink);
                }
                self.output.pass(text.get(..length).unwrap_or(text));
                self.table = Some(table);
                Ok(length)
            }
            Front::Open if behind == Behind::Open && within.len() < self.limit() => Ok(0),
            Front::Open => {
                let what = format!("no header: no record ends in the first {} bytes", within.len());
                let error = Error::new(Kind::Malformed, what).at(self.output.position(&[]));
                Err(error.help("a table begins with the names of its columns"))
            }
        }
    }

    /// Reads the records that end in `text`; gives their bytes.
    fn read_records(&mut self, text: &[u8], behind: Behind, sink: &mut dyn PointSink) -> usize {
        let mut rest = text;
        while !rest.is_empty() {
            let used = match self.state {
                State::Passing => self.pass_line(rest),
                _ => self.read_record(rest, behind, sink),
            };
            match rest.split_at_checked(used) {
                Some((_, behind)) if used > 0 => rest = behind,
                _ => break,
            }
        }
        text.len() - rest.len()
    }

    /// Reads the record at the front of `text`, or passes over its first line; gives the bytes.
    fn read_record(&mut self, text: &[u8], behind: Behind, sink: &mut dyn PointSink) -> usize {
        let delimiter = self.table.as_ref().map_or(b',', |table| table.delimiter);
        let within = text.get(..self.limit()).unwrap_or(text);
        let fault = match cut(within, delimiter, &mut self.cells) {
            Ok(Some(length)) => {
                let is_last = behind == Behind::LackingEnd && length == text.len();
                return self.take(within.get(..length).unwrap_or(within), is_last, sink);
            }
            Err(bad) => {
                let before = within.get(..bad.offset).unwrap_or(within);
                self.output.report(bad.fault, before, sink);
                return self.pass_line(text);
            }
            Ok(None) if within.len() == self.limit() => {
                let limit = self.limit();
                let what = format!("a record that is too long; expected at most {limit} bytes");
                Fault::new(ProblemKind::LineTooLong, what)
            }
            Ok(None) => {
                let what = match behind {
                    Behind::Open => return 0,
                    Behind::End | Behind::LackingEnd => "the file ends between quotes",
                    Behind::Gap => "a record that lost bytes cut",
                };
                let first = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
                Fault::new(ProblemKind::Cut, format!("{what}; found {}", quote(first)))
            }
        };
        self.output.report(fault, &[], sink);
        self.pass_line(text)
    }

    /// Takes a record; gives its bytes, or those of its first line.
    fn take(&mut self, text: &[u8], is_last: bool, sink: &mut dyn PointSink) -> usize {
        let (row, Some(table)) = (Record::new(text, &self.cells), &self.table) else { return 0 };
        let found = table.point(row).and_then(|point| {
            let spell = |key: &mut Vec<u8>| table.spell(row, key);
            Ok((self.names.series(spell, || table.names(row), sink)?, point))
        });
        let mut is_torn = false;
        match found {
            Ok((series, point)) => {
                if is_last {
                    self.output.report(no_line_end(), &[], sink);
                }
                self.output.accept(series, point, sink);
            }
            Err(_) if row.is_blank() => {
                let fault = Fault::new(ProblemKind::BlankLine, "a blank line");
                self.output.report(fault, &[], sink);
            }
            Err(mut fault) => {
                is_torn = row.lines() > 1 && table.is_torn(row);
                if is_last && fault.kind.weight() == Weight::Damage {
                    let what = format!("the file ends in the middle of a record: {}", fault.what);
                    fault = Fault::new(ProblemKind::Cut, what);
                }
                if is_torn {
                    fault.what += &format!("; quotes took {} lines together", row.lines());
                }
                self.output.report(fault, &[], sink);
            }
        }
        if is_torn {
            return self.pass_line(text);
        }
        self.output.pass(text);
        text.len()
    }

    /// Passes over the rest of a line; gives its bytes.
    fn pass_line(&mut self, text: &[u8]) -> usize {
        let end = memchr(b'\n', text).map(|index| index + 1);
        self.state = if end.is_some() { State::Reading } else { State::Passing };
        let line = text.get(..end.unwrap_or(text.len())).unwrap_or(text);
        self.output.pass(line);
        line.len()
    }

    /// Keeps the last bytes of a piece; the header is tried again with the next.
    fn hold(&mut self, from: usize) {
        self.held.drain(..from.min(self.held.len()));
        let length = self.held.len();
        let later = (length + length / 4).min(self.limit());
        self.retry_at = if self.table.is_some() { later } else { 0 };
    }
}

fn no_line_end() -> Fault {
    Fault::new(ProblemKind::NoFinalNewline, "the last line has no end: it may be cut")
}

impl FormatReader for Reader {
    fn push(&mut self, piece: &[u8], sink: &mut dyn PointSink) -> Result<(), Error> {
        if piece.is_empty() {
            return Ok(());
        }
        if self.state == State::BehindGap {
            let (state, what) = match &self.table {
                Some(_) => (State::Passing, "the rest of a line behind lost bytes"),
                None => {
                    (State::Headless, "the header is lost, and without it all that is behind it")
                }
            };
            self.output.report(Fault::new(ProblemKind::Cut, what), &[], sink);
            self.state = state;
        }
        if self.held.is_empty() {
            let used = self.read(piece, Behind::Open, sink)?;
            self.held.extend_from_slice(piece.get(used..).unwrap_or_default());
            self.hold(0);
        } else {
            self.held.extend_from_slice(piece);
            if self.held.len() >= self.retry_at {
                let held = std::mem::take(&mut self.held);
                let used = self.read(&held, Behind::Open, sink)?;
                self.held = held;
                self.hold(used);
            }
        }
        self.output.flush(sink);
        Ok(())
    }

    fn gap(&mut self, sink: &mut dyn PointSink) {
        let held = std::mem::take(&mut self.held);
        if self.state == State::Headless {
            return;
        }
        if self.table.is_some() {
            self.read_records(&held, Behind::Gap, sink);
        }
        self.output.flush(sink);
        self.state = State::BehindGap;
    }

    fn finish(&mut self, sink: &mut dyn PointSink) -> Result<(), Error> {
        let size = self.output.at() + self.held.len() as u64;
        if !self.held.is_empty() || self.state == State::Passing {
            let mut held = std::mem::take(&mut self.held);
            let behind = if held.ends_with(b"\n") { Behind::End } else { Behind::LackingEnd };
            held.extend((behind == Behind::LackingEnd).then_some(b'\n'));
            self.read(&held, behind, sink)?;
        } else if self.table.is_none() && self.state == State::Reading {
            let fault = Fault::new(ProblemKind::Cut, "the file ends before its header");
            self.output.report(fault, &[], sink);
        }
        self.output.end(size, sink);
        Ok(())
    }

    fn forget_series(&mut self) {
        self.names = NamesSeen::default();
    }

    fn memory_bytes(&self) -> usize {
        let cells = self.cells.capacity() * size_of::<Cell>();
        self.held.capacity() + cells + self.names.memory_bytes() + self.output.memory_bytes()
    }

    fn lines(&self) -> u64 {
        self.output.lines()
    }
}

#[cfg(test)]
mod tests;
