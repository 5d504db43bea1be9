//! Where to go on behind what is broken: the next object that seems to begin an item.

use super::syntax::Shape;

/// What stands just before the next byte.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Seek {
    /// A line end, and blanks, commas or opening brackets.
    is_line_start: bool,
    /// The end of a value, and blanks.
    is_closed: bool,
    /// That, and a comma.
    is_behind_comma: bool,
}

impl Seek {
    /// Behind a comma that may stand behind an object.
    pub(crate) const BEHIND_COMMA: Seek =
        Seek { is_line_start: false, is_closed: false, is_behind_comma: true };

    /// How many bytes to pass over, and whether what is behind them may be read.
    ///
    /// In lines that is the next line end; in a stream an object at the start of a line, or one
    /// behind `},`. No object of a point holds such a thing.
    pub(crate) fn pass(&mut self, shape: Shape, text: &[u8]) -> (usize, bool) {
        let at = match shape {
            Shape::Lines => memchr::memchr(b'\n', text),
            Shape::Stream => text.iter().position(|byte| self.takes(*byte)),
        };
        (at.unwrap_or(text.len()), at.is_some())
    }

    /// Whether an item begins with this byte.
    fn takes(&mut self, byte: u8) -> bool {
        match byte {
            b'{' if self.is_line_start || self.is_behind_comma => return true,
            b'\n' => self.is_line_start = true,
            b' ' | b'\t' | b'\r' => {}
            b'}' => *self = Seek { is_closed: true, ..Seek::default() },
            b'[' if self.is_line_start => {}
            b',' => {
                self.is_behind_comma = self.is_closed;
                self.is_closed = false;
            }
            _ => *self = Seek::default(),
        }
        false
    }
}
