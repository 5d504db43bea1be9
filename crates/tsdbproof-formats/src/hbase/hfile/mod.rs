//! HFile: the files that HBase keeps a table in, versions 2 and 3.
//!
//! | file | what |
//! | --- | --- |
//! | `layout`, `trailer`, `info`, `index` | the end of a file, which says how to read it |
//! | `reader` | pieces of a file to cells |
//! | `walk`, `block` | pieces to blocks, past damage |
//! | `cells`, `encoding`, `key`, `last_cell` | blocks to cells |
//! | `half`, `age` | a store file among others of its table |
//!
//! Read are all encodings and compressions of HBase 2.5 but LZO, LZMA and Brotli; not encryption, and
//! not PREFIX_TREE, which HBase itself reads no more.
//!
//! Blocks are found by walking from header to header; the index is only asked where blocks begin,
//! to read parts side by side. A block is believed if its checksums are right.
//!
//! Source: HBase 2.5.10 `io/hfile/`; `hbase-hfile-snapshot.md`.

mod age;
mod block;
mod cells;
mod encoding;
mod half;
mod index;
mod info;
mod input;
mod key;
mod last_cell;
mod layout;
mod reader;
#[cfg(test)]
mod tests;
mod trailer;
mod walk;

pub(crate) use age::Age;
pub(crate) use half::{Half, Side};
pub(in crate::hbase) use info::pair;
pub(crate) use key::Key;
pub(crate) use layout::{Layout, LayoutStep};
pub(crate) use reader::{HFileReader, ReadAs};

use self::block::BlockKind;
use crate::Score;

/// By the magic of the first block, which holds cells unless there are none.
pub(crate) fn score(head: &[u8]) -> Score {
    if BlockKind::of(head).is_some() { Score::Yes } else { Score::No }
}
