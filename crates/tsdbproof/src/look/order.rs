//! Numbers for points in the order of writing.

/// The order of writing: numbers that ascend over all points of an input, in this sink and in those
/// of other parts of it.
#[derive(Default)]
pub(super) struct Order {
    /// Where the last points lie.
    from: u64,
    next: u64,
}

impl Order {
    /// Points that one byte is taken to hold at the most.
    const POINTS_A_BYTE: u64 = 1 << 16;

    /// The number of the first of so many points; those that lie where others lay come behind them.
    pub(super) fn take(&mut self, from: u64, points: usize) -> u64 {
        if self.next == 0 || self.from != from {
            self.from = from;
            self.next = from.saturating_mul(Self::POINTS_A_BYTE);
        }
        let first = self.next;
        self.next = first.saturating_add(points as u64);
        first
    }
}
