//! One half of a file: what a region has of its parent's store file until it is compacted.

/// Which half.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// Rows in front of the split row.
    Bottom,
    /// The split row and what is behind it.
    Top,
}

/// The rows of a half.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Half {
    pub(crate) split_row: Vec<u8>,
    pub(crate) side: Side,
}

impl Half {
    /// Whether a row is in it.
    pub(crate) fn holds(&self, row: &[u8]) -> bool {
        let is_top = row >= self.split_row.as_slice();
        is_top == (self.side == Side::Top)
    }
}
