//! What `check` says of a real archive, held against what the real `tsdb import` did with it.

use std::collections::BTreeSet;

use tsdbproof::{
    Interval, Options, check,
    report::{Finding, FindingKind, Findings, Report, Verdict},
};

use crate::{
    jobs::{data, diff},
    memory_host::{MemoryHost, run},
};

#[derive(Default)]
struct Log(Vec<Finding>);

impl Findings for Log {
    fn finding(&mut self, finding: &Finding) {
        self.0.push(finding.clone());
    }
}

fn checked(
    mut host: MemoryHost,
    files: &[(&str, &[u8])],
    interval: Interval,
) -> (Report, Vec<Finding>) {
    let source = host.source(files);
    let mut log = Log::default();
    let report = run(check(&host, &source, interval, &Options::default(), &mut log));
    (report.expect("the archive is sound"), log.0)
}

fn check_text(text: &str) -> Vec<Finding> {
    checked(MemoryHost::default(), &[("text", text.as_bytes())], Interval::Unknown).1
}

/// A point by its series, its instant and its value, as text.
type Place = (String, String, String);

fn places(findings: &[Finding], kind: FindingKind) -> BTreeSet<Place> {
    let of_kind = findings.iter().filter(|finding| finding.kind == kind);
    let value = |what: &str| what.split([' ', ':']).next().unwrap_or_default().to_owned();
    let time = |finding: &Finding| finding.time.clone().unwrap_or_default();
    of_kind.map(|it| (it.series.to_string(), time(it), value(&it.what))).collect()
}

/// The points of lines of import text, as `check` names them: it reads them one file each.
fn points_of(lines: &[&str]) -> BTreeSet<Place> {
    let mut places = BTreeSet::new();
    for line in lines {
        let words: Vec<&str> = line.split(' ').filter(|word| !word.is_empty()).collect();
        let mut tags: Vec<&str> = words[3..].to_vec();
        tags.sort_unstable();
        let ms: u64 = match words[1].parse().expect("a time") {
            seconds if seconds < 1 << 32 => seconds * 1000,
            ms => ms,
        };
        let value: f64 = words[2].parse().expect("a number");
        let is_whole = value.fract() == 0.0 && value.abs() < 9.2e18;
        let value = if is_whole { format!("{value:.0}") } else { format!("{value:?}") };
        places.insert((
            format!("{}{{{}}}", words[0], tags.join(",")),
            tsdbproof::time::time(ms),
            value,
        ));
    }
    places
}

#[test]
fn what_import_refuses_is_what_the_real_one_refused() {
    let log = String::from_utf8(data("text-restored/import-skip-errors.err")).expect("text");
    let refused =
        log.lines().filter_map(|line| line.split_once("line=")?.1.strip_suffix("... Continuing"));
    let refused: Vec<&str> = refused.collect();
    let archive = data("main-import.txt");
    let (report, findings) =
        checked(MemoryHost::default(), &[("main", &archive)], Interval::Unknown);
    assert_eq!(report.verdict, Verdict::Faulty);
    let ours = places(&findings, FindingKind::ImportRefuses);
    assert_eq!(ours, points_of(&refused));
    assert_eq!((ours.len(), refused.len()), (42, 42));
}

#[test]
fn what_import_narrows_is_what_the_real_one_narrowed() {
    let archive = data("main-import.txt");
    let restored = data("text-restored/text-restored-import.txt");
    let (_, findings) = checked(MemoryHost::default(), &[("main", &archive)], Interval::Unknown);
    let ours = places(&findings, FindingKind::ImportNarrows);
    let report = diff(MemoryHost::default(), &archive, &restored, &Options::default());
    let (report, _) = report.expect("both are sound");
    let compared = report.compared.expect("it compares");
    assert_eq!((ours.len() as u64, compared.counts.narrowed), (3545, 3545));
    // Each is stored as it is foretold.
    let stored = String::from_utf8(restored).expect("text");
    let stored = points_of(&stored.lines().collect::<Vec<_>>());
    let told = findings.iter().filter(|finding| finding.kind == FindingKind::ImportNarrows);
    for finding in told {
        let value = finding.what.rsplit(' ').next().unwrap_or_default().to_owned();
        let place = (finding.series.to_string(), finding.time.clone().unwrap_or_default(), value);
        assert!(stored.contains(&place), "{place:?}");
    }
}

#[test]
fn nothing_depends_on_pieces_threads_or_memory() {
    let archive = data("main-import.txt");
    let expected = checked(MemoryHost::default(), &[("main", &archive)], Interval::Auto);
    for (pieces, threads) in [(vec![1, 977], 1), (vec![64], 3)] {
        let host = MemoryHost { piece_bytes: pieces, threads, ..MemoryHost::default() };
        let found = checked(host, &[("main", &archive)], Interval::Auto);
        assert_eq!(found.0.checked, expected.0.checked);
        assert!(found.1 == expected.1, "places depend on how the bytes came");
    }
}

#[test]
fn gaps_are_told_by_the_interval_that_is_given_or_kept() {
    let line = |minute: u64| format!("m {} {minute} a=1\n", 1_700_000_040 + minute * 60);
    let text: String = (0..40).filter(|minute| !(10..13).contains(minute)).map(line).collect();
    for interval in [Interval::Auto, Interval::Ms(60_000)] {
        let (_, findings) = checked(MemoryHost::default(), &[("text", text.as_bytes())], interval);
        let gaps: Vec<_> = findings.iter().filter(|it| it.kind == FindingKind::Gap).collect();
        assert_eq!(gaps.len(), 1);
        assert_eq!(gaps[0].time.as_deref(), Some("2023-11-14T22:23:00Z"));
        assert_eq!(
            gaps[0].what,
            "nothing until 2023-11-14T22:27:00Z: 3 points missing at an interval of 60 s"
        );
    }
    assert!(check_text(&text).iter().all(|finding| finding.kind != FindingKind::Gap));
}

#[test]
fn a_counter_that_falls_is_a_note_and_a_gauge_is_none() {
    let series = |name: &str, value: &dyn Fn(u64) -> u64| -> String {
        (0..40).map(|n| format!("{name} {} {} a=1\n", 1_700_000_040 + n * 60, value(n))).collect()
    };
    let counter = series("counter", &|n| if n < 30 { n * 1000 } else { (n - 30) * 1000 });
    let gauge = series("gauge", &|n| n * 7919 % 13);
    let findings = check_text(&(counter + &gauge));
    let resets: Vec<_> = findings.iter().map(|it| (it.kind.name(), it.what.as_str())).collect();
    assert_eq!(resets, [("counter-reset", "29000 falls to 0")]);
}

#[test]
fn seconds_among_milliseconds_are_seen() {
    // Put objects say milliseconds by size; 1,700,000 s as milliseconds is a time of 1970.
    let csv = "metric,timestamp_ms,value,a\nm,1700000000000,1,x\nm,1700000060,2,x\n";
    let findings =
        checked(MemoryHost::default(), &[("t.csv", csv.as_bytes())], Interval::Unknown).1;
    let kinds: Vec<_> = findings.iter().map(|it| (it.kind.name(), it.what.as_str())).collect();
    assert_eq!(kinds, [("unit-mix-up", "as seconds it would be 2023-11-14T22:14:20Z")]);
}
