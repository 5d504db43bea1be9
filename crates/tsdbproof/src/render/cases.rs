//! A report as cases that pass or not, as pipelines list them.

use tsdbproof_core::shown;

use super::{
    phrase::{self, NAME_CHARS, SENTENCE_CHARS, account, place, point, role, totals},
    sentence::sentence,
    words::{counted, number},
    worst::Worst,
};
use crate::report::{ComparedMetric, Difference, FindingKind, Report, Side, Verdict};

/// What a pipeline shows as one line, green or red.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Case {
    /// What it belongs to: `verdict`, `coverage`, `BASE`, `metric`, `check`.
    pub(super) group: String,
    /// Its name.
    pub(super) name: String,
    /// How it ended.
    pub(super) end: End,
    /// What else is to be said, line by line.
    pub(super) lines: Vec<String>,
}

/// How a case ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum End {
    /// Well.
    Passed,
    /// Something is wrong: why, in a sentence.
    Failed(String),
    /// It could not be decided: why, in a sentence.
    Open(String),
}

/// The cases of a report. One at least is not passed if the verdict is not one to pass.
pub(super) fn cases(report: &Report, metrics: &[ComparedMetric], worst: Worst) -> Vec<Case> {
    let mut cases = vec![verdict(report)];
    cases.extend(report.sides.iter().map(|side| side_case(report, side)));
    cases.extend(checks(report));
    let (worst, ..) = worst.into_sorted();
    let worst: Vec<(String, Vec<Difference>, u64)> = worst
        .into_iter()
        .map(|metric| {
            let (differences, more) = metric.worst.into_sorted();
            (metric.name, differences, more)
        })
        .collect();
    cases.extend(metrics.iter().map(|metric| {
        let found = worst.iter().find(|(name, ..)| *name == metric.metric);
        let (differences, more) =
            found.map_or((&[][..], 0), |(_, it, more)| (it.as_slice(), *more));
        metric_case(report, metric, differences, more)
    }));
    cases
}

fn verdict(report: &Report) -> Case {
    let sentence = sentence(report);
    let end = match report.verdict {
        Verdict::Done | Verdict::SameBytes | Verdict::Same | Verdict::Tolerated => End::Passed,
        Verdict::Different | Verdict::Faulty | Verdict::Damaged => End::Failed(sentence.clone()),
        Verdict::Sampled | Verdict::Incomplete => End::Open(sentence.clone()),
    };
    let reasons = report.reasons.iter().chain(&report.notes);
    let reasons = reasons.map(|reason| shown(reason, SENTENCE_CHARS));
    let kinds = report.compared.iter().flat_map(phrase::kind_changes);
    let lines = std::iter::once(sentence).chain(reasons).chain(kinds).collect();
    case("verdict", report.job.name(), end, lines)
}

fn case(group: &str, name: impl Into<String>, end: End, lines: Vec<String>) -> Case {
    Case { group: group.to_owned(), name: name.into(), end, lines }
}

/// Whether a side is sound and was read as a whole.
fn side_case(report: &Report, side: &Side) -> Case {
    let mut lines = vec![phrase::summary(side)];
    for group in &side.problems {
        let weight = if group.is_damage { "damage" } else { "note" };
        lines.push(format!("{} × {} ({weight})", number(group.count), group.kind));
        lines.extend(group.first.iter().map(phrase::problem));
    }
    lines.extend(side.not_read.iter().map(|file| {
        let (name, why) = (shown(&file.name, NAME_CHARS), shown(&file.why, SENTENCE_CHARS));
        format!("not read: {name}: {why}")
    }));
    let damage: u64 =
        side.problems.iter().filter(|group| group.is_damage).map(|group| group.count).sum();
    let end = match (damage, side.not_read.len()) {
        (0, 0) => End::Passed,
        (0, not_read) => End::Open(format!("{} not read", counted(not_read as u64, "file"))),
        (damage, _) => End::Failed(format!("{} that cost points", counted(damage, "fault"))),
    };
    case("source", role(report, side), end, lines)
}

/// What a check looked for.
fn checks(report: &Report) -> Vec<Case> {
    let Some(checked) = &report.checked else { return Vec::new() };
    let checks = FindingKind::ALL.iter().map(|kind| {
        let count = checked.kinds.iter().find(|group| group.kind == *kind).map_or(0, |it| it.count);
        let found = format!("{} {}", number(count), kind.about());
        let end = match count > 0 && kind.is_problem() {
            true => End::Failed(found.clone()),
            false => End::Passed,
        };
        case("check", kind.name(), end, vec![found])
    });
    checks.collect()
}

fn metric_case(
    report: &Report,
    metric: &ComparedMetric,
    differences: &[Difference],
    more: u64,
) -> Case {
    let depth = report.compared.as_ref().map_or("node", |compared| compared.depth);
    let ComparedMetric { nodes, equal_nodes, base_points, current_points, counts, .. } = metric;
    let mut lines = vec![format!(
        "{} of {} equal, {} in BASE and {} in CURRENT",
        number(*equal_nodes),
        counted(*nodes, depth),
        counted(*base_points, "point"),
        number(*current_points)
    )];
    for difference in differences {
        lines.push(format!("{}: {}", place(difference), account(difference, depth)));
        lines.extend(difference.examples.iter().take(3).map(|it| format!("    {}", point(it))));
    }
    if more > 0 {
        lines.push(format!("… and {}", counted(more, "more difference")));
    }
    let differs = counts.weight() > 0;
    let end = match (differs, equal_nodes == nodes) {
        (true, _) if report.verdict != Verdict::Tolerated => End::Failed(totals(counts, depth)),
        (false, false) => End::Open(format!(
            "{} not compared, for what was lost on the way",
            counted(nodes - equal_nodes, depth)
        )),
        _ => End::Passed,
    };
    case("metric", shown(&metric.metric, NAME_CHARS), end, lines)
}
