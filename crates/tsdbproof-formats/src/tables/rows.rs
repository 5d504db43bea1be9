//! Rows of a batch as points, for every container whose columns are in Arrow's layout.

mod names_seen;

use std::{ops::Range, sync::Arc};

use tsdbproof_core::{Point, Position, ProblemKind, Tags, Value};

pub(super) use self::names_seen::NamesSeen;
use super::array::{Array, Dictionary};
use super::columns::{Source, Unit};
use super::names;
use super::resolve::Resolved;
use crate::{PointSink, ReadOptions, SeriesId, number::Fault};

/// Points of one series that are given out together at the most.
const RUN_POINTS: usize = 4096;

/// Rows that lie together in a file.
#[derive(Debug)]
pub(super) struct Batch {
    /// By the index of their column; what is not needed may be absent.
    pub(super) columns: Vec<Option<Array>>,
    pub(super) rows: usize,
    /// What lies at `at`, and the number of its row, from 0, that is the first of these.
    pub(super) part: &'static str,
    pub(super) first_row: u64,
    /// What to read to find them again.
    pub(super) range: Range<u64>,
    pub(super) at: Position,
}

/// Gives out the points of batches.
#[derive(Debug, Clone)]
pub(super) struct Rows {
    pub(super) columns: Resolved,
    unit: Option<Unit>,
    seen: NamesSeen,
    /// What indices in `seen` stand for.
    dictionaries: Vec<Arc<Dictionary>>,
    run: Vec<Point>,
}

/// The columns of a batch that are read.
struct Read<'a> {
    metric: Source<&'a Array>,
    timestamp: &'a Array,
    values: Vec<&'a Array>,
    tags: Vec<(&'a str, Source<&'a Array>)>,
    pairs: Vec<&'a Array>,
}

impl Rows {
    pub(super) fn new(columns: Resolved, options: &ReadOptions) -> Self {
        let unit = columns.unit.or(options.unit.map(Unit::from));
        Rows {
            columns,
            unit,
            seen: NamesSeen::default(),
            dictionaries: Vec::new(),
            run: Vec::new(),
        }
    }

    /// Whether the column of this index is read.
    pub(super) fn wants(&self, index: usize) -> bool {
        let Resolved { metric, timestamp, values, tags, pairs, .. } = &self.columns;
        let mut sources = tags.iter().map(|(_, source)| source).chain([metric]);
        index == *timestamp
            || values.contains(&index)
            || pairs.contains(&index)
            || sources.any(|source| *source == Source::Column(index))
    }

    /// Gives out the points of a batch, and a problem for each row without one.
    pub(super) fn read(&mut self, batch: &Batch, sink: &mut dyn PointSink) -> Result<(), Fault> {
        self.check_dictionaries(batch);
        let Rows { columns, unit, seen, run, .. } = self;
        let read = Read::of(columns, batch)?;
        let mut series = SeriesId(0);
        // The series of the row before, if that gave a point.
        let mut before = None;
        let flush = |series, run: &mut Vec<Point>, sink: &mut dyn PointSink| {
            if !run.is_empty() {
                sink.points(series, run, batch.range.clone());
                run.clear();
            }
        };
        for row in 0..batch.rows {
            let found = read.point(row, *unit).and_then(|point| {
                // Rows of one series usually stand together.
                if let Some(same) = before.filter(|_| read.is_as_before(row)) {
                    return Ok((same, point));
                }
                read.spell(row, seen.begin())?;
                Ok((seen.spelled(|| read.names(row), sink)?, point))
            });
            before = found.as_ref().ok().map(|(series, _)| *series);
            match found {
                Ok((found, point)) => {
                    if found != series || run.len() >= RUN_POINTS {
                        flush(series, run, sink);
                        series = found;
                    }
                    run.push(point);
                }
                Err(mut fault) => {
                    flush(series, run, sink);
                    let row = batch.first_row + row as u64;
                    fault.what = format!("row {row} of the {}: {}", batch.part, fault.what);
                    sink.problem(fault.at(batch.at));
                }
            }
        }
        flush(series, run, sink);
        Ok(())
    }

    /// Forgets what indices of other dictionaries named.
    fn check_dictionaries(&mut self, batch: &Batch) {
        let mut dictionaries = Vec::new();
        let arrays = batch.columns.iter().flatten();
        arrays.for_each(|array| array.add_dictionaries(&mut dictionaries));
        let old = std::mem::replace(&mut self.dictionaries, dictionaries);
        let is_same = |(one, other)| Arc::ptr_eq(one, other);
        if old.len() != self.dictionaries.len() || !old.iter().zip(&self.dictionaries).all(is_same)
        {
            self.forget_series();
        }
    }

    /// Every id given so far is void.
    pub(super) fn forget_series(&mut self) {
        self.seen = NamesSeen::default();
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.seen.memory_bytes() + self.run.capacity() * size_of::<Point>()
    }
}

impl<'a> Read<'a> {
    fn of(columns: &'a Resolved, batch: &'a Batch) -> Result<Self, Fault> {
        let array = |index: usize| {
            let found = batch.columns.get(index).and_then(Option::as_ref);
            let found = found.filter(|array| array.length == batch.rows);
            found.ok_or_else(|| Fault::new(ProblemKind::BadRecord, "a batch that lacks a column"))
        };
        let source = |source: &Source<usize>| {
            Ok(match source {
                Source::Column(index) => Source::Column(array(*index)?),
                Source::Constant(text) => Source::Constant(text.clone()),
            })
        };
        let arrays = |indices: &[usize]| {
            indices.iter().map(|index| array(*index)).collect::<Result<Vec<_>, Fault>>()
        };
        let tags = columns.tags.iter().map(|(key, it)| Ok((key.as_str(), source(it)?)));
        Ok(Read {
            metric: source(&columns.metric)?,
            timestamp: array(columns.timestamp)?,
            values: arrays(&columns.values)?,
            tags: tags.collect::<Result<_, Fault>>()?,
            pairs: arrays(&columns.pairs)?,
        })
    }

    fn point(&self, row: usize, unit: Option<Unit>) -> Result<Point, Fault> {
        let missing = |what| Fault::new(ProblemKind::MissingField, what);
        let timestamp_ms = self.timestamp.time_ms(row, unit)?;
        let mut value = None;
        for array in &self.values {
            value = match (value, array.value(row)?) {
                (Some(one), Some(other)) => Some(same_number(one, other)?),
                (one, other) => one.or(other),
            };
        }
        Ok(Point {
            timestamp_ms: timestamp_ms.ok_or_else(|| missing("a row without a time"))?,
            value: value.ok_or_else(|| missing("a row without a value"))?,
        })
    }

    /// Whether a row surely names the series of the row before.
    fn is_as_before(&self, row: usize) -> bool {
        let sources = self.tags.iter().map(|(_, source)| source).chain([&self.metric]);
        let columns = sources.filter_map(|source| match source {
            Source::Column(array) => Some(*array),
            Source::Constant(_) => None,
        });
        let mut columns = columns.chain(self.pairs.iter().copied());
        row.checked_sub(1).is_some_and(|before| columns.all(|array| array.is_same(before, row)))
    }

    /// Appends what names the series, so that the same bytes are the same series.
    fn spell(&self, row: usize, key: &mut Vec<u8>) -> Result<(), Fault> {
        let sources = self.tags.iter().map(|(_, source)| source);
        for source in [&self.metric].into_iter().chain(sources) {
            if let Source::Column(array) = source {
                array.spell(row, key)?;
            }
        }
        self.pairs.iter().try_for_each(|array| array.spell(row, key))
    }

    fn names(&self, row: usize) -> Result<(String, Tags), Fault> {
        let metric = match &self.metric {
            Source::Column(array) => array.text(row)?,
            Source::Constant(text) => Some(text.as_bytes()),
        };
        let mut pairs = Vec::new();
        for (key, source) in &self.tags {
            let value = match source {
                Source::Column(array) => array.label(row)?,
                Source::Constant(text) => Some(text.as_bytes().into()),
            };
            // A column that says nothing for a row is how tables write that there is no such tag.
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                pairs.push((key.as_bytes().into(), value));
            }
        }
        for array in &self.pairs {
            array.pairs(row, &mut pairs)?;
        }
        let pairs = pairs.iter().map(|(key, value)| (key.as_ref(), value.as_ref()));
        Ok((names::metric(metric)?.to_owned(), names::tags(pairs)?))
    }
}

/// One number that two columns tell: an integer, and the float next to it.
pub(super) fn same_number(one: Value, other: Value) -> Result<Value, Fault> {
    let is_next = |integer: Value, float: Value| {
        let number = integer.as_integer().filter(|_| !integer.came_as_float());
        number.is_some_and(|number| Value::float(number as f64) == float)
    };
    match () {
        () if is_next(one, other) => Ok(one),
        () if is_next(other, one) || one == other => Ok(other),
        () => {
            let what = format!("a row with two values; found {one} and {other}, expected the same");
            Err(Fault::new(ProblemKind::Disagreement, what))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_columns_tell_one_number_or_disagree() {
        let (integer, float) = (Value::integer, Value::float);
        for (one, other, expected) in [
            (integer(5), float(5.0), Some(integer(5))),
            (integer(i64::MAX), float(9_223_372_036_854_775_808.0), Some(integer(i64::MAX))),
            (float(9_007_199_254_740_992.0), integer((1 << 53) + 1), Some(integer((1 << 53) + 1))),
            (float(0.5), float(0.5), Some(float(0.5))),
            (float(f64::NAN), float(f64::NAN), Some(float(f64::NAN))),
            (integer(5), float(6.0), None),
            (integer(5), integer(6), None),
            (integer(5), float(5.5), None),
            (float(9_007_199_254_740_992.0), float(9_007_199_254_740_994.0), None),
        ] {
            let found = same_number(one, other);
            assert_eq!(found.as_ref().ok(), expected.as_ref(), "{one} {other}");
            assert_eq!(found.map(Value::came_as_float).ok(), expected.map(Value::came_as_float));
        }
    }
}
