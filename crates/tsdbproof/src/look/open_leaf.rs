//! A leaf while its points arrive in the order of time: a hash state, and hardly a point.

use std::ops::Range;

use tsdbproof_core::{
    HOUR_MS, Hour, Kinds, Losses, Point, Record,
    digest::{Entry, OpenHour},
};

use super::row::{Place, Row};

/// A leaf whose points still arrive.
pub(super) struct OpenLeaf {
    pub(super) hour: Hour,
    /// Only the points can tell what it holds.
    pub(super) is_dirty: bool,
    /// When its first point came, in milliseconds of the hour.
    first_ms: u32,
    last: Record,
    kinds: Kinds,
    /// The number of its first point in the order of writing. A point of its hour that it has not has a
    /// lower one, or a higher one than all that it has.
    pub(super) first: u64,
    /// Bytes of the input in which its points lie.
    at: Range<u64>,
    state: OpenHour,
}

impl OpenLeaf {
    /// The leaf of a point that lies here, and is of this number in the order of writing.
    pub(super) fn new(point: Point, first: u64, at: Range<u64>) -> Box<Self> {
        let record = point.record();
        let mut leaf = Box::new(OpenLeaf {
            hour: point.hour(),
            is_dirty: false,
            first_ms: record.offset_ms(),
            last: record,
            kinds: Kinds::default(),
            first,
            at,
            state: OpenHour::default(),
        });
        leaf.kinds.add(record);
        leaf.state.push(record);
        leaf
    }

    /// Takes points of this hour. Equal neighbours are one; a late or second value makes it dirty.
    pub(super) fn push(&mut self, points: &[Point], at: &Range<u64>) {
        self.at = self.at.start.min(at.start)..self.at.end.max(at.end);
        if self.is_dirty {
            return;
        }
        let OpenLeaf { last, kinds, is_dirty, .. } = self;
        let ascending = points.iter().filter_map(|point| {
            let record = point.record();
            if record.offset_ms() > last.offset_ms() {
                *last = record;
                kinds.add(record);
                return (!*is_dirty).then_some(record);
            }
            // Of equal neighbours of two kinds the points tell which counts.
            *is_dirty |=
                record != *last || record.value().came_as_float() != last.value().came_as_float();
            None
        });
        self.state.extend(ascending);
    }

    /// Its points, while they are few.
    pub(super) fn held(&self) -> Option<impl Iterator<Item = Record>> {
        self.state.held().filter(|_| !self.is_dirty)
    }

    /// What is known of it now, as it stands in this input.
    pub(super) fn close(self, input: u32, keeps_kind: bool) -> Row {
        let (exact, f32) = self.state.close();
        let [first_ms, last_ms] = [self.first_ms, self.last.offset_ms()]
            .map(|offset| u64::from(self.hour) * HOUR_MS + u64::from(offset));
        let entry = Entry { exact, f32, first_ms, last_ms };
        let losses = Losses::default();
        let kinds = self.kinds.sum().filter(|_| keeps_kind);
        let place = Some(Place { input, from: self.at.start, to: self.at.end });
        Row { hour: self.hour, entry, is_dirty: self.is_dirty, place, losses, kinds }
    }
}
