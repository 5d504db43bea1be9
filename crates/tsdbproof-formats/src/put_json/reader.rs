//! Pieces of a file to values, values to points.

use tsdbproof_core::{Error, ProblemKind, quote};

use super::object::{self, Found};
use super::output::Output;
use super::templates::{Hit, Templates};
use crate::json::context::{Behind, Context};
use crate::json::seek::Seek;
use crate::json::syntax::{Progress, Scanner, Shape};
use crate::number::Fault;
use crate::{FormatReader, Limits, PointSink};

/// An open file of put objects.
#[derive(Debug)]
pub(super) struct Reader {
    shape: Shape,
    /// Bytes of a value at the most.
    limit: usize,
    state: State,
    context: Context,
    /// The beginning of a value that goes on in the next piece.
    held: Vec<u8>,
    templates: Templates,
    output: Output,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// Outside of every value.
    Between,
    /// In the value that is held.
    Value(Scanner),
    /// Nothing is read until an object seems to begin; why is reported.
    Seeking(Seek),
    /// Bytes are missing before the next one.
    BehindGap,
}

/// What some programs put in front of UTF-8.
const BYTE_ORDER_MARK: [u8; 3] = [0xef, 0xbb, 0xbf];

impl Reader {
    pub(super) fn new(shape: Shape, limits: &Limits, at: u64) -> Self {
        Reader {
            shape,
            limit: limits.line_bytes,
            state: State::Between,
            context: Context::new(shape, at),
            held: Vec::new(),
            templates: Templates::default(),
            output: Output::new(at),
        }
    }

    /// Reads what there is.
    fn read(&mut self, mut text: &[u8], sink: &mut dyn PointSink) {
        while let Some(first) = text.first() {
            text = match self.state {
                State::Between => self.read_between(*first, text, sink),
                State::Value(scanner) => self.go_on(scanner, text, sink),
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
        let index = usize::try_from(self.output.at()).unwrap_or(usize::MAX);
        BYTE_ORDER_MARK.get(index) == Some(&byte)
    }

    fn report_structure(&mut self, found: Result<(), &str>, sink: &mut dyn PointSink) {
        if let Err(what) = found {
            self.output.report(Fault::new(ProblemKind::BadJson, what), sink);
        }
    }

    fn pass<'a>(&mut self, text: &'a [u8], length: usize) -> &'a [u8] {
        let (passed, rest) = text.split_at_checked(length).unwrap_or((text, &[]));
        self.output.pass(passed);
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
        let mut scanner = Scanner::new(self.shape);
        match scanner.feed(self.within_limit(text)) {
            Progress::End(length) if length <= self.limit => {
                let (value, rest) = text.split_at_checked(length).unwrap_or((text, &[]));
                self.take(value, sink);
                rest
            }
            Progress::More if text.len() <= self.limit => {
                self.held.extend_from_slice(text);
                self.state = State::Value(scanner);
                &[]
            }
            progress => {
                let fault = self.broken(progress, text, 0);
                self.seek_behind(fault, sink);
                self.pass(text, 1)
            }
        }
    }

    /// What of a text is looked at to see whether a value keeps the limit.
    fn within_limit<'a>(&self, text: &'a [u8]) -> &'a [u8] {
        text.get(..=self.limit - self.held.len().min(self.limit)).unwrap_or(text)
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
            output.pass_blanks(gap.length, gap.line_ends);
            rest.get(gap.length..)
        });
        if is_behind_gap {
            *context = context.behind_gap();
        }
        rest
    }

    /// Reads on in the value that earlier pieces began; gives back what is behind it.
    fn go_on<'a>(
        &mut self,
        mut scanner: Scanner,
        text: &'a [u8],
        sink: &mut dyn PointSink,
    ) -> &'a [u8] {
        let part = self.within_limit(text);
        let progress = scanner.feed(part);
        let length = match progress {
            Progress::End(length) => length,
            Progress::More => part.len(),
            Progress::Broken { index, .. } => index + 1,
        };
        let (part, rest) = text.split_at_checked(length).unwrap_or((text, &[]));
        let before = self.held.len();
        self.held.extend_from_slice(part);
        match progress {
            Progress::End(_) if self.held.len() <= self.limit => {
                let mut value = std::mem::take(&mut self.held);
                self.state = State::Between;
                self.take(&value, sink);
                value.clear();
                self.held = value;
            }
            Progress::More if self.held.len() <= self.limit => self.state = State::Value(scanner),
            progress => {
                let fault = self.broken(progress, part, before);
                self.read_held_again(fault, sink);
            }
        }
        rest
    }

    /// What is wrong with a value. `text` begins so many bytes behind its start.
    fn broken(&self, progress: Progress, text: &[u8], before: usize) -> Fault {
        let Progress::Broken { index, expected } = progress else {
            let limit = self.limit;
            let what = format!("a value too long to be read; expected at most {limit} bytes");
            return Fault::new(ProblemKind::LineTooLong, what);
        };
        let byte = text.get(index..=index).unwrap_or_default();
        let (kind, hint) = match byte {
            [0] => (ProblemKind::BadCharacter, "; blocks of NULs come from torn writes"),
            _ => (ProblemKind::BadJson, ""),
        };
        let (at, found) = (before + index, quote(byte));
        let what = match at {
            0 => format!("no value of JSON; found {found}, expected an object{hint}"),
            _ => {
                format!("a broken value at its byte {at}; found {found}, expected {expected}{hint}")
            }
        };
        Fault::new(kind, what)
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
        let held = std::mem::take(&mut self.held);
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
                self.output.pass(value);
            }
        }
    }

    /// Gives up every value that is held.
    fn drain(&mut self, what: &str, sink: &mut dyn PointSink) {
        while let State::Value(_) = self.state {
            let what = format!("{what}; found {}", quote(&self.held));
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
        self.held.capacity() + self.templates.memory_bytes() + self.output.memory_bytes()
    }

    fn lines(&self) -> u64 {
        self.output.lines()
    }
}

#[cfg(test)]
mod tests;
