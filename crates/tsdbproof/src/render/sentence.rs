//! The verdict in a sentence, and what came of a job beside it.

use std::fmt::Write;

use tsdbproof_core::{Profile, shown};

use super::{
    chained,
    phrase::{SENTENCE_CHARS, changes, totals},
    words::{counted, number},
};
use crate::report::{Acknowledged, Compared, JobKind, Report, Side, Verdict};

/// The answer in words.
pub(super) fn sentence(report: &Report) -> String {
    let points = report.sides.last().map_or(0, |side| side.totals.points);
    let points = counted(points, "point");
    match (report.verdict, report.job) {
        (_, JobKind::MergePatches | JobKind::Chain) => chained::sentence(report),
        (Verdict::Done, _) => done(report, &points),
        (Verdict::Faulty, _) => format!("{} in {points}", faults(report)),
        (Verdict::SameBytes, _) => format!("the same bytes, so the same {points}"),
        (Verdict::Same, JobKind::Apply) if report.converted.is_none() => proven(report),
        (Verdict::Incomplete, JobKind::Apply) if report.converted.is_none() => {
            "what the patches make could not be proven".to_owned()
        }
        (Verdict::Same | Verdict::Different, JobKind::Apply) => applied(report, &points),
        (Verdict::Same, JobKind::Convert) => {
            format!("what was written, read back, holds the same {points}")
        }
        (Verdict::Different, JobKind::Convert) => {
            "what was written, read back, does not hold the points of the source".to_owned()
        }
        (Verdict::Same, _) if report.sides.len() == 1 => {
            format!("{points}, with the root that was expected")
        }
        (Verdict::Same, _) => match report.profile {
            Profile::Exact => format!("both sides hold the same {points}"),
            Profile::F32 => "both sides hold the same points in single precision".to_owned(),
        },
        (Verdict::Different, JobKind::Restore) if report.compared.is_none() => {
            "OpenTSDB would not hold these points; nothing was written".to_owned()
        }
        (Verdict::Different, JobKind::Merge) => "the parts contradict each other".to_owned(),
        (Verdict::Different | Verdict::Tolerated, _) => match &report.compared {
            Some(compared) if compared.differences > 0 => {
                let what = totals(&compared.counts, compared.depth);
                match compared.depth {
                    "metric" => what,
                    _ => format!("{what} in {}", counted(differing_metrics(compared), "metric")),
                }
            }
            _ => "the points are others".to_owned(),
        },
        (Verdict::Damaged, _) if report.is_comparison() => {
            "no difference was seen, but a side is damaged".to_owned()
        }
        (Verdict::Damaged, _) => {
            format!("{points} were read, and what damage cost is not among them")
        }
        (Verdict::Sampled, _) => "no difference was seen in a sample".to_owned(),
        (Verdict::Incomplete, _) if report.is_comparison() => {
            "no difference was seen, but not all was compared".to_owned()
        }
        (Verdict::Incomplete, _) => {
            let is_read = |side: &Side| side.not_read.is_empty() && side.unread.is_empty();
            let is_all_read = report.sides.iter().all(is_read);
            let is_lossy = report.sides.iter().any(|side| !side.losses.is_empty());
            match is_all_read && is_lossy {
                true => format!("{points} were read, but not all as they are stored"),
                false => format!("{points} were read, but not all could be"),
            }
        }
    }
}

/// That nothing is wrong, of jobs that compare nothing.
fn done(report: &Report, points: &str) -> String {
    match (report.job, &report.compared) {
        (JobKind::Merge, _) => {
            let merged = report.merged.as_ref().map_or(0, |merged| merged.points);
            let parts = counted(report.sides.len() as u64, "part");
            format!("{} in {parts}, which agree where they overlap", counted(merged, "point"))
        }
        (JobKind::Check, _) => format!("{points}, and nothing wrong with them"),
        (JobKind::Restore, _) => restorable(report, points),
        (JobKind::Show, Some(changed)) => format!("a sound patch: {}", changes(&changed.counts)),
        _ => format!("{points}, and no damage"),
    }
}

/// `2 × conflict, 3 errors of `tsdb fsck``.
fn faults(report: &Report) -> String {
    let kinds = report.checked.iter().flat_map(|checked| &checked.kinds);
    let problems = kinds.filter(|group| group.is_problem);
    let problems = problems.map(|group| format!("{} × {}", number(group.count), group.kind.name()));
    let tables = report.checked.iter().filter_map(|checked| checked.tables.as_ref());
    let errors = tables.map(|tables| tables.fsck.total_errors).filter(|errors| *errors > 0);
    let errors = errors.map(|errors| format!("{} of `tsdb fsck`", counted(errors, "error")));
    problems.chain(errors).collect::<Vec<_>>().join(", ")
}

/// What nothing stands in the way of.
fn restorable(report: &Report, points: &str) -> String {
    let narrowed = report.restored.as_ref().map_or(0, |told| told.narrowed);
    match (&report.converted, narrowed) {
        (None, _) => format!("{points} could be put; without --write nothing was"),
        (Some(_), 0) => format!("{points} for `tsdb import`, which keeps them as they are"),
        (Some(_), narrowed) => format!(
            "{points} for `tsdb import`, {} of them in single precision; verify the tables against this file",
            number(narrowed)
        ),
    }
}

/// What was put on a server, and what it refused.
pub(super) fn acknowledged(report: &Report) -> Vec<String> {
    let Some(told) = &report.restored else { return Vec::new() };
    let Some(Acknowledged { points, refused, first_refused, rows_deleted }) = &told.acknowledged
    else {
        return Vec::new();
    };
    let mut line = format!("{} put", counted(*points, "point"));
    if told.points_before > 0 {
        let _ = write!(line, ", {} of them by an earlier run", number(told.points_before));
    }
    if let Some(rows) = rows_deleted {
        let _ = write!(line, "; {} deleted before", counted(*rows, "row"));
    }
    if *refused > 0 {
        let _ = write!(line, "; {} refused", number(*refused));
    }
    let shown_points = first_refused.iter().map(|point| shown(point, SENTENCE_CHARS));
    std::iter::once(line).chain(shown_points).collect()
}

/// What patches make, where it was not written.
fn proven(report: &Report) -> String {
    let points = report.patches.last().map_or(0, |patch| patch.result_points);
    let patches = counted(report.patches.len() as u64, "patch");
    format!(
        "the base and {patches} make the {} that the last one promises; nothing was written",
        counted(points, "point")
    )
}

fn applied(report: &Report, points: &str) -> String {
    let is_part = report.sides.windows(2).any(|two| two[0].scope != two[1].scope);
    match (report.verdict, &report.rewritten) {
        (Verdict::Same, None) if is_part => format!(
            "the output, read back, holds the {points} of this part of the state that the patches promise"
        ),
        (Verdict::Same, None) => {
            format!("the result, read back, holds the {points} that the patches promise")
        }
        (Verdict::Same, Some(rewritten)) => {
            let rows = counted(rewritten.rows_deleted, "row");
            let again = match rewritten.points_put_again {
                0 => String::new(),
                again => format!(" ({} of them again)", number(again)),
            };
            format!(
                "{rows} to delete and then {points} to put{again} make what the patches promise"
            )
        }
        (_, None) => "the roots don't fit; nothing was written".to_owned(),
        (_, Some(_)) => {
            "no change of a server makes what the patches promise; nothing was written".to_owned()
        }
    }
}

/// Metrics with a difference, and not only with a loss.
fn differing_metrics(compared: &Compared) -> u64 {
    compared.metrics.values().filter(|metric| metric.counts.weight() > 0).count() as u64
}
