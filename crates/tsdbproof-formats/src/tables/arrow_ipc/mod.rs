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
pub(crate) mod indexed;
pub(crate) mod lz4;
mod messages;
mod reader;
mod seek;
mod table;
mod window;
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
    keeps_kind: false,
    write: Some(|_| Box::new(writer::Writer::new())),
};

/// What files of Feather version 1 begin with, a format of its own.
const FEATHER_1: [u8; 4] = *b"FEA1";

/// What is wrong with bytes, in a few words.
type Flaw = &'static str;

/// A body that unpacks to more than the limit.
const TOO_LARGE: Flaw = "a batch that takes more than half of the memory; --memory gives more";

/// What the first bytes are behind the magic, as far as they are to be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Front {
    Schema,
    /// A schema, then rows that can't be read before dictionaries behind them.
    RowsFirst,
    /// A message that is not whole.
    Unsure,
    Other,
}

fn front(head: &[u8]) -> Front {
    let Some((message, rest)) = message(head) else {
        let is_marked = head.get(..CONTINUATION.len()).unwrap_or(head);
        return if CONTINUATION.starts_with(is_marked) { Front::Unsure } else { Front::Other };
    };
    let Some(schema) = message.header_as_schema() else { return Front::Other };
    let needs_dictionaries = schema.fields().into_iter().flatten().any(has_dictionary);
    let has_rows = message_is_rows(rest);
    if needs_dictionaries && has_rows { Front::RowsFirst } else { Front::Schema }
}

/// The message at the beginning, and what is behind it.
fn message(bytes: &[u8]) -> Option<(arrow_ipc::Message<'_>, &[u8])> {
    let bytes = bytes.strip_prefix(&CONTINUATION).unwrap_or(bytes);
    let (length, rest) = bytes.split_first_chunk()?;
    let (message, rest) = rest.split_at_checked(u32::from_le_bytes(*length).try_into().ok()?)?;
    arrow_ipc::root_as_message(message).ok().map(|message| (message, rest))
}

fn message_is_rows(bytes: &[u8]) -> bool {
    message(bytes).is_some_and(|(message, _)| message.header_as_record_batch().is_some())
}

fn has_dictionary(field: arrow_ipc::Field<'_>) -> bool {
    field.dictionary().is_some() || field.children().into_iter().flatten().any(has_dictionary)
}

/// By the schema at its beginning, be it of a stream or of a file.
fn score(head: &[u8]) -> Score {
    let (is_file, rest) = head.strip_prefix(&HEAD).map_or((false, head), |rest| (true, rest));
    match front(rest) {
        Front::Schema => Score::Yes,
        Front::RowsFirst if is_file => Score::Maybe,
        Front::RowsFirst => Score::Yes,
        Front::Unsure if is_file => Score::Yes,
        Front::Unsure if head.starts_with(&CONTINUATION) => Score::Maybe,
        _ if head.starts_with(&FEATHER_1) => Score::Yes,
        _ => Score::No,
    }
}

#[cfg(test)]
mod tests;
