//! wasm-bindgen as a pinned library: `xtask-web bind WASM FOLDER` writes JavaScript and types;
//! `xtask-web test …` is the runner of `cargo test --target wasm32-unknown-unknown`.

use std::ffi::OsString;

use anyhow::{Context, bail};
use wasm_bindgen_cli::wasm_bindgen_test_runner;
use wasm_bindgen_cli_support::Bindgen;

fn main() -> anyhow::Result<()> {
    let mut args: Vec<OsString> = std::env::args_os().collect();
    let task = if args.len() > 1 { args.remove(1) } else { OsString::new() };
    match (task.to_str(), args.as_slice()) {
        (Some("bind"), [_, wasm, folder]) => Bindgen::new()
            .input_path(wasm)
            .web(true)?
            .typescript(true)
            .out_name("tsdbproof")
            .generate(folder)
            .with_context(|| format!("{} can't be bound", wasm.display())),
        (Some("test"), _) => wasm_bindgen_test_runner::run_cli_with_args(args),
        _ => bail!("xtask-web takes bind WASM FOLDER, or test and what cargo adds"),
    }
}
