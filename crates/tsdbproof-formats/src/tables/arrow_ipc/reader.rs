//! Takes messages out of bytes that come in pieces.

use tsdbproof_core::{Error, Kind, Position, Problem, ProblemKind, quote};

use super::FEATHER_1;
use super::footer::check;
use super::frame::{CONTINUATION, HEAD};
use super::messages::{Ahead, Messages};
use super::seek::{Found, seek};
use super::window::{WORD_BYTES, Window};
use crate::{FormatReader, PointSink, ReadOptions};

/// The longest message: the schema of a hundred thousand columns is shorter.
const MESSAGE_BYTES: usize = 16 << 20;
/// How often at the end of a file bytes are looked through again.
const RESCANS: usize = 16;

/// Reads Arrow's IPC format.
#[derive(Debug)]
pub(super) struct Reader {
    state: State,
    window: Window,
    index_bytes: usize,
    is_file: bool,
    /// Whether messages have no continuation before their length.
    is_old: bool,
    messages: Messages,
}

/// What the next bytes are.
#[derive(Debug)]
enum State {
    /// The first bytes of a file or a stream.
    Head,
    /// What stands before a message.
    Prefix,
    /// A message, with the bytes of its prefix and its own.
    Message(usize, usize),
    /// A body: what came of it, and its size.
    Body(Ahead, Vec<u8>, usize),
    /// As many bytes of a body that nobody wants.
    Passing(u64),
    /// Bytes behind a fault, which may hold messages again.
    Seeking,
    /// All that is behind the end of the stream, of a file.
    Footer,
    /// What is behind the end of a stream.
    BehindEnd,
    /// Bytes of which nothing can be made, up to the end.
    Lost,
}

/// What a step needs to go on.
enum Step {
    Done,
    /// More bytes.
    Starved,
    /// What came is none of what was expected.
    Refused(String),
}

impl Reader {
    pub(super) fn new(options: &ReadOptions) -> Self {
        Reader {
            state: State::Head,
            window: Window::default(),
            index_bytes: options.limits.index_bytes,
            is_file: false,
            is_old: false,
            messages: Messages::new(options),
        }
    }

    fn problem(&self, kind: ProblemKind, what: impl Into<String>) -> Problem {
        Problem { kind, at: Position::Byte(self.window.at()), what: what.into() }
    }

    /// Takes what came, as far as it is complete.
    fn read(&mut self, sink: &mut dyn PointSink) -> Result<(), Error> {
        loop {
            match self.step(sink)? {
                Step::Done => {}
                Step::Starved => return Ok(()),
                Step::Refused(what) => {
                    let what = format!("{what}; rows up to the next batch are lost");
                    sink.problem(self.problem(ProblemKind::BadRecord, what));
                    // What is looked for next must not be found here again.
                    self.window.pass(1);
                    self.lose_messages();
                }
            }
        }
    }

    fn lose_messages(&mut self) {
        self.messages.lose(self.is_file);
        // Without its columns no batch can be read.
        self.state = if self.messages.has_table() { State::Seeking } else { State::Lost };
    }

    fn step(&mut self, sink: &mut dyn PointSink) -> Result<Step, Error> {
        match &mut self.state {
            State::Head => return self.head(),
            State::Prefix => return Ok(self.prefix()),
            State::Message(prefix_bytes, bytes) => {
                let (prefix_bytes, bytes) = (*prefix_bytes, *bytes);
                return self.message(prefix_bytes, bytes, sink);
            }
            State::Body(_, body, size) => {
                body.extend_from_slice(self.window.pass(*size - body.len()));
                if body.len() < *size {
                    return Ok(Step::Starved);
                }
                self.body(sink);
            }
            State::Passing(left) => {
                let count = usize::try_from(*left).unwrap_or(usize::MAX);
                *left -= self.window.pass(count).len() as u64;
                if *left > 0 {
                    return Ok(Step::Starved);
                }
                self.state = State::Prefix;
            }
            State::Seeking => match seek(self.window.rest()) {
                Found::Unsure(index) => {
                    self.window.pass(index);
                    return Ok(Step::Starved);
                }
                Found::Message(index) => {
                    self.window.pass(index);
                    self.is_old = false;
                    self.state = State::Prefix;
                }
            },
            State::Footer if self.window.rest().len() > self.index_bytes => {
                let what = format!("a footer of more than {} bytes", self.index_bytes);
                return Err(Error::new(Kind::Limit, what).at(Position::Byte(self.window.at())));
            }
            State::Footer => return Ok(Step::Starved),
            State::BehindEnd => return Ok(self.behind_end(sink)),
            State::Lost => {
                self.window.pass_all();
                return Ok(Step::Starved);
            }
        }
        Ok(Step::Done)
    }

    fn head(&mut self) -> Result<Step, Error> {
        let Some(head) = self.window.rest().get(..HEAD.len()) else { return Ok(Step::Starved) };
        if head == HEAD {
            self.is_file = true;
            self.window.pass(HEAD.len());
        } else if head.starts_with(&FEATHER_1) {
            let what = "a file of Feather version 1, which is no Arrow IPC";
            return Err(Error::new(Kind::Unsupported, what)
                .help("write it again as version 2: pyarrow.feather.write_feather does"));
        } else {
            self.is_old = !head.starts_with(&CONTINUATION);
        }
        self.state = State::Prefix;
        Ok(Step::Done)
    }

    fn prefix(&mut self) -> Step {
        let Some(first) = self.window.word(0) else { return Step::Starved };
        // A file has its first message behind its magic.
        self.is_old = match self.messages.has_table() {
            true => self.is_old,
            false => first.to_le_bytes() != CONTINUATION,
        };
        let (prefix_bytes, length) = match self.is_old {
            true => (WORD_BYTES, first),
            false if first.to_le_bytes() != CONTINUATION => {
                let found = quote(&first.to_le_bytes());
                return Step::Refused(format!("found {found}, expected a message"));
            }
            false => match self.window.word(1) {
                Some(length) => (2 * WORD_BYTES, length),
                None => return Step::Starved,
            },
        };
        match length as usize {
            0 => {
                self.window.pass(prefix_bytes);
                self.state = if self.is_file { State::Footer } else { State::BehindEnd };
            }
            bytes @ 1..=MESSAGE_BYTES => self.state = State::Message(prefix_bytes, bytes),
            bytes => {
                return Step::Refused(format!("a message that tells {bytes} bytes of itself"));
            }
        }
        Step::Done
    }

    fn message(
        &mut self,
        prefix_bytes: usize,
        bytes: usize,
        sink: &mut dyn PointSink,
    ) -> Result<Step, Error> {
        let Some(message) = self.window.rest().get(prefix_bytes..prefix_bytes + bytes) else {
            return Ok(Step::Starved);
        };
        match self.messages.message(message, prefix_bytes, self.window.at(), sink)? {
            Ok(ahead) => {
                self.window.pass(prefix_bytes + bytes);
                self.state = match ahead.size() {
                    Ok(size) => State::Body(ahead, Vec::new(), size),
                    Err(size) => State::Passing(size),
                };
                Ok(Step::Done)
            }
            Err(flaw) => Ok(Step::Refused(flaw.to_owned())),
        }
    }

    fn body(&mut self, sink: &mut dyn PointSink) {
        let state = std::mem::replace(&mut self.state, State::Prefix);
        if let State::Body(ahead, body, _) = state {
            self.messages.body(ahead, body, self.window.at(), sink);
        }
    }

    /// Behind a stream, another one or a file may begin.
    fn behind_end(&mut self, sink: &mut dyn PointSink) -> Step {
        let Some(front) = self.window.rest().get(..WORD_BYTES) else { return Step::Starved };
        if front == CONTINUATION || HEAD.starts_with(front) {
            self.messages.begin_again();
            self.state = State::Head;
            return Step::Done;
        }
        let what = format!(
            "bytes behind the end; found {}, expected none, or another stream",
            quote(front)
        );
        sink.problem(self.problem(ProblemKind::StrayBytes, what));
        self.state = State::Lost;
        Step::Done
    }

    /// What is half read when the bytes end, in a few words.
    fn open_part(&self) -> Option<&'static str> {
        match self.state {
            State::Head => Some("the file ends before its columns"),
            State::Prefix if self.is_file => Some("the file ends before its footer"),
            // A stream may end without a word.
            State::Prefix if self.window.rest().is_empty() && self.messages.has_table() => None,
            State::Prefix => Some("the stream ends in the middle of a message"),
            State::Message(..) => Some("the file ends in the middle of a message"),
            State::Body(..) | State::Passing(_) => Some("the file ends in the middle of a batch"),
            State::BehindEnd if !self.window.rest().is_empty() => {
                Some("the file ends in the middle of what is behind its end")
            }
            State::Seeking | State::Footer | State::BehindEnd | State::Lost => None,
        }
    }
}

impl Reader {
    /// Goes back to where a part began that the file does not end.
    fn rescan(&mut self) {
        if let State::Body(_, body, _) = std::mem::replace(&mut self.state, State::Lost) {
            self.window.unread(body);
        }
    }

    fn check_footer(&mut self, sink: &mut dyn PointSink) {
        let (fields, places) = self.messages.take_content();
        if let Err(failure) = check(self.window.rest(), fields, places) {
            sink.problem(self.problem(failure.kind(), failure.what()));
        }
    }
}

impl FormatReader for Reader {
    fn push(&mut self, bytes: &[u8], sink: &mut dyn PointSink) -> Result<(), Error> {
        self.window.push(bytes);
        self.read(sink)
    }

    fn gap(&mut self, sink: &mut dyn PointSink) {
        if let Some(what) = self.open_part().filter(|_| !matches!(self.state, State::Prefix)) {
            let what = format!("{what}, for bytes behind it are lost");
            sink.problem(self.problem(ProblemKind::Cut, what));
        }
        self.window.pass_all();
        self.lose_messages();
    }

    fn finish(&mut self, sink: &mut dyn PointSink) -> Result<(), Error> {
        for _ in 0..RESCANS {
            let Some(what) = self.open_part() else { break };
            self.rescan();
            sink.problem(self.problem(ProblemKind::Cut, what));
            // What is looked for next must not be found here again.
            self.window.pass(1);
            self.lose_messages();
            self.read(sink)?;
        }
        match self.state {
            State::Footer => self.check_footer(sink),
            State::Prefix => {
                let what = "the stream ends without its end marker, behind a whole batch";
                sink.problem(self.problem(ProblemKind::NoEnd, what));
            }
            _ => {}
        }
        Ok(())
    }

    fn forget_series(&mut self) {
        self.messages.forget_series();
    }

    fn memory_bytes(&self) -> usize {
        let body = match &self.state {
            State::Body(_, body, _) => body.capacity(),
            _ => 0,
        };
        self.window.memory_bytes() + body + self.messages.memory_bytes()
    }

    fn lines(&self) -> u64 {
        0
    }
}
