//! Differences by metric and time, as cells of a picture whose size does not grow with them.

use std::collections::BTreeMap;

use tsdbproof_core::HOUR_MS;

use super::worst::Heaviest;
use crate::report::{Counts, Difference};

/// Metrics that are shown, the worst first.
const ROWS: usize = 40;
/// Columns with differences that fit.
const COLUMNS: usize = 62;
/// Columns without differences that are shown between two with; more are a break.
const EMPTY: u64 = 2;
/// How long a column may be, in hours.
const LENGTHS: [u64; 8] = [1, 6, 24, 168, 672, 4368, 87_360, 4_368_000];
/// Hours of a stretch that is told by its ends: a missing series is one from its first point to its last,
/// and may have points in 1970 and 2100.
const LONG: u64 = COLUMNS as u64 * 672;

/// What differs in a cell. Of a stretch over several cells each has its share by hours.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Cell {
    pub(super) missing: f64,
    pub(super) extra: f64,
    pub(super) changed: f64,
    pub(super) unresolved: f64,
    /// Whether a stretch reaches beyond it, so that the numbers are shares.
    pub(super) is_share: bool,
}

impl Cell {
    pub(super) fn weight(&self) -> f64 {
        self.missing + self.extra + self.changed + self.unresolved
    }

    /// The kind that most of it is.
    pub(super) fn kind(&self) -> &'static str {
        let kinds = [
            ("missing", self.missing),
            ("extra", self.extra),
            ("changed", self.changed),
            ("unresolved", self.unresolved),
        ];
        let most = kinds.into_iter().reduce(|most, kind| if kind.1 > most.1 { kind } else { most });
        most.map_or("changed", |(name, _)| name)
    }

    fn add(&mut self, counts: &Counts, share: f64) {
        self.missing += counts.missing as f64 * share;
        self.extra += counts.extra as f64 * share;
        self.changed += counts.changed as f64 * share;
        self.unresolved += counts.unresolved_nodes as f64 * share;
        self.is_share |= share < 1.0;
    }

    fn join(&mut self, other: &Cell, share: f64) {
        self.missing += other.missing * share;
        self.extra += other.extra * share;
        self.changed += other.changed * share;
        self.unresolved += other.unresolved * share;
        self.is_share |= other.is_share || share < 1.0;
    }
}

/// A metric, with cells by the hour that their columns begin with.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) metric: String,
    pub(super) cells: BTreeMap<u64, Cell>,
    /// Stretches that are [`LONG`], by their hours.
    long: BTreeMap<(u64, u64), Cell>,
    weight: u64,
    /// Which of [`LENGTHS`] its cells have.
    length: usize,
}

fn hours(length: usize) -> u64 {
    LENGTHS.get(length).copied().unwrap_or(u64::MAX)
}

impl Row {
    fn new(metric: &str) -> Self {
        let (cells, long) = (BTreeMap::new(), BTreeMap::new());
        Row { metric: metric.to_owned(), cells, long, weight: 0, length: 0 }
    }

    /// Adds a stretch of the hours `[from, to)`.
    fn add(&mut self, (from, to): (u64, u64), counts: &Counts) {
        if to - from > LONG {
            return self.add_long((from, to), counts);
        }
        while (to - from).div_ceil(hours(self.length)) > COLUMNS as u64 {
            self.coarsen();
        }
        let length = hours(self.length);
        let mut start = from - from % length;
        while start < to {
            let end = start.saturating_add(length);
            let inside = end.min(to) - start.max(from);
            let share = inside as f64 / (to - from) as f64;
            self.cells.entry(start).or_default().add(counts, share);
            start = end;
        }
        self.weight += counts.weight();
        while self.cells.len() > COLUMNS {
            self.coarsen();
        }
    }

    fn add_long(&mut self, window: (u64, u64), counts: &Counts) {
        self.weight += counts.weight();
        self.long.entry(window).or_default().add(counts, 1.0);
        if self.long.len() > COLUMNS {
            let mut all = Cell::default();
            let mut hull = window;
            for ((from, to), cell) in std::mem::take(&mut self.long) {
                all.join(&cell, 1.0);
                hull = (hull.0.min(from), hull.1.max(to));
            }
            self.long.insert(hull, all);
        }
    }

    /// Where columns of this length have to begin.
    fn starts(&self, length: u64) -> impl Iterator<Item = u64> {
        let ends = self.long.keys().flat_map(|(from, to)| [*from, to - 1]);
        self.cells.keys().copied().chain(ends.map(move |hour| hour - hour % length))
    }

    /// Gives each column that a long stretch reaches its share of it.
    fn share_out(&mut self, columns: &[Column], length: u64) {
        for ((from, to), cell) in std::mem::take(&mut self.long) {
            let inside = |column: &Column| {
                let (start, end) = (column.from, column.from.saturating_add(length));
                end.min(to).saturating_sub(start.max(from))
            };
            let reached = columns.iter().filter(|it| !it.is_break && inside(it) > 0);
            let covered: u64 = reached.clone().map(inside).sum();
            for column in reached {
                let share = inside(column) as f64 / covered as f64;
                self.cells.entry(column.from).or_default().join(&cell, share);
            }
        }
    }

    fn coarsen(&mut self) {
        self.length += 1;
        let length = hours(self.length);
        for (start, cell) in std::mem::take(&mut self.cells) {
            self.cells.entry(start - start % length).or_default().join(&cell, 1.0);
        }
    }
}

/// A column of the picture: so many hours from `from` on. A break stands for hours without differences.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) from: u64,
    pub(super) is_break: bool,
}

/// Takes differences as they are found.
#[derive(Debug)]
pub(super) struct Picture {
    open: Option<Row>,
    rows: Heaviest<Row>,
    has_times: bool,
}

/// A picture that is done.
#[derive(Debug)]
pub(super) struct Drawn {
    /// Hours of a column.
    pub(super) column_hours: u64,
    pub(super) columns: Vec<Column>,
    /// The worst metrics first.
    pub(super) rows: Vec<Row>,
    pub(super) more_rows: u64,
}

impl Picture {
    pub(super) fn new() -> Self {
        Picture { open: None, rows: Heaviest::new(ROWS), has_times: true }
    }

    /// The next difference; those of a metric come together.
    pub(super) fn push(&mut self, difference: &Difference) {
        if self.open.as_ref().is_some_and(|row| row.metric != difference.metric) {
            self.close();
        }
        let Some((from_ms, to_ms)) = difference.window_ms else {
            self.has_times = false;
            return;
        };
        let window = (from_ms / HOUR_MS, to_ms.div_ceil(HOUR_MS));
        let row = self.open.get_or_insert_with(|| Row::new(&difference.metric));
        row.add(window, &difference.counts);
    }

    fn close(&mut self) {
        if let Some(row) = self.open.take() {
            self.rows.push(row.weight, || row);
        }
    }

    /// The picture; `None` where nothing differs, or differences have no time.
    pub(super) fn finish(mut self) -> Option<Drawn> {
        self.close();
        let (mut rows, more_rows) = self.rows.into_sorted();
        if rows.is_empty() || !self.has_times {
            return None;
        }
        let mut length = rows.iter().map(|row| row.length).max()?;
        loop {
            for row in &mut rows {
                while row.length < length {
                    row.coarsen();
                }
            }
            let mut starts: Vec<u64> =
                rows.iter().flat_map(|row| row.starts(hours(length))).collect();
            starts.sort_unstable();
            starts.dedup();
            if starts.len() <= COLUMNS || length + 1 >= LENGTHS.len() {
                let columns = columns(&starts, hours(length));
                rows.iter_mut().for_each(|row| row.share_out(&columns, hours(length)));
                return Some(Drawn { column_hours: hours(length), columns, rows, more_rows });
            }
            length += 1;
        }
    }
}

/// The columns that begin with these hours, and what lies between.
fn columns(starts: &[u64], length: u64) -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::new();
    let mut behind = starts.first().copied().unwrap_or_default();
    for &start in starts {
        let empty = (start - behind) / length;
        if empty > EMPTY {
            columns.push(Column { from: behind, is_break: true });
        } else {
            let between = (0..empty).map(|index| behind + index * length);
            columns.extend(between.map(|from| Column { from, is_break: false }));
        }
        columns.push(Column { from: start, is_break: false });
        behind = start.saturating_add(length);
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;

    fn difference(metric: &str, from: u64, to: u64, missing: u64) -> Difference {
        Difference {
            metric: metric.to_owned(),
            counts: Counts { missing, ..Counts::default() },
            window_ms: Some((from * HOUR_MS, to * HOUR_MS)),
            ..Difference::default()
        }
    }

    fn drawn(differences: &[Difference]) -> Drawn {
        let mut picture = Picture::new();
        differences.iter().for_each(|it| picture.push(it));
        picture.finish().expect("a picture")
    }

    #[test]
    fn a_stretch_gives_each_hour_its_share_and_what_lies_far_apart_has_a_break() {
        let drawn = drawn(&[
            difference("a", 10, 12, 120),
            difference("a", 13, 14, 1),
            difference("b", 99, 100, 5),
        ]);
        assert_eq!(drawn.column_hours, 1);
        let columns: Vec<_> = drawn.columns.iter().map(|it| (it.from, it.is_break)).collect();
        assert_eq!(
            columns,
            [(10, false), (11, false), (12, false), (13, false), (14, true), (99, false)]
        );
        let [a, b] = drawn.rows.as_slice() else { panic!("two rows") };
        assert_eq!((a.metric.as_str(), b.metric.as_str()), ("a", "b"));
        let missing: Vec<_> = a.cells.values().map(|cell| (cell.missing, cell.is_share)).collect();
        assert_eq!(missing, [(60.0, true), (60.0, true), (1.0, false)]);
    }

    #[test]
    fn a_stretch_of_a_century_leaves_the_picture_its_hours() {
        let odd = (2, 1_139_569);
        let drawn =
            drawn(&[difference("a", 472_222, 472_224, 2), difference("b", odd.0, odd.1, 9)]);
        let columns: Vec<_> = drawn.columns.iter().map(|it| (it.from, it.is_break)).collect();
        assert_eq!(drawn.column_hours, 1);
        let hours = [(2, false), (3, true), (472_222, false), (472_223, false), (472_224, true)];
        assert_eq!(columns, [&hours[..], &[(1_139_568, false)]].concat());
        let [b, a] = drawn.rows.as_slice() else { panic!("two rows") };
        assert_eq!((a.cells.len(), b.cells.len()), (2, 4));
        let missing: f64 = b.cells.values().map(|cell| cell.missing).sum();
        assert!((missing - 9.0).abs() < 1e-9 && b.cells.values().all(|cell| cell.is_share));
    }

    #[test]
    fn a_million_differences_over_a_century_keep_their_size_and_their_sum() {
        let mut picture = Picture::new();
        for index in 0..1_000_000u64 {
            let metric = format!("metric.{:04}", index / 1000);
            let from = (index % 1000) * 900;
            picture.push(&difference(&metric, from, from + 1 + index % 3, 1));
            assert!(picture.open.as_ref().is_some_and(|row| row.cells.len() <= COLUMNS));
        }
        let drawn = picture.finish().expect("a picture");
        assert_eq!((drawn.rows.len(), drawn.more_rows), (ROWS, 1000 - ROWS as u64));
        assert!(drawn.columns.len() <= 3 * COLUMNS);
        let sum: f64 = drawn.rows.iter().flat_map(|row| row.cells.values()).map(Cell::weight).sum();
        assert!((sum - (ROWS * 1000) as f64).abs() < 1e-3, "{sum}");
    }

    #[test]
    fn what_has_no_time_has_no_picture() {
        let mut picture = Picture::new();
        picture.push(&Difference { window_ms: None, ..difference("a", 1, 2, 3) });
        assert!(picture.finish().is_none());
        assert!(Picture::new().finish().is_none());
    }
}
