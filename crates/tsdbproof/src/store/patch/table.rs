//! A batch of changes as Arrow columns.
//!
//! Texts that the row before has too are null. Measured on 5M changes of regular series: offsets of texts
//! in every row are 12 of 23 bytes a change, for LZ4 finds nothing alike in ascending numbers.

use std::collections::HashMap;

use arrow_schema::Schema;
use tsdbproof_core::{HOUR_MS, Value};

use super::Change;
use crate::store::{
    column::{Column, Kind},
    file::{KEY, VERSION_KEY},
};

/// What [`KEY`] says.
pub(crate) const WHAT: &str = "patch";
/// The version that is written and read.
pub(super) const VERSION: &str = "1";

const PUT: &str = "put";
const DELETE: &str = "delete";
const CLEAR: &str = "clear-hour";

/// A batch of changes.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) metric: Column,
    pub(super) tags: Column,
    timestamp: Column,
    operation: Column,
    new: Number,
    old: Number,
    /// Of the row before; none of a batch that is empty.
    last_operation: &'static str,
}

/// A number in the kind that it is stored in, or none.
#[derive(Debug)]
struct Number {
    integer: Column,
    float: Column,
}

impl Number {
    fn new(integer: &'static str, float: &'static str) -> Self {
        Number {
            integer: Column::nullable(integer, Kind::Integer),
            float: Column::nullable(float, Kind::Float),
        }
    }

    fn push(&mut self, value: Option<Value>) {
        let is_float = value.is_some_and(Value::came_as_float);
        let integer = value.and_then(Value::as_integer);
        let float = value.and_then(|value| match value.as_integer() {
            Some(number) => is_float.then_some(number as f64),
            None => value.as_float(),
        });
        let bits = float.map(f64::to_bits);
        self.integer.push_option(integer.filter(|_| !is_float), |it, n| it.push_number(n as u64));
        self.float.push_option(bits, Column::push_number);
    }

    /// The number of a row; an error where there are two, or the columns are cut.
    fn read(&self, row: usize) -> Option<Option<Value>> {
        let integer = (!self.integer.is_null(row)).then(|| self.integer.number(row));
        let float = (!self.float.is_null(row)).then(|| self.float.number(row));
        match (integer, float) {
            (None, None) => Some(None),
            (Some(bits), None) => Some(Some(Value::integer(bits? as i64))),
            (None, Some(bits)) => Some(Some(Value::float(f64::from_bits(bits?)))),
            (Some(_), Some(_)) => None,
        }
    }
}

impl Table {
    pub(super) fn new() -> Self {
        Table {
            metric: Column::nullable("metric", Kind::Text),
            tags: Column::nullable("tags", Kind::Text),
            timestamp: Column::new("timestamp", Kind::Time),
            operation: Column::nullable("operation", Kind::Text),
            new: Number::new("new_integer", "new_float"),
            old: Number::new("old_integer", "old_float"),
            last_operation: "",
        }
    }

    pub(super) fn columns(&mut self) -> impl Iterator<Item = &mut Column> {
        [
            &mut self.metric,
            &mut self.tags,
            &mut self.timestamp,
            &mut self.operation,
            &mut self.new.integer,
            &mut self.new.float,
            &mut self.old.integer,
            &mut self.old.float,
        ]
        .into_iter()
    }

    pub(super) fn clear(&mut self) {
        self.columns().for_each(Column::clear);
        self.last_operation = "";
    }

    /// The next row; the names of its series are given where they are others than those before.
    pub(super) fn push(&mut self, metric: Option<&str>, tags: Option<&str>, change: &Change) {
        let operation = operation(change);
        let new_operation = (operation != self.last_operation).then_some(operation);
        self.metric.push_option(metric, Column::push_text);
        self.tags.push_option(tags, Column::push_text);
        self.timestamp.push_number(change.timestamp_ms);
        self.operation.push_option(new_operation, Column::push_text);
        self.new.push(change.new);
        self.old.push(change.old);
        self.last_operation = operation;
    }

    /// The change of a row. Rows are read in their order. Errors: what is wrong with it.
    pub(super) fn read(&mut self, row: usize) -> Result<Change, &'static str> {
        let timestamp_ms = self.timestamp.number(row).ok_or("its columns are cut")?;
        let two = "a value that is an integer and a float";
        let (old, new) = (self.old.read(row).ok_or(two)?, self.new.read(row).ok_or(two)?);
        let change = Change { timestamp_ms, old, new };
        let last = self.last_operation.as_bytes();
        let found = self.operation.text_or_last(row, last).ok_or("no operation")?;
        let operation = operation(&change);
        if found != operation.as_bytes() {
            let is_known = [PUT, DELETE, CLEAR].iter().any(|known| known.as_bytes() == found);
            return Err(match is_known {
                true => "an operation that does not fit its values",
                false => "an unknown operation",
            });
        }
        if change.clears_hour() && !timestamp_ms.is_multiple_of(HOUR_MS) {
            return Err("an hour that is cleared from its midst");
        }
        if old.is_some() && old == new {
            return Err("a value that takes its own place");
        }
        self.last_operation = operation;
        Ok(change)
    }
}

/// What a change is called.
pub(super) fn operation(change: &Change) -> &'static str {
    match (change.old, change.new) {
        (_, Some(_)) => PUT,
        (Some(_), None) => DELETE,
        (None, None) => CLEAR,
    }
}

/// The schema of patches.
pub(super) fn schema() -> Schema {
    let fields: Vec<_> = Table::new().columns().map(|column| column.field()).collect();
    let metadata = [(KEY, WHAT), (VERSION_KEY, VERSION)];
    let metadata = metadata.map(|(key, value)| (key.to_owned(), value.to_owned()));
    Schema::new_with_metadata(fields, HashMap::from(metadata))
}
