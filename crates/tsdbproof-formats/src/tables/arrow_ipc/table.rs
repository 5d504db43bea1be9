//! A table: its columns, its dictionaries, and the bodies of messages as rows.

use arrow_ipc::{DictionaryBatch, Endianness, Message, MetadataVersion, Schema};
use tsdbproof_core::{Error, Kind, Position, ProblemKind};

use super::body::{Body, Layout};
use super::dictionaries::Dictionaries;
use super::fields::{Field, fields};
use super::{Flaw, TOO_LARGE};
use crate::number::Fault;
use crate::tables::array::Array;
use crate::tables::resolve::resolve;
use crate::tables::rows::{Batch, Rows};
use crate::{Limits, PointSink, ReadOptions};

/// What the body behind a message is.
#[derive(Debug)]
pub(super) enum Content {
    Rows(Layout),
    Values(ValuesOf, Layout),
    /// What is passed over.
    Unwanted,
}

/// A dictionary, and whether its values go behind those that are known.
#[derive(Debug, Clone, Copy)]
pub(super) struct ValuesOf {
    pub(super) id: i64,
    pub(super) is_delta: bool,
}

/// What a schema opens.
#[derive(Debug, Clone)]
pub(super) struct Table {
    fields: Vec<Field>,
    dictionaries: Dictionaries,
    rows: Rows,
    limits: Limits,
}

impl Table {
    /// The table of a schema. Errors: none that is read here, or columns that are not told.
    pub(super) fn open(
        schema: Schema<'_>,
        version: MetadataVersion,
        options: &ReadOptions,
    ) -> Result<Self, Error> {
        if version < MetadataVersion::V4 {
            return Err(Error::new(Kind::Unsupported, "a table of an Arrow older than 0.8"));
        }
        if schema.endianness() != Endianness::Little {
            let what = "a table whose numbers have their high bytes first";
            return Err(Error::new(Kind::Unsupported, what)
                .help("write it again on a machine with low bytes first, as almost all are"));
        }
        let fields = fields(schema, version).map_err(|flaw| {
            Error::new(Kind::Malformed, format!("a schema that can't be read: {flaw}"))
        })?;
        let headers: Vec<_> = fields.iter().map(Field::header).collect();
        let rows = Rows::new(resolve(&options.columns, &headers)?, options);
        let dictionaries = Dictionaries::of(&fields, |index| rows.wants(index));
        Ok(Table { fields, dictionaries, rows, limits: options.limits })
    }

    pub(super) fn batch_bytes(&self) -> u64 {
        self.limits.batch_bytes as u64
    }

    pub(super) fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// A problem for each column that is read as nothing though nobody said so.
    pub(super) fn report_unread(&self, at: Position, sink: &mut dyn PointSink) {
        let name = |index: usize| self.fields.get(index).map_or("", |field| field.name.as_str());
        self.rows.columns.unread(name).for_each(|fault| sink.problem(fault.at(at)));
    }

    /// Whether rows can't be read without dictionaries.
    pub(super) fn needs_dictionaries(&self) -> bool {
        !self.dictionaries.is_empty()
    }

    /// Messages are lost, nobody knows which.
    pub(super) fn lose_messages(&mut self, is_file: bool) {
        self.dictionaries.lose_messages(is_file);
    }

    /// What the body of a message, of this size, will be. Errors: it can't be read.
    pub(super) fn content(&mut self, message: &Message<'_>, size: u64) -> Result<Content, Flaw> {
        let body_bytes = usize::try_from(size).ok().filter(|size| *size <= self.limits.batch_bytes);
        let body_bytes = body_bytes.ok_or(TOO_LARGE);
        if let Some(batch) = message.header_as_record_batch() {
            return Layout::read(batch, body_bytes?).map(Content::Rows);
        }
        let batch = message.header_as_dictionary_batch().ok_or("a message without its header")?;
        let of = ValuesOf { id: batch.id(), is_delta: batch.isDelta() };
        if self.dictionaries.is_unwanted(of.id) {
            return Ok(Content::Unwanted);
        }
        self.dictionaries.values(of.id).ok_or("a dictionary of no column")?;
        let layout = body_bytes.and_then(|bytes| values_layout(batch, bytes));
        if layout.is_err() {
            self.dictionaries.lose(of);
        }
        layout.map(|layout| Content::Values(of, layout))
    }

    /// The columns of a body.
    pub(super) fn columns(
        &self,
        layout: &Layout,
        body: Vec<u8>,
    ) -> Result<Vec<Option<Array>>, Flaw> {
        let mut body = Body::new(layout, body, &self.limits, &self.dictionaries);
        let mut columns = Vec::new();
        for (index, field) in self.fields.iter().enumerate() {
            columns.push(match self.rows.wants(index) {
                true => Some(body.column(field)?),
                false => {
                    body.pass(field)?;
                    None
                }
            });
        }
        body.end()?;
        Ok(columns)
    }

    /// Gives out the points of a batch.
    pub(super) fn read(&mut self, batch: &Batch, sink: &mut dyn PointSink) -> Result<(), Fault> {
        self.rows.read(batch, sink)
    }

    /// Takes the values of a dictionary.
    pub(super) fn add_values(
        &mut self,
        of: ValuesOf,
        layout: &Layout,
        body: Vec<u8>,
    ) -> Result<(), Flaw> {
        let added = self.values(of, layout, body).and_then(|values| {
            let bytes = self.dictionaries.memory_bytes().saturating_add(values.memory_bytes());
            match bytes <= self.limits.batch_bytes {
                true => self.dictionaries.add(of, values),
                false => Err(TOO_LARGE),
            }
        });
        if added.is_err() {
            self.dictionaries.lose(of);
        }
        added
    }

    fn values(&self, of: ValuesOf, layout: &Layout, body: Vec<u8>) -> Result<Array, Flaw> {
        let field = self.dictionaries.values(of.id).ok_or("a dictionary of no column")?;
        let mut body = Body::new(layout, body, &self.limits, &self.dictionaries);
        let values = body.column(field)?;
        body.end()?;
        match values.length == layout.rows {
            true => Ok(values),
            false => Err("a dictionary of more or fewer values than it tells"),
        }
    }

    pub(super) fn forget_series(&mut self) {
        self.rows.forget_series();
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.dictionaries.memory_bytes() + self.rows.memory_bytes()
    }
}

fn values_layout(batch: DictionaryBatch<'_>, body_bytes: usize) -> Result<Layout, Flaw> {
    Layout::read(batch.data().ok_or("a dictionary without its values")?, body_bytes)
}

/// A flaw as a fault of its message.
pub(super) fn fault(flaw: Flaw) -> Fault {
    let kind = if flaw == TOO_LARGE { ProblemKind::RecordTooLong } else { ProblemKind::BadRecord };
    Fault::new(kind, flaw)
}
