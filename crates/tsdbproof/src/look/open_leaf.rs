//! A leaf while its points arrive in the order of time: a hash state, and no point.

use std::ops::Range;

use tsdbproof_core::{
    HOUR_MS, Hour, Kinds, Losses, Point, Record,
    digest::{Batch, Entry, OpenHour},
};

use super::row::{Place, Row};
/// A leaf whose points still arrive.
pub(super) struct OpenLeaf {
    pub(super) hour: Hour,
    start_ms: u64,
    state: OpenHour,
    kinds: Kinds,
    first_ms: u64,
    /// The last point. `None` once the leaf is dirty.
    pub(super) last: Option<Record>,
    last_ms: u64,
    place: Place,
}

impl OpenLeaf {
    pub(super) fn new(hour: Hour, first_ms: u64, place: Place) -> Box<Self> {
        let start_ms = u64::from(hour) * HOUR_MS;
        let first = Record::from_bytes([0; Record::SIZE]);
        let state = OpenHour::default();
        let (kinds, last) = (Kinds::default(), Some(first));
        Box::new(OpenLeaf { hour, start_ms, state, kinds, first_ms, last, last_ms: 0, place })
    }

    /// Takes points of this hour. Equal neighbours are one; a late or second value makes it dirty.
    pub(super) fn push(&mut self, points: &[Point], at: &Range<u64>, batch: &mut Batch) {
        self.place.from = self.place.from.min(at.start);
        self.place.to = self.place.to.max(at.end);
        let Some(mut last) = self.last else { return };
        let mut is_dirty = false;
        let mut is_first = self.state.points() == 0;
        let kinds = &mut self.kinds;
        let ascending = points.iter().filter_map(|point| {
            let record = point.record();
            if record.offset_ms() > last.offset_ms() || is_first {
                is_first = false;
                last = record;
                kinds.add(record);
                return (!is_dirty).then_some(record);
            }
            // Of equal neighbours of two kinds the points tell which counts.
            is_dirty |=
                record != last || record.value().came_as_float() != last.value().came_as_float();
            None
        });
        self.state.push(ascending, batch);
        self.last = (!is_dirty).then_some(last);
        self.last_ms = self.start_ms + u64::from(last.offset_ms());
    }

    pub(super) fn close(self, keeps_kind: bool) -> Row {
        let is_dirty = self.last.is_none();
        let (exact, f32) = self.state.close();
        let entry = Entry { exact, f32, first_ms: self.first_ms, last_ms: self.last_ms };
        let losses = Losses::default();
        let kinds = self.kinds.sum().filter(|_| keeps_kind);
        Row { hour: self.hour, entry, is_dirty, place: Some(self.place), losses, kinds }
    }
}
