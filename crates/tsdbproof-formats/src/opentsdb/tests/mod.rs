//! Cells of the real tables, and what became of them.

mod damage;
mod fsck;
mod rows;
mod truth;
mod whole_rows;

use std::collections::BTreeMap;
use std::io::Read;
use std::ops::Range;
use std::sync::Arc;

use flate2::read::GzDecoder;
use tsdbproof_core::{Hour, Loss, Point, Problem, ProblemKind, Tags, Weight};

use super::findings::RowFindings;
use super::row::{RowDecoder, RowOptions};
use super::row_key::Widths;
use super::uid::UidTable;
use super::uid::build::UidTableBuilder;
use super::widths::{GivenWidths, KeySample};
use crate::hbase::cell::{Cell, CellKind, CellSink};
use crate::{PointSink, SeriesId};

/// The bytes of a file of the archives, unpacked.
pub(super) fn file(name: &str) -> Vec<u8> {
    let path = format!("{}/../../tests/data/opentsdb/{name}", env!("CARGO_MANIFEST_DIR"));
    let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    if !name.ends_with(".gz") {
        return bytes;
    }
    let mut text = Vec::new();
    GzDecoder::new(&bytes[..]).read_to_end(&mut text).unwrap();
    text
}

pub(super) fn unhex(digits: &str) -> Vec<u8> {
    let pairs = digits.as_bytes().chunks_exact(2);
    pairs.map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

/// The same bytes with every bit flipped in turn, then cut at every byte.
pub(super) fn damages(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let flipped = (0..bytes.len() * 8).map(|bit| {
        let mut bytes = bytes.to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        bytes
    });
    flipped.chain((0..bytes.len()).map(|end| bytes[..end].to_vec()))
}

/// A cell that owns its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Owned {
    pub(super) row: Vec<u8>,
    pub(super) family: Vec<u8>,
    pub(super) qualifier: Vec<u8>,
    pub(super) timestamp_ms: i64,
    pub(super) kind: CellKind,
    pub(super) value: Vec<u8>,
}

impl Owned {
    pub(super) fn new(row: &[u8], family: &str, qualifier: &[u8], value: &[u8]) -> Self {
        let (timestamp_ms, kind) = (1_700_000_000_000, CellKind::Put);
        let [row, qualifier, value] = [row, qualifier, value].map(<[u8]>::to_vec);
        Owned { row, family: family.into(), qualifier, timestamp_ms, kind, value }
    }

    pub(super) fn cell(&self) -> Cell<'_> {
        Cell {
            row: &self.row,
            family: &self.family,
            qualifier: &self.qualifier,
            timestamp_ms: self.timestamp_ms,
            kind: self.kind,
            value: &self.value,
            tags: b"",
            sequence: 0,
        }
    }
}

/// The cells of a table: row, family, qualifier, timestamp, type and value, a line each.
pub(super) fn cells(name: &str) -> Vec<Owned> {
    let text = String::from_utf8(file(name)).unwrap();
    let cell = |line: &str| {
        let fields: Vec<&str> = line.split('\t').collect();
        let [row, family, qualifier, time, "Put", value] = fields[..] else { panic!("{line}") };
        let put = Owned::new(&unhex(row), family, &unhex(qualifier), &unhex(value));
        Owned { timestamp_ms: time.parse().unwrap(), ..put }
    };
    text.lines().map(cell).collect()
}

/// Feeds cells as lying one behind the other, ten bytes each.
pub(super) fn feed(cells: &[Owned], sink: &mut dyn CellSink) {
    for (at, cell) in (0..).step_by(10).zip(cells) {
        sink.cell(cell.cell(), at..at + 10);
    }
}

/// The table of these cells, and what is wrong with them.
pub(super) fn uid_table(inputs: &[&[Owned]]) -> (UidTable, Vec<(usize, Problem)>) {
    let (mut builder, mut problems) = (UidTableBuilder::new(1 << 20), Vec::new());
    for (input, cells) in inputs.iter().enumerate() {
        let mut report = |problem| problems.push((input, problem));
        let mut sink = builder.reading(input, &mut report);
        feed(cells, &mut sink);
        sink.finish();
    }
    let table = builder.finish(&mut |input, problem| problems.push((input, problem)));
    (table, problems)
}

/// Keeps all it is given.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Log {
    ids: Vec<String>,
    pub(super) series: BTreeMap<String, Vec<Point>>,
    pub(super) runs: Vec<(String, Range<u64>)>,
    pub(super) problems: Vec<Problem>,
}

impl PointSink for Log {
    fn series(&mut self, metric: &str, tags: &Tags) -> SeriesId {
        self.ids.push(format!("{metric}{{{}}}", tags.as_str()));
        SeriesId(self.ids.len() as u32 - 1)
    }

    fn points(&mut self, series: SeriesId, points: &[Point], at: Range<u64>) {
        assert!(!points.is_empty() && points.is_sorted());
        let name = &self.ids[series.0 as usize];
        self.series.entry(name.clone()).or_default().extend(points);
        self.runs.push((name.clone(), at));
    }

    fn loss(&mut self, _: SeriesId, _: Hour, _: Loss) {}

    fn problem(&mut self, problem: Problem) {
        self.problems.push(problem);
    }
}

impl Log {
    /// Every point with the name of its series, each once.
    pub(super) fn set(&self) -> Vec<(String, Point)> {
        let points = self
            .series
            .iter()
            .flat_map(|(name, points)| points.iter().map(move |point| (name.clone(), *point)));
        let mut points: Vec<_> = points.collect();
        points.sort_unstable();
        points.dedup();
        points
    }

    pub(super) fn of_kind(&self, kind: ProblemKind) -> Vec<&Problem> {
        self.problems.iter().filter(|problem| problem.kind == kind).collect()
    }

    pub(super) fn damage(&self) -> Vec<&Problem> {
        let is_damage = |problem: &&Problem| problem.kind.weight() == Weight::Damage;
        self.problems.iter().filter(is_damage).collect()
    }
}

/// What becomes of the cells of a data table.
pub(super) fn read(cells: &[Owned], uids: &Arc<UidTable>, widths: Widths) -> (Log, RowFindings) {
    let mut decoder = RowDecoder::new(Arc::clone(uids), RowOptions::new(widths, 1 << 20));
    let mut log = Log::default();
    feed(cells, &mut decoder.reading(&mut log));
    decoder.finish(&mut log);
    (log, *decoder.findings())
}

/// The widths that the keys of cells have.
pub(super) fn widths_of(cells: &[Owned], uids: &UidTable) -> Widths {
    let mut sample = KeySample::new(GivenWidths::default(), uids);
    cells.iter().for_each(|cell| sample.push(&cell.row));
    sample.decide().unwrap()
}

/// A set of the archives: its cells, its UIDs, and what becomes of them.
pub(super) struct Archive {
    pub(super) cells: Vec<Owned>,
    pub(super) uids: Arc<UidTable>,
    pub(super) widths: Widths,
    pub(super) log: Log,
    pub(super) findings: RowFindings,
}

impl Archive {
    pub(super) fn new(data: &str, uid: &str) -> Self {
        let (cells, (uids, _)) = (cells(data), uid_table(&[&self::cells(uid)]));
        let (uids, widths) = (Arc::new(uids), Widths::default());
        let widths = Widths { salt: widths_of(&cells, &uids).salt, ..widths };
        let (log, findings) = read(&cells, &uids, widths);
        Archive { cells, uids, widths, log, findings }
    }

    pub(super) fn main() -> Self {
        Archive::new("cells/main-data.tsv.gz", "cells/main-uid.tsv.gz")
    }
}
