//! A server that answers with 10 GiB: what the command takes of memory, as the kernel counts it, does not
//! grow with that. By itself it refuses such an answer, and asks for less; one of 1 GiB, which a disk takes
//! in a test's time, it is told to take.

use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader, BufWriter, Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use serde_json::Value;

use super::{
    big::{MEMORY, MOST_MIB},
    measure::{self, Output},
};
use crate::shell;

const REFUSED_BYTES: u64 = 10 << 30;
const TAKEN_BYTES: u64 = 1 << 30;
/// A million points in the first 20 hours of a day.
const SERIES: u64 = 500;
const POINTS_OF_SERIES: u64 = 2000;
const STEP_MS: u64 = 36_000;
const START_MS: u64 = 1_700_006_400_000;
/// Windows from this length on are answered with many blanks, which JSON may have anywhere.
const LONG_MS: u64 = 12 * 3_600_000;
const TEXT: &str = "target/bench/long-answer.txt";

/// Checks both ways. Errors: a point is lost, or memory grows.
pub(crate) fn check(binary: &Path) -> Result<(), String> {
    write_text().map_err(|error| format!("{TEXT}: {error}"))?;
    let counts = Arc::new(Counts::default());
    let url = serve(&counts).map_err(|error| format!("a server of this test: {error}"))?;
    for (answer_bytes, flags, expected) in [
        (REFUSED_BYTES, &[][..], 0..1 << 30),
        (TAKEN_BYTES, &["--answer-size", "2GiB"], TAKEN_BYTES..REFUSED_BYTES),
    ] {
        let mut diff = shell::command(binary, &["diff", TEXT, &url, "--quiet", "--memory", MEMORY]);
        diff.args(["--temp-dir", "target/bench"]).args(flags);
        counts.answer_bytes.store(answer_bytes, Ordering::Relaxed);
        counts.sent.store(0, Ordering::Relaxed);
        let (sample, _) = measure::run(&mut diff, Output::Dropped, 0)
            .map_err(|why| format!("`{}`: {why}", shell::line(&diff)))?;
        let bytes = counts.sent.load(Ordering::Relaxed);
        let (line, peak, seconds) = (shell::line(&diff), sample.peak_mib, sample.wall_s);
        println!("{line}: {bytes} bytes of answers, {peak:.0} MiB, {seconds:.1} s");
        if !expected.contains(&bytes) {
            return Err(format!("`{line}` was sent {bytes} bytes, expected {expected:?}"));
        }
        if peak > MOST_MIB {
            return Err(format!("`{line}` took {peak:.0} MiB; {MOST_MIB:.0} are allowed"));
        }
    }
    fs::remove_file(TEXT).map_err(|error| format!("{TEXT}: {error}"))
}

/// What the server answers with, and what it sent.
#[derive(Default)]
struct Counts {
    answer_bytes: AtomicU64,
    sent: AtomicU64,
}

fn points() -> impl Iterator<Item = (u64, u64)> {
    (0..POINTS_OF_SERIES).map(|step| (START_MS + step * STEP_MS, step % 97))
}

fn write_text() -> io::Result<()> {
    fs::create_dir_all("target/bench")?;
    let mut text = BufWriter::new(File::create(TEXT)?);
    for host in 0..SERIES {
        for (time_ms, value) in points() {
            writeln!(text, "long {} {value} host={host}", time_ms / 1000)?;
        }
    }
    text.flush()
}

/// Starts a server that lives as long as this process.
fn serve(counts: &Arc<Counts>) -> io::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}", listener.local_addr()?);
    let counts = Arc::clone(counts);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let counts = Arc::clone(&counts);
            // Whoever has had enough of an answer goes.
            thread::spawn(move || answer(&stream, &counts));
        }
    });
    Ok(url)
}

/// Answers one request, and ends.
fn answer(stream: &TcpStream, counts: &Counts) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    let (mut line, mut path, mut length) = (String::new(), String::new(), 0);
    while reader.read_line(&mut line)? > 2 {
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or_default();
        }
        if path.is_empty() {
            path = line.split(' ').nth(1).unwrap_or_default().to_owned();
        }
        line.clear();
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let mut out = Counted { stream, sent: &counts.sent };
    out.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")?;
    match path.as_str() {
        "/api/version" => out.write_all(br#"{"version":"2.4.1"}"#),
        "/api/config" => out.write_all(br#"{"tsd.storage.fix_duplicates":"false"}"#),
        "/api/query" => {
            let answer_bytes = counts.answer_bytes.load(Ordering::Relaxed);
            query(&serde_json::from_slice(&body)?, answer_bytes, &mut BufWriter::new(out))
        }
        _ if path.ends_with("q=") => out.write_all(br#"["long"]"#),
        _ => out.write_all(b"[]"),
    }
}

/// What is written to a stream, counted.
struct Counted<'a> {
    stream: &'a TcpStream,
    sent: &'a AtomicU64,
}

impl Write for Counted<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let length = self.stream.write(bytes)?;
        self.sent.fetch_add(length as u64, Ordering::Relaxed);
        Ok(length)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

fn query(asked: &Value, answer_bytes: u64, out: &mut impl Write) -> io::Result<()> {
    let time = |key: &str| asked[key].as_u64().unwrap_or_default();
    let window = time("start")..=time("end");
    let is_dense = window.contains(&START_MS) && time("end") - time("start") > LONG_MS;
    let blanks = if is_dense && time("start") > 0 { answer_bytes / SERIES } else { 0 };
    for host in 0..SERIES {
        let head = if host == 0 { '[' } else { ',' };
        let tags = format!(r#""tags":{{"host":"{host}"}},"aggregateTags":[]"#);
        write!(out, r#"{head}{{"metric":"long",{tags},"dps":{{"#)?;
        let inside = points().filter(|(time_ms, _)| window.contains(time_ms));
        for (index, (time_ms, value)) in inside.enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(out, r#"{comma}"{time_ms}":{value}"#)?;
        }
        io::copy(&mut io::repeat(b' ').take(blanks), out)?;
        out.write_all(b"}}")?;
    }
    out.write_all(b"]")?;
    out.flush()
}
