//! `tsdbproof serve`: the page, for browsers on this machine.

mod http;

use std::{
    borrow::Cow,
    fs,
    io::Write,
    net::{Ipv4Addr, TcpListener},
    path::PathBuf,
};

use tsdbproof::Error;
use tsdbproof_sources::io_error;

use crate::{
    Ended, Machine,
    output::{STDOUT, Sink},
    usage,
};

/// The page, where the build was given one.
#[cfg(has_page)]
const PAGE: Option<&[u8]> = Some(include_bytes!(env!("TSDBPROOF_PAGE_FILE")));
#[cfg(not(has_page))]
const PAGE: Option<&[u8]> = None;

/// Serves the page to browsers on this machine: drop archives there and see the verdict
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Files that are dropped on the page are read by the browser; none goes through this server, and the \
page can't send any away. Ctrl+C ends it.

Examples:
  tsdbproof serve
  tsdbproof serve --port 0                       any port that is free")]
pub(super) struct Args {
    /// The port, on the loopback address; 0 takes one that is free
    #[arg(long, value_name = "PORT", default_value_t = 4280)]
    port: u16,

    /// Serve this page in place of the one that is built in
    #[arg(long, value_name = "FILE")]
    page: Option<PathBuf>,
}

impl Args {
    pub(super) fn run(self, machine: &mut Machine<'_>) -> Result<Ended, Error> {
        let page = self.page()?;
        let loopback = (Ipv4Addr::LOCALHOST, self.port);
        let address = format!("127.0.0.1:{}", self.port);
        let listener = TcpListener::bind(loopback).map_err(|error| {
            io_error(&error, &address).help("another port may be free: --port 0 takes one")
        })?;
        let mut out = Sink::stream(machine.out, STDOUT);
        // In one piece: a program that starts this one waits for the line.
        out.write_all(format!("http://{}/\n", listener.local_addr()?).as_bytes())?;
        out.commit()?;
        http::serve(&listener, page, &machine.stop).map(Ended::code)
    }

    fn page(&self) -> Result<Cow<'static, [u8]>, Error> {
        match (&self.page, PAGE) {
            (Some(path), _) => fs::read(path)
                .map(Cow::Owned)
                .map_err(|error| io_error(&error, &path.to_string_lossy())),
            (None, Some(page)) => Ok(Cow::Borrowed(page)),
            (None, None) => Err(usage(
                "this build of the command holds no page",
                "name one: --page tsdbproof.html; `cargo xtask web` writes it to www/dist",
            )),
        }
    }
}
