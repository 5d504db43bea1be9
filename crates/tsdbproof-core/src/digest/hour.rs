//! A leaf while its points arrive: one message for each profile, no point kept.

use super::{Node, hash, sha256::Message};
use crate::Record;

/// Records hashed with one call: what a leaf of a point every 30 seconds holds.
const BATCH: usize = 120;

/// The points of one hour of one series, pushed in ascending order.
#[derive(Clone)]
pub struct OpenHour {
    exact: Message,
    /// From the first value on that single precision cannot hold; until then both are one.
    f32: Option<Message>,
}

/// Room for records on their way into a leaf, used for one leaf after another: making it anew for
/// each point of a log would cost more than hashing the point.
pub struct Batch {
    exact: [[u8; Record::SIZE]; BATCH],
    narrow: [[u8; Record::SIZE]; BATCH],
    length: usize,
    /// Whether single precision cannot hold one of them.
    differs: bool,
}

impl Default for Batch {
    fn default() -> Self {
        let empty = [[0; Record::SIZE]; BATCH];
        Batch { exact: empty, narrow: empty, length: 0, differs: false }
    }
}

impl Batch {
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

    fn is_full(&self) -> bool {
        self.length == BATCH
    }

    fn drain_into(&mut self, hour: &mut OpenHour) {
        let [exact, narrow] = [&self.exact, &self.narrow]
            .map(|records| records.get(..self.length).unwrap_or_default().as_flattened());
        hour.push_bytes(exact, narrow, self.differs);
        (self.length, self.differs) = (0, false);
    }
}

impl Default for OpenHour {
    fn default() -> Self {
        OpenHour { exact: hash::open_hour(), f32: None }
    }
}

impl OpenHour {
    /// Takes records of distinct instants, each later than all before.
    #[inline]
    pub fn push(&mut self, records: impl Iterator<Item = Record>, batch: &mut Batch) {
        for record in records {
            batch.push(record);
            if batch.is_full() {
                batch.drain_into(self);
            }
        }
        batch.drain_into(self);
    }

    /// Takes the distinct records of one instant, sorted, later than all before.
    pub fn push_instant(&mut self, records: &[Record]) {
        let mut narrow: Vec<_> = records.iter().map(|record| record.to_f32()).collect();
        narrow.sort_unstable();
        narrow.dedup();
        let bytes = |records: &[Record]| -> Vec<_> {
            records.iter().flat_map(|record| record.to_hashed_bytes()).collect()
        };
        self.push_bytes(&bytes(records), &bytes(&narrow), narrow != records);
    }

    /// Takes records as they are hashed, and those of the `f32` profile, which may be others.
    fn push_bytes(&mut self, exact: &[u8], narrow: &[u8], differs: bool) {
        if differs && self.f32.is_none() {
            self.f32 = Some(self.exact.clone());
        }
        match &mut self.f32 {
            Some(f32) => Message::push_both([&mut self.exact, f32], [exact, narrow]),
            None => self.exact.push(exact),
        }
    }

    /// Points so far, in the exact profile.
    pub fn points(&self) -> u64 {
        points(&self.exact)
    }

    /// The finished leaf: exact, and `f32` where it differs.
    pub fn close(self) -> (Node, Option<Node>) {
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
