//! Every cut and every flipped bit: an exact result, a named problem, or an error.

use tsdbproof_core::ProblemKind;

use super::super::{FORMAT, indexed};
use crate::{
    Access, Limits, ReadOptions,
    tables::testing::{Given, feed, flip, options, read_indexed},
};

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

fn read(bytes: &[u8], piece_bytes: usize) -> Given {
    let Access::Stream { open, .. } = FORMAT.access else { panic!("a stream") };
    let mut given = Given::default();
    let done = feed(open(&options(), 0).as_mut(), bytes, piece_bytes, &mut given);
    given.error = done.err().map(|error| error.to_string());
    given
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
        flip(whole, |bytes| read_indexed(&indexed::FORMAT, bytes, &options()));
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
            assert!(
                read_indexed(&indexed::FORMAT, &whole[..length], &options()).error.is_some(),
                "{length}"
            );
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
