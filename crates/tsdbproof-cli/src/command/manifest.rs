//! `tsdbproof manifest`: fingerprints a source.

use std::{ffi::OsString, path::PathBuf};

use clap::Subcommand;
use tsdbproof::{Asked, Depth, Error, FileDigests, Options, report::JobKind};
use tsdbproof_sources::block_on;

use super::{Plan, merge};
use crate::{
    Ended, Machine,
    flags::{Access, Explaining, Filters, Leniency, Telling, Uids},
    output::{check_output, refuse_input},
    values,
};

/// Digests all points of sources, writes their manifest, prints roots and statement
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
#[command(disable_help_subcommand = true)]
#[command(override_usage = "\
tsdbproof manifest [OPTIONS] SOURCE… -o FILE
       tsdbproof manifest merge [OPTIONS] FILE… -o FILE")]
#[command(after_help = "\
A file that is called merge is given as ./merge.

Examples:
  tsdbproof manifest backup/ -o backup.arrow
  zcat part-*.gz | tsdbproof manifest - -o backup.arrow
  tsdbproof manifest 'part-*.zst' -o march.arrow --from 2026-03-01 --to 2026-04-01
  tsdbproof manifest merge part-*.arrow -o all.arrow

Exit codes: 0 written; 1 written, but damage was found; 2 not written; 3 written, but part of the \
source could not be read.")]
pub(super) struct Args {
    #[command(subcommand)]
    merge: Option<Merge>,

    /// Files, folders, patterns, or - for standard input
    #[arg(value_name = "SOURCE", required = true)]
    sources: Vec<OsString>,

    /// The manifest, an Arrow file; - for standard output
    #[arg(long, short, value_name = "FILE", required = true)]
    output: Option<PathBuf>,

    /// How deep the manifest reaches: how closely it can place a difference later
    #[arg(long, value_name = "DEPTH", value_parser = values::depth(), default_value = "hour")]
    depth: Depth,

    /// Leave out the digests of the files' bytes, which place damage and tell equal bytes
    #[arg(long)]
    no_file_digests: bool,

    /// Add the SHA-256 of each file, as sha256sum prints it
    #[arg(long)]
    sha256: bool,

    #[command(flatten)]
    explaining: Explaining,
    #[command(flatten)]
    filters: Filters,
    #[command(flatten)]
    uids: Uids,
    #[command(flatten)]
    access: Access,
    #[command(flatten)]
    leniency: Leniency,
    #[command(flatten)]
    telling: Telling,
}

#[derive(Debug, Subcommand)]
enum Merge {
    Merge(merge::Args),
}

impl Args {
    pub(super) fn run(self, machine: &mut Machine<'_>) -> Result<Ended, Error> {
        if let Some(Merge::Merge(merge)) = self.merge {
            return merge.run(machine);
        }
        let mut options = Options {
            depth: self.depth,
            file_digests: FileDigests { blocks: !self.no_file_digests, sha256: self.sha256 },
            ..Options::default()
        };
        self.filters.apply(&mut options, machine.now_ms)?;
        self.leniency.apply(&mut options);
        let mut opening = self.access.open(&mut options, machine)?;
        let source = opening.source_with_uids(&self.sources, &self.uids.uids)?;
        let plan = Plan { opening, resources: self.access.resources(), telling: &self.telling };
        let output = self.output.unwrap_or_default();
        if self.explaining.explain {
            check_output(&self.telling, machine, &output, "the manifest")?;
            refuse_input(&output, &plan.opening)?;
            let asked = Asked::Source(JobKind::Manifest, &source);
            return plan.explain(machine, asked, &options, &[&output]);
        }
        let report = plan.own_file(machine, &output, "the manifest", |host, out| {
            block_on(tsdbproof::manifest(host, &source, &options, out))
        })?;
        Ok(Ended::with(report, self.leniency.allow_partial))
    }
}
