//! What is written is read back; no bytes make the reader panic or lose rows unsaid.

use tsdbproof_core::{Problem, ProblemKind};

use super::super::FORMAT;
use crate::{
    Limits, ReadOptions, Score, by_name,
    tables::testing::{Given, flip, options, read_indexed},
    writing::testing::{self, Points, extremes},
};

const MAIN: &[u8] = include_bytes!("../../../../../../tests/data/opentsdb/main-import.txt");

macro_rules! case {
    ($name:literal) => {
        include_bytes!(concat!(
            "../../../../../../tests/suite/formats/parquet/",
            $name,
            "/input.parquet"
        ))
        .as_slice()
    };
}

/// Small files of other tools.
const FILES: [&[u8]; 4] =
    [case!("good-duckdb"), case!("good-pages-2"), case!("good-struct-tags"), case!("damaged-rows")];

fn points(given: &Given) -> Points {
    let mut points = Points::new();
    for ((metric, tags), point) in given.rows() {
        let series = tsdbproof_core::Series { metric: metric.clone(), tags: tags.clone() };
        points.entry(series).or_default().insert(point);
    }
    points
}

fn read(bytes: &[u8]) -> Given {
    read_indexed(&FORMAT, bytes, &options())
}

#[test]
fn points_of_a_real_store_come_back() {
    let scan = testing::read(by_name("import-text").unwrap(), MAIN).points;
    let written = testing::write(&FORMAT, &scan);
    assert!(written.len() < MAIN.len() / 6, "{} of {}", written.len(), MAIN.len());
    assert_eq!((FORMAT.score)(&written), Score::Yes);
    assert_eq!(written, testing::write(&FORMAT, &scan));
    let given = read(&written);
    assert_eq!((&given.error, &given.problems), (&None, &vec![]));
    assert!(points(&given) == scan);
}

#[test]
fn extremes_and_odd_names_come_back() {
    let extremes = extremes(&["a,b", r"\{}", "=", " ", "\u{feff}x", "日本"]);
    let given = read(&testing::write(&FORMAT, &extremes));
    assert_eq!((&given.error, &given.problems), (&None, &vec![]));
    assert!(points(&given) == extremes);
    assert_eq!(read(&testing::write(&FORMAT, &Points::new())), Given::default());
}

#[test]
fn a_flipped_bit_costs_no_row_unsaid() {
    for whole in &FILES[..2] {
        flip(whole, read);
    }
}

#[test]
fn a_flipped_bit_of_other_types_costs_no_row_unsaid() {
    for whole in &FILES[2..] {
        flip(whole, read);
    }
}

#[test]
fn a_cut_file_is_an_error() {
    for whole in FILES {
        for length in 0..whole.len() {
            assert!(read(&whole[..length]).error.is_some(), "{length}");
        }
    }
}

#[test]
fn what_is_larger_than_the_limit_is_a_problem() {
    for batch_bytes in [100, 2000] {
        let limits = Limits { batch_bytes, ..Limits::default() };
        let given = read_indexed(&FORMAT, FILES[0], &ReadOptions { limits, ..Default::default() });
        let kinds: Vec<_> = given.problems.iter().map(|Problem { kind, .. }| *kind).collect();
        assert_eq!((kinds, given.error), (vec![ProblemKind::RecordTooLong], None));
    }
}
