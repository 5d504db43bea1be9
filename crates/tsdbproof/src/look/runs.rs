//! Sorted runs: what leaves memory, in the order of the tree, and the merge of many into one.
//!
//! A run is a sequence of blocks, one for each series, in ascending order of their names:
//!
//! | bytes | what |
//! | --- | --- |
//! | u32, … | metric |
//! | u32, … | tags |
//! | u64, … | the items of the series, ascending, each as its type writes itself |
//!
//! Names stand in full, so nothing about a series has to stay in memory. A run never leaves the
//! process that wrote it, so a fault in one is the machine's.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, binary_heap::PeekMut},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use tsdbproof_core::{Error, Kind, Series, Tags};

use crate::Scratch;

/// Bytes of a run that are in memory while it is read from scratch space.
const WINDOW_BYTES: usize = 64 << 10;
/// Runs that are merged at once; with their windows they take 4 MiB.
const FAN_IN: usize = 64;

/// What stands below a series in a run.
pub(crate) trait Item: Ord + Sized {
    /// Appends the item.
    fn encode(&self, out: &mut Vec<u8>);
    /// The next item.
    fn decode(input: &mut Window) -> Result<Self, Error>;
}

/// Where runs live: in memory up to a limit, then in the host's scratch space.
pub(crate) struct Spill {
    scratch: Option<Arc<dyn Scratch>>,
    memory_limit_bytes: u64,
    memory_bytes: Arc<AtomicU64>,
    scratch_end: AtomicU64,
}

/// A sorted run; of one type of item, which its owner knows. Its segments hold whole blocks; a
/// series may go on in the next.
#[derive(Clone, Default)]
pub(crate) struct Run(Vec<Segment>);

#[derive(Clone)]
enum Segment {
    Memory(Arc<Held>),
    Scratch { from: u64, to: u64 },
}

/// Bytes of a segment in memory; gives back what it took of the limit.
#[derive(Default)]
struct Held {
    bytes: Vec<u8>,
    memory_bytes: Arc<AtomicU64>,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.memory_bytes.fetch_sub(self.bytes.len() as u64, Ordering::Relaxed);
    }
}

impl Spill {
    pub(crate) fn new(scratch: Option<Arc<dyn Scratch>>, memory_limit_bytes: u64) -> Arc<Self> {
        Arc::new(Spill {
            scratch,
            memory_limit_bytes,
            memory_bytes: Arc::default(),
            scratch_end: AtomicU64::new(0),
        })
    }

    fn reserve(&self, bytes: u64) -> bool {
        let more = |held: u64| Some(held + bytes).filter(|sum| *sum <= self.memory_limit_bytes);
        self.memory_bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok()
    }

    fn keep(&self, bytes: &[u8]) -> Result<Segment, Error> {
        let size = bytes.len() as u64;
        if self.reserve(size) {
            let memory_bytes = Arc::clone(&self.memory_bytes);
            return Ok(Segment::Memory(Arc::new(Held { bytes: bytes.to_vec(), memory_bytes })));
        }
        let from = self.scratch_end.fetch_add(size, Ordering::Relaxed);
        self.scratch()?.write_at(bytes, from)?;
        Ok(Segment::Scratch { from, to: from + size })
    }

    fn scratch(&self) -> Result<&dyn Scratch, Error> {
        self.scratch.as_deref().ok_or_else(|| {
            Error::new(Kind::Limit, "this input needs more memory than there is, and there is no scratch space here")
                .help("raise the memory limit, give less at a time, or use the command, which has scratch space")
        })
    }

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

impl Run {
    /// Bytes of a segment; `None` behind the last.
    pub(crate) fn segment_bytes(&self, index: usize) -> Option<u64> {
        self.0.get(index).map(|segment| match segment {
            Segment::Memory(held) => held.bytes.len() as u64,
            Segment::Scratch { from, to } => to - from,
        })
    }
}

impl Spill {
    /// Adds bytes of a segment to `out`.
    pub(crate) fn read_segment(
        &self,
        run: &Run,
        index: usize,
        at: u64,
        length: u64,
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let (begin, length) = (out.len(), length as usize);
        match run.0.get(index).ok_or_else(broken)? {
            Segment::Memory(held) => {
                let bytes = held.bytes.get(at as usize..at as usize + length);
                out.extend_from_slice(bytes.ok_or_else(broken)?);
            }
            Segment::Scratch { from, .. } => {
                out.resize(begin + length, 0);
                let slot = out.get_mut(begin..).ok_or_else(broken)?;
                self.scratch()?.read_at(slot, from + at)?;
            }
        }
        Ok(())
    }
}

/// A segment whose bytes come from another process.
pub(crate) struct Incoming {
    spill: Arc<Spill>,
    size: u64,
    place: Incomplete,
}

enum Incomplete {
    Memory(Vec<u8>),
    Scratch { from: u64, at: u64 },
}

impl Incoming {
    /// A segment of so many bytes.
    pub(crate) fn new(spill: &Arc<Spill>, size: u64) -> Self {
        let place = if size <= 2 * SEGMENT_BYTES as u64 {
            Incomplete::Memory(Vec::new())
        } else {
            let from = spill.scratch_end.fetch_add(size, Ordering::Relaxed);
            Incomplete::Scratch { from, at: from }
        };
        Incoming { spill: Arc::clone(spill), size, place }
    }

    /// Takes its next bytes.
    pub(crate) fn take(&mut self, bytes: &[u8]) -> Result<(), Error> {
        match &mut self.place {
            Incomplete::Memory(held) => held.extend_from_slice(bytes),
            Incomplete::Scratch { at, .. } => {
                self.spill.scratch()?.write_at(bytes, *at)?;
                *at += bytes.len() as u64;
            }
        }
        Ok(())
    }

    /// Adds it to its run.
    pub(crate) fn end(self, run: &mut Run) -> Result<(), Error> {
        let (segment, size) = match self.place {
            Incomplete::Memory(bytes) => (self.spill.keep(&bytes)?, bytes.len() as u64),
            Incomplete::Scratch { from, at } => (Segment::Scratch { from, to: at }, at - from),
        };
        run.0.push(segment);
        if size == self.size { Ok(()) } else { Err(broken()) }
    }
}

/// Writes a run.
pub(crate) struct RunWriter {
    spill: Arc<Spill>,
    bytes: Vec<u8>,
    series: Series,
    /// Where the items of the open block begin; their length stands in the eight bytes before.
    items_from: Option<usize>,
    run: Run,
}

/// Bytes of a segment that are collected before they are kept.
const SEGMENT_BYTES: usize = 1 << 20;

impl RunWriter {
    pub(crate) fn new(spill: &Arc<Spill>) -> Self {
        RunWriter {
            spill: Arc::clone(spill),
            bytes: Vec::new(),
            series: Series::default(),
            items_from: None,
            run: Run::default(),
        }
    }

    /// The items that come belong to this series.
    pub(crate) fn series(&mut self, series: &Series) {
        if self.series != *series {
            self.close_block();
            self.series.clone_from(series);
        }
    }

    /// Adds the next item of the series.
    pub(crate) fn push<T: Item>(&mut self, item: &T) -> Result<(), Error> {
        if self.items_from.is_none() {
            for text in [&self.series.metric, self.series.tags.as_str()] {
                let length = u32::try_from(text.len())
                    .map_err(|_| Error::new(Kind::Limit, "a name of over 4 GiB"))?;
                self.bytes.extend_from_slice(&length.to_le_bytes());
                self.bytes.extend_from_slice(text.as_bytes());
            }
            self.bytes.extend_from_slice(&[0; 8]);
            self.items_from = Some(self.bytes.len());
        }
        item.encode(&mut self.bytes);
        if self.bytes.len() >= SEGMENT_BYTES {
            self.close_block();
            self.keep()?;
        }
        Ok(())
    }

    fn close_block(&mut self) {
        if let Some(from) = self.items_from.take() {
            let length = (self.bytes.len() - from) as u64;
            if let Some(slot) = self.bytes.get_mut(from - 8..from) {
                slot.copy_from_slice(&length.to_le_bytes());
            }
        }
    }

    fn keep(&mut self) -> Result<(), Error> {
        if self.bytes.is_empty() {
            return Ok(());
        }
        let segment = self.spill.keep(&self.bytes)?;
        self.bytes.clear();
        match (self.run.0.last_mut(), &segment) {
            (Some(Segment::Scratch { to, .. }), Segment::Scratch { from, to: end })
                if to == from =>
            {
                *to = *end;
            }
            _ => self.run.0.push(segment),
        }
        Ok(())
    }

    /// The run.
    pub(crate) fn finish(mut self) -> Result<Run, Error> {
        self.close_block();
        self.keep()?;
        Ok(self.run)
    }
}

/// The bytes of a run, as much of them as is looked at.
pub(crate) struct Window {
    spill: Arc<Spill>,
    /// Segments behind the open one, the next one last.
    segments: Vec<Segment>,
    open: Bytes,
    at: usize,
    /// Bytes taken since the run's beginning.
    taken: u64,
}

enum Bytes {
    Memory(Arc<Held>),
    Scratch { buffer: Vec<u8>, next: u64, to: u64 },
}

fn broken() -> Error {
    Error::new(Kind::Io, "scratch space gave back other bytes than it took")
}

impl Window {
    fn open(spill: &Arc<Spill>, run: &Run) -> Self {
        let segments = run.0.iter().rev().cloned().collect();
        let open = Bytes::Memory(Arc::default());
        Window { spill: Arc::clone(spill), segments, open, at: 0, taken: 0 }
    }

    /// Whether every byte is taken; goes on to the next segment where one is at its end.
    fn is_at_end(&mut self) -> bool {
        loop {
            let rest = match &self.open {
                Bytes::Memory(held) => self.at < held.bytes.len(),
                Bytes::Scratch { buffer, next, to } => self.at < buffer.len() || next < to,
            };
            if rest {
                return false;
            }
            let Some(segment) = self.segments.pop() else { return true };
            self.at = 0;
            self.open = match segment {
                Segment::Memory(held) => Bytes::Memory(held),
                Segment::Scratch { from, to } => {
                    Bytes::Scratch { buffer: Vec::new(), next: from, to }
                }
            };
        }
    }

    /// The next bytes of the open segment.
    pub(crate) fn take(&mut self, count: usize) -> Result<&[u8], Error> {
        if let Bytes::Scratch { buffer, next, to } = &mut self.open
            && self.at + count > buffer.len()
        {
            buffer.drain(..self.at);
            self.at = 0;
            let have = buffer.len();
            let more = (WINDOW_BYTES.max(count) as u64).min(*to - *next);
            buffer.resize(have + more as usize, 0);
            let fresh = buffer.get_mut(have..).ok_or_else(broken)?;
            self.spill.scratch()?.read_at(fresh, *next)?;
            *next += more;
        }
        let bytes: &[u8] = match &self.open {
            Bytes::Memory(held) => &held.bytes,
            Bytes::Scratch { buffer, .. } => buffer,
        };
        let taken = bytes.get(self.at..self.at + count).ok_or_else(broken)?;
        self.at += count;
        self.taken += count as u64;
        Ok(taken)
    }

    /// The next bytes, as many as the array holds.
    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    fn text(&mut self) -> Result<String, Error> {
        let length = u32::from_le_bytes(self.array()?) as usize;
        String::from_utf8(self.take(length)?.to_vec()).map_err(|_| broken())
    }
}

struct Reader {
    window: Window,
    /// Where the items of the open block end, counted as `Window::taken`.
    items_to: u64,
    series: Option<Series>,
    /// The header of the block behind the open one, once it is read.
    ahead: Option<(Series, u64)>,
}

impl Reader {
    /// Reads the header behind the open block, whose items are all taken.
    fn look_ahead(&mut self) -> Result<(), Error> {
        if self.ahead.is_none() && !self.window.is_at_end() {
            let (metric, tags) = (self.window.text()?, self.window.text()?);
            let length = u64::from_le_bytes(self.window.array()?);
            self.ahead = Some((Series { metric, tags: Tags::from_canonical(tags) }, length));
        }
        Ok(())
    }

    /// Goes to the next block of another series.
    fn next_series(&mut self) -> Result<Option<Series>, Error> {
        loop {
            while self.window.taken < self.items_to {
                let rest = (self.items_to - self.window.taken).min(WINDOW_BYTES as u64);
                self.window.take(rest as usize)?;
            }
            self.look_ahead()?;
            let Some((series, length)) = self.ahead.take() else { return Ok(None) };
            self.items_to = self.window.taken + length;
            if self.series.as_ref() != Some(&series) {
                self.series = Some(series.clone());
                return Ok(Some(series));
            }
        }
    }

    /// The next item of the series.
    fn next<T: Item>(&mut self) -> Result<Option<T>, Error> {
        if self.window.taken == self.items_to {
            self.look_ahead()?;
            match self.ahead.take() {
                Some((series, length)) if self.series.as_ref() == Some(&series) => {
                    self.items_to = self.window.taken + length;
                }
                ahead => {
                    self.ahead = ahead;
                    return Ok(None);
                }
            }
        }
        T::decode(&mut self.window).map(Some)
    }
}

/// Many runs as one: series in ascending order, below each its items in ascending order.
pub(crate) struct Merge<T> {
    readers: Vec<Reader>,
    /// The next series of each reader that stands before one.
    waiting: BinaryHeap<Reverse<(Series, usize)>>,
    /// The next item of each reader that stands in the current series.
    items: BinaryHeap<Reverse<(T, usize)>>,
    /// Readers in the current series.
    current: Vec<usize>,
}

impl<T: Item> Merge<T> {
    /// All items of these runs.
    pub(crate) fn open(spill: &Arc<Spill>, runs: &[Run]) -> Result<Self, Error> {
        let reader = |run| Reader {
            window: Window::open(spill, run),
            items_to: 0,
            series: None,
            ahead: None,
        };
        let mut merge = Merge {
            readers: runs.iter().map(reader).collect(),
            waiting: BinaryHeap::new(),
            items: BinaryHeap::new(),
            current: Vec::new(),
        };
        for index in 0..merge.readers.len() {
            merge.wait(index)?;
        }
        Ok(merge)
    }

    fn wait(&mut self, index: usize) -> Result<(), Error> {
        if let Some(reader) = self.readers.get_mut(index)
            && let Some(series) = reader.next_series()?
        {
            self.waiting.push(Reverse((series, index)));
        }
        Ok(())
    }

    fn advance(&mut self, index: usize) -> Result<(), Error> {
        if let Some(reader) = self.readers.get_mut(index)
            && let Some(item) = reader.next()?
        {
            self.items.push(Reverse((item, index)));
        }
        Ok(())
    }

    /// The series behind the current one, without going there.
    pub(crate) fn peek_series(&mut self) -> Result<Option<&Series>, Error> {
        self.leave()?;
        Ok(self.waiting.peek().map(|Reverse((series, _))| series))
    }

    fn leave(&mut self) -> Result<(), Error> {
        self.items.clear();
        for index in std::mem::take(&mut self.current) {
            self.wait(index)?;
        }
        Ok(())
    }

    /// Goes to the next series, past whatever is left of the current one.
    pub(crate) fn next_series(&mut self) -> Result<Option<Series>, Error> {
        self.leave()?;
        let Some(Reverse((series, index))) = self.waiting.pop() else { return Ok(None) };
        self.current.push(index);
        while let Some(Reverse((other, _))) = self.waiting.peek()
            && *other == series
            && let Some(Reverse((_, index))) = self.waiting.pop()
        {
            self.current.push(index);
        }
        for index in self.current.clone() {
            self.advance(index)?;
        }
        Ok(Some(series))
    }

    /// Goes to `series` if it stands in these runs; everything before it is passed over.
    pub(crate) fn seek(&mut self, series: &Series) -> Result<bool, Error> {
        while let Some(next) = self.peek_series()? {
            match next.cmp(series) {
                std::cmp::Ordering::Less => self.next_series()?,
                std::cmp::Ordering::Equal => return Ok(self.next_series()?.is_some()),
                std::cmp::Ordering::Greater => break,
            };
        }
        Ok(false)
    }

    /// The next item of the current series, without taking it.
    pub(crate) fn peek(&self) -> Option<&T> {
        self.items.peek().map(|Reverse((item, _))| item)
    }

    /// The next item of the current series.
    pub(crate) fn next(&mut self) -> Result<Option<T>, Error> {
        let Some(mut head) = self.items.peek_mut() else { return Ok(None) };
        let Reverse((_, index)) = *head;
        let next = self.readers.get_mut(index).ok_or_else(broken)?.next()?;
        // In place: taking the head away and putting the next one back would sift twice.
        let Reverse((item, _)) = match next {
            Some(next) => std::mem::replace(&mut *head, Reverse((next, index))),
            None => PeekMut::pop(head),
        };
        Ok(Some(item))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    struct Memory(Mutex<Vec<u8>>);

    impl Scratch for Memory {
        fn write_at(&self, bytes: &[u8], at: u64) -> Result<(), Error> {
            let mut all = self.0.lock().unwrap();
            let end = at as usize + bytes.len();
            let length = all.len().max(end);
            all.resize(length, 0);
            all[at as usize..end].copy_from_slice(bytes);
            Ok(())
        }

        fn read_at(&self, bytes: &mut [u8], at: u64) -> Result<(), Error> {
            let all = self.0.lock().unwrap();
            bytes.copy_from_slice(&all[at as usize..at as usize + bytes.len()]);
            Ok(())
        }
    }

    impl Item for u64 {
        fn encode(&self, out: &mut Vec<u8>) {
            out.extend_from_slice(&self.to_le_bytes());
        }

        fn decode(input: &mut Window) -> Result<Self, Error> {
            Ok(u64::from_le_bytes(input.array()?))
        }
    }

    fn series(metric: &str) -> Series {
        Series { metric: metric.to_owned(), ..Series::default() }
    }

    fn run(spill: &Arc<Spill>, blocks: &[(&str, &[u64])]) -> Run {
        let mut writer = RunWriter::new(spill);
        for (name, items) in blocks {
            writer.series(&series(name));
            items.iter().for_each(|item| writer.push(item).unwrap());
        }
        writer.finish().unwrap()
    }

    fn read(spill: &Arc<Spill>, runs: &[Run]) -> Vec<(String, Vec<u64>)> {
        let mut merge = Merge::<u64>::open(spill, runs).unwrap();
        let mut all = Vec::new();
        while let Some(series) = merge.next_series().unwrap() {
            let mut items = Vec::new();
            while let Some(item) = merge.next().unwrap() {
                items.push(item);
            }
            all.push((series.metric, items));
        }
        all
    }

    fn spill(memory_bytes: u64) -> Arc<Spill> {
        Spill::new(Some(Arc::new(Memory(Mutex::default()))), memory_bytes)
    }

    #[test]
    fn runs_merge_by_series_and_then_by_item() {
        let spill = spill(1 << 20);
        let runs =
            [run(&spill, &[("a", &[1, 5]), ("c", &[2])]), run(&spill, &[("a", &[3]), ("b", &[4])])];
        let expected = [("a", vec![1, 3, 5]), ("b", vec![4]), ("c", vec![2])];
        assert_eq!(read(&spill, &runs), expected.map(|(name, items)| (name.to_owned(), items)));
    }

    #[test]
    fn a_series_goes_on_over_segments_in_memory_and_scratch_space() {
        // Room for one segment: the others go to scratch space.
        let spill = spill(SEGMENT_BYTES as u64 + 100);
        let items: Vec<u64> = (0..500_000).collect();
        let long = run(&spill, &[("a", &items), ("b", &[7])]);
        assert!(long.0.iter().any(|segment| matches!(segment, Segment::Memory(_))));
        assert!(long.0.iter().any(|segment| matches!(segment, Segment::Scratch { .. })));
        let found = read(&spill, &[long, run(&spill, &[("b", &[6])])]);
        assert_eq!(found, [("a".to_owned(), items), ("b".to_owned(), vec![6, 7])]);
    }

    #[test]
    fn many_runs_become_few_and_lose_nothing() {
        let spill = spill(1000);
        let runs: Vec<Run> = (0..300).map(|i| run(&spill, &[("a", &[i, i + 300])])).collect();
        let runs = spill.reduce::<u64>(runs).unwrap();
        assert!(runs.len() <= FAN_IN);
        assert_eq!(read(&spill, &runs), [("a".to_owned(), (0..600).collect::<Vec<_>>())]);
    }

    #[test]
    fn a_host_without_scratch_space_ends_in_a_limit() {
        let spill = Spill::new(None, 10);
        let mut writer = RunWriter::new(&spill);
        writer.series(&series("a"));
        writer.push(&1u64).unwrap();
        assert_eq!(writer.finish().err().map(|error| error.kind()), Some(Kind::Limit));
    }

    #[test]
    fn seeking_passes_over_what_stands_before() {
        let spill = spill(1 << 20);
        let one = run(&spill, &[("a", &[1]), ("b", &[2]), ("d", &[3])]);
        let mut merge = Merge::<u64>::open(&spill, &[one]).unwrap();
        assert!(merge.seek(&series("b")).unwrap());
        assert_eq!(merge.next().unwrap(), Some(2));
        assert!(!merge.seek(&series("c")).unwrap());
        assert_eq!(merge.peek(), None);
        assert!(merge.seek(&series("d")).unwrap());
    }
}
