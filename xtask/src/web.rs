//! `cargo xtask web`: the façade for JavaScript, as an npm package in `pkg/`, the page as one file in
//! `www/dist/`, and their tests.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{npm, shell};

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
    cargo.args(["--profile", "wasm", "--locked", "--target", TARGET, "--package", PACKAGE]);
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
    bind(&[], &package())?;
    write("node.js", NODE)?;
    write("package.json", &manifest())?;
    page()
}

/// Builds the wasm, and writes it with its JavaScript and types into `folder`.
fn bind(features: &[&str], folder: &Path) -> Result<(), String> {
    shell::run(cargo(&[&["build", "--quiet"], features].concat()))?;
    let mut bind = shell::command(binder()?, &["bind"]);
    bind.arg(shell::target().join(TARGET).join("wasm/tsdbproof_wasm.wasm")).arg(folder);
    shell::run(bind)
}

/// Archives that the page brings for those who want to try it.
const EXAMPLES: [&str; 2] =
    ["tests/data/opentsdb/main-import.txt", "tests/data/opentsdb/restored/restored-import.txt"];

/// Writes the page. Errors: it, or the wasm, is larger than its budget.
fn page() -> Result<(), String> {
    let space = shell::target().join("www");
    bind(&["--no-default-features"], &space.join("pkg"))?;
    bundle(&space)?;
    let folder = shell::root().join("www/dist");
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut page = shell::command(binder()?, &["page"]);
    page.arg(space.join("pkg/tsdbproof_bg.wasm")).arg(&space).arg("www").args(EXAMPLES);
    page.arg(env!("CARGO_PKG_VERSION")).arg(folder.join("tsdbproof.html"));
    shell::run(page)
}

/// The modules of the page as one script, those of its workers with the binding of the wasm as
/// another, both made small: `main.js` and `worker.js` in `space`.
fn bundle(space: &Path) -> Result<(), String> {
    npm::install("www", space)?;
    let mut bundle = shell::command(
        space.join("node_modules/.bin/esbuild"),
        &["www/main.js", "www/worker.js", "--bundle", "--minify", "--format=iife"],
    );
    // The page has a wasm of its own, with what it needs of the package.
    bundle.arg(format!("--alias:tsdbproof={}", space.join("pkg/tsdbproof.js").display()));
    bundle.args(["--charset=utf8", "--target=es2022", "--log-level=warning"]);
    bundle.arg(format!("--outdir={}", space.display()));
    shell::run(bundle)
}

fn write(name: &str, text: &str) -> Result<(), String> {
    let path = package().join(name);
    fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))
}

/// `package.json`. Of conditions the first that fits is taken, so their order counts.
fn manifest() -> String {
    const TEXT: &str = r#"{
  "name": "tsdbproof",
  "version": "VERSION",
  "description": "Verifies and compares backups of a time-series database by the points that they hold.",
  "license": "MIT",
  "type": "module",
  "types": "./tsdbproof.d.ts",
  "exports": {
    ".": { "types": "./tsdbproof.d.ts", "node": "./node.js", "default": "./tsdbproof.js" },
    "./tsdbproof_bg.wasm": "./tsdbproof_bg.wasm"
  },
  "files": ["node.js", "tsdbproof.js", "tsdbproof.d.ts", "tsdbproof_bg.wasm", "README.md"],
  "engines": { "node": ">=20" }
}
"#;
    TEXT.replace("VERSION", env!("CARGO_PKG_VERSION"))
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
    test.args([shell::build_command()?, build_embedding()?]).env("TSDBPROOF_PAGE_SPACE", space);
    shell::run(test)
}

/// A command with the page inside; not optimised, which would take minutes for no other test.
fn build_embedding() -> Result<PathBuf, String> {
    let mut build = shell::cargo(&["build", "--quiet", "--locked", "--package", "tsdbproof-cli"]);
    build.env("TSDBPROOF_EMBED_PAGE", "www/dist/tsdbproof.html");
    shell::run(build)?;
    Ok(shell::target().join("debug/tsdbproof"))
}
