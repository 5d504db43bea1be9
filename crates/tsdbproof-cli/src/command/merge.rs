//! `tsdbproof manifest merge`: one manifest of parts.

use std::{ffi::OsString, path::PathBuf};

use tsdbproof::{Error, Options};
use tsdbproof_sources::{Wanted, block_on};

use super::Plan;
use crate::{
    Ended, Machine,
    flags::{Budget, Telling},
};

/// Joins the manifests of parts into one, as if all had been read at once
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tsdbproof manifest merge part-*.arrow -o all.arrow

Exit codes: 0 written; 1 the parts contradict each other; 2 not written.")]
pub(super) struct Args {
    /// Manifests, or folders of them
    #[arg(value_name = "FILE", required = true)]
    parts: Vec<OsString>,

    /// The manifest of all; - for standard output
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,

    #[command(flatten)]
    telling: Telling,
    #[command(flatten)]
    budget: Budget,
}

impl Args {
    pub(super) fn run(self, machine: &mut Machine<'_>) -> Result<Ended, Error> {
        let mut options = Options::default();
        let mut opening = self.budget.open(&mut options, machine);
        let parts = opening.source(&self.parts, Wanted::Manifests)?;
        let plan = Plan { opening, resources: self.budget.resources(), telling: &self.telling };
        let report = plan.own_file(machine, &self.output, "the manifest", |host, out| {
            block_on(tsdbproof::merge(host, &parts, &options, out))
        })?;
        Ok(Ended::with(report, false))
    }
}
