//! What is written is read back, here and by arrow2; no bytes make a reader panic or lose rows unsaid.

mod arrow2_files;
mod damage;

use super::FORMAT;
use crate::{
    Score, by_name,
    writing::testing::{Points, extremes, read, round_trip},
};

const MAIN: &[u8] = include_bytes!("../../../../../tests/data/opentsdb/main-import.txt");

/// The points of a scan of OpenTSDB.
fn scan() -> Points {
    read(by_name("import-text").unwrap(), MAIN).points
}

#[test]
fn points_of_a_real_store_come_back() {
    let scan = scan();
    let written = round_trip(&FORMAT, &scan);
    assert!(written.len() < MAIN.len(), "{} of {}", written.len(), MAIN.len());
    assert_eq!((FORMAT.score)(&written), Score::Yes);
    assert_eq!((super::indexed::FORMAT.score)(&written), Score::Maybe);
}

#[test]
fn extremes_and_odd_names_come_back() {
    round_trip(&FORMAT, &extremes(&["a,b", r"\{}", "=", " ", "\u{feff}x", "日本"]));
}

#[test]
fn no_points_are_a_file_too() {
    round_trip(&FORMAT, &Points::new());
}

#[test]
fn other_files_are_not_arrow() {
    for head in [&b""[..], b"ARROW", b"PAR1", b"m 1700000000 5 a=1\n", &[0; 4096], &[0xff; 4096]] {
        assert!((FORMAT.score)(head) < Score::Yes, "{}", head.escape_ascii());
        assert_eq!((super::indexed::FORMAT.score)(head), Score::No, "{}", head.escape_ascii());
    }
}
