//! Jobs that write are killed at any moment, and disks are full: what has a name is the old file or the
//! new one, and nothing else is left.

#[path = "../../tsdbproof-sources/tests/live/fake.rs"]
#[allow(dead_code, reason = "its other users say the rest")]
mod fake;

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    process::{Command, Output, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use fake::{Fake, Reply, points};
use serde_json::{Value, json};
use tempfile::{TempDir, tempdir};

/// Times at which a job is killed, spread over the time that it takes.
const KILLS: u32 = 12;
const OLD: &[u8] = b"what stood there before";

/// Two backups of some 100,000 points, and the patch between them.
struct Backups(TempDir);

impl Backups {
    fn new() -> Self {
        let folder = tempdir().expect("a folder");
        let text = |changed: u64| -> String {
            let line = |index: u64| {
                let value = if index.is_multiple_of(97) { index + changed } else { index };
                format!(
                    "cpu.user {} {value} host=web{:02}\n",
                    1_700_000_000 + index / 10,
                    index % 10
                )
            };
            (0..100_000).map(line).collect()
        };
        for (name, changed) in [("base.txt", 0), ("current.txt", 1), ("next.txt", 2)] {
            fs::write(folder.path().join(name), text(changed)).expect("a file");
        }
        let backups = Backups(folder);
        backups.ran("diff base.txt current.txt --patch first.patch --quiet", 1);
        backups.ran("diff current.txt next.txt --patch second.patch --quiet", 1);
        backups
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tsdbproof"));
        command.env_clear().current_dir(self.path()).args(line.split(' '));
        command
    }

    /// Files that a job made for itself.
    fn left(&self) -> usize {
        let entries = fs::read_dir(self.path()).expect("a folder").filter_map(Result::ok);
        let is_ours = |name: &str| name.starts_with(".tsdbproof");
        entries.filter(|entry| is_ours(&entry.file_name().to_string_lossy())).count()
    }

    /// Runs a job that may not make any file longer than this, as if the disk was full: the signal that says so
    /// is off, and writing fails.
    fn ran_full(&self, line: &str, limit_kib: u32) {
        let limited = format!("trap '' XFSZ; ulimit -f {limit_kib}; exec \"$0\" {line}");
        let Output { stderr, status, .. } = Command::new("bash")
            .args(["-c", &limited, env!("CARGO_BIN_EXE_tsdbproof")])
            .current_dir(self.path())
            .env_clear()
            .output()
            .expect("bash is there");
        let stderr = String::from_utf8_lossy(&stderr);
        assert_eq!(status.code(), Some(2), "{line}: {stderr}");
        assert!(stderr.starts_with("error: ") && stderr.contains("help: "), "{line}: {stderr}");
        assert_eq!(self.left(), 0, "{line}");
    }

    fn ran(&self, line: &str, code: i32) -> String {
        let Output { stderr, status, .. } = self.command(line).output().expect("it can be started");
        let stderr = String::from_utf8_lossy(&stderr).into_owned();
        assert_eq!(status.code(), Some(code), "{line}: {stderr}");
        stderr
    }

    /// Kills a job that writes `output` at many moments; gives how often it was killed before its end.
    fn kill(&self, line: &str, output: &str, code: i32) -> u32 {
        let path = self.path().join(output);
        let begin = Instant::now();
        self.ran(line, code);
        let whole = begin.elapsed();
        let expected = fs::read(&path).expect("it was written");
        let mut killed = 0;
        for kill in 1..=KILLS {
            fs::write(&path, OLD).expect("a file");
            let mut job = self.command(line).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
            let job = job.as_mut().expect("it can be started");
            thread::sleep(whole * kill / KILLS);
            job.kill().expect("it can be killed");
            let status = job.wait().expect("it ended");
            killed += u32::from(status.code().is_none());
            let found = fs::read(&path).expect("it has never no name");
            assert!(found == OLD || found == expected, "{line}: half of a file of {}", found.len());
            assert_eq!(self.left(), 0, "{line}: it left its part behind");
        }
        self.ran(line, code);
        assert!(fs::read(&path).expect("it was written") == expected);
        killed
    }
}

#[test]
fn a_killed_job_leaves_the_old_file_or_the_new_one() {
    let backups = Backups::new();
    let jobs = [
        ("diff base.txt current.txt --patch out.patch --quiet", "out.patch", 1),
        ("apply base.txt first.patch second.patch -o out.txt --quiet", "out.txt", 0),
        ("apply base.txt first.patch --metric cpu.* -o out.csv --quiet", "out.csv", 0),
        ("merge first.patch second.patch -o out.merged --quiet", "out.merged", 0),
        ("restore base.txt -o out.import --quiet", "out.import", 0),
    ];
    let killed: u32 = jobs.into_iter().map(|(line, out, code)| backups.kill(line, out, code)).sum();
    assert!(killed > 0, "no job was killed before its end");
    for (_, output, _) in jobs {
        fs::remove_file(backups.path().join(output)).expect("it is there");
    }
    // The folder with all that was left is a folder of backups like before.
    backups.ran("chain . --quiet", 0);
}

#[test]
fn a_killed_prune_loses_nothing_that_is_kept() {
    let backups = Backups::new();
    let copies = tempdir().expect("a folder");
    let names = ["base.txt", "current.txt", "first.patch", "next.txt", "second.patch"];
    for name in names {
        fs::copy(backups.path().join(name), copies.path().join(name)).expect("a copy");
    }
    let verify = format!("verify --expect {} next.txt --quiet", root(&backups));
    let line = "chain prune . --keep last=1 --remove --quiet";
    let begin = Instant::now();
    backups.ran(line, 0);
    let whole = begin.elapsed();
    for kill in 1..=KILLS {
        for name in names {
            fs::copy(copies.path().join(name), backups.path().join(name)).expect("a copy");
        }
        let mut job = backups.command(line).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let job = job.as_mut().expect("it can be started");
        thread::sleep(whole * (KILLS / 2 + kill) / (KILLS + KILLS / 2));
        job.kill().expect("it can be killed");
        job.wait().expect("it ended");
        backups.ran(&verify, 0);
    }
}

/// The root of the newest state, which is kept.
fn root(backups: &Backups) -> String {
    let shown = backups.command("show next.txt").output().expect("it can be started");
    let shown = String::from_utf8(shown.stdout).expect("UTF-8");
    let line = shown.lines().find_map(|line| line.strip_prefix("exact")).expect("a root");
    line.trim().to_owned()
}

#[test]
fn a_full_disk_is_named_and_leaves_the_old_file() {
    let backups = Backups::new();
    let jobs = [
        ("diff base.txt current.txt --patch out.patch --quiet", "out.patch"),
        ("apply base.txt first.patch -o out.txt --quiet", "out.txt"),
        ("merge first.patch second.patch -o out.merged --quiet", "out.merged"),
        ("restore base.txt -o out.import --quiet", "out.import"),
    ];
    for (line, output) in jobs {
        let path = backups.path().join(output);
        fs::write(&path, OLD).expect("a file");
        backups.ran_full(line, 4);
        assert!(fs::read(&path).expect("it is there") == OLD, "{line}");
    }
    for line in ["diff base.txt current.txt --patch new", "chain . --report json=new"] {
        backups.ran_full(line, 0);
        assert!(!backups.path().join("new").exists(), "{line}");
    }
    let full = backups.ran("merge first.patch second.patch -o /dev/full", 2);
    assert!(full.contains("/dev/full: the disk is full"), "{full}");
}

/// A server that keeps what is put, and answers for all of these points.
fn server(text: &str) -> (Fake, Arc<Mutex<BTreeSet<String>>>) {
    let kept = Arc::<Mutex<BTreeSet<String>>>::default();
    let keep = Arc::clone(&kept);
    let fake = Fake::start(points(text), move |request, _| {
        request.path.starts_with("/api/put").then(|| {
            let objects: Vec<Value> = serde_json::from_str(&request.body).expect("an array");
            keep.lock().expect("no panic").extend(objects.iter().map(Value::to_string));
            let details = json!({"success": objects.len(), "failed": 0, "errors": []});
            Reply::Answer(200, details.to_string())
        })
    });
    (fake, kept)
}

/// Points that a journal says were acknowledged; 0 before there is one.
fn acknowledged(journal: &Path) -> usize {
    let Ok(bytes) = fs::read(journal) else { return 0 };
    let journal: Value = serde_json::from_slice(&bytes).expect("a whole journal");
    journal["points"].as_u64().expect("a number") as usize
}

#[test]
fn a_killed_restore_goes_on_behind_what_was_acknowledged() {
    const POINTS: usize = 100_000;
    let backups = Backups::new();
    let text = fs::read_to_string(backups.path().join("current.txt")).expect("a text");
    let (fake, kept) = server(&text);
    let count = || kept.lock().expect("no panic").len();
    let put = format!("restore current.txt --into {} --write --quiet", fake.url);
    backups.ran_full(&format!("{put} --journal full.json"), 0);
    assert!(!backups.path().join("full.json").exists() && count() == 0);
    let journal = backups.path().join("journal.json");
    let line = format!("{put} --journal journal.json");
    let mut killed = 0;
    for part in 1..KILLS as usize {
        let before = acknowledged(&journal);
        let mut job = backups.command(&line).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let job = job.as_mut().expect("it can be started");
        while acknowledged(&journal) < part * POINTS / KILLS as usize
            && job.try_wait().expect("its state").is_none()
        {
            thread::sleep(Duration::from_millis(1));
        }
        job.kill().expect("it can be killed");
        killed += u32::from(job.wait().expect("it ended").code().is_none());
        let after = acknowledged(&journal);
        assert!(before <= after && after <= count(), "{before}, {after}, {}", count());
        assert_eq!(backups.left(), 0);
    }
    assert!(killed > 0, "it was never killed before its end");
    let seen = fake.seen().len();
    let left = POINTS - acknowledged(&journal);
    backups.ran(&line, 0);
    assert_eq!((acknowledged(&journal), count()), (POINTS, POINTS));
    let is_put = |request: &&fake::Request| request.path.starts_with("/api/put");
    let points = |request: &fake::Request| request.body.matches("\"metric\"").count();
    let again: usize = fake.seen().iter().skip(seen).filter(is_put).map(points).sum();
    assert_eq!(again, left, "what was acknowledged is not put again");
}
