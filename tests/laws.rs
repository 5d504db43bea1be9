//! What must hold for any points in any form: order, splits, compression, hosts and memory change
//! nothing; the fast tree is the judge's; a diff is what sets of points say it is.

use std::collections::{BTreeMap, BTreeSet};

use proptest::{prelude::*, sample::Index};
use tsdbproof::{
    Duplicates, Kind, Options, Profile,
    report::{Counts, Report, Verdict},
};

use crate::{
    acceptance::{gzip, zstd},
    jobs::{diff, manifest, verify},
    judge::{self, Number, Point, canonical, hex},
    memory_host::MemoryHost,
};

pub(crate) const HOUR_MS: u64 = 3_600_000;

/// Points that often meet: few series, few hours, few values.
pub(crate) fn points() -> impl Strategy<Value = Vec<Point>> {
    let number = prop_oneof![
        (-3_i64..3).prop_map(Number::Integer),
        any::<i64>().prop_map(Number::Integer),
        prop::sample::select(vec![0.5, 0.85, 1.0, -0.0, 1e300, 1e-300, 16_777_217.5])
            .prop_map(Number::Float),
        any::<f64>().prop_filter("finite", |float| float.is_finite()).prop_map(Number::Float),
    ];
    let time = prop_oneof![
        (0_u64..4, 0_u64..4)
            .prop_map(|(hour, minute)| (472_000 + hour) * HOUR_MS + minute * 60_000),
        (0_u64..2).prop_map(|ms| 473_000 * HOUR_MS - 1 + ms),
        4_294_967_296_u64..4_294_967_296_000,
    ];
    let metric = prop::sample::select(vec!["cpu", "cpu.user", "größe"]);
    let tags = prop::sample::select(vec!["a=1", "a=2", "a=1 b=2", "b=2 a=1", "a-b=x"]);
    let point = (metric, tags, time, number).prop_map(|(metric, tags, timestamp_ms, number)| {
        let pair = |tag: &str| tag.split_once('=').map(|(k, v)| (k.to_owned(), v.to_owned()));
        let tags = tags.split(' ').filter_map(pair).collect();
        Point { metric: metric.to_owned(), tags, timestamp_ms, number }
    });
    prop::collection::vec(point, 0..120)
}

/// Points as import text: whole seconds in seconds, unless they would be read as milliseconds.
pub(crate) fn text(points: &[Point]) -> Vec<u8> {
    let line = |point: &Point| {
        let seconds = point.timestamp_ms / 1000;
        let is_whole = point.timestamp_ms.is_multiple_of(1000) && seconds.is_multiple_of(2);
        let time = if is_whole { seconds } else { point.timestamp_ms };
        let number = match point.number {
            Number::Integer(integer) => integer.to_string(),
            Number::Float(float) => format!("{float:e}"),
        };
        let tags: Vec<_> = point.tags.iter().map(|(key, value)| format!("{key}={value}")).collect();
        format!("{} {time} {number} {}\n", point.metric, tags.join(" "))
    };
    points.iter().map(line).collect::<String>().into_bytes()
}

/// A host, and how it feeds.
fn hosts() -> impl Strategy<Value = MemoryHost> {
    (prop::collection::vec(1_usize..5000, 1..4), 1_usize..4, any::<bool>(), any::<bool>()).prop_map(
        |(piece_bytes, threads, are_streams, has_scratch)| MemoryHost {
            piece_bytes,
            threads,
            are_streams,
            has_scratch,
            ..MemoryHost::default()
        },
    )
}

fn options(profile: Profile) -> Options {
    Options { split_bytes: 1 << 10, allow_empty: true, profile, ..Options::default() }
}

type Instants = BTreeMap<(String, BTreeMap<String, String>, u64), BTreeSet<(u8, [u8; 8])>>;

/// The distinct values of each instant.
fn instants(points: &[Point], profile: &str) -> Instants {
    let mut instants = Instants::new();
    for point in points {
        let instant = (point.metric.clone(), point.tags.clone(), point.timestamp_ms);
        instants.entry(instant).or_default().insert(canonical(point.number, profile));
    }
    instants
}

/// Missing, extra and changed, by comparing sets.
fn by_sets(base: &Instants, current: &Instants) -> [u64; 3] {
    let count = |values: Option<&BTreeSet<_>>| values.map_or(0, |values| values.len() as u64);
    let only = |a: &Instants, b: &Instants| {
        a.iter().filter(|(instant, _)| !b.contains_key(*instant)).map(|(_, v)| count(Some(v))).sum()
    };
    let changed = |(instant, values): &(&_, &BTreeSet<_>)| {
        current.get(*instant).is_some_and(|other| other != *values)
    };
    [only(base, current), only(current, base), base.iter().filter(changed).count() as u64]
}

fn counts(report: &Report) -> Counts {
    report.compared.as_ref().expect("a comparison").counts
}

fn missing_extra_changed(report: &Report) -> [u64; 3] {
    let Counts { missing, extra, changed, .. } = counts(report);
    [missing, extra, changed]
}

/// Current: base without some points, with others, some with other values.
fn edited(base: &[Point], other: Vec<Point>, edits: &[(Index, u8)]) -> Vec<Point> {
    let mut current = base.to_vec();
    for (index, kind) in edits.iter().filter(|_| !base.is_empty()) {
        let index = index.index(current.len().max(1));
        match kind {
            0 if current.len() > 1 => drop(current.swap_remove(index)),
            1 => current[index].number = Number::Float(0.1),
            2 => current[index].timestamp_ms ^= 1,
            _ => current.push(current[index].clone()),
        }
    }
    current.extend(other.into_iter().take(5));
    current
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_root_is_the_judges_whatever_the_host(points in points(), host in hosts()) {
        let text = text(&points);
        let (_, report) = manifest(host, &[("a", &text)], &options(Profile::Exact)).expect("sound");
        let totals = &report.sides[0].totals;
        for (profile, root, count) in [
            ("exact", &totals.exact_root, totals.points),
            ("f32", &totals.f32_root, totals.f32_points),
        ] {
            let judged = judge::judge(&points, profile);
            prop_assert_eq!(root, &format!("tsdbproof:v1:{}:{}", profile, hex(&judged.root)));
            prop_assert_eq!(count, judged.points);
        }
        let distinct: u64 = instants(&points, "exact").values().map(|it| it.len() as u64).sum();
        prop_assert_eq!(report.sides[0].repeats, points.len() as u64 - distinct);
    }

    #[test]
    fn order_files_and_compression_change_no_root(
        (points, shuffled) in points().prop_flat_map(|points| {
            (Just(points.clone()), Just(points).prop_shuffle())
        }),
        cut in any::<Index>(),
        host in hosts(),
    ) {
        let root = |files: &[(&str, &[u8])]| {
            let (_, report) = manifest(host.clone(), files, &options(Profile::Exact)).expect("sound");
            report.sides[0].totals.clone()
        };
        let (first, second) = shuffled.split_at(cut.index(shuffled.len() + 1));
        let (first, second) = (gzip(&text(first)), zstd(&text(second)));
        prop_assert_eq!(root(&[("a", &text(&points))]), root(&[("b", &second), ("c", &first)]));
    }

    #[test]
    fn a_diff_is_what_sets_of_points_say(
        base in points(),
        other in points(),
        edits in prop::collection::vec((any::<Index>(), 0_u8..4), 0..8),
        host in hosts(),
    ) {
        let current = edited(&base, other, &edits);
        let (a, b) = (text(&base), text(&current));
        for (profile, name) in [(Profile::Exact, "exact"), (Profile::F32, "f32")] {
            let (report, _) = diff(host.clone(), &a, &b, &options(profile)).expect("sound");
            let expected = by_sets(&instants(&base, name), &instants(&current, name));
            prop_assert_eq!(missing_extra_changed(&report), expected);
            let (mirrored, _) = diff(host.clone(), &b, &a, &options(profile)).expect("sound");
            let [missing, extra, changed] = missing_extra_changed(&mirrored);
            prop_assert_eq!([extra, missing, changed], expected);
            let is_same = report.verdict == Verdict::Same;
            prop_assert_eq!(is_same, expected == [0; 3]);
        }
        let (report, differences) = diff(host, &a, &a, &options(Profile::Exact)).expect("sound");
        prop_assert_eq!((report.verdict, differences.len()), (Verdict::Same, 0));
    }

    #[test]
    fn a_manifest_alone_names_the_hours_that_differ(
        base in points(),
        edits in prop::collection::vec((any::<Index>(), 0_u8..4), 0..4),
        host in hosts(),
    ) {
        let current = edited(&base, Vec::new(), &edits);
        let options = options(Profile::Exact);
        let (written, _) = manifest(host.clone(), &[("a", &text(&base))], &options).expect("sound");
        // A manifest is no stream.
        let host = MemoryHost { are_streams: false, ..host };
        let (_, differences) = verify(host, &written, &text(&current), &options).expect("sound");
        let mut found = BTreeSet::new();
        for it in &differences {
            let (from, to) = it.window_ms.expect("hours have a time");
            let hours = from / HOUR_MS..to / HOUR_MS;
            found.extend(hours.map(|hour| (it.metric.clone(), it.tags.clone(), hour)));
        }
        // Hours of a series that one side lacks stand in one stretch, with the hours between them.
        let whole = differences.iter().filter(|it| it.whole_series);
        let whole: BTreeSet<_> = whole.map(|it| (it.metric.clone(), it.tags.clone())).collect();
        let of_parts = |(metric, tags, _): &(String, BTreeMap<_, _>, u64)| {
            !whole.contains(&(metric.clone(), tags.clone()))
        };
        let (base, current) = (instants(&base, "exact"), instants(&current, "exact"));
        let differ = base.iter().chain(&current).filter(|(at, _)| base.get(at) != current.get(at));
        let expected = differ.map(|((metric, tags, ms), _)| (metric.clone(), tags.clone(), ms / HOUR_MS));
        let expected: BTreeSet<_> = expected.filter(of_parts).collect();
        found.retain(of_parts);
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn little_memory_changes_no_root_or_is_said(points in points(), memory in 1_u64..65_536) {
        let text = text(&points);
        let judged = hex(&judge::judge(&points, "exact").root);
        for has_scratch in [true, false] {
            let options = Options { memory_bytes: memory, ..options(Profile::Exact) };
            let host = MemoryHost { has_scratch, ..MemoryHost::default() };
            match manifest(host, &[("a", &text)], &options) {
                Ok((_, report)) => {
                    prop_assert!(report.sides[0].totals.exact_root.ends_with(&judged));
                }
                Err(error) => {
                    prop_assert_eq!(error.kind(), Kind::Limit);
                    prop_assert!(!has_scratch, "{}", error);
                }
            }
        }
    }

    #[test]
    fn little_memory_changes_no_write_that_stands(points in points(), memory in 1_u64..65_536) {
        let text = text(&points);
        for duplicates in [Duplicates::Last, Duplicates::First] {
            let root = |memory_bytes| {
                let mut options = Options { memory_bytes, ..options(Profile::Exact) };
                options.scope.duplicates = duplicates;
                let host = MemoryHost { piece_bytes: vec![100, 700], ..MemoryHost::default() };
                let (_, report) = manifest(host, &[("a", &text)], &options).expect("a manifest");
                report.sides[0].totals.exact_root.clone()
            };
            prop_assert_eq!(root(memory), root(1 << 30));
        }
    }
}
