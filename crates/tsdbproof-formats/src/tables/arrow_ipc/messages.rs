//! Messages, one behind the other: a schema, dictionaries, rows.

use arrow_ipc::{MessageHeader, root_as_message};
use tsdbproof_core::{Error, Kind, Position};

use super::Flaw;
use super::fields::Field;
use super::footer::{Place, Places};
use super::seek::{Found, seek};
use super::table::{Content, Table, fault};
use crate::tables::rows::Batch;
use crate::{PointSink, ReadOptions};

/// The body behind a message.
#[derive(Debug)]
pub(super) struct Ahead {
    content: Content,
    size: u64,
    /// Where its message begins.
    at: u64,
}

impl Ahead {
    /// Bytes to hand over; or else, bytes to pass over.
    pub(super) fn size(&self) -> Result<usize, u64> {
        match self.content {
            Content::Unwanted => Err(self.size),
            _ => usize::try_from(self.size).map_err(|_| self.size),
        }
    }
}

/// What the messages so far have said.
#[derive(Debug)]
pub(super) struct Messages {
    options: ReadOptions,
    table: Option<Table>,
    /// None where messages were lost.
    places: Option<Places>,
}

impl Messages {
    pub(super) fn new(options: &ReadOptions) -> Self {
        Messages { options: options.clone(), table: None, places: Some(Places::default()) }
    }

    pub(super) fn has_table(&self) -> bool {
        self.table.is_some()
    }

    /// What comes is another stream.
    pub(super) fn begin_again(&mut self) {
        self.table = None;
        // Its places count from its own beginning.
        self.places = None;
    }

    /// Messages are lost, nobody knows which.
    pub(super) fn lose(&mut self, is_file: bool) {
        self.places = None;
        if let Some(table) = &mut self.table {
            table.lose_messages(is_file);
        }
    }

    /// The columns, and where batches were found.
    pub(super) fn take_content(&mut self) -> (&[Field], Option<Places>) {
        (self.table.as_ref().map_or(&[][..], Table::fields), self.places.take())
    }

    /// Takes a message that begins at this byte with its prefix. The inner error: it is none, so
    /// what is behind it can't be known.
    pub(super) fn message(
        &mut self,
        bytes: &[u8],
        prefix_bytes: usize,
        at: u64,
        sink: &mut dyn PointSink,
    ) -> Result<Result<Ahead, Flaw>, Error> {
        let Ok(message) = root_as_message(bytes) else {
            return Ok(Err("a message that is no flatbuffer"));
        };
        if let Found::Message(_) = seek(bytes) {
            return Ok(Err("a message within a message"));
        }
        let Ok(size) = u64::try_from(message.bodyLength()) else {
            return Ok(Err("a message whose body is shorter than nothing"));
        };
        let mut content = Content::Unwanted;
        match (message.header_type(), &mut self.table) {
            (MessageHeader::Schema, None) => {
                let position = Position::Byte(at);
                let Some(schema) = message.header_as_schema() else {
                    return Ok(Err("a schema that is none"));
                };
                let table = Table::open(schema, message.version(), &self.options);
                let table = self.table.insert(table.map_err(|error| error.at(position))?);
                table.report_unread(position, sink);
            }
            (MessageHeader::Schema, Some(_)) => {
                return Ok(Err("a schema in the middle of a table"));
            }
            (MessageHeader::NONE, _) => return Ok(Err("a message without its header")),
            (_, None) => return Err(no_schema(at)),
            (kind @ (MessageHeader::RecordBatch | MessageHeader::DictionaryBatch), Some(table)) => {
                content = table.content(&message, size).unwrap_or_else(|flaw| {
                    sink.problem(fault(flaw).at(Position::Byte(at)));
                    Content::Unwanted
                });
                if let Some(places) = &mut self.places {
                    let message_bytes = (prefix_bytes + bytes.len()) as u64;
                    let place = Place::new(at, message_bytes, size);
                    places.add(place, kind == MessageHeader::DictionaryBatch);
                }
            }
            _ => sink.problem(fault("a tensor, which holds no rows").at(Position::Byte(at))),
        }
        Ok(Ok(Ahead { content, size, at }))
    }

    /// Takes the body of a message, which ends at this byte.
    pub(super) fn body(&mut self, ahead: Ahead, body: Vec<u8>, end: u64, sink: &mut dyn PointSink) {
        let Some(table) = &mut self.table else { return };
        let at = Position::Byte(ahead.at);
        let taken = match &ahead.content {
            Content::Rows(layout) => table
                .columns(layout, body)
                .map(|columns| Batch {
                    columns,
                    rows: layout.rows,
                    part: "batch",
                    first_row: 0,
                    range: 0..end,
                    at,
                })
                .map_err(fault)
                .and_then(|batch| table.read(&batch, sink)),
            Content::Values(of, layout) => table.add_values(*of, layout, body).map_err(fault),
            Content::Unwanted => Ok(()),
        };
        if let Err(fault) = taken {
            sink.problem(fault.at(at));
        }
    }

    pub(super) fn forget_series(&mut self) {
        if let Some(table) = &mut self.table {
            table.forget_series();
        }
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.table.as_ref().map_or(0, Table::memory_bytes)
            + self.places.as_ref().map_or(0, Places::memory_bytes)
    }
}

fn no_schema(at: u64) -> Error {
    Error::new(Kind::Unsupported, "found rows or values, expected the columns before them")
        .help("it may be a file that --format arrow-file reads by its footer")
        .at(Position::Byte(at))
}
