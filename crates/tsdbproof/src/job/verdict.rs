//! From what was found to an answer. A wrong "same" is the worst that can happen: nothing that was
//! not compared is ever called the same.

use tsdbproof_core::Loss;

use super::allowed::{self, Passes};
use crate::{
    Options,
    report::{JobKind, Report, Sampled, Side, Verdict},
};

/// A report without an answer yet.
pub(super) fn report(job: JobKind, sides: Vec<Side>, options: &Options) -> Report {
    Report {
        job,
        verdict: Verdict::Incomplete,
        reasons: Vec::new(),
        notes: Vec::new(),
        profile: options.profile,
        sides,
        compared: None,
        changed_files: Vec::new(),
        contradictions: Vec::new(),
        merged: None,
        checked: None,
        converted: None,
        patches: Vec::new(),
        misfit: None,
        rewritten: None,
        chained: None,
        restored: None,
        version: env!("CARGO_PKG_VERSION"),
    }
}

/// The answer of a job that reads one source and compares nothing.
pub(super) fn of_source(job: JobKind, side: Side, options: &Options) -> Report {
    let mut report = report(job, vec![side], options);
    decide(&mut report, false, options);
    report
}

/// Gives the answer: differences before damage before gaps in coverage before what is
/// tolerated before "same".
pub(super) fn decide(report: &mut Report, differs: bool, options: &Options) {
    report.reasons.extend(gaps(report, options));
    let is_partial = !report.reasons.is_empty();
    if report.is_damaged() {
        report.reasons.push("a source is damaged: points are or may be lost".to_owned());
    }
    let sample = report.compared.as_ref().and_then(|compared| compared.sample.as_ref());
    let is_sample = sample.is_some();
    let told = sample.map(sampled);
    report.reasons.extend(told);
    let left = report.compared.as_ref().map_or(0, |compared| compared.left_nodes);
    if left > 0 && !is_sample {
        report.reasons.push(format!(
            "the comparison ended at the first series that differs: {left} of these behind it were left out"
        ));
    }
    let mut passes = false;
    if let (true, Some(compared)) = (differs, &report.compared) {
        let Passes { holds, reasons } = allowed::passes(compared, &options.allowed);
        passes = holds;
        report.reasons.extend(reasons);
    }
    report.verdict = match (differs && !passes, report.is_damaged(), is_partial) {
        (true, _, _) if report.job == JobKind::Check => Verdict::Faulty,
        (true, _, _) => Verdict::Different,
        (false, false, false) if is_sample => Verdict::Sampled,
        (false, false, false) if passes => Verdict::Tolerated,
        (false, true, _) => Verdict::Damaged,
        (false, false, true) => Verdict::Incomplete,
        (false, false, false) if report.job.compares() => Verdict::Same,
        (false, false, false) => Verdict::Done,
    };
}

/// Why not everything was read or compared.
fn gaps(report: &Report, options: &Options) -> Vec<String> {
    let mut gaps = Vec::new();
    let not_read: usize = report.sides.iter().map(|side| side.not_read.len()).sum();
    if not_read > 0 {
        gaps.push(format!("{not_read} of the files could not be read"));
    }
    for side in report.sides.iter().filter(|side| !side.unread.is_empty()) {
        let (count, role) = (side.unread.len(), side.role);
        let parts = if count == 1 { "part" } else { "parts" };
        gaps.push(format!("{count} {parts} of {role} could not be read, and so not be compared"));
    }
    let damaged = report.sides.iter().filter(|side| !side.left_out.is_empty());
    if report.job.compares() {
        gaps.extend(damaged.map(|side| {
            format!(
                "the manifest of {} was made of a source that is damaged or was not read whole: what was lost is not compared",
                side.role
            )
        }));
    }
    for side in &report.sides {
        gaps.extend(side.losses.iter().map(|(loss, count)| lost(side, loss, *count)));
    }
    let undecided = report.compared.as_ref().map_or(0, |compared| compared.undecided_nodes);
    if undecided > 0 {
        gaps.push(format!(
            "{undecided} of these differ, and without the points of both sides nobody can tell whether for more than that"
        ));
    }
    let unnamed = report.compared.as_ref().map_or(0, |compared| compared.unnamed_nodes);
    if unnamed > 0 {
        gaps.push(format!(
            "{unnamed} more that only one side has by name may be among those of the other side"
        ));
    }
    let points: u64 = report.sides.iter().map(|side| side.totals.points).sum();
    if points == 0 && !options.allow_empty {
        let what = if report.job.compares() { "nothing was compared" } else { "nothing was read" };
        gaps.push(format!("{what}: there are no points (--allow-empty takes that as fine)"));
    }
    gaps
}

/// What a sample tells of the whole.
fn sampled(sample: &Sampled) -> String {
    let Sampled { series_days, days, series, seed, .. } = sample;
    let percent = |ppm: u64| format!("{}.{:04} %", ppm / 10_000, ppm % 10_000);
    format!(
        "only a sample was compared (seed {seed}): {} of {} days of series, on {} of {} days, of {} of {} series. A loss of 1 % stays unseen \
         with a probability of {} if it is spread over days of series, {} if it is whole days, {} if it is whole series",
        series_days.0,
        series_days.1,
        days.0,
        days.1,
        series.0,
        series.1,
        percent(sample.unseen_series_days_ppm),
        percent(sample.unseen_days_ppm),
        percent(sample.unseen_series_ppm),
    )
}

/// What the way of a side's points could not carry.
fn lost(side: &Side, loss: &str, count: u64) -> String {
    let (role, depth) = (side.role, side.depth.name());
    let plural = if count == 1 || depth == "series" { "" } else { "s" };
    let what = match loss {
        loss if loss == Loss::UnnamedUids.name() => {
            "stand under UIDs without a name: nobody can tell of which series they are"
        }
        loss if loss == Loss::WholeSeconds.name() => {
            "came in whole seconds: a time within a second can't be seen; ask with ms=true"
        }
        _ => {
            "came with doubles that may stand for integers beyond 2^53: their last digits can't be seen"
        }
    };
    format!("{count} {depth}{plural} of {role} {what}")
}
