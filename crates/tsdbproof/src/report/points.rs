//! Points of a series, side by side, as a picture needs them.

use serde::Serialize;

/// The points of a series in a window.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "ts", derive(tsify::Tsify))]
pub struct SeriesPoints {
    /// The instants at which either side has a point, ascending.
    pub points: Vec<SeriesPoint>,
    /// Whether the points of base are at hand; a manifest's are not.
    pub has_base: bool,
    /// Whether those of current are.
    pub has_current: bool,
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
    /// `-` only in base, `+` only in current, `~` changed, `=` equal or not compared.
    #[cfg_attr(feature = "ts", tsify(type = "\"-\" | \"+\" | \"~\" | \"=\""))]
    pub sign: char,
    /// Values in base, in canonical spelling.
    pub base: Vec<String>,
    /// Values in current.
    pub current: Vec<String>,
    /// The first value in base, as near as binary64 comes.
    pub base_number: Option<f64>,
    /// The first value in current.
    pub current_number: Option<f64>,
}
