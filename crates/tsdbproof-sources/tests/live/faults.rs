//! Servers that break, stall, lie, or have had enough.

use std::{
    io::Write,
    sync::{Arc, Mutex},
    time::Instant,
};

use tsdbproof::{Kind, report::Verdict};

use crate::{
    fake::{self, Fake, Reply, Request, error, points},
    jobs::{Job, POINTS, coverage},
};

/// The first query goes wrong like this, the others do not.
fn once(reply: impl Fn(&fake::Points, &Request) -> Reply + Send + Sync + 'static) -> Fake {
    let of_reply = points(POINTS);
    let count = std::sync::atomic::AtomicUsize::new(0);
    Fake::start(points(POINTS), move |request, _| {
        let is_first =
            request.is_query() && count.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0;
        is_first.then(|| reply(&of_reply, request))
    })
}

fn body(points: &fake::Points, request: &Request) -> String {
    match fake::answer(points, request) {
        Reply::Answer(200, body) => body,
        _ => panic!("an answer"),
    }
}

fn assert_same(fake: &Fake, job: &Job) {
    let report = job.diff(POINTS, &fake.url).expect("a report");
    assert_eq!(report.verdict, Verdict::Same, "{:?} {}", report.reasons, coverage(&report));
    // What broke off was not read.
    assert_eq!((report.sides[1].repeats, report.sides[1].problems.len()), (0, 0));
}

#[test]
fn what_breaks_once_is_asked_for_again() {
    let job = Job { timeout_ms: 300, ..Job::default() };
    assert_same(&once(|points, request| Reply::Half(body(points, request))), &job);
    assert_same(&once(|points, request| Reply::HalfWithoutLength(body(points, request))), &job);
    assert_same(&once(|_, _| Reply::Close), &job);
    assert_same(&once(|_, _| Reply::Stall), &job);
    assert_same(&once(|_, _| Reply::StallInBody), &job);
    assert_same(&once(|_, _| Reply::Answer(503, "<html>busy".into())), &job);
    assert_same(&once(|_, _| Reply::Answer(429, String::new())), &job);
}

fn packed(text: &str) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(text.as_bytes()).expect("memory");
    packed.finish().expect("memory")
}

const GZIP: &[(&str, &str)] = &[("Content-Encoding", "gzip")];

#[test]
fn packed_answers_are_asked_for_and_a_cut_one_is_none() {
    let all = points(POINTS);
    let fake = Fake::start(points(POINTS), move |request, _| {
        let accepts = request.header("accept-encoding").is_some_and(|it| it.contains("gzip"));
        assert!(accepts, "{request:?}");
        request.is_query().then(|| Reply::With(200, GZIP, packed(&body(&all, request))))
    });
    assert_same(&fake, &Job::default());
    let cut = once(|points, request| {
        let packed = packed(&body(points, request));
        Reply::With(200, GZIP, packed[..packed.len() - 9].to_vec())
    });
    assert_same(&cut, &Job::default());
}

#[test]
fn what_breaks_always_ends_the_job_after_waits_that_grow() {
    let times = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&times);
    let fake = Fake::start(points(POINTS), move |request, _| {
        request.is_query().then(|| {
            seen.lock().expect("no panic").push(Instant::now());
            Reply::Close
        })
    });
    let job = Job { metric: Some("a"), concurrency: 1, ..Job::default() };
    let error = job.diff(POINTS, &fake.url).unwrap_err();
    assert_eq!(error.kind(), Kind::Io);
    assert!(error.to_string().contains(&fake.url), "{error}");
    assert!(error.to_string().contains("8 times\nhelp: see whether the server runs"), "{error}");
    let times = times.lock().expect("no panic");
    let waits: Vec<_> = times.windows(2).map(|pair| (pair[1] - pair[0]).as_millis()).collect();
    assert_eq!(waits.len(), 7);
    for (wait, least) in waits.iter().zip([1, 2, 4, 8, 16, 32, 64]) {
        assert!(*wait >= least, "{waits:?}");
    }
}

/// Refuses windows longer than two hours of three months, as a server with low limits does.
fn limited(reply: impl Fn() -> Reply + Send + Sync + 'static) -> Fake {
    Fake::start(points(POINTS), move |request, _| {
        let (from, to) = request.is_query().then(|| request.window())?;
        let is_dense = from < 1_704_000_000_000 && to > 1_696_000_000_000;
        (is_dense && to - from > 7_200_000).then(&reply)
    })
}

#[test]
fn windows_that_are_too_much_are_halved() {
    let job = Job { timeout_ms: 100, ..Job::default() };
    assert_same(&limited(|| error(413, "Sorry, you have attempted to fetch more")), &job);
    assert_same(&limited(|| error(408, "timeout")), &job);
}

#[test]
fn an_endless_answer_is_cut_short_and_costs_coverage() {
    let fake = Fake::start(points(POINTS), |request, _| {
        let (from, to) = request.is_query().then(|| request.window())?;
        let is_of_a = request.body.contains("\"a\"") || request.body.contains("tsuids");
        let row = 1_702_000_000_000;
        (is_of_a && (from..to).contains(&row)).then(|| Reply::Long(u64::MAX, String::new()))
    });
    let report = Job { answer_bytes: 10_000, ..Job::default() }.diff(POINTS, &fake.url).unwrap();
    assert_eq!(report.verdict, Verdict::Incomplete, "{:?}", report.reasons);
    assert!(coverage(&report).contains("more than 10000 bytes"), "{}", coverage(&report));
}

#[test]
fn lies_end_the_job() {
    for (body, why) in [
        (
            r#"[{"metric":"z","tags":{"a":"b"},"aggregateTags":[],"dps":{"1699999200000":1}}]"#,
            "another metric",
        ),
        (
            r#"[{"metric":"a","tags":{"a":"b"},"aggregateTags":[],"dps":{"1699999200":1}}]"#,
            "msResolution",
        ),
        (
            r#"[{"metric":"a","tags":{"a":"b"},"aggregateTags":[],"dps":{"1199999200000":1}}]"#,
            "was not asked for",
        ),
    ] {
        let fake = Fake::start(points(POINTS), move |request, _| {
            request.is_query().then(|| Reply::Answer(200, body.to_owned()))
        });
        let job = Job { metric: Some("a"), from_ms: Some(1_690_000_000_000), ..Job::default() };
        let error = job.diff(POINTS, &fake.url).unwrap_err();
        assert_eq!(error.kind(), Kind::Malformed);
        assert!(error.to_string().contains(why), "{error}");
        assert!(error.to_string().contains("\nhelp: "), "{error}");
    }
}

#[test]
fn what_is_no_answer_is_damage() {
    for body in [
        r#"[{"metric":"a","tags":{"host":"x"},"aggregateTags":[],"dps":{"1699999200000":x1}}]"#,
        r#"[{"metric":"a","tags":{"host":"x"},"aggregateTags":["dc"],"dps":{"1699999200000":1}}]"#,
        r#"{"error":{"code":500,"message":"java.lang"}}"#,
    ] {
        let fake = once(move |_, _| Reply::Answer(200, body.to_owned()));
        let job = Job { metric: Some("a"), ..Job::default() };
        let report = job.manifest(&fake.url).unwrap();
        assert_eq!(report.verdict, Verdict::Damaged, "{body}");
    }
}

#[test]
fn statuses_that_no_try_mends_say_what_to_do() {
    for (status, help) in [
        (302, "the address that it leads to"),
        (401, "--auth-file"),
        (403, "the right to read"),
        (404, "http://HOST:PORT"),
    ] {
        let fake = Fake::start(points(POINTS), move |_, _| {
            const TO: &[(&str, &str)] = &[("Location", "http://127.0.0.1:1/api/version")];
            Some(Reply::With(status, TO, b"<html>".to_vec()))
        });
        let error = Job::default().diff(POINTS, &fake.url).unwrap_err().to_string();
        assert!(error.contains(&fake.url) && error.contains(help), "{error}");
        assert_eq!(fake.seen().len(), 1);
    }
}

#[test]
fn a_server_that_refuses_everything_is_given_up() {
    let fake = Fake::start(points(POINTS), |request, _| {
        request.is_query().then(|| error(400, "Bad things"))
    });
    let error = Job::default().diff(POINTS, &fake.url).unwrap_err().to_string();
    assert!(error.contains("refuses every query: 400 Bad things"), "{error}");
    assert!(fake.seen().len() < 300, "{}", fake.seen().len());
}
