//! `tsdbproof show`: tells what a manifest or an archive holds, and what a patch changes.

use std::{ffi::OsString, slice};

use tsdbproof::{Asked, Error, Options, report::JobKind};
use tsdbproof_sources::block_on;

use super::Plan;
use crate::{
    Ended, Machine,
    flags::{Access, Explaining, Telling, Uids},
};

/// Tells what a manifest or an archive holds (totals, span, metrics, days, size at each depth), or what
/// a patch changes
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tsdbproof show backup.arrow
  tsdbproof show dump.gz --report json
  tsdbproof show tuesday.patch --limit 0")]
pub(super) struct Args {
    /// A manifest, a patch, a file, folder or pattern, or - for standard input
    #[arg(value_name = "FILE")]
    file: OsString,

    #[command(flatten)]
    explaining: Explaining,
    #[command(flatten)]
    uids: Uids,
    #[command(flatten)]
    access: Access,
    #[command(flatten)]
    telling: Telling,
}

impl Args {
    pub(super) fn run(self, machine: &mut Machine<'_>) -> Result<Ended, Error> {
        let mut options = Options::default();
        let mut opening = self.access.open(&mut options, machine)?;
        let source = opening.source_with_uids(slice::from_ref(&self.file), &self.uids.uids)?;
        let plan = Plan { opening, resources: self.access.resources(), telling: &self.telling };
        if self.explaining.explain {
            let asked = Asked::Source(JobKind::Show, &source);
            return plan.explain(machine, asked, &options, &[]);
        }
        let report = plan.report(machine, |host, reports| {
            block_on(tsdbproof::show(host, &source, &options, reports))
        })?;
        Ok(Ended::with(report, false))
    }
}
