//! `tsdbproof formats`: what is read and written.

use std::{fmt::Write, io};

use serde::Serialize;
use tsdbproof::{Error, FORMATS, Format, Limits, render::Palette};
use tsdbproof_sources::{Opening, PIECE_BYTES};

use crate::{Ended, Machine, flags::Styles, output::text_or_json, values::Style};

/// Lists the formats that are read and written, with an example of each
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tsdbproof formats
  tsdbproof formats --report json")]
pub(super) struct Args {
    #[command(flatten)]
    styles: Styles,
}

/// A line of the JSON report; `docs/spec/report.md` tells the fields.
#[derive(Serialize)]
#[serde(tag = "message_type", rename_all = "kebab-case")]
enum Message {
    Format {
        name: &'static str,
        about: &'static str,
        extensions: &'static [&'static str],
        example: &'static str,
        reads: bool,
        writes: bool,
    },
    Summary {
        job: &'static str,
        formats: usize,
        version: &'static str,
    },
}

impl Args {
    pub(super) fn run(self, machine: &mut Machine<'_>) -> Result<Ended, Error> {
        let nothing = Box::new(io::empty());
        let opening = Opening::new(nothing, Limits::default(), PIECE_BYTES, &machine.stop);
        self.styles.tell(machine, &opening, |style, palette| match style {
            Style::Text => Ok(text(palette)),
            Style::Json => json(),
            _ => Err(text_or_json()),
        })?;
        Ok(Ended::fine())
    }
}

fn text(palette: &Palette) -> String {
    let mut text = String::new();
    for format in FORMATS {
        let Format { name, about, extensions, example, .. } = format;
        let does = if format.write.is_some() { "read and written" } else { "read" };
        let (on, off) = (&palette.strong.on, &palette.strong.off);
        let _ = writeln!(text, "{on}{name}{off}: {does}\n  {about}");
        let endings = extensions.iter().map(|ending| format!(".{ending}"));
        let _ = writeln!(text, "  often called  *{}", endings.collect::<Vec<_>>().join(", *"));
        let _ = writeln!(text, "  such as       {example}\n");
    }
    text + "Each may be plain, gzip or Zstandard. Bytes decide what a file is; --format overrules.\n"
}

fn json() -> Result<String, Error> {
    let message = |format: &&Format| Message::Format {
        name: format.name,
        about: format.about,
        extensions: format.extensions,
        example: format.example,
        reads: true,
        writes: format.write.is_some(),
    };
    let version = env!("CARGO_PKG_VERSION");
    let summary = Message::Summary { job: "formats", formats: FORMATS.len(), version };
    let mut text = String::new();
    for message in FORMATS.iter().map(message).chain([summary]) {
        text += &serde_json::to_string(&message).map_err(io::Error::from)?;
        text.push('\n');
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_is_listed_with_its_example() {
        let text = text(&Palette::default());
        let json = json().unwrap();
        let lines: Vec<serde_json::Value> =
            json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), FORMATS.len() + 1);
        for (format, line) in FORMATS.iter().zip(&lines) {
            assert!(text.contains(&format!("{}: read", format.name)), "{}", format.name);
            assert!(text.contains(format.example) && text.contains(format.about));
            assert_eq!(
                (line["name"].as_str(), line["reads"].as_bool()),
                (Some(format.name), Some(true))
            );
            assert_eq!(line["writes"].as_bool(), Some(format.write.is_some()));
        }
        let summary = lines.last().unwrap();
        assert_eq!(summary["message_type"], "summary");
        assert_eq!(summary["formats"], FORMATS.len());
    }
}
