//! Whether points come in so little order that leaf states do not pay.

use super::open_leaf::OpenLeaf;

/// Tells whether leaf states still pay: many dirty leaves, or leaves of hardly a point, do not.
#[derive(Default)]
pub(super) struct Disorder {
    pub(super) points: u64,
    closed: u64,
    dirty: u64,
}

impl Disorder {
    /// Leaves closed before anything is concluded.
    const SAMPLE: u64 = 4096;

    /// Counts a leaf that closes, full or because its memory is needed.
    pub(super) fn close(&mut self, leaf: &OpenLeaf) {
        self.closed += 1;
        self.dirty += u64::from(leaf.is_dirty);
    }

    pub(super) fn is_high(&mut self) -> bool {
        if self.closed < Self::SAMPLE {
            return false;
        }
        let high = self.dirty > self.closed / 4 || self.closed > self.points / 3;
        *self = Disorder::default();
        high
    }
}
