//! Writes a patch.

use std::io::Write;

use tsdbproof_core::{Error, Kind, Series};

use super::{
    Change, ChangeCounts, Meta, State,
    meta::to_text,
    table::{Table, schema},
};
use crate::store::file::FileWriter;

/// Rows of a batch.
const BATCH_ROWS: usize = 8192;
/// Bytes of names after which a batch is closed before it is full.
const BATCH_TEXT_BYTES: usize = 1 << 20;

/// Writes a patch change by change. Memory is one batch, and 24 bytes for each batch written.
pub(crate) struct PatchWriter<W: Write> {
    file: FileWriter<W>,
    table: Table,
    rows: usize,
    /// Of the row before.
    series: Series,
    counts: ChangeCounts,
}

impl<W: Write> PatchWriter<W> {
    /// Begins a patch.
    pub(crate) fn new(out: W) -> Result<Self, Error> {
        let file = FileWriter::new(out, schema())?;
        let (series, counts) = (Series::default(), ChangeCounts::default());
        Ok(PatchWriter { file, table: Table::new(), rows: 0, series, counts })
    }

    /// The next change, in ascending order of (metric, tags, time).
    pub(crate) fn push(&mut self, series: &Series, change: Change) -> Result<(), Error> {
        let (metric, tags) = (series.metric.as_str(), series.tags.as_str());
        let name_bytes = metric.len().max(tags.len());
        if i32::try_from(name_bytes).is_err() {
            let what = format!("a name of {name_bytes} bytes; a patch holds names below 2 GiB");
            return Err(Error::new(Kind::Limit, what));
        }
        let text = self.table.metric.data.len().max(self.table.tags.data.len());
        if self.rows >= BATCH_ROWS || text.saturating_add(name_bytes) > BATCH_TEXT_BYTES {
            self.write_batch()?;
        }
        let is_first = self.rows == 0;
        let new_metric = (is_first || self.series.metric != metric).then_some(metric);
        let new_tags = (is_first || self.series.tags != series.tags).then_some(tags);
        self.table.push(new_metric, new_tags, &change);
        if new_metric.is_some() || new_tags.is_some() {
            self.series.clone_from(series);
        }
        self.counts.add(&change);
        self.rows += 1;
        Ok(())
    }

    fn write_batch(&mut self) -> Result<(), Error> {
        if self.rows > 0 {
            self.file.batch(self.rows, self.table.columns())?;
            self.table.clear();
            self.rows = 0;
        }
        Ok(())
    }

    /// Writes the footer and gives the output back, with how many changes there are. Points of the base that
    /// are not accounted for otherwise stood in the hours that were cleared.
    pub(crate) fn finish(
        mut self,
        base: State,
        result: State,
        scope: String,
    ) -> Result<(W, ChangeCounts), Error> {
        self.write_batch()?;
        let mut counts = self.counts;
        if counts.cleared_hours > 0 {
            let without = base.points.saturating_add(counts.added);
            let gone = result.points.saturating_add(counts.deleted);
            counts.cleared_points = without.saturating_sub(gone);
        }
        let meta = Meta { base, result, scope, counts };
        Ok((self.file.finish(to_text(&meta)?)?, counts))
    }
}
