//! `tsdbproof apply`: the state after patches.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    slice,
};

use tsdbproof::{
    Asked, Course, Error, Expect, Input, Options, Patched, Source, Until,
    report::{JobKind, Verdict},
    time::parse_time,
};
use tsdbproof_sources::{NativeOutputs, block_on};

use super::{Plan, target};
use crate::{
    Ended, Machine,
    flags::{Access, Explaining, Filters, Leniency, Telling, Uids},
    output::{Sink, check_output, refuse_input},
    usage, values,
};

/// Writes the points of a backup as patches change them, or only proves that they can be made
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Patches may be named in any order: each starts from the root that another yields. The output is read \
back, and gets its name only if it has the root that the last patch promises. With filters it is a part \
of that state: the root of the whole is checked on the way, and the output against the part. With \
--check BASE may be a manifest, where the patches hold all points of the hours that they change.

Examples:
  tsdbproof diff monday.gz tuesday/ --patch tuesday.patch
  tsdbproof apply monday.gz tuesday.patch wednesday.patch -o wednesday.txt.zst
  tsdbproof apply monday.gz *.patch --check
  tsdbproof apply monday.gz *.patch --root tsdbproof:v1:exact:… -o then.txt
  tsdbproof apply monday.gz *.patch --at 2026-03-04 --metric 'cpu.*' -o part.txt
  tsdbproof apply friday.gz friday.patch --reverse -o put.txt --deletes rows.jsonl

Exit codes: 0 proven, and written; 1 the roots don't fit, nothing was written; 2 the job could not be \
done; 3 of a manifest, the points that it does not hold are needed.")]
pub(super) struct Args {
    /// The backup that the first patch starts from: a file, folder or pattern
    #[arg(value_name = "BASE")]
    base: OsString,

    /// Patches, written by `tsdbproof diff --patch`
    #[arg(value_name = "PATCH", required = true)]
    patches: Vec<OsString>,

    /// The output; its ending says format and compression: .txt, .jsonl, .arrow, .csv, .gz, .zst
    #[arg(long, short, value_name = "FILE", required_unless_present = "check")]
    output: Option<PathBuf>,

    /// Write nothing: hold what the patches make of BASE against the root that they promise
    #[arg(long, conflicts_with_all = ["output", "deletes", "write"])]
    check: bool,

    /// Write what has to change on a server that holds BASE: to FILE the rows (hours of series) that have
    /// to be deleted, one a line; the output then has the points to put after that, no others
    #[arg(long, value_name = "FILE")]
    deletes: Option<PathBuf>,

    /// The format of the output, where its name does not tell
    #[arg(long, value_name = "FORMAT", value_parser = values::written_format())]
    write: Option<&'static str>,

    /// The state to make, by the shortest way; other patches are left alone [default: the last one]
    #[arg(long, value_name = "ROOT")]
    root: Option<Expect>,

    /// The last state without a point behind this instant, in place of a root: 2026-03-02T14:00, 1d-ago
    #[arg(long, value_name = "TIME", conflicts_with = "root")]
    at: Option<String>,

    /// Take back what the patches did: BASE is the state that they yield
    #[arg(long)]
    reverse: bool,

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

impl Args {
    pub(super) fn run(self, machine: &mut Machine<'_>) -> Result<Ended, Error> {
        let mut options = Options::default();
        self.filters.apply(&mut options, machine.now_ms)?;
        self.leniency.apply(&mut options);
        let Some(output) = &self.output else { return self.check(options, machine) };
        if output == Path::new("-") {
            return Err(usage("the output has to be read back", "name a file: -o FILE"));
        }
        check_output(&self.telling, machine, output, "the result")?;
        if self.deletes.as_ref() == Some(output) {
            return Err(usage(
                "points and rows go to the same file",
                "name another: --deletes FILE",
            ));
        }
        if let Some(deletes) = &self.deletes {
            check_output(&self.telling, machine, deletes, "the list of rows")?;
        }
        let target = target(output, self.write, false)?;
        let (plan, base, patches) = self.open(&mut options, machine)?;
        refuse_input(output, &plan.opening)?;
        if self.explaining.explain {
            let asked = Asked::Source(JobKind::Apply, &base);
            let writes = [Some(output.as_path()), self.deletes.as_deref()];
            let writes: Vec<_> = writes.into_iter().flatten().collect();
            return plan.explain(machine, asked, &options, &writes);
        }
        let mut outputs = NativeOutputs::file(output, &self.access.resources(), &machine.stop)?;
        let course = self.course(machine)?;
        let deletes = self.deletes.as_deref();
        let deletes = deletes.map(|path| Sink::file(path, &plan.opening, &machine.stop));
        let mut deletes = deletes.transpose()?;
        let report = plan.report(machine, |host, _| {
            let patched = Patched { base: &base, patches: &patches, course };
            let (options, outputs) = (&options, &mut outputs);
            match &mut deletes {
                None => block_on(tsdbproof::apply(host, patched, target, options, outputs)),
                Some(rows) => {
                    block_on(tsdbproof::rewrite(host, patched, target, options, outputs, rows))
                }
            }
        })?;
        if report.verdict == Verdict::Same {
            outputs.commit()?;
            deletes.map_or(Ok(()), Sink::commit)?;
        }
        Ok(Ended::with(report, self.leniency.allow_partial))
    }

    /// Proves without writing.
    fn check(&self, mut options: Options, machine: &mut Machine<'_>) -> Result<Ended, Error> {
        let (plan, base, patches) = self.open(&mut options, machine)?;
        if self.explaining.explain {
            let asked = Asked::Source(JobKind::Apply, &base);
            return plan.explain(machine, asked, &options, &[]);
        }
        let course = self.course(machine)?;
        let report = plan.report(machine, |host, _| {
            let patched = Patched { base: &base, patches: &patches, course };
            block_on(tsdbproof::prove(host, patched, &options))
        })?;
        Ok(Ended::with(report, self.leniency.allow_partial))
    }

    /// Opens the base, and behind it the patches.
    fn open(
        &self,
        options: &mut Options,
        machine: &mut Machine<'_>,
    ) -> Result<(Plan<'_>, Source, Vec<Input>), Error> {
        let mut opening = self.access.open(options, machine)?;
        let base = opening.source_with_uids(slice::from_ref(&self.base), &self.uids.uids)?;
        let patches = self.patches.iter().map(|name| opening.input(name));
        let patches = patches.collect::<Result<Vec<_>, _>>()?;
        let plan = Plan { opening, resources: self.access.resources(), telling: &self.telling };
        Ok((plan, base, patches))
    }

    fn course(&self, machine: &Machine<'_>) -> Result<Course, Error> {
        Ok(Course { until: self.until(machine.now_ms)?, is_reverse: self.reverse })
    }

    /// The state to stop at.
    fn until(&self, now_ms: u64) -> Result<Option<Until>, Error> {
        let at = |text: &String| parse_time(text, now_ms).map_err(|error| error.in_file("--at"));
        match self.root {
            Some(root) => Ok(Some(Until::Root(root))),
            None => Ok(self.at.as_ref().map(at).transpose()?.map(Until::At)),
        }
    }
}
