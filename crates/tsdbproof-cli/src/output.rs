//! Where results go: reports to standard output and files, manifests to a file or a pipe.

use std::{
    io::{self, BufWriter, Write},
    path::Path,
};

use anstyle::{AnsiColor, Effects, Style as Colour};
use tsdbproof::{
    Error,
    render::{Html, Json, Junit, Markdown, Paint, Palette, Sarif, Text, TextOptions, Whole},
    report::{ComparedMetric, Difference, Differences, Finding, Findings, Report},
};
use tsdbproof_sources::{AtomicFile, Opening, Stop, io_error, name_of};

use crate::{
    Machine,
    flags::{Styles, Telling},
    progress::Display,
    usage,
    values::{ReportTo, Style},
};

/// What messages call the streams.
pub(crate) const STDOUT: &str = "standard output";
pub(crate) const STDERR: &str = "standard error";

/// Somewhere to write to, that a closed pipe does not disturb.
pub(crate) enum Sink<'a> {
    /// A file that is complete or absent.
    File(Box<AtomicFile>),
    /// A stream of this name; its reader may have gone.
    Stream { out: &'a mut (dyn Write + Send), name: &'static str, is_closed: bool },
}

impl<'a> Sink<'a> {
    /// A file; never one of the inputs.
    pub(crate) fn file(path: &Path, opening: &Opening, stop: &Stop) -> Result<Self, Error> {
        refuse_input(path, opening)?;
        AtomicFile::create(path, stop).map(|file| Sink::File(Box::new(file)))
    }

    pub(crate) fn stream(out: &'a mut (dyn Write + Send), name: &'static str) -> Self {
        Sink::Stream { out, name, is_closed: false }
    }

    /// Makes what was written last.
    pub(crate) fn commit(mut self) -> Result<(), Error> {
        self.flush()?;
        match self {
            Sink::File(file) => file.commit(),
            Sink::Stream { .. } => Ok(()),
        }
    }
}

impl Write for Sink<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Sink::File(file) => file.write(bytes),
            Sink::Stream { is_closed: true, .. } => Ok(bytes.len()),
            Sink::Stream { out, name, is_closed } => match out.write(bytes) {
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                    *is_closed = true;
                    Ok(bytes.len())
                }
                result => result.map_err(|error| named(error, name)),
            },
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Sink::File(file) => file.flush(),
            Sink::Stream { is_closed: true, .. } => Ok(()),
            Sink::Stream { out, name, .. } => match out.flush() {
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
                result => result.map_err(|error| named(error, name)),
            },
        }
    }
}

/// An error that says where, but for those that a writer must see as they are.
fn named(error: io::Error, name: &str) -> io::Error {
    match error.kind() {
        io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock => error,
        _ => io::Error::other(io_error(&error, name)),
    }
}

/// Refuses an output that is an input.
pub(crate) fn refuse_input(path: &Path, opening: &Opening) -> Result<(), Error> {
    if opening.is_input(path) {
        let error = usage("is an input, and would be overwritten", "name another file");
        return Err(error.in_file(name_of(path)));
    }
    Ok(())
}

/// Refuses an output that something else goes to as well, or that a terminal can't show.
pub(crate) fn check_output(
    telling: &Telling,
    machine: &Machine<'_>,
    output: &Path,
    what: &str,
) -> Result<(), Error> {
    let to_stdout = output == Path::new("-");
    if to_stdout && machine.out_is_terminal {
        return Err(usage(
            format!("{what} would go to the terminal"),
            "give a file, -o FILE, or a pipe",
        ));
    }
    let shared = telling.styles.report.iter().any(|report| match &report.file {
        Some(file) => file == output,
        None => to_stdout,
    });
    match shared {
        true => Err(usage(
            format!("{what} and a report go to the same place"),
            "give the report a file of its own: --report json=FILE",
        )),
        false => Ok(()),
    }
}

/// Refuses a style of reports for what is no report of a job.
pub(crate) fn text_or_json() -> Error {
    usage("this is told as text or json only", "the other styles are for the end of a job")
}

/// The reports of a job: each takes the differences as they are found, and the summary.
pub(crate) struct Reports<'a> {
    writers: Vec<Writer<'a>>,
}

enum Writer<'a> {
    Whole(Box<dyn Whole>, Sink<'a>),
    Json(Json<BufWriter<Sink<'a>>>),
}

impl<'a> Reports<'a> {
    /// Opens every report before the job begins. `stream` takes those without a file.
    pub(crate) fn open(
        telling: &Telling,
        palette: &Palette,
        opening: &Opening,
        stop: &Stop,
        stream: Sink<'a>,
    ) -> Result<Self, Error> {
        let mut stream = Some(stream).filter(|_| !telling.styles.quiet);
        let mut writers = Vec::new();
        for ReportTo { style, file } in telling.styles.places()? {
            let sink = match &file {
                Some(path) => Sink::file(path, opening, stop)?,
                None => match stream.take() {
                    Some(stream) => stream,
                    None => continue,
                },
            };
            // A file is read later, and elsewhere: no colours.
            let palette = if file.is_some() { Palette::default() } else { palette.clone() };
            let limit = telling.limit;
            let whole: Box<dyn Whole> = match style {
                Style::Json => {
                    writers.push(Writer::Json(Json::new(BufWriter::new(sink))));
                    continue;
                }
                Style::Text => Box::new(Text::new(TextOptions { limit, palette })),
                Style::Junit => Box::new(Junit::new(limit)),
                Style::Sarif => Box::new(Sarif::new(limit)),
                Style::Markdown => Box::new(Markdown::new(limit)),
                Style::Html => Box::new(Html::new(limit)),
            };
            writers.push(Writer::Whole(whole, sink));
        }
        Ok(Reports { writers })
    }

    /// Writes the summary of each report.
    pub(crate) fn finish(self, report: &Report) -> Result<(), Error> {
        for writer in self.writers {
            let sink = match writer {
                Writer::Whole(whole, mut sink) => {
                    sink.write_all(whole.finish(report).as_bytes())?;
                    sink
                }
                Writer::Json(json) => {
                    json.finish(report)?.into_inner().map_err(|error| error.into_error())?
                }
            };
            sink.commit()?;
        }
        Ok(())
    }
}

impl Differences for Reports<'_> {
    fn difference(&mut self, difference: &Difference) {
        for writer in &mut self.writers {
            match writer {
                Writer::Whole(whole, _) => whole.difference(difference),
                Writer::Json(json) => json.difference(difference),
            }
        }
    }

    fn metric(&mut self, metric: &ComparedMetric) {
        for writer in &mut self.writers {
            if let Writer::Whole(whole, _) = writer {
                whole.metric(metric);
            }
        }
    }
}

impl Findings for Reports<'_> {
    fn finding(&mut self, finding: &Finding) {
        for writer in &mut self.writers {
            match writer {
                Writer::Whole(whole, _) => whole.finding(finding),
                Writer::Json(json) => json.finding(finding),
            }
        }
    }
}

impl Styles {
    /// Where reports go, no two of them to one place.
    fn places(&self) -> Result<Vec<ReportTo>, Error> {
        if self.report.is_empty() {
            return Ok(vec![ReportTo { style: Style::Text, file: None }]);
        }
        for (index, report) in self.report.iter().enumerate() {
            if self.report.iter().take(index).any(|other| other.file == report.file) {
                return Err(usage(
                    "two reports go to the same place",
                    "give all but one a file: --report json=FILE",
                ));
            }
        }
        Ok(self.report.clone())
    }

    /// Writes what is known at once to each place where a report goes.
    pub(crate) fn tell(
        &self,
        machine: &mut Machine<'_>,
        opening: &Opening,
        render: impl Fn(Style, &Palette) -> Result<String, Error>,
    ) -> Result<(), Error> {
        let (palette, plain) = (self.palette(machine), Palette::default());
        for ReportTo { style, file } in self.places()? {
            let (mut sink, palette) = match &file {
                Some(path) => (Sink::file(path, opening, &machine.stop)?, &plain),
                None if self.quiet => continue,
                None => (Sink::stream(machine.out, STDOUT), &palette),
            };
            sink.write_all(render(style, palette)?.as_bytes())?;
            sink.commit()?;
        }
        Ok(())
    }

    /// The colours of a report on standard output.
    pub(crate) fn palette(&self, machine: &Machine<'_>) -> Palette {
        if !self.color.or(machine.out_has_colours) {
            return Palette::default();
        }
        let bold = |colour: AnsiColor| paint(colour.on_default() | Effects::BOLD);
        Palette {
            good: bold(AnsiColor::Green),
            bad: bold(AnsiColor::Red),
            warn: bold(AnsiColor::Yellow),
            extra: bold(AnsiColor::Green),
            strong: paint(Colour::new().bold()),
        }
    }
}

fn paint(colour: Colour) -> Paint {
    Paint { on: colour.render().to_string(), off: colour.render_reset().to_string() }
}

impl Telling {
    /// The colours of a report on standard output.
    pub(crate) fn palette(&self, machine: &Machine<'_>) -> Palette {
        self.styles.palette(machine)
    }

    /// Where progress is shown.
    pub(crate) fn display(&self, machine: &Machine<'_>) -> Display {
        match self.progress.or(machine.err_is_terminal && !self.styles.quiet) {
            true if machine.err_is_terminal => Display::Bar,
            true => Display::Lines,
            false => Display::Hidden,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fails each write in this way.
    struct Fails(io::ErrorKind);

    impl Write for Fails {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_closed_pipe_is_no_error_and_a_full_disk_is() {
        let mut closed = Fails(io::ErrorKind::BrokenPipe);
        let mut sink = Sink::stream(&mut closed, "standard output");
        sink.write_all(b"x").unwrap();
        sink.commit().unwrap();
        let mut full = Fails(io::ErrorKind::StorageFull);
        let mut sink = Sink::stream(&mut full, "standard output");
        let error = sink.write_all(b"x").unwrap_err();
        assert!(error.to_string().starts_with("standard output: "), "{error}");
    }
}
