//! Text and JSON of reports made by hand.

use std::collections::BTreeMap;

use expect_test::{Expect, expect};
use tsdbproof_core::{Profile, Series, Tags, digest::Depth};

use super::{Json, Text, TextOptions, Whole};
use crate::report::{
    Cause, Compared, Counts, Difference, Differences, JobKind, NotRead, PlacedProblem,
    PointDifference, ProblemGroup, Report, Side, SideTotals, Verdict,
};

const HOUR_MS: u64 = 3_600_000;

fn side(role: &'static str, name: &str, points: u64) -> Side {
    Side {
        role,
        names: vec![name.to_owned()],
        is_manifest: name.ends_with(".arrow"),
        depth: Depth::Hour,
        totals: SideTotals {
            points,
            series_count: 2,
            metrics_count: 1,
            first: Some("2026-03-02T14:00:00Z".into()),
            last: Some("2026-03-02T15:59:59Z".into()),
            exact_root: format!("tsdbproof:v1:exact:{points}"),
            f32_root: format!("tsdbproof:v1:f32:{points}"),
            statement: format!("tsdbproof:v1:statement:{points}"),
            ..SideTotals::default()
        },
        scope: String::new(),
        points_read: points,
        repeats: 0,
        replaced: 0,
        conflicts: 0,
        undecided: 0,
        filtered: 0,
        unsettled: 0,
        files: Vec::new(),
        problems: Vec::new(),
        left_out: BTreeMap::new(),
        losses: BTreeMap::new(),
        not_read: Vec::new(),
        snapshots: Vec::new(),
        unread: Vec::new(),
        metrics: Vec::new(),
        days: BTreeMap::new(),
        rows: BTreeMap::new(),
    }
}

fn comparison(verdict: Verdict, points: [u64; 2]) -> Report {
    let [base_points, current_points] = points;
    Report {
        job: JobKind::Diff,
        verdict,
        reasons: Vec::new(),
        notes: Vec::new(),
        profile: Profile::Exact,
        sides: vec![
            side("base", "backup.arrow", base_points),
            side("current", "restored", current_points),
        ],
        compared: Some(Compared {
            depth: "hour",
            nodes: 4,
            equal_nodes: 4,
            base_points,
            current_points,
            ..Compared::default()
        }),
        changed_files: Vec::new(),
        contradictions: Vec::new(),
        merged: None,
        checked: None,
        converted: None,
        patches: Vec::new(),
        misfit: None,
        rewritten: None,
        chained: None,
        restored: None,
        version: "0.0.0",
    }
}

fn difference(metric: &str, host: &str, from_hour: u64, counts: Counts) -> Difference {
    let window = (from_hour * HOUR_MS, (from_hour + 1) * HOUR_MS);
    Difference {
        metric: metric.to_owned(),
        base_points: 3600,
        current_points: 3600 - counts.missing + counts.extra,
        counts,
        series: Series {
            metric: metric.to_owned(),
            tags: Tags::new([("host", host)]).expect("one tag"),
        },
        window_ms: Some(window),
        ..Difference::default()
    }
}

fn check(report: &Report, differences: &[Difference], expected: &Expect) {
    let mut text = Box::new(Text::new(TextOptions { limit: 2, ..TextOptions::default() }));
    differences.iter().for_each(|it| text.difference(it));
    expected.assert_eq(&text.finish(report));
}

#[test]
fn a_sound_comparison_is_short() {
    let report = comparison(Verdict::Same, [7200, 7200]);
    check(
        &report,
        &[],
        &expect![[r#"
        - BASE     backup.arrow (manifest): 7,200 points in 2 series of 1 metric, 2026-03-02 14:00:00 – 2026-03-02 15:59:59
        + CURRENT  restored: 7,200 points in 2 series of 1 metric, 2026-03-02 14:00:00 – 2026-03-02 15:59:59
        legend     - only in BASE, + only in CURRENT, ~ changed
        same: both sides hold the same 7,200 points
        exact      tsdbproof:v1:exact:7200
        f32        tsdbproof:v1:f32:7200
        statement  tsdbproof:v1:statement:7200
        compared   4 hours of series, all equal; 7,200 points on each side
    "#]],
    );
}

/// The report of a comparison that found these.
fn different(differences: &[Difference]) -> Report {
    let mut report = comparison(Verdict::Different, [28_800, 25_188]);
    let compared = report.compared.as_mut().expect("a comparison");
    compared.equal_nodes = 1;
    for difference in differences {
        compared.differences += 1;
        compared.counts.add(&difference.counts);
        let metric = compared.metrics.entry(difference.metric.clone());
        let metric = metric.or_default();
        metric.series += 1;
        metric.counts.add(&difference.counts);
    }
    report
}

#[test]
fn differences_are_told_worst_first_with_causes_and_what_is_left_out() {
    let missing = |missing| Counts { missing, ..Counts::default() };
    let narrowed = Counts { changed: 2, narrowed: 2, ..Counts::default() };
    let mut shifted = difference("b", "web01", 4, Counts { missing: 1, extra: 1, ..narrowed });
    shifted.causes =
        vec![Cause::Shifted { by_ms: -3_600_000, points: 1 }, Cause::Float32Narrowed { points: 2 }];
    shifted.examples = vec![PointDifference {
        sign: '~',
        time: "2026-03-02T14:00:00Z".into(),
        base: vec!["1.1".into(), "1.2".into()],
        current: vec!["1.100000023841858".into()],
    }];
    let differences = [
        difference("a", "web01", 1, missing(1)),
        difference("a", "web02", 2, missing(3600)),
        difference("a", "web03", 23, missing(2)),
        shifted,
        difference("c", "x", 1, missing(1)),
        difference("d", "x", 1, missing(1)),
        difference("e\u{1b}[2J\u{202e}", "x", 1, missing(9)),
        difference("f", "x", 1, Counts { unresolved_nodes: 1, f32_equal_nodes: 1, ..missing(0) }),
    ];
    check(
        &different(&differences),
        &differences,
        &expect![[r#"
        - BASE     backup.arrow (manifest): 28,800 points in 2 series of 1 metric, 2026-03-02 14:00:00 – 2026-03-02 15:59:59
        + CURRENT  restored: 25,188 points in 2 series of 1 metric, 2026-03-02 14:00:00 – 2026-03-02 15:59:59
        legend     - only in BASE, + only in CURRENT, ~ changed
        different: 3,615 points missing, 1 extra, 2 changed (all narrowed to float32), 1 hour differs (1 of them equal in single precision) in 6 metrics

        roots of BASE
        exact      tsdbproof:v1:exact:28800
        f32        tsdbproof:v1:f32:28800
        statement  tsdbproof:v1:statement:28800

        roots of CURRENT
        exact      tsdbproof:v1:exact:25188
        f32        tsdbproof:v1:f32:25188
        statement  tsdbproof:v1:statement:25188

        a: 3,603 points missing in 3 series
        - a{host=web02} 1970-01-01 02:00–03:00: 3,600 of 3,600 points missing
        - a{host=web03} 1970-01-01 23:00–24:00: 2 of 3,600 points missing
          … and 1 more difference (--limit 0 shows all)

        e\u{1b}[2J\u{202e}: 9 points missing in 1 series
        - e\u{1b}[2J\u{202e}{host=x} 1970-01-01 01:00–02:00: 9 of 3,600 points missing

        b: 1 point missing, 1 extra, 2 changed (all narrowed to float32) in 1 series
        ~ b{host=web01} 1970-01-01 04:00–05:00: 1 of 3,600 points missing, 1 extra, 2 changed (1 shifted by -1 h; all narrowed to float32)
            ~ 2026-03-02T14:00:00Z 1.1 and 1.2 → 1.100000023841858

        c: 1 point missing in 1 series
        - c{host=x} 1970-01-01 01:00–02:00: 1 of 3,600 points missing

        … and 2 more metrics with 2 differences (--limit 0 shows all)

        compared   4 hours of series, 1 equal; 28,800 points in BASE and 25,188 in CURRENT
    "#]],
    );
}

#[test]
fn what_is_damaged_or_not_read_is_listed() {
    let mut report = comparison(Verdict::Incomplete, [7200, 7200]);
    report.reasons = vec!["1 file was not read".into()];
    report.notes = vec!["a note".into()];
    report.sides[0].left_out = BTreeMap::from([("bad-time".to_owned(), 2)]);
    let current = &mut report.sides[1];
    current.scope = "from 1772460000000\nmetric cpu.*\nduplicates last\n".into();
    current.repeats = 1;
    current.replaced = 2;
    current.conflicts = 3;
    current.filtered = 1200;
    current.not_read = ["a", "b", "c", "d", "e"]
        .map(|name| NotRead { name: name.into(), why: "noise".into() })
        .into();
    current.problems = vec![ProblemGroup {
        kind: "bad-value",
        is_damage: true,
        count: 1234,
        first: vec![PlacedProblem {
            file: "restored/part\u{7}".into(),
            line: Some(7),
            byte: Some(200),
            packed_byte: None,
            what: "a value that is no number; found \"x\"".into(),
        }],
    }];
    check(
        &report,
        &[],
        &expect![[r#"
        - BASE     backup.arrow (manifest): 7,200 points in 2 series of 1 metric, 2026-03-02 14:00:00 – 2026-03-02 15:59:59
        + CURRENT  restored: 7,200 points in 2 series of 1 metric, 2026-03-02 14:00:00 – 2026-03-02 15:59:59
                   only from 2026-03-02T14:00:00Z, metric cpu.*, the last of duplicates
        legend     - only in BASE, + only in CURRENT, ~ changed
        incomplete: no difference was seen, but not all was compared
          1 file was not read
          a note
        exact      tsdbproof:v1:exact:7200
        f32        tsdbproof:v1:f32:7200
        statement  tsdbproof:v1:statement:7200

        problems in CURRENT
          1,234 × bad-value (damage)
            restored/part\u{7}: line 7 (byte 200): a value that is no number; found "x"

        compared   4 hours of series, all equal; 7,200 points on each side
        BASE       its root leaves out 2 × bad-time of its source
        CURRENT    1 repeated point counted once; 2 values that --duplicates left out; 3 instants with several values; 1,200 points outside of the filters
        not read   a: noise
        not read   b: noise
        not read   c: noise
        not read   d: noise
          … and 1 more file (--limit 0 shows all)
    "#]],
    );
}

#[test]
fn json_has_every_difference_and_then_the_summary() {
    let mut json = Json::new(Vec::new());
    for hour in 0..1000 {
        json.difference(&difference("a\u{1b}", "web01", hour, Counts::default()));
    }
    let bytes = json.finish(&comparison(Verdict::Different, [1, 2])).expect("memory takes all");
    let text = String::from_utf8(bytes).expect("JSON is UTF-8");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 1001);
    assert!(lines[..1000].iter().all(|it| it.starts_with(r#"{"message_type":"difference","#)));
    assert!(lines[1000].starts_with(r#"{"message_type":"summary","#) && text.ends_with("}\n"));
}
