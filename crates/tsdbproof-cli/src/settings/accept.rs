//! Values from outside of the command line, held against what their flag takes.

use std::{
    error::Error as _,
    ffi::{OsStr, OsString},
};

use clap::{
    Arg, Command,
    builder::BoolishValueParser,
    error::{ContextKind, ContextValue, ErrorKind},
};
use tsdbproof::Error;

use super::is_switch;

/// Why a flag does not take a value.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) why: String,
    pub(super) help: Option<String>,
}

impl Fault {
    /// The error of a value that stands at `place`: `limit = "many"`.
    pub(super) fn into_error(self, place: String) -> Error {
        let error = Error::usage(format!("{place}: {}", self.why));
        match self.help {
            Some(help) => error.help(help),
            None => error,
        }
    }
}

/// The value as the flag's default may be given: `true` or `false` of a switch.
pub(super) fn value(arg: &Arg, value: &OsStr) -> Result<OsString, Fault> {
    // An argument of its own: the flag may need others, which are not asked for here.
    let probe = Arg::new("value").long("value").require_equals(true);
    let probe = match is_switch(arg) {
        true => probe.value_parser(BoolishValueParser::new()),
        false => probe.value_parser(arg.get_value_parser().clone()),
    };
    let command = Command::new("value").no_binary_name(true).disable_help_flag(true).arg(probe);
    let mut given = OsString::from("--value=");
    given.push(value);
    let matches = command.try_get_matches_from([given]).map_err(|error| fault(&error))?;
    match matches.try_get_one::<bool>("value") {
        Ok(Some(is_on)) if is_switch(arg) => Ok(is_on.to_string().into()),
        _ => Ok(value.to_owned()),
    }
}

fn fault(error: &clap::Error) -> Fault {
    if let (ErrorKind::InvalidValue, Some(ContextValue::Strings(known))) =
        (error.kind(), error.get(ContextKind::ValidValue))
    {
        let help = match error.get(ContextKind::SuggestedValue) {
            Some(ContextValue::String(near)) => Some(format!("did you mean {near:?}?")),
            _ => None,
        };
        return Fault { why: format!("no such value; expected one of {}", known.join(", ")), help };
    }
    let why = error.source().map_or_else(|| error.kind().to_string(), ToString::to_string);
    // Errors of the façade bring their own help.
    match why.split_once("\nhelp: ") {
        Some((why, help)) => Fault { why: why.to_owned(), help: Some(help.to_owned()) },
        None => Fault { why, help: None },
    }
}
