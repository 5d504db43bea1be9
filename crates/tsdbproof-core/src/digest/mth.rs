//! The Merkle tree hash of RFC 6962, section 2.1, built from left to right.

use super::{Hash, hash};

/// The tree hash of the entries pushed so far. Keeps one hash for each one-bit of their number.
#[derive(Debug, Clone, Default)]
pub struct Mth {
    /// Hashes of complete subtrees, the largest first; their sizes are the one-bits of `count`.
    complete: Vec<Hash>,
    count: u64,
}

impl Mth {
    /// Adds an entry to the right.
    pub fn push(&mut self, entry: Hash) {
        let mut hash = entry;
        // Each trailing one-bit is a complete subtree of the size reached so far.
        for _ in 0..self.count.trailing_ones() {
            if let Some(left) = self.complete.pop() {
                hash = hash::inner(left, hash);
            }
        }
        self.complete.push(hash);
        self.count += 1;
    }

    /// Adds an entry to each of two trees of as many entries.
    pub(super) fn push_both([a, b]: [&mut Self; 2], entries: [Hash; 2]) {
        let mut right = entries;
        for _ in 0..a.count.trailing_ones() {
            if let (Some(left_a), Some(left_b)) = (a.complete.pop(), b.complete.pop()) {
                let [right_a, right_b] = right;
                right = hash::inner_both([[left_a, right_a], [left_b, right_b]]);
            }
        }
        for (tree, hash) in [a, b].into_iter().zip(right) {
            tree.complete.push(hash);
            tree.count += 1;
        }
    }

    /// The number of entries.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The tree hash of all entries.
    pub fn finish(&self) -> Hash {
        let folded =
            self.complete.iter().copied().rev().reduce(|right, left| hash::inner(left, right));
        folded.unwrap_or_else(hash::empty)
    }
}
