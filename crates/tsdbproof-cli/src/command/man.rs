//! `tsdbproof man`: manual pages, made of the same words as the help.

use std::{io::Write, path::PathBuf};

use clap::{Command, CommandFactory};
use clap_mangen::{
    Man,
    roff::{Roff, roman},
};
use tsdbproof::{Error, time::time};
use tsdbproof_sources::AtomicFile;

use super::Cli;
use crate::{
    Ended, Machine,
    guess::nearest,
    output::{STDOUT, Sink},
    settings::{Settings, command_of},
    usage,
};

/// Prints a manual page, or writes those of all verbs
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tsdbproof man | man -l -
  tsdbproof man verify | man -l -
  tsdbproof man --dir ~/.local/share/man/man1")]
pub(super) struct Args {
    /// The verb whose page is printed; none for the page of the command
    #[arg(value_name = "VERB")]
    verb: Vec<String>,

    /// Where the pages of the command and of every verb are written
    #[arg(long, value_name = "FOLDER")]
    dir: Option<PathBuf>,
}

impl Args {
    pub(super) fn run(
        self,
        settings: &Settings,
        machine: &mut Machine<'_>,
    ) -> Result<Ended, Error> {
        let mut command = Cli::command().disable_help_subcommand(true);
        // Names of inner commands are known once they are built.
        command.build();
        // What packages ship shall not depend on the day.
        let epoch_ms =
            settings.number("SOURCE_DATE_EPOCH").map(|seconds| seconds.saturating_mul(1000));
        let time = time(epoch_ms.unwrap_or(machine.now_ms));
        let date = time.get(..10).unwrap_or_default();
        let Some(folder) = &self.dir else {
            let command = find(&command, &self.verb)?;
            let mut out = Sink::stream(machine.out, STDOUT);
            out.write_all(&page(command, date)?)?;
            out.commit()?;
            return Ok(Ended::fine());
        };
        let mut commands = Vec::new();
        collect(find(&command, &self.verb)?, &mut commands);
        for command in commands {
            let path = folder.join(Man::new(command.clone()).get_filename());
            let mut file = AtomicFile::create(&path, &machine.stop)?;
            file.write_all(&page(command, date)?)?;
            file.commit()?;
        }
        Ok(Ended::fine())
    }
}

fn find<'a>(command: &'a Command, verb: &[String]) -> Result<&'a Command, Error> {
    command_of(command, verb).ok_or_else(|| {
        let verbs: Vec<_> = command.get_subcommands().map(Command::get_name).collect();
        let verb = verb.join(" ");
        let help = match nearest(&verb, &verbs) {
            Some(near) => format!("did you mean {near}?"),
            None => format!("a verb is one of {}", verbs.join(", ")),
        };
        usage(format!("there is no verb {verb:?}"), &help)
    })
}

fn collect<'a>(command: &'a Command, into: &mut Vec<&'a Command>) {
    into.push(command);
    command.get_subcommands().for_each(|command| collect(command, into));
}

fn page(command: &Command, date: &str) -> Result<Vec<u8>, Error> {
    let command = command.clone().subcommand_help_heading("COMMANDS");
    let version = command.get_version().unwrap_or_default();
    let name = command.get_display_name().unwrap_or_else(|| command.get_name());
    let man = Man::new(command.clone())
        .title(name.to_uppercase())
        .date(date)
        .source(format!("tsdbproof {version}"))
        .manual("tsdbproof");
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    if let Some(text) = command.get_after_help() {
        sections(&text.to_string()).to_writer(&mut page)?;
    }
    // The generator breaks the line on both sides of an empty one, which a lint finds odd.
    let page = String::from_utf8_lossy(&page).replace("\n.br\n\n.br\n", "\n\n");
    // What is not ASCII is told by its number, so that no tool has to be told of the encoding.
    let escaped = page.chars().map(|c| match c.is_ascii() {
        true => c.to_string(),
        false => format!("\\[u{:04X}]", u32::from(c)),
    });
    Ok(escaped.collect::<String>().into_bytes())
}

/// What stands below a help text: paragraphs, some with a heading that pages have a section for.
fn sections(text: &str) -> Roff {
    let mut roff = Roff::default();
    let mut notes = Vec::new();
    for paragraph in text.split("\n\n") {
        match paragraph.split_once(':') {
            Some(("Examples", lines)) => verbatim(roff.control("SH", ["EXAMPLES"]), lines),
            Some(("Exit codes", codes)) => {
                roff.control("SH", ["EXIT STATUS"]).text([roman(codes.trim())]);
            }
            _ => notes.push(paragraph),
        }
    }
    for (index, paragraph) in notes.iter().enumerate() {
        match index {
            0 => roff.control("SH", ["NOTES"]),
            _ => roff.control("PP", []),
        };
        match paragraph.starts_with(' ') {
            true => verbatim(&mut roff, paragraph),
            false => {
                roff.text([roman(*paragraph)]);
            }
        }
    }
    roff
}

/// Lines that stay as they are.
fn verbatim(roff: &mut Roff, lines: &str) {
    roff.control("nf", []);
    for line in lines.lines().filter(|line| !line.is_empty()) {
        roff.text([roman(line)]);
    }
    roff.control("fi", []);
}
