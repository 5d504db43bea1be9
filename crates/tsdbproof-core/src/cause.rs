//! Why points differ, as far as the points themselves tell.

use std::collections::HashSet;

use crate::{Point, Record, Value};

/// How the values of an instant differ that both sides have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Each value of one side is a value of the other in single precision.
    Narrowed,
    /// One side lacks some of several values of the other.
    Resolved,
    /// Other values.
    Other,
}

/// How the distinct, sorted records of one instant differ.
pub fn change(base: &[Record], current: &[Record]) -> Change {
    let (few, many) = if base.len() <= current.len() { (base, current) } else { (current, base) };
    let same = |a: Value, b: Value| a == b || a.narrows_to(b) || b.narrows_to(a);
    let stand_in = |few: &[Record], many: &[Record]| {
        few.iter().all(|a| many.iter().any(|b| same(a.value(), b.value())))
    };
    match few.len() == many.len() {
        true if stand_in(few, many) && stand_in(many, few) => Change::Narrowed,
        false if stand_in(few, many) => Change::Resolved,
        _ => Change::Other,
    }
}

/// One fault that explains many points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pattern {
    /// Current has the values of base, this many milliseconds later.
    Shifted(i64),
    /// Current has the times of base in seconds, taken for milliseconds.
    SecondsTakenForMilliseconds,
    /// Base has the times of current in seconds, taken for milliseconds.
    MillisecondsTakenForSeconds,
}

impl Pattern {
    /// Where a point of base would stand in current.
    pub fn apply(self, base: Point) -> Option<Point> {
        let timestamp_ms = match self {
            Pattern::Shifted(by_ms) => base.timestamp_ms.checked_add_signed(by_ms)?,
            Pattern::SecondsTakenForMilliseconds if base.timestamp_ms.is_multiple_of(1000) => {
                base.timestamp_ms / 1000
            }
            Pattern::SecondsTakenForMilliseconds => return None,
            Pattern::MillisecondsTakenForSeconds => base.timestamp_ms.checked_mul(1000)?,
        };
        Some(Point { timestamp_ms, ..base })
    }
}

/// The pattern that explains nearly all of the points that only one side has, both sorted by time.
pub fn pattern(missing: &[Point], extra: &[Point]) -> Option<Pattern> {
    let (first, last) = (missing.first().zip(extra.first())?, missing.last().zip(extra.last())?);
    let shift = |(from, to): (&Point, &Point)| {
        to.timestamp_ms.checked_signed_diff(from.timestamp_ms).map(Pattern::Shifted)
    };
    let set: HashSet<(u64, Value)> = extra.iter().map(|p| (p.timestamp_ms, p.value)).collect();
    // Nine of ten, and never none: other damage may stand beside the fault.
    let least = (missing.len().min(extra.len()) * 9).div_ceil(10);
    let stands = |point: Point| set.contains(&(point.timestamp_ms, point.value));
    let explains = |pattern: &Pattern| {
        missing.iter().filter(|point| pattern.apply(**point).is_some_and(stands)).count() >= least
    };
    [
        Some(Pattern::SecondsTakenForMilliseconds),
        Some(Pattern::MillisecondsTakenForSeconds),
        shift(first),
        shift(last),
    ]
    .into_iter()
    .flatten()
    .find(explains)
}

/// The shift that makes all points of base, sorted by time, those of current.
pub fn whole_shift(base: &[Point], current: &[Point]) -> Option<Pattern> {
    let (first, to) = base.first().zip(current.first())?;
    let by_ms = to.timestamp_ms.checked_signed_diff(first.timestamp_ms).filter(|ms| *ms != 0)?;
    let shift = Pattern::Shifted(by_ms);
    let mut pairs = base.iter().zip(current);
    let equal = base.len() == current.len() && base.len() > 1;
    (equal && pairs.all(|(a, b)| shift.apply(*a) == Some(*b))).then_some(shift)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(times: &[u64]) -> Vec<Point> {
        times
            .iter()
            .map(|t| Point { timestamp_ms: *t, value: Value::integer(*t as i64 % 7) })
            .collect()
    }

    #[test]
    fn a_shift_explains_points_on_both_sides() {
        let missing = points(&[1_000, 2_000, 5_000]);
        let extra: Vec<_> =
            missing.iter().map(|p| Point { timestamp_ms: p.timestamp_ms + 500, ..*p }).collect();
        assert_eq!(pattern(&missing, &extra), Some(Pattern::Shifted(500)));
        assert_eq!(whole_shift(&missing, &extra), Some(Pattern::Shifted(500)));
        assert_eq!(pattern(&missing, &points(&[9_000])), None);
        assert_eq!(pattern(&missing, &[]), None);
    }

    #[test]
    fn seconds_taken_for_milliseconds_are_seen() {
        let missing = points(&[1_700_000_000_000, 1_700_000_060_000]);
        let extra: Vec<_> =
            missing.iter().map(|p| Point { timestamp_ms: p.timestamp_ms / 1000, ..*p }).collect();
        assert_eq!(pattern(&missing, &extra), Some(Pattern::SecondsTakenForMilliseconds));
        assert_eq!(pattern(&extra, &missing), Some(Pattern::MillisecondsTakenForSeconds));
    }

    #[test]
    fn one_of_two_values_is_no_change_of_the_other() {
        let record = |value| Point { timestamp_ms: 0, value }.record();
        let (three, many) = (record(Value::integer(3)), record(Value::integer(300)));
        assert_eq!(change(&[three, many], &[many]), Change::Resolved);
        assert_eq!(change(&[three], &[many]), Change::Other);
        let (wide, narrow) = (Value::float(0.85), Value::float(f64::from(0.85f32)));
        assert_eq!(change(&[record(wide)], &[record(narrow)]), Change::Narrowed);
        // One value has its narrowed form; the other came from nowhere.
        assert_eq!(change(&[record(narrow), record(wide)], &[record(wide), many]), Change::Other);
    }
}
