//! Flags of how live servers are asked, and who asks: the latter never on the command line.

use std::{
    fs,
    num::{NonZeroU32, NonZeroUsize},
    path::PathBuf,
    time::Duration,
};

use clap::Args;
use tsdbproof::Error;
use tsdbproof_sources::{Credentials, Opening, ServerOptions, io_error, name_of};

use crate::{Machine, values};

/// The variable that holds credentials themselves, in the lines of a file of them.
pub(crate) const CREDENTIALS: &str = "TSDBPROOF_AUTH";

/// How servers are asked.
#[derive(Debug, Args)]
#[command(next_help_heading = "Servers")]
pub(crate) struct Servers {
    /// Requests that run side by side [default: 4]
    #[arg(long, value_name = "N")]
    concurrency: Option<NonZeroUsize>,

    /// Requests a second, at the most [default: as many as are answered]
    #[arg(long, value_name = "N")]
    rate: Option<NonZeroU32>,

    /// How long a server may say nothing, in each of two tries, before a query is made smaller
    /// [default: 2m]
    #[arg(long, value_name = "TIME", value_parser = values::duration)]
    timeout: Option<Duration>,

    /// Who asks, a file of lines: basic NAME:PASSWORD, bearer TOKEN, or header NAME: VALUE; the
    /// variable TSDBPROOF_AUTH takes the lines themselves
    #[arg(long, value_name = "FILE")]
    auth_file: Option<PathBuf>,

    /// The authorities that vouch for https, a PEM file; no others then do
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,

    /// Keep the answers of servers in this file until the job is done; a run that was interrupted
    /// goes on from there when it is started again in the same words
    #[arg(long, value_name = "FILE")]
    resume: Option<PathBuf>,

    /// The longest answer that is taken
    #[arg(long, hide = true, value_name = "SIZE", value_parser = values::size)]
    answer_size: Option<u64>,
}

impl Servers {
    /// The same, to open servers too.
    pub(crate) fn open(&self, opening: Opening, machine: &Machine<'_>) -> Result<Opening, Error> {
        Ok(opening.with_servers(self.options(machine)?))
    }

    pub(crate) fn options(&self, machine: &Machine<'_>) -> Result<ServerOptions, Error> {
        let mut options = ServerOptions { rate: self.rate, ..ServerOptions::default() };
        options.concurrency = self.concurrency.unwrap_or(options.concurrency);
        options.timeout = self.timeout.unwrap_or(options.timeout);
        options.answer_bytes = self.answer_size.unwrap_or(options.answer_bytes);
        options.credentials = self.credentials(machine)?;
        options.kept.clone_from(&machine.kept);
        if let Some(path) = &self.ca_file {
            let pem = fs::read(path).map_err(|error| io_error(&error, &name_of(path)))?;
            options.roots_pem = Some(pem);
        }
        Ok(options)
    }

    fn credentials(&self, machine: &Machine<'_>) -> Result<Credentials, Error> {
        match (&self.auth_file, machine.environment.get(CREDENTIALS)) {
            (Some(path), _) => Credentials::of_file(path),
            (None, Some(text)) => {
                // What is no text is no credential either.
                Credentials::parse(text.to_str().unwrap_or("?"))
                    .map_err(|error| error.in_file(CREDENTIALS))
            }
            (None, None) => Ok(Credentials::default()),
        }
    }
}
