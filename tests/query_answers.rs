//! Saved answers of a real OpenTSDB: those of plain queries hold the points of the scan text, and
//! what an answer can't carry is named, counted, and never called compared.

use tsdbproof::{
    Depth, Duplicates, Error, Kind, Options, ReadOptions, Scope,
    report::{Cause, Compared, Counts, Difference, Report, Verdict},
};

use crate::{
    apply::Unseen,
    jobs::{data, diff, manifest, manifest_of, verify},
    memory_host::{MemoryHost, run},
};

fn answer(file: &str) -> Vec<u8> {
    data(&format!("http/{file}.json"))
}

fn show(bytes: &[u8], options: &Options) -> Result<Report, Error> {
    let mut host = MemoryHost { piece_bytes: vec![77, 1, 4096], ..MemoryHost::default() };
    let source = host.source(&[("answer.json", bytes)]);
    run(tsdbproof::show(&host, &source, options, &mut Unseen))
}

/// Points that were read, and problems by kind.
fn holds(report: &Report) -> (u64, Vec<(&'static str, u64)>) {
    let side = &report.sides[0];
    let problems = side.problems.iter().map(|group| (group.kind, group.count)).collect();
    (side.points_read, problems)
}

/// Points, and problems by kind. `None`: no format knows it.
type Outcome = Option<(u64, &'static [(&'static str, u64)])>;

/// What every answer gives.
const OUTCOMES: &[(&str, Outcome)] = &[
    ("append/query-app", Some((780, &[]))),
    ("append/query-app-dup", Some((6, &[]))),
    ("append/query-app-s", Some((780, &[]))),
    ("append/query-app-unordered", Some((40, &[]))),
    ("main/aggregators", None),
    ("main/annotation-global", None),
    ("main/config", None),
    ("main/dropcaches", None),
    ("main/error-404", Some((0, &[("no-points", 1)]))),
    ("main/error-bad-aggregator", Some((0, &[("no-points", 1)]))),
    ("main/error-bad-json", Some((0, &[("no-points", 1)]))),
    ("main/error-bad-query", Some((0, &[("no-points", 1)]))),
    ("main/error-end-before-start", Some((0, &[("no-points", 1)]))),
    ("main/error-no-start", Some((0, &[("no-points", 1)]))),
    ("main/error-unknown-metric", Some((0, &[("no-points", 1)]))),
    ("main/error-unknown-tagk", Some((0, &[("no-points", 1)]))),
    ("main/error-unknown-tagv", Some((0, &[("no-points", 1)]))),
    ("main/query-annotated", Some((30, &[("annotation", 5)]))),
    ("main/query-annotated-global", Some((30, &[("annotation", 9)]))),
    ("main/query-annotated-noann", Some((30, &[]))),
    ("main/query-bug05", Some((12, &[]))),
    ("main/query-cpu-arrays", Some((123, &[]))),
    ("main/query-cpu-arrays-ms-tsuids", Some((123, &[]))),
    ("main/query-cpu-downsample", Some((0, &[("aggregated", 1)]))),
    ("main/query-cpu-full-none", Some((2904, &[]))),
    ("main/query-cpu-ms", Some((123, &[]))),
    ("main/query-cpu-none", Some((486, &[]))),
    // Nothing in the answer tells a rate from stored points.
    ("main/query-cpu-rate", Some((22, &[]))),
    ("main/query-cpu-showquery-stats", Some((21, &[]))),
    ("main/query-cpu-sum", Some((0, &[("aggregated", 1)]))),
    ("main/query-cpu-sum-groupby", Some((0, &[("aggregated", 4)]))),
    ("main/query-dup-conflict", Some((0, &[("no-points", 1)]))),
    ("main/query-dup-late-rewrite", Some((0, &[("no-points", 1)]))),
    ("main/query-dup-overwrite", Some((24, &[]))),
    ("main/query-dup-s-and-ms", Some((0, &[("no-points", 1)]))),
    ("main/query-dup-same", Some((12, &[]))),
    ("main/query-edge-ms", Some((22, &[]))),
    ("main/query-edge-s", Some((22, &[]))),
    ("main/query-empty", Some((0, &[]))),
    ("main/query-epoch", Some((14, &[]))),
    ("main/query-exp", Some((0, &[("aggregated", 1)]))),
    ("main/query-extremes", Some((87, &[]))),
    ("main/query-extremes-arrays", Some((87, &[]))),
    ("main/query-extremes-sum", Some((0, &[("aggregated", 1)]))),
    ("main/query-floats", Some((166, &[]))),
    ("main/query-floats-arrays-ms", Some((166, &[]))),
    ("main/query-floats-odd", Some((18, &[]))),
    ("main/query-gap", Some((25, &[]))),
    // Nor what was computed from histograms.
    ("main/query-histogram-buckets", Some((60, &[]))),
    ("main/query-histogram-percentiles", Some((20, &[]))),
    ("main/query-histogram-plain", Some((0, &[]))),
    ("main/query-import", Some((1200, &[]))),
    ("main/query-last", Some((0, &[("no-points", 1)]))),
    ("main/query-last-ms", Some((0, &[("no-points", 1)]))),
    ("main/query-last-no-backscan", Some((0, &[]))),
    ("main/query-lat-none-ms", Some((1800, &[]))),
    ("main/query-lat-none-s", Some((1800, &[]))),
    ("main/query-late", Some((510, &[]))),
    ("main/query-mem-none", Some((1440, &[]))),
    ("main/query-mix-ms", Some((240, &[]))),
    ("main/query-mix-s", Some((240, &[]))),
    ("main/query-mix-sum-ms", Some((240, &[]))),
    ("main/query-net-none", Some((1200, &[]))),
    ("main/query-post-many", Some((2046, &[("aggregated", 1)]))),
    ("main/query-tags", Some((96, &[]))),
    ("main/query-tags-sum", Some((0, &[("aggregated", 1)]))),
    ("main/query-unicode", Some((42, &[]))),
    ("main/query-unicode-lossy", Some((1, &[]))),
    ("main/search-lookup", Some((0, &[("missing-field", 1)]))),
    ("main/search-lookup-data", Some((0, &[("missing-field", 1)]))),
    ("main/serializers", Some((0, &[("no-points", 1)]))),
    ("main/suggest-metrics", None),
    ("main/suggest-tagk", None),
    ("main/suggest-tagv", None),
    ("main/uid-assign-known", Some((0, &[("missing-field", 1)]))),
    ("main/uidmeta", None),
    ("main/version", None),
    ("salt/query-salt-cpu", Some((480, &[]))),
    ("salt/query-salt-mem", Some((480, &[]))),
    ("salt/query-salt-mem-sum", Some((0, &[("aggregated", 1)]))),
];

#[test]
fn every_answer_has_a_known_outcome() {
    let mut found = Vec::new();
    // What they were asked for stands beside them.
    let read = ReadOptions { knows_query: true, ..ReadOptions::default() };
    let asked = Options { read, ..Options::default() };
    for (file, expected) in OUTCOMES {
        match (show(&answer(file), &asked), expected) {
            (Err(error), None) => assert_eq!(error.kind(), Kind::Unsupported, "{file}: {error}"),
            (Ok(report), Some(expected)) => {
                let holds = holds(&report);
                if (holds.0, holds.1.as_slice()) != *expected {
                    found.push(format!("{file}: {holds:?}"));
                }
            }
            (Ok(report), None) => found.push(format!("{file}: {:?}", holds(&report))),
            (Err(error), Some(_)) => found.push(format!("{file}: {error}")),
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Options that look at one metric, and at the time that a query asked for: seconds, both inclusive.
fn of_metric(metric: &str, host: Option<&str>, window: Option<(u64, u64)>) -> Options {
    let scope = Scope {
        metrics: vec![metric.to_owned()],
        tags: host.map(|host| format!("host={host}")).into_iter().collect(),
        from_ms: window.map(|(from, _)| from * 1000),
        to_ms: window.map(|(_, to)| (to + 1) * 1000),
        ..Scope::default()
    };
    Options { scope, split_bytes: 1 << 10, ..Options::default() }
}

const HOUR: Option<(u64, u64)> = Some((1_699_999_200, 1_700_002_799));

/// Scan, answer, metric, host, window: what has every point of the scan.
type Twin = (&'static str, &'static str, &'static str, Option<&'static str>, Option<(u64, u64)>);

const TWINS: &[Twin] = &[
    ("main", "query-cpu-full-none", "sys.cpu.user", None, None),
    ("main", "query-cpu-none", "sys.cpu.user", None, HOUR),
    ("main", "query-cpu-ms", "sys.cpu.user", Some("web01"), HOUR),
    ("main", "query-cpu-arrays", "sys.cpu.user", Some("web01"), HOUR),
    ("main", "query-cpu-arrays-ms-tsuids", "sys.cpu.user", Some("web01"), HOUR),
    (
        "main",
        "query-cpu-showquery-stats",
        "sys.cpu.user",
        Some("web01"),
        Some((1_699_999_200, 1_699_999_799)),
    ),
    ("main", "query-mem-none", "sys.mem.used", None, None),
    ("main", "query-lat-none-ms", "req.latency", None, None),
    ("main", "query-net-none", "net.bytes", None, None),
    ("main", "query-extremes", "num.extremes", None, None),
    ("main", "query-extremes-arrays", "num.extremes", None, None),
    ("main", "query-floats", "num.floats", None, None),
    ("main", "query-floats-arrays-ms", "num.floats", None, None),
    ("main", "query-floats-odd", "num.floats.odd", None, None),
    ("main", "query-mix-ms", "mix.types", None, None),
    ("main", "query-mix-sum-ms", "mix.types", None, None),
    ("main", "query-tags", "tags.many", None, None),
    ("main", "query-unicode", "uni.métrique", None, None),
    ("main", "query-unicode-lossy", "uni.métrique.lossy", None, None),
    ("main", "query-annotated", "evt.annotated", None, None),
    ("main", "query-annotated-global", "evt.annotated", None, None),
    ("main", "query-annotated-noann", "evt.annotated", None, None),
    ("main", "query-edge-ms", "edge.hours", None, None),
    ("main", "query-epoch", "edge.epoch", None, None),
    ("main", "query-import", "import.batch", None, None),
    ("main", "query-dup-same", "dup.same", None, None),
    ("main", "query-dup-overwrite", "dup.overwrite", None, None),
    ("main", "query-gap", "gap.series", None, None),
    ("main", "query-late", "late.points", None, None),
    ("append", "query-app", "app.sys.cpu.user", None, None),
    ("append", "query-app-unordered", "app.unordered", None, None),
    ("append", "query-app-dup", "app.dup", None, None),
    ("salt", "query-salt-cpu", "salt.sys.cpu.user", None, None),
    ("salt", "query-salt-mem", "salt.sys.mem.used", None, None),
];

/// Hours by loss of the one side of a report.
fn losses(report: &Report) -> Vec<(&'static str, u64)> {
    report.sides[0].losses.iter().map(|(loss, hours)| (*loss, *hours)).collect()
}

/// Whether all keys of an answer are whole seconds: its file says so by its keys alone.
fn is_in_seconds(bytes: &[u8]) -> bool {
    let text = str::from_utf8(bytes).expect("UTF-8");
    let (_, dps) = text.split_once("\"dps\":").expect("points");
    dps.trim_start_matches(['{', '[', '"']).bytes().take_while(u8::is_ascii_digit).count() == 10
}

#[test]
fn a_plain_answer_has_the_root_of_the_scan() {
    for &(set, file, metric, host, window) in TWINS {
        let options = of_metric(metric, host, window);
        let (_, scan) = manifest_of(&data(&format!("{set}-import.txt")), &options);
        let answer = answer(&format!("{set}/{file}"));
        let streams = MemoryHost { are_streams: true, ..MemoryHost::default() };
        let small = MemoryHost { piece_bytes: vec![1, 500], threads: 1, ..MemoryHost::default() };
        for host in [MemoryHost::default(), streams, small] {
            let (_, report) = manifest(host, &[("a.json", &answer)], &options).expect("sound");
            let (side, expected) = (&report.sides[0], &scan.sides[0].totals);
            assert_eq!(side.totals.exact_root, expected.exact_root, "{file}");
            assert_eq!(side.totals.f32_root, expected.f32_root, "{file}");
            assert!(side.totals.points > 0 && side.problems.iter().all(|it| !it.is_damage));
            let hours = side.totals.hours_count;
            let seconds = is_in_seconds(&answer).then_some(("whole-seconds", hours));
            let lost: Vec<_> = losses(&report);
            let wide = lost.iter().copied().filter(|(loss, _)| *loss == "wide-integers");
            // A double of 2^53 and more may have been an integer: num.floats has some.
            let expected: Vec<_> = seconds.into_iter().chain(wide).collect();
            assert_eq!(lost, expected, "{file}");
            let is_whole = lost.is_empty();
            let verdict = if is_whole { Verdict::Done } else { Verdict::Incomplete };
            assert_eq!(report.verdict, verdict, "{file}: {:?}", report.reasons);
        }
        let (report, differences) =
            diff(MemoryHost::default(), &data(&format!("{set}-import.txt")), &answer, &options)
                .expect("sound");
        let compared = report.compared.as_ref().expect("a comparison");
        let is_lossy = !report.sides[1].losses.is_empty();
        let verdict = if is_lossy { Verdict::Incomplete } else { Verdict::Same };
        assert_eq!((report.verdict, differences.len()), (verdict, 0), "{file}");
        assert_eq!(compared.equal_nodes + compared.lossy_nodes, compared.nodes, "{file}");
        assert_eq!(is_lossy, compared.lossy_nodes > 0, "{file}");
    }
}

/// Points of a metric in a scan whose time is no whole second.
fn within_seconds(scan: &[u8], metric: &str) -> u64 {
    let scan = str::from_utf8(scan).expect("UTF-8");
    let lines = scan.lines().filter(|line| line.starts_with(&format!("{metric} ")));
    let time = |line: &str| line.split(' ').nth(1).expect("a time").to_owned();
    lines.map(time).filter(|time| time.len() == 13 && !time.ends_with("000")).count() as u64
}

fn causes(differences: &[Difference]) -> Vec<Cause> {
    differences.iter().flat_map(|difference| difference.causes.clone()).collect()
}

#[test]
fn whole_seconds_are_all_that_an_answer_without_ms_lacks() {
    for (set, file, metric) in [
        ("main", "query-lat-none-s", "req.latency"),
        ("main", "query-edge-s", "edge.hours"),
        ("main", "query-mix-s", "mix.types"),
        ("append", "query-app-s", "app.sys.cpu.user"),
    ] {
        let options = of_metric(metric, None, None);
        let scan = data(&format!("{set}-import.txt"));
        let answer = answer(&format!("{set}/{file}"));
        let lost = within_seconds(&scan, metric);
        assert!(lost > 4, "{metric} has points within a second");
        for (base, current) in [(&scan, &answer), (&answer, &scan)] {
            let (report, differences) =
                diff(MemoryHost::default(), base, current, &options).expect("sound");
            assert_eq!(report.verdict, Verdict::Incomplete, "{file}: {differences:?}");
            let reasons = report.reasons.join("\n");
            assert!(reasons.contains("came in whole seconds"), "{reasons}");
            let compared = report.compared.expect("a comparison");
            assert_eq!(compared.counts, Counts { lost, ..Counts::default() }, "{file}");
            assert_eq!(compared.lossy_nodes, compared.nodes, "{file}");
            let named: u64 = causes(&differences)
                .iter()
                .map(|cause| match cause {
                    Cause::WholeSeconds { points } => *points,
                    other => panic!("{other:?}"),
                })
                .sum();
            assert_eq!(named, lost, "{file}");
        }
    }
}

/// An answer with one value changed, one point gone and one that is new, in whole seconds.
fn damaged_answer() -> Vec<u8> {
    let text = String::from_utf8(answer("main/query-lat-none-s")).expect("UTF-8");
    let (head, dps) = text.split_once("\"dps\":{").expect("points");
    let pairs: Vec<&str> = dps.split(',').collect();
    let (key, value) = pairs[10].split_once(':').expect("a pair");
    let changed = format!("{key}:{value}7");
    let added = "\"1699999100\":3.5";
    let kept: Vec<&str> = [added]
        .into_iter()
        .chain(pairs[..10].iter().copied())
        .chain([changed.as_str()])
        .chain(pairs[12..].iter().copied())
        .collect();
    format!("{head}\"dps\":{{{}", kept.join(",")).into_bytes()
}

#[test]
fn what_a_loss_does_not_explain_is_a_difference() {
    let options = of_metric("req.latency", None, None);
    let (report, differences) =
        diff(MemoryHost::default(), &data("main-import.txt"), &damaged_answer(), &options)
            .expect("sound");
    assert_eq!(report.verdict, Verdict::Different);
    let Counts { missing, extra, changed, lost, .. } = report.compared.expect("compared").counts;
    // A changed value of a point within a second is gone at its time, and new at the second's start.
    assert_eq!((missing + changed, extra + changed), (2, 2), "{differences:?}");
    let within = within_seconds(&data("main-import.txt"), "req.latency");
    assert!(lost + 2 >= within && lost < within, "{lost} of {within}");
}

fn compared_with_manifest(base: &[u8], current: &[u8], options: &Options) -> (Report, Compared) {
    let (manifest, _) = manifest_of(base, options);
    let (report, differences) =
        verify(MemoryHost::default(), &manifest, current, &Options::default()).expect("sound");
    assert!(differences.is_empty(), "{differences:?}");
    let compared = report.compared.clone().expect("a comparison");
    (report, compared)
}

#[test]
fn without_points_a_lossy_hour_is_neither_the_same_nor_different() {
    let scan = data("main-import.txt");
    for (metric, file, differs) in [
        ("req.latency", "main/query-lat-none-s", true),
        ("sys.cpu.user", "main/query-cpu-full-none", false),
    ] {
        let options = of_metric(metric, None, None);
        let answer = answer(file);
        for (base, current) in [(&scan, &answer), (&answer, &scan)] {
            let (report, compared) = compared_with_manifest(base, current, &options);
            assert_eq!(report.verdict, Verdict::Incomplete, "{metric}");
            assert_eq!(compared.lossy_nodes, compared.nodes, "{metric}");
            assert_eq!(compared.undecided_nodes, if differs { compared.nodes } else { 0 });
            assert_eq!(compared.counts.weight(), 0, "{metric}");
        }
    }
    // The same file again: nothing was lost since.
    let options = of_metric("sys.cpu.user", None, None);
    let answer = answer("main/query-cpu-full-none");
    let (report, _) = compared_with_manifest(&answer, &answer, &options);
    assert_eq!(report.verdict, Verdict::Incomplete);
    assert_eq!(report.notes, ["the files are those of the manifest, byte for byte"]);
}

#[test]
fn a_manifest_knows_which_of_its_hours_came_with_a_loss() {
    let scan = data("main-import.txt");
    let restored = data("restored/restored-import.txt");
    // Two metrics: one from the scan, one from an answer in seconds.
    let line = |line: &&[u8]| line.starts_with(b"sys.mem.used ");
    let part = |text: &[u8]| -> Vec<u8> {
        text.split_inclusive(|byte| *byte == b'\n').filter(line).flatten().copied().collect()
    };
    let answer = answer("main/query-lat-none-s");
    let sources: [(&str, &[u8]); 2] = [("mem.txt", &part(&scan)), ("lat.json", &answer)];
    let options = Options::default();
    let (whole, report) = manifest(MemoryHost::default(), &sources, &options).expect("sound");
    assert_eq!(report.verdict, Verdict::Incomplete);
    let lossy = report.sides[0].losses["whole-seconds"];
    assert!(lossy > 0 && lossy < report.sides[0].totals.hours_count);
    let lines = |text: &[u8]| -> Vec<u8> {
        let of_both =
            |line: &&[u8]| line.starts_with(b"sys.mem.used ") || line.starts_with(b"req.latency ");
        text.split_inclusive(|byte| *byte == b'\n').filter(of_both).flatten().copied().collect()
    };
    let (report, differences) =
        verify(MemoryHost::default(), &whole, &lines(&scan), &options).expect("sound");
    assert_eq!((report.verdict, differences.len()), (Verdict::Incomplete, 0));
    assert_eq!(report.compared.expect("compared").lossy_nodes, lossy);
    // Damage where nothing was lost is found all the same.
    let (report, differences) =
        verify(MemoryHost::default(), &whole, &lines(&restored), &options).expect("sound");
    assert_eq!(report.verdict, Verdict::Different);
    assert!(!differences.is_empty());
    assert!(differences.iter().all(|it| it.metric == "sys.mem.used"), "{differences:?}");
}

#[test]
fn shallow_and_merged_manifests_know_their_losses() {
    let scan = data("main-import.txt");
    for depth in Depth::ALL {
        let options = Options { depth, ..of_metric("req.latency", None, None) };
        let (report, compared) =
            compared_with_manifest(&answer("main/query-lat-none-s"), &scan, &options);
        assert_eq!(report.verdict, Verdict::Incomplete, "{depth:?}");
        let nodes = compared.nodes;
        assert_eq!((compared.lossy_nodes, compared.undecided_nodes), (nodes, nodes), "{depth:?}");
    }
    let options = Options::default();
    let parts = ["main/query-lat-none-s", "main/query-lat-none-ms", "main/query-late"]
        .map(|file| manifest_of(&answer(file), &options).0);
    let merge = |parts: &[(&str, &[u8])]| {
        let mut host = MemoryHost::default();
        let parts = host.source(parts);
        let mut whole = Vec::new();
        run(tsdbproof::merge(&host, &parts, &options, &mut whole)).expect("manifests")
    };
    let report = merge(&[("lat", &parts[0]), ("late", &parts[2])]);
    assert_eq!(report.verdict, Verdict::Incomplete, "{:?}", report.reasons);
    let report = merge(&[("lat", &parts[1]), ("late", &parts[2])]);
    assert_eq!(report.verdict, Verdict::Done, "{:?}", report.reasons);
}

#[test]
fn wide_integers_are_lost_where_a_double_stands_for_them() {
    let scan = b"m 1699999200 9007199254740993 a=1\nm 1699999260 0.5 a=1\nm 1700002800 7 a=1\n";
    let answer = |wide: &str| {
        format!(
            r#"[{{"metric":"m","tags":{{"a":"1"}},"aggregateTags":[],"dps":{{"1699999200000":{wide},"1699999260000":0.5,"1700002800000":7}}}}]"#
        )
    };
    let options = Options::default();
    let lossy = answer("9.007199254740992E15");
    let (report, differences) =
        diff(MemoryHost::default(), scan, lossy.as_bytes(), &options).expect("sound");
    assert_eq!(report.verdict, Verdict::Incomplete);
    assert_eq!(causes(&differences), [Cause::WideIntegers { points: 1 }]);
    let compared = report.compared.expect("a comparison");
    assert_eq!((compared.nodes, compared.equal_nodes, compared.lossy_nodes), (2, 1, 1));
    assert_eq!(compared.counts, Counts { lost: 1, ..Counts::default() });
    for other in ["9.007199254740996E15", "9007199254740992"] {
        let (report, _) =
            diff(MemoryHost::default(), scan, answer(other).as_bytes(), &options).expect("sound");
        assert_eq!(report.verdict, Verdict::Different, "{other}");
    }
    let (report, _) =
        diff(MemoryHost::default(), scan, answer("9007199254740993").as_bytes(), &options)
            .expect("sound");
    assert_eq!(report.verdict, Verdict::Same);
}

#[test]
fn losses_of_what_is_out_of_scope_do_not_count() {
    let answer = answer("main/query-cpu-full-none");
    let first_hour = of_metric("sys.cpu.user", Some("web01"), HOUR);
    let report = show(&answer, &first_hour).expect("sound");
    assert_eq!(losses(&report), [("whole-seconds", report.sides[0].totals.hours_count)]);
    assert!(report.sides[0].totals.hours_count < 12);
    let none = of_metric("other", None, None);
    assert_eq!(losses(&show(&answer, &none).expect("sound")), []);
}

#[test]
fn of_values_at_one_key_the_last_is_the_last_written() {
    let pairs: Vec<String> = (0..1000).map(|value| format!("\"1699999200\":{value}")).collect();
    let answer = format!(
        r#"[{{"metric":"m","tags":{{"a":"1"}},"aggregateTags":[],"dps":{{{}}}}}]"#,
        pairs.join(",")
    );
    for (duplicates, value) in [(Duplicates::Last, 999), (Duplicates::First, 0)] {
        let scope = Scope { duplicates, ..Scope::default() };
        let options = Options { scope, ..Options::default() };
        let line = format!("m 1699999200 {value} a=1\n");
        let (_, expected) = manifest_of(line.as_bytes(), &options);
        for are_streams in [false, true] {
            let host = MemoryHost { are_streams, ..MemoryHost::default() };
            let files: [(&str, &[u8]); 1] = [("a.json", answer.as_bytes())];
            let (_, report) = manifest(host, &files, &options).expect("sound");
            let (found, expected) = (&report.sides[0], &expected.sides[0].totals);
            assert_eq!(found.totals.exact_root, expected.exact_root, "{duplicates:?}");
            assert_eq!(found.replaced, 999);
        }
    }
}

#[test]
fn an_answer_in_seconds_is_no_proof_of_a_root() {
    let options = of_metric("req.latency", None, None);
    let (_, scan) = manifest_of(&data("main-import.txt"), &options);
    let root = scan.sides[0].totals.exact_root.parse().expect("a root");
    let mut host = MemoryHost::default();
    let source = host.source(&[("a.json", &answer("main/query-lat-none-s"))]);
    let against = tsdbproof::Against::Expect(root);
    let mut all = crate::jobs::All::default();
    let report = run(tsdbproof::verify(&host, &against, &source, &options, &mut all));
    assert_eq!(report.expect("sound").verdict, Verdict::Incomplete);
}
