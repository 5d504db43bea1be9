//! `tsdbproof merge`: one patch of several.

use std::{ffi::OsString, path::PathBuf};

use tsdbproof::{Error, Options};
use tsdbproof_sources::block_on;

use super::Plan;
use crate::{
    Ended, Machine,
    flags::{Budget, Telling},
};

/// Makes one patch of several that follow on each other
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Patches may be named in any order: each starts from the root that another yields. Where they hold old \
values, the result is, byte for byte, what one `tsdbproof diff --patch` over all would write.

Examples:
  tsdbproof merge monday.patch tuesday.patch wednesday.patch -o week.patch
  tsdbproof apply sunday.gz week.patch -o wednesday.txt.zst

Exit codes: 0 written; 1 the patches have a gap or a fork; 2 not written.")]
pub(super) struct Args {
    /// Patches, written by `tsdbproof diff --patch`
    #[arg(value_name = "PATCH", required = true)]
    patches: Vec<OsString>,

    /// The patch that does it all; - for standard output
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
        let patches = self.patches.iter().map(|name| opening.input(name));
        let patches = patches.collect::<Result<Vec<_>, _>>()?;
        let plan = Plan { opening, resources: self.budget.resources(), telling: &self.telling };
        let report = plan.own_file(machine, &self.output, "the patch", |host, out| {
            block_on(tsdbproof::merge_patches(host, &patches, &options, out))
        })?;
        Ok(Ended::with(report, false))
    }
}
