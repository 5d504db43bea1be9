//! `tsdbproof completions`: what a shell needs to complete the command's words.

use std::io::Write;

use clap::CommandFactory;
use clap_complete::{Shell, generate};
use tsdbproof::Error;

use super::Cli;
use crate::{
    Machine,
    output::{STDOUT, Sink},
    values,
};

/// Prints what a shell needs to complete verbs, flags and values
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  source <(tsdbproof completions bash)           in ~/.bashrc
  tsdbproof completions zsh > _tsdbproof         in a folder of $fpath
  tsdbproof completions fish > ~/.config/fish/completions/tsdbproof.fish
  tsdbproof completions powershell | Out-String | Invoke-Expression")]
pub(super) struct Args {
    /// The shell
    #[arg(value_name = "SHELL", value_parser = values::shell())]
    shell: Shell,
}

impl Args {
    pub(super) fn run(self, machine: &mut Machine<'_>) -> Result<u8, Error> {
        let mut script = Vec::new();
        generate(self.shell, &mut Cli::command(), "tsdbproof", &mut script);
        let mut out = Sink::stream(machine.out, STDOUT);
        out.write_all(&script)?;
        out.commit()?;
        Ok(0)
    }
}
