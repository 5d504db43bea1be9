//! What a conversion wrote, and what the format could not hold.

use serde::Serialize;
use tsdbproof_core::{Point, Series};

use super::time;

/// What a conversion wrote.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(tsify::Tsify), tsify(hashmap_as_object))]
pub struct Converted {
    /// The format.
    pub format: &'static str,
    /// Files.
    pub files: u64,
    /// Points in them.
    pub points: u64,
    /// Points that the format can't hold, by reason.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "ts", tsify(optional))]
    pub left_out: Vec<LeftOut>,
}

/// Points that a format can't hold, for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(tsify::Tsify), tsify(hashmap_as_object))]
pub struct LeftOut {
    /// Why.
    pub why: &'static str,
    /// How many.
    pub points: u64,
    /// The first of them.
    pub first: Vec<String>,
}

impl LeftOut {
    /// Points that are named one by one.
    const NAMED: usize = 3;

    pub(crate) fn new(why: &'static str) -> Self {
        LeftOut { why, points: 0, first: Vec::new() }
    }

    pub(crate) fn add(&mut self, series: &Series, point: Point) {
        self.points += 1;
        if self.first.len() < Self::NAMED {
            self.first.push(format!("{series} {} {}", time(point.timestamp_ms), point.value));
        }
    }
}
