//! What a folder can restore, as text.

use tsdbproof_core::shown;

use super::{
    phrase::NAME_CHARS,
    text::Page,
    words::{counted, number, size, table},
};
use crate::report::{ChainFile, ChainState, Chained, JobKind, Report, Verdict};

/// The answer in words, of jobs about patches.
pub(super) fn sentence(report: &Report) -> String {
    let Some(chained) = &report.chained else { return merged(report) };
    let points = chained.states.iter().filter(|state| state.is_restorable).count() as u64;
    let points = counted(points, "restore point");
    let files = counted(chained.files.len() as u64, "file");
    match report.verdict {
        Verdict::Done if chained.is_pruned => {
            let going: Vec<_> = chained.files.iter().filter(|file| file.can_go).collect();
            let bytes = size(going.iter().map(|file| file.size_bytes).sum());
            let kept = chained.states.iter().filter(|state| state.is_kept).count() as u64;
            let going = number(going.len() as u64);
            format!("{} of {points} kept; {going} of {files} can go, {bytes}", number(kept))
        }
        Verdict::Done => format!("{points} in {files}; each was made in memory and has its root"),
        Verdict::Damaged => format!("{points} in {files}, but not every file is sound"),
        _ => format!("{points} in {files}, but not everything could be proven"),
    }
}

fn merged(report: &Report) -> String {
    match (report.job, report.verdict, report.patches.len()) {
        (JobKind::MergePatches, Verdict::Done, count) => {
            let parts = counted(count.saturating_sub(1) as u64, "patch");
            format!("one patch of {parts}; `tsdbproof apply` proves what it makes")
        }
        _ => "the patches do not follow on each other; nothing was written".to_owned(),
    }
}

/// States and files.
pub(super) fn chained(page: &mut Page<'_>) {
    let Some(Chained { states, files, is_pruned }) = &page.report.chained else { return };
    if !states.is_empty() {
        page.heading("states, by the newest point");
        let shown_states = states.iter().take(page.list);
        let rows: Vec<_> = shown_states.map(|state| state_row(state, *is_pruned)).collect();
        lines(page, &rows, states.len(), "state");
    }
    if !files.is_empty() {
        page.heading("files");
        let rows: Vec<_> =
            files.iter().take(page.list).map(|file| file_row(file, *is_pruned)).collect();
        lines(page, &rows, files.len(), "file");
    }
}

fn lines(page: &mut Page<'_>, rows: &[Vec<String>], of: usize, noun: &str) {
    table(rows, &[2]).into_iter().for_each(|line| page.line(line));
    page.more(of - rows.len(), noun, "  ");
}

fn state_row(state: &ChainState, is_pruned: bool) -> Vec<String> {
    let step = |(index, step): (usize, &crate::report::ChainStep)| {
        let sign = match (index, step.is_reverse) {
            (0, _) => "",
            (_, false) => " + ",
            (_, true) => " - ",
        };
        format!("{sign}{}", shown(&step.name, NAME_CHARS))
    };
    let mut how: String = state.steps.iter().enumerate().map(step).collect();
    if !state.is_restorable {
        how = "can't be restored: no full backup here leads to it".to_owned();
    }
    if !state.manifests.is_empty() {
        let names: Vec<_> = state.manifests.iter().map(|it| shown(it, NAME_CHARS)).collect();
        how.push_str(&format!(" (manifest: {})", names.join(", ")));
    }
    vec![
        format!("  {}", state.last.as_deref().unwrap_or("without points")),
        if is_pruned && state.is_kept { "kept" } else { "" }.to_owned(),
        counted(state.points, "point"),
        state.root.clone(),
        how,
    ]
}

fn file_row(file: &ChainFile, is_pruned: bool) -> Vec<String> {
    let fate = match (&file.fault, is_pruned, file.can_go) {
        (Some(_), ..) => "not sound",
        (None, true, true) => "can go",
        _ => "",
    };
    let name = shown(&file.name, NAME_CHARS);
    vec![format!("  {name}"), file.kind.to_owned(), size(file.size_bytes), fate.to_owned()]
}
