//! What leaves a sink: rows and points, as sorted runs.

use tsdbproof_core::{Error, Record};

use super::Sink;
use crate::look::{keeping::InMemory, ranks::Ranks, row::Kept, runs::RunWriter};

impl Sink {
    pub(super) fn close_all(&mut self) {
        for (id, slot) in (0..).zip(&mut self.slots) {
            if let Some(leaf) = slot.open.take() {
                self.disorder.close(&leaf);
                self.rows.push((id, leaf.close(self.input, self.keeps_kind)));
            }
        }
    }

    pub(super) fn flush_all(&mut self) -> Result<(), Error> {
        self.settle();
        self.flush_rows()?;
        self.flush_open()?;
        self.flush_points()?;
        self.ranks = None;
        Ok(())
    }

    /// Ranks of the series so far, which stay right until another one is met.
    fn ranks(&mut self) -> Ranks {
        let ranks = self.ranks.take().filter(|ranks| ranks.sorted.len() == self.slots.len());
        ranks.unwrap_or_else(|| Ranks::new(&self.names))
    }

    pub(super) fn flush_rows(&mut self) -> Result<(), Error> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let ranks = self.ranks();
        // Rows are large, so their places are sorted.
        let keys = self.rows.iter().map(|(id, row)| (ranks.of_series(*id), row.hour));
        let mut places: Vec<_> = keys.zip(0_usize..).collect();
        places.sort_unstable();
        let mut writer = RunWriter::new(&self.shared.rows);
        for (id, row) in places.iter().filter_map(|(_, at)| self.rows.get(*at)) {
            if let Some(series) = self.names.get(*id as usize) {
                writer.series(series);
            }
            writer.push(row)?;
        }
        self.found.rows.push(writer.finish()?);
        self.rows.clear();
        self.ranks = Some(ranks);
        Ok(())
    }

    /// Closes all leaves, and writes each as it closes: those of a million series are no list. Once
    /// leaves were cut, few points leave as they are: rows of what was cut would be read again.
    fn flush_open(&mut self) -> Result<(), Error> {
        if self.slots.iter().all(|slot| slot.open.is_none()) {
            return Ok(());
        }
        let ranks = self.ranks();
        let mut rows = RunWriter::new(&self.shared.rows);
        let mut points = RunWriter::new(&self.shared.points);
        for id in &ranks.sorted {
            let slot = self.slots.get_mut(*id as usize).and_then(|slot| slot.open.take());
            let (Some(leaf), Some(series)) = (slot, self.names.get(*id as usize)) else { continue };
            self.disorder.close(&leaf);
            if let Some(held) = leaf.held().filter(|_| self.has_cut) {
                points.series(series);
                for record in held {
                    let record = kept_record(record, self.keeps_kind);
                    let (hour, at) = (leaf.hour, leaf.first);
                    points.push(&Kept { hour, record, input: self.input, at })?;
                }
            } else {
                rows.series(series);
                rows.push(&leaf.close(self.input, self.keeps_kind))?;
            }
        }
        self.found.rows.push(rows.finish()?);
        self.found.points.push(points.finish()?);
        self.ranks = Some(ranks);
        Ok(())
    }

    pub(super) fn flush_points(&mut self) -> Result<(), Error> {
        if self.kept.is_empty() {
            return Ok(());
        }
        let ranks = self.ranks();
        let mut kept = std::mem::take(&mut self.kept);
        let mut writer = RunWriter::new(&self.shared.points);
        for (id, points) in ranks.sorted.iter().zip(kept.sort(&ranks.of)) {
            if let Some(series) = self.names.get(*id as usize).filter(|_| !points.is_empty()) {
                writer.series(series);
            }
            for &InMemory { hour, record, at, .. } in points {
                writer.push(&Kept { hour, record, input: self.input, at })?;
            }
        }
        self.found.points.push(writer.finish()?);
        // Its memory is used again for the next points.
        kept.clear();
        self.kept = kept;
        self.ranks = Some(ranks);
        Ok(())
    }
}

/// A record as it is kept, of an input that tells integers from floats or does not.
pub(super) fn kept_record(record: Record, keeps_kind: bool) -> Record {
    if keeps_kind { record } else { record.of_unknown_kind() }
}
