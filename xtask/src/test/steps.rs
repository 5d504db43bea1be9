//! The steps of `cargo xtask test`, in their order.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{Stop, needs};
use crate::{bench, shell, tidy, web};

/// A part of the whole test run.
pub(super) struct Step {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    /// Whether `--quick` runs it.
    pub(super) is_everyday: bool,
    /// Installs what the step needs, and runs it.
    pub(super) run: fn() -> Result<(), Stop>,
}

type Run = fn() -> Result<(), Stop>;

const fn step(name: &'static str, about: &'static str, run: Run) -> Step {
    Step { name, about, is_everyday: false, run }
}

const fn everyday(name: &'static str, about: &'static str, run: Run) -> Step {
    Step { name, about, is_everyday: true, run }
}

pub(super) const STEPS: &[Step] = &[
    everyday("tidy", "the rules of the house", || Ok(tidy::run(&[])?)),
    everyday("format", "rustfmt has nothing to change", format),
    everyday("rust", "unit tests, vectors, laws, suite, command lines", rust),
    everyday("lint", "clippy has nothing to say", lint),
    step("shells", "shells take the completions, linters the manual pages", shells),
    step("wasm", "the npm package builds and packs", wasm),
    step("binding", "the binding of JavaScript, in node", binding),
    step("cross", "the suite through the wasm: the same bytes", cross),
    step("page", "the page in Chromium: types, reports, names, keyboard, access", page),
    step("interop", "other tools read what the command writes, and the other way round", interop),
    step("reports", "reports and recipes for pipelines, as their consumers take them", reports),
    step("big", "one root of 349 MB, however it lies and is read; an answer of 10 GiB", big),
    step("bench", "every row of the benchmark once at 5M points: a report, no gate", table),
    step("lab", "a real OpenTSDB: backup, restore, damage", lab),
];

fn format() -> Result<(), Stop> {
    Ok(shell::run(shell::cargo(&["fmt", "--all", "--check"]))?)
}

fn rust() -> Result<(), Stop> {
    // What only binds the wasm has no tests, and takes minutes to compile.
    let args = ["test", "--workspace", "--exclude", "xtask-web", "--locked", "--no-fail-fast"];
    Ok(shell::run(shell::cargo(&args))?)
}

fn lint() -> Result<(), Stop> {
    let args = ["clippy", "--workspace", "--all-targets", "--locked", "--", "--deny", "warnings"];
    Ok(shell::run(shell::cargo(&args))?)
}

fn shells() -> Result<(), Stop> {
    needs::shells()?;
    let mut test = shell::cargo(&["test", "-p", "tsdbproof-cli", "--test", "process", "--locked"]);
    // Without this, what is not installed is passed over.
    test.env("TSDBPROOF_NO_SKIP", "1");
    Ok(shell::run(test)?)
}

fn wasm() -> Result<(), Stop> {
    needs::wasm()?;
    web::run(&[])?;
    Ok(web::pack()?)
}

fn binding() -> Result<(), Stop> {
    needs::wasm()?;
    Ok(web::test_binding()?)
}

fn cross() -> Result<(), Stop> {
    needs::wasm()?;
    Ok(web::test(&[])?)
}

fn page() -> Result<(), Stop> {
    needs::browser()?;
    Ok(web::test_page(&needs::page_space())?)
}

fn interop() -> Result<(), Stop> {
    needs::python()?;
    let binary = shell::build_command()?;
    let folder = shell::target().join("interop");
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    read_manifests(&binary, &folder)?;
    apply_patches(&binary, &folder)?;
    exchange_tables(&binary, &folder)?;
    exchange_partitions(&binary, &folder)
}

const ARCHIVE: &str = "tests/data/opentsdb/main-import.txt";

/// Manifests of every depth, read by pyarrow and polars.
fn read_manifests(binary: &Path, folder: &Path) -> Result<(), Stop> {
    for depth in ["hour", "day", "series", "metric"] {
        let manifest = folder.join(format!("{depth}.manifest"));
        let mut write =
            shell::command(binary, &["manifest", ARCHIVE, "--depth", depth, "--quiet", "-o"]);
        write.arg(&manifest);
        shell::run(write)?;
        let mut read = shell::command(python(), &["tests/interop/manifest.py"]);
        read.arg(&manifest);
        shell::run(read)?;
    }
    Ok(())
}

/// Patches of an archive and of its manifest, read and applied by pyarrow.
fn apply_patches(binary: &Path, folder: &Path) -> Result<(), Stop> {
    const CURRENT: &str = "tests/data/opentsdb/restored/restored-import.txt";
    for base in [Path::new(ARCHIVE), &folder.join("hour.manifest")] {
        let patch = folder.join("written.patch");
        let mut write =
            shell::command(binary, &["diff", "--quiet", "--max-different-points=100000"]);
        write.arg(base).args([CURRENT, "--patch"]).arg(&patch);
        shell::run(write)?;
        let mut read = shell::command(python(), &["tests/interop/patch.py"]);
        read.arg(&patch).args([ARCHIVE, CURRENT]);
        shell::run(read)?;
    }
    Ok(())
}

/// Tables: written here, read and written by pyarrow, pandas, polars and DuckDB, and read here again.
fn exchange_tables(binary: &Path, folder: &Path) -> Result<(), Stop> {
    const TEXT: &str = "tests/interop/csv_tables.py";
    const COLUMNS: &str = "tests/interop/column_tables.py";
    for (ending, script) in [("csv", TEXT), ("tsv", TEXT), ("arrow", COLUMNS), ("parquet", COLUMNS)]
    {
        let table = folder.join("points").with_extension(ending);
        let theirs = folder.join(format!("theirs-{ending}"));
        // What another version of a tool wrote is not to be read.
        let _ = fs::remove_dir_all(&theirs);
        let mut write = shell::command(binary, &["convert", ARCHIVE, "--quiet", "-o"]);
        write.arg(&table);
        shell::run(write)?;
        let mut read = shell::command(python(), &[script, ARCHIVE]);
        read.args([&table, &theirs]);
        shell::run(read)?;
        let unread = |error| format!("{}: {error}", theirs.display());
        for entry in fs::read_dir(&theirs).map_err(unread)? {
            compare(binary, ARCHIVE, &entry.map_err(unread)?.path())?;
        }
    }
    Ok(())
}

/// Folders of metrics and days: written here, read and written by DuckDB, and read here again.
fn exchange_partitions(binary: &Path, folder: &Path) -> Result<(), Stop> {
    for (name, archive) in [("lake", ARCHIVE), ("odd-lake", "tests/interop/odd-metrics.txt")] {
        let (lake, theirs) = (folder.join(name), folder.join(format!("theirs-{name}")));
        let _ = fs::remove_dir_all(&lake);
        let _ = fs::remove_dir_all(&theirs);
        let write = ["convert", archive, "--write", "parquet", "--partition", "--quiet", "-o"];
        let mut write = shell::command(binary, &write);
        write.arg(&lake);
        shell::run(write)?;
        let mut read = shell::command(python(), &["tests/interop/partitions.py", archive]);
        read.args([&lake, &theirs]);
        shell::run(read)?;
        compare(binary, archive, &theirs)?;
    }
    Ok(())
}

/// That an archive and what another tool wrote hold the same points.
fn compare(binary: &Path, archive: &str, theirs: &Path) -> Result<(), Stop> {
    let mut diff = shell::command(binary, &["diff", archive, "--quiet"]);
    diff.arg(theirs);
    Ok(shell::run(diff)?)
}

/// JUnit, SARIF, Markdown and HTML, of names as hostile as can be; and the recipes that use them.
fn reports() -> Result<(), Stop> {
    needs::python()?;
    let multitool = needs::sarif_multitool()?;
    let mut check = shell::command(python(), &["tests/interop/reports.py"]);
    let binary = shell::build_command()?;
    check.arg(&binary).arg(multitool).arg(shell::target().join("interop/reports"));
    shell::run(check)?;
    let mut recipes = shell::command(python(), &["tests/interop/recipes.py"]);
    recipes.arg(&binary).arg(shell::target().join("interop/recipes"));
    Ok(shell::run(recipes)?)
}

fn python() -> PathBuf {
    needs::venv().join("bin/python")
}

fn big() -> Result<(), Stop> {
    let binary = shell::build_command()?;
    bench::long_answer::check(&binary)?;
    Ok(bench::big::check(binary)?)
}

/// Ratios of one run on a busy machine fail nothing; a wrong answer does.
fn table() -> Result<(), Stop> {
    let binary = shell::build_command()?.display().to_string();
    let args = ["--pairs", "1", "--no-write", "--binary", binary.as_str()];
    Ok(bench::run(&args.map(str::to_owned))?)
}

/// What the lab ends with where it had to skip.
const SKIPPED: i32 = 77;

fn lab() -> Result<(), Stop> {
    needs::lab()?;
    let mut lab = shell::command("tests/labs/opentsdb/run", &[]);
    lab.arg(shell::build_command()?);
    let status = lab.status().map_err(|error| format!("`{}`: {error}", shell::line(&lab)))?;
    match status.code() {
        Some(0) => Ok(()),
        Some(SKIPPED) => Err(Stop::Skipped("its last line says what is missing".to_owned())),
        _ => Err(Stop::Failed(format!("`{}` ended with {status}", shell::line(&lab)))),
    }
}
