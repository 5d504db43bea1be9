//! An open row: its names, its points so far, and the order of its columns.

use tsdbproof_core::{Point, Position, Problem, ProblemKind, Tags, quote};

use super::column::{self, Column, Fields, MISREAD, Taken};
use super::header::Header;
use super::{bytes, cell};
use crate::number::Fault;
use crate::opentsdb::qualifier::Qualifier;
use crate::{PointSink, SeriesId};

/// Points that are given out together at the most.
const RUN_POINTS: usize = 256;

/// The line that is read, and where what it holds goes.
pub(super) struct Output<'a> {
    pub(super) sink: &'a mut dyn PointSink,
    /// Where the line is.
    pub(super) at: Position,
    /// The byte behind it.
    pub(super) end: u64,
}

impl Output<'_> {
    pub(super) fn report(&mut self, fault: Fault) {
        self.sink.problem(fault.at(self.at));
    }
}

/// What is wrong with a line.
pub(super) enum Wrong {
    /// It can be told where the line begins and ends: what follows is sound.
    Line(Fault),
    /// The line of another row may be lost in it: nothing up to the next can be trusted.
    Place(Fault),
}

/// A row whose line was read.
#[derive(Debug)]
pub(super) struct Row {
    metric: String,
    tags: Tags,
    base_s: u32,
    /// As the sink knows the series; `None` before it is asked.
    series: Option<SeriesId>,
    /// Where the row's line is, for a reader that is opened there.
    at: Position,
    from: u64,
    pub(super) has_cells: bool,
    points: Vec<Point>,
    /// How many of them are no longer in doubt. The last alone may be: the next column's place tells.
    settled: usize,
    /// The byte behind the line of the last that is settled, and of the last of all.
    settled_end: u64,
    end: u64,
    /// Where the point in doubt is.
    doubt_at: Position,
    /// The last column and the one before it, by their first four bytes.
    last: u32,
    before: u32,
    column: Option<Column>,
    /// The column is known to be unreadable: the lines below it are passed over.
    passes_column: bool,
}

/// What a column that the scan can misread begins with, as four bytes.
const MISREADABLE: (u32, u32) = (0x0500_0000, 0x05ff_ffff);

impl Row {
    pub(super) fn new(header: Header<'_>, at: Position, from: u64) -> Self {
        Row {
            metric: header.metric.to_owned(),
            tags: header.tags,
            base_s: header.base_s,
            series: None,
            at,
            from,
            has_cells: false,
            points: Vec::new(),
            settled: 0,
            settled_end: from,
            end: from,
            doubt_at: at,
            last: 0,
            before: 0,
            column: None,
            passes_column: false,
        }
    }

    pub(super) fn forget_series(&mut self) {
        self.series = None;
    }

    /// Bytes of memory, roughly.
    pub(super) fn memory_bytes(&self) -> usize {
        let column = self.column.as_ref().map_or(0, Column::memory_bytes);
        column + self.points.capacity() * size_of::<Point>() + self.metric.len()
    }

    /// Takes a line with two blanks before it, given without them.
    pub(super) fn cell(&mut self, text: &[u8], out: &mut Output<'_>) -> Result<(), Wrong> {
        self.has_cells = true;
        self.end_column(out);
        if let Some((qualifier, rest)) = column_line(text) {
            return self.open_column(qualifier, rest, out).map_err(Wrong::Line);
        }
        if let Some(value) = text.strip_suffix(b"\t[Not a data point]") {
            return self.other_object(value, out).map_err(Wrong::Line);
        }
        let Some(fields) = column::fields(text) else { return Err(Wrong::Place(shapeless(text))) };
        match bytes::all(fields[0]) {
            Some(qualifier) if is_annotation(&qualifier) => {
                self.annotation(&qualifier, out).map_err(Wrong::Line)
            }
            qualifier => self.single(qualifier, &fields, out).map_err(Wrong::Line),
        }
    }

    fn annotation(&mut self, qualifier: &[u8], out: &mut Output<'_>) -> Result<(), Fault> {
        let place = first_four(qualifier);
        self.follow(place, place, out)?;
        out.report(Fault::new(ProblemKind::Annotation, "an annotation, which is no point"));
        Ok(())
    }

    fn other_object(&mut self, value: &[u8], out: &mut Output<'_>) -> Result<(), Fault> {
        self.settle();
        let (kind, what) = match bytes::all(value) {
            Some(_) => (ProblemKind::NotAPoint, "a histogram or another object, which is no point"),
            None => (ProblemKind::BadCell, "an object whose bytes can't be read"),
        };
        out.report(Fault::new(kind, what));
        Ok(())
    }

    /// Takes a column of one point.
    fn single(
        &mut self,
        qualifier: Option<Vec<u8>>,
        fields: &Fields<'_>,
        out: &mut Output<'_>,
    ) -> Result<(), Fault> {
        let bad = |what: &str, text: &[u8]| {
            let hint = if self.last <= MISREADABLE.1 { MISREAD } else { "" };
            Fault::new(ProblemKind::BadCell, format!("{what}{hint}; {}", bytes::found(text)))
        };
        let Some(q) = qualifier.as_deref().and_then(Qualifier::of) else {
            return Err(bad("a column whose qualifier is none of a point", fields[0]));
        };
        column::check_fields(fields, q, self.base_s)?;
        let Some(value) = bytes::all(fields[1]) else {
            return Err(bad("a value whose bytes can't be read", fields[1]));
        };
        let point = q.point(&value, self.base_s).map_err(|what| bad(what, fields[1]))?;
        let (least, greatest) = cell::columns(q);
        self.follow(least, greatest, out)?;
        self.push(point, out);
        self.doubt_at = out.at;
        Ok(())
    }

    /// Takes the line of a column of many points: its qualifier, and what stands behind it.
    fn open_column(
        &mut self,
        qualifier: &[u8],
        rest: &[u8],
        out: &mut Output<'_>,
    ) -> Result<(), Fault> {
        self.passes_column = true;
        let read = bytes::all(qualifier).zip(bytes::leading(rest)).and_then(|(q, (v, rest))| {
            let count = rest.strip_prefix(b" = ")?.strip_suffix(b" values:")?;
            Some((q, v, bytes::number(count)?))
        });
        let Some((qualifier, value, count)) = read else {
            let what = "a column of many points whose line can't be read; its points are left out";
            return Err(Fault::new(ProblemKind::BadCell, what));
        };
        let flag = value.last().copied().filter(|_| qualifier.len().is_multiple_of(2));
        let place = first_four(&qualifier);
        self.follow(place, place, out)?;
        let mut column = Column::new(&qualifier, value, out.at)?;
        self.passes_column = false;
        if let Err(fault) = column.check_count(count) {
            out.report(fault);
        }
        if let Some(flag) = flag.filter(|flag| *flag > 1) {
            let what = "a compacted column of an unknown form";
            let what = format!("{what}; found {flag} as its last byte, expected 0 or 1");
            out.report(Fault::new(ProblemKind::BadCell, what));
        }
        self.column = Some(column);
        Ok(())
    }

    /// Takes a line with four blanks before it, given without them.
    pub(super) fn below(&mut self, text: &[u8], out: &mut Output<'_>) -> Result<(), Wrong> {
        self.has_cells = true;
        let Some(fields) = column::fields(text) else { return Err(Wrong::Place(shapeless(text))) };
        let Some(column) = &mut self.column else {
            if self.passes_column {
                return Ok(());
            }
            let what = "a point below a line that is no column's, or has no more of them";
            return Err(Wrong::Line(Fault::new(ProblemKind::Disagreement, what)));
        };
        match column.take(&fields, self.base_s) {
            Ok(Taken::Point(point)) => {
                self.push(point, out);
                self.settle();
            }
            Ok(Taken::Later) => self.end = out.end,
            Err(fault) => out.report(fault),
        }
        if self.column.as_ref().is_some_and(Column::is_whole) {
            self.end = out.end;
            self.end_column(out);
        }
        Ok(())
    }

    /// Closes the column that is open, if one is.
    pub(super) fn end_column(&mut self, out: &mut Output<'_>) {
        self.passes_column = false;
        let Some(column) = self.column.take() else { return };
        let at = column.at;
        let (points, fault) = column.end(self.base_s);
        let end = self.end;
        for found in points {
            match found {
                Ok(point) => self.push(point, out),
                Err(fault) => out.sink.problem(fault.at(at)),
            }
        }
        self.end = end;
        self.settle();
        if let Some(fault) = fault {
            out.sink.problem(fault.at(at));
        }
    }

    /// How much of the open column is missing.
    pub(super) fn open_column_is_cut(&self) -> bool {
        self.column.as_ref().is_some_and(|column| !column.is_whole())
    }

    /// Takes the place of the next column, which lies between these two. Columns stand in the order of
    /// their bytes, so one that does not was printed as another.
    fn follow(&mut self, least: u32, greatest: u32, out: &mut Output<'_>) -> Result<(), Fault> {
        if self.last <= greatest {
            self.settle();
            self.before = self.last;
            self.last = least;
            return Ok(());
        }
        let what = format!("a point whose column is out of order{MISREAD}; it is left out");
        let fault = Fault::new(ProblemKind::ColumnOrder, what);
        let is_in_doubt = self.settled < self.points.len();
        let misreadable = self.before <= MISREADABLE.1 && greatest >= MISREADABLE.0;
        if is_in_doubt && misreadable && self.before <= greatest {
            // Without the last point the order is right.
            self.points.pop();
            out.sink.problem(fault.at(self.doubt_at));
            self.last = least;
            return Ok(());
        }
        Err(fault)
    }

    fn settle(&mut self) {
        self.settled = self.points.len();
        self.settled_end = self.end;
    }

    fn push(&mut self, point: Point, out: &mut Output<'_>) {
        if self.points.len() >= RUN_POINTS {
            self.settle();
            self.flush(out.sink);
        }
        self.points.push(point);
        self.end = out.end;
    }

    /// Gives out the points that are not in doubt.
    fn flush(&mut self, sink: &mut dyn PointSink) {
        let settled = self.points.get(..self.settled).unwrap_or_default();
        if !settled.is_empty() {
            let asked = self.series.unwrap_or_else(|| sink.series(&self.metric, &self.tags));
            self.series = Some(asked);
            sink.points(asked, settled, self.from..self.settled_end);
            self.points.drain(..self.settled);
            self.settled = 0;
        }
    }

    /// The row is over: nothing is in doubt any more.
    pub(super) fn end(mut self, out: &mut Output<'_>) {
        self.end_column(out);
        self.settle();
        self.flush(out.sink);
        let mut report = |kind, what: &str| {
            out.sink.problem(Problem { kind, at: self.at, what: what.to_owned() });
        };
        if !self.has_cells {
            let what = "a row without a column, as `tsdb scan` prints when it dies at the first";
            let what = format!("{what}{MISREAD}");
            report(ProblemKind::ScanDied, &what);
        }
        if !self.base_s.is_multiple_of(3600) {
            report(ProblemKind::UnalignedRow, "a row whose base time is no full hour");
        }
    }
}

/// What stands before and behind the tab in the line of a column of many points.
fn column_line(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let tab = memchr::memchr(b'\t', text)?;
    let (qualifier, rest) = (text.get(..tab)?, text.get(tab + 1..)?);
    (rest.ends_with(b" values:") && memchr::memchr(b'\t', rest).is_none())
        .then_some((qualifier, rest))
}

fn is_annotation(qualifier: &[u8]) -> bool {
    qualifier.len() % 2 == 1 && qualifier.first() == Some(&1)
}

/// Where a column stands in the order of columns: its first four bytes.
fn first_four(qualifier: &[u8]) -> u32 {
    let mut four = [0; 4];
    four.iter_mut().zip(qualifier).for_each(|(to, from)| *to = *from);
    u32::from_be_bytes(four)
}

fn shapeless(text: &[u8]) -> Fault {
    let what = format!("a line of a column that can't be read; found {}", quote(text));
    Fault::new(ProblemKind::BadCell, what)
}
