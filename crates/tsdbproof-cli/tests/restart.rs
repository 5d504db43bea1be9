//! Jobs that write are killed at any moment, and disks are full: what has a name is the old file or the
//! new one, and what a killed job left behind disturbs nobody.

use std::{
    fs,
    path::Path,
    process::{Command, Output, Stdio},
    thread,
    time::Instant,
};

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
        }
        // What the killed ones left is no backup, and in nobody's way.
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
    ];
    for (line, output) in jobs {
        let path = backups.path().join(output);
        fs::write(&path, OLD).expect("a file");
        // No file grows beyond 4 KiB: the signal that says so is off, and writing fails as on a full disk.
        let limited = format!("trap '' XFSZ; ulimit -f 4; exec \"$0\" {line}");
        let Output { stderr, status, .. } = Command::new("bash")
            .args(["-c", &limited, env!("CARGO_BIN_EXE_tsdbproof")])
            .current_dir(backups.path())
            .env_clear()
            .output()
            .expect("bash is there");
        let stderr = String::from_utf8_lossy(&stderr);
        assert_eq!(status.code(), Some(2), "{line}: {stderr}");
        assert!(stderr.starts_with("error: ") && stderr.contains("help: "), "{line}: {stderr}");
        assert!(fs::read(&path).expect("it is there") == OLD, "{line}");
        let left = fs::read_dir(backups.path()).expect("a folder").filter_map(Result::ok);
        let left =
            left.filter(|entry| entry.file_name().to_string_lossy().starts_with(".tsdbproof"));
        assert_eq!(left.count(), 0, "{line}");
    }
    let full = backups.ran("merge first.patch second.patch -o /dev/full", 2);
    assert!(full.contains("/dev/full: the disk is full"), "{full}");
}
