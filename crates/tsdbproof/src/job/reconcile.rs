//! An hour that came with a loss, point by point: what the loss explains is no difference.
//!
//! A way that cuts times to whole seconds leaves of each second its values, at its first instant; one
//! that prints wide integers as doubles leaves the double next to each. So a point of one side is
//! explained by a point of the other that the loss would make of it, or that it would make of that.

use tsdbproof_core::{Loss, Losses, Record, Value, sort};

use crate::look::Row;

/// What each side lost: base, current.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lossy([Losses; 2]);

/// The points of both sides that may stand for each other: of a second, or of an instant.
#[derive(Debug, Default)]
pub(super) struct Group([Vec<Record>; 2]);

/// What became of a group.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Reconciled {
    /// Points of each side that nothing explains.
    pub(super) left: [Vec<Record>; 2],
    /// Points that differ only by what was lost, in the order of [`Loss::ALL`].
    pub(super) lost: [u64; 2],
}

const SECOND_MS: u32 = 1000;

fn starts_second(record: Record) -> bool {
    record.offset_ms().is_multiple_of(SECOND_MS)
}

impl Lossy {
    /// Of a node that both sides have and one of them lost something of.
    pub(super) fn of(rows: &[Option<Row>; 2]) -> Option<Self> {
        let [Some(base), Some(current)] = rows else { return None };
        let lossy = Lossy([base.losses, current.losses]);
        lossy.0.iter().any(|losses| !losses.is_empty()).then_some(lossy)
    }

    /// Milliseconds within which points may stand for each other.
    pub(super) fn group_ms(self) -> u32 {
        let cuts = self.0.iter().any(|losses| losses.holds(Loss::WholeSeconds));
        if cuts { SECOND_MS } else { 1 }
    }
}

impl Group {
    /// Adds points of base (0) or current (1).
    pub(super) fn add(&mut self, side: usize, records: &[Record]) {
        if let Some(all) = self.0.get_mut(side) {
            all.extend_from_slice(records);
        }
    }

    /// Takes the group apart.
    pub(super) fn reconcile(self, Lossy([of_base, of_current]): Lossy) -> Reconciled {
        let [base, current] = &self.0;
        let (base, current) = (Side::new(base, of_base), Side::new(current, of_current));
        let (of_base, of_current) = (base.explained_by(&current), current.explained_by(&base));
        // Several points may have become one.
        let lost = [0, 1].map(|loss| {
            let count = |found: &Found| found.explained.get(loss).copied().unwrap_or_default();
            count(&of_base).max(count(&of_current))
        });
        Reconciled { left: [of_base.left, of_current.left], lost }
    }
}

/// The points of one side in a group.
struct Side<'a> {
    records: &'a [Record],
    losses: Losses,
    /// Sorted: the points, and values of them.
    sorted: Vec<Record>,
    all: Values,
    at_start: Values,
}

/// What became of the points of a side.
#[derive(Default)]
struct Found {
    left: Vec<Record>,
    explained: [u64; 2],
}

impl<'a> Side<'a> {
    fn new(records: &'a [Record], losses: Losses) -> Self {
        let mut sorted = records.to_vec();
        sorted.sort_unstable();
        let at_start = records.iter().copied().filter(|record| starts_second(*record));
        Side {
            records,
            losses,
            sorted,
            all: Values::new(records.iter().copied()),
            at_start: Values::new(at_start),
        }
    }

    fn explained_by(&self, other: &Side<'_>) -> Found {
        let mut found = Found::default();
        for record in self.records {
            if other.sorted.binary_search(record).is_ok() {
                continue;
            }
            let explained = self.candidates(*record, other).and_then(|values| {
                let value = record.value();
                let is_wide = other.losses.holds(Loss::WideIntegers) && values.has_double_of(value)
                    || self.losses.holds(Loss::WideIntegers) && values.has_integer_of(value);
                let is_cut = values.has(value);
                is_cut.then_some(0).or_else(|| is_wide.then_some(1))
            });
            match explained.and_then(|loss: usize| found.explained.get_mut(loss)) {
                Some(count) => *count += 1,
                None => found.left.push(*record),
            }
        }
        found
    }

    /// Values of the other side whose time may be that of a point of this.
    fn candidates<'b>(&self, record: Record, other: &'b Side<'_>) -> Option<&'b Values> {
        let cuts = |losses: Losses| losses.holds(Loss::WholeSeconds);
        match (cuts(self.losses), cuts(other.losses)) {
            (false, false) => Some(&other.all),
            (true, _) if starts_second(record) && !cuts(other.losses) => Some(&other.all),
            (_, true) => Some(&other.at_start),
            (true, false) => None,
        }
    }
}

/// Sorted values, and what they may stand for.
struct Values {
    values: Vec<Value>,
    /// Those that were printed as floats.
    floats: Vec<Value>,
    /// The doubles next to integers.
    doubles: Vec<Value>,
}

impl Values {
    fn new(records: impl Iterator<Item = Record> + Clone) -> Self {
        let sorted = |values: &mut dyn Iterator<Item = Value>| {
            let mut values: Vec<Value> = values.collect();
            sort::all(&mut values);
            values
        };
        let values = records.map(Record::value);
        Values {
            values: sorted(&mut values.clone()),
            floats: sorted(&mut values.clone().filter(|value| value.came_as_float())),
            doubles: sorted(&mut values.filter_map(double_of)),
        }
    }

    fn has(&self, value: Value) -> bool {
        self.values.binary_search(&value).is_ok()
    }

    /// Whether the double next to an integer stands here, printed as such.
    fn has_double_of(&self, value: Value) -> bool {
        double_of(value).is_some_and(|double| self.floats.binary_search(&double).is_ok())
    }

    /// Whether an integer stands here that a double may stand for.
    fn has_integer_of(&self, value: Value) -> bool {
        value.came_as_float() && self.doubles.binary_search(&value).is_ok()
    }
}

/// The double next to an integer.
fn double_of(value: Value) -> Option<Value> {
    value.as_integer().map(|number| Value::float(number as f64))
}

#[cfg(test)]
mod tests {
    use tsdbproof_core::Point;

    use super::*;

    fn losses(all: &[Loss]) -> Losses {
        let mut set = Losses::default();
        all.iter().for_each(|loss| set.add(*loss));
        set
    }

    const NONE: &[Loss] = &[];
    const CUT: &[Loss] = &[Loss::WholeSeconds];
    const WIDE: &[Loss] = &[Loss::WideIntegers];

    fn records(points: &[(u64, Value)]) -> Vec<Record> {
        let point = |&(timestamp_ms, value)| Point { timestamp_ms, value }.record();
        points.iter().map(point).collect()
    }

    /// Points that are left of both sides, and points that are lost.
    fn reconcile(
        lossy: [&[Loss]; 2],
        base: &[(u64, Value)],
        current: &[(u64, Value)],
    ) -> ([usize; 2], [u64; 2]) {
        let mut group = Group::default();
        group.add(0, &records(base));
        group.add(1, &records(current));
        let found = group.reconcile(Lossy(lossy.map(losses)));
        // The other way round it is the same.
        let mut turned = Group::default();
        turned.add(0, &records(current));
        turned.add(1, &records(base));
        let [of_base, of_current] = lossy.map(losses);
        let again = turned.reconcile(Lossy([of_current, of_base]));
        let [left_of_base, left_of_current] = &found.left;
        assert_eq!(again.left, [left_of_current.clone(), left_of_base.clone()]);
        assert_eq!(again.lost, found.lost);
        (found.left.map(|left| left.len()), found.lost)
    }

    fn int(number: i64) -> Value {
        Value::integer(number)
    }

    #[test]
    fn values_of_a_second_are_what_a_cut_leaves_of_it() {
        let exact = [(0, int(1)), (7, int(2)), (800, int(3)), (900, int(3))];
        let cut = [(0, int(1)), (0, int(2)), (0, int(3))];
        assert_eq!(reconcile([NONE, CUT], &exact, &cut), ([0, 0], [3, 0]));
        assert_eq!(reconcile([NONE, CUT], &exact, &cut[..2]), ([2, 0], [1, 0]));
        let more = [(0, int(1)), (0, int(2)), (0, int(3)), (0, int(4))];
        assert_eq!(reconcile([NONE, CUT], &exact, &more), ([0, 1], [3, 0]));
        // Both were cut: nothing is left to be explained.
        assert_eq!(reconcile([CUT, CUT], &cut, &more), ([0, 1], [0, 0]));
        // A point of a side that was cut, but not to a second, came another way.
        assert_eq!(reconcile([NONE, CUT], &[(7, int(2))], &[(8, int(2))]), ([1, 1], [0, 0]));
    }

    #[test]
    fn an_integer_is_what_the_double_next_to_it_may_be() {
        const WIDE_INTEGER: i64 = 9_007_199_254_740_993;
        let integer = [(0, int(WIDE_INTEGER))];
        let double = [(0, Value::float(9_007_199_254_740_992.0))];
        assert_eq!(reconcile([NONE, WIDE], &integer, &double), ([0, 0], [0, 1]));
        // An integer that was printed in full is what it is.
        let other = [(0, int(9_007_199_254_740_992))];
        assert_eq!(reconcile([NONE, WIDE], &integer, &other), ([1, 1], [0, 0]));
        assert_eq!(reconcile([NONE, NONE], &integer, &double), ([1, 1], [0, 0]));
        let far = [(0, Value::float(9_007_199_254_740_996.0))];
        assert_eq!(reconcile([NONE, WIDE], &integer, &far), ([1, 1], [0, 0]));
        let largest = [(0, Value::float(9_223_372_036_854_775_808.0))];
        assert_eq!(reconcile([WIDE, NONE], &largest, &[(0, int(i64::MAX))]), ([0, 0], [0, 1]));
        let both = &[Loss::WholeSeconds, Loss::WideIntegers];
        let later = [(5, int(WIDE_INTEGER))];
        assert_eq!(reconcile([NONE, both], &later, &double), ([0, 0], [0, 1]));
    }
}
