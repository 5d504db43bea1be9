//! What is written is read back; nothing that bytes may hold makes a reader panic or guess.

use super::*;
use crate::writing::testing::{extremes, read, round_trip};
use crate::by_name;

const MAIN: &[u8] = include_bytes!("../../../../../tests/data/opentsdb/main-import.txt");

#[test]
fn points_of_a_real_store_come_back() {
    let scan = read(by_name("import-text").unwrap(), MAIN);
    let written = round_trip(&FORMAT, &scan.points);
    assert!(written.len() < MAIN.len(), "{} {}", written.len(), MAIN.len());
    assert_eq!(score(&written), Score::Yes);
}

#[test]
fn extremes_and_odd_names_come_back() {
    round_trip(&FORMAT, &extremes(&["a,b", r"\{}", "=", " ", "\u{feff}x", "日本"]));
}
