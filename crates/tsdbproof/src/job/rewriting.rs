//! What makes a server that holds one state hold another: the rows to delete, and the points to put.
//!
//! OpenTSDB keeps the points of a series and an hour in one row, and deletes whole rows only. A put where
//! another value stands may leave both there, in cells of their own, and then every query of the row
//! fails. So a row that loses or changes a point is deleted and put again as a whole; of a row that only
//! gains points, these are put.

use std::io::Write;

use super::{convert::Writing, place_of, replay::States};
use crate::{Outputs, look::InOrder, report::Rewritten, store::rows::RowHour};
use tsdbproof_core::{
    Error, Hour, Kind, Point, Series, Value,
    digest::{Depth, Roots, Totals},
    sort,
};

/// The points of a row that are held, at an estimate of their bytes.
const POINT_BYTES: u64 = 2 * size_of::<(Point, bool)>() as u64;

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
    /// Totals of the points to put.
    pub(super) put: Totals,
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
    /// The number of the result among the states.
    last_state: usize,
    /// What stands at the instant in the base.
    before: Vec<Value>,
    result: InOrder,
    put: InOrder,
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
        last_state: usize,
    ) -> Self {
        Rewriting {
            writing,
            deletes,
            most_points: usize::try_from(memory_bytes / POINT_BYTES).unwrap_or(usize::MAX),
            series: Series::default(),
            row: None,
            last_state,
            before: Vec::new(),
            result: InOrder::new(),
            put: InOrder::new(),
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
            let points: Vec<_> = at.iter().map(|(point, _)| *point).collect();
            self.put.instant(&points);
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
        let (result, put) = (result.finish().roots, put.finish());
        Ok(Done { result, put, told, conflict })
    }
}

fn place_of_point(series: &Series, point: Point) -> String {
    format!("{series} {}", crate::time::time(point.timestamp_ms))
}

impl<O: Outputs> Rewriting<'_, '_, O> {
    fn take(&mut self, at_ms: u64, before: &[Value], after: &[Value]) -> Result<(), Error> {
        let hour = hour_of(at_ms);
        if self.row.as_ref().is_some_and(|row| row.hour != hour) {
            self.close()?;
        }
        self.result.instant(&points(at_ms, after).collect::<Vec<_>>());
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

impl<O: Outputs> States for Rewriting<'_, '_, O> {
    fn series(&mut self, series: &Series) -> Result<(), Error> {
        self.close()?;
        self.series.clone_from(series);
        self.result.series(series);
        self.put.series(series);
        self.writing.series(series)
    }

    fn instant(&mut self, state: usize, timestamp_ms: u64, values: &[Value]) -> Result<(), Error> {
        let sorted = || {
            let mut values = values.to_vec();
            sort::all(&mut values);
            values
        };
        if state == 0 {
            self.before = sorted();
        }
        if state == self.last_state {
            let before = std::mem::take(&mut self.before);
            self.take(timestamp_ms, &before, &sorted())?;
        }
        Ok(())
    }
}
