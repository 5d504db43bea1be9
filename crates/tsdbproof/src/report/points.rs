//! Points of a series, as a picture needs them.

use serde::Serialize;

/// The points of a series in a window.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(tsify::Tsify))]
pub struct SeriesPoints {
    /// Ascending.
    pub points: Vec<SeriesPoint>,
    /// There are more than a picture has room for.
    pub is_cut: bool,
}

/// What stands at an instant of a series.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(tsify::Tsify))]
pub struct SeriesPoint {
    /// The instant, in milliseconds since 1970.
    pub timestamp_ms: u64,
    /// The same in ISO 8601.
    pub time: String,
    /// The values that stand there, in canonical spelling.
    pub values: Vec<String>,
    /// The first of them, as near as binary64 comes.
    pub number: f64,
}
