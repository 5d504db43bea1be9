//! The page as one HTML file: script, style, worker and wasm inside, and a policy that names their
//! hashes and forbids every request.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::{Context, ensure};
use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::{Compression, write::GzEncoder};
use sha2::{Digest, Sha256};

use crate::sizes::Sizes;

/// What the page is made of.
pub(crate) struct Parts {
    /// The wasm, and the folder of the scripts: the page's, and its workers' with what binds the wasm.
    pub(crate) wasm: PathBuf,
    pub(crate) scripts: PathBuf,
    /// The folder of the page's sources.
    pub(crate) sources: PathBuf,
    /// Two archives for those who want to try it.
    pub(crate) examples: [PathBuf; 2],
    pub(crate) version: String,
}

/// The page in one file, and how large it is.
pub(crate) fn assemble(parts: &Parts) -> anyhow::Result<(String, Sizes)> {
    let source = |name: &str| read(&parts.sources.join(name));
    let script = read(&parts.scripts.join("main.js"))?;
    let worker = read(&parts.scripts.join("worker.js"))?;
    let style = source("style.css")?;
    for (name, text) in [("the script", &script), ("the worker", &worker)] {
        ensure!(!text.to_lowercase().contains("</script"), "{name} would end its own element");
    }
    let wasm = fs::read(&parts.wasm).with_context(|| parts.wasm.display().to_string())?;
    let packed_wasm = packed(&wasm)?;
    let mut sizes = Sizes {
        wasm: wasm.len(),
        packed_wasm: packed_wasm.len(),
        script: script.len(),
        worker: worker.len(),
        page: 0,
    };
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
        ("wasm", STANDARD.encode(packed_wasm)),
        ("example-base", example(base)?),
        ("example-current", example(current)?),
        ("script", script),
    ];
    let page = fill(&source("index.html")?, &values)?;
    sizes.page = page.len();
    Ok((page, sizes))
}

fn read(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| path.display().to_string())
}

/// Packed by gzip.
fn packed(bytes: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    packer.write_all(bytes)?;
    Ok(packer.finish()?)
}

/// The bytes of a file, packed, in base64.
fn example(path: &Path) -> anyhow::Result<String> {
    let bytes = fs::read(path).with_context(|| path.display().to_string())?;
    Ok(STANDARD.encode(packed(&bytes)?))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_no_template() {
        let values = [("a", "{{b}}".to_owned()), ("b", "no".to_owned())];
        assert_eq!(fill("x {{a}} y", &values).unwrap(), "x {{b}} y");
        assert!(fill("{{c}}", &values).is_err());
    }
}
