//! Pieces of a file to values, values to points.

use tsdbproof_core::{Error, ProblemKind, quote};

use super::object::{self, Found};
use super::output::Output;
use super::templates::{Hit, Templates};
use crate::json::context::{Behind, Context};
use crate::json::open::{Fed, OpenValue};
use crate::json::seek::Seek;
use crate::json::syntax::Shape;
use crate::number::Fault;
use crate::{BYTE_ORDER_MARK, FormatReader, Limits, PointSink};

/// An open file of put objects.
#[derive(Debug)]
pub(super) struct Reader {
    shape: Shape,
    /// Bytes of a value at the most.
    limit: usize,
    state: State,
    context: Context,
    open: OpenValue,
    templates: Templates,
    output: Output,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// Outside of every value.
    Between,
    /// In the value that is open.
    Value,
    /// Nothing is read until an object seems to begin; why is reported.
    Seeking(Seek),
    /// Bytes are missing before the next one.
    BehindGap,
}

impl Reader {
    pub(super) fn new(shape: Shape, limits: &Limits, at: u64) -> Self {
        Reader {
            shape,
            limit: limits.line_bytes,
            state: State::Between,
            context: Context::new(shape, at),
            open: OpenValue::new(limits.line_bytes),
            templates: Templates::default(),
            output: Output::new(at),
        }
    }

    /// Reads what there is.
    fn read(&mut self, mut text: &[u8], sink: &mut dyn PointSink) {
        while let Some(first) = text.first() {
            text = match self.state {
                State::Between => self.read_between(*first, text, sink),
                State::Value => self.feed(text, sink),
                State::Seeking(seek) => self.seek(seek, text),
                State::BehindGap => {
                    let what = "what is behind lost bytes is passed over, up to the next object";
                    self.seek_behind(Fault::new(ProblemKind::Cut, what), sink);
                    text
                }
            };
        }
    }

    /// Reads from outside of every value; gives back what is left.
    fn read_between<'a>(
        &mut self,
        first: u8,
        text: &'a [u8],
        sink: &mut dyn PointSink,
    ) -> &'a [u8] {
        match first {
            b' ' | b'\t' | b'\n' | b'\r' => self.pass(text, 1),
            0x80.. if self.is_of_mark(first) => self.pass(text, 1),
            b'[' | b']' | b',' if self.shape == Shape::Lines => {
                let found = quote(&[first]);
                let what = format!("a line that is no object; found {found}, expected an object");
                self.seek_behind(Fault::new(ProblemKind::BadJson, what), sink);
                self.pass(text, 1)
            }
            b'[' | b']' | b',' => {
                let found = self.context.take(first);
                self.report_structure(found, sink);
                self.pass(text, 1)
            }
            _ => {
                let found = self.context.take_item();
                self.report_structure(found, sink);
                self.read_value(text, sink)
            }
        }
    }

    /// Whether the next byte is one of a mark at the file's start.
    fn is_of_mark(&self, byte: u8) -> bool {
        let index = usize::try_from(self.output.cursor.at()).unwrap_or(usize::MAX);
        BYTE_ORDER_MARK.get(index) == Some(&byte)
    }

    fn report_structure(&mut self, found: Result<(), &str>, sink: &mut dyn PointSink) {
        if let Err(what) = found {
            self.output.report(Fault::new(ProblemKind::BadJson, what), sink);
        }
    }

    fn pass<'a>(&mut self, text: &'a [u8], length: usize) -> &'a [u8] {
        let (passed, rest) = text.split_at_checked(length).unwrap_or((text, &[]));
        self.output.cursor.pass(passed);
        rest
    }

    /// Reads a value, and those behind it that are likely; gives back what is left.
    fn read_value<'a>(&mut self, text: &'a [u8], sink: &mut dyn PointSink) -> &'a [u8] {
        let rest = self.read_likely(text, sink);
        if rest.len() < text.len() {
            return rest;
        }
        if let Some(hit) = self.templates.find(text, self.limit) {
            self.output.accept(hit, sink);
            return text.get(hit.length..).unwrap_or_default();
        }
        self.open.begin(self.shape);
        self.feed(text, sink)
    }

    /// Reads the objects whose templates are guessed.
    #[inline]
    fn read_likely<'a>(&mut self, text: &'a [u8], sink: &mut dyn PointSink) -> &'a [u8] {
        let Reader { shape, limit, context, templates, output, .. } = self;
        let mut is_behind_gap = false;
        let rest = templates.read_objects(text, *limit, |hit, rest| {
            output.accept(hit, sink);
            let gap = context.gap(*shape, rest);
            is_behind_gap = gap.is_some();
            let gap = gap?;
            output.cursor.pass_counted(gap.length as u64, u64::from(gap.line_ends));
            rest.get(gap.length..)
        });
        if is_behind_gap {
            *context = context.behind_gap();
        }
        rest
    }

    /// Reads on in the open value; gives back what is behind it.
    fn feed<'a>(&mut self, text: &'a [u8], sink: &mut dyn PointSink) -> &'a [u8] {
        match self.open.feed(text) {
            Fed::End(length) => {
                let (end, rest) = text.split_at_checked(length).unwrap_or((text, &[]));
                self.state = State::Between;
                let mut held = self.open.take_held();
                if held.is_empty() {
                    self.take(end, sink);
                } else {
                    held.extend_from_slice(end);
                    self.take(&held, sink);
                    self.open.give_back(held);
                }
                rest
            }
            Fed::More => {
                self.state = State::Value;
                &[]
            }
            Fed::Broken(fault) if self.open.held().is_empty() => {
                self.seek_behind(fault, sink);
                self.pass(text, 1)
            }
            Fed::Broken(fault) => {
                self.read_held_again(fault, sink);
                text
            }
        }
    }

    /// Reports a fault at the next byte, from where the next object is looked for.
    fn seek_behind(&mut self, fault: Fault, sink: &mut dyn PointSink) {
        self.output.report(fault, sink);
        if self.shape == Shape::Stream {
            self.context = Context::Unknown;
        }
        self.state = State::Seeking(Seek::default());
    }

    fn seek<'a>(&mut self, mut seek: Seek, text: &'a [u8]) -> &'a [u8] {
        let (length, is_found) = seek.pass(self.shape, text);
        self.state = if is_found { State::Between } else { State::Seeking(seek) };
        self.pass(text, length)
    }

    /// Gives up the value that is held. Objects may lie in what was taken for a part of it, as when
    /// a write was torn.
    fn read_held_again(&mut self, fault: Fault, sink: &mut dyn PointSink) {
        let held = self.open.take_held();
        self.seek_behind(fault, sink);
        // What is pushed here is read as new: a value that goes on behind it is held again, with at
        // least one byte less.
        let rest = self.pass(&held, 1);
        self.read(rest, sink);
    }

    /// Takes a sound value.
    fn take(&mut self, value: &[u8], sink: &mut dyn PointSink) {
        match object::judge(value) {
            Ok(Found::One(one)) => {
                let series = sink.series(&one.metric, &one.tags);
                if one.is_plain {
                    self.templates.learn(value, series);
                }
                let line_ends = memchr::memchr_iter(b'\n', value).count();
                let line_ends = u32::try_from(line_ends).unwrap_or(u32::MAX);
                let (point, length) = (one.point, value.len());
                self.output.accept(Hit { series, point, length, line_ends }, sink);
            }
            Ok(Found::Many(many)) => self.output.accept_many(many, value, sink),
            Err(fault) => {
                self.output.report(fault, sink);
                self.output.cursor.pass(value);
            }
        }
    }

    /// Gives up every value that is held.
    fn drain(&mut self, what: &str, sink: &mut dyn PointSink) {
        while let State::Value = self.state {
            let what = format!("{what}; found {}", quote(self.open.held()));
            self.read_held_again(Fault::new(ProblemKind::Cut, what), sink);
        }
    }
}

impl FormatReader for Reader {
    fn push(&mut self, piece: &[u8], sink: &mut dyn PointSink) -> Result<(), Error> {
        self.read(piece, sink);
        self.output.flush(sink);
        Ok(())
    }

    fn gap(&mut self, sink: &mut dyn PointSink) {
        self.drain("a value that lost bytes cut", sink);
        self.output.flush(sink);
        if self.shape == Shape::Stream {
            self.context = Context::Unknown;
        }
        self.state = State::BehindGap;
    }

    fn finish(&mut self, sink: &mut dyn PointSink) -> Result<(), Error> {
        self.drain("the file ends in the middle of a value", sink);
        if let Context::Array(behind) = self.context {
            let expected =
                if behind == Behind::Item { "a comma or a bracket" } else { "an object" };
            let what = format!("the file ends in the middle of an array; expected {expected}");
            self.output.report(Fault::new(ProblemKind::Cut, what), sink);
        }
        self.output.flush(sink);
        Ok(())
    }

    fn forget_series(&mut self) {
        self.templates = Templates::default();
    }

    fn memory_bytes(&self) -> usize {
        self.open.memory_bytes() + self.templates.memory_bytes() + self.output.memory_bytes()
    }

    fn lines(&self) -> u64 {
        self.output.cursor.lines()
    }
}

#[cfg(test)]
mod tests;
