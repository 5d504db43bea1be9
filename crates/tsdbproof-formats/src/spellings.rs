//! A table of spellings: which templates may be the one whose raw bytes these are.

use std::hash::{BuildHasher, RandomState};

use crate::number;

const FREE: u32 = u32::MAX;

/// Indices into a list of templates, at the hash of their raw bytes or behind it.
#[derive(Debug, Default)]
pub(crate) struct Spellings {
    /// A power of two, at the most half full.
    slots: Vec<u32>,
    keys: Keys,
}

/// Random numbers: without knowing them nobody can make a file whose templates fall together.
#[derive(Debug)]
struct Keys(u64, u64);

impl Default for Keys {
    fn default() -> Self {
        let random = RandomState::new();
        Keys(random.hash_one(0), random.hash_one(1) | 1)
    }
}

impl Spellings {
    /// Eight bytes a step: SipHash took a fifth of the time of lines in no order.
    pub(crate) fn hash<'a>(&self, parts: impl IntoIterator<Item = &'a [u8]>) -> u64 {
        // Each part by itself: multiplications that wait for one another are most of the time.
        parts.into_iter().fold(self.keys.0, |hash, part| self.mix(hash, self.hash_part(part)))
    }

    #[inline]
    fn hash_part(&self, bytes: &[u8]) -> u64 {
        let (words, _) = bytes.as_chunks();
        let last = bytes.last_chunk().copied().unwrap_or_else(|| number::padded(bytes));
        let start = self.keys.0 ^ bytes.len() as u64;
        words
            .iter()
            .chain([&last])
            .fold(start, |hash, word| self.mix(hash, u64::from_le_bytes(*word)))
    }

    #[inline]
    fn mix(&self, hash: u64, word: u64) -> u64 {
        let product = u128::from(hash ^ word) * u128::from(self.keys.1);
        product as u64 ^ (product >> 64) as u64
    }

    /// The templates that may have this hash.
    pub(crate) fn candidates(&self, hash: u64) -> impl Iterator<Item = u32> {
        self.probe(hash).map_while(|slot| self.slots.get(slot).copied().filter(|it| *it != FREE))
    }

    /// Whether the table has to be made anew before it takes the last of so many templates.
    pub(crate) fn is_full(&self, count: usize) -> bool {
        count * 2 > self.slots.len()
    }

    /// Empties the table, with room for more than so many templates.
    pub(crate) fn reset(&mut self, count: usize) {
        self.slots = vec![FREE; (count * 4).next_power_of_two()];
    }

    /// Adds a template.
    pub(crate) fn put(&mut self, hash: u64, index: u32) {
        let free = self.probe(hash).find(|slot| self.slots.get(*slot) == Some(&FREE));
        if let Some(slot) = free.and_then(|slot| self.slots.get_mut(slot)) {
            *slot = index;
        }
    }

    /// Bytes of memory.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.slots.capacity() * size_of::<u32>()
    }

    /// The slots to look at for a hash.
    fn probe(&self, hash: u64) -> impl Iterator<Item = usize> + use<> {
        let size = self.slots.len();
        let mask = size.wrapping_sub(1);
        (0..size).map(move |step| (hash as usize).wrapping_add(step) & mask)
    }
}
