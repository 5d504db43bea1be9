//! Points that are kept, in memory until they leave as a sorted run.

use tsdbproof_core::{Hour, Record};

use super::by_time::sort_by_time;

/// A point of a series that its sink knows.
#[derive(Clone, Copy)]
pub(super) struct InMemory {
    pub(super) series: u32,
    pub(super) hour: Hour,
    pub(super) record: Record,
    /// Its number in the order of writing.
    pub(super) at: u64,
}

impl InMemory {
    fn time_ms(&self) -> u64 {
        self.record.in_hour(self.hour).timestamp_ms
    }

    /// In a run, among points of its series.
    fn order(&self) -> (Hour, Record, u64) {
        (self.hour, self.record, self.at)
    }
}

/// Points in the order in which they came, and room to sort them.
#[derive(Default)]
pub(super) struct Keeping {
    points: Vec<InMemory>,
    sorted: Vec<InMemory>,
}

/// Points of a run, twice as much with the room to sort them: what a processor's cache holds.
const RUN_BYTES: usize = 16 << 20;
/// The names of a series stand in each run that has points of it: a run should have some of each.
const BYTES_A_SERIES: usize = 1 << 10;

impl Keeping {
    pub(super) fn push(&mut self, point: InMemory) {
        self.points.push(point);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    /// Whether these are as many as should stay, of so many series, within the bytes of a sink.
    pub(super) fn is_full(&self, series_count: usize, sink_bytes: usize) -> bool {
        let bytes = self.points.len() * size_of::<InMemory>();
        bytes > RUN_BYTES.max(series_count * BYTES_A_SERIES).min(sink_bytes / 8)
    }

    /// Bytes of memory.
    pub(super) fn memory_bytes(&self) -> usize {
        (self.points.capacity() + self.sorted.capacity()) * size_of::<InMemory>()
    }

    /// The points of each series, by the ranks of the series, each sorted as in a run.
    pub(super) fn sort(&mut self, ranks: &[u32]) -> impl Iterator<Item = &[InMemory]> {
        let rank = |point: &InMemory| ranks.get(point.series as usize).map(|rank| *rank as usize);
        // First where each series begins, then each point to its series.
        let mut ends = vec![0; ranks.len()];
        for rank in self.points.iter().filter_map(rank) {
            if let Some(count) = ends.get_mut(rank) {
                *count += 1;
            }
        }
        let mut next: Vec<usize> = Vec::with_capacity(ends.len());
        let mut sum = 0;
        for end in &mut ends {
            next.push(sum);
            sum += *end;
            *end = sum;
        }
        if let Some(any) = self.points.first() {
            // What stands there is written over.
            self.sorted.resize(self.points.len(), *any);
        }
        for point in &self.points {
            let next = rank(point).and_then(|rank| next.get_mut(rank));
            if let Some(next) = next
                && let Some(slot) = self.sorted.get_mut(*next)
            {
                *slot = *point;
                *next += 1;
            }
        }
        let mut rest = self.sorted.as_mut_slice();
        let mut begin = 0;
        ends.into_iter().map(move |end| {
            let (series, later) = std::mem::take(&mut rest).split_at_mut(end - begin);
            (rest, begin) = (later, end);
            sort_by_time(series, InMemory::time_ms, |a, b| a.order().cmp(&b.order()));
            &*series
        })
    }

    /// Lets go of all points, and of no memory.
    pub(super) fn clear(&mut self) {
        self.points.clear();
    }
}
