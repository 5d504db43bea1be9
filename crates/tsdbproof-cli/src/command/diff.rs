//! `tsdbproof diff`: compares two sources.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    slice,
};

use tsdbproof::{Asked, Error, Options, Profile};
use tsdbproof_sources::block_on;

use super::Plan;
use crate::{
    Ended, Machine,
    flags::{Access, Allowing, Explaining, Filters, Leniency, Telling},
    output::{Sink, check_output},
    usage, values,
};

/// Tells which points of two sources or manifests differ, where, and why
#[derive(Debug, clap::Args)]
#[command(after_help = "\
- is only in BASE, + only in CURRENT, ~ changed.

Examples:
  tsdbproof diff backup/ restored/
  tsdbproof diff monday.gz 'tuesday-*.zst' --metric 'cpu.*' --tag host=web01
  tsdbproof diff backup.arrow restored/ --report json
  tsdbproof diff monday.gz tuesday/ --patch tuesday.patch
  tsdbproof diff <(zcat a.gz) <(ssh backup cat b.txt)

Exit codes: 0 the same points; 1 differences or damage; 2 the job could not be done; 3 no \
difference seen, but not all was compared.")]
pub(super) struct Args {
    /// A file, folder, pattern, manifest, or - for standard input
    #[arg(value_name = "BASE")]
    base: OsString,

    /// The same, of what is compared with it
    #[arg(value_name = "CURRENT")]
    current: OsString,

    /// Also write the patch that makes CURRENT of BASE, for `tsdbproof apply`
    #[arg(long, value_name = "FILE")]
    patch: Option<PathBuf>,

    /// The profile that decides
    #[arg(long, value_name = "PROFILE", value_parser = values::profile(), default_value = "exact")]
    profile: Profile,

    /// A backup of the table tsdb-uid for BASE, an Export or HFiles; repeatable [default: the one
    /// that stands in BASE]
    #[arg(long, value_name = "SOURCE", help_heading = "Reading")]
    uids_base: Vec<OsString>,

    /// The same for CURRENT: a table is never shared between both sides by itself
    #[arg(long, value_name = "SOURCE", help_heading = "Reading")]
    uids_current: Vec<OsString>,

    #[command(flatten)]
    explaining: Explaining,
    #[command(flatten)]
    filters: Filters,
    #[command(flatten)]
    access: Access,
    #[command(flatten)]
    allowing: Allowing,
    #[command(flatten)]
    leniency: Leniency,
    #[command(flatten)]
    telling: Telling,
}

impl Args {
    pub(super) fn run(self, machine: &mut Machine<'_>) -> Result<Ended, Error> {
        let mut options = Options { profile: self.profile, ..Options::default() };
        self.filters.apply(&mut options, machine.now_ms)?;
        self.allowing.apply(&mut options, machine.now_ms);
        self.leniency.apply(&mut options);
        let mut opening = self.access.open(&mut options, machine)?;
        let base = opening.source_with_uids(slice::from_ref(&self.base), &self.uids_base)?;
        let current =
            opening.source_with_uids(slice::from_ref(&self.current), &self.uids_current)?;
        let plan = Plan { opening, resources: self.access.resources(), telling: &self.telling };
        if self.explaining.explain {
            return plan.explain(machine, Asked::Diff(&base, &current), &options, &[]);
        }
        let mut patch = None;
        if let Some(path) = &self.patch {
            if path == Path::new("-") {
                return Err(usage("a patch is a file", "name one: --patch FILE"));
            }
            check_output(&self.telling, machine, path, "the patch")?;
            patch = Some(Sink::file(path, &plan.opening, &machine.stop)?);
        }
        let report = plan.report(machine, |host, reports| match &mut patch {
            None => block_on(tsdbproof::diff(host, &base, &current, &options, reports)),
            Some(out) => {
                block_on(tsdbproof::diff_with_patch(host, &base, &current, &options, reports, out))
            }
        })?;
        patch.map_or(Ok(()), Sink::commit)?;
        Ok(Ended::with(report, self.leniency.allow_partial))
    }
}
