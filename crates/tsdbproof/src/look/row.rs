//! A node of the tree as runs keep it, and a point as runs keep it.

use tsdbproof_core::{
    Error, HOUR_MS, Hour, Losses, Record,
    digest::{Entry, Hash, Node, OpenHour},
};

use super::{
    by_time::sort_by_time,
    runs::{Item, Window},
};

/// Bytes of an input in which points of a leaf lie: a second look at them finds the points again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) input: u32,
    pub(crate) from: u64,
    pub(crate) to: u64,
}

/// A node of a series: an hour, or a day or more of a shallow manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    /// The hour; of a day, its first; above days, 0.
    pub(crate) hour: Hour,
    /// Counts and digests; those of a dirty row mean nothing.
    pub(crate) entry: Entry,
    /// Its points came out of order, or several at one instant: only the points can tell.
    pub(crate) is_dirty: bool,
    /// Where its points lie; `None` where they are kept in runs, or are not at hand.
    pub(crate) place: Option<Place>,
    /// What the way of its points could not carry.
    pub(crate) losses: Losses,
    /// Which of its numbers came as floats (see `Kinds`); `None` where that is not known.
    pub(crate) kinds: Option<u64>,
}

impl Row {
    /// A node whose points are not at hand.
    pub(crate) fn of_node(hour: Hour, entry: Entry, losses: Losses) -> Self {
        Row { hour, entry, is_dirty: false, place: None, losses, kinds: None }
    }

    /// A row that tells of losses alone, and of no points.
    pub(crate) fn of_losses(hour: Hour, losses: Losses) -> Self {
        let (exact, f32) = OpenHour::default().close();
        let start_ms = u64::from(hour) * HOUR_MS;
        let entry = Entry { exact, f32, first_ms: start_ms, last_ms: start_ms };
        Row::of_node(hour, entry, losses)
    }

    /// Whether it tells of losses alone.
    pub(crate) fn is_of_losses(&self) -> bool {
        self.entry.exact.points == 0 && !self.is_dirty && !self.losses.is_empty()
    }
}

impl Ord for Row {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.hour.cmp(&other.hour)
    }
}

impl PartialOrd for Row {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

const DIRTY: u8 = 1;
const F32: u8 = 2;
const PLACE: u8 = 4;
const LOSSES: u8 = 8;
const NO_KINDS: u8 = 16;
const KINDS: u8 = 32;

impl Item for Row {
    fn encode(&self, out: &mut Vec<u8>) {
        let mut flags = 0;
        flags |= if self.is_dirty { DIRTY } else { 0 };
        flags |= if self.entry.f32.is_some() { F32 } else { 0 };
        flags |= if self.place.is_some() { PLACE } else { 0 };
        flags |= if self.losses.is_empty() { 0 } else { LOSSES };
        flags |= match self.kinds {
            None => NO_KINDS,
            Some(0) => 0,
            Some(_) => KINDS,
        };
        out.push(flags);
        out.extend_from_slice(&self.hour.to_le_bytes());
        out.extend_from_slice(&self.entry.first_ms.to_le_bytes());
        out.extend_from_slice(&self.entry.last_ms.to_le_bytes());
        encode_node(&self.entry.exact, out);
        if let Some(node) = &self.entry.f32 {
            encode_node(node, out);
        }
        if let Some(place) = self.place {
            out.extend_from_slice(&place.input.to_le_bytes());
            out.extend_from_slice(&place.from.to_le_bytes());
            out.extend_from_slice(&place.to.to_le_bytes());
        }
        if !self.losses.is_empty() {
            out.push(self.losses.to_byte());
        }
        if let Some(kinds @ 1..) = self.kinds {
            out.extend_from_slice(&kinds.to_le_bytes());
        }
    }

    fn decode(input: &mut Window) -> Result<Self, Error> {
        let [flags] = input.array()?;
        let hour = u32::from_le_bytes(input.array()?);
        let first_ms = u64::from_le_bytes(input.array()?);
        let last_ms = u64::from_le_bytes(input.array()?);
        let exact = decode_node(input)?;
        let f32 = if flags & F32 != 0 { Some(decode_node(input)?) } else { None };
        let place = if flags & PLACE != 0 { Some(decode_place(input)?) } else { None };
        let [losses] = if flags & LOSSES != 0 { input.array()? } else { [0] };
        let losses = Losses::from_byte(losses);
        let kinds = match flags {
            _ if flags & NO_KINDS != 0 => None,
            _ if flags & KINDS != 0 => Some(u64::from_le_bytes(input.array()?)),
            _ => Some(0),
        };
        let entry = Entry { exact, f32, first_ms, last_ms };
        Ok(Row { hour, entry, is_dirty: flags & DIRTY != 0, place, losses, kinds })
    }
}

fn encode_node(node: &Node, out: &mut Vec<u8>) {
    out.extend_from_slice(&node.points.to_le_bytes());
    out.extend_from_slice(&node.children.to_le_bytes());
    out.extend_from_slice(&node.digest.0);
}

fn decode_node(input: &mut Window) -> Result<Node, Error> {
    Ok(Node {
        points: u64::from_le_bytes(input.array()?),
        children: u64::from_le_bytes(input.array()?),
        digest: Hash(input.array()?),
    })
}

fn decode_place(input: &mut Window) -> Result<Place, Error> {
    Ok(Place {
        input: u32::from_le_bytes(input.array()?),
        from: u64::from_le_bytes(input.array()?),
        to: u64::from_le_bytes(input.array()?),
    })
}

/// A point of a series, with its place in the order of writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) hour: Hour,
    pub(crate) record: Record,
    /// The input that it stood in.
    pub(crate) input: u32,
    /// Ascends with the order in that input.
    pub(crate) at: u64,
}

impl Ord for Kept {
    /// By hour, record, input and place there.
    #[inline]
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let key = |it: &Self| (it.hour, it.record, it.input, it.at);
        key(self).cmp(&key(other))
    }
}

impl PartialOrd for Kept {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// Bytes of a point in a run.
const KEPT_BYTES: usize = 4 + Record::SIZE + 4 + 8;

impl Item for Kept {
    #[inline]
    fn encode(&self, out: &mut Vec<u8>) {
        let mut bytes = [0; KEPT_BYTES];
        bytes[..4].copy_from_slice(&self.hour.to_le_bytes());
        bytes[4..16].copy_from_slice(&self.record.to_bytes());
        bytes[16..20].copy_from_slice(&self.input.to_le_bytes());
        bytes[20..].copy_from_slice(&self.at.to_le_bytes());
        out.extend_from_slice(&bytes);
    }

    fn sort(items: &mut [Self]) {
        sort_by_time(items, |it| it.record.in_hour(it.hour).timestamp_ms, Self::cmp);
    }

    #[inline]
    fn decode(input: &mut Window) -> Result<Self, Error> {
        // All at once: this is done for each point of what came in no order.
        let [
            a,
            b,
            c,
            d, // hour
            e,
            f,
            g,
            h,
            i,
            j,
            k,
            l,
            m,
            n,
            o,
            p, // record
            q,
            r,
            s,
            t, // input
            at @ ..,
        ]: [u8; KEPT_BYTES] = input.array()?;
        Ok(Kept {
            hour: u32::from_le_bytes([a, b, c, d]),
            record: Record::from_bytes([e, f, g, h, i, j, k, l, m, n, o, p]),
            input: u32::from_le_bytes([q, r, s, t]),
            at: u64::from_le_bytes(at),
        })
    }
}
