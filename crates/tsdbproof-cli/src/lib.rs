//! Arguments to job to output and exit code.
//!
//! | code | means |
//! | --- | --- |
//! | 0 | fine and complete |
//! | 1 | differences or damage |
//! | 2 | the job could not be done |
//! | 3 | no difference seen, but not all was compared |
//! | 130, 143 | interrupted, terminated |

mod command;
mod flags;
mod guess;
mod metrics;
mod output;
mod progress;
mod servers;
mod settings;
mod values;

use std::{
    ffi::OsString,
    io::{Read, Write},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use anstyle::{AnsiColor, Effects, Style};
use clap::error::ErrorKind;
use tsdbproof::{
    Error, Kind,
    report::{Report, Verdict},
};
pub use tsdbproof_sources::{KeptAnswers, Stop};

use command::{Call, Refusal};
use metrics::Metrics;
pub use settings::Environment;

/// The job could not be done.
const EXIT_FAILED: u8 = 2;
/// What shells add to the signal that ended a command.
const EXIT_SIGNAL: u8 = 128;

/// What a run has of the machine beside files.
pub struct Machine<'a> {
    /// Standard input.
    pub stdin: Box<dyn Read + Send>,
    /// Where results go.
    pub out: &'a mut (dyn Write + Send),
    /// Where messages and progress go.
    pub err: &'a mut (dyn Write + Send),
    /// Whether results go to a terminal.
    pub out_is_terminal: bool,
    /// Whether messages go to a terminal.
    pub err_is_terminal: bool,
    /// Whether results have colours unless a flag says otherwise.
    pub out_has_colours: bool,
    /// Whether messages have colours unless a flag says otherwise.
    pub err_has_colours: bool,
    /// Its variables.
    pub environment: Environment,
    /// The time now, in milliseconds since 1970.
    pub now_ms: u64,
    /// Set when the run shall stop.
    pub stop: Stop,
    /// Answers of servers that outlive the run.
    pub kept: Option<Arc<KeptAnswers>>,
}

/// Runs a command line, its program's name included, and gives the exit code.
pub fn run(args: impl IntoIterator<Item = OsString>, mut machine: Machine<'_>) -> u8 {
    let args: Vec<OsString> = args.into_iter().collect();
    let environment = machine.environment.clone();
    let call = match Call::read(&args, environment) {
        Ok(call) => call,
        Err(Refusal::Usage(error)) => return answer(&error, &mut machine),
        Err(Refusal::Settings(error)) => return fail(&error, &mut machine),
    };
    machine.err_has_colours = call.color.or(machine.err_has_colours);
    // A panic has been told by the hook; what was half written goes as its owner is dropped.
    let metrics =
        call.metrics.clone().map(|file| Metrics::new(file, &call.verb_name, machine.now_ms));
    if let Err(error) = call.resume(&mut machine) {
        return fail(&error, &mut machine);
    }
    let result = catch_unwind(AssertUnwindSafe(|| call.run(&mut machine)));
    let result = result.map(|ended| forget_answers(&mut machine, ended));
    let Ended { code, report } = match result {
        Ok(Ok(ended)) => ended,
        Ok(Err(error)) => Ended::code(fail(&error, &mut machine)),
        Err(_) => Ended::code(EXIT_FAILED),
    };
    match metrics.map(|metrics| metrics.write(code, report.as_ref())) {
        Some(Err(error)) => fail(&error, &mut machine),
        _ => code,
    }
}

/// Drops the answers that were kept, once no later run has any use for them.
fn forget_answers(machine: &mut Machine<'_>, ended: Result<Ended, Error>) -> Result<Ended, Error> {
    let Some(kept) = machine.kept.take() else { return ended };
    // Answers that are none would be the same again.
    let is_over = ended.as_ref().map_or_else(|error| error.kind() == Kind::Malformed, |_| true);
    match is_over.then(|| kept.remove()) {
        Some(Err(error)) if ended.is_ok() => Err(error),
        _ => ended,
    }
}

/// Tells why the job could not be done, and gives the exit code.
fn fail(error: &Error, machine: &mut Machine<'_>) -> u8 {
    let colour = match machine.err_has_colours {
        true => Style::new().fg_color(Some(AnsiColor::Red.into())) | Effects::BOLD,
        false => Style::new(),
    };
    // Nobody is left to tell if this fails.
    let _ = writeln!(machine.err, "{colour}error:{colour:#} {error}");
    match machine.stop.signal().and_then(|signal| u8::try_from(signal).ok()) {
        Some(signal) => EXIT_SIGNAL.saturating_add(signal),
        None => EXIT_FAILED,
    }
}

/// Help and version go to results, what was mistyped to messages.
fn answer(error: &clap::Error, machine: &mut Machine<'_>) -> u8 {
    let text = error.render();
    let is_asked_for = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    let (to, has_colours): (&mut dyn Write, bool) = match is_asked_for {
        true => (machine.out, machine.out_has_colours),
        false => (machine.err, machine.err_has_colours),
    };
    let written = match has_colours {
        true => write!(to, "{}", text.ansi()),
        false => write!(to, "{text}"),
    };
    match written {
        Err(error) if is_asked_for && error.kind() != std::io::ErrorKind::BrokenPipe => EXIT_FAILED,
        _ if is_asked_for => 0,
        _ => EXIT_FAILED,
    }
}

/// How a verb came to its end.
struct Ended {
    code: u8,
    /// What it tells, if it is a job.
    report: Option<Report>,
}

impl Ended {
    fn code(code: u8) -> Self {
        Ended { code, report: None }
    }

    fn fine() -> Self {
        Ended::code(0)
    }

    fn with(report: Report, allow_partial: bool) -> Self {
        Ended { code: exit_code(&report, allow_partial), report: Some(report) }
    }
}

/// The exit code of a job that came to its end.
fn exit_code(report: &Report, allow_partial: bool) -> u8 {
    match report.verdict {
        Verdict::Done | Verdict::SameBytes | Verdict::Same | Verdict::Tolerated => 0,
        Verdict::Different | Verdict::Faulty | Verdict::Damaged => 1,
        Verdict::Sampled | Verdict::Incomplete if allow_partial => 0,
        Verdict::Sampled | Verdict::Incomplete => 3,
    }
}

/// A request that makes no sense.
fn usage(what: impl Into<String>, help: &str) -> Error {
    Error::usage(what).help(help)
}
