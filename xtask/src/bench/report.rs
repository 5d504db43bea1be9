//! The table, the raw numbers, and the folder that keeps them.

use std::fs;
use std::path::{Path, PathBuf};

use super::answers::Answers;
use super::goal::{Goal, median};
use super::growth::Growth;
use super::measure::Sample;
use super::row::Row;
use super::{machine, points_name};

/// What became of one row at one size.
pub(super) struct Outcome {
    pub(super) row: &'static Row,
    pub(super) points: u64,
    pub(super) commands: Vec<String>,
    pub(super) end: End,
}

pub(super) enum End {
    Measured(Vec<Pair>),
    Skipped(String),
    Failed(String),
}

/// A run of ours and, right beside it, one of the peer.
pub(super) struct Pair {
    pub(super) ours: Sample,
    pub(super) peer: Option<Sample>,
}

const HEAD: [&str; 13] = [
    "row",
    "points",
    "ours CPU s",
    "wall s",
    "peak MiB",
    "peer",
    "CPU s",
    "wall s",
    "peak MiB",
    "ratio (min–max)",
    "target",
    "at least",
    "result",
];

const HOW: &str = "\
Whole processes, medians; the ratio is ours by the peer's, pair by pair. CPU is user and system
time of all threads. Every run is in `results.csv`; in even pairs ours ran first, in odd ones
the peer. \"target\" as a result: that column holds; \"at least\": the other one alone; MISSED:
neither. What bounds each row: [docs/performance.md](../../../docs/performance.md).
";

/// A Markdown table, aligned to be read as it is.
pub(super) fn table(outcomes: &[Outcome]) -> String {
    let mut lines = vec![HEAD.map(str::to_owned).to_vec()];
    lines.extend(outcomes.iter().map(cells));
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max();
    let widths: Vec<usize> = (0..HEAD.len()).map(|column| width(column).unwrap_or(0)).collect();
    lines.insert(1, widths.iter().map(|width| "-".repeat(*width)).collect());
    let line = |cells: &Vec<String>| {
        let padded = cells.iter().zip(&widths).map(|(cell, width)| format!(" {cell:width$} "));
        format!("|{}|\n", padded.collect::<Vec<_>>().join("|"))
    };
    lines.iter().map(line).collect()
}

fn cells(outcome: &Outcome) -> Vec<String> {
    let Row { name, peer, goal, .. } = outcome.row;
    let (ours, theirs, ratio, result) = match &outcome.end {
        End::Measured(pairs) => {
            let ours: Vec<&Sample> = pairs.iter().map(|pair| &pair.ours).collect();
            let theirs: Vec<&Sample> = pairs.iter().filter_map(|pair| pair.peer.as_ref()).collect();
            (
                medians(&ours),
                medians(&theirs),
                ratio_text(goal, pairs),
                goal.verdict(pairs, outcome.points).to_owned(),
            )
        }
        End::Skipped(why) => (blanks(), blanks(), String::new(), format!("SKIPPED: {why}")),
        End::Failed(why) => (blanks(), blanks(), String::new(), format!("FAILED: {why}")),
    };
    let [ours_cpu, ours_wall, ours_peak] = ours;
    let [cpu, wall, peak] = theirs;
    let peer = peer.map_or("", |peer| peer.name()).to_owned();
    let (name, points) = ((*name).to_owned(), points_name(outcome.points));
    let [target, least] = [goal.target, goal.least].map(|bound| bound.text(goal.of));
    let result = result.replace('\n', " ").replace('|', "/");
    vec![
        name, points, ours_cpu, ours_wall, ours_peak, peer, cpu, wall, peak, ratio, target, least,
        result,
    ]
}

fn blanks() -> [String; 3] {
    Default::default()
}

/// CPU, wall and peak memory, each by its own median.
fn medians(samples: &[&Sample]) -> [String; 3] {
    let of = |part: fn(&Sample) -> f64| median(samples.iter().map(|sample| part(sample)));
    let text = |number: Option<f64>, places| {
        number.map_or(String::new(), |number| format!("{number:.places$}"))
    };
    [text(of(|s| s.cpu_s), 3), text(of(|s| s.wall_s), 3), text(of(|s| s.peak_mib), 0)]
}

/// Ours by the peer's, pair by pair: what loads the machine for a while loads both.
fn ratios(goal: &Goal, pairs: &[Pair]) -> Vec<f64> {
    let part = |sample| goal.of.of(sample);
    pairs.iter().filter_map(|pair| Some(part(&pair.ours) / part(pair.peer.as_ref()?))).collect()
}

fn ratio_text(goal: &Goal, pairs: &[Pair]) -> String {
    let ratios = ratios(goal, pairs);
    let least = ratios.iter().copied().fold(f64::INFINITY, f64::min);
    let most = ratios.iter().copied().fold(0.0, f64::max);
    median(ratios).map_or(String::new(), |median| {
        format!("{} {median:.3} ({least:.3}–{most:.3})", goal.of.name())
    })
}

/// Writes `README.md`, `results.csv` and the plot of a growth into a new folder under
/// `benches/runs/`.
pub(super) fn write(
    facts: &[(&str, String)],
    outcomes: &[Outcome],
    growth: &Growth,
    answers: &[Answers],
) -> Result<PathBuf, String> {
    let folder = new_folder()?;
    let put = |name: &str, text: String| {
        let path = folder.join(name);
        fs::write(&path, text).map_err(|e| format!("{}: {e}", path.display()))
    };
    put("results.csv", csv(outcomes.iter().chain(growth.outcomes())))?;
    put("README.md", readme(facts, outcomes, growth, answers))?;
    if let Some(plot) = growth.plot() {
        put("growth.svg", plot)?;
        name_in_docs(&folder)?;
    }
    Ok(folder)
}

/// `<date>-<machine>`; with a number behind it where that is taken: no run replaces another.
fn new_folder() -> Result<PathBuf, String> {
    let name = format!("{}-{}", machine::date()?, machine::slug());
    let names = std::iter::once(name.clone()).chain((2..).map(|n| format!("{name}-{n}")));
    let mut folders = names.map(|name| Path::new("benches/runs").join(name));
    let folder = folders.find(|folder| !folder.exists()).expect("some number is free");
    fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    Ok(folder)
}

/// Names the newest run of the long form in `docs/performance.md`, which tells what bounds its rows.
fn name_in_docs(folder: &Path) -> Result<(), String> {
    const DOCS: &str = "docs/performance.md";
    let failed = |e| format!("{DOCS}: {e}");
    let text = fs::read_to_string(DOCS).map_err(failed)?;
    fs::write(DOCS, naming(&text, folder)).map_err(failed)
}

/// A text with this folder in place of every run that it names.
fn naming(text: &str, folder: &Path) -> String {
    let mut parts = text.split("benches/runs/");
    let mut named = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(['/', ')', ']']).unwrap_or(part.len());
        named += &format!("{}{}", folder.display(), part.get(end..).unwrap_or_default());
    }
    named
}

/// Every run, one a line.
fn csv<'a>(outcomes: impl Iterator<Item = &'a Outcome>) -> String {
    let mut text = String::from("row,points,pair,side,cpu_s,wall_s,peak_mib\n");
    for Outcome { row, points, end, .. } in outcomes {
        let End::Measured(pairs) = end else { continue };
        for (index, pair) in pairs.iter().enumerate() {
            for (side, sample) in [("ours", Some(&pair.ours)), ("peer", pair.peer.as_ref())] {
                let Some(Sample { wall_s, cpu_s, peak_mib }) = sample else { continue };
                text += &format!(
                    "{},{points},{index},{side},{cpu_s:.4},{wall_s:.4},{peak_mib:.1}\n",
                    row.name
                );
            }
        }
    }
    text
}

fn readme(
    facts: &[(&str, String)],
    outcomes: &[Outcome],
    growth: &Growth,
    answers: &[Answers],
) -> String {
    let facts: String =
        facts.iter().map(|(name, fact)| format!("- {name}: {}\n", fact.trim())).collect();
    let commands: String = outcomes
        .iter()
        .map(|outcome| {
            let (name, points) = (outcome.row.name, points_name(outcome.points));
            format!("# {name}, {points}\n{}\n", outcome.commands.join("\n"))
        })
        .collect();
    let answers: String = answers.iter().map(Answers::list).collect();
    let (table, growth) = (table(outcomes), growth.text());
    format!(
        "# A run of `cargo xtask bench`\n\n{facts}\n{HOW}\n{table}\n{growth}\
         ## Commands\n\n```sh\n{commands}```\n\n\
         ## Answers\n\nEvery run was checked against these.\n\n{answers}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_link_to_a_run_is_to_the_newest() {
        let text = "[benches/runs/1-a](../benches/runs/1-a/README.md), ![](../benches/runs/1-a/growth.svg)";
        let named = naming(text, Path::new("benches/runs/2-b"));
        assert_eq!(named, text.replace("1-a", "2-b"));
    }
}
