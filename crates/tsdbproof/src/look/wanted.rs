//! Leaves whose points are wanted: which, and where to look for them again.

use std::collections::BTreeMap;

use tsdbproof_core::{Hour, Series, sort};

use super::row::Place;

/// Bits of the filter, a power of two: 1 MiB.
const FILTER_BITS: u64 = 8 << 20;
/// Ranges of one input that are kept apart; more are joined over their smallest gaps.
const RANGES: usize = 1 << 15;

/// A set of leaves that may hold a few more than it was given, in memory that does not grow.
#[derive(Debug)]
pub(crate) struct Wanted {
    filter: Vec<u64>,
    /// Bytes to look at again, by input.
    places: BTreeMap<u32, Ranges>,
    leaves: u64,
}

impl Wanted {
    pub(crate) fn new() -> Self {
        Wanted { filter: vec![0; (FILTER_BITS / 64) as usize], places: BTreeMap::new(), leaves: 0 }
    }

    /// Adds a leaf.
    pub(crate) fn add<'a>(
        &mut self,
        series: SeriesHash,
        hour: Hour,
        places: impl IntoIterator<Item = &'a Place>,
    ) {
        let bit = series.bit(hour);
        if let Some(word) = self.filter.get_mut((bit / 64) as usize) {
            *word |= 1 << (bit % 64);
        }
        self.leaves += 1;
        for place in places {
            self.places.entry(place.input).or_default().add(place.from, place.to);
        }
    }

    /// Whether the leaf may have been added; a leaf that was added always is.
    pub(crate) fn holds(&self, series: SeriesHash, hour: Hour) -> bool {
        let bit = series.bit(hour);
        self.filter.get((bit / 64) as usize).is_some_and(|word| word & (1 << (bit % 64)) != 0)
    }

    /// Whether no leaf was added.
    pub(crate) fn is_empty(&self) -> bool {
        self.leaves == 0
    }

    /// The bytes to look at again: by input, disjoint and ascending.
    pub(crate) fn take_places(&mut self) -> BTreeMap<u32, Vec<(u64, u64)>> {
        let places = std::mem::take(&mut self.places);
        sort::gathered(places.into_iter().map(|(input, ranges)| (input, ranges.joined())))
    }
}

/// A series' name, hashed; the same in every process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SeriesHash(u64);

impl SeriesHash {
    pub(crate) fn of(series: &Series) -> Self {
        // FNV-1a, then mixed by `bit`: speed does not matter here, a name is hashed once.
        let names = series.metric.bytes().chain([0]).chain(series.tags.as_str().bytes());
        SeriesHash(names.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        }))
    }

    fn bit(self, hour: Hour) -> u64 {
        let mixed = (self.0 ^ u64::from(hour)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed ^ mixed >> 32).wrapping_mul(0xd6e8_feb8_6659_fd93) >> 32 & (FILTER_BITS - 1)
    }
}

#[derive(Debug, Default)]
struct Ranges(Vec<(u64, u64)>);

impl Ranges {
    fn add(&mut self, from: u64, to: u64) {
        match self.0.last_mut() {
            Some(last) if last.0 <= from && from <= last.1 => last.1 = last.1.max(to),
            _ => self.0.push((from, to)),
        }
        if self.0.len() > 2 * RANGES {
            let mut gap = 0;
            while self.0.len() > RANGES {
                self.join(gap);
                gap = 2 * gap + 1024;
            }
        }
    }

    /// Joins ranges that lie no further apart than `gap` bytes.
    fn join(&mut self, gap: u64) {
        self.0.sort_unstable();
        self.0.dedup_by(|next, last| {
            let joins = next.0 <= last.1.saturating_add(gap);
            if joins {
                last.1 = last.1.max(next.1);
            }
            joins
        });
    }

    fn joined(mut self) -> Vec<(u64, u64)> {
        self.join(0);
        self.0
    }
}
