//! A leaf while its points arrive: one message for each profile, and the few points that wait for it.

use super::{Node, hash, sha256::Message};
use crate::Record;

/// Records that wait to be hashed together. Points of a log come one at a time, and a message that takes
/// each alone costs more than hashing it.
const HELD: usize = 10;
/// Records hashed together where they come together: what a leaf of a point every 30 seconds holds.
const BATCH: usize = 120;

/// The points of one hour of one series, pushed in ascending order.
#[derive(Clone)]
pub struct OpenHour {
    /// Records that wait.
    held: [[u8; Record::SIZE]; HELD],
    count: u8,
    /// What is hashed of the records before them, if there are any.
    hashed: Option<Box<Hashed>>,
}

#[derive(Clone)]
struct Hashed {
    exact: Message,
    /// From the first value on that single precision cannot hold; until then both are one.
    f32: Option<Message>,
}

impl Default for OpenHour {
    fn default() -> Self {
        OpenHour { held: [[0; Record::SIZE]; HELD], count: 0, hashed: None }
    }
}

impl OpenHour {
    /// Takes a record later than all before.
    #[inline]
    pub fn push(&mut self, record: Record) {
        if let Some(slot) = self.held.get_mut(usize::from(self.count)) {
            *slot = record.to_bytes();
            self.count += 1;
        }
        if usize::from(self.count) == HELD {
            self.hash_held();
        }
    }

    /// Takes records of distinct instants, each later than all before.
    #[inline]
    pub fn extend(&mut self, records: impl Iterator<Item = Record>) {
        if records.size_hint().1.is_some_and(|most| most < HELD) {
            return records.for_each(|record| self.push(record));
        }
        let mut batch = self.take_waiting::<BATCH>();
        let hashed = self.hashed.get_or_insert_default();
        records.for_each(|record| batch.push_into(record, hashed));
        batch.drain_into(hashed);
    }

    /// Takes the distinct records of one instant, sorted, later than all before.
    pub fn push_instant(&mut self, records: &[Record]) {
        if let [only] = records {
            return self.push(*only);
        }
        let mut narrow: Vec<_> = records.iter().map(|record| record.to_f32()).collect();
        narrow.sort_unstable();
        narrow.dedup();
        let bytes = |records: &[Record]| -> Vec<_> {
            records.iter().flat_map(|record| record.to_hashed_bytes()).collect()
        };
        self.hash_held();
        let hashed = self.hashed.get_or_insert_default();
        hashed.push(&bytes(records), &bytes(&narrow), narrow != records);
    }

    /// The records so far, while none of them is hashed.
    pub fn held(&self) -> Option<impl Iterator<Item = Record>> {
        let waiting = self.waiting().iter().map(|bytes| Record::from_bytes(*bytes));
        self.hashed.is_none().then_some(waiting)
    }

    /// Points so far, in the exact profile.
    pub fn points(&self) -> u64 {
        let hashed = self.hashed.as_ref().map_or(0, |hashed| points(&hashed.exact));
        hashed + u64::from(self.count)
    }

    /// The finished leaf: exact, and `f32` where it differs.
    pub fn close(mut self) -> (Node, Option<Node>) {
        self.hash_held();
        self.hashed.map_or_else(Hashed::default, |hashed| *hashed).close()
    }

    fn waiting(&self) -> &[[u8; Record::SIZE]] {
        self.held.get(..usize::from(self.count)).unwrap_or_default()
    }

    fn hash_held(&mut self) {
        let mut batch = self.take_waiting::<HELD>();
        batch.drain_into(self.hashed.get_or_insert_default());
    }

    fn take_waiting<const N: usize>(&mut self) -> Batch<N> {
        let mut batch = Batch::new();
        self.waiting().iter().for_each(|bytes| batch.push(Record::from_bytes(*bytes)));
        self.count = 0;
        batch
    }
}

/// Records on their way into the messages of a leaf.
struct Batch<const N: usize> {
    exact: [[u8; Record::SIZE]; N],
    narrow: [[u8; Record::SIZE]; N],
    length: usize,
    /// Whether single precision cannot hold one of them.
    differs: bool,
}

impl<const N: usize> Batch<N> {
    fn new() -> Self {
        let empty = [[0; Record::SIZE]; N];
        Batch { exact: empty, narrow: empty, length: 0, differs: false }
    }

    #[inline]
    fn push(&mut self, record: Record) {
        let slots = (self.exact.get_mut(self.length), self.narrow.get_mut(self.length));
        if let (Some(exact), Some(narrow)) = slots {
            let narrowed = record.to_f32();
            *exact = record.to_hashed_bytes();
            *narrow = narrowed.to_hashed_bytes();
            self.differs |= narrowed != record;
            self.length += 1;
        }
    }

    fn drain_into(&mut self, hashed: &mut Hashed) {
        let [exact, narrow] = [&self.exact, &self.narrow]
            .map(|records| records.get(..self.length).unwrap_or_default().as_flattened());
        hashed.push(exact, narrow, self.differs);
        (self.length, self.differs) = (0, false);
    }
}

impl Batch<BATCH> {
    /// Takes a record, and hashes all if there is no room for another. In WebAssembly it is a call: there
    /// its caller is compiled for size, and so would be what is inlined.
    #[cfg_attr(not(target_family = "wasm"), inline)]
    fn push_into(&mut self, record: Record, hashed: &mut Hashed) {
        self.push(record);
        if self.length == BATCH {
            self.drain_into(hashed);
        }
    }
}

impl Default for Hashed {
    fn default() -> Self {
        Hashed { exact: hash::open_hour(), f32: None }
    }
}

impl Hashed {
    /// Takes records as they are hashed, and those of the `f32` profile, which may be others.
    fn push(&mut self, exact: &[u8], narrow: &[u8], differs: bool) {
        if differs && self.f32.is_none() {
            self.f32 = Some(self.exact.clone());
        }
        match &mut self.f32 {
            Some(f32) => Message::push_both([&mut self.exact, f32], [exact, narrow]),
            None => self.exact.push(exact),
        }
    }

    fn close(self) -> (Node, Option<Node>) {
        let node = |points, digest| Node { points, children: points, digest };
        let exact = points(&self.exact);
        match self.f32 {
            None => (node(exact, self.exact.finish()), None),
            Some(f32) => {
                let narrow = points(&f32);
                let [a, b] = Message::finish_both([self.exact, f32]);
                (node(exact, a), Some(node(narrow, b)))
            }
        }
    }
}

/// How many records stand behind the byte that begins an hour.
fn points(message: &Message) -> u64 {
    message.length() / Record::SIZE as u64
}
