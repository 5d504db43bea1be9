//! `tsdbproof convert`: writes the points of a source in another format.

use std::{
    ffi::OsString,
    io::Write,
    path::{Path, PathBuf},
};

use tsdbproof::{Asked, Error, Options};
use tsdbproof_sources::{NativeOutputs, Progress, block_on};

use super::{Plan, STDERR, STDOUT, target};
use crate::{
    Ended, Machine,
    flags::{Access, Explaining, Filters, Leniency, Telling, Uids},
    output::{Reports, Sink, check_output, refuse_input},
    progress::watch,
    usage, values,
};

/// Writes the points of sources in another format, and proves it by reading them back
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Points are written sorted by metric, tags and time, each once, so that `tsdb import` takes import \
text. What was written is read back before it gets its name, and must have the root of the source. \
Points that a format can't hold are left out, counted and named.

Examples:
  tsdbproof convert backup/ -o backup.parquet
  tsdbproof convert scan.txt.gz -o points.jsonl.zst
  tsdbproof convert backup/ -o lake --write parquet --partition
  tsdbproof convert answers.json --write import-text -o - | tsdb import -

Exit codes: 0 written, the same points; 1 written, but the points differ or the source is damaged; \
2 not written; 3 written, but part of the source could not be read.")]
pub(super) struct Args {
    /// Files, folders, patterns, or - for standard input
    #[arg(value_name = "SOURCE", required = true)]
    sources: Vec<OsString>,

    /// The file; - for standard output; with --partition a new folder
    #[arg(long, short, value_name = "FILE", required = true)]
    output: PathBuf,

    /// The format that is written [default: by the ending of the file's name]
    #[arg(long, value_name = "FORMAT", value_parser = values::written_format())]
    write: Option<&'static str>,

    /// Also write the manifest of the source here, which tells what of it could not be read too
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,

    /// A file for each metric and day, in folders metric=…/day=…, as Hive and Spark name them
    #[arg(long)]
    partition: bool,

    #[command(flatten)]
    filters: Filters,
    #[command(flatten)]
    uids: Uids,
    #[command(flatten)]
    access: Access,
    #[command(flatten)]
    leniency: Leniency,
    #[command(flatten)]
    explaining: Explaining,
    #[command(flatten)]
    telling: Telling,
}

impl Args {
    pub(super) fn run(self, machine: &mut Machine<'_>) -> Result<Ended, Error> {
        let mut options = Options::default();
        self.filters.apply(&mut options, machine.now_ms)?;
        self.leniency.apply(&mut options);
        let target = target(&self.output, self.write, self.partition)?;
        check_output(&self.telling, machine, &self.output, "what is converted")?;
        let mut opening = self.access.open(&mut options, machine)?;
        let source = opening.source_with_uids(&self.sources, &self.uids.uids)?;
        refuse_input(&self.output, &opening)?;
        if self.explaining.explain {
            let plan = Plan { opening, resources: self.access.resources(), telling: &self.telling };
            let asked = Asked::Convert(&source, target);
            let manifest = self.manifest.as_deref();
            let writes: Vec<&Path> = manifest.into_iter().chain([self.output.as_path()]).collect();
            return plan.explain(machine, asked, &options, &writes);
        }
        let mut manifest = match &self.manifest {
            Some(path) if *path == self.output => {
                return Err(usage(
                    "the manifest would go where the points go",
                    "name another file",
                ));
            }
            Some(path) => {
                check_output(&self.telling, machine, path, "the manifest")?;
                Some(Sink::file(path, &opening, &machine.stop)?)
            }
            None => None,
        };
        let mut outputs = self.outputs(machine)?;
        let (palette, display) = (self.telling.palette(machine), self.telling.display(machine));
        let mut messages = Vec::new();
        // Where points go to standard output, a report to it goes to messages.
        let (pipe, stream) = match self.to_stdout() {
            true => (Some(Sink::stream(machine.out, STDOUT)), Sink::stream(&mut messages, STDERR)),
            false => (None, Sink::stream(machine.out, STDOUT)),
        };
        let reports = Reports::open(&self.telling, &palette, &opening, &machine.stop, stream)?;
        let progress = Progress::default();
        let host = opening.into_host(self.access.resources(), progress.clone())?;
        let report = watch(display, &progress, machine.err, || {
            let manifest = manifest.as_mut().map(|sink| sink as &mut (dyn Write + Send));
            let to = (&mut outputs, manifest);
            block_on(tsdbproof::convert_with_manifest(&host, &source, target, &options, to))
        })?;
        match pipe {
            Some(mut pipe) => outputs.copy_to(&mut pipe)?,
            None => outputs.commit()?,
        }
        manifest.map_or(Ok(()), Sink::commit)?;
        reports.finish(&report)?;
        machine.err.write_all(&messages)?;
        Ok(Ended::with(report, self.leniency.allow_partial))
    }

    fn to_stdout(&self) -> bool {
        self.output == Path::new("-")
    }

    fn outputs(&self, machine: &Machine<'_>) -> Result<NativeOutputs, Error> {
        let (resources, stop) = (self.access.resources(), &machine.stop);
        match (self.partition, self.to_stdout()) {
            (true, true) => Err(usage("a partition is a folder", "name one: -o FOLDER")),
            (true, false) => NativeOutputs::folder(&self.output, &resources, stop),
            (false, true) => NativeOutputs::spool(&resources, stop),
            (false, false) => NativeOutputs::file(&self.output, &resources, stop),
        }
    }
}
