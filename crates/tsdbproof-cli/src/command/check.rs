//! `tsdbproof check`: what is wrong with the points of a source.

use std::ffi::OsString;

use tsdbproof::{Asked, Error, Interval, Options};
use tsdbproof_sources::block_on;

use super::Plan;
use crate::{
    Ended, Machine,
    flags::{Access, Explaining, Filters, Leniency, Telling, Uids},
    values,
};

/// Looks for faults in the points themselves, and tells what `tsdb import` would make of them
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Problems are instants with several values, repeated points, names that OpenTSDB refuses or keeps as \
another, seconds taken for milliseconds, gaps, and points behind later ones in a file that `tsdb \
import` reads as it is. Counters that fall, and what `tsdb import` would refuse or narrow, are notes.

Examples:
  tsdbproof check backup/
  tsdbproof check march.gz --interval 1m
  tsdbproof check backup.txt --report json | grep import-refuses

Exit codes: 0 nothing wrong; 1 problems or damage; 2 the job could not be done; 3 nothing wrong in \
what was read, but part could not be.")]
pub(super) struct Args {
    /// Files, folders, patterns, or - for standard input
    #[arg(value_name = "SOURCE", required = true)]
    sources: Vec<OsString>,

    /// How far apart the points of a series should be: 10s, 1m, 500ms; auto: as far as most are
    /// [default: gaps are not looked for]
    #[arg(long, value_name = "TIME", value_parser = values::interval)]
    interval: Option<Interval>,

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
        let mut opening = self.access.open(&mut options, machine)?;
        let source = opening.source_with_uids(&self.sources, &self.uids.uids)?;
        let plan = Plan { opening, resources: self.access.resources(), telling: &self.telling };
        let interval = self.interval.unwrap_or_default();
        if self.explaining.explain {
            return plan.explain(machine, Asked::Check(&source, interval), &options, &[]);
        }
        let report = plan.report(machine, |host, reports| {
            block_on(tsdbproof::check(host, &source, interval, &options, reports))
        })?;
        Ok(Ended::with(report, self.leniency.allow_partial))
    }
}
