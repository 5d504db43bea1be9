//! What a report says, in words; everything from data goes through `shown`.

use std::fmt::Write;

use tsdbproof_core::shown;

use super::words::{counted, counted_more, number, shift, size};
use crate::{
    report::{
        Cause, Compared, Counts, Difference, KindChange, PatchSource, PatchSummary, PlacedProblem,
        PointDifference, Report, Side, SnapshotRead,
    },
    time::{time, window},
};

/// Characters of a name that are shown.
pub(super) const NAME_CHARS: usize = 256;
/// Characters of a sentence that are shown.
pub(super) const SENTENCE_CHARS: usize = 400;
/// Names of a side, problems of a kind, values of an instant, and the like, that are shown.
pub(super) const FIRST: usize = 3;

/// How a side is called: by its role, and in a comparison as the legend calls it.
pub(super) fn role(report: &Report, side: &Side) -> String {
    let two = report.sides.len() == 2 && report.is_comparison();
    match report.sides.iter().position(|other| std::ptr::eq(other, side)) {
        Some(0) if two => "BASE".to_owned(),
        Some(1) if two => "CURRENT".to_owned(),
        _ => side.role.to_owned(),
    }
}

/// `main.arrow (manifest): 9,862 points in 42 series of 3 metrics, 2026-03-01 … – …`.
pub(super) fn summary(side: &Side) -> String {
    let names = side.names.iter().take(FIRST).map(|name| shown(name, NAME_CHARS));
    let mut names: Vec<_> = names.collect();
    let more = side.names.len().saturating_sub(FIRST);
    names.extend((more > 0).then(|| format!("and {} more", number(more as u64))));
    let kind = if side.is_manifest { " (manifest)" } else { "" };
    let files = if side.files.len() > 1 && side.files.len() != side.names.len() {
        format!(" ({})", counted(side.files.len() as u64, "file"))
    } else {
        String::new()
    };
    let totals = &side.totals;
    let mut text =
        format!("{}{kind}{files}: {}", names.join(", "), counted(totals.points, "point"));
    if totals.series_count > 0 {
        let _ = write!(text, " in {}", counted(totals.series_count, "series"));
    }
    if totals.metrics_count > 0 {
        let _ = write!(text, " of {}", counted(totals.metrics_count, "metric"));
    }
    if totals.points > 0 {
        let span = span(totals.first.as_deref(), totals.last.as_deref());
        let _ = write!(text, ", {span}");
    }
    text
}

pub(super) fn span(first: Option<&str>, last: Option<&str>) -> String {
    let readable = |time: &str| time.replace('T', " ").replace('Z', "");
    match (first, last) {
        (Some(first), Some(last)) => format!("{} – {}", readable(first), readable(last)),
        _ => String::new(),
    }
}

/// The filters as a phrase.
pub(super) fn scope(text: &str) -> String {
    let phrase = |line: &str| match line.split_once(' ') {
        Some((key @ ("from" | "to"), ms)) => {
            format!("{key} {}", ms.parse().map_or(ms.to_owned(), time))
        }
        Some(("duplicates", which)) => format!("the {which} of duplicates"),
        _ => shown(line, NAME_CHARS),
    };
    text.lines().map(phrase).collect::<Vec<_>>().join(", ")
}

/// A patch: `4 points added, 12 replaced, 500 deleted; from tsdbproof:v1:… to tsdbproof:v1:…`.
pub(super) fn patch(patch: &PatchSummary) -> String {
    let PatchSummary { name, base_root, result_root, added, replaced, deleted, .. } = patch;
    let cleared = match patch.cleared_hours {
        0 => String::new(),
        hours => format!(
            ", {} cleared of {} that only a manifest told of",
            counted(hours, "hour"),
            counted(patch.cleared_points, "point")
        ),
    };
    let name =
        if name.is_empty() { String::new() } else { format!("{}: ", shown(name, NAME_CHARS)) };
    format!(
        "{name}{} added, {} replaced, {} deleted{cleared}; from {base_root} to {result_root}",
        counted(*added, "point"),
        number(*replaced),
        number(*deleted)
    )
}

/// What the signs mean: of a comparison at some depth, or of a patch.
pub(super) fn legend(depth: &str) -> &'static str {
    match depth {
        Compared::OF_PATCH => "- deleted, + added, ~ replaced",
        _ => "- only in BASE, + only in CURRENT, ~ changed",
    }
}

/// What a patch does: `500 points deleted, 4 added, 12 replaced, 3 hours cleared`.
pub(super) fn changes(counts: &Counts) -> String {
    let kinds =
        [(counts.missing, "deleted"), (counts.extra, "added"), (counts.changed, "replaced")];
    let mut parts = Vec::new();
    for (n, word) in kinds.into_iter().filter(|(n, _)| *n > 0) {
        let n = if parts.is_empty() { counted(n, "point") } else { number(n) };
        parts.push(format!("{n} {word}"));
    }
    let hours = counts.unresolved_nodes;
    parts.extend((hours > 0).then(|| format!("{} cleared", counted(hours, "hour"))));
    if parts.is_empty() { "nothing changes".to_owned() } else { parts.join(", ") }
}

/// What an end of a patch was read from.
pub(super) fn patch_source(source: &PatchSource) -> String {
    let names: Vec<_> = source.names.iter().map(|name| shown(name, NAME_CHARS)).collect();
    let blake3 = source.blake3.as_ref().map(|digest| format!(", BLAKE3 {}", shown(digest, 64)));
    format!(
        "{}: {}, {}{}",
        names.join(" "),
        counted(source.files, "file"),
        size(source.size_bytes),
        blake3.unwrap_or_default()
    )
}

/// Points that differ only by what their way lost.
fn explained(lost: u64) -> Option<String> {
    (lost > 0).then(|| format!("{} explained by what their way lost", counted(lost, "point")))
}

/// `500 points missing, 4 extra, 12 changed`.
pub(super) fn totals(counts: &Counts, depth: &str) -> String {
    if depth == Compared::OF_PATCH {
        return changes(counts);
    }
    let kinds = [(counts.missing, "missing"), (counts.extra, "extra"), (counts.changed, "changed")];
    let mut parts = Vec::new();
    for (n, word) in kinds.into_iter().filter(|(n, _)| *n > 0) {
        let first = parts.is_empty();
        let n = if first { counted(n, "point") } else { number(n) };
        parts.push(format!("{n} {word}"));
    }
    if let Some(first) = parts.first_mut().filter(|_| counts.unprinted > 0) {
        let n = number(counts.unprinted);
        *first = format!("{first} ({n} that `tsdb scan` cannot print)");
    }
    let Counts { changed, narrowed, resolved, within_tolerance, .. } = *counts;
    let Counts { unresolved_nodes, f32_equal_nodes, .. } = *counts;
    let mut causes = Vec::new();
    causes.extend((narrowed > 0).then(|| narrowed_to_f32(narrowed, changed)));
    causes.extend((resolved > 0).then(|| resolved_otherwise(resolved)));
    causes.extend((within_tolerance > 0).then(|| within_the_tolerance(within_tolerance, changed)));
    if let Some(changed) = parts.last_mut().filter(|_| !causes.is_empty()) {
        *changed = format!("{changed} ({})", causes.join(", "));
    }
    parts.extend((counts.expired > 0).then(|| match counts.missing + counts.extra {
        lacking if lacking == counts.expired => "older than the TTL".to_owned(),
        _ => format!("{} of these older than the TTL", number(counts.expired)),
    }));
    parts.extend(differing(unresolved_nodes, depth).map(|nodes| match f32_equal_nodes {
        0 => nodes,
        equal => format!("{nodes} ({} of them equal in single precision)", number(equal)),
    }));
    parts.extend(explained(counts.lost));
    if parts.is_empty() { "other points".to_owned() } else { parts.join(", ") }
}

fn narrowed_to_f32(n: u64, of: u64) -> String {
    let n = if n == of { "all".to_owned() } else { number(n) };
    format!("{n} narrowed to float32")
}

fn within_the_tolerance(n: u64, of: u64) -> String {
    let n = if n == of { "all".to_owned() } else { number(n) };
    format!("{n} within the tolerance")
}

fn resolved_otherwise(n: u64) -> String {
    format!("{} resolved the other way", counted(n, "duplicate"))
}

/// `3,600 of 3,600 points missing, 12 changed`.
fn stretch(difference: &Difference, depth: &str) -> String {
    let Difference { counts, base_points, current_points, .. } = difference;
    if depth == Compared::OF_PATCH {
        return changes(counts);
    }
    let kinds = [
        (counts.missing, base_points, "missing"),
        (counts.extra, current_points, "extra"),
        (counts.changed, base_points, "changed"),
    ];
    let mut parts = Vec::new();
    for (n, of, word) in kinds.into_iter().filter(|(n, ..)| *n > 0) {
        parts.push(match parts.is_empty() {
            true => format!("{} of {} {word}", number(n), counted(*of, "point")),
            false => format!("{} {word}", number(n)),
        });
    }
    if let Some(nodes) = differing(counts.unresolved_nodes, depth) {
        parts.push(nodes);
        let sides = sides_hold(*base_points, *current_points);
        return format!("{}; {sides}", parts.join(", "));
    }
    parts.extend(explained(counts.lost));
    parts.join(", ")
}

/// `120 points in BASE and 118 in CURRENT`.
fn sides_hold(base_points: u64, current_points: u64) -> String {
    let base = counted(base_points, "point");
    if base_points == current_points {
        format!("{base} on each side")
    } else {
        format!("{base} in BASE and {} in CURRENT", number(current_points))
    }
}

fn differing(nodes: u64, depth: &str) -> Option<String> {
    let verb = if nodes == 1 { "differs" } else { "differ" };
    (nodes > 0).then(|| format!("{} {verb}", counted(nodes, depth)))
}

/// Why, in words; `changed` points of the stretch stand on both sides.
fn cause(cause: &Cause, changed: u64, depth: &str) -> String {
    match cause {
        Cause::Float32Narrowed { points } => narrowed_to_f32(*points, changed),
        Cause::DuplicateResolved { points } => resolved_otherwise(*points),
        Cause::Shifted { by_ms, points } => {
            format!("{} shifted by {}", number(*points), shift(*by_ms))
        }
        Cause::Unit { taken, points } => {
            format!("{} with {} taken", number(*points), taken.replace('-', " "))
        }
        Cause::Expired { points } => format!("{} older than the TTL", number(*points)),
        Cause::WholeSeconds { points } => format!("{} cut to whole seconds", number(*points)),
        Cause::WideIntegers { points } => {
            format!("{} printed as the doubles next to them", number(*points))
        }
        Cause::ScanStops { points } => {
            let points = number(*points);
            format!("{points} where `tsdb scan` 2.4.1 stops, at second 80 to 95 of an hour")
        }
        Cause::ScanEnds { points } => {
            format!("{} in the last hour of 32-bit time, beyond any `tsdb scan`", number(*points))
        }
        Cause::EqualInF32 { nodes } => {
            format!("{} equal in single precision, a hint only", counted(*nodes, depth))
        }
    }
}

/// `cpu.usage{host=web01} 2026-03-02 14:00–15:00`: where a difference is.
pub(super) fn place(difference: &Difference) -> String {
    let name = if difference.series.tags.as_str().is_empty() {
        shown(&difference.metric, NAME_CHARS)
    } else {
        shown(difference.series.to_string(), NAME_CHARS)
    };
    match difference.window_ms {
        Some((from, to)) => format!("{name} {}", window(from, to)),
        None => name,
    }
}

/// `360 of 360 points missing, the whole series (12 shifted by +1 s)`: what it is, and why.
pub(super) fn account(difference: &Difference, depth: &str) -> String {
    let what = stretch(difference, depth);
    let whole = if difference.whole_series { ", the whole series" } else { "" };
    let changed = difference.counts.changed;
    let causes: Vec<_> = difference.causes.iter().map(|it| cause(it, changed, depth)).collect();
    let why = if causes.is_empty() { String::new() } else { format!(" ({})", causes.join("; ")) };
    format!("{what}{whole}{why}")
}

/// A fault with its place: `part-3.gz: line 17, byte 912: …`.
pub(super) fn problem(problem: &PlacedProblem) -> String {
    let file = shown(&problem.file, NAME_CHARS);
    let at = problem.position().map_or(String::new(), |at| format!("{at}: "));
    format!("{file}: {at}{}", shown(&problem.what, SENTENCE_CHARS))
}

/// `~ 2026-03-02T14:00:00Z 1.1 → 1.10000002`.
pub(super) fn point(example: &PointDifference) -> String {
    let values = |values: &[String]| {
        let shown_values = values.iter().take(FIRST).map(|value| shown(value, 32));
        let mut shown_values: Vec<_> = shown_values.collect();
        let more = values.len().saturating_sub(FIRST);
        shown_values.extend((more > 0).then(|| format!("{more} more")));
        shown_values.join(" and ")
    };
    let (base, current) = (values(&example.base), values(&example.current));
    let values = match (base.is_empty(), current.is_empty()) {
        (false, false) => format!("{base} → {current}"),
        (true, _) => current,
        (_, true) => base,
    };
    format!("{} {} {values}", example.sign, example.time)
}

/// Equal numbers of another kind: how many, and the first of them; nothing where there are none.
pub(super) fn kind_changes(compared: &Compared) -> Vec<String> {
    if compared.kind_changes == 0 {
        return Vec::new();
    }
    let numbers = counted(compared.kind_changes, "equal number");
    let mut lines = vec![format!(
        "{numbers} of changed kind (note): an integer on one side, a float on the other"
    )];
    lines.extend(compared.kind_examples.iter().map(kind_change));
    let more = compared.kind_changes.saturating_sub(compared.kind_examples.len() as u64);
    lines.extend((more > 0).then(|| format!("… and {}", counted_more(more, "number"))));
    lines
}

/// `cpu.usage{host=web01} 2026-03-02T14:00:00Z 5 → 5.0`.
fn kind_change(change: &KindChange) -> String {
    let KindChange { series, time, base, current, .. } = change;
    format!("{} {time} {base} → {current}", shown(series.to_string(), NAME_CHARS))
}

/// `265 hours of series, 233 equal; 9,862 points in BASE and 9,366 in CURRENT`; nothing of a patch.
pub(super) fn coverage(compared: &Compared) -> Option<String> {
    let Compared { depth, nodes, equal_nodes, lossy_nodes, base_points, current_points, .. } =
        compared;
    if *depth == Compared::OF_PATCH {
        return None;
    }
    if *nodes == 0 {
        return Some("nothing".to_owned());
    }
    let equal = if nodes == equal_nodes {
        "all equal".to_owned()
    } else {
        format!("{} equal", number(*equal_nodes))
    };
    let lossy = match lossy_nodes {
        0 => String::new(),
        lossy => format!(", {} not compared for what was lost on the way", number(*lossy)),
    };
    let points = sides_hold(*base_points, *current_points);
    let unit = if *depth == "series" || *depth == "metric" {
        counted(*nodes, depth)
    } else {
        format!("{} of series", counted(*nodes, depth))
    };
    Some(format!("{unit}, {equal}{lossy}; {points}"))
}

/// `snapshot nightly of tsdb, taken 2026-03-02 04:00:00: 12 store files in 4 regions`.
fn snapshot(snapshot: &SnapshotRead) -> String {
    let SnapshotRead { name, table, taken, read_at, ttl_s, .. } = snapshot;
    let (name, table) = (shown(name, NAME_CHARS), shown(table, NAME_CHARS));
    let mut text = format!("snapshot {name} of {table}");
    if let Some(taken) = taken {
        let _ = write!(text, ", taken {}", shown(taken, NAME_CHARS));
    }
    let files = counted(snapshot.store_files, "store file");
    let _ = write!(text, ": {files} in {}", counted(snapshot.regions, "region"));
    if snapshot.missing_files > 0 {
        let _ = write!(text, ", {} of them missing", number(snapshot.missing_files));
    }
    if let Some(ttl_s) = ttl_s {
        let _ = write!(text, "; cells live {} s", number(*ttl_s));
        let at = read_at.iter().filter(|at| Some(*at) != taken.as_ref());
        text.extend(at.map(|at| format!(", counted to {}", shown(at, NAME_CHARS))));
    }
    if snapshot.skips_memory {
        text.push_str("; what stood in memory was left out of it");
    }
    text
}

/// What else is to be known of a side, a line each.
pub(super) fn notes(side: &Side) -> impl Iterator<Item = String> {
    let counts = Some(counts(side)).filter(|counts| !counts.is_empty());
    counts.into_iter().chain(side.snapshots.iter().map(snapshot))
}

/// Counts of a side that are worth a word.
fn counts(side: &Side) -> String {
    let Side { repeats, replaced, conflicts, undecided, filtered, unsettled, .. } = *side;
    // Under `--duplicates` only one of the values counts.
    let several = match side.scope.contains("duplicates ") {
        true => "with several values",
        false => "with several values, all of them counted",
    };
    let notes = [
        (repeats, "repeated point", "counted once"),
        (replaced, "value", "that --duplicates left out"),
        (conflicts, "instant", several),
        (
            undecided,
            "conflict",
            "that --duplicates cannot decide, the writes being in several files",
        ),
        (filtered, "point", "outside of the filters"),
        (unsettled, "newest point", "left out by --settle"),
    ];
    let notes = notes.into_iter().filter(|(n, ..)| *n > 0);
    let mut notes: Vec<_> =
        notes.map(|(n, noun, what)| format!("{} {what}", counted(n, noun))).collect();
    let left_out = side.left_out.iter();
    let left_out =
        left_out.map(|(kind, n)| format!("{} × {}", number(*n), shown(kind, NAME_CHARS)));
    let left_out: Vec<_> = left_out.collect();
    if !left_out.is_empty() {
        notes.push(format!("its root leaves out {} of its source", left_out.join(", ")));
    }
    notes.join("; ")
}
