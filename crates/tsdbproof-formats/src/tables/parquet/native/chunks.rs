//! The bytes of some columns of a group of rows, in memory.

use std::{
    io::{self, Read},
    ops::Range,
    sync::Arc,
};

use bytes::Bytes;
use parquet::{
    errors::{ParquetError, Result},
    file::reader::{ChunkReader, Length},
};

/// Takes what is wanted out of bytes that come one behind the other.
#[derive(Debug)]
pub(super) struct Collecting {
    /// Where what is wanted lies in the file, ascending and disjoint, and what came of it.
    wanted: Vec<(Range<u64>, Vec<u8>)>,
    /// The next byte that comes.
    at: u64,
}

impl Collecting {
    pub(super) fn new(wanted: Vec<Range<u64>>, at: u64) -> Self {
        Collecting { wanted: wanted.into_iter().map(|range| (range, Vec::new())).collect(), at }
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        let end = self.at + bytes.len() as u64;
        for (range, came) in &mut self.wanted {
            let (from, to) = (range.start.max(self.at), range.end.min(end));
            let index = |at: u64| usize::try_from(at.saturating_sub(self.at)).unwrap_or(usize::MAX);
            if let Some(part) = bytes.get(index(from)..index(to)).filter(|_| from < to) {
                came.extend_from_slice(part);
            }
        }
        self.at = end;
    }

    /// What came, if it is all that is wanted.
    pub(super) fn finish(self, file_bytes: u64) -> Option<Chunks> {
        let is_whole =
            |(range, came): &(Range<u64>, Vec<u8>)| range.end - range.start == came.len() as u64;
        let whole = self.wanted.iter().all(is_whole);
        let parts = self.wanted.into_iter().map(|(range, came)| (range.start, came.into()));
        whole.then(|| Chunks { parts: parts.collect(), file_bytes })
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.wanted.iter().map(|(_, came)| came.capacity()).sum()
    }
}

/// A file of which only some parts are there.
#[derive(Debug, Clone)]
pub(super) struct Chunks {
    parts: Arc<[(u64, Bytes)]>,
    file_bytes: u64,
}

impl Chunks {
    /// What is there from this byte of the file on.
    pub(super) fn from(&self, start: u64) -> Option<Bytes> {
        let next = self.parts.partition_point(|(at, _)| *at <= start);
        let (at, bytes) = self.parts.get(next.checked_sub(1)?)?;
        let index = usize::try_from(start - at).ok().filter(|index| *index <= bytes.len())?;
        Some(bytes.slice(index..))
    }
}

impl Length for Chunks {
    fn len(&self) -> u64 {
        self.file_bytes
    }
}

/// Bytes that are read one behind the other.
#[derive(Debug)]
pub(super) struct Reading(Bytes);

impl Read for Reading {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = out.len().min(self.0.len());
        let part = self.0.split_to(count);
        if let Some(out) = out.get_mut(..count) {
            out.copy_from_slice(&part);
        }
        Ok(count)
    }
}

fn outside() -> ParquetError {
    ParquetError::General("bytes outside of their column".to_owned())
}

impl ChunkReader for Chunks {
    type T = Reading;

    fn get_read(&self, start: u64) -> Result<Reading> {
        self.from(start).map(Reading).ok_or_else(outside)
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        let bytes = self.from(start).filter(|bytes| length <= bytes.len()).ok_or_else(outside)?;
        Ok(bytes.slice(..length))
    }
}
