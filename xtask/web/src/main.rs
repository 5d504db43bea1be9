//! wasm-bindgen as a pinned library: `xtask-web bind WASM FOLDER` writes JavaScript and types;
//! `xtask-web page WASM SCRIPTS SOURCES BASE CURRENT VERSION OUTPUT` the page as one file; `xtask-web test …` is the
//! runner of `cargo test --target wasm32-unknown-unknown`.

mod page;
mod sizes;

use std::{ffi::OsString, fs};

use anyhow::{Context, bail};
use wasm_bindgen_cli::wasm_bindgen_test_runner;
use wasm_bindgen_cli_support::Bindgen;

fn main() -> anyhow::Result<()> {
    let mut args: Vec<OsString> = std::env::args_os().collect();
    let task = if args.len() > 1 { args.remove(1) } else { OsString::new() };
    match (task.to_str(), args.as_slice()) {
        (Some("bind"), [_, wasm, folder]) => bind(wasm, folder),
        (Some("page"), [_, wasm, scripts, sources, base, current, version, output]) => {
            let parts = page::Parts {
                wasm: wasm.into(),
                scripts: scripts.into(),
                sources: sources.into(),
                examples: [base.into(), current.into()],
                version: version.to_string_lossy().into_owned(),
            };
            let (html, sizes) = page::assemble(&parts)?;
            fs::write(output, html).with_context(|| output.display().to_string())?;
            sizes.hold()
        }
        (Some("test"), _) => wasm_bindgen_test_runner::run_cli_with_args(args),
        _ => bail!("xtask-web takes bind WASM FOLDER, page …, or test and what cargo adds"),
    }
}

fn bind(wasm: &OsString, folder: &OsString) -> anyhow::Result<()> {
    Bindgen::new()
        .web(true)?
        .input_path(wasm)
        .typescript(true)
        .out_name("tsdbproof")
        // Names of functions are a tenth of it, and say nothing to those who load it.
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(folder)
        .with_context(|| format!("{} can't be bound", wasm.display()))
}
