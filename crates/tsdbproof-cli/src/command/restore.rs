//! `tsdbproof restore`: points into an OpenTSDB, and the proof that it holds them.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use tsdbproof::{
    Error, Options, Puts, Source,
    report::{Report, Verdict},
};
use tsdbproof_sources::{
    NativeHost, NativeOutputs, Progress, PutPlan, ServerPuts, Wanted, block_on,
};

use super::{Plan, target};
use crate::{
    Ended, Machine,
    flags::{Access, Filters, Leniency, Telling, Uids},
    output::{Reports, check_output, refuse_input},
    usage,
};

/// Puts the points of sources into OpenTSDB, and proves that it holds them
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Without --write nothing is written: what would be is told. Points that OpenTSDB would refuse or change \
are found before, and then nothing is written at all. After that the server is read and compared.

`tsdb import` keeps floats in single precision. The file that -o writes holds what will be stored, so \
that its own root is the one to verify the tables against.

Examples:
  tsdbproof restore backup/ --into http://tsd:4242
  tsdbproof restore backup/ --into http://tsd:4242 --write --journal restore.json --rate 20
  tsdbproof restore put.jsonl --deletes rows.jsonl --against friday.gz --into http://tsd:4242 --write
  tsdbproof restore backup/ -o import.txt --accept-float32

Exit codes: 0 restored and the same, or nothing is in the way; 1 refused, or what the server holds \
differs; 2 the job could not be done; 3 restored, but not all could be compared.")]
pub(super) struct Args {
    /// Files, folders or patterns
    #[arg(value_name = "SOURCE", required = true)]
    sources: Vec<OsString>,

    /// The OpenTSDB, http://HOST:PORT
    #[arg(long, value_name = "URL", required_unless_present = "output", conflicts_with = "output")]
    into: Option<String>,

    /// Do write to the server
    #[arg(long, requires = "into")]
    write: bool,

    /// Keep what the server acknowledged in this file: a restore that was interrupted goes on from there
    #[arg(long, value_name = "FILE", requires = "into")]
    journal: Option<PathBuf>,

    /// Rows to delete before, as `apply --deletes` lists them
    #[arg(long, value_name = "FILE", requires = "into")]
    deletes: Option<PathBuf>,

    /// What the server has to hold in the end, a source or a manifest [default: what is restored]
    #[arg(long, value_name = "SOURCE", requires = "into")]
    against: Option<OsString>,

    /// A file for `tsdb import` in place of a server; .gz and .zst are packed
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Let `tsdb import` keep floats in single precision
    #[arg(long, requires = "output")]
    accept_float32: bool,

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

/// What the server is held against once it was written to.
struct Proof {
    host: NativeHost,
    expected: Source,
    server: Source,
}

impl Args {
    pub(super) fn run(self, machine: &mut Machine<'_>) -> Result<Ended, Error> {
        let mut options = Options::default();
        self.filters.apply(&mut options, machine.now_ms)?;
        self.leniency.apply(&mut options);
        let mut opening = self.access.open(&mut options, machine)?;
        let source = opening.source_with_uids(&self.sources, &self.uids.uids)?;
        let plan = Plan { opening, resources: self.access.resources(), telling: &self.telling };
        let report = match (&self.output, &self.into) {
            (Some(output), _) => self.write_file(output, machine, plan, &source, &options)?,
            (None, Some(url)) => self.write_server(url, machine, plan, &source, &options)?,
            (None, None) => return Err(usage("nowhere to restore to", "name it: --into URL")),
        };
        Ok(Ended::with(report, self.leniency.allow_partial))
    }

    fn write_file(
        &self,
        output: &Path,
        machine: &mut Machine<'_>,
        plan: Plan<'_>,
        source: &Source,
        options: &Options,
    ) -> Result<Report, Error> {
        check_output(&self.telling, machine, output, "what is restored")?;
        refuse_input(output, &plan.opening)?;
        let target = target(output, Some("import-text"), false)?;
        let mut outputs = NativeOutputs::file(output, &plan.resources, &machine.stop)?;
        let how = (target, self.accept_float32);
        let report = plan.report(machine, |host, _| {
            let restored = tsdbproof::restore_by_import(host, source, how, options, &mut outputs);
            block_on(restored)
        })?;
        if report.verdict == Verdict::Done {
            outputs.commit()?;
        }
        Ok(report)
    }

    fn write_server(
        &self,
        url: &str,
        machine: &mut Machine<'_>,
        plan: Plan<'_>,
        source: &Source,
        options: &Options,
    ) -> Result<Report, Error> {
        if self.sources.iter().any(|name| name == "-") {
            return Err(usage(
                "a source is read twice, to be restored and compared",
                "name a file",
            ));
        }
        let server = self.access.server_options(machine)?;
        let put_plan = PutPlan {
            journal: self.journal.clone(),
            deletes: self.deletes.clone(),
            temp_dir: plan.resources.temp_dir.clone(),
        };
        let mut puts = ServerPuts::new(url, &server, put_plan, &machine.stop)?;
        puts.greet()?;
        if !self.write {
            return plan.report(machine, |host, _| {
                block_on(tsdbproof::restore(host, source, None, options))
            });
        }
        let proof = self.proof(url, machine, &plan)?;
        plan.report(machine, |host, reports| {
            let restored =
                tsdbproof::restore(host, source, Some(&mut puts as &mut dyn Puts), options);
            let report = block_on(restored)?;
            match report.restored.as_ref().is_some_and(|told| told.acknowledged.is_some()) {
                true => proof.compare(report, options, reports),
                false => Ok(report),
            }
        })
    }

    /// Opens what is read in the end, so that what is wrong with it comes before anything is written.
    fn proof(&self, url: &str, machine: &mut Machine<'_>, plan: &Plan<'_>) -> Result<Proof, Error> {
        let mut opening = self.access.open(&mut Options::default(), machine)?;
        let expected = match &self.against {
            Some(against) => opening.source_with_uids(std::slice::from_ref(against), &[])?,
            None => opening.source_with_uids(&self.sources, &self.uids.uids)?,
        };
        let server = opening.source(&[OsString::from(url)], Wanted::Points)?;
        let host = opening.into_host(plan.resources.clone(), Progress::default())?;
        Ok(Proof { host, expected, server })
    }
}

impl Proof {
    fn compare(
        &self,
        report: Report,
        options: &Options,
        reports: &mut Reports<'_>,
    ) -> Result<Report, Error> {
        let Proof { host, expected, server } = self;
        let compared = block_on(tsdbproof::diff(host, expected, server, options, reports))?;
        Ok(report.restored_as(compared))
    }
}
