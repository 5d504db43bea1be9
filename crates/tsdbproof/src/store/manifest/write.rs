//! Writes a manifest.

use std::io::Write;

use tsdbproof_core::{
    Error, Hour, Kind, Series,
    digest::{Depth, Entry},
};

use super::{
    Meta,
    meta::to_text,
    rules::{Rules, start_of_hour},
    table::{Table, schema},
};
use crate::store::{column::Column, file::FileWriter};

/// Rows of a batch. Measured on 150k hours: half as many cost 0.7 bytes a row more, eight times as
/// many 0.6 less.
const BATCH_ROWS: usize = 8192;
/// Bytes of names after which a batch is closed before it is full.
const BATCH_TEXT_BYTES: usize = 1 << 20;

/// Writes a manifest row by row. Memory is one batch, and 24 bytes for each batch written.
///
/// Names are plain text in every row. Measured on 10k series × 15 hours with 70 bytes of names: 8.9
/// bytes of 42 a row, most of it offsets. Dictionaries (0.4) grow with the series in writers and
/// readers; views take pyarrow 26 the power to filter and sort by name.
pub(crate) struct ManifestWriter<W: Write> {
    file: FileWriter<W>,
    rules: Rules,
    table: Table,
    rows: usize,
}

impl<W: Write> ManifestWriter<W> {
    /// Begins a manifest of rows of `depth`.
    pub(crate) fn new(out: W, depth: Depth) -> Result<Self, Error> {
        let file = FileWriter::new(out, schema(depth))?;
        Ok(ManifestWriter { file, rules: Rules::new(depth), table: Table::new(depth), rows: 0 })
    }

    /// The next row, in ascending order of (metric, tags, hour).
    pub(crate) fn push(&mut self, series: &Series, hour: Hour, entry: &Entry) -> Result<(), Error> {
        let depth = self.table.depth;
        let tags = if depth == Depth::Metric { "" } else { series.tags.as_str() };
        self.make_room(series.metric.len().max(tags.len()))?;
        let refuse = |flaw| Error::new(Kind::Malformed, format!("no row of a manifest: {flaw}"));
        self.rules.name(series.metric.as_bytes(), tags.as_bytes(), hour).map_err(refuse)?;
        self.rules.entry(entry).map_err(refuse)?;
        let start_ms = start_of_hour(depth, hour).map_err(refuse)?;
        let table = &mut self.table;
        table.metric.push_text(&series.metric);
        table.tags.push_text(tags);
        table.start.push_number(start_ms);
        table.points.push_number(entry.exact.points);
        table.children.push_number(entry.exact.children);
        table.first.push_number(entry.first_ms);
        table.last.push_number(entry.last_ms);
        table.digest.push_digest(&entry.exact.digest);
        let (points, digest) = (entry.f32.map(|node| node.points), entry.f32.map(|n| n.digest));
        table.f32_points.push_option(points, Column::push_number);
        table.f32_digest.push_option(digest, |column, digest| column.push_digest(&digest));
        self.rows += 1;
        Ok(())
    }

    /// Closes the batch if it is full or has no room for a name of this length.
    fn make_room(&mut self, name_bytes: usize) -> Result<(), Error> {
        if i32::try_from(name_bytes).is_err() {
            let what = format!("a name of {name_bytes} bytes; a manifest holds names below 2 GiB");
            return Err(Error::new(Kind::Limit, what));
        }
        let text = self.table.metric.data.len().max(self.table.tags.data.len());
        let full = self.rows >= BATCH_ROWS || text.saturating_add(name_bytes) > BATCH_TEXT_BYTES;
        if self.rows > 0 && full { self.write_batch() } else { Ok(()) }
    }

    fn write_batch(&mut self) -> Result<(), Error> {
        self.file.batch(self.rows, self.table.columns())?;
        self.table.clear();
        self.rows = 0;
        Ok(())
    }

    /// Writes the footer and gives the output back.
    pub(crate) fn finish(mut self, meta: &Meta) -> Result<W, Error> {
        if self.rows > 0 {
            self.write_batch()?;
        }
        let (found, expected) = (self.rules.points(), meta.totals.all.exact.points);
        if found != expected || meta.depth != self.table.depth {
            let what = format!("rows of {found} points; their totals tell of {expected}");
            return Err(Error::new(Kind::Malformed, what));
        }
        self.file.finish(to_text(meta)?)
    }
}
