//! Where and with what a run was made.

use std::collections::BTreeMap;
use std::fs;

use super::tool::{self, Tool};

/// The name of the processor as part of a folder's name.
pub(super) fn slug() -> String {
    let name = processor().to_lowercase();
    let words = name.split(|c: char| !c.is_ascii_alphanumeric());
    words
        .filter(|word| !word.is_empty() && *word != "r" && *word != "tm")
        .collect::<Vec<_>>()
        .join("-")
}

/// Today, in UTC.
pub(super) fn date() -> Result<String, String> {
    tool::first_line("date", &["-u", "+%F"], "coreutils")
}

/// Facts of the machine and versions of all that was run, as pairs of a name and a text.
pub(super) fn facts(
    versions: &BTreeMap<Tool, Result<String, String>>,
) -> Result<Vec<(&'static str, String)>, String> {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let mut facts = vec![
        ("commit", commit()?),
        ("processor", format!("{}, {cores} threads", processor())),
        ("memory", field("/proc/meminfo", "MemTotal:")),
        ("system", field("/etc/os-release", "PRETTY_NAME=").replace('"', "")),
        ("kernel", tool::first_line("uname", &["-sr"], "coreutils")?),
        ("load before the run", fs::read_to_string("/proc/loadavg").unwrap_or_default()),
        ("rustc", tool::first_line("rustc", &["--version"], "rustc")?),
    ];
    facts.extend(versions.iter().map(|(tool, version)| {
        let (Ok(text) | Err(text)) = version;
        (tool.name(), text.clone())
    }));
    Ok(facts)
}

fn commit() -> Result<String, String> {
    let commit = tool::first_line("git", &["rev-parse", "HEAD"], "git")?;
    let changed = ["status", "--porcelain", "--untracked-files=no"];
    let clean = tool::first_line("git", &changed, "git")?.is_empty();
    Ok(if clean { commit } else { format!("{commit}, with uncommitted changes") })
}

fn processor() -> String {
    let name = field("/proc/cpuinfo", "model name");
    let name = name.trim_start_matches([':', ' ', '\t']);
    if name.is_empty() { std::env::consts::ARCH.to_owned() } else { name.to_owned() }
}

/// The rest of the first line of a system file that begins with `key`.
fn field(path: &str, key: &str) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines().find_map(|line| line.strip_prefix(key)).unwrap_or("").trim().to_owned()
}
