//! The verbs; one file each.

mod apply;
mod chain;
mod check;
mod completions;
mod config;
mod convert;
mod diff;
mod formats;
mod man;
mod manifest;
mod merge;
mod merge_patches;
mod restore;
mod serve;
mod show;
mod verify;

use std::{
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::{Command, CommandFactory, FromArgMatches, Parser, Subcommand};
use tsdbproof::{
    Asked, Error, Means, Options, Target, format_by_name,
    render::{TextOptions, explanation_json, explanation_text},
    report::Report,
};
use tsdbproof_sources::{KeptAnswers, NativeHost, Opening, Progress, Resources, check_address};

use crate::{
    Ended, Machine,
    flags::Telling,
    guess::with_sibling,
    output::{Reports, STDERR, STDOUT, Sink, check_output, text_or_json},
    progress::watch,
    settings::{Environment, Settings, command_of, innermost, verb_of, without_requirements},
    values::{Style, When},
};

/// Verifies and compares backups of a time-series database by the points that they hold
#[derive(Debug, Parser)]
#[command(name = "tsdbproof", version, propagate_version = true, max_term_width = 100)]
#[command(after_help = "\
Sources are files, folders, patterns (quoted), - for standard input, or a live OpenTSDB, \
http://HOST:PORT. Formats and compression are recognised by their bytes.

Examples:
  tsdbproof manifest backup/ -o backup.arrow     fingerprint a backup
  tsdbproof verify backup.arrow restored/        later: are these the same points?
  tsdbproof diff backup/ restored/               which points differ, and why
  tsdbproof verify backup.arrow http://tsd:4242  the same, of a server that runs

Exit codes: 0 fine and complete; 1 differences or damage; 2 the job could not be done; 3 no \
difference seen, but not all was compared; 130 interrupted; 143 terminated.

Every flag has an environment variable, TSDBPROOF_ with the flag's name, and may stand in \
tsdbproof.toml in the user's configuration folder: a flag wins over its variable, a variable over \
the file. `tsdbproof config show` tells what holds.")]
pub(crate) struct Cli {
    #[command(subcommand)]
    verb: Verb,

    /// The file of settings [default: tsdbproof.toml in the user's configuration folder]
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Manifest(manifest::Args),
    Verify(verify::Args),
    Diff(diff::Args),
    Check(check::Args),
    Convert(convert::Args),
    Apply(apply::Args),
    Merge(merge_patches::Args),
    Chain(chain::Args),
    Restore(restore::Args),
    Show(show::Args),
    Serve(serve::Args),
    Formats(formats::Args),
    Config(config::Args),
    Completions(completions::Args),
    Man(man::Args),
}

/// A command line, with what is set outside of it.
pub(crate) struct Call {
    cli: Cli,
    settings: Settings,
    /// What is named without a flag.
    names: Vec<OsString>,
    pub(crate) color: When,
    /// Where what monitors jobs looks for this one's end.
    pub(crate) metrics: Option<PathBuf>,
    /// The verb, for that.
    pub(crate) verb_name: String,
    /// Where answers of servers outlive the run.
    resume: Option<PathBuf>,
}

/// Why a command line is not run.
pub(crate) enum Refusal {
    /// It asks for help, or for something that there is not.
    Usage(clap::Error),
    /// What is set outside of it can't be.
    Settings(Error),
}

impl From<clap::Error> for Refusal {
    fn from(error: clap::Error) -> Self {
        Refusal::Usage(error)
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Refusal::Settings(error)
    }
}

impl Call {
    /// Reads a command line, and the settings of the flags that it leaves out.
    pub(crate) fn read(args: &[OsString], environment: Environment) -> Result<Self, Refusal> {
        let asked = match without_requirements(Cli::command()).try_get_matches_from(args) {
            Ok(asked) => asked,
            // No setting mends it. Help and messages say what is required.
            Err(error) => {
                return Err(Cli::command()
                    .try_get_matches_from(args)
                    .err()
                    .unwrap_or(error)
                    .into());
            }
        };
        let file = asked.get_one::<PathBuf>("config").cloned();
        let settings = Settings::load(environment, file, &Cli::command())?;
        let mut command = settings.apply(Cli::command(), &verb_of(&asked))?;
        let matches = command.try_get_matches_from_mut(args)?;
        let cli = Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command))?;
        let verb = innermost(&matches);
        let color = verb.try_get_one("color").ok().flatten().copied().unwrap_or(When::Auto);
        let names = command_of(&command, &verb_of(&matches))
            .into_iter()
            .flat_map(Command::get_positionals)
            .filter_map(|arg| verb.get_raw(arg.get_id().as_str()));
        let names = names.flatten().map(OsStr::to_owned).collect();
        let metrics = verb.try_get_one::<PathBuf>("metrics").ok().flatten().cloned();
        let verb_name = verb_of(&matches).join(" ");
        let resume = verb.try_get_one::<PathBuf>("resume").ok().flatten().cloned();
        Ok(Call { cli, settings, names, color, metrics, verb_name, resume })
    }

    /// Takes up the answers of a run that did not end, and the time at which it began: what 1d-ago or
    /// --settle leave out must not move.
    pub(crate) fn resume(&self, machine: &mut Machine<'_>) -> Result<(), Error> {
        let Some(file) = &self.resume else { return Ok(()) };
        self.names.iter().try_for_each(|name| check_address(name))?;
        let names = self.names.iter().map(|name| name.to_string_lossy());
        let job: Vec<_> = std::iter::once(self.verb_name.as_str().into()).chain(names).collect();
        let kept = KeptAnswers::open(file, &job.join(" "), machine.now_ms)?;
        machine.now_ms = kept.began_ms();
        machine.kept = Some(Arc::new(kept));
        Ok(())
    }

    pub(crate) fn run(self, machine: &mut Machine<'_>) -> Result<Ended, Error> {
        let result = match self.cli.verb {
            Verb::Manifest(args) => args.run(machine),
            Verb::Verify(args) => args.run(machine),
            Verb::Diff(args) => args.run(machine),
            Verb::Check(args) => args.run(machine),
            Verb::Convert(args) => args.run(machine),
            Verb::Apply(args) => args.run(machine),
            Verb::Merge(args) => args.run(machine),
            Verb::Chain(args) => args.run(machine),
            Verb::Restore(args) => args.run(machine),
            Verb::Show(args) => args.run(machine),
            Verb::Serve(args) => args.run(machine),
            Verb::Formats(args) => args.run(machine),
            Verb::Config(args) => args.run(&self.settings, machine),
            Verb::Completions(args) => args.run(machine),
            Verb::Man(args) => args.run(&self.settings, machine),
        };
        result.map_err(|error| with_sibling(error, &self.names))
    }
}

/// How points are written to a file: in this format, else in the one that the file's name tells.
fn target(output: &Path, write: Option<&str>, partition: bool) -> Result<Target, Error> {
    let name = output.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    Target::of(&name, write.and_then(format_by_name), partition)
}

/// A job before it begins: what it reads is open.
struct Plan<'a> {
    opening: Opening,
    resources: Resources,
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
        let host = self.opening.into_host(self.resources, progress.clone())?;
        let report = watch(display, &progress, machine.err, || job(&host, &mut reports))?;
        reports.finish(&report)?;
        Ok(report)
    }

    /// Tells what a job would do that writes these files, and does nothing else.
    fn explain(
        self,
        machine: &mut Machine<'_>,
        asked: Asked<'_>,
        options: &Options,
        writes: &[&Path],
    ) -> Result<Ended, Error> {
        let path = |path: &Path| path.to_string_lossy().into_owned();
        let means = Means {
            threads: self.resources.thread_count(),
            temp_dir: Some(path(&self.resources.temp_dir)),
            writes: writes.iter().copied().map(path).collect(),
        };
        let explanation = tsdbproof::explain(asked, options, means)?;
        let limit = self.telling.limit;
        self.telling.styles.tell(machine, &self.opening, |style, palette| match style {
            Style::Text => {
                let options = TextOptions { limit, palette: palette.clone() };
                Ok(explanation_text(&explanation, &options))
            }
            Style::Json => Ok(explanation_json(&explanation)?),
            _ => Err(text_or_json()),
        })?;
        Ok(Ended::fine())
    }

    /// Runs a job that writes a file of ours, called `what`, to `output`, and reports.
    fn own_file(
        self,
        machine: &mut Machine<'_>,
        output: &Path,
        what: &str,
        job: impl FnOnce(&NativeHost, &mut Sink<'_>) -> Result<Report, Error>,
    ) -> Result<Report, Error> {
        check_output(self.telling, machine, output, what)?;
        let (palette, display) = (self.telling.palette(machine), self.telling.display(machine));
        let mut messages = Vec::new();
        let (mut file, stream) = if output == Path::new("-") {
            (Sink::stream(machine.out, STDOUT), Sink::stream(&mut messages, STDERR))
        } else {
            (Sink::file(output, &self.opening, &machine.stop)?, Sink::stream(machine.out, STDOUT))
        };
        let reports = Reports::open(self.telling, &palette, &self.opening, &machine.stop, stream);
        let (reports, progress) = (reports?, Progress::default());
        let host = self.opening.into_host(self.resources, progress.clone())?;
        let report = watch(display, &progress, machine.err, || job(&host, &mut file))?;
        // Of parts that contradict each other there is no file.
        if report.contradictions.is_empty() {
            file.commit()?;
        }
        reports.finish(&report)?;
        machine.err.write_all(&messages)?;
        Ok(report)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_agree_with_each_other() {
        Cli::command().debug_assert();
    }
}
