//! `tsdbproof convert`: writes the points of a source in another format.

use std::{
    ffi::OsString,
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
            return plan.explain(machine, asked, &options, &[&self.output]);
        }
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
            block_on(tsdbproof::convert(&host, &source, target, &options, &mut outputs))
        })?;
        match pipe {
            Some(mut pipe) => outputs.copy_to(&mut pipe)?,
            None => outputs.commit()?,
        }
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
