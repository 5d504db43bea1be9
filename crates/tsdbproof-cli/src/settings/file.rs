//! `tsdbproof.toml`: values of flags, for all verbs at its top, for one in a table of its name.

use std::{ffi::OsString, fs, io::Read, path::Path};

use clap::{Arg, ArgAction, Command};
use toml::de::{DeTable, DeValue};
use tsdbproof::{Error, Kind, quote};
use tsdbproof_sources::{io_error, name_of};

use super::{accept, is_switch, setting_name};
use crate::guess::nearest;

/// More than anybody writes by hand.
const MOST_BYTES: u64 = 1 << 20;

/// A file whose every line was found sound.
#[derive(Debug)]
pub(super) struct File {
    /// As messages show it.
    pub(super) name: String,
    entries: Vec<Entry>,
}

/// What a file says of a flag.
#[derive(Debug)]
pub(super) struct Entry {
    /// Whose table it stands in; empty at the top.
    verb: Vec<String>,
    flag: String,
    pub(super) values: Vec<OsString>,
    /// From 1.
    pub(super) line: usize,
}

/// A key of the file, before anybody knows what it means.
struct Key<'a> {
    verb: Vec<String>,
    name: &'a str,
    value: &'a DeValue<'a>,
    line: usize,
}

impl File {
    /// Reads a file and holds it against the flags that there are.
    pub(super) fn read(path: &Path, command: &Command) -> Result<Self, Error> {
        let name = name_of(path);
        let text = read(path, &name)?;
        let entries = entries(&text, command).map_err(|error| error.in_file(&name))?;
        Ok(File { name, entries })
    }

    /// What it says of a flag in the table of this verb, or at the top for none.
    pub(super) fn find(&self, verb: &[String], flag: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.verb == verb && entry.flag == flag)
    }
}

fn read(path: &Path, name: &str) -> Result<String, Error> {
    let io = |error: std::io::Error| {
        io_error(&error, name).help("name a file of settings; `tsdbproof config show` prints one")
    };
    let mut bytes = Vec::new();
    fs::File::open(path)
        .and_then(|file| file.take(MOST_BYTES + 1).read_to_end(&mut bytes))
        .map_err(io)?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(Error::new(Kind::Limit, "larger than 1 MiB; settings were expected")
            .in_file(name)
            .help("name another file by --config"));
    }
    String::from_utf8(bytes).map_err(|error| {
        let before = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
        at_line(line(before), "no UTF-8").in_file(name)
    })
}

/// The line that follows on these bytes, from 1.
fn line(before: &[u8]) -> usize {
    before.iter().filter(|byte| **byte == b'\n').count() + 1
}

fn at_line(line: usize, what: impl AsRef<str>) -> Error {
    Error::usage(format!("line {line}: {}", what.as_ref()))
}

fn entries(text: &str, command: &Command) -> Result<Vec<Entry>, Error> {
    let line_at = |at: usize| line(text.as_bytes().get(..at).unwrap_or_default());
    let table = DeTable::parse(text).map_err(|error| {
        let line = line_at(error.span().map_or(0, |span| span.start));
        at_line(line, error.message())
            .help("the file is TOML: limit = 20, report = [\"text\", \"json=report.jsonl\"]")
    })?;
    let mut keys = Vec::new();
    collect(table.get_ref(), &[], command, &line_at, &mut keys);
    // The parser sorts by name; the first fault is the one that stands first.
    keys.sort_by_key(|key| key.line);
    keys.into_iter().map(|key| entry(key, command)).collect()
}

/// The keys of a table and of those in it that are verbs.
fn collect<'a>(
    table: &'a DeTable<'a>,
    verb: &[String],
    command: &Command,
    line_at: &dyn Fn(usize) -> usize,
    keys: &mut Vec<Key<'a>>,
) {
    for (key, value) in table {
        let (name, line) = (key.get_ref().as_ref(), line_at(key.span().start));
        match (value.get_ref(), command.find_subcommand(name)) {
            (DeValue::Table(inner), Some(command)) => {
                let verb = [verb, &[name.to_owned()]].concat();
                collect(inner, &verb, command, line_at, keys);
            }
            (value, _) => keys.push(Key { verb: verb.to_vec(), name, value, line }),
        }
    }
}

fn unknown(line: usize, what: &str, name: &str, known: &[&str]) -> Error {
    let error = at_line(line, format!("there is no {what} {}", quote(name.as_bytes())));
    match nearest(name, known) {
        Some(near) => error.help(format!("did you mean {near}?")),
        None => error.help(format!("a {what} is one of {}", known.join(", "))),
    }
}

/// The flags of a command and, at the top of a file, of all verbs.
fn flags<'a>(command: &'a Command, is_top: bool, into: &mut Vec<(&'a str, &'a Arg)>) {
    into.extend(
        command.get_arguments().filter_map(|arg| setting_name(arg).map(|name| (name, arg))),
    );
    if is_top {
        command.get_subcommands().for_each(|command| flags(command, true, into));
    }
}

fn entry(key: Key<'_>, command: &Command) -> Result<Entry, Error> {
    let Key { verb, name, value, line } = key;
    let mut known = Vec::new();
    let command = super::command_of(command, &verb).unwrap_or(command);
    if let DeValue::Table(_) = value {
        let verbs: Vec<_> = command.get_subcommands().map(Command::get_name).collect();
        return Err(unknown(line, "verb", name, &verbs));
    }
    flags(command, verb.is_empty(), &mut known);
    let mut values = None;
    // A flag of several verbs may take other values in each.
    for (_, arg) in known.iter().filter(|(flag, _)| *flag == name) {
        values = Some(accepted(arg, name, value, line)?);
    }
    match values {
        Some(values) => Ok(Entry { verb, flag: name.to_owned(), values, line }),
        None => {
            let mut names: Vec<_> = known.iter().map(|(name, _)| *name).collect();
            names.sort_unstable();
            names.dedup();
            Err(unknown(line, "setting", name, &names))
        }
    }
}

fn accepted(
    arg: &Arg,
    name: &str,
    value: &DeValue<'_>,
    line: usize,
) -> Result<Vec<OsString>, Error> {
    let wrong =
        |expected: &str| at_line(line, format!("{name} is {}; expected {expected}", kind(value)));
    let is_list = matches!(arg.get_action(), ArgAction::Append);
    let texts = match value {
        DeValue::Boolean(is_on) if is_switch(arg) => vec![is_on.to_string()],
        _ if is_switch(arg) => return Err(wrong("true or false")),
        DeValue::Array(_) if !is_list => return Err(wrong("one value")),
        DeValue::Array(values) => {
            let texts = values.iter().map(|value| text(value.get_ref()));
            texts
                .collect::<Option<_>>()
                .ok_or_else(|| at_line(line, format!("{name} holds more than texts and numbers")))?
        }
        value => vec![text(value).ok_or_else(|| wrong("a text or a number"))?],
    };
    let accept = |text: String| {
        let place = || format!("line {line}: {name} = {}", quote(text.as_bytes()));
        accept::value(arg, text.as_ref()).map_err(|fault| fault.into_error(place()))
    };
    texts.into_iter().map(accept).collect()
}

/// A value as a command line would give it.
fn text(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => {
            let parsed = i128::from_str_radix(number.as_str(), number.radix());
            parsed.map(|number| number.to_string()).ok()
        }
        DeValue::Float(number) => Some(number.as_str().to_owned()),
        DeValue::Datetime(time) => Some(time.to_string()),
        DeValue::Boolean(_) | DeValue::Array(_) | DeValue::Table(_) => None,
    }
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
