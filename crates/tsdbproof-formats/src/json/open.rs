//! A value that comes in pieces: held until it is whole, within a limit.

use tsdbproof_core::{ProblemKind, quote};

use super::syntax::{Progress, Scanner, Shape};
use crate::number::Fault;

/// A value whose end is still to come.
#[derive(Debug)]
pub(crate) struct OpenValue {
    /// Bytes of a value at the most.
    limit: usize,
    scanner: Scanner,
    /// What of it stood in earlier pieces.
    held: Vec<u8>,
}

/// What the next bytes made of a value.
#[derive(Debug)]
pub(crate) enum Fed {
    /// It ends behind so many of the bytes.
    End(usize),
    /// It goes on behind them, and they are held.
    More,
    /// It is none, or too long; nothing of the bytes is held.
    Broken(Fault),
}

impl OpenValue {
    pub(crate) fn new(limit: usize) -> Self {
        OpenValue { limit, scanner: Scanner::new(Shape::Stream), held: Vec::new() }
    }

    /// A value begins with the next byte.
    pub(crate) fn begin(&mut self, shape: Shape) {
        self.scanner = Scanner::new(shape);
        self.held.clear();
    }

    /// Takes the next bytes, up to the value's end.
    pub(crate) fn feed(&mut self, text: &[u8]) -> Fed {
        let before = self.held.len();
        let part = text.get(..=self.limit - before.min(self.limit)).unwrap_or(text);
        match self.scanner.feed(part) {
            Progress::End(length) if before + length <= self.limit => Fed::End(length),
            Progress::More if before + part.len() <= self.limit => {
                self.held.extend_from_slice(part);
                Fed::More
            }
            Progress::Broken { index, expected } => {
                Fed::Broken(broken(part, index, before, expected))
            }
            Progress::End(_) | Progress::More => Fed::Broken(too_long(self.limit)),
        }
    }

    /// What is held.
    pub(crate) fn held(&self) -> &[u8] {
        &self.held
    }

    /// What was held.
    pub(crate) fn take_held(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.held)
    }

    /// Takes back memory that held something, unless a value is held again.
    pub(crate) fn give_back(&mut self, mut held: Vec<u8>) {
        if self.held.is_empty() {
            held.clear();
            self.held = held;
        }
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        self.held.capacity()
    }
}

fn too_long(limit: usize) -> Fault {
    let what = format!("a value too long to be read; expected at most {limit} bytes");
    Fault::new(ProblemKind::LineTooLong, what)
}

/// What is wrong with a value that broke at an index of text that begins so many bytes behind its
/// start.
fn broken(text: &[u8], index: usize, before: usize, expected: &str) -> Fault {
    let byte = text.get(index..=index).unwrap_or_default();
    let at = before + index;
    match at {
        0 => broken_byte("no value of JSON", byte, "an object"),
        _ => broken_byte(&format!("a broken value at its byte {at}"), byte, expected),
    }
}

/// A byte where it can't stand.
pub(crate) fn broken_byte(wrong: &str, byte: &[u8], expected: &str) -> Fault {
    let (kind, hint) = match byte {
        [0] => (ProblemKind::BadCharacter, "; blocks of NULs come from torn writes"),
        _ => (ProblemKind::BadJson, ""),
    };
    let found = quote(byte);
    Fault::new(kind, format!("{wrong}; found {found}, expected {expected}{hint}"))
}
