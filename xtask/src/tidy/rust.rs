//! Rules for Rust: sizes, module docs, and words that may not land.

use super::{Fault, File};

/// Lines of a file: from here on a warning, from there on a fault.
const FILE_LINES: (usize, usize) = (300, 500);
/// Lines of a function, but for one that is a table.
const FUNCTION_LINES: usize = 70;

/// Words that may not land, put together so that this file may hold them.
const WORDS: &[&[&str]] = &[
    &["FIX", "ME"],
    &["todo", "!("],
    &["unimplemented", "!("],
    &["dbg", "!("],
    &["#[ign", "ore"],
    &["#[should", "_panic"],
];

pub(super) fn faults(file: &File) -> Vec<Fault> {
    let lines: Vec<&str> = file.text.lines().collect();
    let mut faults = Vec::new();
    if !lines.first().is_some_and(|line| line.starts_with("//!")) {
        faults.push(Fault::new(&file.path, 1, "a module opens with //! and says what it is"));
    }
    if lines.len() > FILE_LINES.0 {
        let what = format!("{} lines; split by meaning before {}", lines.len(), FILE_LINES.1);
        let is_minor = lines.len() <= FILE_LINES.1;
        faults.push(Fault { is_minor, ..Fault::new(&file.path, 0, what) });
    }
    for (index, line) in lines.iter().enumerate() {
        for word in WORDS.iter().map(|word| word.concat()).filter(|word| line.contains(word)) {
            faults.push(Fault::new(&file.path, index + 1, format!("{word} may not land")));
        }
        if line.contains("TODO") && !line.contains("TODO(#") {
            faults.push(Fault::new(&file.path, index + 1, "a TODO needs an issue: TODO(#12)"));
        }
        if let Some(name) = function_name(line)
            && let Some(count) = function_lines(lines.get(index..).unwrap_or_default())
            && count > FUNCTION_LINES
        {
            let what = format!("{name} has {count} lines, more than {FUNCTION_LINES}");
            faults.push(Fault::new(&file.path, index + 1, what));
        }
    }
    faults
}

/// The function that begins on this line.
fn function_name(line: &str) -> Option<&str> {
    let mut rest = line.trim_start();
    loop {
        let (word, behind) = rest.split_once(' ')?;
        match word {
            "fn" => return behind.split(['(', '<']).next(),
            "const" | "async" | "unsafe" | "extern" | "\"C\"" => rest = behind,
            _ if word.starts_with("pub") => rest = behind,
            _ => return None,
        }
    }
}

/// The lines of a function as rustfmt writes it: up to a brace as deep as its first line.
fn function_lines(lines: &[&str]) -> Option<usize> {
    let first = lines.first()?;
    if first.ends_with(';') || first.ends_with('}') {
        return None;
    }
    let indent = first.len() - first.trim_start().len();
    let is_end = |line: &&str| {
        line.get(..indent).is_some_and(|blank| blank.trim().is_empty())
            && line.get(indent..).is_some_and(|rest| rest == "}" || rest == ");")
    };
    lines.iter().position(is_end).map(|index| index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults_in(text: &str) -> Vec<String> {
        let file = File { path: "a.rs".to_owned(), text: text.to_owned() };
        faults(&file).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_long_function_is_a_fault_and_a_short_one_is_none() {
        let function =
            |count| format!("//! A.\npub(crate) fn long() {{\n{}}}\n", "    1;\n".repeat(count));
        assert_eq!(faults_in(&function(68)), Vec::<String>::new());
        assert_eq!(faults_in(&function(69)), ["a.rs:2: long has 71 lines, more than 70"]);
    }

    #[test]
    fn words_that_may_not_land_are_found() {
        let text = format!("//! A.\nlet a = {}1);\n// TO{}: later\n", ["dbg", "!("].concat(), "DO");
        assert_eq!(faults_in(&text).len(), 2, "{:?}", faults_in(&text));
        assert_eq!(faults_in("use a;\n").len(), 1);
    }
}
