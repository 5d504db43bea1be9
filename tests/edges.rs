//! Inputs that stand at the edge of a limit inside, where an answer could turn wrong without a sign.

use std::fmt::Write;

use tsdbproof::{Options, report::Verdict};

use crate::{
    jobs::{diff, manifest},
    memory_host::MemoryHost,
};

/// One point an hour for `hours` hours; `value` tells each.
fn hourly(hours: u64, value: impl Fn(u64) -> u64) -> Vec<u8> {
    let mut text = String::new();
    for hour in 0..hours {
        let line = writeln!(text, "m {} {} h=a", 1_600_000_000 + hour * 3600, value(hour));
        line.expect("text takes every line");
    }
    text.into_bytes()
}

#[test]
fn a_series_of_many_stretches_is_one_series_and_no_stretch_is_cut() {
    for (hours, every, expected) in [(12_000, 2, 6_000), (13_000, 3, 4_333)] {
        let base = hourly(hours, |_| 1);
        let current = hourly(hours, |hour| if hour % every == 0 { 1 } else { 2 });
        let (report, found) =
            diff(MemoryHost::default(), &base, &current, &Options::default()).expect("sound");
        let compared = report.compared.expect("a comparison");
        // Of each `every` neighbouring hours all but the first differ, and are one stretch.
        assert_eq!((compared.metrics["m"].series, compared.differences), (1, expected));
        assert_eq!(found.len() as u64, expected);
        let span = |d: &tsdbproof::report::Difference| d.window_ms.map(|(from, to)| to - from);
        assert!(found.iter().rev().skip(1).all(|d| span(d) == Some((every - 1) * 3_600_000)));
    }
}

#[test]
fn manifests_of_damaged_sources_are_never_plainly_the_same() {
    let damaged = b"m 1600000000 1 h=a\nm 1600000060 NaN h=a\n";
    let (bytes, report) =
        manifest(MemoryHost::default(), &[("a", damaged)], &Options::default()).expect("written");
    assert_eq!(report.verdict, Verdict::Damaged);
    let (report, _) =
        diff(MemoryHost::default(), &bytes, &bytes, &Options::default()).expect("sound");
    assert_eq!(report.verdict, Verdict::Incomplete, "{:?}", report.reasons);
}

#[test]
fn a_leaf_that_opens_again_and_again_keeps_its_points() {
    // Runs of four points, in turn of two hours: each closes the other's leaf, too seldom a point
    // for the disorder to tell.
    let mut lines = Vec::new();
    for run in 0..900u64 {
        for hour in 0..2 {
            for point in 0..4 {
                lines.push(format!("m {} {run} h=a\n", 1_600_002_000 + hour * 3600 + point));
            }
        }
    }
    let shuffled = lines.concat().into_bytes();
    lines.sort_unstable();
    lines.dedup();
    let sorted = lines.concat().into_bytes();
    let (report, _) =
        diff(MemoryHost::default(), &shuffled, &sorted, &Options::default()).expect("sound");
    assert_eq!(report.verdict, Verdict::Same);
    assert_eq!(report.sides[0].conflicts, 8);
}
