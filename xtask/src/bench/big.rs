//! One generated file of 349 MB, in each layout and each way of reading it: one root.
//!
//! The unit tests hold the same on small inputs; here files are larger than every buffer, split
//! over threads, unordered beyond what a sample of disorder tells, and short of memory.

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::{Place, data};
use crate::shell;

const POINTS: u64 = 5_000_000;
/// The root that an implementation which shares nothing with ours found; see `answers.rs`.
const ROOT: &str =
    "tsdbproof:v1:exact:524041b625b9292b879a600d6cd99fb53497ca2989a92d1451db6b099ee94eda";

/// Ways of reading a file.
const WAYS: [&[&str]; 5] = [
    &["--threads", "1"],
    &["--threads", "2"],
    &["--threads", "7", "--split-size", "1MiB"],
    &["--threads", "2", "--memory", "64MiB"],
    &["--threads", "1", "--memory", "64MiB", "--piece-size", "4099"],
];

/// Checks every way. Errors: a root differs, or a run fails.
pub(crate) fn check(binary: PathBuf) -> Result<(), String> {
    let tool = std::env::current_exe().map_err(|error| format!("this program: {error}"))?;
    let place = Place { binary, tool, points: POINTS };
    for data in [data::SCAN, data::TIME, data::SHUFFLED] {
        data.make(&place)?;
        let path = place.path(&data);
        for way in WAYS {
            run(verify(&place.binary, way).arg(&path))?;
        }
        let file = File::open(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        run(verify(&place.binary, &["--memory", "64MiB"]).arg("-").stdin(Stdio::from(file)))?;
    }
    Ok(())
}

fn verify(binary: &Path, way: &[&str]) -> Command {
    let mut command = shell::command(binary, &["verify", "--expect", ROOT, "--quiet"]);
    command.args(way);
    command
}

fn run(command: &mut Command) -> Result<(), String> {
    let status = command.status().map_err(|error| format!("{}: {error}", shell::line(command)))?;
    if status.success() {
        return Ok(());
    }
    Err(format!("`{}` ended with {status}: another root, or no result", shell::line(command)))
}
