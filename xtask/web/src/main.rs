//! wasm-bindgen as a pinned library: `xtask-web bind WASM FOLDER` writes JavaScript and types;
//! `xtask-web page WASM SOURCES BASE CURRENT VERSION OUTPUT` the page as one file; `xtask-web test …` is the
//! runner of `cargo test --target wasm32-unknown-unknown`.

mod page;

use std::{ffi::OsString, fs, path::Path};

use anyhow::{Context, bail};
use wasm_bindgen_cli::wasm_bindgen_test_runner;
use wasm_bindgen_cli_support::Bindgen;

fn main() -> anyhow::Result<()> {
    let mut args: Vec<OsString> = std::env::args_os().collect();
    let task = if args.len() > 1 { args.remove(1) } else { OsString::new() };
    match (task.to_str(), args.as_slice()) {
        (Some("bind"), [_, wasm, folder]) => bind(Bindgen::new().web(true)?, wasm, folder),
        (Some("page"), [_, wasm, sources, base, current, version, output]) => {
            let output = Path::new(output);
            let folder = output.with_extension("parts");
            bind(Bindgen::new().no_modules(true)?, wasm, folder.as_ref())?;
            let html = page::assemble(&page::Parts {
                wasm: folder.join("tsdbproof_bg.wasm"),
                glue: folder.join("tsdbproof.js"),
                sources: sources.into(),
                examples: [base.into(), current.into()],
                version: version.to_string_lossy().into_owned(),
            })?;
            fs::remove_dir_all(&folder)?;
            fs::write(output, html).with_context(|| output.display().to_string())
        }
        (Some("test"), _) => wasm_bindgen_test_runner::run_cli_with_args(args),
        _ => bail!("xtask-web takes bind WASM FOLDER, page …, or test and what cargo adds"),
    }
}

fn bind(bindgen: &mut Bindgen, wasm: &OsString, folder: &std::ffi::OsStr) -> anyhow::Result<()> {
    bindgen
        .input_path(wasm)
        .typescript(true)
        .out_name("tsdbproof")
        .generate(folder)
        .with_context(|| format!("{} can't be bound", wasm.display()))
}
