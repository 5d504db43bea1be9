//! Saved answers of a real OpenTSDB: those of plain queries hold the points of the scan text, and
//! what an answer can't carry is named, counted, and never called compared.

use std::collections::BTreeMap;

use tsdbproof::{
    Duplicates, Error, Kind, Options, Scope,
    report::{Cause, Compared, Counts, Difference, Report, Verdict},
};

use crate::{
    jobs::{data, diff, manifest, manifest_of, verify},
    memory_host::{MemoryHost, run},
};

fn answer(file: &str) -> Vec<u8> {
    data(&format!("http/{file}.json"))
}

fn show(bytes: &[u8], options: &Options) -> Result<Report, Error> {
    let mut host = MemoryHost { piece_bytes: vec![77, 1, 4096], ..MemoryHost::default() };
    let source = host.source(&[("answer.json", bytes)]);
    run(tsdbproof::show(&host, &source, options))
}

/// Points that were read, and problems by kind.
fn holds(report: &Report) -> (u64, Vec<(&'static str, u64)>) {
    let side = &report.sides[0];
    let problems = side.problems.iter().map(|group| (group.kind, group.count)).collect();
    (side.points_read, problems)
}

/// What every answer gives: points, and problems by kind. `None`: no format knows it.
const OUTCOMES: &[(&str, Option<(u64, &[(&str, u64)])>)] = &[
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
    ("main/query-cpu-sum-groupby", Some((0, &[("aggregated", 1)]))),
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
    ("main/serializers", None),
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
    for (file, expected) in OUTCOMES {
        match (show(&answer(file), &Options::default()), expected) {
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
