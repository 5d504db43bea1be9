//! Servers that are written while they are read.

use tsdbproof::report::Verdict;

use crate::{
    fake::{Fake, points},
    jobs::{Job, POINTS, coverage},
};

/// Half past an hour in which the server has points that the other side does not know yet.
const SETTLED_MS: u64 = 1_702_000_000_000 + 3_600_000;
const NEW: &str = "\
a 1702003599 5 host=y
a 1702003600 6 host=y
new 1702009999 7 host=z
";

#[test]
fn the_newest_points_are_left_out_and_counted() {
    // Nothing of the other metrics is newer but for a point of the far future.
    let base = POINTS.replace("b.c 1893456000 5 dc=ams host=z\n", "");
    let base = format!("{base}a 1702003599 5 host=y\n");
    let fake = Fake::start(points(&format!("{POINTS}{NEW}")), |_, _| None);
    let job = Job { settle_ms: Some(SETTLED_MS), ..Job::default() };
    let report = job.diff(&base, &fake.url).unwrap();
    assert_eq!(report.verdict, Verdict::Same, "{:?} {}", report.reasons, coverage(&report));
    assert_eq!((report.sides[0].unsettled, report.sides[1].unsettled), (0, 3));
    assert_eq!(report.sides[1].filtered, 0);
    assert_eq!(Job::default().diff(&base, &fake.url).unwrap().verdict, Verdict::Different);
    // What is old enough is never left out.
    let lost = base.replace("a 1699999260 -2.5 host=x\n", "");
    assert_eq!(job.diff(&lost, &fake.url).unwrap().verdict, Verdict::Different);
}

#[test]
fn a_manifest_is_held_against_it_up_to_the_hour() {
    let job = Job { settle_ms: Some(SETTLED_MS), ..Job::default() };
    let old = POINTS.replace("b.c 1893456000 5 dc=ams host=z\n", "");
    let fake = Fake::start(points(&format!("{POINTS}{NEW}")), |_, _| None);
    let (manifest, _) = Job::default().manifest_file(&old).unwrap();
    let report = job.verify(manifest.path(), &fake.url).unwrap();
    assert_eq!(report.verdict, Verdict::Same, "{:?} {}", report.reasons, coverage(&report));
    assert_eq!(report.sides[1].unsettled, 4);
    // A manifest that reaches into what may still be written is not held against it there.
    let (manifest, _) = Job::default().manifest_file(POINTS).unwrap();
    let report = job.verify(manifest.path(), &fake.url).unwrap();
    assert_eq!(report.verdict, Verdict::Incomplete);
    assert!(coverage(&report).contains("--settle"), "{}", coverage(&report));
    let compared = report.compared.unwrap();
    assert_eq!((compared.differences, compared.unread_nodes), (0, 1));
}

#[test]
fn a_manifest_of_what_has_settled_says_up_to_when() {
    let fake = Fake::start(points(&format!("{POINTS}{NEW}")), |_, _| None);
    let job = Job { settle_ms: Some(SETTLED_MS), ..Job::default() };
    let report = job.manifest(&fake.url).unwrap();
    assert_eq!(report.sides[0].scope, format!("to {SETTLED_MS}\n"));
    assert_eq!((report.sides[0].unsettled, report.verdict), (3, Verdict::Done));
}
