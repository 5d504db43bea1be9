//! `tsdbproof verify`: holds a source against a manifest or a root.

use std::ffi::OsString;

use tsdbproof::{Against, Asked, Error, Expect, Options, Profile};
use tsdbproof_sources::{Opening, block_on};

use super::Plan;
use crate::{
    Ended, Machine,
    flags::{Access, Allowing, Explaining, Filters, Leniency, Telling, Uids},
    usage, values,
};

/// Recomputes the digests of sources, compares them with a manifest, and places every difference
#[derive(Debug, clap::Args)]
#[command(override_usage = "\
tsdbproof verify [OPTIONS] MANIFEST SOURCE…
       tsdbproof verify [OPTIONS] --expect ROOT SOURCE…")]
#[command(after_help = "\
Examples:
  tsdbproof verify backup.arrow restored/
  zcat dump.gz | tsdbproof verify backup.arrow -
  tsdbproof verify backup.arrow restored/ --report text --report json=verify.jsonl
  tsdbproof verify --expect tsdbproof:v1:exact:… restored/

Exit codes: 0 the same points; 1 differences or damage; 2 the job could not be done; 3 no \
difference seen, but not all was compared.")]
pub(super) struct Args {
    /// The manifest, then the sources: files, folders, patterns, or - for standard input
    #[arg(value_name = "MANIFEST SOURCE", required = true)]
    names: Vec<OsString>,

    /// The root or statement to expect; it takes the manifest's place
    #[arg(long, value_name = "ROOT")]
    expect: Option<Expect>,

    /// The profile that decides
    #[arg(long, value_name = "PROFILE", value_parser = values::profile(), default_value = "exact")]
    profile: Profile,

    #[command(flatten)]
    explaining: Explaining,
    #[command(flatten)]
    filters: Filters,
    #[command(flatten)]
    uids: Uids,
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
        let (against, names) = self.against(&mut opening)?;
        let source = opening.source_with_uids(names, &self.uids.uids)?;
        let plan = Plan { opening, resources: self.access.resources(), telling: &self.telling };
        if self.explaining.explain {
            return plan.explain(machine, Asked::Verify(&against, &source), &options, &[]);
        }
        let report = plan.report(machine, |host, reports| {
            block_on(tsdbproof::verify(host, &against, &source, &options, reports))
        })?;
        Ok(Ended::with(report, self.leniency.allow_partial))
    }

    /// What the sources are held against, and their names.
    fn against(&self, opening: &mut Opening) -> Result<(Against, &[OsString]), Error> {
        match (self.expect, self.names.as_slice()) {
            (Some(expect), names) => Ok((Against::Expect(expect), names)),
            (None, [manifest, names @ ..]) if !names.is_empty() => {
                Ok((Against::Manifest(opening.input(manifest)?), names))
            }
            (None, _) => Err(usage(
                "a manifest is named, but nothing to hold against it",
                "tsdbproof verify MANIFEST SOURCE…, or tsdbproof verify --expect ROOT SOURCE…",
            )),
        }
    }
}
