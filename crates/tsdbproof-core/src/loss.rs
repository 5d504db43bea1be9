//! What the way that points came could not carry: their hours are never called compared.
//!
//! [`Loss::UnnamedUids`] is of whole series: which one it is nobody can tell.

/// What a way could not carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Loss {
    /// Times are cut to whole seconds: a point within a second stands at its beginning.
    WholeSeconds,
    /// An integer beyond 2^53 may be printed as the double next to it.
    WideIntegers,
    /// A UID of the series has no name: it stands under a stand-in, and may be any series.
    UnnamedUids,
}

impl Loss {
    /// Every loss, in the order of reports.
    pub const ALL: &[Loss] = &[Loss::WholeSeconds, Loss::WideIntegers, Loss::UnnamedUids];

    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Loss::WholeSeconds => "whole-seconds",
            Loss::WideIntegers => "wide-integers",
            Loss::UnnamedUids => "unnamed-uids",
        }
    }
}

/// A set of losses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Losses(u8);

impl Losses {
    /// The set that `to_byte` gave.
    pub fn from_byte(byte: u8) -> Self {
        Losses(byte)
    }

    /// The set in a byte.
    pub fn to_byte(self) -> u8 {
        self.0
    }

    /// Whether nothing was lost.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether this was lost.
    pub fn holds(self, loss: Loss) -> bool {
        self.0 & (1 << loss as u8) != 0
    }

    /// Adds a loss.
    pub fn add(&mut self, loss: Loss) {
        self.0 |= 1 << loss as u8;
    }

    /// Adds the losses of another set.
    pub fn join(&mut self, other: Losses) {
        self.0 |= other.0;
    }
}
