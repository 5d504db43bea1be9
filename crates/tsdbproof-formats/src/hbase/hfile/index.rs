//! The root of the index: where blocks of cells begin, or blocks of the index below it.
//!
//! | bytes | part of an entry |
//! | --- | --- |
//! | 8 | first byte of a block |
//! | 4 | bytes of it on disk |
//! | VInt + n | a key that sorts behind the cells before the block, and not behind its own |
//!
//! Source: HBase 2.5.10 `io/hfile/HFileBlockIndex.java`, `readRootIndex`.

use super::input::Input;

/// First bytes of the blocks that the root names, ascending. `None`: these bytes are no such root.
pub(super) fn offsets(bytes: &[u8], count: u32) -> Option<Vec<u64>> {
    let mut input = Input::new(bytes);
    let mut offsets: Vec<u64> = Vec::new();
    for _ in 0..count {
        let offset = input.u64()?;
        input.length()?;
        input.vbytes()?;
        if offsets.last().is_some_and(|last| *last >= offset) {
            return None;
        }
        offsets.push(offset);
    }
    Some(offsets)
}
