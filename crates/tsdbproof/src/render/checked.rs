//! What a check found, and what a conversion left out, as text.

use std::collections::BTreeMap;

use tsdbproof_core::shown;

use super::{
    phrase::{NAME_CHARS, SENTENCE_CHARS},
    text::Page,
    words::{counted, number},
};
use crate::report::{Finding, FindingKind, LeftOut};

/// The first findings of each kind.
#[derive(Debug, Default)]
pub(super) struct FirstFindings {
    kinds: BTreeMap<FindingKind, Vec<Finding>>,
}

impl FirstFindings {
    /// Those of a kind.
    pub(super) fn of(&self, kind: FindingKind) -> &[Finding] {
        self.kinds.get(&kind).map_or(&[], Vec::as_slice)
    }

    /// Keeps a finding unless `limit` of its kind are kept.
    pub(super) fn push(&mut self, finding: &Finding, limit: usize) {
        let kept = self.kinds.entry(finding.kind).or_default();
        if kept.len() < limit {
            kept.push(finding.clone());
        }
    }
}

/// A list for each kind of finding.
pub(super) fn findings(page: &mut Page<'_>, first: &FirstFindings) {
    let kinds = page.report.checked.iter().flat_map(|checked| &checked.kinds);
    for group in kinds.collect::<Vec<_>>() {
        let weight = if group.is_problem { "problem" } else { "note" };
        page.heading(&format!(
            "{} × {} ({weight}): {}",
            number(group.count),
            group.kind.name(),
            group.kind.about()
        ));
        let kept = first.of(group.kind);
        for finding in kept {
            page.line(format!("  {}", finding_line(finding)));
        }
        let more = usize::try_from(group.count).unwrap_or(usize::MAX).saturating_sub(kept.len());
        page.more(more, "finding", "  ");
    }
}

pub(super) fn finding_line(finding: &Finding) -> String {
    let series = shown(finding.series.to_string(), NAME_CHARS);
    let time = finding.time.as_ref().map_or(String::new(), |time| format!(" {time}"));
    let what = shown(&finding.what, SENTENCE_CHARS);
    let file = finding.file.as_ref().map(|file| shown(file, NAME_CHARS));
    let at = match (file, finding.byte) {
        (Some(file), Some(byte)) => format!(" ({file}, byte {byte})"),
        _ => String::new(),
    };
    format!("{series}{time}: {what}{at}")
}

/// What a format could not hold, or a server would not.
pub(super) fn left_out<'a>(
    page: &mut Page<'_>,
    groups: impl Iterator<Item = &'a LeftOut>,
    how: &str,
) {
    for group in groups {
        page.heading(&format!("{} {how}: {}", counted(group.points, "point"), group.why));
        for point in &group.first {
            page.line(format!("  {}", shown(point, SENTENCE_CHARS)));
        }
        let more = usize::try_from(group.points).unwrap_or(usize::MAX);
        page.more(more.saturating_sub(group.first.len()), "point", "  ");
    }
}
