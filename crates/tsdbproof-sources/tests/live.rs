//! A live server as a source, against a scripted one: what the real OpenTSDB can't be made to do.
//! What it does do is tested in `tests/labs/opentsdb`.

#[path = "live/fake.rs"]
mod fake;
#[path = "live/faults.rs"]
mod faults;
#[path = "live/jobs.rs"]
mod jobs;
#[path = "live/part.rs"]
mod part;
#[path = "live/put.rs"]
mod put;
#[path = "live/resume.rs"]
mod resume;
#[path = "live/secrets.rs"]
mod secrets;
#[path = "live/settle.rs"]
mod settle;

use std::io::Write;

use fake::{Fake, Reply, error, points};
use jobs::{Job, OLD, POINTS, coverage};
use tsdbproof::{Error, report::Verdict};

const START_S: u64 = 1_700_006_400;

fn sound() -> Fake {
    Fake::start(points(POINTS), |_, _| None)
}

#[test]
fn a_server_is_the_same_as_the_text_of_its_points() {
    let fake = sound();
    for concurrency in [1, 4] {
        let report = Job { concurrency, ..Job::default() }.diff(POINTS, &fake.url).unwrap();
        assert_eq!(report.verdict, Verdict::Same, "{:?}", report.reasons);
        assert_eq!(report.sides[0].totals.exact_root, report.sides[1].totals.exact_root);
        let report = Job { concurrency, ..Job::default() }.diff(&fake.url, POINTS).unwrap();
        assert_eq!(report.verdict, Verdict::Same, "{:?}", report.reasons);
    }
    let report = Job::default().manifest(&fake.url).unwrap();
    assert_eq!(report.verdict, Verdict::Done);
    assert_eq!(report.sides[0].totals.points, POINTS.lines().count() as u64);
}

#[test]
fn what_only_the_server_has_is_seen() {
    let fake = sound();
    let known: String =
        POINTS.lines().filter(|line| line.starts_with("a ")).map(|it| format!("{it}\n")).collect();
    let report = Job::default().diff(&known, &fake.url).unwrap();
    let all = POINTS.lines().count() as u64;
    assert_eq!(report.verdict, Verdict::Different);
    assert_eq!(report.compared.unwrap().counts.extra, all - known.lines().count() as u64);
}

#[test]
fn filters_are_asked_for_and_points_outside_are_no_matter() {
    let fake = sound();
    let job = Job { metric: Some("a"), from_ms: Some(1_699_999_260_500), ..Job::default() };
    let report = job.diff(POINTS, &fake.url).unwrap();
    assert_eq!(report.verdict, Verdict::Same, "{:?}", report.reasons);
    let queries: Vec<_> = fake.seen().into_iter().filter(|request| request.is_query()).collect();
    assert!(!queries.is_empty());
    for query in queries {
        assert!(query.body.contains("\"metric\":\"a\""), "{}", query.body);
        assert!(query.window().0 >= 1_699_999_260_500, "{}", query.body);
    }
}

#[test]
fn a_server_is_only_ever_read() {
    let fake = sound();
    Job::default().diff(POINTS, &fake.url).unwrap();
    for request in fake.seen() {
        let path = request.path.split('?').next().unwrap();
        let is_read = match request.method.as_str() {
            "GET" => ["/api/version", "/api/suggest", "/api/config"].contains(&path),
            "POST" => ["/api/query", "/api/search/lookup"].contains(&path),
            _ => false,
        };
        assert!(is_read && !request.body.contains("delete"), "{request:?}");
    }
}

#[test]
fn no_more_is_asked_at_once_than_allowed() {
    for concurrency in [1, 3] {
        let fake = sound();
        Job { concurrency, ..Job::default() }.manifest(&fake.url).unwrap();
        assert!(fake.most_at_once() <= concurrency, "{}", fake.most_at_once());
    }
}

#[test]
fn metrics_are_fetched_while_those_before_them_are_read() {
    // Of each metric 100 days, one at a time.
    let lines = (0..400).map(|at| format!("m{} {} 1 a=b\n", at / 100, START_S + at % 100 * 86_400));
    let lines: String = lines.collect();
    let begin = std::time::Instant::now();
    let fake = Fake::start(points(&lines), |request, _| {
        let (from, to) = request.is_query().then(|| request.window())?;
        let is_dense = to > START_S * 1000 && from < (START_S + 100 * 86_400) * 1000;
        if is_dense && to - from > 86_400_000 {
            return Some(error(413, "Sorry"));
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
        None
    });
    let report = Job { concurrency: 4, ..Job::default() }.manifest(&fake.url).unwrap();
    assert_eq!(report.sides[0].totals.points, 400);
    // One behind the other, they take four seconds.
    assert!(begin.elapsed().as_secs() < 3, "{:?}", begin.elapsed());
}

#[test]
fn a_rate_is_kept() {
    let fake = sound();
    let begin = std::time::Instant::now();
    let job = Job { metric: Some("a"), rate: Some(200), concurrency: 4, ..Job::default() };
    job.manifest(&fake.url).unwrap();
    let least = (fake.seen().len() as u32 - 1) * 5;
    assert!(begin.elapsed().as_millis() >= least.into(), "{least} ms");
}

/// Refuses rows in which a series of `a` has a point that others contradict.
fn conflict(request: &fake::Request) -> Option<Reply> {
    let (from, to) = request.is_query().then(|| request.window())?;
    let is_asked =
        request.body.contains("\"metric\":\"a\"") || request.body.contains(&format!("{:018X}", 0));
    // As OpenTSDB does, it reads the next row as well where a window ends in an hour's last second.
    let rows = from / 3_600_000..=(to + 1000) / 3_600_000;
    let row = 1_699_999_200_000 / 3_600_000;
    let refused = error(400, "Duplicate timestamp for key=[0, 1], ms_offset=0");
    (is_asked && rows.contains(&row)).then_some(refused)
}

#[test]
fn a_conflict_costs_its_row_and_is_named() {
    let fake = Fake::start(points(POINTS), |request, _| conflict(request));
    let report = Job::default().diff(POINTS, &fake.url).unwrap();
    assert_eq!(report.verdict, Verdict::Incomplete);
    let compared = report.compared.as_ref().unwrap();
    assert_eq!((compared.differences, compared.unread_nodes), (0, 1));
    let unread = &report.sides[1].unread;
    assert_eq!(unread.len(), 1);
    assert_eq!(unread[0].name, "a{host=x} 2023-11-14 21:59–23:00");
    assert!(unread[0].why.contains("Duplicate timestamp"), "{}", unread[0].why);
}

#[test]
fn a_conflict_hides_no_difference_elsewhere() {
    let fake = Fake::start(points(POINTS), |request, _| conflict(request));
    let line =
        POINTS.lines().find(|line| line.starts_with("a ") && line.ends_with("host=y")).unwrap();
    let base = POINTS.replace(&format!("{line}\n"), "");
    let report = Job::default().diff(&base, &fake.url).unwrap();
    assert_eq!(report.verdict, Verdict::Different);
    assert_eq!(report.compared.unwrap().counts.extra, 1);
}

#[test]
fn a_manifest_remembers_what_was_not_read() {
    let fake = Fake::start(points(POINTS), |request, _| conflict(request));
    let (folder, made) = Job::default().manifest_file(&fake.url).unwrap();
    assert_eq!(made.verdict, Verdict::Incomplete);
    let report = Job::default().verify(folder.path(), POINTS).unwrap();
    assert_eq!(report.verdict, Verdict::Incomplete, "{:?}", report.reasons);
    assert_eq!(report.compared.as_ref().unwrap().unread_nodes, 1);
    assert_eq!(report.sides[0].unread, made.sides[0].unread);
}

#[test]
fn series_that_are_not_told_apart_cost_the_hour_of_the_metric() {
    let fake = Fake::start(points(POINTS), |request, _| {
        let is_lookup = request.path.starts_with("/api/search/lookup");
        conflict(request).or(is_lookup.then(|| error(403, "no")))
    });
    let report = Job::default().diff(POINTS, &fake.url).unwrap();
    assert_eq!(report.verdict, Verdict::Incomplete);
    assert_eq!(report.compared.as_ref().unwrap().unread_nodes, 2);
    assert!(
        report.sides[1].unread[0].why.contains("can't be told"),
        "{:?}",
        report.sides[1].unread
    );
}

#[test]
fn a_conflict_in_a_series_that_is_not_listed_is_a_gap_too() {
    let listed = format!(r#"{{"tsuid":"{:018X}","tags":{{"host":"y"}}}}"#, 1);
    for results in [listed, String::new()] {
        let fake = Fake::start(points(POINTS), move |request, _| {
            let list = || Reply::Answer(200, format!(r#"{{"results":[{results}]}}"#));
            let is_lookup = request.path.starts_with("/api/search/lookup");
            conflict(request).or(is_lookup.then(list))
        });
        // Only the points that were refused are missing on the server.
        let report = Job::default().diff(POINTS, &fake.url).unwrap();
        assert_eq!(report.verdict, Verdict::Incomplete, "{:?}", report.reasons);
        assert!(coverage(&report).contains("no series that the server lists"), "{report:?}");
    }
}

#[test]
fn a_list_of_metrics_that_may_be_cut_costs_coverage() {
    for (count, verdict) in [(999_999, Verdict::Same), (1_000_000, Verdict::Incomplete)] {
        let fake = Fake::start(points(POINTS), move |request, _| {
            let is_first = request.path.ends_with("q=");
            is_first.then(|| Reply::Answer(200, format!("[{}\"a\"]", "\"a\",".repeat(count - 1))))
        });
        let job = Job { answer_bytes: 8 << 20, ..Job::default() };
        let report = job.diff(POINTS, &fake.url).unwrap();
        assert_eq!(report.verdict, verdict, "{count}: {:?}", report.reasons);
        assert_eq!(coverage(&report).contains("ends at 1000000 names"), count == 1_000_000);
    }
}

#[test]
fn times_that_cannot_be_asked_for_are_not_missing() {
    let late = format!("{POINTS}a 4294962000 1 host=x\n");
    let fake = sound();
    let report = Job::default().diff(&late, &fake.url).unwrap();
    assert_eq!(report.verdict, Verdict::Incomplete, "{:?}", report.reasons);
    assert_eq!(report.compared.unwrap().unread_nodes, 1);
}

#[test]
fn old_points_are_read_as_milliseconds() {
    let fake = Fake::start(points(OLD), |_, _| None);
    let report = Job::default().diff(OLD, &fake.url).unwrap();
    assert_eq!(report.verdict, Verdict::Same, "{:?}", report.reasons);
    assert_eq!(Job::default().manifest(&fake.url).unwrap().sides[0].totals.points, 7);
}

#[test]
fn a_list_that_is_not_to_be_had_costs_coverage() {
    let fake = Fake::start(points(POINTS), |request, _| {
        request.path.starts_with("/api/suggest").then(|| error(500, "no scanner"))
    });
    let report = Job::default().diff(POINTS, &fake.url).unwrap();
    assert_eq!(report.verdict, Verdict::Incomplete);
    let compared = report.compared.as_ref().unwrap();
    assert_eq!((compared.differences, compared.unread_nodes), (0, 0));
    assert!(coverage(&report).contains("metrics that are not listed"), "{}", coverage(&report));
    let report = Job::default().manifest(&fake.url).unwrap();
    assert_eq!((report.verdict, report.sides[0].totals.points), (Verdict::Incomplete, 0));
}

#[test]
fn an_unknown_metric_is_missing() {
    let fake = sound();
    let report =
        Job::default().diff(&format!("{POINTS}gone 1700000000 1 a=b\n"), &fake.url).unwrap();
    assert_eq!((report.verdict, report.compared.unwrap().counts.missing), (Verdict::Different, 1));
}

#[test]
fn a_server_that_is_not_there_ends_the_job_at_once() -> Result<(), Error> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}", listener.local_addr()?);
    drop(listener);
    let error = Job::default().manifest(&url).unwrap_err().to_string();
    assert!(error.contains(&url) && error.contains("refused"), "{error}");
    Ok(())
}

#[test]
fn a_server_without_tls_is_not_called_untrusted() -> Result<(), Error> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    let url = format!("https://{}", listener.local_addr()?);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            // Who goes before the answer has an error of its own.
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    let error = Job::default().manifest(&url).unwrap_err().to_string();
    assert!(error.contains(&url) && error.contains("write http://"), "{error}");
    Ok(())
}
