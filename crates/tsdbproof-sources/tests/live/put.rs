//! Points into a server, whatever it does: each is stored once it says so, and what it refuses is told.

use std::{
    collections::BTreeSet,
    fs,
    num::NonZeroUsize,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::{Value, json};
use tempfile::TempDir;
use tsdbproof::{Acknowledged, Error, Kind, Puts};
use tsdbproof_sources::{PutPlan, ServerOptions, ServerPuts, Stop};

use crate::fake::{Fake, Points, Reply, Request, error};

/// What a server keeps of the points that were put, and how often a body came.
type Kept = Arc<Mutex<BTreeSet<String>>>;

fn objects(request: &Request) -> Vec<Value> {
    serde_json::from_str(&request.body).expect("an array of objects")
}

fn store(kept: &Kept, request: &Request) -> Reply {
    let objects = objects(request);
    let mut kept = kept.lock().expect("no panic");
    kept.extend(objects.iter().map(ToString::to_string));
    stored(objects.len(), 0)
}

fn stored(success: usize, failed: usize) -> Reply {
    let details = json!({"success": success, "failed": failed, "errors": []});
    Reply::Answer(200, details.to_string())
}

/// A server that keeps what is put, unless the script says otherwise of a put, by its number.
fn server(
    script: impl Fn(&Request, usize) -> Option<Reply> + Send + Sync + 'static,
) -> (Fake, Kept) {
    let kept = Kept::default();
    let (keep, puts) = (Arc::clone(&kept), Mutex::new(0));
    let fake = Fake::start(Points::default(), move |request, _| {
        if !request.path.starts_with("/api/put") {
            return None;
        }
        assert_eq!(request.path, "/api/put?sync&details");
        let number = {
            let mut puts = puts.lock().expect("no panic");
            *puts += 1;
            *puts - 1
        };
        Some(script(request, number).unwrap_or_else(|| store(&keep, request)))
    });
    (fake, kept)
}

/// Lines of points, many to a batch, hard to pack.
fn batch(number: u64, points: u64) -> Vec<u8> {
    let line = |index: u64| {
        let value = (number * 7919 + index).wrapping_mul(0x9E37_79B9_7F4A_7C15) as f64 / 3.7e5;
        let point = json!({"metric": "m", "timestamp": number * 10_000 + index + 1,
            "value": value, "tags": {"host": "a"}});
        format!("{point}\n")
    };
    (0..points).map(line).collect::<String>().into_bytes()
}

const BATCHES: u64 = 6;
const POINTS_A_BATCH: u64 = 500;
const ALL: u64 = BATCHES * POINTS_A_BATCH;

struct Run<'a> {
    url: &'a str,
    plan: PutPlan,
    root: &'a str,
    concurrency: usize,
}

impl Run<'_> {
    fn new<'a>(url: &'a str, folder: &Path) -> Run<'a> {
        let journal = Some(folder.join("journal.json"));
        let plan = PutPlan { journal, deletes: None, temp_dir: folder.into() };
        Run { url, plan, root: "r", concurrency: 4 }
    }

    /// Puts all batches, from where an earlier run was; gives what it skipped too.
    fn put(self) -> Result<(u64, Acknowledged), Error> {
        let options = ServerOptions {
            concurrency: NonZeroUsize::new(self.concurrency).expect("some"),
            timeout: Duration::from_millis(400),
            first_wait: Duration::from_millis(1),
            ..ServerOptions::default()
        };
        let mut puts = ServerPuts::new(self.url, &options, self.plan, &Stop::default())?;
        puts.greet()?;
        let before = puts.begin(self.root)?;
        assert_eq!(before % POINTS_A_BATCH, 0);
        for number in before / POINTS_A_BATCH..BATCHES {
            puts.put(batch(number, POINTS_A_BATCH), POINTS_A_BATCH)?;
        }
        Ok((before, puts.finish()?))
    }
}

fn all() -> BTreeSet<String> {
    let lines = (0..BATCHES).flat_map(|number| batch(number, POINTS_A_BATCH));
    let text = String::from_utf8(lines.collect()).expect("text");
    let parse = |line: &str| serde_json::from_str::<Value>(line).expect("a point").to_string();
    text.lines().map(parse).collect()
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

#[test]
fn every_point_is_put_in_bodies_that_any_server_takes() {
    let (fake, kept) = server(|_, _| None);
    let folder = folder();
    let (_, told) = Run::new(&fake.url, folder.path()).put().unwrap();
    assert_eq!((told.points, told.refused), (ALL, 0));
    assert!(*kept.lock().unwrap() == all());
    let puts: Vec<_> = fake.seen().into_iter().filter(|it| it.path.contains("put")).collect();
    assert!(puts.len() as u64 > BATCHES, "they do not fit into one body");
    for put in puts {
        assert_eq!(put.header("content-encoding"), Some("gzip"));
        let bytes: usize = put.header("content-length").unwrap().parse().unwrap();
        assert!(bytes <= 8000, "{bytes}");
    }
    assert!(fake.most_at_once() > 1, "side by side");
}

#[test]
fn what_passes_is_outlived() {
    let (fake, kept) = server(|request, number| match number {
        0 => Some(error(503, "busy")),
        1 => Some(Reply::Close),
        2 => Some(Reply::Stall),
        3 => Some(Reply::Half(json!({"success": 1, "failed": 0}).to_string())),
        // The storage did not take some of them.
        4 => Some(stored(objects(request).len() - 3, 3)),
        _ => None,
    });
    let folder = folder();
    let (_, told) = Run::new(&fake.url, folder.path()).put().unwrap();
    assert_eq!((told.points, told.refused), (ALL, 0));
    assert!(*kept.lock().unwrap() == all());
}

#[test]
fn refused_points_are_counted_and_named() {
    let (fake, _) = server(|request, number| {
        let objects = objects(request);
        (number == 2).then(|| {
            let fault = json!({"error": "Invalid \u{1b}[2J name", "datapoint": objects[0]});
            let details = json!({"success": objects.len() - 1, "failed": 1, "errors": [fault]});
            Reply::Answer(400, details.to_string())
        })
    });
    let folder = folder();
    let (_, told) = Run::new(&fake.url, folder.path()).put().unwrap();
    assert_eq!((told.points, told.refused, told.first_refused.len()), (ALL, 1, 1));
    let named = &told.first_refused[0];
    assert!(named.contains("Invalid") && !named.contains('\u{1b}'), "{named}");
}

#[test]
fn an_answer_that_does_not_count_every_point_is_no_answer() {
    for reply in [stored(1, 0), Reply::Answer(200, "{}".into()), Reply::Answer(204, String::new())]
    {
        let reply = Mutex::new(Some(reply));
        let (fake, _) = server(move |_, _| reply.lock().expect("no panic").take());
        let folder = folder();
        let error = Run::new(&fake.url, folder.path()).put().unwrap_err();
        assert_eq!(error.kind(), Kind::Io, "{error}");
    }
    for (status, says) in
        [(403, "the right"), (405, "tsd.mode"), (413, "whoever runs"), (404, "HOST:PORT")]
    {
        let (fake, _) = server(move |_, _| Some(Reply::Answer(status, "<html>".into())));
        let folder = folder();
        let error = Run::new(&fake.url, folder.path()).put().unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
}

#[test]
fn an_interrupted_restore_goes_on_where_it_was() {
    let (fake, kept) = server(|_, number| (number >= 8).then(|| error(403, "no more")));
    let folder = folder();
    Run { concurrency: 1, ..Run::new(&fake.url, folder.path()) }.put().unwrap_err();
    let journal = fs::read_to_string(folder.path().join("journal.json")).unwrap();
    // The same server, as its address is what a journal is of.
    let (again, rest) = server(|_, _| None);
    fs::write(folder.path().join("journal.json"), journal.replace(&fake.url, &again.url)).unwrap();
    let (before, told) = Run::new(&again.url, folder.path()).put().unwrap();
    assert!(before > 0 && before < ALL, "{before}");
    assert_eq!(told.points, ALL);
    let (kept, rest) = (kept.lock().unwrap(), rest.lock().unwrap());
    assert!(rest.len() as u64 == ALL - before && &*kept | &*rest == all());
    let (before, told) = Run::new(&again.url, folder.path()).put().unwrap();
    assert_eq!((before, told.points), (ALL, ALL));
    let other = Run { root: "other", ..Run::new(&again.url, folder.path()) };
    let error = other.put().unwrap_err().to_string();
    assert!(error.contains("another restore") && error.contains("journal.json"), "{error}");
}

/// A server with a row that is deleted once it was asked for so often.
fn with_row(looks: usize) -> Fake {
    let state = Mutex::new((false, looks));
    let points = crate::fake::points("m 7200 1 host=a\n");
    Fake::start(points, move |request, _| {
        if request.path.starts_with("/api/put") {
            return Some(stored(objects(request).len(), 0));
        }
        if !request.is_query() {
            return None;
        }
        let mut state = state.lock().expect("no panic");
        let body: Value = serde_json::from_str(&request.body).expect("JSON");
        assert_eq!((&body["start"], &body["end"]), (&json!(7200), &json!(7201)));
        assert!(body["queries"][0]["tsuids"].is_array(), "{body}");
        state.0 |= body["delete"] == true;
        let is_gone = state.0 && state.1 == 0;
        state.1 = state.1.saturating_sub(usize::from(state.0));
        is_gone.then(|| Reply::Answer(200, "[]".to_owned()))
    })
}

#[test]
fn rows_are_gone_before_points_are_put_and_are_deleted_once() {
    let fake = with_row(3);
    let folder = folder();
    let list = folder.path().join("rows.jsonl");
    let row = |host: &str| {
        format!("{{\"metric\":\"m\",\"tags\":{{\"host\":\"{host}\"}},\"base_time\":7200}}\n")
    };
    fs::write(&list, row("a") + &row("never-there")).unwrap();
    let run = || {
        let mut run = Run::new(&fake.url, folder.path());
        run.plan.deletes = Some(list.clone());
        run
    };
    let (_, told) = run().put().unwrap();
    assert_eq!(told.rows_deleted, Some(2));
    let seen = fake.seen();
    let is_delete = |request: &Request| request.body.contains("\"delete\":true");
    assert_eq!(seen.iter().filter(|it| is_delete(it)).count(), 1);
    let first_put = seen.iter().position(|it| it.path.contains("put")).unwrap();
    let last_look = seen.iter().rposition(Request::is_query).unwrap();
    assert!(last_look < first_put, "it is looked until it is gone");
    let (before, told) = run().put().unwrap();
    assert_eq!((before, told.rows_deleted), (ALL, Some(2)));
    assert_eq!(fake.seen().iter().filter(|it| is_delete(it)).count(), 1, "not again");
    // What is no list deletes nothing.
    let fake = with_row(0);
    fs::write(&list, row("a") + "{}\n").unwrap();
    let mut other = Run::new(&fake.url, folder.path());
    other.plan = PutPlan { journal: None, deletes: Some(list), ..other.plan };
    let error = other.put().unwrap_err().to_string();
    assert!(error.contains("rows.jsonl, line 2"), "{error}");
    assert!(!fake.seen().iter().any(is_delete));
}
