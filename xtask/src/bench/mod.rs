//! Whole processes of ours, each beside one of a peer, on the same generated files: `cargo xtask
//! bench`.
//!
//! `row.rs` is the table, `goal.rs` what is asked of a row, `ours.rs` holds our command lines,
//! `tool.rs` what the peers need. A new comparison is one entry in `ROWS`; a new kind of peer one
//! variant of `Job`.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command's output")]

mod answers;
pub(crate) mod big;
mod data;
mod generate;
mod goal;
mod growth;
mod hbase;
mod inflate;
mod job;
pub(crate) mod long_answer;
mod machine;
mod measure;
mod options;
mod ours;
mod patches;
mod report;
mod row;
mod tool;

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use self::answers::Answers;
use self::data::{Data, Packing};
use self::growth::Growth;
use self::job::Job;
use self::measure::{Output, Sample};
use self::options::{Options, USAGE};
use self::report::{End, Outcome, Pair};
use self::row::{GROWTH, ROWS, Row};
use self::tool::Tool;
use crate::shell;

/// Runs the rows asked for. Errors: a run failed, or its answer was wrong.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    match args {
        [help, ..] if help == "--help" => {
            println!("{USAGE}");
            Ok(())
        }
        [task, name, rest @ ..] if task == "generate" => generate(name, &Options::parse(rest)?),
        [task, binary] if task == "long-answer" => long_answer::check(Path::new(binary)),
        [task, file] if task == "inflate" => inflate::count(Path::new(file)),
        [task, rest @ ..] if task == "patches" => measure_patches(&Options::parse(rest)?),
        _ => bench(&Options::parse(args)?),
    }
}

/// What is measured, and on files of which size.
struct Place {
    binary: PathBuf,
    /// This program, built as a release: it makes files, and unpacks them as a peer.
    tool: PathBuf,
    points: u64,
}

impl Place {
    fn path(&self, data: &Data) -> PathBuf {
        self.folder().join(data.file_name())
    }

    /// The manifest that a measured run writes.
    fn written(&self) -> PathBuf {
        self.folder().join("written.manifest")
    }

    fn folder(&self) -> PathBuf {
        Path::new("target/bench/data").join(points_name(self.points))
    }
}

/// 5000000 as `5M`.
fn points_name(points: u64) -> String {
    let millions = points / 1_000_000;
    if millions * 1_000_000 == points { format!("{millions}M") } else { points.to_string() }
}

fn generate(name: &str, options: &Options) -> Result<(), String> {
    let plain = |data: Data| data.packed(Packing::None);
    let mut data = ROWS.iter().flat_map(inputs).map(plain);
    let data = data.find(|data| data.file_name() == name);
    generate::to_stdout(&data.ok_or_else(|| format!("no row reads {name}"))?, options.points[0])
}

type Versions = BTreeMap<Tool, Result<String, String>>;

fn bench(options: &Options) -> Result<(), String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    env::set_current_dir(&root).map_err(|e| format!("{}: {e}", root.display()))?;
    let rows: Vec<&Row> = ROWS.iter().filter(|row| options.wants(row.name)).collect();
    if rows.is_empty() && options.growth.is_empty() {
        let names: Vec<&str> = ROWS.iter().map(|row| row.name).collect();
        return Err(format!("no such row; there are {}", names.join(", ")));
    }
    let tools: BTreeSet<Tool> =
        rows.iter().flat_map(|row| jobs(row)).filter_map(|job| job.tool()).collect();
    let versions = tools.into_iter().map(|tool| (tool, tool.version())).collect();
    let facts = machine::facts(&versions)?;
    let built = || build("tsdbproof-cli", "tsdbproof");
    let binary = options.binary.clone().map_or_else(built, Ok)?;
    let tool = build("xtask", "xtask")?;
    let place = |points| Place { binary: binary.clone(), tool: tool.clone(), points };

    let (mut outcomes, mut all_answers) = (Vec::new(), Vec::new());
    for &points in if rows.is_empty() { &[][..] } else { &options.points } {
        let mut answers = Answers::known(points);
        for row in &rows {
            outcomes.push(measure(row, &place(points), options.pairs, &versions, &mut answers));
        }
        all_answers.push(answers);
    }
    let grown = options.growth.iter().map(|points| grow(&place(*points)));
    let growth = Growth::of(grown.collect());

    print!("{}{}", report::table(&outcomes), growth.text());
    if options.write {
        let folder = report::write(&facts, &outcomes, &growth, &all_answers)?;
        println!("{}", folder.display());
    }
    let failed = outcomes.iter().chain(growth.outcomes());
    let failed = failed.filter(|outcome| matches!(outcome.end, End::Failed(_))).count();
    if failed == 0 { Ok(()) } else { Err(format!("{failed} rows failed")) }
}

/// Patches of more and fewer changes, at every size that was asked for.
fn measure_patches(options: &Options) -> Result<(), String> {
    env::set_current_dir(shell::root()).map_err(|e| e.to_string())?;
    let facts = machine::facts(&Versions::new())?;
    let built = || build("tsdbproof-cli", "tsdbproof");
    let binary = options.binary.clone().map_or_else(built, Ok)?;
    let tool = build("xtask", "xtask")?;
    let place = |points| Place { binary: binary.clone(), tool: tool.clone(), points };
    let table = |points: &u64| patches::run(&place(*points), options.pairs);
    let tables = options.points.iter().map(table).collect::<Result<Vec<_>, _>>()?.join("\n");
    print!("{tables}");
    if options.write {
        println!("{}", patches::write(&facts, &tables)?.display());
    }
    Ok(())
}

/// Builds a release; tells where the program lies, from the repository's root where it is below.
fn build(package: &str, program: &str) -> Result<PathBuf, String> {
    shell::run(shell::cargo(&["build", "--release", "--locked", "--package", package]))?;
    let path = shell::target().join("release").join(program);
    Ok(path.strip_prefix(shell::root()).map_or_else(|_| path.clone(), Path::to_path_buf))
}

fn jobs(row: &Row) -> impl Iterator<Item = Job> {
    [row.ours].into_iter().chain(row.peer)
}

fn inputs(row: &Row) -> Vec<Data> {
    jobs(row).flat_map(|job| job.inputs()).collect()
}

/// One size of a growth. A file that no row of that size reads does not stay: it may be large.
fn grow(place: &Place) -> Outcome {
    let data = inputs(&GROWTH);
    let is_new = |data: &&Data| !place.path(data).exists();
    let new: Vec<&Data> = data.iter().filter(is_new).collect();
    let mut answers = Answers::known(place.points);
    let outcome = measure(&GROWTH, place, growth::RUNS, &Versions::new(), &mut answers);
    for data in new {
        // What stays behind costs only space.
        let _ = std::fs::remove_file(place.path(data));
    }
    outcome
}

fn measure(
    row: &'static Row,
    place: &Place,
    pairs: usize,
    versions: &Versions,
    answers: &mut Answers,
) -> Outcome {
    // A row with a bound of its own is measured on as many points as that allows.
    let points = place.points.min(row.most_points);
    let place = &Place { binary: place.binary.clone(), tool: place.tool.clone(), points };
    eprintln!("{}, {}", row.name, points_name(points));
    let missing = jobs(row).filter_map(|job| versions.get(&job.tool()?)?.as_ref().err()).next();
    let end = match missing {
        Some(why) => End::Skipped(why.clone()),
        None => inputs(row)
            .iter()
            .try_for_each(|data| data.make(place))
            .and_then(|()| (0..pairs).map(|index| pair(row, index, place, answers)).collect())
            .map_or_else(End::Failed, End::Measured),
    };
    Outcome { row, points, commands: commands(row, place), end }
}

/// Both sides, one right after the other; who is first changes from pair to pair.
fn pair(row: &Row, index: usize, place: &Place, answers: &mut Answers) -> Result<Pair, String> {
    for data in inputs(row) {
        data::warm(&place.path(&data))?;
    }
    let mut once = |job: Job| run_once(job, place, answers);
    if index.is_multiple_of(2) {
        let ours = once(row.ours)?;
        return Ok(Pair { ours, peer: row.peer.map(once).transpose()? });
    }
    let peer = row.peer.map(&mut once).transpose()?;
    Ok(Pair { ours: once(row.ours)?, peer })
}

fn run_once(job: Job, place: &Place, answers: &mut Answers) -> Result<Sample, String> {
    let question = job.question();
    let output = if question.is_some() { Output::Kept } else { Output::Dropped };
    let mut command = job.command(place);
    let (sample, printed) = measure::run(command.stdin(Stdio::null()), output, job.exit_code())?;
    if let Some(question) = question {
        answers.check(question, &job.answer(&printed, place)?)?;
    }
    Ok(sample)
}

/// The command lines of a row, as one would type them in the root of the workspace.
fn commands(row: &Row, place: &Place) -> Vec<String> {
    let typed = |job: Job| {
        let command = job.command(place);
        let words = [command.get_program()].into_iter().chain(command.get_args());
        words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
    };
    jobs(row).map(typed).collect()
}
