//! One generated file of 349 MB, in each layout and each way of reading it: one root.
//!
//! The unit tests hold the same on small inputs; here files are larger than every buffer, split
//! over threads, unordered beyond what a sample of disorder tells, and short of memory. What they are
//! allowed they keep to, as the kernel counts it.

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::{
    Place, data,
    measure::{self, Output},
};
use crate::shell;

const POINTS: u64 = 5_000_000;
/// The root that an implementation which shares nothing with ours found; see `answers.rs`.
const ROOT: &str =
    "tsdbproof:v1:exact:524041b625b9292b879a600d6cd99fb53497ca2989a92d1451db6b099ee94eda";

/// Memory that is allowed where little is, and what a process may take then: a tenth more.
pub(super) const MEMORY: &str = "64MiB";
pub(super) const MOST_MIB: f64 = 64.0 * 1.1;

/// Ways of reading a file.
const WAYS: [&[&str]; 5] = [
    &["--threads", "1"],
    &["--threads", "2"],
    &["--threads", "7", "--split-size", "1MiB"],
    &["--threads", "2", "--memory", MEMORY],
    &["--threads", "1", "--memory", MEMORY, "--piece-size", "4099"],
];

/// Checks every way. Errors: a root differs, or a run fails.
pub(crate) fn check(binary: PathBuf) -> Result<(), String> {
    let tool = std::env::current_exe().map_err(|error| format!("this program: {error}"))?;
    let place = Place { binary, tool, points: POINTS };
    for data in [data::SCAN, data::TIME, data::SHUFFLED] {
        data.make(&place)?;
        let path = place.path(&data);
        for way in WAYS {
            run(verify(&place.binary, way).arg(&path).stdin(Stdio::null()))?;
        }
        let file = File::open(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        run(verify(&place.binary, &["--memory", MEMORY]).arg("-").stdin(Stdio::from(file)))?;
    }
    Ok(())
}

fn verify(binary: &Path, way: &[&str]) -> Command {
    let mut command = shell::command(binary, &["verify", "--expect", ROOT, "--quiet"]);
    command.args(way);
    command
}

fn run(command: &mut Command) -> Result<(), String> {
    let (sample, _) = measure::run(command, Output::Dropped, 0)
        .map_err(|why| format!("`{}`: another root, or no result: {why}", shell::line(command)))?;
    let is_bounded = command.get_args().any(|word| word == MEMORY);
    if is_bounded && sample.peak_mib > MOST_MIB {
        let (line, peak) = (shell::line(command), sample.peak_mib);
        return Err(format!("`{line}` took {peak:.0} MiB; {MOST_MIB:.0} are allowed"));
    }
    Ok(())
}
