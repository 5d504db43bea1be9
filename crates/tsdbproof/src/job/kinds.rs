//! Notes of changed kind: equal numbers that came as an integer on one side and as a float on the other.

use tsdbproof_core::{Hour, Record, Series};

use crate::{
    look::Row,
    report::{Compared, KindChange},
    time::time,
};

/// Notes that are told one by one.
const TOLD: usize = 10;

/// Whether numbers of these nodes are of other kinds, as far as both sides keep them.
pub(super) fn differ(rows: &[Option<Row>; 2]) -> bool {
    let [Some(base), Some(current)] = rows else { return false };
    base.kinds.zip(current.kinds).is_some_and(|(base, current)| base != current)
}

/// Takes the points of a series at instants that both sides have.
pub(super) struct Notes<'a> {
    pub(super) series: &'a Series,
    pub(super) compared: &'a mut Compared,
}

impl Notes<'_> {
    /// Takes the sorted records of an instant.
    pub(super) fn take(&mut self, hour: Hour, base: &[Record], current: &[Record]) {
        for record in base {
            let found = current.binary_search(record).ok();
            let Some(other) = found.and_then(|found| current.get(found)) else { continue };
            let (before, after) = (record.value(), other.value());
            // Nearly all are of one kind, and nothing is spelled for them.
            if before.came_as_float() != after.came_as_float()
                && let (Some(before), Some(after)) =
                    (before.spelled_with_kind(), after.spelled_with_kind())
            {
                self.add(hour, *record, before, after);
            }
        }
    }

    fn add(&mut self, hour: Hour, record: Record, base: String, current: String) {
        self.compared.kind_changes += 1;
        if self.compared.kind_examples.len() < TOLD {
            self.compared.kind_examples.push(KindChange {
                metric: self.series.metric.clone(),
                tags: self.series.tags.pairs_by_key(),
                time: time(record.in_hour(hour).timestamp_ms),
                base,
                current,
                series: self.series.clone(),
            });
        }
    }
}
