//! Comparisons that end early, or take a sample: they never say "same" of what they left out.

use std::fmt::Write;

use tsdbproof::{
    Effort,
    report::{Report, Verdict},
};

use crate::{
    fake::{Fake, Reply, Request, points},
    jobs::{Job, POINTS},
};

const METRICS: u64 = 8;
const DAYS: u64 = 40;
/// Points of a series and a day: metrics have enough of them to be held against the other side.
const OF_DAY: u64 = 160;

/// Many days of many metrics, but for those that are left out.
fn many(holds: impl Fn(u64, u64, u64) -> bool) -> String {
    let mut text = String::new();
    for metric in 0..METRICS {
        for (day, step) in (0..DAYS).flat_map(|day| (0..OF_DAY).map(move |step| (day, step))) {
            for host in 0..2 {
                let time = 1_700_006_400 + day * 86_400 + step * 7;
                if holds(metric, day, host) {
                    writeln!(text, "m{metric} {time} {step} host={host}").expect("memory");
                }
            }
        }
    }
    text
}

fn queries(fake: &Fake) -> Vec<Request> {
    fake.seen().into_iter().filter(Request::is_query).collect()
}

fn of(effort: Effort) -> Job {
    Job { effort, answer_bytes: 64 << 20, ..Job::default() }
}

#[test]
fn the_first_difference_ends_the_questions() {
    let all = many(|_, _, _| true);
    let lost = many(|metric, day, host| (metric, day, host) != (2, 7, 1));
    let fake = Fake::start(points(&lost), |_, _| None);
    let whole = of(Effort::Whole).diff(&all, &fake.url).unwrap();
    let asked = queries(&fake).len();
    let fake = Fake::start(points(&lost), |_, _| None);
    let report = of(Effort::FirstDifference).diff(&all, &fake.url).unwrap();
    assert_eq!(report.verdict, Verdict::Different, "{:?}", report.reasons);
    assert!(queries(&fake).len() < asked * 3 / 4, "{} of {asked}", queries(&fake).len());
    let (compared, whole) = (report.compared.unwrap(), whole.compared.unwrap());
    assert_eq!((compared.counts, compared.differences), (whole.counts, 1));
    // Whatever was not asked for is no part of what is equal.
    assert_eq!(compared.equal_nodes + 1, compared.nodes);
    assert!(compared.unread_nodes + compared.left_nodes > whole.nodes / 2, "{compared:?}");
    assert_eq!(compared.nodes + compared.unread_nodes + compared.left_nodes, whole.nodes);
}

/// One metric of a year, of which a server answers for a day at a time, and what it was asked for.
fn a_year(effort: Effort, lost: Option<u64>) -> (Fake, Report) {
    let day =
        |day: u64| (0..OF_DAY).map(move |step| (day, 1_700_006_400 + day * 86_400 + step * 7));
    let line = |(_, time): (u64, u64)| format!("m {time} 1 host=a\n");
    let all: String = (0..365).flat_map(day).map(line).collect();
    let kept = (0..365).flat_map(day).filter(|(day, _)| Some(*day) != lost);
    let fake = Fake::start(points(&kept.map(line).collect::<String>()), |request, _| {
        let (from, to) = request.is_query().then(|| request.window())?;
        let is_dense = to > 1_700_006_400_000 && from < 1_700_006_400_000 + 365 * 86_400_000;
        (is_dense && to - from > 86_400_000).then(|| crate::fake::error(413, "Sorry"))
    });
    let report = of(effort).diff(&all, &fake.url).expect("a report");
    (fake, report)
}

#[test]
fn the_first_difference_within_a_metric_ends_its_questions() {
    let (fake, report) = a_year(Effort::FirstDifference, Some(100));
    assert_eq!(report.verdict, Verdict::Different, "{:?}", report.reasons);
    let compared = report.compared.unwrap();
    assert_eq!((compared.counts.missing, compared.differences), (OF_DAY, 1));
    // It was seen once 10,000 points more had come.
    assert!(queries(&fake).len() < 250, "{}", queries(&fake).len());
    let (fake, whole) = a_year(Effort::Whole, Some(100));
    assert!(queries(&fake).len() > 365, "{}", queries(&fake).len());
    // What was not asked for is neither the same nor missing.
    assert_eq!(compared.counts, whole.compared.unwrap().counts);
    assert!(compared.unread_nodes > 150 && compared.equal_nodes < 200, "{compared:?}");
    assert_eq!(compared.equal_nodes + compared.differences, compared.nodes);
    assert_eq!(compared.nodes + compared.unread_nodes + compared.left_nodes, 365);
    let (_, report) = a_year(Effort::FirstDifference, None);
    assert_eq!(report.verdict, Verdict::Same, "{:?}", report.reasons);
}

#[test]
fn without_a_difference_all_is_compared() {
    let all = many(|_, _, _| true);
    let fake = Fake::start(points(&all), |_, _| None);
    let report = of(Effort::FirstDifference).diff(&all, &fake.url).unwrap();
    assert_eq!(report.verdict, Verdict::Same, "{:?}", report.reasons);
    assert_eq!(report.compared.unwrap().left_nodes, 0);
    let fake = Fake::start(points(POINTS), |_, _| None);
    let report = of(Effort::FirstDifference).diff(POINTS, &fake.url).unwrap();
    assert_eq!(report.verdict, Verdict::Same, "{:?}", report.reasons);
}

#[test]
fn what_is_refused_is_no_first_difference() {
    let all = many(|_, _, _| true);
    let fake = Fake::start(points(&all), |request, _| {
        let is_refused =
            request.is_query() && ["\"m1\"", "tsuids"].iter().any(|it| request.body.contains(it));
        is_refused.then(|| crate::fake::error(400, "Duplicate timestamp"))
    });
    let report = of(Effort::FirstDifference).diff(&all, &fake.url).unwrap();
    assert_eq!(report.verdict, Verdict::Incomplete, "{:?}", report.reasons);
    let compared = report.compared.unwrap();
    let of_metric = DAYS * 2;
    assert_eq!((compared.left_nodes, compared.nodes), (0, (METRICS - 1) * of_metric));
}

#[test]
fn of_two_files_the_comparison_ends_as_well() {
    let all = many(|_, _, _| true);
    let lost = many(|metric, day, _| !(metric == 2 && day == 7 || metric == 4 && day == 1));
    let report = of(Effort::FirstDifference).diff(&all, &lost).unwrap();
    assert_eq!(report.verdict, Verdict::Different);
    let compared = report.compared.unwrap();
    assert_eq!((compared.differences, compared.counts.missing), (1, OF_DAY));
    assert!(compared.left_nodes > 0, "{compared:?}");
}

#[test]
fn a_sample_is_never_the_same_and_says_what_it_may_miss() {
    let all = many(|_, _, _| true);
    let fake = Fake::start(points(&all), |_, _| None);
    let report = of(Effort::Sample(1)).diff(&all, &fake.url).unwrap();
    assert_eq!(report.verdict, Verdict::Sampled, "{:?}", report.reasons);
    let compared = report.compared.unwrap();
    let sample = compared.sample.unwrap();
    // 1000 of 640 are all: too few days to leave any out.
    assert_eq!(sample.series_days, (METRICS * DAYS * 2, METRICS * DAYS * 2));
    assert_eq!((sample.unseen_series_days_ppm, compared.left_nodes), (0, 0));
}

#[test]
fn a_server_is_asked_for_the_days_of_a_sample_alone() {
    // Two points a day, over many days.
    let mut all = String::new();
    for (metric, day) in (0..4).flat_map(|metric| (0..1000).map(move |day| (metric, day))) {
        writeln!(all, "m{metric} {} {day} host=a", 1_600_000_000 + day * 86_400).unwrap();
    }
    let fake = Fake::start(points(&format!("{all}new 1700000000 1 a=b\n")), |_, _| None);
    let report = of(Effort::Sample(7)).diff(&all, &fake.url).unwrap();
    assert_eq!(report.verdict, Verdict::Sampled, "{:?}", report.reasons);
    let compared = report.compared.unwrap();
    let sample = compared.sample.unwrap();
    assert_eq!((sample.series_days, compared.nodes), ((1000, 4000), 1000));
    assert_eq!((compared.left_nodes, compared.equal_nodes), (3000, 1000));
    assert!((1000..1010).contains(&queries(&fake).len()), "{}", queries(&fake).len());
    assert!(sample.unseen_series_days_ppm < 20 && sample.unseen_series_ppm == 0, "{sample:?}");
    assert!(sample.unseen_days_ppm > 0, "{sample:?}");
    assert!(report.reasons.iter().any(|it| it.contains("a sample")), "{:?}", report.reasons);
    // Every other draw finds a metric that is lost, and the sample of a seed is always the same.
    let lost = all.lines().filter(|line| !line.starts_with("m2 "));
    let lost: String = lost.map(|line| format!("{line}\n")).collect();
    let fake = Fake::start(points(&lost), |_, _| None);
    for seed in [1, 2] {
        let first = of(Effort::Sample(seed)).diff(&all, &fake.url).unwrap();
        let second = of(Effort::Sample(seed)).diff(&all, &fake.url).unwrap();
        assert_eq!(first.verdict, Verdict::Different);
        assert_eq!(first.compared.as_ref().unwrap().counts.missing, 250);
        assert_eq!(first.compared, second.compared);
    }
}

#[test]
fn a_sample_needs_one_server_and_knowledge_of_days() {
    let fake = Fake::start(points(POINTS), |_, _| None);
    let error = of(Effort::Sample(1)).diff(POINTS, POINTS).unwrap_err().to_string();
    assert!(error.contains("no side is one"), "{error}");
    let error = of(Effort::Sample(1)).diff(&fake.url, &fake.url).unwrap_err().to_string();
    assert!(error.contains("both sides are servers"), "{error}");
}

#[test]
fn names_that_opentsdb_can_not_hold_are_neither_missing_nor_new() {
    let base = format!("{POINTS}a 1699999200 1 host=日本\n");
    let fake = Fake::start(points(&format!("{POINTS}a 1699999200 1 host=??\n")), |_, _| None);
    let report = Job::default().diff(&base, &fake.url).unwrap();
    assert_eq!(report.verdict, Verdict::Incomplete, "{:?}", report.reasons);
    let compared = report.compared.as_ref().unwrap();
    assert_eq!((compared.differences, compared.unread_nodes), (0, 2));
    let report = Job::default().manifest(&fake.url).unwrap();
    assert_eq!(report.sides[0].unread[0].name, "a{host=??}");
}

#[test]
fn a_server_that_hides_values_is_no_proof() {
    for (body, verdict) in [
        (r#"{"tsd.storage.fix_duplicates":"true"}"#, Verdict::Incomplete),
        (r#"{"tsd.storage.fix_duplicates":"false"}"#, Verdict::Same),
        ("{}", Verdict::Same),
    ] {
        let fake = Fake::start(points(POINTS), move |request, _| {
            (request.path == "/api/config").then(|| Reply::Answer(200, body.to_owned()))
        });
        let report = Job::default().diff(POINTS, &fake.url).unwrap();
        assert_eq!(report.verdict, verdict, "{body}");
        let is_noted = report.notes.iter().any(|note| note.contains("/api/config"));
        assert_eq!(is_noted, body == "{}", "{:?}", report.notes);
    }
}
