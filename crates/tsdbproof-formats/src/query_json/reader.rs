//! Pieces of a file to answers: their structure, byte by byte.
//!
//! The array, the objects in it, and `dps` and annotations in those are followed in place, whatever
//! their size. What lies in them is read as whole values, or passed over without being kept.

use tsdbproof_core::{Error, ProblemKind, quote};

use super::body::{Begun, Body};
use super::item::{Part, Role};
use crate::json::context::Context;
use crate::json::open::{Fed, OpenValue, broken_byte};
use crate::json::seek::Seek;
use crate::json::syntax::{Mark, Place, Progress, Scanner, Shape};
use crate::number::Fault;
use crate::{BYTE_ORDER_MARK, FormatReader, PointSink, ReadOptions};

/// An open file of answers.
#[derive(Debug)]
pub(super) struct Reader {
    state: State,
    context: Context,
    open: OpenValue,
    body: Body,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// Outside of every value.
    Between,
    /// In the value that is open.
    Value(Part),
    /// In a value that nobody wants.
    Passing(Scanner),
    /// Nothing is read until an object seems to begin; why is reported.
    Seeking(Seek),
    /// Nothing is read until the next pair of a time and a value; why is reported.
    SeekingPair,
    /// Bytes are missing before the next one.
    BehindGap,
}

impl Reader {
    pub(super) fn new(options: &ReadOptions, at: u64) -> Self {
        Reader {
            state: State::Between,
            context: Context::new(Shape::Stream, at),
            open: OpenValue::new(options.limits.line_bytes),
            body: Body::new(options, at),
        }
    }

    /// Reads what there is.
    fn read(&mut self, mut text: &[u8], sink: &mut dyn PointSink) {
        while let Some(first) = text.first() {
            text = match self.state {
                State::Between if self.body.item.is_some() => self.read_item(*first, text, sink),
                State::Between => self.read_top(*first, text, sink),
                State::Value(part) => self.feed(part, text, sink),
                State::Passing(scanner) => self.pass_value(scanner, text, sink),
                State::Seeking(seek) => self.seek(seek, text),
                State::SeekingPair => self.seek_pair(*first, text),
                State::BehindGap => {
                    let what = "what is behind lost bytes is passed over, up to the next object";
                    self.seek_behind(Fault::new(ProblemKind::Cut, what), sink);
                    text
                }
            };
        }
    }

    /// Reads from outside of every object; gives back what is left.
    fn read_top<'a>(&mut self, first: u8, text: &'a [u8], sink: &mut dyn PointSink) -> &'a [u8] {
        let found = match first {
            b' ' | b'\t' | b'\n' | b'\r' => return self.body.pass(text, 1),
            0x80.. if self.is_of_mark(first) => return self.body.pass(text, 1),
            b'[' | b']' | b',' => self.context.take(first),
            _ => self.context.take_item(),
        };
        if let Err(what) = found {
            self.body.answer.report(Fault::new(ProblemKind::BadJson, what), sink);
        }
        match first {
            // Each array is an answer of its own.
            b'[' => {
                self.body.answer.end(sink);
                self.body.begin_answer();
            }
            b'{' => self.body.begin_item(),
            b']' | b',' => {}
            _ => return self.read_value(Part::Stranger, text, sink),
        }
        let rest = self.body.pass(text, 1);
        if first == b']' {
            self.body.answer.end(sink);
        }
        rest
    }

    /// Whether the next byte is one of a mark at the file's start.
    fn is_of_mark(&self, byte: u8) -> bool {
        let index = usize::try_from(self.body.answer.output.cursor.at()).unwrap_or(usize::MAX);
        BYTE_ORDER_MARK.get(index) == Some(&byte)
    }

    /// Reads in the open object, outside of its values; gives back what is left.
    fn read_item<'a>(&mut self, first: u8, text: &'a [u8], sink: &mut dyn PointSink) -> &'a [u8] {
        let rest = self.body.read_pairs(text, sink);
        if rest.len() < text.len() {
            return rest;
        }
        let Some(item) = &mut self.body.item else { return text };
        let (place, is_object) = item.innermost();
        match place.judge(first, is_object) {
            Mark::Passed(next) => {
                *place = next;
                self.body.pass(text, 1)
            }
            Mark::Key => {
                let part = if item.inner.is_some() { Part::Time } else { Part::Key };
                self.read_value(part, text, sink)
            }
            Mark::Value => match self.body.begin_value(first, sink) {
                Begun::Opened => self.body.pass(text, 1),
                Begun::Wanted(part) => self.read_value(part, text, sink),
                Begun::Unwanted => self.pass_value(Scanner::new(Shape::Stream), text, sink),
            },
            Mark::Close => {
                let rest = self.body.pass(text, 1);
                self.body.close(sink);
                rest
            }
            Mark::Broken(expected) => {
                let is_next = first == b'{' && *place == Place::Key;
                self.break_off(broken_byte("a broken answer", &[first], expected), sink);
                if is_next {
                    self.seek_object(Seek::BEHIND_COMMA);
                }
                text
            }
        }
    }

    /// Reads a whole value from its first byte on; gives back what is behind it.
    fn read_value<'a>(&mut self, part: Part, text: &'a [u8], sink: &mut dyn PointSink) -> &'a [u8] {
        self.open.begin(Shape::Stream);
        self.feed(part, text, sink)
    }

    fn feed<'a>(&mut self, part: Part, text: &'a [u8], sink: &mut dyn PointSink) -> &'a [u8] {
        match self.open.feed(text) {
            Fed::End(length) => {
                let (end, rest) = text.split_at_checked(length).unwrap_or((text, &[]));
                self.state = State::Between;
                let mut held = self.open.take_held();
                if held.is_empty() {
                    self.take(part, end, sink);
                } else {
                    held.extend_from_slice(end);
                    self.take(part, &held, sink);
                    self.open.give_back(held);
                }
                rest
            }
            Fed::More => {
                self.state = State::Value(part);
                &[]
            }
            Fed::Broken(fault) => {
                self.break_off(fault, sink);
                let held = self.open.take_held();
                if held.is_empty() {
                    let is_stop = matches!(self.state, State::SeekingPair) && part != Part::Pair;
                    return self.body.pass(text, usize::from(!is_stop));
                }
                self.read_again(&held, sink);
                text
            }
        }
    }

    /// Takes a whole value.
    fn take(&mut self, part: Part, value: &[u8], sink: &mut dyn PointSink) {
        if let Err(fault) = self.body.take(part, value, sink) {
            self.break_off(fault, sink);
            self.read_again(value, sink);
        }
    }

    /// Reads what was taken for a part of a value, but for its first byte: objects may lie in it.
    fn read_again(&mut self, held: &[u8], sink: &mut dyn PointSink) {
        let rest = self.body.pass(held, 1);
        // A value that goes on behind it is held again, with at least one byte less.
        self.read(rest, sink);
    }

    /// Passes over a value without keeping it; gives back what is behind it.
    fn pass_value<'a>(
        &mut self,
        mut scanner: Scanner,
        text: &'a [u8],
        sink: &mut dyn PointSink,
    ) -> &'a [u8] {
        match scanner.feed(text) {
            Progress::End(length) => {
                self.state = State::Between;
                self.body.end_value();
                self.body.pass(text, length)
            }
            Progress::More => {
                self.state = State::Passing(scanner);
                self.body.pass(text, text.len())
            }
            Progress::Broken { index, expected } => {
                let rest = self.body.pass(text, index);
                let byte = rest.get(..1).unwrap_or_default();
                self.seek_behind(broken_byte("a broken value", byte, expected), sink);
                rest
            }
        }
    }

    /// Reports a fault at the next byte, from where the next pair or object is looked for.
    fn break_off(&mut self, fault: Fault, sink: &mut dyn PointSink) {
        let inner = self.body.item.as_ref().and_then(|item| item.inner);
        if inner.is_some_and(|inner| inner.role != Role::Notes) {
            self.body.answer.report(fault, sink);
            self.state = State::SeekingPair;
        } else {
            self.seek_behind(fault, sink);
        }
    }

    /// Reports a fault at the next byte, from where the next object is looked for.
    fn seek_behind(&mut self, fault: Fault, sink: &mut dyn PointSink) {
        self.body.answer.report(fault, sink);
        self.seek_object(Seek::default());
    }

    fn seek_object(&mut self, seek: Seek) {
        self.body.item = None;
        self.context = Context::Unknown;
        self.state = State::Seeking(seek);
    }

    fn seek<'a>(&mut self, mut seek: Seek, text: &'a [u8]) -> &'a [u8] {
        let (length, is_found) = seek.pass(Shape::Stream, text);
        self.state = if is_found { State::Between } else { State::Seeking(seek) };
        self.body.pass(text, length)
    }

    /// Looks for the next pair at the next byte; gives back what is left.
    ///
    /// What no pair holds leads on to the next object: behind it may stand the points of another
    /// series.
    fn seek_pair<'a>(&mut self, first: u8, text: &'a [u8]) -> &'a [u8] {
        let inner = self.body.item.as_mut().and_then(|item| item.inner.as_mut());
        match (inner, first) {
            (Some(inner), b',') if inner.role == Role::Members => {
                (inner.key, inner.place) = (None, Place::Key);
                self.state = State::Between;
            }
            (Some(inner), b']') if inner.role == Role::Items => {
                inner.place = Place::After;
                self.state = State::Between;
            }
            (Some(inner), b'"') if inner.role == Role::Members => {}
            (None, _) | (_, b'{' | b'}' | b'[' | b']' | b'"') => {
                self.seek_object(Seek::default());
                return text;
            }
            _ => {}
        }
        self.body.pass(text, 1)
    }

    /// Gives up what is open.
    fn drain(&mut self, what: &str, sink: &mut dyn PointSink) {
        let mut is_told = false;
        while let State::Value(_) = self.state {
            let held = self.open.take_held();
            let found = format!("{what}; found {}", quote(&held));
            self.break_off(Fault::new(ProblemKind::Cut, found), sink);
            self.read_again(&held, sink);
            is_told = true;
        }
        let is_open = self.body.item.take().is_some() || matches!(self.context, Context::Array(_));
        self.context = Context::Unknown;
        if is_open && !is_told {
            self.body.answer.report(Fault::new(ProblemKind::Cut, what), sink);
        }
        self.body.answer.end(sink);
    }
}

impl FormatReader for Reader {
    fn push(&mut self, piece: &[u8], sink: &mut dyn PointSink) -> Result<(), Error> {
        self.read(piece, sink);
        self.body.answer.output.flush(sink);
        Ok(())
    }

    fn gap(&mut self, sink: &mut dyn PointSink) {
        self.drain("an answer that lost bytes", sink);
        self.state = State::BehindGap;
    }

    fn finish(&mut self, sink: &mut dyn PointSink) -> Result<(), Error> {
        self.drain("the file ends in the middle of an answer", sink);
        Ok(())
    }

    fn forget_series(&mut self) {
        self.body.answer.output.forget();
    }

    fn memory_bytes(&self) -> usize {
        self.open.memory_bytes() + self.body.memory_bytes()
    }

    fn lines(&self) -> u64 {
        self.body.answer.output.cursor.lines()
    }
}

#[cfg(test)]
mod tests;
