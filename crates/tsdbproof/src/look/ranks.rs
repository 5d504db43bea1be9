//! Series in the order of the tree, by the numbers that a sink gives them.

use tsdbproof_core::Series;

/// The order of as many series as there were when it was made.
pub(super) struct Ranks {
    /// The rank of each series.
    pub(super) of: Vec<u32>,
    /// The series of each rank.
    pub(super) sorted: Vec<u32>,
}

impl Ranks {
    /// The ranks of these series.
    pub(super) fn new(names: &[Series]) -> Self {
        let mut sorted: Vec<u32> = (0..).take(names.len()).collect();
        sorted.sort_unstable_by_key(|id| names.get(*id as usize));
        let mut of = vec![0; sorted.len()];
        for (rank, id) in (0..).zip(&sorted) {
            if let Some(slot) = of.get_mut(*id as usize) {
                *slot = rank;
            }
        }
        Ranks { of, sorted }
    }

    pub(super) fn of_series(&self, id: u32) -> u32 {
        self.of.get(id as usize).copied().unwrap_or_default()
    }
}
