//! Up to how far values may lie apart and still pass for near enough.

use crate::{Record, Value, sort};

/// How far a value may lie from the other side's. The default lets nothing pass that differs.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Tolerance {
    /// In the values' own unit; not negative.
    pub absolute: f64,
    /// As a part of the value that is farther from zero; not negative.
    pub relative: f64,
}

impl Tolerance {
    /// Whether it lets anything pass that differs.
    pub fn is_any(self) -> bool {
        self.absolute > 0.0 || self.relative > 0.0
    }

    /// Whether the records of an instant, of which each side has as many, are near in pairs.
    pub fn covers(self, base: &[Record], current: &[Record]) -> bool {
        let sorted = |records: &[Record]| {
            let mut values: Vec<Value> = records.iter().map(|record| record.value()).collect();
            sort::by(&mut values, |a, b| nearest(*a).total_cmp(&nearest(*b)).then(a.cmp(b)));
            values
        };
        self.is_any()
            && base.len() == current.len()
            && sorted(base).into_iter().zip(sorted(current)).all(|(a, b)| self.is_near(a, b))
    }

    fn is_near(self, a: Value, b: Value) -> bool {
        let (x, y) = (nearest(a), nearest(b));
        // Beside infinity and what is no number, nothing is near.
        if a == b || !x.is_finite() || !y.is_finite() {
            return a == b;
        }
        let distance = match (a.as_integer(), b.as_integer()) {
            // Beyond 2^53 the floats next to two integers may be one.
            (Some(a), Some(b)) => a.abs_diff(b) as f64,
            _ => (x - y).abs(),
        };
        distance <= self.absolute.max(self.relative * x.abs().max(y.abs()))
    }
}

/// The float next to a value.
fn nearest(value: Value) -> f64 {
    match value.as_integer() {
        Some(number) => number as f64,
        None => value.as_float().unwrap_or(f64::NAN),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Point;

    fn records(values: &[Value]) -> Vec<Record> {
        values.iter().map(|value| Point { timestamp_ms: 0, value: *value }.record()).collect()
    }

    fn covers(tolerance: Tolerance, base: &[Value], current: &[Value]) -> bool {
        tolerance.covers(&records(base), &records(current))
    }

    #[test]
    fn values_are_near_by_distance_or_by_share() {
        let (int, float) = (Value::integer, Value::float);
        let absolute = Tolerance { absolute: 0.5, relative: 0.0 };
        assert!(covers(absolute, &[float(1.25)], &[float(1.75)]));
        assert!(!covers(absolute, &[float(1.25)], &[float(1.76)]));
        let relative = Tolerance { absolute: 0.0, relative: 0.01 };
        assert!(covers(relative, &[int(-100)], &[int(-99)]));
        assert!(!covers(relative, &[int(100)], &[float(98.5)]));
        assert!(!covers(relative, &[int(0)], &[float(1e-300)]));
        assert!(!covers(Tolerance::default(), &[int(1)], &[int(2)]));
    }

    #[test]
    fn wide_integers_keep_their_distance() {
        let absolute = Tolerance { absolute: 1.0, relative: 0.0 };
        let (wide, one, two) = (i64::MAX - 9, i64::MAX - 8, i64::MAX - 7);
        assert!(covers(absolute, &[Value::integer(wide)], &[Value::integer(one)]));
        assert!(!covers(absolute, &[Value::integer(wide)], &[Value::integer(two)]));
        let ends = [Value::integer(i64::MIN), Value::integer(i64::MAX)];
        assert!(!covers(absolute, &ends[..1], &ends[1..]));
    }

    #[test]
    fn several_values_are_near_in_pairs_and_nothing_is_near_infinity() {
        let near = Tolerance { absolute: 1.0, relative: 1.0 };
        let float = Value::float;
        assert!(covers(near, &[float(9.5), float(-3.0)], &[float(-2.5), float(10.0)]));
        assert!(!covers(near, &[float(1.0)], &[float(1.0), float(1.5)]));
        assert!(!covers(near, &[float(f64::INFINITY)], &[float(1.0)]));
        assert!(!covers(near, &[float(f64::NAN)], &[float(1.0)]));
        assert!(covers(near, &[float(f64::NAN), float(2.0)], &[float(2.5), float(f64::NAN)]));
    }
}
