//! The worst of many differences, in memory that does not grow with them.

use std::{cmp::Ordering, collections::BinaryHeap};

use crate::report::{Counts, Difference};

/// The heaviest of what was pushed, at most `limit`; of equals, those that came first.
#[derive(Debug)]
pub(super) struct Heaviest<T> {
    limit: usize,
    heap: BinaryHeap<Ranked<T>>,
    pushed: u64,
}

/// The greatest is the one to drop first.
#[derive(Debug)]
struct Ranked<T> {
    weight: u64,
    index: u64,
    value: T,
}

impl<T> Heaviest<T> {
    pub(super) fn new(limit: usize) -> Self {
        Heaviest { limit, heap: BinaryHeap::new(), pushed: 0 }
    }

    pub(super) fn push(&mut self, weight: u64, value: impl FnOnce() -> T) {
        let index = self.pushed;
        self.pushed += 1;
        if self.heap.len() >= self.limit {
            if self.heap.peek().is_none_or(|lightest| lightest.weight >= weight) {
                return;
            }
            self.heap.pop();
        }
        self.heap.push(Ranked { weight, index, value: value() });
    }

    /// The heaviest first, and how many more there were.
    pub(super) fn into_sorted(self) -> (Vec<T>, u64) {
        let more = self.pushed - self.heap.len() as u64;
        (self.heap.into_sorted_vec().into_iter().map(|ranked| ranked.value).collect(), more)
    }
}

/// The worst differences of the worst metrics.
#[derive(Debug)]
pub(super) struct Worst {
    limit: usize,
    open: Option<Metric>,
    closed: Heaviest<Metric>,
    differences: u64,
}

/// A metric with its worst differences.
#[derive(Debug)]
pub(super) struct Metric {
    pub(super) name: String,
    pub(super) counts: Counts,
    pub(super) differences: u64,
    pub(super) worst: Heaviest<Difference>,
}

impl Worst {
    /// Keeps `limit` differences of each of twice as many metrics.
    pub(super) fn new(limit: usize) -> Self {
        let closed = Heaviest::new(limit.saturating_mul(2));
        Worst { limit, open: None, closed, differences: 0 }
    }

    /// The next difference; those of a metric come together.
    pub(super) fn push(&mut self, difference: &Difference) {
        if self.open.as_ref().is_some_and(|metric| metric.name != difference.metric) {
            self.close();
        }
        let limit = self.limit;
        let metric = self.open.get_or_insert_with(|| Metric {
            name: difference.metric.clone(),
            counts: Counts::default(),
            differences: 0,
            worst: Heaviest::new(limit),
        });
        self.differences += 1;
        metric.differences += 1;
        metric.counts.add(&difference.counts);
        metric.worst.push(difference.counts.weight(), || difference.clone());
    }

    /// The worst metrics first, how many more metrics there were, and the differences of those.
    pub(super) fn into_sorted(mut self) -> (Vec<Metric>, u64, u64) {
        self.close();
        let (metrics, more) = self.closed.into_sorted();
        let of_these: u64 = metrics.iter().map(|metric| metric.differences).sum();
        (metrics, more, self.differences - of_these)
    }

    fn close(&mut self) {
        if let Some(metric) = self.open.take() {
            self.closed.push(metric.counts.weight(), || metric);
        }
    }
}

impl<T> Ord for Ranked<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        other.weight.cmp(&self.weight).then(self.index.cmp(&other.index))
    }
}

impl<T> PartialOrd for Ranked<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> PartialEq for Ranked<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<T> Eq for Ranked<T> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_heaviest_stay_and_the_first_of_equals() {
        let mut heaviest = Heaviest::new(3);
        for (weight, name) in [(1, 'a'), (5, 'b'), (1, 'c'), (1, 'd'), (7, 'e'), (5, 'f')] {
            heaviest.push(weight, || name);
        }
        assert_eq!(heaviest.into_sorted(), (vec!['e', 'b', 'f'], 3));
    }

    #[test]
    fn a_million_differences_keep_to_the_limit() {
        let mut worst = Worst::new(2);
        let mut difference = Difference::default();
        for index in 0..1_000_000u64 {
            difference.metric = format!("metric.{:03}", index / 10_000);
            difference.counts.missing = index % 10_000;
            worst.push(&difference);
            let kept = worst.open.iter().map(|metric| metric.worst.heap.len()).sum::<usize>();
            assert!(kept <= 2 && worst.closed.heap.len() <= 4);
        }
        let (metrics, more_metrics, more_differences) = worst.into_sorted();
        let names: Vec<_> = metrics.iter().map(|metric| metric.name.as_str()).collect();
        assert_eq!(names, ["metric.000", "metric.001", "metric.002", "metric.003"]);
        assert_eq!((more_metrics, more_differences), (96, 960_000));
        for metric in metrics {
            let (differences, more) = metric.worst.into_sorted();
            let missing: Vec<_> = differences.iter().map(|d| d.counts.missing).collect();
            assert_eq!((missing.as_slice(), more), ([9_999, 9_998].as_slice(), 9_998));
        }
    }
}
