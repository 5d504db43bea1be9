//! What was met in the rows of a data table, and where most of it lies.

use std::collections::BTreeMap;

use super::findings::RowFindings;
use super::row_key::RowKey;
use super::series::name_of_metric;
use super::uid::UidTable;
use crate::hbase::cell::{Cell, Puts};
use crate::hbase::hex::hex;
use crate::prefix;

/// What was met in the rows of a data table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RowSummary {
    /// Counts in the terms of `tsdb fsck`.
    pub findings: RowFindings,
    /// What lies in each bucket, by its bytes in hex; empty where rows have no salt.
    pub buckets: BTreeMap<String, Weight>,
    /// What each metric takes.
    pub metrics: BTreeMap<String, Weight>,
}

/// How much lies in one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Weight {
    /// Rows.
    pub rows: u64,
    /// Cells that a scan shows.
    pub cells: u64,
    /// Points, with repeats.
    pub points: u64,
    /// Bytes of row keys, families, qualifiers and values in these cells.
    pub bytes: u64,
}

impl RowSummary {
    /// Adds what was met in other rows.
    pub fn join(&mut self, other: RowSummary) {
        self.findings.join(&other.findings);
        for (mine, others) in
            [(&mut self.buckets, other.buckets), (&mut self.metrics, other.metrics)]
        {
            for (name, weight) in others {
                mine.entry(name).or_default().join(weight);
            }
        }
    }

    /// All that lies under a metric.
    pub fn weight(&self) -> Weight {
        let mut all = Weight::default();
        self.metrics.values().for_each(|weight| all.join(*weight));
        all
    }
}

impl Weight {
    /// That of a row with so many points.
    pub(super) fn of_cells(cells: &[Cell<'_>], points: u64) -> Self {
        let size = |cell: &Cell<'_>| {
            cell.row.len() + cell.family.len() + cell.qualifier.len() + cell.value.len()
        };
        let bytes = cells.iter().map(|cell| size(cell) as u64).sum();
        Weight { rows: 1, cells: cells.len() as u64, points, bytes }
    }

    /// The same, of a row of puts.
    pub(super) fn of_puts(puts: &Puts<'_>, points: u64) -> Self {
        let Puts { row, family, columns, bytes } = puts;
        let bytes = bytes + columns.len() * (row.len() + family.len());
        Weight { rows: 1, cells: columns.len() as u64, points, bytes: bytes as u64 }
    }

    /// Adds what lies in another place.
    pub fn join(&mut self, other: Weight) {
        self.rows += other.rows;
        self.cells += other.cells;
        self.points += other.points;
        self.bytes += other.bytes;
    }
}

/// Weighs rows as they come.
#[derive(Debug, Default)]
pub(super) struct Scales {
    /// By the bytes of the salt.
    buckets: BTreeMap<Box<[u8]>, Weight>,
    /// By UID.
    metrics: BTreeMap<Box<[u8]>, Weight>,
    /// Rows of a metric mostly follow each other: its salt and UID, not yet in the maps.
    open: (Vec<u8>, Vec<u8>, Weight),
}

impl Scales {
    /// Takes a row of a series.
    pub(super) fn take(&mut self, key: &RowKey<'_>, weight: Weight) {
        let is_open =
            prefix::is_same(&self.open.0, key.salt) && prefix::is_same(&self.open.1, key.metric);
        if !is_open {
            self.close();
            self.open = (key.salt.to_vec(), key.metric.to_vec(), Weight::default());
        }
        self.open.2.join(weight);
    }

    fn close(&mut self) {
        let (salt, metric, weight) = std::mem::take(&mut self.open);
        if weight.rows > 0 {
            self.metrics.entry(metric.into()).or_default().join(weight);
        }
        if weight.rows > 0 && !salt.is_empty() {
            self.buckets.entry(salt.into()).or_default().join(weight);
        }
    }

    /// What was weighed, by name.
    pub(super) fn finish(mut self, uids: &UidTable, findings: RowFindings) -> RowSummary {
        self.close();
        let mut summary = RowSummary { findings, ..RowSummary::default() };
        for (salt, weight) in self.buckets {
            summary.buckets.entry(hex(&salt)).or_default().join(weight);
        }
        for (uid, weight) in self.metrics {
            summary.metrics.entry(name_of_metric(&uid, uids)).or_default().join(weight);
        }
        summary
    }

    /// Bytes of memory, roughly.
    pub(super) fn memory_bytes(&self) -> usize {
        (self.buckets.len() + self.metrics.len()) * (size_of::<Weight>() + 48)
    }
}
