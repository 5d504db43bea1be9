//! The page as one HTML file: script, style, worker and wasm inside, and a policy that names their
//! hashes and forbids every request.
//!
//! `www/*.js` are modules; here they become one script. That is safe as long as they keep to a few
//! rules, which are checked: an import names what it takes, an export stands before a declaration,
//! and no two modules declare the same name at their top.

use std::{
    collections::BTreeMap,
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail, ensure};
use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::{Compression, write::GzEncoder};
use sha2::{Digest, Sha256};

/// What the page is made of.
pub(crate) struct Parts {
    /// The wasm, and the JavaScript that binds it in a classic worker.
    pub(crate) wasm: PathBuf,
    pub(crate) glue: PathBuf,
    /// The folder of the page's sources.
    pub(crate) sources: PathBuf,
    /// Two archives for those who want to try it.
    pub(crate) examples: [PathBuf; 2],
    pub(crate) version: String,
}

/// The page in one file.
pub(crate) fn assemble(parts: &Parts) -> anyhow::Result<String> {
    let source = |name: &str| read(&parts.sources.join(name));
    let script = join_modules(&parts.sources, "main.js")?;
    let style = source("style.css")?;
    let worker = format!("{}\n{}", read(&parts.glue)?, source("worker.js")?);
    for (name, text) in [("the script", &script), ("the worker", &worker)] {
        ensure!(!text.to_lowercase().contains("</script"), "{name} would end its own element");
    }
    let policy = format!(
        "default-src 'none'; script-src 'sha256-{}' 'wasm-unsafe-eval'; style-src 'sha256-{}'; \
         worker-src blob:; img-src data:; connect-src 'none'; base-uri 'none'; form-action 'none'",
        hash(&script),
        hash(&style)
    );
    let [base, current] = &parts.examples;
    let values = [
        ("policy", policy),
        ("version", parts.version.clone()),
        ("style", style),
        ("worker", worker),
        ("wasm", packed(&parts.wasm)?),
        ("example-base", packed(base)?),
        ("example-current", packed(current)?),
        ("script", script),
    ];
    fill(&source("index.html")?, &values)
}

fn read(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| path.display().to_string())
}

/// The bytes of a file, packed by gzip, in base64.
fn packed(path: &Path) -> anyhow::Result<String> {
    let bytes = fs::read(path).with_context(|| path.display().to_string())?;
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    packer.write_all(&bytes)?;
    Ok(STANDARD.encode(packer.finish()?))
}

/// As a policy names the text of an element.
fn hash(text: &str) -> String {
    STANDARD.encode(Sha256::digest(text))
}

/// Puts values in the places of a template, `{{name}}`. What a value holds is no place.
fn fill(template: &str, values: &[(&str, String)]) -> anyhow::Result<String> {
    let mut pieces = template.split("{{");
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (name, rest) = piece.split_once("}}").context("a place that does not end")?;
        let (_, value) =
            values.iter().find(|(known, _)| *known == name).with_context(|| name.to_owned())?;
        text.extend([value.as_str(), rest]);
    }
    Ok(text)
}

/// A module and those that it needs, those first, as one script in a scope of its own.
fn join_modules(folder: &Path, main: &str) -> anyhow::Result<String> {
    let mut script = String::from("'use strict';\n(() => {\n");
    let (mut open, mut done) = (Vec::new(), BTreeMap::new());
    add_module(folder, main, &mut open, &mut done, &mut script)?;
    script.push_str("})();\n");
    Ok(script)
}

fn add_module(
    folder: &Path,
    name: &str,
    open: &mut Vec<String>,
    done: &mut BTreeMap<String, String>,
    script: &mut String,
) -> anyhow::Result<()> {
    ensure!(!open.iter().any(|it| it == name), "{name} needs itself, by {}", open.join(", "));
    if done.values().any(|module| module == name) || done.contains_key(name) {
        return Ok(());
    }
    open.push(name.to_owned());
    let text = read(&folder.join(name))?;
    let mut body = String::new();
    for line in text.lines() {
        if let Some(import) = line.strip_prefix("import ") {
            let other = import.split_once(" from './").and_then(|(_, it)| it.strip_suffix("';"));
            let other = other.with_context(|| format!("{name}: an import is one line: {line}"))?;
            ensure!(!import.contains(" as "), "{name}: an import takes names as they are: {line}");
            add_module(folder, other, open, done, script)?;
        } else {
            body.extend([line.strip_prefix("export ").unwrap_or(line), "\n"]);
        }
    }
    for declared in body.lines().filter_map(declared) {
        for declared in declared {
            if let Some(other) = done.insert(declared.clone(), name.to_owned()) {
                bail!("{name} and {other} both declare {declared}");
            }
        }
    }
    open.pop();
    script.extend(["// ", name, "\n", &body]);
    done.insert(name.to_owned(), name.to_owned());
    Ok(())
}

/// The names that a line at the top of a module declares.
fn declared(line: &str) -> Option<Vec<String>> {
    let line = line.strip_prefix("async ").unwrap_or(line);
    let (word, rest) = line.split_once(' ')?;
    if !["function", "class", "const", "let", "var"].contains(&word) {
        return None;
    }
    let is_list = rest.starts_with(['[', '{']);
    let names = if is_list { rest.split_once('=')?.0 } else { rest };
    let is_of_name = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    let mut names = names.split(|c| !is_of_name(c)).filter(|name| !name.is_empty());
    match is_list {
        true => Some(names.map(str::to_owned).collect()),
        false => names.next().map(|name| vec![name.to_owned()]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_become_one_script_in_the_order_of_their_needs() {
        let folder = std::env::temp_dir().join(format!("tsdbproof-page-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let write = |name: &str, text: &str| fs::write(folder.join(name), text).unwrap();
        write("a.js", "import { b } from './b.js';\nexport const a = b;\n");
        write("b.js", "export const b = 1;\n");
        let script = join_modules(&folder, "a.js").unwrap();
        assert_eq!(
            script,
            "'use strict';\n(() => {\n// b.js\nconst b = 1;\n// a.js\nconst a = b;\n})();\n"
        );
        write("b.js", "export const [a, b] = [1, 2];\n");
        assert!(join_modules(&folder, "a.js").unwrap_err().to_string().contains("both declare a"));
        write("b.js", "import { a } from './a.js';\n");
        assert!(join_modules(&folder, "a.js").unwrap_err().to_string().contains("needs itself"));
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_value_is_no_template() {
        let values = [("a", "{{b}}".to_owned()), ("b", "no".to_owned())];
        assert_eq!(fill("x {{a}} y", &values).unwrap(), "x {{b}} y");
        assert!(fill("{{c}}", &values).is_err());
    }
}
