//! `cargo xtask web`: the façade for JavaScript, as an npm package in `pkg/`, the page as one file in
//! `www/dist/`, and their tests.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::json;

use crate::shell;

const TARGET: &str = "wasm32-unknown-unknown";
/// Hashes and searches gain from it, and every browser in use has it. Only here: an environment
/// variable for all would rebuild everything.
const RUSTFLAGS: &str = "-C target-feature=+simd128";
const PACKAGE: &str = "tsdbproof-wasm";

/// What `pkg/` holds beside what wasm-bindgen writes: node finds the wasm by itself.
const NODE: &str = "\
// In node the wasm is read from beside this file; a page calls the default export of tsdbproof.js.
import { readFileSync } from 'node:fs';
import { initSync } from './tsdbproof.js';

initSync({ module: readFileSync(new URL('./tsdbproof_bg.wasm', import.meta.url)) });
export * from './tsdbproof.js';
";

fn package() -> PathBuf {
    shell::root().join("pkg")
}

/// A cargo command for the wasm.
fn cargo(args: &[&str]) -> Command {
    let mut cargo = shell::cargo(args);
    cargo.args(["--release", "--locked", "--target", TARGET, "--package", PACKAGE]);
    cargo.env("RUSTFLAGS", RUSTFLAGS);
    cargo
}

/// The program that binds the wasm and runs its tests.
fn binder() -> Result<PathBuf, String> {
    let args = ["build", "--quiet", "--locked", "--profile", "tool", "--package", "xtask-web"];
    shell::run(shell::cargo(&args))?;
    Ok(shell::target().join("tool/xtask-web"))
}

/// Builds the package.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    if let Some(arg) = args.first() {
        return Err(format!("web takes no {arg:?}"));
    }
    shell::run(cargo(&["build"]))?;
    let mut bind = shell::command(binder()?, &["bind"]);
    bind.arg(wasm()).arg(package());
    shell::run(bind)?;
    write("node.js", NODE)?;
    write("package.json", &manifest())?;
    let kib = |path: &Path| fs::metadata(path).map_or(0, |it| it.len()) / 1024;
    println!("pkg/: {} KiB of wasm", kib(&package().join("tsdbproof_bg.wasm")));
    let page = page()?;
    println!("{}: {} KiB", page.display(), kib(&page));
    Ok(())
}

/// Archives that the page brings for those who want to try it.
const EXAMPLES: [&str; 2] =
    ["tests/data/opentsdb/main-import.txt", "tests/data/opentsdb/restored/restored-import.txt"];

/// Writes the page, from the wasm as it was built last.
fn page() -> Result<PathBuf, String> {
    let output = shell::root().join("www/dist/tsdbproof.html");
    let folder = shell::root().join("www/dist");
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut page = shell::command(binder()?, &["page"]);
    page.arg(wasm()).arg("www").args(EXAMPLES).arg(env!("CARGO_PKG_VERSION")).arg(&output);
    shell::run(page)?;
    Ok(output)
}

/// The wasm as the compiler leaves it.
fn wasm() -> PathBuf {
    shell::target().join(TARGET).join("release/tsdbproof_wasm.wasm")
}

fn write(name: &str, text: &str) -> Result<(), String> {
    let path = package().join(name);
    fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))
}

fn manifest() -> String {
    let manifest = json!({
        "name": "tsdbproof",
        "version": env!("CARGO_PKG_VERSION"),
        "description": "Verifies and compares backups of a time-series database by the points that they hold.",
        "license": "MIT OR Apache-2.0",
        "type": "module",
        "types": "./tsdbproof.d.ts",
        "exports": {
            ".": { "types": "./tsdbproof.d.ts", "node": "./node.js", "default": "./tsdbproof.js" },
            "./tsdbproof_bg.wasm": "./tsdbproof_bg.wasm",
        },
        "files": ["node.js", "tsdbproof.js", "tsdbproof.d.ts", "tsdbproof_bg.wasm", "README.md"],
        "engines": { "node": ">=20" },
    });
    format!("{manifest:#}\n")
}

/// That `npm pack` takes the package. Nothing is written.
pub(crate) fn pack() -> Result<(), String> {
    let mut pack = shell::command("npm", &["pack", "--dry-run", "--offline", "--loglevel=error"]);
    pack.current_dir(package());
    shell::run(pack)
}

/// The tests of the binding, in node.
pub(crate) fn test_binding() -> Result<(), String> {
    let mut test = cargo(&["test"]);
    test.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", format!("{} test", binder()?.display()));
    shell::run(test)
}

/// The suite through the package, which it builds.
pub(crate) fn test(args: &[String]) -> Result<(), String> {
    run(args)?;
    shell::run(shell::command("node", &["tests/cross/run.mjs"]))
}

/// The page in Chromium, with what drives it in `space`. Builds the page and the command.
pub(crate) fn test_page(space: &Path) -> Result<(), String> {
    run(&[])?;
    let types = space.join("node_modules/.bin/tsc");
    shell::run(shell::command(types, &["--project", "tests/page/tsconfig.json"]))?;
    let mut test = shell::command("node", &["tests/page/run.mjs"]);
    test.arg(shell::build_command()?).env("TSDBPROOF_PAGE_SPACE", space);
    shell::run(test)
}
