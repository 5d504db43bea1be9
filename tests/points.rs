//! Points of a series, side by side: what they say agrees with what a comparison says.

use tsdbproof::{Options, Profile, Scope, report::SeriesPoints};

use crate::{
    jobs::{data, diff, manifest_of},
    memory_host::{MemoryHost, run},
};

/// The points of a series of two files.
fn points(
    base: &[u8],
    current: &[u8],
    series: &tsdbproof::Series,
    options: &Options,
) -> SeriesPoints {
    let mut host = MemoryHost::default();
    let base = host.source(&[("base", base)]);
    let current = host.source(&[("current", current)]);
    run(tsdbproof::points(&host, &base, &current, series, options)).expect("sources are sound")
}

#[test]
fn points_of_every_difference_are_those_that_were_counted() {
    let base = data("main-import.txt");
    for (current, profile) in [
        ("restored/restored-import.txt", Profile::Exact),
        ("text-restored/text-restored-import.txt", Profile::Exact),
        ("text-restored/text-restored-import.txt", Profile::F32),
    ] {
        let current = data(current);
        let options = Options { profile, ..Options::default() };
        let (_, differences) =
            diff(MemoryHost::default(), &base, &current, &options).expect("sources are sound");
        assert!(differences.len() >= 8, "{} differences", differences.len());
        for difference in differences.iter().step_by(3) {
            let (from, to) = difference.window_ms.expect("hours have a time");
            let scope = Scope { from_ms: Some(from), to_ms: Some(to), ..Scope::default() };
            let options = Options { scope, ..options.clone() };
            let found = points(&base, &current, &difference.series, &options);
            let count = |sign| found.points.iter().filter(|it| it.sign == sign).count() as u64;
            let counts = &difference.counts;
            assert_eq!(
                (count('-'), count('+'), count('~')),
                (counts.missing, counts.extra, counts.changed),
                "{}",
                difference.series
            );
            assert!(found.points.is_sorted_by_key(|it| it.timestamp_ms));
            let of_base: u64 = found.points.iter().map(|it| it.base.len() as u64).sum();
            assert_eq!(of_base, difference.base_points, "{}", difference.series);
        }
    }
}

#[test]
fn a_manifest_has_no_points_at_hand_and_nothing_is_compared_with_it() {
    let text = data("main-import.txt");
    let (manifest, _) = manifest_of(&text, &Options::default());
    let (_, differences) = diff(
        MemoryHost::default(),
        &text,
        &data("restored/restored-import.txt"),
        &Options::default(),
    )
    .expect("sources are sound");
    let series = &differences[0].series;
    let found = points(&manifest, &text, series, &Options::default());
    assert_eq!((found.has_base, found.has_current), (false, true));
    assert!(!found.points.is_empty() && found.points.iter().all(|it| it.sign == '='));
}

#[test]
fn a_picture_has_room_for_so_many_points_and_says_that_there_are_more() {
    let line = |second: u64| format!("m {} {second} a=b\n", 1_700_000_000 + second);
    let text: String = (0..20_001).map(line).collect();
    let series = tsdbproof::Series {
        metric: "m".to_owned(),
        tags: tsdbproof::Tags::new([("a", "b")]).expect("one tag"),
    };
    let found = points(text.as_bytes(), b"m 1700000000 1 a=c\n", &series, &Options::default());
    assert_eq!((found.points.len(), found.is_cut), (20_000, true));
}
