//! The table, the raw numbers, and the folder that keeps them.

use std::fs;
use std::path::{Path, PathBuf};

use super::answers::Answers;
use super::measure::Sample;
use super::row::{Goal, Row};
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

const HEAD: [&str; 12] = [
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
    "goal",
    "result",
];

const HOW: &str = "\
Whole processes, medians; the ratio is ours by the peer's, pair by pair. CPU is user and system
time of all threads. Every run is in `results.csv`; in even pairs ours ran first, in odd ones
the peer.
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
            (medians(&ours), medians(&theirs), ratio_text(goal, pairs), verdict(goal, pairs))
        }
        End::Skipped(why) => (blanks(), blanks(), String::new(), format!("SKIPPED: {why}")),
        End::Failed(why) => (blanks(), blanks(), String::new(), format!("FAILED: {why}")),
    };
    let [ours_cpu, ours_wall, ours_peak] = ours;
    let [cpu, wall, peak] = theirs;
    let peer = peer.map_or("", |peer| peer.name()).to_owned();
    let (name, points) = ((*name).to_owned(), points_name(outcome.points));
    let (goal, result) = (goal_text(goal), result.replace('\n', " ").replace('|', "/"));
    vec![name, points, ours_cpu, ours_wall, ours_peak, peer, cpu, wall, peak, ratio, goal, result]
}

fn blanks() -> [String; 3] {
    Default::default()
}

/// CPU, wall and peak memory, each by its own median.
fn medians(samples: &[&Sample]) -> [String; 3] {
    let of = |part: fn(&Sample) -> f64| median(samples.iter().map(|sample| part(sample)).collect());
    let text = |number: Option<f64>, places| {
        number.map_or(String::new(), |number| format!("{number:.places$}"))
    };
    [text(of(|s| s.cpu_s), 3), text(of(|s| s.wall_s), 3), text(of(|s| s.peak_mib), 0)]
}

fn median(mut numbers: Vec<f64>) -> Option<f64> {
    numbers.sort_by(f64::total_cmp);
    let upper = *numbers.get(numbers.len() / 2)?;
    Some(if numbers.len() % 2 == 1 {
        upper
    } else {
        (numbers[numbers.len() / 2 - 1] + upper) / 2.0
    })
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

fn goal_text(goal: &Goal) -> String {
    let ratio = goal.ratio.map(|most| format!("{} ≤ {most}", goal.of.name()));
    let peak = goal.peak_mib.map(|most| format!("peak ≤ {most} MiB"));
    ratio.into_iter().chain(peak).collect::<Vec<_>>().join(", ")
}

fn verdict(goal: &Goal, pairs: &[Pair]) -> String {
    let peak = median(pairs.iter().map(|pair| pair.ours.peak_mib).collect());
    let within = |found: Option<f64>, most: Option<f64>| Some(found? <= most?);
    let parts = [within(median(ratios(goal, pairs)), goal.ratio), within(peak, goal.peak_mib)];
    match parts.into_iter().flatten().reduce(|a, b| a && b) {
        Some(true) => "met".to_owned(),
        Some(false) => "MISSED".to_owned(),
        None => "–".to_owned(),
    }
}

/// Writes `README.md` and `results.csv` into a new folder under `benches/runs/`.
pub(super) fn write(
    facts: &[(&str, String)],
    outcomes: &[Outcome],
    answers: &[Answers],
) -> Result<PathBuf, String> {
    let folder = new_folder()?;
    let put = |name: &str, text: String| {
        let path = folder.join(name);
        fs::write(&path, text).map_err(|e| format!("{}: {e}", path.display()))
    };
    put("results.csv", csv(outcomes))?;
    put("README.md", readme(facts, outcomes, answers))?;
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

/// Every run, one a line.
fn csv(outcomes: &[Outcome]) -> String {
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

fn readme(facts: &[(&str, String)], outcomes: &[Outcome], answers: &[Answers]) -> String {
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
    let table = table(outcomes);
    format!(
        "# A run of `cargo xtask bench`\n\n{facts}\n{HOW}\n{table}\n\
         ## Commands\n\n```sh\n{commands}```\n\n\
         ## Answers\n\nEvery run was checked against these.\n\n{answers}"
    )
}
