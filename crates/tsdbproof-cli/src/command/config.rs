//! `tsdbproof config show`: what flags are set to, and where that is from.

use std::{
    ffi::{OsStr, OsString},
    fmt::Write as _,
    io::Write as _,
};

use clap::{Arg, ArgMatches, Command, CommandFactory, Subcommand, parser::ValueSource};
use tsdbproof::{Error, shown};
use tsdbproof_sources::name_of;

use super::Cli;
use crate::{
    Ended, Machine, answer,
    output::{STDOUT, Sink},
    settings::{
        Settings, command_of, innermost, is_switch, setting_name, verb_of, without_requirements,
    },
};

/// Tells what flags are set to, and where that is from
#[derive(Debug, clap::Args)]
#[command(disable_help_subcommand = true)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    Show(Show),
}

/// Prints every setting with its value and where that is from, as a file of settings
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A file of settings is TOML: flags without their dashes, at the top for all verbs, or for one verb in \
a table of its name, which wins.

  memory = \"512MiB\"
  report = [\"text\", \"json=report.jsonl\"]

  [verify]
  limit = 0
  allow-partial = true

A switch that the file turns on is turned off by its variable: TSDBPROOF_STRICT=false.

Examples:
  tsdbproof config show > tsdbproof.toml          a file to begin with
  tsdbproof config show verify --limit 3          what this command would run with
  tsdbproof --config other.toml config show")]
struct Show {
    /// A verb and flags of it: what such a command would run with
    #[arg(value_name = "VERB FLAG", trailing_var_arg = true, allow_hyphen_values = true)]
    line: Vec<OsString>,
}

/// A flag with its value.
#[derive(Clone, PartialEq, Eq)]
struct Line {
    flag: String,
    /// As the file would hold it; `None` where it is not set.
    value: Option<String>,
    origin: String,
}

impl Args {
    pub(super) fn run(
        self,
        settings: &Settings,
        machine: &mut Machine<'_>,
    ) -> Result<Ended, Error> {
        let What::Show(Show { line }) = self.what;
        let text = match line.is_empty() {
            true => all(settings)?,
            false => {
                let line = [OsString::from("tsdbproof")].into_iter().chain(line);
                match without_requirements(Cli::command()).try_get_matches_from(line) {
                    Ok(matches) => of_line(settings, &matches)?,
                    Err(error) => return Ok(Ended::code(answer(&error, machine))),
                }
            }
        };
        let mut out = Sink::stream(machine.out, STDOUT);
        out.write_all(text.as_bytes())?;
        out.commit()?;
        Ok(Ended::fine())
    }
}

/// What a command line would run with.
fn of_line(settings: &Settings, matches: &ArgMatches) -> Result<String, Error> {
    let (verb, command) = (verb_of(matches), Cli::command());
    let matches = innermost(matches);
    let mut lines = Vec::new();
    for arg in command_of(&command, &verb).into_iter().flat_map(Command::get_arguments) {
        let id = arg.get_id().as_str();
        if matches.value_source(id) == Some(ValueSource::CommandLine) {
            let values: Vec<_> = matches.get_raw(id).into_iter().flatten().collect();
            lines.extend(line(arg, Some(&values), "the command line"));
        } else {
            lines.extend(found(settings, Some(&verb), arg)?);
        }
    }
    let mut text = head(settings);
    write_lines(&lines, &mut text);
    Ok(text)
}

/// What every verb would run with.
fn all(settings: &Settings) -> Result<String, Error> {
    let command = Cli::command();
    let mut verbs = Vec::new();
    collect(&command, &mut Vec::new(), &mut verbs);
    // What several verbs have stands at the top.
    let flags = verbs.iter().flat_map(|(_, command)| command.get_arguments());
    let flags: Vec<&Arg> = flags.collect();
    let mut top: Vec<Line> = Vec::new();
    for (index, arg) in flags.iter().enumerate() {
        let same = |other: &&Arg| setting_name(other) == setting_name(arg);
        let is_first = !flags.iter().take(index).any(same);
        if is_first && flags.iter().filter(|other| same(other)).count() > 1 {
            top.extend(found(settings, None, arg)?);
        }
    }
    let mut text = head(settings);
    write_lines(&top, &mut text);
    for (verb, command) in verbs {
        let mut lines = Vec::new();
        for arg in command.get_arguments() {
            lines.extend(found(settings, Some(&verb), arg)?.filter(|line| !top.contains(line)));
        }
        if !lines.is_empty() {
            let _ = writeln!(text, "\n[{}]", verb.join("."));
            write_lines(&lines, &mut text);
        }
    }
    for (stranger, guess) in settings.strangers(&command) {
        let guess = guess.map_or(String::new(), |guess| format!("; did you mean {guess}?"));
        let _ = writeln!(text, "\n# {} is no flag's variable{guess}", shown(stranger, NAME_CHARS));
    }
    Ok(text)
}

/// The verbs with their names, the outer ones first.
fn collect<'a>(
    command: &'a Command,
    verb: &mut Vec<String>,
    into: &mut Vec<(Vec<String>, &'a Command)>,
) {
    for command in command.get_subcommands() {
        verb.push(command.get_name().to_owned());
        into.push((verb.clone(), command));
        collect(command, verb, into);
        verb.pop();
    }
}

/// A flag as it is set outside of the command line, or by default.
fn found(settings: &Settings, verb: Option<&[String]>, arg: &Arg) -> Result<Option<Line>, Error> {
    if let Some(setting) = settings.of(verb, arg)? {
        let values: Vec<_> = setting.values.iter().map(OsString::as_os_str).collect();
        return Ok(line(arg, Some(&values), &setting.origin));
    }
    if arg.is_hide_set() {
        return Ok(None);
    }
    let default = arg.get_default_values();
    let values: Vec<_> = default.iter().map(|value| value.as_os_str()).collect();
    Ok(match (default.is_empty(), is_switch(arg)) {
        (true, false) => line(arg, None, &default_in_words(arg)),
        _ => line(arg, Some(&values), "default"),
    })
}

/// What the help says of a default that is no value.
fn default_in_words(arg: &Arg) -> String {
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let words = help.split_once("[default: ").and_then(|(_, words)| words.strip_suffix(']'));
    words.map_or("not set".to_owned(), |words| format!("default: {words}"))
}

fn line(arg: &Arg, values: Option<&[&OsStr]>, origin: &str) -> Option<Line> {
    let flag = setting_name(arg)?.to_owned();
    let value = values.map(|values| match values {
        [] if is_switch(arg) => "false".to_owned(),
        _ if is_switch(arg) => values.iter().map(|value| value.to_string_lossy()).collect(),
        [value] if !is_list(arg) => toml_value(value),
        values => {
            let values = values.iter().map(|value| toml_value(value));
            format!("[{}]", values.collect::<Vec<_>>().join(", "))
        }
    });
    Some(Line { flag, value, origin: origin.to_owned() })
}

fn is_list(arg: &Arg) -> bool {
    matches!(arg.get_action(), clap::ArgAction::Append)
}

/// A value as TOML writes it. What is no UTF-8 is shown, but can't stand in a file.
fn toml_value(value: &OsStr) -> String {
    let text = value.to_string_lossy();
    // TOML's integers have 64 bits and no zeros in front.
    if text.parse::<i64>().is_ok_and(|number| number.to_string() == text) {
        return text.into_owned();
    }
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            ' '..='~' => quoted.push(c),
            c if c.is_alphanumeric() => quoted.push(c),
            c => drop(write!(quoted, "\\U{:08X}", u32::from(c))),
        }
    }
    quoted + "\""
}

/// Characters of a variable's name that are shown.
const NAME_CHARS: usize = 256;
/// Up to here origins stand below each other.
const ALIGNED_CHARS: usize = 40;

/// Where the file is, or is not.
fn head(settings: &Settings) -> String {
    match (settings.file_name(), &settings.no_file) {
        (Some(name), _) => format!("# {name}\n"),
        (None, Some(missing)) => format!("# no file: {} is not there\n", name_of(missing)),
        (None, None) => "# no file: there is no configuration folder\n".to_owned(),
    }
}

fn write_lines(lines: &[Line], text: &mut String) {
    let setting = |line: &Line| match &line.value {
        Some(value) => format!("{} = {value}", line.flag),
        None => format!("# {}", line.flag),
    };
    let widths = lines.iter().map(|line| setting(line).chars().count());
    let width = widths.filter(|width| *width <= ALIGNED_CHARS).max().unwrap_or(0);
    for line in lines {
        let _ = writeln!(text, "{:<width$}  # {}", setting(line), line.origin);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_back_as_they_were() {
        for text in ["", "a\"b\\c", "18446744073709551615", "007", "-5", "\u{1b}[2J\u{202e}", "é …"]
        {
            let line = format!("key = {}", toml_value(OsStr::new(text)));
            let table = toml::de::DeTable::parse(&line).unwrap();
            let value = table.get_ref().get("key").unwrap().get_ref();
            let found = value.as_str().map(str::to_owned);
            let found = found.or_else(|| value.as_integer().map(ToString::to_string));
            assert_eq!(found.as_deref(), Some(text), "{line}");
            assert!(!line.chars().any(char::is_control));
        }
    }
}
