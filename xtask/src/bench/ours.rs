//! Every command line of tsdbproof that is run here, and how its answers are read.

use std::path::Path;
use std::process::Command;

/// Whether a manifest also holds the digests of its input's blocks.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum FileDigests {
    With,
    Without,
}

/// `manifest` of one file on one thread.
pub(super) fn manifest(binary: &Path, of: &Path, out: &Path) -> Command {
    manifest_with(binary, of, out, 1, FileDigests::Without)
}

/// `manifest` of one file.
pub(super) fn manifest_with(
    binary: &Path,
    of: &Path,
    out: &Path,
    threads: u8,
    file_digests: FileDigests,
) -> Command {
    let mut command = Command::new(binary);
    command.arg("manifest").arg(of).arg("-o").arg(out);
    command.args(["--threads", &threads.to_string()]);
    if file_digests == FileDigests::Without {
        command.arg("--no-file-digests");
    }
    command.arg("--quiet");
    command
}

/// `diff` of two files or manifests on one thread.
pub(super) fn diff(binary: &Path, base: &Path, current: &Path) -> Command {
    let mut command = Command::new(binary);
    command.arg("diff").arg(base).arg(current);
    command.args(["--threads", "1", "--report", "json"]);
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
