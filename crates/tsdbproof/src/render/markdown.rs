//! Markdown as GitHub and GitLab show it: a job's summary, a comment.

use std::fmt::Write;

use tsdbproof_core::shown;

use super::{
    Whole,
    checked::{FirstFindings, finding_line},
    phrase::{self, NAME_CHARS, SENTENCE_CHARS, account, place, point, role, span},
    sentence::sentence,
    text::unlimited,
    words::{counted, number},
    worst::Worst,
};
use crate::report::{Compared, Difference, Differences, Finding, Findings, Report, Side, Verdict};

/// Takes the differences of a job, and gives the Markdown.
#[derive(Debug)]
pub struct Markdown {
    limit: usize,
    worst: Worst,
    findings: FirstFindings,
}

impl Markdown {
    /// With so many differences of each metric, of twice as many metrics; 0 for all.
    pub fn new(limit: usize) -> Self {
        let limit = unlimited(limit);
        Markdown { limit, worst: Worst::new(limit), findings: FirstFindings::default() }
    }
}

impl Differences for Markdown {
    fn difference(&mut self, difference: &Difference) {
        self.worst.push(difference);
    }
}

impl Findings for Markdown {
    fn finding(&mut self, finding: &Finding) {
        self.findings.push(finding, self.limit);
    }
}

impl Whole for Markdown {
    fn finish(self: Box<Self>, report: &Report) -> String {
        let mut text = String::new();
        verdict(&mut text, report);
        sides(&mut text, report);
        differences(&mut text, report, self.worst);
        findings(&mut text, report, &self.findings);
        problems(&mut text, report);
        roots(&mut text, report);
        text
    }
}

/// Signs that mean something within a line: emphasis, code, links, cells, mentions, issues, formulas.
const SIGNS: &str = "\\`*_[]<>#.|~:@&$";

/// Text as it is, whatever it holds.
fn plain(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() * 2);
    for c in text.chars() {
        if SIGNS.contains(c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// Text in the letters of code: no mention, no link is found in it.
fn code(text: &str) -> String {
    format!("<code>{}</code>", plain(text))
}

fn line(text: &mut String, line: impl AsRef<str>) {
    text.push_str(line.as_ref());
    text.push('\n');
}

fn verdict(text: &mut String, report: &Report) {
    let (sign, word) = match report.verdict {
        Verdict::Done => ("✅", "done"),
        Verdict::SameBytes | Verdict::Same => ("✅", "same"),
        Verdict::Tolerated => ("⚠️", "tolerated"),
        Verdict::Different => ("❌", "different"),
        Verdict::Faulty => ("❌", "faulty"),
        Verdict::Damaged => ("❌", "damaged"),
        Verdict::Sampled => ("⚠️", "sampled"),
        Verdict::Incomplete => ("⚠️", "incomplete"),
    };
    line(text, format!("## {sign} tsdbproof {}: {word}\n", report.job.name()));
    line(text, format!("**{}**\n", plain(&sentence(report))));
    for reason in report.reasons.iter().chain(&report.notes) {
        line(text, format!("- {}", plain(&shown(reason, SENTENCE_CHARS))));
    }
    text.push('\n');
}

fn sides(text: &mut String, report: &Report) {
    if report.sides.is_empty() {
        return;
    }
    line(
        text,
        "| | source | points | series | metrics | from – to |\n| --- | --- | ---: | ---: | ---: | --- |",
    );
    for side in &report.sides {
        let names: Vec<_> =
            side.names.iter().take(3).map(|name| code(&shown(name, NAME_CHARS))).collect();
        let more = side.names.len().saturating_sub(3);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let totals = &side.totals;
        let counts = [totals.points, totals.series_count, totals.metrics_count].map(number);
        let span = span(totals.first.as_deref(), totals.last.as_deref());
        let (role, names) = (plain(&role(report, side)), names.join(", "));
        line(
            text,
            format!("| {role} | {names}{more} | {} | {} |", counts.join(" | "), plain(&span)),
        );
    }
    if let Some(compared) = &report.compared {
        if let Some(coverage) = phrase::coverage(compared) {
            line(text, format!("\nCompared: {}.", plain(&coverage)));
        }
        for (index, change) in phrase::kind_changes(compared).iter().enumerate() {
            let sign = if index == 0 { "\n" } else { "- " };
            line(text, format!("{sign}{}", plain(change)));
        }
    }
    text.push('\n');
}

fn differences(text: &mut String, report: &Report, worst: Worst) {
    let Some(compared) = report.compared.as_ref().filter(|it| it.differences > 0) else { return };
    let (metrics, more_metrics, _) = worst.into_sorted();
    let (title, legend, kinds) = match compared.depth {
        Compared::OF_PATCH => (
            "Changes",
            "`-` deleted, `+` added, `~` replaced",
            "deleted | added | replaced | hours cleared",
        ),
        _ => (
            "Differences",
            "`-` only in BASE, `+` only in CURRENT, `~` changed",
            "missing | extra | changed | unresolved",
        ),
    };
    line(text, format!("### {title}\n\n{legend}\n"));
    line(
        text,
        format!("| metric | series | {kinds} |\n| --- | ---: | ---: | ---: | ---: | ---: |"),
    );
    for metric in &metrics {
        let counts = &metric.counts;
        let series = compared.metrics.get(&metric.name).map_or(0, |it| it.series);
        let numbers =
            [series, counts.missing, counts.extra, counts.changed, counts.unresolved_nodes];
        let name = code(&shown(&metric.name, NAME_CHARS));
        line(text, format!("| {name} | {} |", numbers.map(number).join(" | ")));
    }
    if more_metrics > 0 {
        line(text, format!("\n… and {}\n", counted(more_metrics, "more metric")));
    }
    for metric in metrics {
        // A block of HTML is no Markdown: it has escapes of its own.
        let name = quick_xml::escape::escape(shown(&metric.name, NAME_CHARS)).into_owned();
        let what = phrase::totals(&metric.counts, compared.depth);
        line(text, format!("\n<details><summary><code>{name}</code>: {what}</summary>\n"));
        let (differences, more) = metric.worst.into_sorted();
        for difference in &differences {
            let (at, what) = (place(difference), account(difference, compared.depth));
            line(text, format!("- {}: {}", code(&at), plain(&what)));
            for example in difference.examples.iter().take(3) {
                line(text, format!("  - {}", code(&point(example))));
            }
        }
        if more > 0 {
            line(text, format!("- … and {}", counted(more, "more difference")));
        }
        line(text, "\n</details>");
    }
    text.push('\n');
}

fn findings(text: &mut String, report: &Report, first: &FirstFindings) {
    let kinds = report.checked.iter().flat_map(|checked| &checked.kinds);
    for group in kinds {
        let weight = if group.is_problem { "problem" } else { "note" };
        let kind = group.kind;
        let about = plain(kind.about());
        line(
            text,
            format!("### {} × {} ({weight}): {about}\n", number(group.count), plain(kind.name())),
        );
        let kept = first.of(kind);
        for finding in kept {
            line(text, format!("- {}", code(&finding_line(finding))));
        }
        let more = group.count.saturating_sub(kept.len() as u64);
        if more > 0 {
            line(text, format!("- … and {}", counted(more, "more finding")));
        }
        text.push('\n');
    }
}

fn problems(text: &mut String, report: &Report) {
    for side in &report.sides {
        if side.problems.is_empty() && side.not_read.is_empty() {
            continue;
        }
        line(text, format!("### Problems in {}\n", plain(&role(report, side))));
        side_problems(text, side);
        text.push('\n');
    }
}

fn side_problems(text: &mut String, side: &Side) {
    for group in &side.problems {
        let weight = if group.is_damage { "damage" } else { "note" };
        line(text, format!("- {} × {} ({weight})", number(group.count), plain(group.kind)));
        for problem in group.first.iter().take(3) {
            line(text, format!("  - {}", code(&phrase::problem(problem))));
        }
    }
    for file in side.not_read.iter().take(20) {
        let (name, why) = (shown(&file.name, NAME_CHARS), shown(&file.why, SENTENCE_CHARS));
        line(text, format!("- not read: {}: {}", code(&name), plain(&why)));
    }
    let more = side.not_read.len().saturating_sub(20) as u64;
    if more > 0 {
        line(text, format!("- … and {}", counted(more, "more file")));
    }
}

fn roots(text: &mut String, report: &Report) {
    let mut lines = String::new();
    for side in report.sides.iter().filter(|side| !side.totals.exact_root.is_empty()) {
        let totals = &side.totals;
        for root in [&totals.exact_root, &totals.f32_root, &totals.statement] {
            let _ = writeln!(lines, "{:<8} {root}", role(report, side));
        }
    }
    if let Some(merged) = &report.merged {
        let _ = writeln!(lines, "{:<8} {}", "merged", merged.exact_root);
    }
    for patch in &report.patches {
        let _ = writeln!(lines, "{:<8} {} to {}", "patch", patch.base_root, patch.result_root);
    }
    if !lines.is_empty() {
        line(text, format!("```text\n{lines}```"));
    }
}
