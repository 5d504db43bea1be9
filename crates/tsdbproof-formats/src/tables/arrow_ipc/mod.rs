//! Arrow's IPC format: files (also called Feather, version 2) and streams.
//!
//! | bytes | |
//! | --- | --- |
//! | `ARROW1`, two zeros | of a file only |
//! | message | ff ff ff ff, u32 length, flatbuffer; before Arrow 0.15 the length alone |
//! | body of the message | buffers; each may be one frame of LZ4 or zstd behind its size |
//! | end of the stream | ff ff ff ff 00 00 00 00; a stream may do without, and another may follow |
//! | footer | of a file only: flatbuffer, u32 length of it, `ARROW1` |
//!
//! The first message is the schema; batches of rows and dictionaries follow. Columns are those of
//! [`Columns`](super::Columns). The buffers are taken apart here, with arrow-rs's types of flatbuffers:
//! its own decoder takes memory before it looks, and panics on some changed bytes.
//!
//! A file is read from its front, so it may come as a stream; its footer is held against what was
//! found. polars writes files that have no schema at their front, and dictionaries behind the rows:
//! these are read by their footer, in a format of their own.
//!
//! Rows have no place of their own: a place is that of the batch's message.
//!
//! Source: <https://arrow.apache.org/docs/format/Columnar.html>, "Serialization and IPC".

mod body;
mod dictionaries;
mod fields;
mod footer;
pub(crate) mod frame;
mod indexed;
pub(crate) mod lz4;
mod messages;
mod reader;
mod seek;
mod table;
mod writer;

use self::frame::{CONTINUATION, HEAD};
use self::reader::Reader;
use crate::{Access, Format, Score};

/// Arrow IPC files and streams.
pub(crate) static FORMAT: Format = Format {
    name: "arrow",
    about: "Arrow IPC files and streams, also Feather version 2, with columns as --columns says",
    extensions: &["arrow", "arrows", "feather", "ipc"],
    example: "(a table of metric, tags, timestamp, value)",
    score,
    access: Access::Stream {
        splits_at_lines: false,
        open: |options, _| Box::new(Reader::new(options)),
    },
    write: Some(|_| Box::new(writer::Writer::new())),
};

/// Arrow IPC files that only their footer makes sense of.
pub(crate) static FILE_FORMAT: Format = Format {
    name: "arrow-file",
    about: "Arrow IPC files whose columns or dictionaries are found by the footer, as polars writes them",
    extensions: &["arrow", "feather", "ipc"],
    example: "(a table of metric, tags, timestamp, value)",
    score: score_file,
    access: Access::Indexed { index: indexed::index },
    write: None,
};

/// What files of Feather version 1 begin with, a format of its own.
const FEATHER_1: [u8; 4] = *b"FEA1";

/// What is wrong with bytes, in a few words.
type Flaw = &'static str;

/// A body that unpacks to more than the limit.
const TOO_LARGE: Flaw = "a batch that takes more memory than the limit";

/// Whether this is a message's beginning, and the schema whole as far as it is to be seen.
#[derive(Debug, PartialEq, Eq)]
enum Front {
    Schema,
    /// It is not whole.
    Unsure,
    Other,
}

fn front(head: &[u8]) -> Front {
    let is_marked = head.starts_with(&CONTINUATION);
    let message = head.strip_prefix(&CONTINUATION).unwrap_or(head);
    let Some((length, message)) = message.split_first_chunk() else {
        return if CONTINUATION.starts_with(head) { Front::Unsure } else { Front::Other };
    };
    let length = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
    let whole = message.get(..length).map(arrow_ipc::root_as_message);
    match whole {
        Some(Ok(message)) if message.header_as_schema().is_some() => Front::Schema,
        _ if is_marked => Front::Unsure,
        _ => Front::Other,
    }
}

/// By the schema at its beginning, be it of a stream or of a file.
fn score(head: &[u8]) -> Score {
    let (is_file, rest) = head.strip_prefix(&HEAD).map_or((false, head), |rest| (true, rest));
    match front(rest) {
        Front::Schema => Score::Yes,
        Front::Unsure if is_file => Score::Yes,
        Front::Unsure if head.starts_with(&CONTINUATION) => Score::Maybe,
        _ if head.starts_with(&FEATHER_1) => Score::Yes,
        _ => Score::No,
    }
}

/// By the magic of a file without a schema at its beginning.
fn score_file(head: &[u8]) -> Score {
    match head.strip_prefix(&HEAD) {
        Some(rest) if front(rest) == Front::Other => Score::Yes,
        Some(_) => Score::Maybe,
        None if head.starts_with(b"ARROW1") => Score::Maybe,
        None => Score::No,
    }
}

#[cfg(test)]
mod tests;
