//! SequenceFile: what HBase's Export writes, one file for each region; rows with their cells.
//!
//! | file | what |
//! | --- | --- |
//! | `body` | records and blocks in turn, over damage |
//! | `header` | versions, classes, codec, sync marker |
//! | `puts` | values that are puts and nothing else |
//! | `record` | records and blocks as they stand in the file |
//! | `lost` | what damage costs |
//! | `reader` | pieces of a file to its parts |
//! | `result` | a value to cells |
//! | `rows` | records that are rows |
//! | `values` | records and blocks to cells |
//!
//! A file has no end of its own and no checksum but those of codecs: a cut between two records, and
//! a changed byte where nothing is compressed, can only be seen by the side file `.<name>.crc`.

mod body;
mod header;
mod lost;
mod puts;
mod reader;
mod record;
mod result;
mod rows;
#[cfg(test)]
mod tests;
mod values;

use memchr::memmem;

pub(crate) use self::reader::SequenceFileReader;
#[allow(unused_imports)] // Until a report says how values are written.
pub(crate) use self::result::ResultForm;
use crate::Score;

/// By magic, version and classes. Any SequenceFile may be meant: reading says what is wrong with it.
pub(crate) fn score(head: &[u8]) -> Score {
    match header::Header::read(head) {
        Ok(Some(_)) => Score::Yes,
        Ok(None) if !head.is_empty() && begins_magic(head) => Score::Maybe,
        // A byte of text behind three letters makes no version.
        Err(_) if begins_magic(head) && head.get(3) < Some(&b' ') => Score::Maybe,
        // The header of an Export, damaged.
        Err(_) if memmem::find(head, header::VALUE).is_some_and(|at| at < 256) => Score::Maybe,
        _ => Score::No,
    }
}

fn begins_magic(head: &[u8]) -> bool {
    head.iter().zip(header::MAGIC).all(|(found, expected)| found == expected)
}
