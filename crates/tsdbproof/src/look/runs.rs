//! Sorted runs: what leaves memory, in the order of the tree.
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

mod merge;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use tsdbproof_core::{Error, Kind, Series, Tags, sort};

pub(crate) use merge::Merge;

use crate::Scratch;

/// Bytes of a run that are in memory while it is read from scratch space.
const WINDOW_BYTES: usize = 64 << 10;

/// What stands below a series in a run.
pub(crate) trait Item: Ord + Sized {
    /// Appends the item.
    fn encode(&self, out: &mut Vec<u8>);
    /// The next item.
    fn decode(input: &mut Window) -> Result<Self, Error>;
    /// Sorts items of one series.
    fn sort(items: &mut [Self]) {
        sort::all(items);
    }
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

impl Segment {
    /// Its bytes.
    fn size(&self) -> u64 {
        match self {
            Segment::Memory(held) => held.bytes.len() as u64,
            Segment::Scratch { from, to } => to - from,
        }
    }
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

    /// Takes these bytes, and leaves none.
    fn keep(&self, bytes: &mut Vec<u8>) -> Result<Segment, Error> {
        let size = bytes.len() as u64;
        if self.reserve(size) {
            let memory_bytes = Arc::clone(&self.memory_bytes);
            let mut bytes = std::mem::take(bytes);
            bytes.shrink_to_fit();
            return Ok(Segment::Memory(Arc::new(Held { bytes, memory_bytes })));
        }
        let from = self.scratch_end.fetch_add(size, Ordering::Relaxed);
        self.scratch()?.write_at(bytes, from)?;
        bytes.clear();
        Ok(Segment::Scratch { from, to: from + size })
    }

    fn scratch(&self) -> Result<&dyn Scratch, Error> {
        self.scratch.as_deref().ok_or_else(|| {
            Error::new(Kind::Limit, "this input needs more memory than there is, and there is no scratch space here")
                .help("raise the memory limit, give less at a time, or use the command, which has scratch space")
        })
    }
}

impl Run {
    /// Bytes of a segment; `None` behind the last.
    pub(crate) fn segment_bytes(&self, index: usize) -> Option<u64> {
        self.0.get(index).map(Segment::size)
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
        let segment = match self.place {
            Incomplete::Memory(mut bytes) => self.spill.keep(&mut bytes)?,
            Incomplete::Scratch { from, at } => Segment::Scratch { from, to: at },
        };
        let size = segment.size();
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
            // The last item goes beyond.
            self.bytes.reserve_exact(SEGMENT_BYTES + SEGMENT_BYTES / 16);
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
        let segment = self.spill.keep(&mut self.bytes)?;
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
    fn new(window: Window) -> Self {
        Reader { window, items_to: 0, series: None, ahead: None }
    }

    /// Bytes taken since the run's beginning.
    fn taken(&self) -> u64 {
        self.window.taken
    }

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

#[cfg(test)]
mod tests;
