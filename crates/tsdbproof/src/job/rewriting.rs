//! What makes a server that holds one state hold another: the rows to delete, and the points to put.
//!
//! OpenTSDB keeps the points of a series and an hour in one row, and deletes whole rows only. A put where
//! another value stands may leave both there, in cells of their own, and then every query of the row
//! fails. So a row that loses or changes a point is deleted and put again as a whole; of a row that only
//! gains points, these are put.

use std::io::Write;

use super::{convert::Writing, place_of};
use crate::{Outputs, look::Leaf, report::Rewritten, store::rows::RowHour};
use tsdbproof_core::{
    Error, Hour, Kind, Point, Record, Series, Value,
    digest::{Depth, Name, Roots, Tree},
};

/// The points of a row that are held, at an estimate of their bytes.
const POINT_BYTES: u64 = 2 * size_of::<(Point, bool)>() as u64;

/// Takes the instants of a result, series by series, with what stands there in the base.
pub(super) trait TakesInstants {
    /// The instants that come are of this series.
    fn series(&mut self, series: &Series) -> Result<(), Error>;
    /// The values of an instant before and after, sorted.
    fn instant(&mut self, at_ms: u64, before: &[Value], after: &[Value]) -> Result<(), Error>;
}

impl<O: Outputs> TakesInstants for Writing<'_, O> {
    fn series(&mut self, series: &Series) -> Result<(), Error> {
        Writing::series(self, series)
    }

    fn instant(&mut self, at_ms: u64, _: &[Value], after: &[Value]) -> Result<(), Error> {
        points(at_ms, after).try_for_each(|point| self.push(point))
    }
}

fn hour_of(timestamp_ms: u64) -> Hour {
    Point { timestamp_ms, value: Value::integer(0) }.hour()
}

fn points(timestamp_ms: u64, values: &[Value]) -> impl Iterator<Item = Point> {
    values.iter().map(move |value| Point { timestamp_ms, value: *value })
}

/// What came of a rewriting.
pub(super) struct Done {
    /// The roots of the whole result.
    pub(super) result: Roots,
    /// The roots of the points to put.
    pub(super) put: Roots,
    pub(super) told: Rewritten,
    /// An instant that is to be put with several values, of which a server keeps one.
    pub(super) conflict: Option<String>,
}

/// Writes points to put, and a list of rows to delete.
pub(super) struct Rewriting<'a, 'w, O> {
    writing: &'a mut Writing<'w, O>,
    deletes: &'a mut (dyn Write + Send),
    /// The most points of a row.
    most_points: usize,
    series: Series,
    row: Option<Row>,
    result: Rooting,
    put: Rooting,
    told: Rewritten,
    conflict: Option<String>,
}

/// A row while its instants come.
struct Row {
    hour: Hour,
    /// The points of the result, and whether nothing stands at their instant yet.
    points: Vec<(Point, bool)>,
    /// Whether something that stands there goes.
    loses: bool,
}

impl<'a, 'w, O: Outputs> Rewriting<'a, 'w, O> {
    pub(super) fn new(
        writing: &'a mut Writing<'w, O>,
        deletes: &'a mut (dyn Write + Send),
        memory_bytes: u64,
    ) -> Self {
        Rewriting {
            writing,
            deletes,
            most_points: usize::try_from(memory_bytes / POINT_BYTES).unwrap_or(usize::MAX),
            series: Series::default(),
            row: None,
            result: Rooting::default(),
            put: Rooting::default(),
            told: Rewritten::default(),
            conflict: None,
        }
    }

    /// Decides about the row that is open.
    fn close(&mut self) -> Result<(), Error> {
        let Some(Row { hour, mut points, loses }) = self.row.take() else { return Ok(()) };
        if loses {
            let row = RowHour { series: self.series.clone(), hour };
            self.deletes.write_all(row.line()?.as_bytes())?;
            self.told.rows_deleted += 1;
            self.told.rows_put_again += u64::from(!points.is_empty());
        } else {
            points.retain(|(_, is_new)| *is_new);
        }
        for at in points.chunk_by(|(one, _), (other, _)| one.timestamp_ms == other.timestamp_ms) {
            if let [(point, _), _, ..] = at {
                self.conflict.get_or_insert_with(|| place_of_point(&self.series, *point));
            }
            let values: Vec<_> = at.iter().map(|(point, _)| point.value).collect();
            let at_ms = at.first().map_or(0, |(point, _)| point.timestamp_ms);
            self.put.instant(&self.series, at_ms, &values);
        }
        for (point, is_new) in points {
            self.told.points_put += 1;
            self.told.points_put_again += u64::from(!is_new);
            self.writing.push(point)?;
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<Done, Error> {
        self.close()?;
        let Rewriting { result, put, told, conflict, .. } = self;
        let (result, put) = (result.finish(), put.finish());
        Ok(Done { result, put, told, conflict })
    }
}

fn place_of_point(series: &Series, point: Point) -> String {
    format!("{series} {}", crate::time::time(point.timestamp_ms))
}

impl<O: Outputs> TakesInstants for Rewriting<'_, '_, O> {
    fn series(&mut self, series: &Series) -> Result<(), Error> {
        self.close()?;
        self.series.clone_from(series);
        self.writing.series(series)
    }

    fn instant(&mut self, at_ms: u64, before: &[Value], after: &[Value]) -> Result<(), Error> {
        let hour = hour_of(at_ms);
        if self.row.as_ref().is_some_and(|row| row.hour != hour) {
            self.close()?;
        }
        self.result.instant(&self.series, at_ms, after);
        let row = self.row.get_or_insert_with(|| Row { hour, points: Vec::new(), loses: false });
        row.loses |= !before.is_empty() && before != after;
        row.points.extend(points(at_ms, after).map(|point| (point, before.is_empty())));
        if row.points.len() > self.most_points {
            let what = format!(
                "{} holds more points than fit into memory",
                place_of(&self.series, Depth::Hour, hour)
            );
            return Err(Error::new(Kind::Limit, what).help("give it more: --memory SIZE"));
        }
        Ok(())
    }
}

/// The roots of points that come in the order of the tree.
struct Rooting {
    tree: Tree,
    open: Option<(Series, Leaf)>,
}

impl Default for Rooting {
    fn default() -> Self {
        Rooting { tree: Tree::new(Depth::Hour), open: None }
    }
}

impl Rooting {
    fn instant(&mut self, series: &Series, at_ms: u64, values: &[Value]) {
        let mut records: Vec<Record> = points(at_ms, values).map(|point| point.record()).collect();
        if records.is_empty() {
            return;
        }
        records.sort_unstable();
        let hour = hour_of(at_ms);
        if self.open.as_ref().is_some_and(|(of, leaf)| of != series || leaf.hour() != hour) {
            self.close();
        }
        let (_, leaf) = self.open.get_or_insert_with(|| (series.clone(), Leaf::new(hour)));
        leaf.push(&records);
    }

    fn close(&mut self) {
        if let Some((series, leaf)) = self.open.take() {
            let row = leaf.close();
            let name = Name { series: &series, hour: row.hour };
            self.tree.push(name, &row.entry, &mut |_, _, _| {});
        }
    }

    fn finish(mut self) -> Roots {
        self.close();
        self.tree.finish(&mut |_, _, _| {}).roots
    }
}
