//! The merge of many sorted runs into one.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, VecDeque},
    sync::Arc,
};

use tsdbproof_core::{Error, Series};

use super::{Item, Reader, Run, RunWriter, Spill, Window, broken};

/// Runs that are merged at once; with their windows they take 4 MiB.
pub(super) const FAN_IN: usize = 64;
/// Bytes of items, as they stand in runs, that are sorted at once.
const BATCH_BYTES: u64 = 1 << 20;

/// Many runs as one: series in ascending order, below each its items in ascending order.
pub(crate) struct Merge<T> {
    streams: Vec<Stream<T>>,
    /// The next series of each run that stands before one.
    waiting: BinaryHeap<Reverse<(Series, usize)>>,
    /// Runs that have items of the current series.
    current: Vec<usize>,
    /// The next items of the series. To sort some of each run costs less than to ask for each item which
    /// run has it.
    batch: VecDeque<T>,
}

/// A run, and the items that were read ahead of the batch.
struct Stream<T> {
    reader: Reader,
    ahead: VecDeque<T>,
    /// The run has no more items of the series.
    is_over: bool,
}

impl<T: Item> Stream<T> {
    fn new(spill: &Arc<Spill>, run: &Run) -> Self {
        Stream {
            reader: Reader::new(Window::open(spill, run)),
            ahead: VecDeque::new(),
            is_over: false,
        }
    }

    /// Reads so many bytes of items, once those before are taken: a run whose items come late would
    /// otherwise pile up.
    fn read(&mut self, bytes: u64) -> Result<(), Error> {
        if !self.ahead.is_empty() {
            return Ok(());
        }
        let to = self.reader.taken() + bytes;
        while !self.is_over && self.reader.taken() < to {
            match self.reader.next()? {
                Some(item) => self.ahead.push_back(item),
                None => self.is_over = true,
            }
        }
        Ok(())
    }
}

impl<T: Item> Merge<T> {
    /// All items of these runs.
    pub(crate) fn open(spill: &Arc<Spill>, runs: &[Run]) -> Result<Self, Error> {
        let mut merge = Merge {
            streams: runs.iter().map(|run| Stream::new(spill, run)).collect(),
            waiting: BinaryHeap::new(),
            current: Vec::new(),
            batch: VecDeque::new(),
        };
        for index in 0..merge.streams.len() {
            merge.wait(index)?;
        }
        Ok(merge)
    }

    fn stream(&mut self, index: usize) -> Result<&mut Stream<T>, Error> {
        self.streams.get_mut(index).ok_or_else(broken)
    }

    fn wait(&mut self, index: usize) -> Result<(), Error> {
        let stream = self.stream(index)?;
        stream.ahead.clear();
        stream.is_over = false;
        if let Some(series) = stream.reader.next_series()? {
            self.waiting.push(Reverse((series, index)));
        }
        Ok(())
    }

    /// The series behind the current one, without going there.
    pub(crate) fn peek_series(&mut self) -> Result<Option<&Series>, Error> {
        self.leave()?;
        Ok(self.waiting.peek().map(|Reverse((series, _))| series))
    }

    fn leave(&mut self) -> Result<(), Error> {
        self.batch.clear();
        for index in std::mem::take(&mut self.current) {
            self.wait(index)?;
        }
        Ok(())
    }

    /// Goes to the next series, past whatever is left of the current one.
    pub(crate) fn next_series(&mut self) -> Result<Option<Series>, Error> {
        let series = self.enter()?;
        self.fill()?;
        Ok(series)
    }

    /// Goes to the next series, and reads none of its items.
    fn enter(&mut self) -> Result<Option<Series>, Error> {
        self.leave()?;
        let Some(Reverse((series, index))) = self.waiting.pop() else { return Ok(None) };
        self.current.push(index);
        while let Some(Reverse((other, _))) = self.waiting.peek()
            && *other == series
            && let Some(Reverse((_, index))) = self.waiting.pop()
        {
            self.current.push(index);
        }
        Ok(Some(series))
    }

    /// Goes to `series` if it stands in these runs; everything before it is passed over.
    pub(crate) fn seek(&mut self, series: &Series) -> Result<bool, Error> {
        while let Some(next) = self.peek_series()? {
            match next.cmp(series) {
                std::cmp::Ordering::Less => self.enter()?,
                std::cmp::Ordering::Equal => return Ok(self.next_series()?.is_some()),
                std::cmp::Ordering::Greater => break,
            };
        }
        Ok(false)
    }

    /// The next item of the current series, without taking it.
    #[inline]
    pub(crate) fn peek(&self) -> Option<&T> {
        self.batch.front()
    }

    /// The next item of the current series.
    #[inline]
    pub(crate) fn next(&mut self) -> Result<Option<T>, Error> {
        let item = self.batch.pop_front();
        if self.batch.is_empty() {
            self.fill()?;
        }
        Ok(item)
    }

    /// Reads on, and sorts what no run can have an item before.
    fn fill(&mut self) -> Result<(), Error> {
        self.batch.clear();
        let current = std::mem::take(&mut self.current);
        let share = BATCH_BYTES / (current.len() as u64).max(1);
        for index in &current {
            self.stream(*index)?.read(share)?;
        }
        if let [only] = *current {
            std::mem::swap(
                &mut self.batch,
                &mut self.streams.get_mut(only).ok_or_else(broken)?.ahead,
            );
        } else {
            self.take_sure(&current);
            T::sort(self.batch.make_contiguous());
        }
        self.current = current;
        Ok(())
    }

    /// Takes the items that are before all that is not yet read.
    fn take_sure(&mut self, current: &[usize]) {
        let streams = || current.iter().filter_map(|index| self.streams.get(*index));
        // What a run still has stands behind the last item that it gave.
        let last = streams().filter(|stream| !stream.is_over).filter_map(|s| s.ahead.back()).min();
        let is_sure = |item: &T| last.is_none_or(|last| item <= last);
        let counts: Vec<usize> = streams().map(|it| it.ahead.partition_point(is_sure)).collect();
        for (index, count) in current.iter().zip(counts) {
            if let Some(stream) = self.streams.get_mut(*index) {
                self.batch.extend(stream.ahead.drain(..count));
            }
        }
    }
}

impl Spill {
    /// The same items in at most [`FAN_IN`] runs.
    pub(crate) fn reduce<T: Item>(self: &Arc<Self>, mut runs: Vec<Run>) -> Result<Vec<Run>, Error> {
        while runs.len() > FAN_IN {
            let rest = runs.split_off(FAN_IN);
            let mut merge = Merge::<T>::open(self, &runs)?;
            let mut writer = RunWriter::new(self);
            while let Some(series) = merge.next_series()? {
                writer.series(&series);
                while let Some(item) = merge.next()? {
                    writer.push(&item)?;
                }
            }
            runs = rest;
            runs.push(writer.finish()?);
        }
        Ok(runs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_stays_within_its_bound() {
        let spill = Spill::new(None, 64 << 20);
        let run = |items: std::ops::Range<u64>| {
            let mut writer = RunWriter::new(&spill);
            items.into_iter().for_each(|item| writer.push(&item).unwrap());
            writer.finish().unwrap()
        };
        // The second comes late as a whole.
        let runs = [run(0..500_000), run(1_000_000..1_500_000), run(250_000..750_000)];
        let mut merge = Merge::<u64>::open(&spill, &runs).unwrap();
        merge.next_series().unwrap();
        let mut count = 0;
        while merge.next().unwrap().is_some() {
            count += 1;
            let ahead = merge.streams.iter().map(|stream| stream.ahead.len()).sum::<usize>();
            assert!((ahead + merge.batch.len()) * size_of::<u64>() <= BATCH_BYTES as usize + 100);
        }
        assert_eq!(count, 1_500_000);
    }
}
