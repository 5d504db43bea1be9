//! `tsdbproof completions`: what a shell needs to complete the command's words.

use std::io::Write;

use clap::{Command, CommandFactory};
use clap_complete::{Shell, generate};
use tsdbproof::Error;

use super::Cli;
use crate::{
    Ended, Machine,
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
    pub(super) fn run(self, machine: &mut Machine<'_>) -> Result<Ended, Error> {
        let mut script = Vec::new();
        let mut command = visible(&Cli::command()).version("").propagate_version(true);
        generate(self.shell, &mut command, "tsdbproof", &mut script);
        let mut out = Sink::stream(machine.out, STDOUT);
        out.write_all(&script)?;
        out.commit()?;
        Ok(Ended::fine())
    }
}

/// The words of a command that its help shows; the generators would offer all.
fn visible(command: &Command) -> Command {
    let shown = command.get_arguments().filter(|arg| !arg.is_hide_set());
    Command::new(command.get_name().to_owned())
        .about(command.get_about().cloned().unwrap_or_default())
        .args(shown.cloned())
        .subcommands(command.get_subcommands().map(visible))
}
