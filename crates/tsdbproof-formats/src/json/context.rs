//! What stands around objects: an array's brackets and commas, and blanks.
//!
//! They decide nothing but whether something is wrong. A point is found by its object alone, so a
//! reader that starts in the middle of a file finds the points that one from the start found.

use super::syntax::Shape;

/// Where the next byte stands, outside of every object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Context {
    /// Nobody knows, and nothing is held against it.
    Unknown,
    /// In no array.
    Top,
    Array(Behind),
}

/// What stands before that byte in an array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Behind {
    Start,
    Item,
    Comma,
}

/// What separates an object from the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Gap {
    pub(crate) length: usize,
    pub(crate) line_ends: u32,
}

impl Context {
    /// At the first byte of a file of this shape, or somewhere in it.
    pub(crate) fn new(shape: Shape, at: u64) -> Self {
        match shape {
            Shape::Stream if at > 0 => Context::Unknown,
            _ => Context::Top,
        }
    }

    /// Takes `[`, `]` or `,`. Errors: what is wrong with it; from then on nothing is known.
    pub(crate) fn take(&mut self, byte: u8) -> Result<(), &'static str> {
        let (next, found) = match (*self, byte) {
            (Context::Unknown, _) => (Context::Unknown, Ok(())),
            (Context::Top, b'[') => (Context::Array(Behind::Start), Ok(())),
            (Context::Array(Behind::Start | Behind::Item), b']') => (Context::Top, Ok(())),
            (Context::Array(Behind::Item), b',') => (Context::Array(Behind::Comma), Ok(())),
            (Context::Array(_), b'[') => (Context::Unknown, Err("an array in an array")),
            (Context::Array(_), b']') => (Context::Unknown, Err("the array's end behind a comma")),
            (Context::Array(_), _) => (Context::Unknown, Err("a comma behind no object")),
            (Context::Top, _) => (Context::Unknown, Err("a comma or a bracket outside of arrays")),
        };
        *self = next;
        found
    }

    /// Takes an item, at its first byte.
    pub(crate) fn take_item(&mut self) -> Result<(), &'static str> {
        match self {
            Context::Array(Behind::Item) => {
                *self = Context::Unknown;
                Err("no comma between two objects")
            }
            Context::Array(behind) => {
                *behind = Behind::Item;
                Ok(())
            }
            Context::Unknown | Context::Top => Ok(()),
        }
    }

    /// A gap between two objects that is right here, and as most are.
    #[inline(always)]
    pub(crate) fn gap(self, shape: Shape, text: &[u8]) -> Option<Gap> {
        let (length, line_ends) = match (self, text) {
            (Context::Top, [b'\n', ..]) => (1, 1),
            (Context::Top, [b'\r', b'\n', ..]) => (2, 1),
            _ if shape == Shape::Lines => return None,
            (Context::Top | Context::Unknown, [b'{', ..]) => (0, 0),
            (Context::Array(Behind::Item) | Context::Unknown, [b',', rest @ ..]) => match rest {
                [b'{', ..] => (1, 0),
                [b'\n', b'{', ..] => (2, 1),
                [b' ', b'{', ..] => (2, 0),
                _ => return None,
            },
            _ => return None,
        };
        Some(Gap { length, line_ends })
    }

    /// The same, behind such a gap and at an object.
    pub(crate) fn behind_gap(self) -> Self {
        match self {
            Context::Array(_) => Context::Array(Behind::Comma),
            other => other,
        }
    }
}
