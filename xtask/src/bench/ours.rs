//! Every command line of tsdbproof that is run here, and how its answers are read.

use std::path::Path;
use std::process::Command;

/// Whether a manifest also holds the digests of its input's blocks.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum FileDigests {
    With,
    Without,
}

/// How a job is run.
#[derive(Clone, Copy)]
pub(super) struct Way {
    pub(super) threads: u8,
    pub(super) file_digests: FileDigests,
    /// `--memory`, where it is not the default.
    pub(super) memory_mib: Option<u16>,
}

/// As the promises are about: one thread, points only.
pub(super) const DEFAULT: Way =
    Way { threads: 1, file_digests: FileDigests::Without, memory_mib: None };

impl Way {
    fn add_to(self, command: &mut Command) {
        command.args(["--threads", &self.threads.to_string()]);
        if let Some(mib) = self.memory_mib {
            command.args(["--memory", &format!("{mib}MiB")]);
        }
    }
}

/// `manifest` of one file.
pub(super) fn manifest(binary: &Path, of: &Path, out: &Path, way: Way) -> Command {
    let mut command = Command::new(binary);
    command.arg("manifest").arg(of).arg("-o").arg(out);
    way.add_to(&mut command);
    if way.file_digests == FileDigests::Without {
        command.arg("--no-file-digests");
    }
    command.arg("--quiet");
    command
}

/// `diff` of two files or manifests.
pub(super) fn diff(binary: &Path, base: &Path, current: &Path, way: Way) -> Command {
    let mut command = Command::new(binary);
    command.arg("diff").arg(base).arg(current);
    way.add_to(&mut command);
    command.args(["--report", "json"]);
    command
}

/// `show`, which prints the roots of a manifest.
pub(super) fn show(binary: &Path, manifest: &Path) -> Command {
    let mut command = Command::new(binary);
    command.arg("show").arg(manifest);
    command
}

/// The roots of both profiles, as `show` prints them.
pub(super) fn roots(shown: &str) -> Option<String> {
    let root = |profile: &str| {
        let (_, rest) = shown.split_once(&format!("tsdbproof:v1:{profile}:"))?;
        rest.get(..64).filter(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
    };
    Some(format!("exact={} f32={}", root("exact")?, root("f32")?))
}

/// The counts in the last line of a JSON report, its summary.
pub(super) fn counts(report: &str) -> Option<String> {
    let summary: serde_json::Value =
        serde_json::from_str(report.trim_end().lines().last()?).ok()?;
    let count = |name: &str| summary.get("compared")?.get(name)?.as_u64();
    let (missing, extra, changed) = (count("missing")?, count("extra")?, count("changed")?);
    let counts = format!("missing={missing} extra={extra} changed={changed}");
    // Of manifests only: of points at hand, every one is resolved.
    Some(match count("unresolved_nodes")? {
        0 => counts,
        nodes => format!("{counts} unresolved-nodes={nodes}"),
    })
}
