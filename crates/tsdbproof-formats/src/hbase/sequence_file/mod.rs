//! SequenceFile: what HBase's Export writes, one file for each region; rows with their cells.
//!
//! | file | what |
//! | --- | --- |
//! | `body` | records and blocks in turn, over damage |
//! | `header` | versions, classes, codec, sync marker |
//! | `record` | records and blocks as they stand in the file |
//! | `lost` | what damage costs |
//! | `reader` | pieces of a file to its parts |
//! | `result` | values to cells |
//! | `writable` | Hadoop's numbers and texts |
//!
//! A file has no end of its own and no checksum but those of codecs: a cut between two records, and
//! a changed byte where nothing is compressed, can only be seen by the side file `.<name>.crc`.

mod body;
mod header;
mod lost;
mod reader;
mod record;
mod result;
#[cfg(test)]
mod tests;
mod writable;

#[allow(unused_imports)] // Until sources of cells are registered.
pub(crate) use self::reader::SequenceFileReader;
#[allow(unused_imports)] // Until sources of cells are registered.
pub(crate) use self::result::ResultForm;
use crate::Score;

/// By magic, version and classes. Any SequenceFile may be meant: reading says what is wrong with it.
pub(crate) fn score(head: &[u8]) -> Score {
    match header::Header::read(head) {
        Ok(Some(_)) => Score::Yes,
        Ok(None) if head.is_empty() => Score::No,
        Ok(None) => Score::Maybe,
        // A byte of text follows where three letters are no magic.
        Err(_) if head.starts_with(header::MAGIC) && head.get(3) < Some(&b' ') => Score::Maybe,
        // The header of an Export, damaged.
        Err(_) if memchr::memmem::find(head, header::VALUE).is_some_and(|at| at < 256) => {
            Score::Maybe
        }
        Err(_) => Score::No,
    }
}
