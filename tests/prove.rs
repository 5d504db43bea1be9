//! What patches make, proven without writing it; and what they change, told as differences.

use std::collections::BTreeMap;

use proptest::prelude::*;
use tsdbproof::{
    Course, Error, Kind, Options, Patched, Profile, Scope, Series, prove,
    report::{Difference, JobKind, Report, Verdict},
    show,
};

use crate::{
    apply::{BACK, FORWARD, applied, chains, manifest, patch, patches_of, root, try_patch},
    jobs::{All, data, diff, manifest_of},
    laws::{points, text},
    memory_host::{MemoryHost, run},
};

fn proven(base: &[u8], patches: &[&[u8]], course: Course) -> Result<Report, Error> {
    let mut host = MemoryHost::default();
    let base = host.source(&[("base", base)]);
    let inputs = patches_of(&mut host, patches);
    let options = Options { allow_empty: true, ..Options::default() };
    run(prove(&host, Patched { base: &base, patches: &inputs, course }, &options))
}

/// What a patch says that it changes.
fn shown(patch: &[u8]) -> Result<(Report, Vec<Difference>), Error> {
    let (mut host, mut all) = (MemoryHost::default(), All::default());
    let source = host.source(&[("a.patch", patch)]);
    let report = run(show(&host, &source, &Options::default(), &mut all))?;
    Ok((report, all.0))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_proven_is_what_apply_makes(
        ([a, b, c], [first, second], swapped) in chains(),
    ) {
        let patches = if swapped { [&second[..], &first[..]] } else { [&first[..], &second[..]] };
        for (base, course) in [(&a, FORWARD), (&b, FORWARD), (&c, FORWARD), (&c, BACK), (&a, BACK)] {
            for patches in [&patches[..], &patches[..1], &patches[1..]] {
                let found = proven(base, patches, course).expect("it can be read");
                let (expected, _) = applied(base, patches, course).expect("it can be read");
                prop_assert_eq!(found.verdict, expected.verdict);
                prop_assert_eq!(&found.reasons, &expected.reasons);
                prop_assert_eq!(found.patches, expected.patches);
                prop_assert_eq!(found.sides.len(), 1);
            }
        }
    }

    #[test]
    fn a_manifest_proves_what_it_can_and_never_more(a in points(), b in points(), c in points()) {
        let [a, b, c] = [a, b, c].map(|points| text(&points));
        prop_assume!(root(&a) != root(&b) && root(&b) != root(&c) && root(&a) != root(&c));
        let of_a = manifest(&a);
        // Patches against manifests hold all points of their hours.
        let [first, second] = [(&a, &b), (&b, &c)]
            .map(|(from, to)| try_patch(&manifest(from), to, &Options::default()).expect("sound").1);
        let report = proven(&of_a, &[&second, &first], FORWARD).expect("it can be read");
        prop_assert_eq!(report.verdict, Verdict::Same, "{:?}", report.reasons);
        // Others hold what changes: enough, or not.
        let first = patch(&a, &b);
        let report = proven(&of_a, &[&first], FORWARD).expect("it can be read");
        match report.verdict {
            Verdict::Same => {}
            verdict => {
                prop_assert_eq!(verdict, Verdict::Incomplete, "{:?}", report.reasons);
                prop_assert!(report.reasons[0].contains("name the backup itself"), "{:?}", report.reasons);
            }
        }
        let report = proven(&manifest(&c), &[&first], FORWARD).expect("it can be read");
        prop_assert_eq!(report.verdict, Verdict::Different);
    }

    #[test]
    fn a_patch_tells_every_change_of_its_own(a in points(), b in points()) {
        let (a, b) = (text(&a), text(&b));
        for patch in [patch(&a, &b), try_patch(&manifest(&a), &b, &Options::default()).expect("sound").1] {
            let (report, differences) = shown(&patch).expect("it is sound");
            let (told, compared) = (&report.patches[0], report.compared.as_ref().expect("changes"));
            prop_assert_eq!(report.verdict, Verdict::Done);
            let sum = |of: fn(&Difference) -> u64| differences.iter().map(of).sum::<u64>();
            prop_assert_eq!(sum(|it| it.counts.extra), told.added);
            prop_assert_eq!(sum(|it| it.counts.changed), told.replaced);
            prop_assert_eq!(sum(|it| it.counts.missing), told.deleted);
            prop_assert_eq!(sum(|it| it.counts.unresolved_nodes), told.cleared_hours);
            prop_assert_eq!(compared.differences, differences.len() as u64);
            prop_assert_eq!(sum(|it| it.current_points), compared.current_points);
        }
    }
}

#[test]
fn a_whole_new_hour_and_one_that_goes_need_no_points_of_the_base() {
    let base = b"a 3600 1 h=x\na 3601 2 h=x\na 7200 3 h=x\n";
    let of_base = manifest(base);
    let by_day =
        manifest_of(base, &Options { depth: tsdbproof::Depth::Day, ..Options::default() }).0;
    let verdict = |base: &[u8], current: &[u8]| {
        let report = proven(
            base,
            &[&patch(b"a 3600 1 h=x\na 3601 2 h=x\na 7200 3 h=x\n", current)],
            FORWARD,
        );
        report.expect("it can be read").verdict
    };
    assert_eq!(verdict(&of_base, b"a 7200 3 h=x\nb 9 1 h=x\n"), Verdict::Same);
    assert_eq!(verdict(&of_base, b"a 3600 1 h=x\na 7200 3 h=x\n"), Verdict::Incomplete);
    assert_eq!(verdict(&by_day, b"a 7200 3 h=x\n"), Verdict::Incomplete);
    assert_eq!(verdict(base, b"a 3600 1 h=x\na 7200 3 h=x\n"), Verdict::Same);
}

#[test]
fn a_patch_changes_what_a_comparison_of_both_sides_finds() {
    let (main, restored) = (data("main-import.txt"), data("restored/restored-import.txt"));
    let there = patch(&main, &restored);
    let (report, changes) = shown(&there).expect("it is sound");
    let (compared, differences) =
        diff(MemoryHost::default(), &main, &restored, &Options::default()).expect("sound");
    let (told, found) = (report.compared.unwrap(), compared.compared.unwrap());
    assert_eq!((report.job, told.depth), (JobKind::Show, "patch"));
    assert_eq!((told.counts.missing, told.counts.extra, told.counts.changed), (500, 4, 12));
    assert_eq!(told.metrics.keys().collect::<Vec<_>>(), found.metrics.keys().collect::<Vec<_>>());
    let of_series = |all: &[Difference]| {
        let mut counts = BTreeMap::<String, (u64, u64, u64)>::new();
        for it in all {
            let sum = counts.entry(it.series.to_string()).or_default();
            *sum = (sum.0 + it.counts.missing, sum.1 + it.counts.extra, sum.2 + it.counts.changed);
        }
        counts
    };
    assert_eq!(of_series(&changes), of_series(&differences));
    for change in &changes {
        points_are_told(&there, change);
    }
    let error = shown(&[&there[..400], &[0], &there[401..]].concat()).expect_err("a changed byte");
    assert_eq!(error.kind(), Kind::Malformed, "{error}");
}

/// The points of a patch around a change are those that it counts, with both values.
fn points_are_told(patch: &[u8], change: &Difference) {
    let mut host = MemoryHost::default();
    let (none, source) = (Default::default(), host.source(&[("a.patch", patch)]));
    let (from, to) = change.window_ms.expect("hours have a time");
    let scope = Scope { from_ms: Some(from), to_ms: Some(to), ..Scope::default() };
    let options = Options { scope, profile: Profile::F32, ..Options::default() };
    let series: &Series = &change.series;
    let found = run(tsdbproof::points(&host, &none, &source, series, &options)).expect("sound");
    let count = |sign| found.points.iter().filter(|it| it.sign == sign).count() as u64;
    let counts = &change.counts;
    assert_eq!(
        (count('-'), count('+'), count('~')),
        (counts.missing, counts.extra, counts.changed)
    );
    for (example, point) in change.examples.iter().zip(&found.points) {
        assert_eq!(
            (&example.time, &example.base, &example.current),
            (&point.time, &point.base, &point.current)
        );
    }
}
