//! Points in tables: which column holds what, whatever the container.

/// Which columns of a table hold what, as `--columns` says it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Columns {}
