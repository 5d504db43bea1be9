//! What the tests of writers share: points to bytes, and bytes to points.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use tsdbproof_core::{Error, Hour, Loss, Point, Problem, Series, Tags};

use crate::{Access, Format, FormatReader, PointSink, ReadOptions, SeriesId, WriteOptions};

/// Points by series, as a set.
pub(crate) type Points = BTreeMap<Series, BTreeSet<Point>>;

/// What a reader gave.
#[derive(Debug, Default)]
pub(crate) struct Read {
    names: Vec<Series>,
    pub(crate) points: Points,
    pub(crate) problems: Vec<Problem>,
    pub(crate) lines: u64,
}

impl PointSink for Read {
    fn series(&mut self, metric: &str, tags: &Tags) -> SeriesId {
        let series = Series { metric: metric.to_owned(), tags: tags.clone() };
        let index = self.names.iter().position(|name| *name == series).unwrap_or_else(|| {
            self.names.push(series);
            self.names.len() - 1
        });
        SeriesId(index as u32)
    }

    fn points(&mut self, series: SeriesId, points: &[Point], _: Range<u64>) {
        let name = self.names[series.0 as usize].clone();
        self.points.entry(name).or_default().extend(points);
    }

    fn loss(&mut self, _: SeriesId, _: Hour, _: Loss) {}

    fn problem(&mut self, problem: Problem) {
        self.problems.push(problem);
    }
}

/// A reader of a format that is read from front to back.
pub(crate) fn open(format: &Format, options: &ReadOptions) -> Box<dyn FormatReader> {
    match format.access {
        Access::Stream { open, .. } => open(options, 0),
        other => panic!("{} is read by {other:?}", format.name),
    }
}

/// What a format's reader makes of pieces.
pub(crate) fn read_pieces<'a>(
    format: &Format,
    pieces: impl IntoIterator<Item = &'a [u8]>,
    options: &ReadOptions,
) -> Result<Read, Error> {
    let (mut reader, mut found) = (open(format, options), Read::default());
    for piece in pieces {
        reader.push(piece, &mut found)?;
    }
    reader.finish(&mut found)?;
    found.lines = reader.lines();
    Ok(found)
}

/// What a format's reader makes of bytes.
pub(crate) fn read(format: &Format, bytes: &[u8]) -> Read {
    read_pieces(format, bytes.chunks(60_000), &ReadOptions::default()).unwrap()
}

/// What a format's writer makes of points, given in two parts where there are more than one.
pub(crate) fn write(format: &Format, points: &Points) -> Vec<u8> {
    let mut keys = BTreeSet::new();
    keys.extend(points.keys().flat_map(|series| series.tags.pairs()).map(|(key, _)| key));
    let options = WriteOptions { tag_keys: keys.into_iter().collect() };
    let mut writer = (format.write.expect("a format that is written"))(&options);
    let mut out = Vec::new();
    for (series, points) in points {
        assert_eq!(writer.refuses_series(series), None, "{series}");
        let points: Vec<Point> = points.iter().copied().collect();
        assert!(points.iter().all(|point| writer.refuses_point(*point).is_none()), "{series}");
        let (first, rest) = points.split_at(points.len() / 2);
        writer.points(series, first, &mut out).unwrap();
        writer.points(series, rest, &mut out).unwrap();
    }
    writer.finish(&mut out).unwrap();
    out
}

/// Holds that points written are read back, without a problem; gives what was written.
#[track_caller]
pub(crate) fn round_trip(format: &Format, points: &Points) -> Vec<u8> {
    let written = write(format, points);
    let found = read(format, &written);
    assert_eq!(found.problems, []);
    assert!(found.points == *points, "{}: other points came back", format.name);
    written
}

/// Points at the ends of what a point can be, under names that try a grammar: some words in `odd`.
pub(crate) fn extremes(odd: &[&str]) -> Points {
    use tsdbproof_core::Value;
    let numbers = [5e-324, -2.2250738585072014e-308, 0.1, -1e-5, 1e300, f64::MAX, 2f64.powi(63)];
    let integers = [i64::MIN, i64::MAX, -1, 0, 1 << 53, (1 << 53) + 1];
    let values = numbers.map(Value::float).into_iter().chain(integers.map(Value::integer));
    let times = [0, 1000, 4_294_967_000, 4_294_967_296, 1_700_000_000_001, 4_294_967_295_999];
    let points = times.into_iter().cycle().zip(values.cycle()).take(78);
    let points: BTreeSet<Point> =
        points.map(|(timestamp_ms, value)| Point { timestamp_ms, value }).collect();
    let mut all = Points::new();
    for (index, odd) in odd.iter().enumerate() {
        let tags = Tags::new([(*odd, "v"), ("k", *odd), ("é", r"\")]).unwrap();
        for metric in [format!("m{index}"), (*odd).to_owned()] {
            all.insert(Series { metric, tags: tags.clone() }, points.clone());
        }
    }
    all
}
