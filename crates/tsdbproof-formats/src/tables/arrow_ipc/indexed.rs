//! A file by its footer: the end tells the columns and where dictionaries and batches lie.

mod gaps;

use std::{ops::Range, sync::Arc};

use arrow_ipc::root_as_message;
use tsdbproof_core::{Error, Kind, Position, Problem, ProblemKind, sort};

use super::footer::{Place, ends, footer, places_of};
use super::frame::{CONTINUATION, HEAD};
use super::table::{Content, Table, fault};
use super::{Flaw, Front, front};
use crate::tables::rows::Batch;
use crate::{Access, Format, FormatReader, Index, Part, PointSink, ReadOptions, Score};

/// Arrow IPC files that only their footer makes sense of.
pub(crate) static FORMAT: Format = Format {
    name: "arrow-file",
    about: "Arrow IPC files whose columns or dictionaries are found by the footer, as polars writes them",
    extensions: &["arrow", "feather", "ipc"],
    example: "(a table of metric, tags, timestamp, value)",
    score,
    access: Access::Indexed { index },
    keeps_kind: false,
    write: None,
};

/// By the magic of a file without a schema at its beginning.
fn score(head: &[u8]) -> Score {
    match head.strip_prefix(&HEAD) {
        Some(rest) if matches!(front(rest), Front::Other | Front::RowsFirst) => Score::Yes,
        Some(_) => Score::Maybe,
        None if head.starts_with(b"ARROW1") => Score::Maybe,
        None => Score::No,
    }
}

/// Bytes behind a footer: its length and the magic.
const TRAILER_BYTES: u64 = 10;

/// Takes a file's last bytes: asks for more of them, or gives a part for each batch.
pub(super) fn index(options: &ReadOptions, tail: &[u8], size: u64) -> Result<Index, Error> {
    let malformed = |what: String| {
        Error::new(Kind::Malformed, what).help("the file was cut or changed; take another copy")
    };
    let Some((before, length)) = ends(tail) else {
        return Err(malformed("the file ends before its footer does".to_owned()));
    };
    let footer_at = size.checked_sub(TRAILER_BYTES).and_then(|end| end.checked_sub(length));
    let Some(footer_at) = footer_at else {
        return Err(malformed(format!("a footer of {length} bytes in a file of {size}")));
    };
    let tail_at = size.saturating_sub(tail.len() as u64);
    let Some(bytes) = inside(before, tail_at, &(footer_at..size - TRAILER_BYTES)) else {
        return Ok(Index::Wanted(footer_at));
    };
    let footer = footer(bytes).map_err(|failure| malformed(failure.what().to_owned()))?;
    let schema = footer.schema().ok_or_else(|| malformed("a footer without a schema".into()))?;
    let mut table = Table::open(schema, footer.version(), options)?;
    let dictionaries = match table.needs_dictionaries() {
        true => places_of(footer.dictionaries()),
        false => Vec::new(),
    };
    let outside = || malformed("a footer that tells of batches outside of the file".into());
    let ranges = |places: Vec<Place>| {
        places.into_iter().map(|place| place.ranges(footer_at)).collect::<Option<Vec<_>>>()
    };
    let dictionaries = ranges(dictionaries).ok_or_else(outside)?;
    let first = dictionaries.iter().map(|(_, all)| all.start).min();
    if let Some(first) = first.filter(|first| *first < tail_at) {
        return Ok(Index::Wanted(first));
    }
    let mut problems = Vec::new();
    for (message, all) in &dictionaries {
        let bytes = |range| inside(before, tail_at, range).unwrap_or_default();
        let values = add_values(&mut table, bytes(message), bytes(&(message.end..all.end)));
        if let Err(flaw) = values {
            problems.push(fault(flaw).at(Position::Byte(message.start)));
        }
    }
    let mut batches = ranges(places_of(footer.recordBatches())).ok_or_else(outside)?;
    sort::by(&mut batches, |(_, a), (_, b)| a.start.cmp(&b.start));
    if batches.windows(2).any(|two| matches!(two, [one, next] if one.1.end > next.1.start)) {
        return Err(malformed("a footer that tells of batches within each other".into()));
    }
    let told = dictionaries.into_iter().chain(batches.iter().cloned());
    let gaps = gaps::between(told.map(|(_, all)| all).collect(), footer_at);
    let mut parts = parts(table, batches, problems);
    parts.extend(gaps.into_iter().map(gaps::part));
    sort::by(&mut parts, |a, b| a.range.start.cmp(&b.range.start));
    Ok(Index::Parts(parts))
}

/// Bytes of a file of which those from `at` on are there.
fn inside<'a>(bytes: &'a [u8], at: u64, range: &Range<u64>) -> Option<&'a [u8]> {
    let index = |offset: u64| offset.checked_sub(at).and_then(|index| usize::try_from(index).ok());
    bytes.get(index(range.start)?..index(range.end)?)
}

/// A message without its prefix.
fn unframed(message: &[u8]) -> Option<&[u8]> {
    let message = message.strip_prefix(&CONTINUATION).unwrap_or(message);
    let (length, message) = message.split_first_chunk()?;
    message.get(..usize::try_from(u32::from_le_bytes(*length)).ok()?)
}

fn content(table: &mut Table, message: &[u8], body_bytes: u64) -> Result<Content, Flaw> {
    let message = unframed(message).and_then(|message| root_as_message(message).ok());
    let message = message.ok_or("a message that is no flatbuffer")?;
    if u64::try_from(message.bodyLength()) != Ok(body_bytes) {
        return Err("a message with another body than the footer tells");
    }
    table.content(&message, body_bytes)
}

fn add_values(table: &mut Table, message: &[u8], body: &[u8]) -> Result<(), Flaw> {
    match content(table, message, body.len() as u64)? {
        Content::Values(of, layout) => table.add_values(of, &layout, body.to_vec()),
        Content::Unwanted => Ok(()),
        Content::Rows(_) => Err("rows where the footer tells of a dictionary"),
    }
}

/// A part for each batch, which tells where its message ends; the first tells of all of the file.
fn parts(
    table: Table,
    batches: Vec<(Range<u64>, Range<u64>)>,
    problems: Vec<Problem>,
) -> Vec<Part> {
    let table = Arc::new(table);
    let mut first = Some(Arc::new(problems));
    let parts = batches.into_iter().map(|(message, range)| {
        let (table, file) = (Arc::clone(&table), first.take());
        let batch = range.clone();
        let open = move |_| -> Box<dyn FormatReader> {
            Box::new(Reader {
                table: Table::clone(&table),
                message_bytes: message.end - message.start,
                range: batch.clone(),
                of_file: file.clone(),
                held: Vec::new(),
                is_lost: false,
            })
        };
        Part { range, open: Arc::new(open) }
    });
    parts.collect()
}

/// Reads one batch.
#[derive(Debug)]
struct Reader {
    table: Table,
    message_bytes: u64,
    range: Range<u64>,
    /// Problems that no batch has, to be told with this one.
    of_file: Option<Arc<Vec<Problem>>>,
    held: Vec<u8>,
    /// Whether bytes of the batch are lost, or it is too large.
    is_lost: bool,
}

impl Reader {
    fn problem(&self, kind: ProblemKind, what: &str) -> Problem {
        Problem { kind, at: Position::Byte(self.range.start), what: what.to_owned() }
    }

    fn read(&mut self, sink: &mut dyn PointSink) -> Result<(), crate::number::Fault> {
        let held = std::mem::take(&mut self.held);
        let message_bytes = usize::try_from(self.message_bytes).unwrap_or(usize::MAX);
        let (message, body) = held.split_at_checked(message_bytes).unwrap_or_default();
        let content = content(&mut self.table, message, body.len() as u64).map_err(fault)?;
        let Content::Rows(layout) = content else {
            return Err(fault("a dictionary where the footer tells of rows"));
        };
        let columns = self.table.columns(&layout, body.to_vec()).map_err(fault)?;
        let at = Position::Byte(self.range.start);
        let batch = Batch {
            columns,
            rows: layout.rows,
            part: "batch",
            first_row: 0,
            range: self.range.clone(),
            at,
        };
        self.table.read(&batch, sink)
    }
}

impl FormatReader for Reader {
    fn push(&mut self, bytes: &[u8], sink: &mut dyn PointSink) -> Result<(), Error> {
        if let Some(problems) = self.of_file.take() {
            self.table.report_unread(Position::Byte(self.range.start), sink);
            problems.iter().cloned().for_each(|problem| sink.problem(problem));
        }
        if self.range.end - self.range.start > self.table.batch_bytes() && !self.is_lost {
            self.is_lost = true;
            sink.problem(fault(super::TOO_LARGE).at(Position::Byte(self.range.start)));
        }
        if !self.is_lost {
            self.held.extend_from_slice(bytes);
        }
        Ok(())
    }

    fn gap(&mut self, sink: &mut dyn PointSink) {
        if !self.is_lost {
            sink.problem(self.problem(ProblemKind::Cut, "a batch of which bytes are lost"));
        }
        self.is_lost = true;
        self.held = Vec::new();
    }

    fn finish(&mut self, sink: &mut dyn PointSink) -> Result<(), Error> {
        if self.is_lost {
            return Ok(());
        }
        if (self.held.len() as u64) < self.range.end - self.range.start {
            sink.problem(self.problem(ProblemKind::Cut, "the file ends in the middle of a batch"));
            return Ok(());
        }
        if let Err(fault) = self.read(sink) {
            sink.problem(fault.at(Position::Byte(self.range.start)));
        }
        Ok(())
    }

    fn forget_series(&mut self) {
        self.table.forget_series();
    }

    fn memory_bytes(&self) -> usize {
        self.held.capacity() + self.table.memory_bytes()
    }

    fn lines(&self) -> u64 {
        0
    }
}
