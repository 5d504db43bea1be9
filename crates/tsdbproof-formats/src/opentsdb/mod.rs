//! What OpenTSDB means by the rows and cells of its tables.
//!
//! | file | what |
//! | --- | --- |
//! | `batch` | the cells of a row, kept until it is whole |
//! | `cells` | the cells of a row to points |
//! | `column` | what kind of column a cell is, and columns of many points |
//! | `findings` | what was met in rows, in the terms of `tsdb fsck` |
//! | `names` | which names OpenTSDB takes |
//! | `qualifier` | one point: its qualifier and its value |
//! | `row` | cells of a table to points with names, row by row |
//! | `row_key` | the key of a row: metric, time and tags |
//! | `series` | the series of a row, and stand-ins for names that are lost |
//! | `summary` | what was met in all rows, and where most of it lies |
//! | `uid` | names of UIDs |
//! | `widths` | how wide the parts of row keys are, found in keys and UIDs |

mod batch;
mod cells;
pub(crate) mod column;
pub(crate) mod findings;
pub(crate) mod names;
pub(crate) mod qualifier;
pub(crate) mod row;
pub(crate) mod row_key;
pub(crate) mod series;
pub(crate) mod summary;
pub(crate) mod uid;
pub(crate) mod widths;

#[cfg(test)]
mod tests;
