//! Cells of a data table to points with names, row by row.

use std::ops::Range;
use std::sync::Arc;

use tsdbproof_core::{Point, Position, Problem, ProblemKind};

use super::batch::Batch;
use super::cells::{self, KEPT_POINTS, Row, RowPoints};
use super::column::Kind;
use super::findings::RowFindings;
use super::row_key::{RowKey, Widths};
use super::series::SeriesOfRows;
use super::summary::{Scales, Weight};
use super::uid::UidTable;
use crate::PointSink;
use crate::hbase::cell::{Cell, CellSink, Puts};
use crate::hbase::merge::{FamilyRules, visible};
use crate::number::Fault;

/// How rows are read.
#[derive(Debug, Clone)]
pub(crate) struct RowOptions {
    pub(crate) widths: Widths,
    /// The family that holds points.
    pub(crate) family: Vec<u8>,
    /// What a scan shows of its cells.
    pub(crate) rules: FamilyRules,
    /// When the scan is made; `None`: no time is over.
    pub(crate) now_ms: Option<i64>,
    /// The largest row.
    pub(crate) row_bytes: usize,
}

impl RowOptions {
    /// Those of a table as OpenTSDB's script makes it.
    pub(crate) fn new(widths: Widths, row_bytes: usize) -> Self {
        let family = b"t".to_vec();
        RowOptions { widths, family, rules: FamilyRules::default(), now_ms: None, row_bytes }
    }
}

/// Turns the cells of a data table into points.
///
/// Cells of a row come one behind the other, in any order: the row ends where another begins. Rows
/// may come in any order. A row that comes in two parts with others between is read as two.
#[derive(Debug)]
pub(crate) struct RowDecoder {
    options: RowOptions,
    batch: Batch,
    findings: RowFindings,
    scales: Scales,
    rows: Rows,
}

impl RowDecoder {
    pub(crate) fn new(uids: Arc<UidTable>, options: RowOptions) -> Self {
        let (batch, findings) = (Batch::default(), RowFindings::default());
        let series = SeriesOfRows::new(uids);
        let rows = Rows { series, found: RowPoints::default(), points: Vec::new() };
        RowDecoder { options, batch, findings, scales: Scales::default(), rows }
    }

    /// A sink for cells whose points go to another.
    pub(crate) fn reading<'d>(&'d mut self, sink: &'d mut dyn PointSink) -> RowCells<'d> {
        RowCells { decoder: self, sink }
    }

    /// The cells are over: ends the row that is open, and tells what was met in all of them.
    pub(crate) fn finish(&mut self, sink: &mut dyn PointSink) {
        if !self.batch.is_empty() {
            self.end_row(sink);
        }
        let (scales, findings) = (std::mem::take(&mut self.scales), self.findings);
        sink.rows(scales.finish(self.rows.series.uids(), findings));
    }

    /// Every id that the sink gave so far is void.
    pub(crate) fn forget_series(&mut self) {
        self.rows.series.forget();
    }

    /// Bytes of memory that depend on the input, roughly.
    pub(crate) fn memory_bytes(&self) -> usize {
        let Rows { series, found, points } = &self.rows;
        let points = points.capacity() * size_of::<Point>() + found.memory_bytes();
        self.batch.memory_bytes() + series.memory_bytes() + points + self.scales.memory_bytes()
    }

    /// What was met so far, in rows that ended.
    pub(crate) fn findings(&self) -> &RowFindings {
        &self.findings
    }

    /// Takes a row as a whole, if each of its columns is of plain points in the order of time, as most
    /// are: what its cells would come to. Gives `false`, and takes nothing, of another.
    fn take_row(&mut self, puts: &Puts<'_>, at: &Range<u64>, sink: &mut dyn PointSink) -> bool {
        let RowDecoder { options, findings, scales, rows, .. } = self;
        let is_shown = puts.family == options.family
            && options.rules.show_each_put()
            && Batch::fits(puts, options.row_bytes);
        let key = RowKey::of(puts.row, options.widths);
        let Some(key) = key.ok().filter(|key| is_shown && !key.is_global()) else { return false };
        let position = Position::Byte(at.start);
        let mut row = Row { key: puts.row, base_s: key.base_s, at: position, findings, sink };
        if !cells::take_plain(puts.columns, &mut row, &mut rows.points) {
            return false;
        }
        row.findings.rows += 1;
        row.findings.cells += puts.columns.len() as u64;
        let points = rows.give(&key, at.clone(), &mut row);
        scales.take(&key, Weight::of_puts(puts, points));
        true
    }

    fn end_row(&mut self, sink: &mut dyn PointSink) {
        let RowDecoder { options, batch, findings, scales, rows } = self;
        let mut cells = batch.cells();
        let expired = findings.hidden.expired;
        visible(&mut cells, &options.rules, options.now_ms, &mut findings.hidden);
        let expired = findings.hidden.expired - expired;
        let at = Position::Byte(batch.at.start);
        let mut row = Row { key: batch.row(), base_s: 0, at, findings, sink };
        for _ in 0..expired {
            row.report(ProblemKind::Expired, "a cell older than its time to live");
        }
        if batch.is_too_large() {
            let limit = options.row_bytes;
            let what = format!("a row that is too large to be read, of more than {limit} bytes");
            row.report(ProblemKind::RowTooLarge, what);
        }
        row.findings.rows += u64::from(!cells.is_empty());
        row.findings.cells += cells.len() as u64;
        match RowKey::of(batch.row(), options.widths) {
            _ if cells.is_empty() => {}
            Ok(key) => {
                row.base_s = key.base_s;
                let at = batch.at.clone();
                let points = rows.read(&key, &cells, &options.family, at, &mut row);
                match key.is_global() {
                    true => row.findings.global_rows += 1,
                    false => scales.take(&key, Weight::of_cells(&cells, points)),
                }
            }
            Err(what) => {
                row.findings.bad_keys += 1;
                let count = cells.len();
                let s = if count == 1 { "" } else { "s" };
                row.report(ProblemKind::BadRow, format!("{what}; {count} cell{s} left out"));
            }
        }
        self.batch.clear();
    }
}

/// What rows have in common, and what is empty between them.
#[derive(Debug)]
struct Rows {
    series: SeriesOfRows,
    found: RowPoints,
    points: Vec<Point>,
}

impl Rows {
    /// Reads the cells of a row that a scan shows; gives how many points they are.
    fn read(
        &mut self,
        key: &RowKey<'_>,
        cells: &[Cell<'_>],
        family: &[u8],
        at: Range<u64>,
        row: &mut Row<'_>,
    ) -> u64 {
        let is_plain = !key.is_global() && cells.iter().all(|cell| cell.family == family) && {
            let columns: Vec<_> = cells.iter().map(Cell::column).collect();
            cells::take_plain(&columns, row, &mut self.points)
        };
        for cell in cells.iter().filter(|_| !is_plain) {
            if cell.family != family {
                row.take_stray(cell);
            } else if key.is_global() {
                row.take_other(Kind::of(cell.qualifier, cell.value), cell);
            } else {
                self.found.take(cell, row);
            }
        }
        if key.is_global() {
            return 0;
        }
        self.found.end(&mut self.points, row.findings);
        self.give(key, at, row)
    }

    /// Gives the points of a row, and tells what is wrong with its key; gives how many they are.
    fn give(&mut self, key: &RowKey<'_>, at: Range<u64>, row: &mut Row<'_>) -> u64 {
        let faults = if self.points.is_empty() {
            self.series.faults(key)
        } else {
            let (series, faults) = self.series.of(key, row.sink);
            row.sink.points(series, &self.points, at);
            faults
        };
        let points = self.points.len() as u64;
        self.points.clear();
        self.points.shrink_to(KEPT_POINTS);
        for Fault { kind, what } in faults {
            row.findings.orphans += u64::from(kind == ProblemKind::UnresolvedNames);
            row.report(kind, what);
        }
        row.findings.unordered_tags += u64::from(!key.has_ordered_tags());
        if !key.is_aligned() {
            row.findings.unaligned_rows += 1;
            row.report(ProblemKind::UnalignedRow, "a row whose base time is no full hour");
        }
        points
    }
}

/// Where a reader puts the cells of a data table.
pub(crate) struct RowCells<'d> {
    decoder: &'d mut RowDecoder,
    sink: &'d mut dyn PointSink,
}

impl CellSink for RowCells<'_> {
    fn cell(&mut self, cell: Cell<'_>, at: Range<u64>) {
        if self.decoder.batch.is_of_another(cell.row) {
            self.decoder.end_row(self.sink);
        }
        self.decoder.batch.push(&cell, at, self.decoder.options.row_bytes);
    }

    fn row(&mut self, puts: &Puts<'_>, at: &Range<u64>) -> bool {
        if self.decoder.batch.is_of_another(puts.row) {
            self.decoder.end_row(self.sink);
        }
        self.decoder.batch.is_empty() && self.decoder.take_row(puts, at, self.sink)
    }

    fn problem(&mut self, problem: Problem) {
        self.sink.problem(problem);
    }
}
