//! What makes a server that holds one state hold another.

use serde::Serialize;

/// Rows to delete, and points to put after that.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(tsify::Tsify), tsify(hashmap_as_object))]
pub struct Rewritten {
    /// Rows (hours of series) to delete.
    pub rows_deleted: u64,
    /// Those of them of which points are put.
    pub rows_put_again: u64,
    /// Points to put.
    pub points_put: u64,
    /// Those of them that stand at instants at which the base has points.
    pub points_put_again: u64,
}
