//! What a job would do, as text and as a line of JSON.

use std::{fmt::Write, io};

use tsdbproof_core::shown;

use super::{
    phrase::{FIRST, NAME_CHARS, SENTENCE_CHARS, scope},
    text::{TextOptions, unlimited},
    words::{counted, counted_more, size, table},
};
use crate::report::{Explanation, PlannedInput, PlannedSide};

/// The explanation for people.
pub fn explanation_text(explanation: &Explanation, options: &TextOptions) -> String {
    let list = unlimited(options.limit).saturating_mul(2);
    let mut lines = Lines { text: String::new(), list };
    let word = options.palette.warn.over("explained");
    let _ =
        writeln!(lines.text, "{word}: nothing was done; only the beginnings of inputs were read");
    let is_comparison = explanation.sides.len() == 2;
    for (side, label) in explanation.sides.iter().zip(["- BASE", "+ CURRENT"]) {
        let label = if is_comparison { label } else { side.role };
        match side.inputs.as_slice() {
            [input] if side.names == [input.name.as_str()] && side.not_read.is_empty() => {
                lines.labelled(label, &in_a_line(input));
            }
            inputs => {
                lines.labelled(label, &summary(side));
                lines.inputs(inputs);
            }
        }
    }
    for side in &explanation.sides {
        for file in side.not_read.iter().take(list) {
            let (name, why) = (shown(&file.name, NAME_CHARS), shown(&file.why, SENTENCE_CHARS));
            lines.labelled("not read", &format!("{name}: {why}"));
        }
        lines.more(side.not_read.len(), "file");
    }
    for step in &explanation.steps {
        lines.labelled("then", step);
    }
    for file in &explanation.writes {
        lines.labelled("writes", &shown(file, NAME_CHARS));
    }
    lines.labelled("filters", &filters(explanation));
    lines.labelled("machine", &machine(explanation));
    lines.text
}

/// The explanation as a line of JSON.
pub fn explanation_json(explanation: &Explanation) -> Result<String, io::Error> {
    Ok(serde_json::to_string(explanation)? + "\n")
}

/// The text while it is written.
struct Lines {
    text: String,
    /// Entries of a list that are shown.
    list: usize,
}

impl Lines {
    fn labelled(&mut self, label: &str, text: &str) {
        let _ = writeln!(self.text, "{label:<10} {text}");
    }

    fn inputs(&mut self, inputs: &[PlannedInput]) {
        let row = |input: &PlannedInput| {
            let bytes = input.size_bytes.map_or("a stream".to_owned(), size);
            let name = format!("  {}", shown(&input.name, NAME_CHARS));
            let uids = if input.is_uids { "for names of UIDs" } else { "" };
            vec![name, bytes, input.codec.to_owned(), input.format.to_owned(), uids.to_owned()]
        };
        let rows: Vec<_> = inputs.iter().take(self.list).map(row).collect();
        for line in table(&rows, &[1]) {
            let _ = writeln!(self.text, "{line}");
        }
        self.more(inputs.len(), "file");
    }

    fn more(&mut self, count: usize, noun: &str) {
        let more = count.saturating_sub(self.list);
        if more > 0 {
            let more = counted_more(more as u64, noun);
            let _ = writeln!(self.text, "  … and {more} (--limit 0 shows all)");
        }
    }
}

/// `backup.gz: 41.2 MiB, gzip, import-text`.
fn in_a_line(input: &PlannedInput) -> String {
    let PlannedInput { name, size_bytes, codec, format, .. } = input;
    let bytes = size_bytes.map_or("a stream".to_owned(), size);
    format!("{}: {bytes}, {codec}, {format}", shown(name, NAME_CHARS))
}

/// `backup/ and 2 more: 3 files, 1.2 GiB`.
fn summary(side: &PlannedSide) -> String {
    let names = side.names.iter().take(FIRST).map(|name| shown(name, NAME_CHARS));
    let mut names: Vec<_> = names.collect();
    let more = side.names.len().saturating_sub(FIRST);
    names.extend((more > 0).then(|| format!("and {more} more")));
    let bytes = side.inputs.iter().filter_map(|input| input.size_bytes).sum();
    let streams = side.inputs.iter().filter(|input| input.size_bytes.is_none()).count();
    let files = side.inputs.len() - streams;
    let mut parts = Vec::new();
    if files > 0 || streams == 0 {
        parts.push(format!("{}, {}", counted(files as u64, "file"), size(bytes)));
    }
    parts.extend((streams > 0).then(|| counted(streams as u64, "stream")));
    format!("{}: {}", names.join(", "), parts.join(" and "))
}

fn filters(explanation: &Explanation) -> String {
    let has_manifest = explanation.sides.iter().any(|side| side.is_manifest);
    match (explanation.scope.as_str(), has_manifest) {
        ("", true) => "those of the manifest".to_owned(),
        ("", false) => "none".to_owned(),
        (given, true) => format!("only {}, as the manifest's must be", scope(given)),
        (given, false) => format!("only {}", scope(given)),
    }
}

fn machine(explanation: &Explanation) -> String {
    let threads = counted(explanation.threads as u64, "thread");
    let temp_dir = explanation.temp_dir.as_ref().map_or(String::new(), |folder| {
        format!(", then temporary files in {}", shown(folder, NAME_CHARS))
    });
    format!("{threads}, {} of memory{temp_dir}", size(explanation.memory_bytes))
}
