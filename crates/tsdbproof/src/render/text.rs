//! The report as text for people: what was held against what, the verdict, the worst differences.
//!
//! A sound result is a few lines. However many differences there are, only those that will be
//! shown are kept in memory. Everything from data goes through `shown`.

use tsdbproof_core::shown;

use super::{
    Whole, chained,
    checked::{self, FirstFindings},
    phrase::{
        self, FIRST, NAME_CHARS, SENTENCE_CHARS, account, coverage, kind_changes, legend, notes,
        place, point, role, scope, span, summary, totals,
    },
    sentence::{acknowledged, sentence},
    tables,
    words::{counted, counted_more, number, size, table},
    worst::{Metric, Worst},
};
use crate::report::{
    Compared, Counts, Difference, Differences, Finding, Findings, JobKind, Report, Side,
    SideTotals, Verdict,
};

/// Points of a difference that are shown.
const EXAMPLES: usize = 3;
/// Bytes of a manifest's row: where the profiles agree, and where they differ.
const ROW_BYTES: (u64, u64) = (45, 80);

/// How much is shown, and in which colours.
#[derive(Debug, Clone)]
pub struct TextOptions {
    /// Differences of a metric; of metrics twice as many. 0 shows all.
    pub limit: usize,
    /// Colours; the default has none.
    pub palette: Palette,
}

impl Default for TextOptions {
    fn default() -> Self {
        TextOptions { limit: 10, palette: Palette::default() }
    }
}

/// What a host writes around words to colour them.
#[derive(Debug, Clone, Default)]
pub struct Palette {
    /// A verdict that all is well.
    pub good: Paint,
    /// A verdict that something is wrong; what only base has.
    pub bad: Paint,
    /// A verdict that something is open; what changed.
    pub warn: Paint,
    /// What only current has.
    pub extra: Paint,
    /// Headings.
    pub strong: Paint,
}

/// What goes before and behind coloured words.
#[derive(Debug, Clone, Default)]
pub struct Paint {
    /// Before.
    pub on: String,
    /// Behind.
    pub off: String,
}

impl Paint {
    pub(super) fn over(&self, text: &str) -> String {
        format!("{}{text}{}", self.on, self.off)
    }
}

/// Takes the differences of a job and then its report, and gives the text.
#[derive(Debug)]
pub struct Text {
    options: TextOptions,
    worst: Worst,
    findings: FirstFindings,
}

impl Differences for Text {
    fn difference(&mut self, difference: &Difference) {
        self.worst.push(difference);
    }
}

impl Findings for Text {
    fn finding(&mut self, finding: &Finding) {
        self.findings.push(finding, unlimited(self.options.limit));
    }
}

impl Text {
    /// A text of so much detail.
    pub fn new(options: TextOptions) -> Self {
        let worst = Worst::new(unlimited(options.limit));
        Text { options, worst, findings: FirstFindings::default() }
    }
}

impl Whole for Text {
    fn finish(self: Box<Self>, report: &Report) -> String {
        let list = unlimited(self.options.limit).saturating_mul(2);
        let mut page = Page { report, palette: &self.options.palette, list, text: String::new() };
        page.sides();
        page.verdict();
        page.roots();
        page.patches();
        chained::chained(&mut page);
        for line in acknowledged(report) {
            page.labelled("restored", &line);
        }
        page.holdings();
        page.differences(self.worst);
        page.kind_changes();
        checked::findings(&mut page, &self.findings);
        tables::table_check(&mut page);
        let left_out = report.converted.iter().flat_map(|it| &it.left_out);
        checked::left_out(&mut page, left_out, "left out");
        let refused = report.restored.iter().flat_map(|it| &it.refused);
        checked::left_out(&mut page, refused, "refused");
        page.contradictions();
        page.problems();
        page.coverage();
        page.text
    }
}

pub(super) fn unlimited(limit: usize) -> usize {
    if limit == 0 { usize::MAX } else { limit }
}

/// A manifest of metrics does not know their series.
fn known_series(series: u64) -> String {
    if series == 0 { String::new() } else { counted(series, "series") }
}

/// The text while it is written.
pub(super) struct Page<'a> {
    pub(super) report: &'a Report,
    palette: &'a Palette,
    /// Entries of a list that are shown.
    pub(super) list: usize,
    text: String,
}

impl Page<'_> {
    pub(super) fn line(&mut self, line: impl AsRef<str>) {
        self.text.push_str(line.as_ref());
        self.text.push('\n');
    }

    /// A line `label     text`, aligned with its like.
    fn labelled(&mut self, label: &str, text: &str) {
        self.line(format!("{label:<10} {text}"));
    }

    pub(super) fn heading(&mut self, heading: &str) {
        let heading = self.palette.strong.over(heading);
        self.text.push('\n');
        self.line(heading);
    }

    fn is_comparison(&self) -> bool {
        self.report.sides.len() == 2 && self.report.is_comparison()
    }

    /// The head: what stands on each side, and the legend.
    fn sides(&mut self) {
        let report = self.report;
        let comparison = self.is_comparison();
        for (side, sign) in report.sides.iter().zip(["-", "+"]) {
            let label = match comparison {
                true => format!("{sign} {}", role(report, side)),
                false => role(report, side),
            };
            self.labelled(&label, &summary(side));
            if !side.scope.is_empty() {
                self.labelled("", &format!("only {}", scope(&side.scope)));
            }
        }
        for side in report.sides.iter().skip(2) {
            self.labelled(&role(report, side), &summary(side));
        }
        if comparison {
            self.labelled("legend", legend("hour"));
        }
    }

    fn verdict(&mut self) {
        let palette = self.palette;
        let (word, paint) = match self.report.verdict {
            Verdict::Done => ("done", &palette.good),
            Verdict::SameBytes | Verdict::Same => ("same", &palette.good),
            Verdict::Tolerated => ("tolerated", &palette.warn),
            Verdict::Different => ("different", &palette.bad),
            Verdict::Faulty => ("faulty", &palette.bad),
            Verdict::Damaged => ("damaged", &palette.bad),
            Verdict::Sampled => ("sampled", &palette.warn),
            Verdict::Incomplete => ("incomplete", &palette.warn),
        };
        if self.report.job == JobKind::Show && self.report.verdict == Verdict::Done {
            return;
        }
        let word = paint.over(word);
        self.line(format!("{word}: {}", sentence(self.report)));
        for reason in self.report.reasons.iter().chain(&self.report.notes) {
            self.line(format!("  {}", shown(reason, SENTENCE_CHARS)));
        }
    }

    /// The roots as they are copied elsewhere; once where both sides agree.
    fn roots(&mut self) {
        let report = self.report;
        if report.job == JobKind::Merge {
            if let Some(merged) = &report.merged {
                self.roots_of(merged);
            }
            return;
        }
        let sides = report.sides.iter().filter(|side| !side.totals.exact_root.is_empty());
        let sides: Vec<&Side> = sides.collect();
        let agree = sides.windows(2).all(|two| two[0].totals.statement == two[1].totals.statement);
        if agree {
            sides.first().into_iter().for_each(|side| self.roots_of(&side.totals));
            return;
        }
        for side in sides {
            self.heading(&format!("roots of {}", role(report, side)));
            self.roots_of(&side.totals);
        }
    }

    fn roots_of(&mut self, totals: &SideTotals) {
        self.labelled("exact", &totals.exact_root);
        self.labelled("f32", &totals.f32_root);
        self.labelled("statement", &totals.statement);
    }

    fn patches(&mut self) {
        for patch in &self.report.patches {
            self.labelled("patch", &phrase::patch(patch));
            if self.report.job == JobKind::Show {
                self.labelled("base", &phrase::patch_source(&patch.base_source));
                self.labelled("result", &phrase::patch_source(&patch.result_source));
            }
        }
        let compared = self.report.compared.as_ref();
        if let Some(compared) = compared.filter(|it| it.depth == Compared::OF_PATCH) {
            self.labelled("legend", legend(compared.depth));
        }
    }

    /// What `show` tells: metrics, days, rows.
    fn holdings(&mut self) {
        for side in &self.report.sides {
            self.metrics(side);
            self.days(side);
            self.rows(side);
        }
    }

    fn metrics(&mut self, side: &Side) {
        if side.metrics.is_empty() {
            return;
        }
        self.heading("metrics");
        let rows = side.metrics.iter().take(self.list).map(|metric| {
            let span = span(Some(&metric.first), Some(&metric.last));
            let (series, points) = (known_series(metric.series), counted(metric.points, "point"));
            vec![format!("  {}", shown(&metric.metric, NAME_CHARS)), series, points, span]
        });
        let rows: Vec<_> = rows.collect();
        self.table(&rows, &[1, 2], side.metrics.len(), "metric");
    }

    fn days(&mut self, side: &Side) {
        let (Some((first, _)), Some((last, _))) =
            (side.days.first_key_value(), side.days.last_key_value())
        else {
            return;
        };
        self.heading(&format!(
            "days: {} with points, {} to {}",
            number(side.days.len() as u64),
            shown(first, NAME_CHARS),
            shown(last, NAME_CHARS)
        ));
        let rows = side.days.iter().take(self.list);
        let rows: Vec<_> =
            rows.map(|(day, n)| vec![format!("  {day}"), counted(*n, "point")]).collect();
        self.table(&rows, &[1], side.days.len(), "day");
    }

    fn rows(&mut self, side: &Side) {
        if side.rows.is_empty() {
            return;
        }
        self.heading("size of a manifest at each depth");
        let mut depths: Vec<_> = side.rows.iter().collect();
        depths.sort_by_key(|(name, rows)| (**rows, **name));
        let rows = depths.into_iter().map(|(depth, &rows)| {
            let (least, most) =
                (rows.saturating_mul(ROW_BYTES.0), rows.saturating_mul(ROW_BYTES.1));
            let size = format!("{} to {}", size(least), size(most));
            vec![format!("  --depth {depth}"), counted(rows, "row"), size]
        });
        let rows: Vec<_> = rows.collect();
        self.table(&rows, &[1], rows.len(), "depth");
    }

    fn table(&mut self, rows: &[Vec<String>], right: &[usize], of: usize, noun: &str) {
        for line in table(rows, right) {
            self.line(line);
        }
        self.more(of - rows.len(), noun, "  ");
    }

    pub(super) fn more(&mut self, more: usize, noun: &str, indent: &str) {
        if more > 0 {
            let more = counted_more(more as u64, noun);
            self.line(format!("{indent}… and {more} (--limit 0 shows all)"));
        }
    }

    fn differences(&mut self, worst: Worst) {
        let depth = self.report.compared.as_ref().map_or("node", |compared| compared.depth);
        let (metrics, more_metrics, more_differences) = worst.into_sorted();
        for metric in metrics {
            self.metric(metric, depth);
        }
        if more_metrics > 0 {
            let metrics = counted_more(more_metrics, "metric");
            let differences = counted(more_differences, "difference");
            self.text.push('\n');
            self.line(format!("… and {metrics} with {differences} (--limit 0 shows all)"));
        }
    }

    fn metric(&mut self, metric: Metric, depth: &str) {
        let name = shown(&metric.name, NAME_CHARS);
        // A node of this depth is a metric, whose series nobody counted.
        let compared = self.report.compared.as_ref().filter(|_| depth != "metric");
        let counts = compared.and_then(|compared| compared.metrics.get(&metric.name));
        let of_series =
            counts.map_or(String::new(), |it| format!(" in {}", counted(it.series, "series")));
        self.heading(&format!("{name}: {}{of_series}", totals(&metric.counts, depth)));
        let (differences, more) = metric.worst.into_sorted();
        for difference in &differences {
            self.difference(difference, depth);
        }
        self.more(usize::try_from(more).unwrap_or(usize::MAX), "difference", "  ");
    }

    fn difference(&mut self, difference: &Difference, depth: &str) {
        let Counts { missing, extra, changed, unresolved_nodes, lost, .. } = difference.counts;
        let sign = match (missing > 0, extra > 0, changed + unresolved_nodes + lost > 0) {
            (true, false, false) => self.palette.bad.over("-"),
            (false, true, false) => self.palette.extra.over("+"),
            _ => self.palette.warn.over("~"),
        };
        self.line(format!("{sign} {}: {}", place(difference), account(difference, depth)));
        for example in difference.examples.iter().take(EXAMPLES) {
            self.line(format!("    {}", point(example)));
        }
    }

    /// Equal numbers of another kind.
    fn kind_changes(&mut self) {
        let changes = self.report.compared.as_ref().map(kind_changes).unwrap_or_default();
        for (index, line) in changes.into_iter().enumerate() {
            match index {
                0 => self.heading(&line),
                _ => self.line(format!("  {line}")),
            }
        }
    }

    fn contradictions(&mut self) {
        let contradictions = &self.report.contradictions;
        if contradictions.is_empty() {
            return;
        }
        self.heading("parts that contradict each other");
        for contradiction in contradictions.iter().take(self.list) {
            self.line(format!("  {}", shown(contradiction, SENTENCE_CHARS)));
        }
        self.more(contradictions.len().saturating_sub(self.list), "contradiction", "  ");
    }

    fn problems(&mut self) {
        for side in &self.report.sides {
            if side.problems.is_empty() {
                continue;
            }
            self.heading(&format!("problems in {}", role(self.report, side)));
            for group in &side.problems {
                let weight = if group.is_damage { "damage" } else { "note" };
                self.line(format!("  {} × {} ({weight})", number(group.count), group.kind));
                for problem in group.first.iter().take(FIRST) {
                    self.line(format!("    {}", phrase::problem(problem)));
                }
            }
        }
    }

    /// What was compared and what was not, and what else a reader should know.
    fn coverage(&mut self) {
        let mut lines = Vec::new();
        let compared = self.report.compared.as_ref().and_then(coverage);
        lines.extend(compared.map(|text| ("compared".to_owned(), text)));
        for side in &self.report.sides {
            lines.extend(notes(side).map(|note| (role(self.report, side), note)));
        }
        if !lines.is_empty() && self.text.contains("\n\n") {
            self.text.push('\n');
        }
        for (label, text) in lines {
            self.labelled(&label, &text);
        }
        for file in self.report.changed_files.iter().take(self.list) {
            let name = shown(&file.name, NAME_CHARS);
            let stretches = file.bytes.iter().take(FIRST);
            let mut bytes: Vec<_> =
                stretches.map(|(from, to)| format!("{}–{}", number(*from), number(*to))).collect();
            let more = file.bytes.len().saturating_sub(FIRST);
            bytes.extend((more > 0).then(|| format!("and {more} more stretches")));
            let at =
                if bytes.is_empty() { String::new() } else { format!(" at {}", bytes.join(", ")) };
            self.labelled("bytes", &format!("{name} has other bytes than the manifest tells{at}"));
        }
        self.more(self.report.changed_files.len().saturating_sub(self.list), "file", "  ");
        for side in &self.report.sides {
            for file in side.not_read.iter().take(self.list) {
                let (name, why) = (shown(&file.name, NAME_CHARS), shown(&file.why, SENTENCE_CHARS));
                self.labelled("not read", &format!("{name}: {why}"));
            }
            self.more(side.not_read.len().saturating_sub(self.list), "file", "  ");
            for part in side.unread.iter().take(self.list) {
                let (name, why) = (shown(&part.name, NAME_CHARS), shown(&part.why, SENTENCE_CHARS));
                self.labelled("not read", &format!("{name}: {why}"));
            }
            self.more(side.unread.len().saturating_sub(self.list), "part", "  ");
        }
    }
}
