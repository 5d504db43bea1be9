//! The header of a table, and what its rows hold.

use tsdbproof_core::{Error, Kind, Point, ProblemKind, Tags, Value, quote};

use super::record::{Record, cut};
use crate::{
    ReadOptions,
    number::{self, Fault},
    tables::{
        columns::{Source, Unit},
        names,
        resolve::{Header, Holds, Resolved, resolve},
        rows::same_number,
        text_time,
    },
};

/// What a header tells.
#[derive(Debug, Clone)]
pub(super) struct Table {
    pub(super) delimiter: u8,
    /// Cells of every row.
    width: usize,
    columns: Resolved,
    /// What numbers in the column of times count, where that is said.
    unit: Option<Unit>,
    /// A note for each column that is read as nothing though nobody said so.
    pub(super) notes: Vec<Fault>,
}

/// What the front of a text is.
#[derive(Debug)]
pub(super) enum Front {
    /// A header, of so many bytes.
    Header(Table, usize),
    /// Less than a record.
    Open,
}

/// The header at the front of `text`, whose cells stand between one of `delimiters`: the one with
/// which the columns are found. Errors: `Usage`, where they are found with none; `Malformed`, where
/// quotes are broken.
pub(super) fn header(
    text: &[u8],
    delimiters: &[u8],
    options: &ReadOptions,
) -> Result<Front, Error> {
    let (mut cells, mut best, mut is_open) = (Vec::new(), None, false);
    for delimiter in delimiters.iter().copied() {
        let read = match cut(text, delimiter, &mut cells) {
            Ok(Some(length)) => {
                let record = Record::new(text.get(..length).unwrap_or_default(), &cells);
                Table::of(record, delimiter, options).map(|table| Front::Header(table, length))
            }
            Ok(None) => {
                is_open = true;
                continue;
            }
            Err(bad) => Err(Error::new(Kind::Malformed, bad.fault.what)),
        };
        match read {
            Ok(found) => return Ok(found),
            // Of several errors the one counts that saw the most columns.
            Err(error) if best.as_ref().is_none_or(|(width, _)| cells.len() > *width) => {
                best = Some((cells.len(), error));
            }
            Err(_) => {}
        }
    }
    match best {
        Some((_, error)) if !is_open => Err(error),
        _ => Ok(Front::Open),
    }
}

impl Table {
    fn of(record: Record<'_>, delimiter: u8, options: &ReadOptions) -> Result<Self, Error> {
        let cells: Vec<_> = (0..record.width()).map(|index| record.cell(index)).collect();
        let names = cells.iter().map(|cell| str::from_utf8(cell));
        let names = names.collect::<Result<Vec<_>, _>>().map_err(|_| {
            let what = format!("a header that is no UTF-8; found {}", quote(record.text()));
            Error::new(Kind::Malformed, what)
        })?;
        let headers: Vec<_> =
            names.into_iter().map(|name| Header { name, holds: Holds::Anything }).collect();
        let columns = resolve(&options.columns, &headers)?;
        let unit = columns.unit.or(options.unit.map(Unit::from));
        let name = |index: usize| headers.get(index).map_or("", |header| header.name);
        let notes = columns.unread(name).collect();
        Ok(Table { delimiter, width: headers.len(), columns, unit, notes })
    }

    /// The point of a row.
    pub(super) fn point(&self, row: Record<'_>) -> Result<Point, Fault> {
        if row.width() != self.width {
            let (found, width) = (row.width(), self.width);
            let what = format!("a row of {found} cells; expected {width}, as in the header");
            return Err(Fault::new(ProblemKind::RaggedRow, what));
        }
        let missing = |what| Fault::new(ProblemKind::MissingField, what);
        let time = row.cell(self.columns.timestamp);
        if time.is_empty() {
            return Err(missing("a row without a time"));
        }
        let timestamp_ms = text_time::timestamp_ms(&time, self.unit)?;
        let mut value = None;
        for index in self.columns.values.iter().copied().filter(|it| !row.raw(*it).is_empty()) {
            let found = read_value(row, index)?;
            value = Some(value.map_or(Ok(found), |other| same_number(other, found))?);
        }
        let value = value.ok_or_else(|| missing("a row without a value"))?;
        Ok(Point { timestamp_ms, value })
    }

    /// The columns that name a row's series.
    fn name_columns(&self) -> impl Iterator<Item = usize> {
        let sources = self.columns.tags.iter().map(|(_, source)| source);
        let sources = [&self.columns.metric].into_iter().chain(sources);
        let columns = sources.filter_map(|source| match source {
            Source::Column(index) => Some(*index),
            Source::Constant(_) => None,
        });
        columns.chain(self.columns.pairs.iter().copied())
    }

    /// Appends what names a row's series, so that the same bytes are the same series.
    pub(super) fn spell(&self, row: Record<'_>, key: &mut Vec<u8>) {
        for index in self.name_columns() {
            let raw = row.raw(index);
            key.extend_from_slice(&raw.len().to_le_bytes());
            key.extend_from_slice(raw);
        }
    }

    /// The metric and the tags of a row.
    pub(super) fn names(&self, row: Record<'_>) -> Result<(String, Tags), Fault> {
        let cell = |source: &'_ Source<usize>| match source {
            Source::Column(index) => row.cell(*index).into_owned(),
            Source::Constant(text) => text.clone().into_bytes(),
        };
        let mut pairs: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
        for (key, source) in &self.columns.tags {
            // An empty cell is how tables write that there is no such tag.
            let value = cell(source);
            if !value.is_empty() {
                pairs.push((key.clone().into_bytes(), value));
            }
        }
        for index in &self.columns.pairs {
            pairs.extend(names::pairs_of_text(&row.cell(*index))?);
        }
        let metric = cell(&self.columns.metric);
        let pairs = pairs.iter().map(|(key, value)| (key.as_slice(), value.as_slice()));
        Ok((names::metric(Some(&metric))?.to_owned(), names::tags(pairs)?))
    }

    /// Whether a line ends in a cell that is read: no such cell holds one, so quotes are wrong.
    pub(super) fn is_torn(&self, row: Record<'_>) -> bool {
        let numbers = self.columns.values.iter().copied().chain([self.columns.timestamp]);
        let mut columns = self.name_columns().chain(numbers);
        row.width() != self.width || columns.any(|index| row.raw(index).contains(&b'\n'))
    }
}

fn read_value(row: Record<'_>, index: usize) -> Result<Value, Fault> {
    let raw = row.raw(index);
    match number::leading_value(row.from(index)) {
        // Only if it ends where the cell does.
        Some((value, rest)) if row.from(index).len() - rest.len() == raw.len() => Ok(value),
        _ => number::value(raw),
    }
}
