//! Reads a patch.

use std::collections::BTreeMap;

use arrow_schema::Schema;
use tsdbproof_core::{Error, HOUR_MS, Series, TIME_LIMIT_MS, Tags};

use super::{
    Change, ChangeCounts, Meta, damaged,
    meta::from_text,
    table::{Table, VERSION, WHAT, schema},
};
use crate::store::{
    column::Column,
    file::{self, Content, KEY, Rows, VERSION_KEY},
};

/// The changes of a patch, as far as the next one depends on them.
#[derive(Debug)]
pub(crate) struct Changes {
    table: Table,
    series: Series,
    /// Of the change before, if it is of this series.
    timestamp_ms: Option<u64>,
    /// Where the hour ends that was cleared.
    cleared_to_ms: u64,
    number: u64,
    counts: ChangeCounts,
}

impl Content for Changes {
    const NOUN: &'static str = "patch";
    type Row = Change;
    type Meta = Meta;

    fn open(found: &Schema) -> Result<Self, Error> {
        let get = |key| found.metadata().get(key).map(String::as_str);
        if get(KEY) != Some(WHAT) {
            return Err(damaged("found a schema of other data, expected a patch's"));
        }
        file::check_version(Self::NOUN, VERSION, get(VERSION_KEY))?;
        if schema() != *found {
            return Err(damaged("found other columns, expected those of a patch"));
        }
        let (table, series) = (Table::new(), Series::default());
        let counts = ChangeCounts::default();
        Ok(Changes { table, series, timestamp_ms: None, cleared_to_ms: 0, number: 0, counts })
    }

    fn columns(&mut self) -> impl Iterator<Item = &mut Column> {
        self.table.columns()
    }

    fn batch(&mut self, rows: usize, sink: &mut Rows<'_, Change>) -> Result<(), Error> {
        for row in 0..rows {
            let number = self.number;
            let place = |flaw: &str| damaged(format!("row {number}: {flaw}"));
            self.name(row).map_err(place)?;
            let change = self.table.read(row).map_err(place)?;
            self.time(&change).map_err(place)?;
            self.counts.add(&change);
            self.number += 1;
            sink(&self.series, change)?;
        }
        Ok(())
    }

    fn end(self, metadata: &BTreeMap<&str, &str>) -> Result<Meta, Error> {
        file::check_version(Self::NOUN, VERSION, metadata.get(VERSION_KEY).copied())?;
        from_text(metadata, self.counts)
    }
}

impl Changes {
    /// Takes the name of the next row.
    fn name(&mut self, row: usize) -> Result<(), &'static str> {
        let Table { metric, tags, .. } = &self.table;
        if row > 0 && metric.is_null(row) && tags.is_null(row) {
            return Ok(());
        }
        let last = (self.series.metric.as_bytes(), self.series.tags.as_str().as_bytes());
        let names = metric.text_or_last(row, last.0).zip(tags.text_or_last(row, last.1));
        let (metric, tags) = names.ok_or("no name")?;
        if self.number > 0 && last == (metric, tags) {
            return Ok(());
        }
        if self.number > 0 && last > (metric, tags) {
            return Err("out of order; expected ascending names");
        }
        let text =
            |bytes: &[u8]| String::from_utf8(bytes.to_vec()).map_err(|_| "a name that is no UTF-8");
        let series = Series { metric: text(metric)?, tags: Tags::from_canonical(text(tags)?) };
        if !file::is_canonical(&series.tags) {
            return Err("tags that are not in canonical form");
        }
        (self.series, self.timestamp_ms, self.cleared_to_ms) = (series, None, 0);
        Ok(())
    }

    /// Takes the time of the next row, which has the name just taken.
    fn time(&mut self, change: &Change) -> Result<(), &'static str> {
        let time = change.timestamp_ms;
        if self.timestamp_ms.is_some_and(|last| time < last) {
            return Err("out of order; expected ascending times");
        }
        if time >= TIME_LIMIT_MS {
            return Err("a time that OpenTSDB can't hold");
        }
        if change.clears_hour() {
            if self.timestamp_ms == Some(time) {
                return Err("an hour that is cleared behind a change of it");
            }
            self.cleared_to_ms = time + HOUR_MS;
        } else if time < self.cleared_to_ms && change.old.is_some() {
            return Err("a value that goes from an hour that was cleared");
        }
        self.timestamp_ms = Some(time);
        Ok(())
    }
}
