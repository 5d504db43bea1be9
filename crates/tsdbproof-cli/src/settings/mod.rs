//! What flags that are not given are set to.
//!
//! | the first that says something wins |
//! | --- |
//! | the command line |
//! | the flag's variable, `TSDBPROOF_…` |
//! | the verb's table in `tsdbproof.toml`, such as `[verify]` |
//! | its top level |
//! | the flag's default |
//!
//! Clap is told of what stands outside of the command line as of defaults: so a value is read by the
//! same code wherever it comes from.

mod accept;
mod file;

use std::{
    ffi::OsString,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use clap::{Arg, ArgAction, ArgMatches, Command};
use tsdbproof::{Error, quote};

use self::file::File;
use crate::servers::CREDENTIALS;

/// Flags that only the command line has. A job that is but explained would look like one that found
/// no difference, so nothing else may ask for that.
const COMMAND_LINE_ONLY: [&str; 4] = ["help", "version", "config", "explain"];
/// The switch without which nothing is written to a server, and nothing else may ask for that either. Other
/// verbs have a flag of this name with a value.
const WRITE: &str = "write";

/// The file's variable; the file can't name itself.
const CONFIG_VARIABLE: &str = "TSDBPROOF_CONFIG";
const FILE_NAME: &str = "tsdbproof.toml";

/// The variables of a process.
#[derive(Debug, Clone, Default)]
pub struct Environment(Vec<(OsString, OsString)>);

impl Environment {
    /// Those of this process.
    pub fn of_process() -> Self {
        Environment(std::env::vars_os().collect())
    }

    /// A variable. CI systems set those to nothing that shall not be there.
    pub(crate) fn get(&self, name: &str) -> Option<&OsString> {
        let found = self.0.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| value).filter(|value| !value.is_empty())
    }

    /// Where a user's settings lie.
    fn user_file(&self) -> Option<PathBuf> {
        let absolute = |name| self.get(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let folder = match absolute("XDG_CONFIG_HOME") {
            Some(folder) => folder,
            None if cfg!(windows) => absolute("APPDATA")?,
            None => absolute("HOME")?.join(".config"),
        };
        Some(folder.join(FILE_NAME))
    }
}

impl<N: Into<OsString>, V: Into<OsString>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(variables: I) -> Self {
        let variables = variables.into_iter();
        Environment(variables.map(|(name, value)| (name.into(), value.into())).collect())
    }
}

/// The variable of a flag: `TSDBPROOF_MAX_LINE` of `--max-line`.
pub(crate) fn variable(flag: &str) -> String {
    format!("TSDBPROOF_{}", flag.to_uppercase().replace('-', "_"))
}

/// The flag's name, if its value may stand outside of the command line.
pub(crate) fn setting_name(arg: &Arg) -> Option<&str> {
    let may_write = is_switch(arg) && arg.get_long() == Some(WRITE);
    arg.get_long().filter(|long| !may_write && !COMMAND_LINE_ONLY.contains(long))
}

/// Whether a flag is there or not, without a value.
pub(crate) fn is_switch(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::SetTrue)
}

/// The names of the verb that a command line calls, the outermost first.
pub(crate) fn verb_of(matches: &ArgMatches) -> Vec<String> {
    let mut verb = Vec::new();
    let mut inner = matches.subcommand();
    while let Some((name, matches)) = inner {
        verb.push(name.to_owned());
        inner = matches.subcommand();
    }
    verb
}

/// What a command line says of its verb.
pub(crate) fn innermost(matches: &ArgMatches) -> &ArgMatches {
    matches.subcommand().map_or(matches, |(_, inner)| innermost(inner))
}

/// The command of a verb.
pub(crate) fn command_of<'a>(command: &'a Command, verb: &[String]) -> Option<&'a Command> {
    verb.iter().try_fold(command, |command, name| command.find_subcommand(name))
}

/// The same command with nothing required, to see what a command line asks for.
pub(crate) fn without_requirements(command: Command) -> Command {
    command.mut_args(|arg| arg.required(false)).mut_subcommands(without_requirements)
}

/// A flag's value from outside of the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Setting {
    pub(crate) values: Vec<OsString>,
    /// The variable, or the file with its line.
    pub(crate) origin: String,
}

/// Everything that is set outside of the command line.
#[derive(Debug)]
pub(crate) struct Settings {
    environment: Environment,
    file: Option<File>,
    /// Where a file was looked for and not found.
    pub(crate) no_file: Option<PathBuf>,
}

impl Settings {
    /// Reads the file that is named, or the user's if there is one, and checks all that it says.
    pub(crate) fn load(
        environment: Environment,
        named: Option<PathBuf>,
        command: &Command,
    ) -> Result<Self, Error> {
        let variable = || environment.get(CONFIG_VARIABLE).map(PathBuf::from);
        let (file, no_file) = match named.or_else(variable) {
            Some(path) => (Some(File::read(&path, command)?), None),
            None => match environment.user_file() {
                Some(path) if !is_missing(&path) => (Some(File::read(&path, command)?), None),
                path => (None, path),
            },
        };
        Ok(Settings { environment, file, no_file })
    }

    /// The file's name, as messages show it.
    pub(crate) fn file_name(&self) -> Option<&str> {
        self.file.as_ref().map(|file| file.name.as_str())
    }

    /// A whole number that a variable holds.
    pub(crate) fn number(&self, variable: &str) -> Option<u64> {
        self.environment.get(variable)?.to_str()?.parse().ok()
    }

    /// What is set of a flag of this verb; of `None`, for every verb. Errors: the variable's value
    /// is none that the flag takes.
    pub(crate) fn of(&self, verb: Option<&[String]>, arg: &Arg) -> Result<Option<Setting>, Error> {
        let Some(name) = setting_name(arg) else { return Ok(None) };
        let variable = variable(name);
        if let Some(value) = self.environment.get(&variable) {
            let value = accept::value(arg, value).map_err(|fault| {
                let value = quote(value.as_encoded_bytes());
                fault.into_error(format!("{variable}={value}"))
            })?;
            return Ok(Some(Setting { values: vec![value], origin: variable }));
        }
        let Some(file) = &self.file else { return Ok(None) };
        let of_verb = verb.and_then(|verb| file.find(verb, name));
        Ok(of_verb.or_else(|| file.find(&[], name)).map(|entry| Setting {
            values: entry.values.clone(),
            origin: format!("{}:{}", file.name, entry.line),
        }))
    }

    /// The command with the settings of this verb as its flags' defaults.
    pub(crate) fn apply(&self, command: Command, verb: &[String]) -> Result<Command, Error> {
        let mut settings = Vec::new();
        for arg in command_of(&command, verb).into_iter().flat_map(Command::get_arguments) {
            if let Some(setting) = self.of(Some(verb), arg)? {
                settings.push((arg.get_id().clone(), setting.values));
            }
        }
        Ok(with_defaults(command, verb, &settings))
    }

    /// Variables that look like a flag's and are none, with the name that may be meant.
    pub(crate) fn strangers(&self, command: &Command) -> Vec<(String, Option<String>)> {
        let mut known = vec![CONFIG_VARIABLE.to_owned(), CREDENTIALS.to_owned()];
        collect_variables(command, &mut known);
        let names = self.environment.0.iter().filter_map(|(name, _)| name.to_str());
        let mut strangers: Vec<_> = names
            .filter(|name| name.starts_with("TSDBPROOF_") && !known.iter().any(|it| it == name))
            .map(|name| (name.to_owned(), crate::guess::nearest(name, &known).cloned()))
            .collect();
        strangers.sort_unstable();
        strangers
    }
}

/// Whether there is nothing; what is there and can't be read is a fault.
fn is_missing(path: &Path) -> bool {
    matches!(path.metadata(), Err(error) if error.kind() == ErrorKind::NotFound)
}

fn collect_variables(command: &Command, into: &mut Vec<String>) {
    into.extend(command.get_arguments().filter_map(setting_name).map(variable));
    command.get_subcommands().for_each(|command| collect_variables(command, into));
}

fn with_defaults(
    command: Command,
    verb: &[String],
    settings: &[(clap::Id, Vec<OsString>)],
) -> Command {
    let Some((name, rest)) = verb.split_first() else {
        return settings.iter().fold(command, |command, (id, values)| {
            command.mut_arg(id, |arg| arg.required(false).default_values(values.clone()))
        });
    };
    command.mut_subcommands(|command| match command.get_name() == name {
        true => with_defaults(command, rest, settings),
        false => command,
    })
}

#[cfg(test)]
mod tests;
