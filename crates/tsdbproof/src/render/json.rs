//! The report as JSON Lines: each difference as it is found, then the summary.
//!
//! `docs/spec/report.md` tells the fields. A `message_type` opens each line; the last line is the
//! only `summary`, so a report without one was cut.

use std::io::{Error, Write};

use crate::report::{Difference, Differences, Finding, Findings, Message, Report};

/// Writes a report as JSON Lines while the job runs. Holds nothing back, whatever its length.
#[derive(Debug)]
pub struct Json<W> {
    out: W,
    /// The first write that failed; nothing is written behind it.
    failed: Option<Error>,
}

impl<W: Write> Json<W> {
    /// A report into `out`, which should be buffered.
    pub fn new(out: W) -> Self {
        Json { out, failed: None }
    }

    /// Writes the summary and gives the output back, or the first write that failed.
    pub fn finish(mut self, report: &Report) -> Result<W, Error> {
        self.line(&Message::Summary(report));
        match self.failed {
            Some(error) => Err(error),
            None => self.out.flush().map(|()| self.out),
        }
    }

    fn line(&mut self, message: &Message<'_>) {
        if self.failed.is_some() {
            return;
        }
        let written = serde_json::to_writer(&mut self.out, message).map_err(Error::from);
        self.failed = written.and_then(|()| self.out.write_all(b"\n")).err();
    }
}

impl<W: Write> Differences for Json<W> {
    fn difference(&mut self, difference: &Difference) {
        self.line(&Message::Difference(difference));
    }
}

impl<W: Write> Findings for Json<W> {
    fn finding(&mut self, finding: &Finding) {
        self.line(&Message::Finding(finding));
    }
}
