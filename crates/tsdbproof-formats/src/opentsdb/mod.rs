//! What OpenTSDB means by the rows and cells of its tables.
//!
//! | file | what |
//! | --- | --- |
//! | `batch` | the cells of a row, kept until it is whole |
//! | `cells` | the cells of a row to points |
//! | `column` | what kind of column a cell is, and columns of many points |
//! | `names` | which names OpenTSDB takes |
//! | `findings` | what was met in rows, in the terms of `tsdb fsck` |
//! | `qualifier` | one point: its qualifier and its value |
//! | `row` | cells of a table to points with names, row by row |
//! | `row_key` | the key of a row: metric, time and tags |
//! | `series` | the series of a row, and stand-ins for names that are lost |
//! | `table` | which of OpenTSDB's tables a cell is of |
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
pub(crate) mod table;
pub(crate) mod uid;
pub(crate) mod widths;

#[cfg(test)]
mod tests;

/// Bytes that a message may show of a key at most: eight tags of wide UIDs, and a salt.
const SHOWN_BYTES: usize = 64;

/// Bytes in hex, for a message.
fn hex(bytes: &[u8]) -> String {
    let shown = bytes.get(..SHOWN_BYTES).unwrap_or(bytes);
    let more = if shown.len() < bytes.len() { "…" } else { "" };
    let digits: String = shown.iter().map(|byte| format!("{byte:02x}")).collect();
    digits + more
}
