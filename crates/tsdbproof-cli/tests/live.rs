//! The command as a process on a scripted server: what it leaves when it is killed, what it takes of
//! memory, and what of who asks others can see.

#[path = "../../tsdbproof-sources/tests/live/fake.rs"]
#[allow(dead_code, reason = "its other users say the rest")]
mod fake;

use std::{
    fmt::Write as _,
    fs::{self, File},
    io::Read,
    path::Path,
    process::{Child, Command, Output, Stdio},
    thread,
    time::Duration,
};

use fake::{Fake, Reply, Request, error, points};
use flate2::{Compression, read::MultiGzDecoder, write::GzEncoder};
use tempfile::{TempDir, tempdir};

const METRICS: u64 = 4;
const DAYS: u64 = 30;
const START: u64 = 1_700_006_400;

/// Some days of metrics, a point every hour of two hosts.
fn text() -> String {
    let mut text = String::new();
    for (metric, hour) in (0..METRICS).flat_map(|metric| (0..DAYS * 24).map(move |it| (metric, it)))
    {
        for host in ["a", "b"] {
            let time = START + hour * 3600;
            writeln!(text, "m{metric} {time} {hour}.5 host={host}").expect("memory");
        }
    }
    text
}

/// A server that lets a day be asked for at a time, and takes some time for each.
fn slow() -> Fake {
    Fake::start(points(&text()), |request, _| {
        thread::sleep(Duration::from_millis(2));
        is_too_much(request).then(|| error(413, "Sorry"))
    })
}

fn is_too_much(request: &Request) -> bool {
    request.is_query() && {
        let (from, to) = request.window();
        let is_dense = to > START * 1000 && from < (START + DAYS * 86_400) * 1000;
        is_dense && to - from > 86_400_000
    }
}

/// The command in a folder, without variables.
fn tsdbproof(folder: &Path, line: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tsdbproof"));
    command.env_clear().current_dir(folder).args(line.split(' ')).stdin(Stdio::null());
    command
}

/// What it prints, and its exit code.
fn ran(command: &mut Command) -> (String, Option<i32>) {
    let Output { stdout, stderr, status } = command.output().expect("it can be started");
    let text = [stdout, stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    (text.concat(), status.code())
}

fn names(folder: &TempDir) -> Vec<String> {
    let entries = fs::read_dir(folder.path()).expect("a folder");
    let mut names: Vec<_> = entries
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .filter(|name| !name.starts_with('.'))
        .collect();
    names.sort();
    names
}

/// Queries that were not refused.
fn answered(fake: &Fake) -> usize {
    fake.seen().iter().filter(|request| request.is_query() && !is_too_much(request)).count()
}

#[test]
fn a_fetch_that_is_killed_goes_on_and_gives_the_same_bytes() {
    let fake = slow();
    let fetch = format!("convert {} -o archive.txt.gz --manifest archive.manifest", fake.url);
    let undisturbed = tempdir().expect("a folder");
    let (said, code) = ran(&mut tsdbproof(undisturbed.path(), &fetch));
    assert_eq!(code, Some(0), "{said}");
    let all = answered(&fake);
    let folder = tempdir().expect("a folder");
    let line = format!("{fetch} --resume state");
    let mut killed = 0;
    for part in 1..=4 {
        let before = answered(&fake);
        let mut command = tsdbproof(folder.path(), &line);
        let mut job = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("starts");
        // What was answered is not asked for again: each run comes a fifth further.
        while answered(&fake) < before + all / 5 && job.try_wait().expect("its state").is_none() {
            thread::sleep(Duration::from_millis(1));
        }
        job.kill().expect("it can be killed");
        killed += u32::from(job.wait().expect("it ended").code().is_none());
        assert_eq!(names(&folder), ["state"], "killed for the {part}th time");
    }
    assert_eq!(killed, 4);
    let (said, code) = ran(&mut tsdbproof(folder.path(), &line));
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("answers are of the run that began at"), "{said}");
    assert_eq!(names(&folder), ["archive.manifest", "archive.txt.gz"]);
    for name in ["archive.txt.gz", "archive.manifest"] {
        let read = |of: &TempDir| fs::read(of.path().join(name)).expect("a file");
        assert!(read(&folder) == read(&undisturbed), "{name} has other bytes");
    }
    // A kill costs no more than the answers that were on their way; refusals are not kept.
    let again = answered(&fake) - 2 * all;
    assert!(again <= 4 * 4 * 2, "{again} answers came again");
}

/// The most memory that a process took so far, in MiB, as the kernel counts it.
fn peak_mib(job: &Child) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", job.id())).ok()?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = peak.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kib >> 10)
}

/// Bytes of an answer, mostly blanks, and what may be taken of memory: 10 GiB stand in `cargo xtask test`.
const LONG: u64 = 128 << 20;
const MEMORY_MIB: u64 = 48;

#[test]
fn memory_does_not_grow_with_an_answer_as_it_comes_or_unpacked() {
    for is_packed in [false, true] {
        let all = points(&text());
        let fake = Fake::start(points(&text()), move |request, _| {
            // The window with the first point.
            let (from, to) = request.is_query().then(|| request.window())?;
            if !(from..to).contains(&(START * 1000)) {
                return None;
            }
            let Reply::Answer(200, body) = fake::answer(&all, request) else { return None };
            if !is_packed {
                return Some(Reply::Long(LONG, body));
            }
            let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
            let mut unpacked = std::io::repeat(b' ').take(LONG).chain(body.as_bytes());
            std::io::copy(&mut unpacked, &mut packed).expect("memory");
            const GZIP: &[(&str, &str)] = &[("Content-Encoding", "gzip")];
            Some(Reply::With(200, GZIP, packed.finish().expect("memory")))
        });
        let folder = tempdir().expect("a folder");
        fs::write(folder.path().join("all.txt"), text()).expect("a file");
        let line = format!("diff all.txt {} --answer-size 1GiB --memory {MEMORY_MIB}MiB", fake.url);
        let mut job = tsdbproof(folder.path(), &line);
        let job = job.stdout(File::create(folder.path().join("said")).expect("a file"));
        let mut job = job.spawn().expect("it can be started");
        let mut peak = 0;
        let status = loop {
            peak = peak.max(peak_mib(&job).unwrap_or_default());
            match job.try_wait().expect("its state") {
                Some(status) => break status,
                None => thread::sleep(Duration::from_millis(10)),
            }
        };
        let said = fs::read_to_string(folder.path().join("said")).expect("UTF-8");
        assert_eq!(status.code(), Some(0), "{said}");
        assert!((1..=MEMORY_MIB * 11 / 10).contains(&peak), "{peak} MiB, packed: {is_packed}");
    }
}

const SECRET: &str = "hunter2";

/// Every file of a folder, unpacked where it is packed.
fn files(folder: &TempDir) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder.path()).expect("a folder").map(|it| it.expect("an entry"));
    let read = |path: &Path| {
        let mut bytes = fs::read(path).expect("a file");
        if bytes.starts_with(&[0x1f, 0x8b]) {
            let packed = std::mem::take(&mut bytes);
            MultiGzDecoder::new(&*packed).read_to_end(&mut bytes).expect("gzip");
        }
        bytes
    };
    entries
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), read(&entry.path())))
        .collect()
}

fn assert_secret(folder: &TempDir, said: &str) {
    assert!(!said.contains(SECRET), "{said}");
    for (name, bytes) in files(folder).into_iter().filter(|(name, _)| name != "who") {
        let is_told = bytes.windows(SECRET.len()).any(|part| part == SECRET.as_bytes());
        assert!(!is_told, "{name}: {}", String::from_utf8_lossy(&bytes));
        // Nor as HTTP writes it.
        assert!(!bytes.windows(8).any(|part| part == b"aHVudGVy"), "{name}");
    }
}

/// Reports of all kinds, and whatever else is written beside.
const TELLING: &str = "--progress always --metrics job.prom --resume answers --report text \
     --report json=job.jsonl --report junit=job.xml --report sarif=job.sarif \
     --report markdown=job.md --report html=job.html";

#[test]
fn who_asks_is_in_nothing_that_is_written() {
    for (who, expected) in [
        ("basic me:hunter2", "Basic bWU6aHVudGVyMg=="),
        ("bearer hunter2", "Bearer hunter2"),
        ("header Authorization: hunter2", "hunter2"),
    ] {
        for (status, code) in [(200, 0), (401, 2), (403, 2)] {
            let fake = Fake::start(points(&text()), move |request, number| {
                assert_eq!(request.header("authorization"), Some(expected));
                (status != 200 && number > 110).then(|| Reply::Answer(status, "no".to_owned()))
            });
            let folder = tempdir().expect("a folder");
            fs::write(folder.path().join("all.txt"), text()).expect("a file");
            fs::write(folder.path().join("who"), who).expect("a file");
            let line = format!("diff all.txt {} --timeout 1s {TELLING}", fake.url);
            let (said, found) = ran(tsdbproof(folder.path(), &line).args(["--auth-file", "who"]));
            assert_eq!(found, Some(code), "{said}");
            assert_secret(&folder, &said);
            let (said, found) = ran(tsdbproof(folder.path(), &line).env("TSDBPROOF_AUTH", who));
            assert_eq!(found, Some(code), "{said}");
            assert_secret(&folder, &said);
            assert_eq!(names(&folder).contains(&"answers".to_owned()), code != 0);
        }
    }
}

#[test]
fn an_address_that_holds_a_secret_is_refused_and_repeated_nowhere() {
    for address in [
        "http://me:hunter2@127.0.0.1:1",
        "https://hunter2@127.0.0.1:1/tsdb",
        "http://127.0.0.1:1/?token=hunter2",
        "http://127.0.0.1:1/#hunter2",
        "ftp://me:hunter2@127.0.0.1/backup",
    ] {
        for line in [
            format!("diff all.txt {address} {TELLING}"),
            format!("diff {address} all.txt {TELLING} --explain"),
            format!("manifest {address} -o archive.manifest --metrics job.prom --resume answers"),
            format!("convert {address} -o archive.txt --metrics job.prom --resume answers"),
            format!(
                "restore all.txt --into {address} --write --journal journal --metrics job.prom"
            ),
        ] {
            let folder = tempdir().expect("a folder");
            fs::write(folder.path().join("all.txt"), text()).expect("a file");
            let (said, code) = ran(&mut tsdbproof(folder.path(), &line));
            assert_eq!(code, Some(2), "{line}: {said}");
            assert!(said.contains("help: "), "{line}: {said}");
            assert_secret(&folder, &said);
        }
    }
}
