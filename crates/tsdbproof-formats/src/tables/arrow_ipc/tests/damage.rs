//! Every cut and every flipped bit: an exact result, a named problem, or an error.

use std::ops::Range;

use tsdbproof_core::{Error, Hour, Loss, Point, Problem, ProblemKind, Tags, Weight};

use super::super::{FORMAT, indexed};
use crate::{Access, FormatReader, Index, Limits, PointSink, ReadOptions, SeriesId};

macro_rules! case {
    ($path:literal) => {
        include_bytes!(concat!("../../../../../../tests/suite/formats/", $path)).as_slice()
    };
}

/// Small files of every layout, from other tools.
const FILES: [&[u8]; 6] = [
    case!("arrow/good-pyarrow-zstd/input.arrow"),
    case!("arrow/good-dictionaries-grown/input.arrows"),
    case!("arrow/good-polars-stream/input.arrows"),
    case!("arrow/good-struct-tags/input.arrows"),
    case!("arrow/good-union/input.arrows"),
    case!("arrow/damaged-rows/input.arrows"),
];
/// Read by their footer.
const INDEXED: [&[u8]; 2] = [
    case!("arrow-file/good-polars/input.arrow"),
    case!("arrow-file/good-polars-categories/input.arrow"),
];

/// What a reader gave, as it gave it.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Given {
    names: Vec<(String, Tags)>,
    points: Vec<(SeriesId, Point)>,
    problems: Vec<Problem>,
    error: Option<String>,
}

impl Given {
    fn is_sound(&self) -> bool {
        let is_damage = |problem: &Problem| problem.kind.weight() == Weight::Damage;
        self.error.is_none() && !self.problems.iter().any(is_damage)
    }

    /// Every point with its series, in order.
    fn rows(&self) -> Vec<(&(String, Tags), Point)> {
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

fn options() -> ReadOptions {
    // No changed byte shall ask for more.
    let limits = Limits { batch_bytes: 1 << 20, ..Limits::default() };
    ReadOptions { limits, ..ReadOptions::default() }
}

fn feed(
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

fn read(bytes: &[u8], piece_bytes: usize) -> Given {
    let Access::Stream { open, .. } = FORMAT.access else { panic!("a stream") };
    let mut given = Given::default();
    let done = feed(open(&options(), 0).as_mut(), bytes, piece_bytes, &mut given);
    given.error = done.err().map(|error| error.to_string());
    given
}

fn parts(bytes: &[u8]) -> Result<Vec<crate::Part>, Error> {
    let Access::Indexed { index } = indexed::FORMAT.access else { panic!("by its footer") };
    let mut from = bytes.len().saturating_sub(64);
    for _ in 0..4 {
        match index(&options(), &bytes[from..], bytes.len() as u64)? {
            Index::Parts(parts) => return Ok(parts),
            Index::Wanted(earlier) => {
                assert!((earlier as usize) < from);
                from = earlier as usize;
            }
            Index::Cells(_) => panic!("points"),
        }
    }
    panic!("more is wanted each time");
}

fn read_indexed(bytes: &[u8]) -> Given {
    let mut given = Given::default();
    let mut read = || -> Result<(), Error> {
        let mut end = 0;
        for part in parts(bytes)? {
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

/// Holds what is said above of every flipped bit; `bits` is the step from one to the next.
fn flip(whole: &[u8], read: impl Fn(&[u8]) -> Given) {
    let expected = read(whole);
    let mut changed = whole.to_vec();
    for at in 0..whole.len() {
        for bit in 0..8 {
            changed[at] ^= 1 << bit;
            let given = read(&changed);
            // No form of it has a checksum: another name, time or value can't be seen. A row can.
            let lost = given.points.len() != expected.points.len();
            assert!(!(lost && given.is_sound()), "byte {at} bit {bit}: {:?}", given.problems);
            changed[at] ^= 1 << bit;
        }
    }
}

#[test]
fn a_flipped_bit_costs_no_row_unsaid() {
    for whole in &FILES[..3] {
        flip(whole, |bytes| read(bytes, 10_000));
    }
}

#[test]
fn a_flipped_bit_of_other_types_costs_no_row_unsaid() {
    for whole in &FILES[3..5] {
        flip(whole, |bytes| read(bytes, 10_000));
    }
}

#[test]
fn a_flipped_bit_of_a_file_read_by_its_footer_costs_no_row_unsaid() {
    for whole in INDEXED {
        flip(whole, read_indexed);
    }
}

#[test]
fn a_cut_file_gives_the_rows_before_the_cut_and_says_so() {
    for whole in FILES {
        let expected = read(whole, 10_000);
        let all = expected.rows();
        for length in 0..whole.len() {
            let given = read(&whole[..length], 10_000);
            let mut left = all.clone();
            for row in given.rows() {
                let index = left.binary_search(&row).expect("a row of the file");
                left.remove(index);
            }
            // A stream may end behind any batch.
            let may_be_whole = length == 0 || !whole.starts_with(b"ARROW1");
            assert!(!given.is_sound() || may_be_whole, "{length}");
            assert!(!given.is_sound() || left.is_empty() || length % 8 == 0, "{length}");
        }
    }
    for whole in INDEXED {
        for length in 0..whole.len() {
            assert!(read_indexed(&whole[..length]).error.is_some(), "{length}");
        }
    }
}

#[test]
fn pieces_of_any_size_give_the_same() {
    for whole in FILES {
        let expected = read(whole, whole.len());
        for piece_bytes in [1, 3, 7, 64, 1000] {
            assert_eq!(read(whole, piece_bytes), expected);
        }
        for at in (0..whole.len()).step_by(97) {
            let mut changed = whole.to_vec();
            changed[at] ^= 0x10;
            assert_eq!(read(&changed, 5), read(&changed, 10_000), "byte {at}");
        }
    }
}

#[test]
fn what_is_larger_than_the_limit_is_a_problem() {
    let Access::Stream { open, .. } = FORMAT.access else { panic!("a stream") };
    for (whole, batch_bytes) in [(FILES[0], 1500), (FILES[1], 500)] {
        let limits = Limits { batch_bytes, ..Limits::default() };
        let options = ReadOptions { limits, ..ReadOptions::default() };
        let mut given = Given::default();
        feed(open(&options, 0).as_mut(), whole, 100, &mut given).unwrap();
        let kinds: Vec<_> = given.problems.iter().map(|problem| problem.kind).collect();
        assert!(kinds.contains(&ProblemKind::RecordTooLong), "{kinds:?}");
    }
}

#[test]
fn behind_lost_bytes_reading_goes_on_with_the_next_batch() {
    let Access::Stream { open, .. } = FORMAT.access else { panic!("a stream") };
    let whole = FILES[0];
    let expected = read(whole, 10_000);
    for lost in (600..whole.len()).step_by(101) {
        let mut given = Given::default();
        let mut reader = open(&options(), 0);
        reader.push(&whole[..lost - 50], &mut given).unwrap();
        reader.gap(&mut given);
        reader.push(&whole[lost..], &mut given).unwrap();
        reader.finish(&mut given).unwrap();
        // Of three batches one is hit, or the border of two.
        assert!(given.points.len() >= expected.points.len() / 4, "{lost}: {}", given.points.len());
    }
}
