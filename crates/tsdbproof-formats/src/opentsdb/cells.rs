//! The cells of one row to points.

use std::fmt;

use tsdbproof_core::{HOUR_MS, Point, Position, Problem, ProblemKind, quote, sort};

use super::column::{self, APPEND, Kind, Spot};
use super::findings::{Repeats, RowFindings};
use super::qualifier::{Qualifier, Repair, SIGN_EXTENDED};
use crate::PointSink;
use crate::hbase::cell::{Cell, Column};
use crate::hbase::hex::hex;

/// The points of a row, found cell by cell.
#[derive(Debug, Default)]
pub(super) struct RowPoints {
    found: Vec<Found>,
}

/// Memory for points that is kept for the next row: points of one a second.
pub(super) const KEPT_POINTS: usize = 3600;

/// Points of a row at most, two of each millisecond: columns beyond them are no data.
const MAX_POINTS: usize = 2 * HOUR_MS as usize;

/// A point, and what tells it from another of its instant.
#[derive(Debug, Clone, Copy)]
struct Found {
    point: Point,
    /// The bytes of its value, and how many they are.
    bytes: (u64, u8),
    is_appended: bool,
}

/// The row that is read, and where what is met in it goes.
pub(super) struct Row<'r> {
    pub(super) key: &'r [u8],
    pub(super) base_s: u32,
    /// Where its cells begin.
    pub(super) at: Position,
    pub(super) findings: &'r mut RowFindings,
    pub(super) sink: &'r mut dyn PointSink,
}

impl Row<'_> {
    /// Reports a fault of the row.
    pub(super) fn report(&mut self, kind: ProblemKind, what: impl fmt::Display) {
        let what = format!("{what}; row {}", hex(self.key));
        self.sink.problem(Problem { kind, at: self.at, what });
    }

    fn report_cell(&mut self, kind: ProblemKind, what: impl fmt::Display, cell: &Cell<'_>) {
        self.report(kind, format_args!("{what}; found qualifier {}", hex(cell.qualifier)));
    }

    fn report_bad(&mut self, what: impl fmt::Display, qualifier: &[u8], value: &[u8]) {
        let (qualifier, value) = (hex(qualifier), hex(value));
        let what = format_args!("{what}; found qualifier {qualifier} and value {value}");
        self.report(ProblemKind::BadCell, what);
    }

    /// Counts a point that can't be read.
    fn count_bad(&mut self, what: &str, qualifier: Qualifier) {
        let is_late = u64::from(qualifier.offset_ms()) >= HOUR_MS;
        let findings = &mut self.findings;
        let count = match what {
            SIGN_EXTENDED => &mut findings.bad_floats,
            _ if is_late => &mut findings.late_points,
            _ => &mut findings.bad_values,
        };
        *count += 1;
    }

    /// Takes a cell of a family that the table should not have.
    pub(super) fn take_stray(&mut self, cell: &Cell<'_>) {
        self.findings.unknown_objects += 1;
        let what = format!("a cell of a family that holds no points, {}", quote(cell.family));
        self.report_cell(ProblemKind::BadCell, what, cell);
    }

    /// Takes a cell that holds no point.
    pub(super) fn take_other(&mut self, kind: Kind, cell: &Cell<'_>) {
        let (count, kind, what) = match kind {
            Kind::Annotation => (
                &mut self.findings.annotations,
                ProblemKind::Annotation,
                "an annotation, which is no point",
            ),
            Kind::Histogram => (
                &mut self.findings.histograms,
                ProblemKind::Histogram,
                "a histogram, which is no point",
            ),
            Kind::Rollup => (
                &mut self.findings.rollups,
                ProblemKind::Rollup,
                "a value of a rollup, which is no stored point",
            ),
            Kind::Future => (
                &mut self.findings.future_objects,
                ProblemKind::NotAPoint,
                "an object of a kind that is not known, which is no point",
            ),
            Kind::Unknown | Kind::Point(_) | Kind::Compacted | Kind::Appended => (
                &mut self.findings.unknown_objects,
                ProblemKind::BadCell,
                "a column that is none of OpenTSDB's",
            ),
        };
        *count += 1;
        self.report_cell(kind, what, cell);
    }
}

/// Takes columns of sound points that stand in the order of time, as most do: what [`RowPoints`] would
/// make of them. Gives `false`, and takes nothing, where it is the judge.
pub(super) fn take_plain(
    columns: &[Column<'_>],
    row: &mut Row<'_>,
    points: &mut Vec<Point>,
) -> bool {
    let before = *row.findings;
    points.reserve(columns.len().min(KEPT_POINTS));
    let mut plain = Plain { base_s: row.base_s, least_ms: 0, findings: row.findings, points };
    let is_taken = columns.iter().all(|column| plain.take(column).is_some());
    if is_taken {
        row.findings.instants += points.len() as u64;
    } else {
        *row.findings = before;
        points.clear();
    }
    is_taken
}

/// The points of columns, as long as each is sound and behind the one before.
struct Plain<'p> {
    base_s: u32,
    /// The next point is of this time at the earliest.
    least_ms: u64,
    findings: &'p mut RowFindings,
    points: &'p mut Vec<Point>,
}

impl Plain<'_> {
    fn take(&mut self, &Column { qualifier, value }: &Column<'_>) -> Option<()> {
        match Kind::of(qualifier, value) {
            Kind::Point(found) => self.push(found, value)?,
            Kind::Compacted => self.take_compacted(qualifier, value)?,
            _ => return None,
        }
        self.findings.misread_columns += u64::from(qualifier.first() == Some(&APPEND));
        Some(())
    }

    #[inline(never)] // So that points for themselves are taken without a call.
    fn take_compacted(&mut self, mut qualifiers: &[u8], mut values: &[u8]) -> Option<()> {
        self.points.reserve((qualifiers.len() / 2).min(KEPT_POINTS));
        while !qualifiers.is_empty() {
            let (qualifier, later) = Qualifier::leading(qualifiers)?;
            let (value, behind) = values.split_at_checked(qualifier.value_length())?;
            self.push(qualifier, value)?;
            (qualifiers, values) = (later, behind);
        }
        matches!(values, [0 | 1]).then_some(())
    }

    #[inline(always)]
    fn push(&mut self, qualifier: Qualifier, value: &[u8]) -> Option<()> {
        let point = qualifier.point(value, self.base_s).ok()?;
        if point.timestamp_ms < self.least_ms {
            return None;
        }
        self.findings.count_length(point, value, qualifier);
        self.points.push(point);
        self.least_ms = point.timestamp_ms + 1;
        Some(())
    }
}

impl RowFindings {
    /// Counts an integer that takes more bytes than it has to.
    fn count_length(&mut self, point: Point, value: &[u8], qualifier: Qualifier) {
        if value.len() == 8 && !qualifier.is_float() {
            let saved = point.value.as_integer().map_or(0, spare_bytes);
            self.long_integers += u64::from(saved > 0);
            self.saved_bytes += saved;
        }
    }
}

impl RowPoints {
    /// Takes a cell. A fault costs only it, or in a column of many points the one point.
    pub(super) fn take(&mut self, cell: &Cell<'_>, row: &mut Row<'_>) {
        let kind = Kind::of(cell.qualifier, cell.value);
        let most = match kind {
            Kind::Compacted => cell.qualifier.len() / 2,
            // Of points of one second only the last counts; one of a millisecond takes more bytes.
            Kind::Appended => cell.value.len() / 6,
            _ => 1,
        };
        if self.found.len() + most > MAX_POINTS {
            let what = format!("a column beyond the {MAX_POINTS} points that a row may hold");
            return row.report_cell(ProblemKind::RowTooLarge, what, cell);
        }
        let is_misread = matches!(kind, Kind::Point(_) | Kind::Compacted)
            && cell.qualifier.first() == Some(&APPEND);
        row.findings.misread_columns += u64::from(is_misread);
        match kind {
            Kind::Point(qualifier) => self.take_single(qualifier, cell, row),
            Kind::Compacted => self.take_compacted(cell, row),
            Kind::Appended => self.take_appended(cell, row),
            other => row.take_other(other, cell),
        }
    }

    fn take_single(&mut self, qualifier: Qualifier, cell: &Cell<'_>, row: &mut Row<'_>) {
        let repaired = qualifier.repaired(cell.value);
        let point = repaired.and_then(|(qualifier, value, repair)| {
            Ok((qualifier.point(value, row.base_s)?, value, repair))
        });
        let (point, value, repair) = match point {
            Ok(found) => found,
            Err(what) => {
                row.count_bad(what, qualifier);
                return row.report_bad(what, cell.qualifier, cell.value);
            }
        };
        let what = match repair {
            None => None,
            Some(Repair::PaddedFloat) => {
                row.findings.bad_floats += 1;
                Some("a float of 4 bytes that stands on 8")
            }
            Some(Repair::Length) => {
                row.findings.repaired_lengths += 1;
                Some("a value of another length than its qualifier says")
            }
        };
        if let Some(what) = what {
            let what = format!("{what}, read as OpenTSDB reads it, as {}", point.value);
            row.report_cell(ProblemKind::RepairedValue, what, cell);
        }
        self.push(point, value, qualifier, false, row);
    }

    fn take_compacted(&mut self, cell: &Cell<'_>, row: &mut Row<'_>) {
        let Some((spots, flag)) = column::compacted(cell.qualifier, cell.value) else {
            row.findings.bad_compacted += 1;
            let what = "a compacted column whose lengths do not add up";
            return row.report_bad(what, cell.qualifier, cell.value);
        };
        if flag > 1 {
            row.findings.bad_compacted += 1;
            let what = format!(
                "a compacted column of an unknown form; found {flag} as its last byte, expected 0 or 1"
            );
            row.report_cell(ProblemKind::BadCell, what, cell);
        }
        let is_ordered = spots.is_sorted_by_key(|spot| spot.qualifier.offset_ms());
        row.findings.unordered_compacted += u64::from(!is_ordered);
        self.take_many(&spots, cell.value, false, row);
    }

    fn take_appended(&mut self, cell: &Cell<'_>, row: &mut Row<'_>) {
        row.findings.append_columns += 1;
        let Some(spots) = column::appended(cell.value) else {
            row.findings.bad_appended += 1;
            let what = "an append column whose last point is cut";
            return row.report_bad(what, cell.qualifier, cell.value);
        };
        self.take_many(&column::last_of_each(spots), cell.value, true, row);
    }

    fn take_many(&mut self, spots: &[Spot], column: &[u8], is_appended: bool, row: &mut Row<'_>) {
        self.found.reserve(spots.len());
        for spot in spots {
            let (qualifier, value) = (spot.qualifier, spot.value(column));
            match qualifier.point(value, row.base_s) {
                Ok(point) => self.push(point, value, qualifier, is_appended, row),
                Err(what) => {
                    row.count_bad(what, qualifier);
                    let what = format!("{what}, in a column of many");
                    row.report_bad(what, &qualifier.to_bytes(), value);
                }
            }
        }
    }

    fn push(
        &mut self,
        point: Point,
        value: &[u8],
        qualifier: Qualifier,
        is_appended: bool,
        row: &mut Row<'_>,
    ) {
        row.findings.count_length(point, value, qualifier);
        let bytes = value.iter().fold(0, |bytes, byte| bytes << 8 | u64::from(*byte));
        self.found.push(Found { point, bytes: (bytes, value.len() as u8), is_appended });
    }

    /// Ends the row: gives its points in the order of time, and judges those of one instant.
    pub(super) fn end(&mut self, points: &mut Vec<Point>, findings: &mut RowFindings) {
        let is_ascending =
            self.found.is_sorted_by(|a, b| a.point.timestamp_ms < b.point.timestamp_ms);
        if is_ascending {
            findings.instants += self.found.len() as u64;
        } else {
            sort::by(&mut self.found, |a, b| a.point.cmp(&b.point));
            self.count_repeats(findings);
        }
        points.extend(self.found.drain(..).map(|found| found.point));
        self.found.shrink_to(KEPT_POINTS);
    }

    fn count_repeats(&self, findings: &mut RowFindings) {
        let before = findings.repeats;
        let is_same = |a: &Found, b: &Found| a.point.timestamp_ms == b.point.timestamp_ms;
        for cells in self.found.chunk_by(is_same) {
            findings.instants += 1;
            let stored = cells.iter().filter(|cell| !cell.is_appended).count() as u64;
            findings.duplicates += stored.saturating_sub(1);
            findings.repeats.count(cells);
        }
        let Repeats { equal, different, .. } = findings.repeats;
        let is_refused = equal > before.equal || different > before.different;
        findings.repeats.refused_rows += u64::from(is_refused);
    }

    /// Bytes of memory.
    pub(super) fn memory_bytes(&self) -> usize {
        self.found.capacity() * size_of::<Found>()
    }
}

impl Repeats {
    /// Counts an instant by its cells.
    fn count(&mut self, cells: &[Found]) {
        let Some((first, others @ [_, ..])) = cells.split_first() else { return };
        if others.iter().all(|cell| cell.bytes == first.bytes) {
            self.same += 1;
        } else if others.iter().all(|cell| cell.point.value == first.point.value) {
            self.equal += 1;
        } else {
            self.different += 1;
        }
    }
}

/// Bytes that an integer on 8 bytes takes too many.
fn spare_bytes(number: i64) -> u64 {
    match number {
        _ if i8::try_from(number).is_ok() => 7,
        _ if i16::try_from(number).is_ok() => 6,
        _ if i32::try_from(number).is_ok() => 4,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hbase::cell::CellKind;
    use crate::json::testing::Random;
    use crate::opentsdb::tests::Log;

    /// A column of one or many points, mostly sound and behind second `second`.
    fn column(random: &mut Random, second: &mut usize) -> (Vec<u8>, Vec<u8>) {
        let (mut qualifier, mut value) = (Vec::new(), Vec::new());
        let count = [1, 1, 1, 2, 5][random.below(5)];
        for _ in 0..count {
            *second += [1, 1, 1, 1, 1, 1, 2, 3, 90, 0][random.below(10)];
            let mut flags = [0, 1, 3, 7, 0xb, 0xf][random.below(6)];
            let bytes = [0xff, 1, 0, 7][random.below(4)];
            value.resize(value.len() + (flags & 7) + 1, bytes);
            flags ^= [2, 8, 0x10, 0][random.below(80).min(3)];
            match random.below(4) {
                0 => qualifier
                    .extend((0xf000_0000 | (*second * 64_000 + flags) as u32).to_be_bytes()),
                _ => qualifier.extend(((*second * 16 + flags) as u16).to_be_bytes()),
            }
        }
        if count > 1 {
            value.push([2, 0, 1][random.below(40).min(2)]);
        }
        (qualifier, value)
    }

    #[test]
    fn plain_columns_are_what_the_judge_makes_of_them() {
        let (mut random, mut taken) = (Random(3), 0);
        for _ in 0..100_000 {
            let mut second = random.below(100);
            let columns: Vec<_> =
                (0..1 + random.below(4)).map(|_| column(&mut random, &mut second)).collect();
            let mut log = Log::default();
            let (mut findings, mut judged) = (RowFindings::default(), RowFindings::default());
            let (mut points, mut expected) = (Vec::new(), Vec::new());
            let at = Position::Byte(0);
            let base_s = [u32::MAX - 1800, 1_699_999_200][random.below(50).min(1)];
            let mut row = Row { key: b"", base_s, at, findings: &mut findings, sink: &mut log };
            let given: Vec<_> =
                columns.iter().map(|(qualifier, value)| Column { qualifier, value }).collect();
            let is_taken = take_plain(&given, &mut row, &mut points);
            row.findings = &mut judged;
            let mut found = RowPoints::default();
            for Column { qualifier, value } in given {
                let (timestamp_ms, kind, sequence) = (0, CellKind::Put, 0);
                let (row_key, family, tags) = (b"", b"t", b"");
                let cell = Cell {
                    row: row_key,
                    family,
                    qualifier,
                    timestamp_ms,
                    kind,
                    value,
                    tags,
                    sequence,
                };
                found.take(&cell, &mut row);
            }
            found.end(&mut expected, &mut judged);
            if is_taken {
                assert_eq!((&points, findings, log.problems.len()), (&expected, judged, 0));
                taken += 1;
            } else {
                assert_eq!((points.len(), findings), (0, RowFindings::default()));
            }
        }
        assert!((20_000..90_000).contains(&taken), "{taken}");
    }
}
