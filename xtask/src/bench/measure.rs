//! One whole process: how long, how much CPU, how much memory.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Instant;

use wait4::Wait4;

const OUTPUT: &str = "target/bench/output";
const ERRORS: &str = "target/bench/errors";
/// Answers stand at the end of an output. What is kept of it is small, because a child's peak
/// memory starts from its parent's.
const TAIL_BYTES: u64 = 256 << 10;

/// What one process took, as the kernel counted it.
#[derive(Clone, Copy)]
pub(super) struct Sample {
    pub(super) wall_s: f64,
    /// User and system time of all its threads.
    pub(super) cpu_s: f64,
    pub(super) peak_mib: f64,
}

/// Whether anybody reads what a process prints.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Output {
    Kept,
    /// Into `/dev/null`: writing it is no part of the work.
    Dropped,
}

/// Runs `command` to its end: what it took, and the end of its output. Another exit code than
/// `expected` is an error.
pub(super) fn run(
    command: &mut Command,
    output: Output,
    expected: i32,
) -> Result<(Sample, String), String> {
    let (status, sample) = measured(command, output)
        .map_err(|e| format!("{}: {e}", command.get_program().display()))?;
    let end_of = |path| tail(Path::new(path)).map_err(|e| format!("{path}: {e}"));
    if status.code() == Some(expected) {
        return Ok((sample, end_of(OUTPUT)?));
    }
    let said = end_of(ERRORS)?;
    Err(format!("{status}, expected exit code {expected}: {}", said.trim_end()))
}

fn measured(command: &mut Command, output: Output) -> io::Result<(ExitStatus, Sample)> {
    let kept = File::create(OUTPUT)?;
    command.stdout(if output == Output::Kept { Stdio::from(kept) } else { Stdio::null() });
    command.stderr(File::create(ERRORS)?).env("LC_ALL", "C");
    let start = Instant::now();
    let ended = command.spawn()?.wait4()?;
    let used = ended.rusage;
    let sample = Sample {
        wall_s: start.elapsed().as_secs_f64(),
        cpu_s: (used.utime + used.stime).as_secs_f64(),
        peak_mib: used.maxrss as f64 / f64::from(1 << 20),
    };
    Ok((ended.status, sample))
}

fn tail(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let size_bytes = file.metadata()?.len();
    file.seek(SeekFrom::Start(size_bytes.saturating_sub(TAIL_BYTES)))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
