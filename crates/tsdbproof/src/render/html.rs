//! A page that stands alone: no script, no request, what the page of the project shows of a job.

mod picture;

use tsdbproof_core::shown;

use super::{
    Whole,
    checked::{FirstFindings, finding_line},
    phrase::{self, NAME_CHARS, SENTENCE_CHARS, account, legend, point, role, scope},
    picture::Picture,
    sentence::sentence,
    text::unlimited,
    words::{counted, number, size},
    worst::Worst,
};
use crate::{
    report::{
        Difference, Differences, Finding, Findings, JobKind, PlacedProblem, Report, Side, Verdict,
    },
    time::window,
};

/// The page's own, so that both look alike.
const STYLE: &str = include_str!("../../../../www/style.css");
/// Rows of a list of files.
const FILES: usize = 200;

/// Takes the differences of a job, and gives the page.
#[derive(Debug)]
pub struct Html {
    limit: usize,
    worst: Worst,
    picture: Picture,
    findings: FirstFindings,
}

impl Html {
    /// With so many differences of each metric, of twice as many metrics; 0 for all.
    pub fn new(limit: usize) -> Self {
        let limit = unlimited(limit);
        let (worst, picture) = (Worst::new(limit), Picture::new());
        Html { limit, worst, picture, findings: FirstFindings::default() }
    }
}

impl Differences for Html {
    fn difference(&mut self, difference: &Difference) {
        self.worst.push(difference);
        self.picture.push(difference);
    }
}

impl Findings for Html {
    fn finding(&mut self, finding: &Finding) {
        self.findings.push(finding, self.limit);
    }
}

impl Whole for Html {
    fn finish(self: Box<Self>, report: &Report) -> String {
        let Html { worst, picture, findings, .. } = *self;
        let depth = report.compared.as_ref().map_or("node", |compared| compared.depth);
        let drawn = picture.finish().map_or(String::new(), |it| picture::draw(&it, depth));
        let sections = [
            banner(report),
            roots(report),
            section("What was compared", &coverage(report)),
            section("Problems", &problems(report)),
            section("Findings", &check(report, &findings)),
            section("Where they differ", &drawn),
            section("Differences", &differences(report, worst)),
            section("Files", &files(report)),
        ];
        let title = format!("tsdbproof {}: {}", report.job.name(), sentence(report));
        format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\
             <meta name=\"viewport\" content=\"width=device-width\"><title>{}</title>\n<style>\n{STYLE}</style></head>\n\
             <body><main>\n<h1>tsdbproof {}</h1>\n{}<p class=\"hint\">Made by tsdbproof {}.</p>\n</main></body></html>\n",
            text(&title),
            report.job.name(),
            sections.concat(),
            text(report.version),
        )
    }
}

/// Text, in an element or an attribute.
fn text(text: &str) -> String {
    quick_xml::escape::escape(text).into_owned()
}

/// A name from data.
fn name(name: &str) -> String {
    text(&shown(name, NAME_CHARS))
}

fn section(title: &str, body: &str) -> String {
    match body {
        "" => String::new(),
        body => format!("<section><h2>{title}</h2>\n{body}</section>\n"),
    }
}

/// A table; the first cell of a row is its heading. Cells are HTML.
fn table(caption: &str, head: &[String], numbers: &[usize], rows: &[Vec<String>]) -> String {
    let class = |index: usize| if numbers.contains(&index) { " class=\"number\"" } else { "" };
    let heading =
        |(index, cell): (usize, &String)| format!("<th scope=\"col\"{}>{cell}</th>", class(index));
    let cell = |(index, cell): (usize, &String)| match index {
        0 => format!("<th scope=\"row\">{cell}</th>"),
        index => format!("<td{}>{cell}</td>", class(index)),
    };
    let head: String = head.iter().enumerate().map(heading).collect();
    let row = |row: &Vec<String>| {
        format!("<tr>{}</tr>\n", row.iter().enumerate().map(cell).collect::<String>())
    };
    let rows: String = rows.iter().map(row).collect();
    format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{caption}\"><table>\
         <caption class=\"unseen\">{caption}</caption><thead><tr>{head}</tr></thead>\n<tbody>{rows}</tbody></table></div>\n"
    )
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn hint(words: &str) -> String {
    format!("<p class=\"hint\">{words}</p>\n")
}

fn banner(report: &Report) -> String {
    let (tone, sign) = match report.verdict {
        // Nothing was checked but the file itself.
        Verdict::Done if report.job == JobKind::Show => ("told", "i"),
        Verdict::Done | Verdict::SameBytes | Verdict::Same => ("good", "✓"),
        Verdict::Tolerated | Verdict::Sampled | Verdict::Incomplete => ("warn", "!"),
        Verdict::Different | Verdict::Faulty | Verdict::Damaged => ("bad", "✕"),
    };
    let reasons = report.reasons.iter().chain(&report.notes);
    let reasons = reasons.map(|it| text(&shown(it, SENTENCE_CHARS)));
    let reasons: String = reasons.map(|it| format!("<p class=\"reason\">{it}</p>")).collect();
    format!(
        "<div class=\"banner {tone}\"><span class=\"sign\" aria-hidden=\"true\">{sign}</span>\
         <div><p class=\"sentence\">{}</p>{reasons}</div></div>\n",
        text(&sentence(report))
    )
}

fn roots(report: &Report) -> String {
    let mut rows = String::new();
    let mut row = |label: &str, root: &str| {
        rows.push_str(&format!(
            "<div class=\"root\"><span class=\"label\">{label}</span><code>{}</code></div>\n",
            text(root)
        ));
    };
    for side in report.sides.iter().filter(|side| !side.totals.exact_root.is_empty()) {
        let role = text(&role(report, side));
        row(&format!("{role}, exact"), &side.totals.exact_root);
        row(&format!("{role}, f32"), &side.totals.f32_root);
        row(&format!("{role}, statement"), &side.totals.statement);
    }
    if let Some(merged) = &report.merged {
        row("merged, exact", &merged.exact_root);
    }
    for patch in &report.patches {
        row(&format!("{} starts from", name(&patch.name)), &patch.base_root);
        row(&format!("{} makes", name(&patch.name)), &patch.result_root);
    }
    format!("<div class=\"roots\">{rows}</div>\n")
}

/// A line of the table of both sides: its label, and its text for a side; empty where it says nothing.
type Line = (&'static str, fn(&Side) -> String);

const LINES: [Line; 8] = [
    ("Sources", |side| {
        let names: Vec<_> = side.names.iter().take(3).map(|it| name(it)).collect();
        let more = side.names.len().saturating_sub(3) as u64;
        let more = if more > 0 { format!(" and {} more", number(more)) } else { String::new() };
        format!("{}{more}", names.join(", "))
    }),
    ("Only", |side| text(&scope(&side.scope))),
    ("Points", |side| number(side.totals.points)),
    ("Series", |side| number(side.totals.series_count)),
    ("Metrics", |side| number(side.totals.metrics_count)),
    ("First", |side| text(side.totals.first.as_deref().unwrap_or_default())),
    ("Last", |side| text(side.totals.last.as_deref().unwrap_or_default())),
    ("Not read", |side| match side.not_read.len() as u64 {
        0 => String::new(),
        files => number(files),
    }),
];

fn coverage(report: &Report) -> String {
    if report.sides.is_empty() {
        return String::new();
    }
    let rows = LINES.iter().filter_map(|(label, of)| {
        let cells: Vec<_> = report.sides.iter().map(of).collect();
        let says = cells.iter().any(|cell| !cell.is_empty());
        says.then(|| std::iter::once((*label).to_owned()).chain(cells).collect())
    });
    let rows: Vec<Vec<String>> = rows.collect();
    let sides = report.sides.iter().map(|side| text(&role(report, side)));
    let head: Vec<_> = std::iter::once("What".to_owned()).chain(sides).collect();
    let compared = report
        .compared
        .as_ref()
        .and_then(phrase::coverage)
        .map(|coverage| hint(&format!("Compared: {}.", text(&coverage))));
    let notes_of =
        |side| phrase::notes(side).map(|note| format!("{}: {note}.", role(report, side)));
    let notes: String = report.sides.iter().flat_map(notes_of).map(|it| hint(&text(&it))).collect();
    let kinds = report.compared.iter().flat_map(phrase::kind_changes);
    let kinds: String = kinds.map(|line| hint(&text(&line))).collect();
    table("What was compared", &head, &[], &rows) + &kinds + &compared.unwrap_or_default() + &notes
}

fn problems(report: &Report) -> String {
    let mut found = String::new();
    for side in &report.sides {
        let role = text(&role(report, side));
        for group in &side.problems {
            let (open, tag) = if group.is_damage { (" open", "tag bad") } else { ("", "tag") };
            let weight = if group.is_damage { "damage" } else { "note" };
            let places = group.first.iter().map(|problem| {
                format!("<li>{}{}</li>", text(&phrase::problem(problem)), damage_map(side, problem))
            });
            let places: String = places.collect();
            let more = group.count.saturating_sub(group.first.len() as u64);
            let more = if more > 0 {
                hint(&format!("… and {} more", number(more)))
            } else {
                String::new()
            };
            found.push_str(&format!(
                "<details{open}><summary><span class=\"{tag}\">{weight}</span> {} × {} · {role}</summary>\
                 <ul class=\"places\">{places}</ul>{more}</details>\n",
                number(group.count),
                text(group.kind)
            ));
        }
        for file in side.not_read.iter().take(FILES) {
            let why = text(&shown(&file.why, SENTENCE_CHARS));
            found.push_str(&format!(
                "<p><strong>{}</strong> was not read: {why}</p>\n",
                name(&file.name)
            ));
        }
        for (kind, count) in &side.left_out {
            let count = number(*count);
            found.push_str(&format!(
                "<p>The root of {role} leaves out {count} × {}.</p>\n",
                name(kind)
            ));
        }
    }
    for file in &report.changed_files {
        let total = file.bytes.last().map_or(0, |(_, to)| *to);
        found.push_str(&format!(
            "<p><strong>{}</strong> has other bytes than the manifest tells.{}</p>\n",
            name(&file.name),
            byte_map(&file.bytes, total)
        ));
    }
    for contradiction in report.contradictions.iter().take(FILES) {
        found.push_str(&format!("<p>{}</p>\n", text(&shown(contradiction, SENTENCE_CHARS))));
    }
    found
}

/// Where in its file a fault stands, if its byte is one of the file as it lies on the disk.
fn damage_map(side: &Side, problem: &PlacedProblem) -> String {
    let file = side.files.iter().find(|file| file.name == problem.file);
    let plain = file.filter(|file| file.codec == "plain").and(problem.byte);
    match (file, problem.packed_byte.or(plain)) {
        (Some(file), Some(byte)) => byte_map(&[(byte, byte.saturating_add(1))], file.size_bytes),
        _ => String::new(),
    }
}

/// A file as a bar with these bytes marked.
fn byte_map(bytes: &[(u64, u64)], total: u64) -> String {
    let end = bytes.iter().map(|(_, to)| *to).chain([total, 1]).max().unwrap_or(1) as f64;
    let mark = |(from, to): &(u64, u64)| {
        let width = ((to - from) as f64 / end * 1000.0).max(4.0);
        let left = (*from as f64 / end * 1000.0).min(996.0);
        format!("<rect x=\"{left:.1}\" y=\"0\" width=\"{width:.1}\" height=\"10\"/>")
    };
    let at: Vec<_> =
        bytes.iter().map(|(from, _)| format!("{:.0} %", *from as f64 / end * 100.0)).collect();
    format!(
        "<svg class=\"bytes\" viewBox=\"0 0 1000 10\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"at {}\">\
         <rect class=\"whole\" x=\"0\" y=\"0\" width=\"1000\" height=\"10\"/>{}</svg>",
        at.join(", "),
        bytes.iter().map(mark).collect::<String>()
    )
}

fn check(report: &Report, first: &FirstFindings) -> String {
    let kinds = report.checked.iter().flat_map(|checked| &checked.kinds);
    let lists = kinds.map(|group| {
        let tag = if group.is_problem { "tag bad" } else { "tag" };
        let weight = if group.is_problem { "problem" } else { "note" };
        let kept = first.of(group.kind);
        let lines: String =
            kept.iter().map(|it| format!("<li>{}</li>", text(&finding_line(it)))).collect();
        let more = group.count.saturating_sub(kept.len() as u64);
        let more = if more > 0 {
            hint(&format!("… and {}", counted(more, "more finding")))
        } else {
            String::new()
        };
        format!(
            "<details open><summary><span class=\"{tag}\">{weight}</span> {} × {}: {}</summary>\
             <ul class=\"places\">{lines}</ul>{more}</details>\n",
            number(group.count),
            group.kind.name(),
            text(group.kind.about())
        )
    });
    lists.collect()
}

fn differences(report: &Report, worst: Worst) -> String {
    let Some(compared) = report.compared.as_ref().filter(|it| it.differences > 0) else {
        return String::new();
    };
    let (metrics, more_metrics, more_differences) = worst.into_sorted();
    let mut rows = Vec::new();
    let mut more = more_differences;
    for metric in metrics {
        let (differences, left) = metric.worst.into_sorted();
        more += left;
        rows.extend(differences.iter().map(|it| difference_row(it, compared.depth)));
    }
    let head = owned(&["Series", "Time", "What", "First points"]);
    let mut found = table("Differences", &head, &[], &rows);
    if more > 0 {
        let of = if more_metrics > 0 {
            format!(", some of {}", counted(more_metrics, "more metric"))
        } else {
            String::new()
        };
        found.push_str(&hint(&format!(
            "… and {}{of}; the JSON report has all.",
            counted(more, "more difference")
        )));
    }
    found + &hint(&legend(compared.depth).replacen('-', "−", 1))
}

fn difference_row(difference: &Difference, depth: &str) -> Vec<String> {
    let time = difference.window_ms.map_or(String::new(), |(from, to)| window(from, to));
    let points =
        difference.examples.iter().take(3).map(|it| format!("<code>{}</code>", text(&point(it))));
    vec![
        name(&difference.series.to_string()),
        text(&time),
        text(&account(difference, depth)),
        points.collect::<Vec<_>>().join("<br>"),
    ]
}

fn files(report: &Report) -> String {
    let all: Vec<_> = report
        .sides
        .iter()
        .flat_map(|side| side.files.iter().map(move |file| (side, file)))
        .collect();
    if all.is_empty() {
        return String::new();
    }
    let row = |(side, file): &(&Side, &crate::report::File)| {
        let format = match file.codec {
            "plain" => file.format.to_owned(),
            codec => format!("{}, {codec}", file.format),
        };
        vec![
            name(&file.name),
            text(&role(report, side)),
            size(file.size_bytes),
            format,
            number(file.points_read),
            file.sha256.clone().unwrap_or_default(),
        ]
    };
    let rows: Vec<_> = all.iter().take(FILES).map(row).collect();
    let head = owned(&["File", "Side", "Size", "Format", "Points", "SHA-256"]);
    let more = all.len().saturating_sub(FILES) as u64;
    let more = if more > 0 {
        hint(&format!("… and {}", counted(more, "more file")))
    } else {
        String::new()
    };
    table("Files", &head, &[2, 4], &rows) + &more
}
