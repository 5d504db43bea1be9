//! How a file is read and written, where its bytes alone can't tell.

use crate::{
    Limits,
    hbase::table::{GivenKeyWidths, Tables},
    tables::Columns,
};

/// How a file is read.
#[derive(Debug, Clone, Default)]
pub struct ReadOptions {
    /// Bounds on what it may claim.
    pub limits: Limits,
    /// Which columns of a table hold what; what is not named here is found by its name.
    pub columns: Columns,
    /// The unit of times that could be either; `None`: by OpenTSDB's rule, or by what stands beside.
    pub unit: Option<TimeUnit>,
    /// Whether an answer that may be aggregated is taken for stored points.
    pub allow_aggregated: bool,
    /// Whether who reads an answer asked for it, and for stored points.
    pub knows_query: bool,
    /// Whether each line's point is given out on its own, with its own place.
    pub line_by_line: bool,
    /// How wide the parts of row keys are; what is not said the data tells.
    pub key_widths: GivenKeyWidths,
    /// What the cells of a table need to become points; found by who reads the table of UIDs.
    pub tables: Option<Tables>,
}

/// What times count since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeUnit {
    /// Seconds.
    Seconds,
    /// Milliseconds.
    Milliseconds,
}

/// How a file is written.
#[derive(Debug, Clone, Default)]
pub struct WriteOptions {
    /// Keys of tags, of all points that will come: a table may have a column for each.
    pub tag_keys: Vec<String>,
}
