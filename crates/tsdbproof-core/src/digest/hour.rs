//! A leaf while its points arrive: one hash state for each profile, no point kept.

use sha2::{Digest, Sha256};

use super::{Hash, Node, hash};
use crate::Record;

/// Records hashed with one call: what a leaf of a point every 30 seconds holds.
const BATCH: usize = 120;

/// The points of one hour of one series, pushed in ascending order.
#[derive(Clone)]
pub struct OpenHour {
    exact: State,
    /// From the first value on that single precision cannot hold; until then both are one.
    f32: Option<Box<State>>,
}

#[derive(Clone)]
struct State {
    hash: Sha256,
    records: u64,
}

impl State {
    fn push(&mut self, bytes: &[u8]) {
        self.hash.update(bytes);
        self.records += (bytes.len() / Record::SIZE) as u64;
    }

    fn close(self) -> Node {
        let digest = Hash(self.hash.finalize().into());
        Node { points: self.records, children: self.records, digest }
    }
}

/// Room for records on their way into a leaf, used for one leaf after another: making it anew for
/// each point of a log would cost more than hashing the point.
pub struct Batch {
    exact: Bytes,
    narrow: Bytes,
}

impl Default for Batch {
    fn default() -> Self {
        Batch { exact: Bytes::new(), narrow: Bytes::new() }
    }
}

struct Bytes {
    bytes: [u8; BATCH * Record::SIZE],
    length: usize,
}

impl Bytes {
    fn new() -> Self {
        Bytes { bytes: [0; BATCH * Record::SIZE], length: 0 }
    }

    #[inline]
    fn push(&mut self, record: Record) {
        if let Some(slot) = self.bytes.get_mut(self.length..self.length + Record::SIZE) {
            slot.copy_from_slice(&record.to_hashed_bytes());
            self.length += Record::SIZE;
        }
    }

    #[inline]
    fn is_full(&self) -> bool {
        self.length == self.bytes.len()
    }

    fn drain_into(&mut self, state: &mut State) {
        state.push(self.bytes.get(..self.length).unwrap_or_default());
        self.length = 0;
    }
}

impl Default for OpenHour {
    fn default() -> Self {
        OpenHour { exact: State { hash: hash::open_hour(), records: 0 }, f32: None }
    }
}

impl OpenHour {
    /// Takes records of distinct instants, each later than all before.
    #[inline]
    pub fn push(&mut self, records: impl Iterator<Item = Record>, batch: &mut Batch) {
        for record in records {
            let narrow = record.to_f32();
            if self.f32.is_none() && narrow != record {
                batch.exact.drain_into(&mut self.exact);
                self.f32 = Some(Box::new(self.exact.clone()));
            }
            if self.f32.is_some() {
                batch.narrow.push(narrow);
            }
            batch.exact.push(record);
            if batch.exact.is_full() {
                self.drain(batch);
            }
        }
        self.drain(batch);
    }

    fn drain(&mut self, batch: &mut Batch) {
        batch.exact.drain_into(&mut self.exact);
        if let Some(state) = &mut self.f32 {
            batch.narrow.drain_into(state);
        }
    }

    /// Takes the distinct records of one instant, sorted, later than all before.
    pub fn push_instant(&mut self, records: &[Record]) {
        let mut narrow: Vec<_> = records.iter().map(|record| record.to_f32()).collect();
        narrow.sort_unstable();
        narrow.dedup();
        if self.f32.is_none() && narrow != records {
            self.f32 = Some(Box::new(self.exact.clone()));
        }
        for record in records {
            self.exact.push(&record.to_hashed_bytes());
        }
        if let Some(state) = &mut self.f32 {
            for record in narrow {
                state.push(&record.to_hashed_bytes());
            }
        }
    }

    /// Points so far, in the exact profile.
    pub fn points(&self) -> u64 {
        self.exact.records
    }

    /// The finished leaf: exact, and `f32` where it differs.
    pub fn close(self) -> (Node, Option<Node>) {
        (self.exact.close(), self.f32.map(|state| state.close()))
    }
}
