//! Pieces of a file to lines, lines to points.

use tsdbproof_core::{Error, ProblemKind, Weight, quote};

use super::line::{self, Fields};
use super::line_end::{split_line, without_end};
use super::output::Output;
use super::templates::{Hit, Templates};
use crate::number::Fault;
use crate::{BYTE_ORDER_MARK, FormatReader, PointSink, ReadOptions};

/// An open file of import text.
#[derive(Debug)]
pub(super) struct Reader {
    line_limit: usize,
    state: State,
    /// The beginning of a line that goes on in the next piece; of a line that is passed over, only
    /// a CR that is the last byte so far.
    held: Vec<u8>,
    templates: Templates,
    output: Output,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Reading,
    /// Up to the next line end nothing is read; why is reported.
    Passing,
    /// Bytes are missing before the next one, so that may stand in the middle of a line.
    BehindGap,
}

impl Reader {
    pub(super) fn new(options: &ReadOptions, at: u64) -> Self {
        Reader {
            line_limit: options.limits.line_bytes,
            state: State::Reading,
            held: Vec::new(),
            templates: Templates::default(),
            output: Output::new(at, options.line_by_line),
        }
    }

    /// Reads the lines that end in `text`; what is left goes on in the next piece.
    fn read_lines<'a>(&mut self, mut text: &'a [u8], sink: &mut dyn PointSink) -> &'a [u8] {
        loop {
            text = self.templates.read_lines(text, self.line_limit, &mut self.output, sink);
            let Some((line, behind)) = split_line(text) else { return text };
            self.read_line(line, sink);
            text = behind;
        }
    }

    /// Reads a line, given with its end.
    fn read_line(&mut self, line: &[u8], sink: &mut dyn PointSink) {
        let found = self.parse(without_end(line), sink);
        self.take(found, line.len(), sink);
    }

    /// What the line of this text holds.
    fn parse(&mut self, mut text: &[u8], sink: &mut dyn PointSink) -> Result<Hit, Fault> {
        if self.output.is_at_start()
            && let Some(behind) = text.strip_prefix(BYTE_ORDER_MARK)
        {
            let what = "a byte order mark; `tsdb import` takes it for a part of the metric, which it refuses";
            self.output.report(Fault::new(ProblemKind::ByteOrderMark, what), sink);
            text = behind;
        }
        if text.len() > self.line_limit {
            return Err(self.too_long());
        }
        if let Some((fields, point)) = Fields::with_point(text)
            && let Some(hit) = self.templates.find(text, &fields, point)
        {
            return Ok(hit);
        }
        let line = line::parse(text)?;
        let series = sink.series(line.metric, &line.tags);
        self.templates.learn(text, &line.fields, series);
        Ok(Hit { series, point: line.point, irregular: line.fields.irregular })
    }

    /// Gives out what a line holds.
    fn take(&mut self, found: Result<Hit, Fault>, line_length: usize, sink: &mut dyn PointSink) {
        match found {
            Ok(hit) => self.output.accept(hit, line_length, sink),
            Err(fault) => self.output.refuse(fault, line_length, sink),
        }
    }

    fn too_long(&self) -> Fault {
        let limit = self.line_limit;
        let what = format!("a line that is too long to be read; expected at most {limit} bytes");
        Fault::new(ProblemKind::LineTooLong, what)
    }

    /// Takes what belongs to the line that an earlier piece began; gives back what is behind it.
    fn go_on<'a>(&mut self, piece: &'a [u8], sink: &mut dyn PointSink) -> &'a [u8] {
        let length = if self.held.ends_with(b"\r") {
            Some(usize::from(piece.starts_with(b"\n")))
        } else {
            split_line(piece).map(|(line, _)| line.len())
        };
        let Some((part, behind)) = length.and_then(|length| piece.split_at_checked(length)) else {
            self.hold(piece, sink);
            return &[];
        };
        self.hold(part, sink);
        self.end_held(sink);
        behind
    }

    /// Keeps the next part of a line, or passes over it.
    fn hold(&mut self, part: &[u8], sink: &mut dyn PointSink) {
        let length = without_end(&self.held).len() + without_end(part).len();
        if self.state == State::Reading && length > self.line_limit {
            self.pass(self.too_long(), sink);
        }
        if self.state == State::Reading {
            self.held.extend_from_slice(part);
        } else {
            self.output.skip(part.len());
            self.held.clear();
            self.held.extend(part.last().filter(|byte| **byte == b'\r'));
        }
    }

    /// Passes over the rest of the line whose beginning is held.
    fn pass(&mut self, fault: Fault, sink: &mut dyn PointSink) {
        self.output.report(fault, sink);
        self.output.skip(self.held.len());
        self.held = Vec::new();
        self.state = State::Passing;
    }

    /// Reads the line that is held, now that its end is there too.
    fn end_held(&mut self, sink: &mut dyn PointSink) {
        let mut line = std::mem::take(&mut self.held);
        if self.state == State::Reading {
            self.read_line(&line, sink);
        } else {
            self.output.end_line();
            self.state = State::Reading;
        }
        line.clear();
        self.held = line;
    }

    /// Reads the file's last line, which has no end.
    fn read_last(&mut self, sink: &mut dyn PointSink) {
        let text = std::mem::take(&mut self.held);
        let found = match self.parse(&text, sink) {
            Err(fault) if fault.kind.weight() == Weight::Damage => {
                let what = format!("the file ends in the middle of a line: {}", fault.what);
                Err(Fault::new(ProblemKind::Cut, what))
            }
            found => {
                let what = "the last line has no end: it may be cut";
                self.output.report(Fault::new(ProblemKind::NoFinalNewline, what), sink);
                found
            }
        };
        self.take(found, text.len(), sink);
    }
}

impl FormatReader for Reader {
    fn push(&mut self, mut piece: &[u8], sink: &mut dyn PointSink) -> Result<(), Error> {
        if piece.is_empty() {
            return Ok(());
        }
        if self.state == State::BehindGap {
            let what = "the rest of a line behind lost bytes, which is passed over";
            self.pass(Fault::new(ProblemKind::Cut, what), sink);
        }
        if self.state == State::Passing || !self.held.is_empty() {
            piece = self.go_on(piece, sink);
        }
        let rest = self.read_lines(piece, sink);
        if !rest.is_empty() {
            self.hold(rest, sink);
        }
        self.output.flush(sink);
        Ok(())
    }

    fn gap(&mut self, sink: &mut dyn PointSink) {
        if self.held.ends_with(b"\r") {
            self.end_held(sink);
        }
        if self.state == State::Reading && !self.held.is_empty() {
            let what = format!("a line that lost bytes cut; found {}", quote(&self.held));
            self.pass(Fault::new(ProblemKind::Cut, what), sink);
        }
        if self.state == State::Passing {
            self.output.end_line();
        }
        self.output.flush(sink);
        self.state = State::BehindGap;
    }

    fn finish(&mut self, sink: &mut dyn PointSink) -> Result<(), Error> {
        if self.held.ends_with(b"\r") {
            self.end_held(sink);
        } else if self.state == State::Passing {
            self.output.end_line();
        } else if !self.held.is_empty() {
            self.read_last(sink);
        }
        self.output.flush(sink);
        Ok(())
    }

    fn forget_series(&mut self) {
        self.templates = Templates::default();
    }

    fn memory_bytes(&self) -> usize {
        self.held.capacity() + self.templates.memory_bytes() + self.output.memory_bytes()
    }

    fn lines(&self) -> u64 {
        self.output.lines()
    }
}

#[cfg(test)]
mod tests;
