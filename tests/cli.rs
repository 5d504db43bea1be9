//! The examples of the documentation: what stands behind `$ tsdbproof …` is what it prints.
//!
//! In a block marked `console`, a line `$ …` is a command and the lines up to the next one are its
//! output, messages included; a line `…` stands for any number of lines. Commands of others are
//! passed over with their output.

use std::{fs, path::Path};

use crate::session::{Ran, tsdbproof};

const DOCUMENTS: [&str; 2] = ["README.md", "docs/manual.md"];

/// A command and the lines below it.
struct Example {
    place: String,
    line: String,
    output: Vec<String>,
}

fn examples(document: &str, text: &str) -> Vec<Example> {
    let mut examples: Vec<Example> = Vec::new();
    let mut is_console = false;
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            is_console = line.trim() == "```console";
        } else if let Some(command) = line.strip_prefix("$ ").filter(|_| is_console) {
            let place = format!("{document}:{}", index + 1);
            examples.push(Example { place, line: command.to_owned(), output: Vec::new() });
        } else if is_console && let Some(example) = examples.last_mut() {
            example.output.push(line.to_owned());
        }
    }
    examples
}

/// Whether lines are as told, where a told `…` is any number of lines.
fn fits(told: &[String], found: &[&str]) -> bool {
    match told {
        [] => found.is_empty(),
        [any, told @ ..] if any == "…" => {
            (0..=found.len()).any(|from| fits(told, &found[from..]))
        }
        [line, told @ ..] => found.first() == Some(&line.as_str()) && fits(told, &found[1..]),
    }
}

#[test]
fn documentation_shows_what_the_program_prints() {
    for document in DOCUMENTS {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(document);
        // A document that is not written yet has no examples.
        let text = fs::read_to_string(path).unwrap_or_default();
        for Example { place, line, mut output } in examples(document, &text) {
            let Some(("tsdbproof", _)) = line.split_once(' ') else { continue };
            let (line, status) = line
                .split_once("; echo $?")
                .map_or((line.as_str(), false), |(line, _)| (line, true));
            let Ran { out, err, code } = tsdbproof(line);
            let code = code.to_string();
            let mut found: Vec<&str> = out.lines().chain(err.lines()).collect();
            found.extend(status.then_some(code.as_str()));
            while output.last().is_some_and(String::is_empty) {
                output.pop();
            }
            let found_text = found.join("\n");
            assert!(fits(&output, &found), "{place}: `{line}` gave {code} and\n{found_text}");
        }
    }
}

#[test]
fn an_ellipsis_stands_for_any_lines() {
    let told = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    assert!(fits(&told("a\n…\nd"), &["a", "b", "c", "d"]));
    assert!(fits(&told("a\n…"), &["a"]));
    assert!(!fits(&told("a\n…\nd"), &["a", "b"]));
    assert_eq!(examples("a.md", "```console\n$ tsdbproof x\nout\n```\n$ no\n").len(), 1);
}
