//! What `tsdb import` does with the points of a series, in the order of its lines.
//!
//! Source: OpenTSDB 2.4.1 `tools/TextImporter.java`, `importFile`; `core/IncomingDataPoints.java`,
//! `addPointInternal`.

use tsdbproof_core::{Point, Value};

/// What comes of a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is stored as it is.
    Stored,
    /// It is stored as this number.
    Narrowed(Value),
    /// OpenTSDB refuses the name of its series.
    BadName,
    /// It is not later than the last that was stored.
    NotLater,
    /// Its value is infinite in single precision.
    TooLarge,
    /// Its time is 0.
    TimeZero,
}

/// The last time that was stored of a series.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Importer {
    last_ms: Option<u64>,
}

impl Importer {
    pub(super) fn last_ms(&self) -> Option<u64> {
        self.last_ms
    }

    /// What comes of the next point of a series whose name OpenTSDB takes.
    pub(super) fn take(&mut self, point: Point) -> Fate {
        let Point { timestamp_ms, value } = point;
        let Some(stored) = stored(value) else { return Fate::TooLarge };
        if timestamp_ms == 0 {
            return Fate::TimeZero;
        }
        if self.last_ms.is_some_and(|last_ms| timestamp_ms <= last_ms) {
            return Fate::NotLater;
        }
        self.last_ms = Some(timestamp_ms);
        if stored == value { Fate::Stored } else { Fate::Narrowed(stored) }
    }
}

/// What is stored of a number: a float in single precision, unless that is infinite.
pub(in crate::job) fn stored(value: Value) -> Option<Value> {
    if !value.came_as_float() {
        return Some(value);
    }
    let whole = value.as_integer().map(|number| number as f32);
    let narrow = whole.or(value.as_float().map(single));
    narrow.filter(|narrow| narrow.is_finite()).map(|narrow| Value::float(f64::from(narrow)))
}

/// The float32 nearest to the decimal text of a double: `tsdb import` reads text.
///
/// It is the one nearest to the double, but where that lies halfway between two: there the digits that
/// were left out of the shortest text decide.
fn single(number: f64) -> f32 {
    const HALFWAY: u64 = 1 << 28;
    let narrow = number as f32;
    let is_tie = number.to_bits() & (2 * HALFWAY - 1) == HALFWAY;
    if is_tie || narrow.is_subnormal() || narrow == 0.0 {
        return format!("{number:?}").parse().unwrap_or(narrow);
    }
    narrow
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_double_between_two_floats_the_text_decides() {
        // 1 + 2^-24, as the real `tsdb import` stores it (tests/labs/opentsdb).
        let between = 1.000_000_059_604_644_8;
        assert_eq!(between as f32, 1.0);
        assert_eq!(stored(Value::float(between)), Some(Value::float(1.000_000_119_209_289_6)));
        assert_eq!(stored(Value::float(0.1)), Some(Value::float(f64::from(0.1_f32))));
        assert_eq!(stored(Value::float(4.9e-324)), Some(Value::float(0.0)));
    }

    #[test]
    fn only_what_came_as_a_float_is_narrowed() {
        let mut importer = Importer::default();
        let mut take = |timestamp_ms, value| importer.take(Point { timestamp_ms, value });
        assert_eq!(take(1000, Value::integer(16_777_217)), Fate::Stored);
        assert_eq!(
            take(2000, Value::float(16_777_217.0)),
            Fate::Narrowed(Value::float(16_777_216.0))
        );
        assert_eq!(take(3000, Value::float(0.5)), Fate::Stored);
        assert_eq!(take(4000, Value::float(1e300)), Fate::TooLarge);
        assert_eq!(take(3000, Value::integer(1)), Fate::NotLater);
        assert_eq!(take(3001, Value::integer(1)), Fate::Stored);
        assert_eq!(take(0, Value::integer(1)), Fate::TimeZero);
    }
}
