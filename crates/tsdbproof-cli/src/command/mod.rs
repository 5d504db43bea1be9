//! The verbs; one file each.

mod check;
mod completions;
mod convert;
mod diff;
mod formats;
mod manifest;
mod merge;
mod show;
mod verify;

use std::{ffi::OsString, path::Path};

use clap::{
    Arg, ArgAction, Command, CommandFactory, FromArgMatches, Parser, Subcommand,
    builder::BoolishValueParser,
};
use tsdbproof::{Error, report::Report};
use tsdbproof_sources::{NativeHost, Opening, Progress};

use crate::{
    Machine,
    flags::{Budget, Telling},
    output::{Reports, STDERR, STDOUT, Sink, check_output},
    progress::watch,
};

/// Verifies and compares backups of a time-series database by the points that they hold
#[derive(Debug, Parser)]
#[command(name = "tsdbproof", version, propagate_version = true, max_term_width = 100)]
#[command(after_help = "\
Sources are files, folders, patterns (quoted) or - for standard input. Formats and compression are \
recognised by their bytes.

Examples:
  tsdbproof manifest backup/ -o backup.arrow     fingerprint a backup
  tsdbproof verify backup.arrow restored/        later: are these the same points?
  tsdbproof diff backup/ restored/               which points differ, and why

Exit codes: 0 fine and complete; 1 differences or damage; 2 the job could not be done; 3 no \
difference seen, but not all was compared; 130 interrupted; 143 terminated.
Every flag has an environment variable, TSDBPROOF_ with the flag's name; a flag wins over it.")]
pub(crate) struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Manifest(manifest::Args),
    Verify(verify::Args),
    Diff(diff::Args),
    Check(check::Args),
    Convert(convert::Args),
    Show(show::Args),
    Formats(formats::Args),
    Completions(completions::Args),
}

impl Cli {
    /// The arguments read, with what the environment says of flags that are not given.
    pub(crate) fn parse_from(
        args: impl IntoIterator<Item = OsString>,
    ) -> Result<Self, clap::Error> {
        let mut command = with_environment(Cli::command());
        let matches = command.try_get_matches_from_mut(args)?;
        Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
    }

    pub(crate) fn run(self, machine: &mut Machine<'_>) -> Result<u8, Error> {
        match self.verb {
            Verb::Manifest(args) => args.run(machine),
            Verb::Verify(args) => args.run(machine),
            Verb::Diff(args) => args.run(machine),
            Verb::Check(args) => args.run(machine),
            Verb::Convert(args) => args.run(machine),
            Verb::Show(args) => args.run(machine),
            Verb::Formats(args) => args.run(machine),
            Verb::Completions(args) => args.run(machine),
        }
    }
}

/// Gives every flag its variable: `--max-line` can be set by `TSDBPROOF_MAX_LINE`.
fn with_environment(command: Command) -> Command {
    command.mut_args(with_variable).mut_subcommands(with_environment)
}

fn with_variable(arg: Arg) -> Arg {
    let Some(long) = arg.get_long() else { return arg };
    let name = format!("TSDBPROOF_{}", long.to_uppercase().replace('-', "_"));
    // CI systems set variables to nothing where they mean that there is none.
    if std::env::var_os(&name).is_some_and(|value| value.is_empty()) {
        return arg;
    }
    let arg = match arg.get_action() {
        ArgAction::SetTrue => arg.value_parser(BoolishValueParser::new()),
        _ => arg,
    };
    arg.env(name).hide_env(true)
}

/// A job before it begins: what it reads is open.
struct Plan<'a> {
    opening: Opening,
    budget: &'a Budget,
    telling: &'a Telling,
}

impl Plan<'_> {
    /// Runs a job that writes only reports.
    fn report(
        self,
        machine: &mut Machine<'_>,
        job: impl FnOnce(&NativeHost, &mut Reports<'_>) -> Result<Report, Error>,
    ) -> Result<Report, Error> {
        let (palette, display) = (self.telling.palette(machine), self.telling.display(machine));
        let stream = Sink::stream(machine.out, STDOUT);
        let reports = Reports::open(self.telling, &palette, &self.opening, &machine.stop, stream);
        let (mut reports, progress) = (reports?, Progress::default());
        let host = self.opening.into_host(self.budget.resources(), progress.clone())?;
        let report = watch(display, &progress, machine.err, || job(&host, &mut reports))?;
        reports.finish(&report)?;
        Ok(report)
    }

    /// Runs a job that writes a manifest to `output`, and reports.
    fn manifest(
        self,
        machine: &mut Machine<'_>,
        output: &Path,
        job: impl FnOnce(&NativeHost, &mut Sink<'_>) -> Result<Report, Error>,
    ) -> Result<Report, Error> {
        check_output(self.telling, machine, output, "the manifest")?;
        let (palette, display) = (self.telling.palette(machine), self.telling.display(machine));
        let mut messages = Vec::new();
        let (mut manifest, stream) = if output == Path::new("-") {
            (Sink::stream(machine.out, STDOUT), Sink::stream(&mut messages, STDERR))
        } else {
            let file = Sink::file(output, &self.opening, &machine.stop)?;
            (file, Sink::stream(machine.out, STDOUT))
        };
        let reports = Reports::open(self.telling, &palette, &self.opening, &machine.stop, stream);
        let (reports, progress) = (reports?, Progress::default());
        let host = self.opening.into_host(self.budget.resources(), progress.clone())?;
        let report = watch(display, &progress, machine.err, || job(&host, &mut manifest))?;
        // Of parts that contradict each other there is no manifest.
        if report.contradictions.is_empty() {
            manifest.commit()?;
        }
        reports.finish(&report)?;
        machine.err.write_all(&messages)?;
        Ok(report)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(command: &Command) -> Vec<Arg> {
        let own = command.get_arguments().cloned();
        own.chain(command.get_subcommands().flat_map(flags)).collect()
    }

    #[test]
    fn arguments_agree_with_each_other() {
        with_environment(Cli::command()).debug_assert();
    }

    #[test]
    fn every_flag_has_its_variable() {
        let flags = flags(&with_environment(Cli::command()));
        assert!(flags.len() > 50);
        for flag in flags.iter().filter(|flag| flag.get_long().is_some()) {
            let name = flag.get_env().and_then(|name| name.to_str()).unwrap_or_default();
            let flag_of_name = name.strip_prefix("TSDBPROOF_").unwrap_or_default();
            assert_eq!(
                Some(flag_of_name.to_lowercase().replace('_', "-").as_str()),
                flag.get_long()
            );
        }
    }
}
