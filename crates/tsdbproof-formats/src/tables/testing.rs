//! What the tests of tables share: readers fed with damaged bytes.

use std::ops::Range;

use tsdbproof_core::{Error, Hour, Loss, Point, Problem, Tags, Weight};

use crate::{Access, Format, FormatReader, Index, Limits, Part, PointSink, ReadOptions, SeriesId};

/// What a reader gave, as it gave it.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Given {
    pub(super) names: Vec<(String, Tags)>,
    pub(super) points: Vec<(SeriesId, Point)>,
    pub(super) problems: Vec<Problem>,
    pub(super) error: Option<String>,
}

impl Given {
    /// Whether nothing says that points are lost.
    pub(super) fn is_sound(&self) -> bool {
        let is_damage = |problem: &Problem| problem.kind.weight() == Weight::Damage;
        self.error.is_none() && !self.problems.iter().any(is_damage)
    }

    /// Every point with its series, in order.
    pub(super) fn rows(&self) -> Vec<(&(String, Tags), Point)> {
        let mut rows: Vec<_> =
            self.points.iter().map(|(id, point)| (&self.names[id.0 as usize], *point)).collect();
        rows.sort_unstable();
        rows
    }
}

impl PointSink for Given {
    fn series(&mut self, metric: &str, tags: &Tags) -> SeriesId {
        let name = (metric.to_owned(), tags.clone());
        let index = self.names.iter().position(|known| *known == name).unwrap_or_else(|| {
            self.names.push(name);
            self.names.len() - 1
        });
        SeriesId(index as u32)
    }

    fn points(&mut self, series: SeriesId, points: &[Point], at: Range<u64>) {
        assert!(at.start < at.end);
        self.points.extend(points.iter().map(|point| (series, *point)));
    }

    fn loss(&mut self, _: SeriesId, _: Hour, _: Loss) {}

    fn problem(&mut self, problem: Problem) {
        self.problems.push(problem);
    }
}

/// Options under which no changed byte may ask for more than a MiB.
pub(super) fn options() -> ReadOptions {
    let limits = Limits { batch_bytes: 1 << 20, ..Limits::default() };
    ReadOptions { limits, ..ReadOptions::default() }
}

/// Gives bytes to a reader, and their end.
pub(super) fn feed(
    reader: &mut dyn FormatReader,
    bytes: &[u8],
    piece_bytes: usize,
    given: &mut Given,
) -> Result<(), Error> {
    for piece in bytes.chunks(piece_bytes) {
        reader.push(piece, given)?;
    }
    reader.finish(given)
}

fn parts(format: &Format, bytes: &[u8], options: &ReadOptions) -> Result<Vec<Part>, Error> {
    let Access::Indexed { index } = format.access else { panic!("{} has an index", format.name) };
    let mut from = bytes.len().saturating_sub(64);
    for _ in 0..4 {
        match index(options, &bytes[from..], bytes.len() as u64)? {
            Index::Parts(parts) => return Ok(parts),
            Index::Wanted(earlier) => {
                assert!((earlier as usize) < from);
                from = earlier as usize;
            }
            _ => panic!("an index of points"),
        }
    }
    panic!("more is wanted each time");
}

/// What is read of a file by its index.
pub(super) fn read_indexed(format: &Format, bytes: &[u8], options: &ReadOptions) -> Given {
    let mut given = Given::default();
    let mut read = || -> Result<(), Error> {
        let mut end = 0;
        for part in parts(format, bytes, options)? {
            assert!(part.range.start >= end && part.range.end <= bytes.len() as u64);
            end = part.range.end;
            let bytes = &bytes[part.range.start as usize..part.range.end as usize];
            feed((part.open)(part.range.start).as_mut(), bytes, 1000, &mut given)?;
        }
        Ok(())
    };
    given.error = read().err().map(|error| error.to_string());
    given
}

/// Holds that no flipped bit costs a row unsaid.
pub(super) fn flip(whole: &[u8], read: impl Fn(&[u8]) -> Given) {
    let expected = read(whole);
    let mut changed = whole.to_vec();
    for at in 0..whole.len() {
        for bit in 0..8 {
            changed[at] ^= 1 << bit;
            let given = read(&changed);
            // Without a checksum another name, time or value can't be seen. A row less can.
            let lost = given.points.len() != expected.points.len();
            assert!(!(lost && given.is_sound()), "byte {at} bit {bit}: {:?}", given.problems);
            changed[at] ^= 1 << bit;
        }
    }
}
