//! Where a reader is in its text.

use memchr::memchr_iter;
use tsdbproof_core::Position;

/// The next byte, and the line that it stands in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cursor {
    at: u64,
    /// Line ends before it.
    lines: u64,
}

impl Cursor {
    /// At this byte, in what counts as the first line.
    pub(crate) fn new(at: u64) -> Self {
        Cursor { at, lines: 0 }
    }

    /// The next byte.
    #[inline]
    pub(crate) fn at(self) -> u64 {
        self.at
    }

    /// Line ends that were passed.
    pub(crate) fn lines(self) -> u64 {
        self.lines
    }

    /// Where the next byte is.
    pub(crate) fn position(self) -> Position {
        Position::Line { line: self.lines + 1, byte: self.at }
    }

    /// Goes on behind bytes.
    pub(crate) fn pass(&mut self, bytes: &[u8]) {
        self.pass_counted(bytes.len() as u64, memchr_iter(b'\n', bytes).count() as u64);
    }

    /// Goes on behind bytes whose line ends are known.
    #[inline]
    pub(crate) fn pass_counted(&mut self, length: u64, line_ends: u64) {
        self.at += length;
        self.lines += line_ends;
    }
}
