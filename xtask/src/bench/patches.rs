//! Patches of a file in which more or fewer points change: how long they take beside the manifest of the
//! same file, and how large they are beside the differences of bytes that others make of the same text:
//! `cargo xtask bench patches`.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::data::SCAN;
use super::goal::median;
use super::measure::{self, Output, Sample};
use super::tool::Tool;
use super::{Place, machine, ours, points_name};

/// What changes: a name, and one point of how many.
const CHANGES: [(&str, u64); 3] = [("0.01 %", 10_000), ("1 %", 100), ("100 %", 1)];
/// Who makes a difference of bytes; both keep the whole base at hand.
const PEERS: [Tool; 2] = [Tool::Zstd, Tool::Xdelta3];

/// Measures all changes at one size, each `runs` times; gives a table.
pub(super) fn run(place: &Place, runs: usize) -> Result<String, String> {
    let version = |tool: &Tool| tool.version().map(|it| format!("{} {it}", tool.name()));
    let versions = PEERS.iter().map(version).collect::<Result<Vec<_>, _>>()?;
    SCAN.make(place)?;
    let base = place.path(&SCAN);
    let manifest =
        samples(runs, 0, || ours::manifest(&place.binary, &base, &place.written(), ours::DEFAULT))?;
    let mut table = format!(
        "{}\n\n{}\n\n",
        versions.join("; "),
        "| points | changed | patch CPU s | of manifest | apply CPU s | patch peak MiB | patch bytes | a change | zstd --patch-from | CPU s | xdelta3 | CPU s |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"
    );
    table.truncate(table.trim_end().len());
    table.push('\n');
    for (name, every) in CHANGES {
        table += &row(place, &base, (name, every), &manifest, runs)?;
    }
    Ok(table)
}

fn row(
    place: &Place,
    base: &Path,
    (name, every): (&str, u64),
    manifest: &[Sample],
    runs: usize,
) -> Result<String, String> {
    let current = place.folder().join(format!("changed-1-of-{every}.txt"));
    let changes = changed(base, &current, every)?;
    let out = |name: &str| place.folder().join(name);
    let (patch, applied) = (out("written.patch"), out("applied.txt"));
    let made = samples(runs, 1, || {
        let mut command = ours::diff(&place.binary, base, &current, ours::DEFAULT);
        command.arg("--patch").arg(&patch).arg("--quiet");
        command
    })?;
    let apply = samples(1, 0, || {
        let mut command = Command::new(&place.binary);
        command.arg("apply").arg(base).arg(&patch).arg("-o").arg(&applied);
        command.args(["--threads", "1", "--quiet"]);
        command
    })?;
    let (zst, vcdiff) = (out("written.zst"), out("written.xdelta3"));
    let zstd = samples(1, 0, || {
        let mut command = Command::new("zstd");
        // The window has to reach over the whole base.
        command.args(["-q", "-f", "--long=31", "--single-thread", "-o"]).arg(&zst);
        command.arg(format!("--patch-from={}", base.display())).arg(&current);
        command
    })?;
    let xdelta3 = samples(1, 0, || {
        let mut command = Command::new("xdelta3");
        command.args(["-e", "-f", "-s"]).args([base, &current, &vcdiff]);
        command
    })?;
    let bytes = |path: &PathBuf| {
        fs::metadata(path).map(|it| it.len()).map_err(|e| format!("{}: {e}", path.display()))
    };
    let [patch_bytes, zstd_bytes, xdelta_bytes] = [bytes(&patch)?, bytes(&zst)?, bytes(&vcdiff)?];
    let cpu = |samples: &[Sample]| median(samples.iter().map(|it| it.cpu_s)).unwrap_or_default();
    let peak = median(made.iter().map(|it| it.peak_mib)).unwrap_or_default();
    for path in [&current, &patch, &applied, &zst, &vcdiff] {
        // What stays behind costs only space.
        let _ = fs::remove_file(path);
    }
    Ok(format!(
        "| {} | {name} | {:.3} | {:.2} | {:.3} | {peak:.0} | {patch_bytes} | {:.1} | {zstd_bytes} | {:.3} | {xdelta_bytes} | {:.3} |\n",
        points_name(place.points),
        cpu(&made),
        cpu(&made) / cpu(manifest),
        cpu(&apply),
        patch_bytes as f64 / changes as f64,
        cpu(&zstd),
        cpu(&xdelta3),
    ))
}

fn samples(
    runs: usize,
    exit_code: i32,
    command: impl Fn() -> Command,
) -> Result<Vec<Sample>, String> {
    let once = |_| measure::run(&mut command(), Output::Dropped, exit_code).map(|it| it.0);
    (0..runs).map(once).collect()
}

/// Writes the base with another value in one line of `every`; gives how many there are.
fn changed(base: &Path, current: &Path, every: u64) -> Result<u64, String> {
    let failed = |e: std::io::Error| format!("{}: {e}", current.display());
    let mut out = BufWriter::new(File::create(current).map_err(failed)?);
    let mut changes = 0;
    let mut lines = BufReader::new(File::open(base).map_err(failed)?);
    let (mut line, mut number) = (String::new(), 0_u64);
    while lines.read_line(&mut line).map_err(failed)? > 0 {
        let mut words = line.splitn(4, ' ');
        match (words.next(), words.next(), words.next(), words.next()) {
            (Some(metric), Some(time), Some(_), Some(tags)) if number.is_multiple_of(every) => {
                changes += 1;
                // No generated value is so large.
                write!(out, "{metric} {time} {} {tags}", 1_000_000_000 + number % 1009)
            }
            _ => out.write_all(line.as_bytes()),
        }
        .map_err(failed)?;
        line.clear();
        number += 1;
    }
    out.flush().map_err(failed)?;
    Ok(changes)
}

/// Writes the table into `benches/runs/`; gives its path.
pub(super) fn write(facts: &[(&str, String)], tables: &str) -> Result<PathBuf, String> {
    let name = format!("{}-{}-patches.md", machine::date()?, machine::slug());
    let path = Path::new("benches/runs").join(name);
    let facts: String =
        facts.iter().map(|(name, fact)| format!("- {name}: {}\n", fact.trim())).collect();
    let text = format!(
        "# A run of `cargo xtask bench patches`\n\n{facts}\nWhole processes, one thread; CPU is user and \
         system time. \"of manifest\" is by the CPU time of `manifest` of the base alone, where a diff reads \
         both files; \"a change\" is bytes of the patch by changed points. The peers pack the difference of \
         the same two texts.\n\n{tables}"
    );
    fs::write(&path, text).map_err(|e| format!("{}: {e}", path.display()))?;
    Ok(path)
}
