//! ROW_INDEX_V1: plain cells, and behind them where each row begins.
//!
//! | bytes | part |
//! | --- | --- |
//! | n | cells |
//! | 4 | count of rows |
//! | 4 each | first byte of the row, from the start of the cells |
//! | 4 | bytes of the cells |
//!
//! Source: HBase 2.5.10 `io/encoding/RowIndexEncoderV1.java`.

use super::super::input::Input;
use super::plain::Plain;
use super::{Behind, Each, Fault, walk};

const BAD_INDEX: &str = "an index of rows that does not fit the cells before it";

pub(super) fn decode(bytes: &[u8], behind: Behind, each: &mut Each<'_>) -> Result<(), Fault> {
    let fault = Fault { at: bytes.len(), what: BAD_INDEX };
    let (cells, index) = split(bytes).ok_or(fault)?;
    let mut rows = 0;
    let mut last_row: Option<Vec<u8>> = None;
    walk(&mut Input::new(cells), &mut Plain, behind, &mut |cell| {
        if last_row.as_deref() != Some(cell.column.row) {
            rows += 1;
            let row = last_row.get_or_insert_default();
            row.clear();
            row.extend_from_slice(cell.column.row);
        }
        each(cell);
    })?;
    if index.len() == 4 * rows { Ok(()) } else { Err(fault) }
}

/// The cells, and where rows begin.
fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (bytes, size) = bytes.split_last_chunk::<4>()?;
    let size = usize::try_from(u32::from_be_bytes(*size)).ok()?;
    let (cells, rest) = bytes.split_at_checked(size)?;
    let (count, index) = rest.split_first_chunk::<4>()?;
    let count = usize::try_from(u32::from_be_bytes(*count)).ok()?;
    (count.checked_mul(4) == Some(index.len())).then_some((cells, index))
}
