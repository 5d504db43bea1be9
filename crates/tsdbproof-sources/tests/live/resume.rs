//! Runs that are interrupted, and those that go on from there.

use std::{
    collections::HashSet,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tsdbproof::{Kind, report::Verdict};
use tsdbproof_sources::KeptAnswers;

use crate::{
    fake::{Fake, Reply, points},
    jobs::{Job, POINTS},
};

fn job(path: &Path, began_ms: u64) -> Job {
    // Who asked for a job that failed may still wait for its next try; in a process it ends with it.
    for _ in 0..500 {
        match KeptAnswers::open(path, "diff", began_ms) {
            Ok(kept) => return Job { kept: Some(Arc::new(kept)), ..Job::default() },
            Err(_) => std::thread::sleep(Duration::from_millis(20)),
        }
    }
    panic!("the file of answers stays locked")
}

/// Answers so many queries, and breaks every connection from then on until it is healed.
fn breaking(after: usize) -> (Fake, Arc<AtomicBool>) {
    let (count, healed) = (AtomicUsize::new(0), Arc::new(AtomicBool::new(false)));
    let is_healed = Arc::clone(&healed);
    let fake = Fake::start(points(POINTS), move |request, _| {
        let is_late = request.is_query() && count.fetch_add(1, Ordering::SeqCst) >= after;
        (is_late && !is_healed.load(Ordering::SeqCst)).then_some(Reply::Close)
    });
    (fake, healed)
}

#[test]
fn an_interrupted_run_goes_on_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("answers");
    for after in [0, 1, 7] {
        let (fake, healed) = breaking(after);
        let error = job(&path, 1000).diff(POINTS, &fake.url).unwrap_err();
        assert_eq!(error.kind(), Kind::Io);
        let next = job(&path, 2000);
        let before = fake.seen().len();
        healed.store(true, Ordering::SeqCst);
        let report = next.diff(POINTS, &fake.url).unwrap();
        assert_eq!(report.verdict, Verdict::Same, "{:?}", report.reasons);
        let seen = fake.seen();
        let queries = |part: &[crate::fake::Request]| -> Vec<String> {
            part.iter().filter(|it| it.is_query()).map(|it| it.body.clone()).collect()
        };
        let answered: HashSet<String> = queries(&seen[..before]).into_iter().take(after).collect();
        let again = queries(&seen[before..]);
        assert!(!again.is_empty() && again.iter().all(|body| !answered.contains(body)), "{after}");
        let notes = report.notes.join("\n");
        let told = format!("{after} answer");
        assert_eq!(notes.contains(&told), after > 0, "{notes}");
        assert_eq!(notes.contains("1970-01-01T00:00:01Z"), after > 0, "{notes}");
        drop(next);
        job(&path, 3000).kept.unwrap().remove().unwrap();
    }
}

#[test]
fn answers_of_another_server_are_not_taken() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("answers");
    let renewed = Arc::new(AtomicBool::new(false));
    let is_renewed = Arc::clone(&renewed);
    let fake = Fake::start(points(POINTS), move |request, _| {
        let version = format!(r#"{{"version":"{}"}}"#, is_renewed.load(Ordering::SeqCst));
        (request.path == "/api/version").then_some(Reply::Answer(200, version))
    });
    job(&path, 1).diff(POINTS, &fake.url).unwrap();
    renewed.store(true, Ordering::SeqCst);
    let error = job(&path, 1).diff(POINTS, &fake.url).unwrap_err().to_string();
    assert!(error.contains("another server"), "{error}");
}
