//! How a job ended, as Prometheus' textfile collector reads it.
//!
//! The file is written however the job ends, so that a job that no longer comes to its end is seen by
//! the age of its `tsdbproof_end_timestamp_seconds`.

use std::{
    fmt::Write as _,
    io::Write as _,
    path::PathBuf,
    time::{Duration, Instant},
};

use tsdbproof::{
    Error,
    report::{Report, Side},
};
use tsdbproof_sources::{AtomicFile, Stop};

/// A file of metrics while its job runs.
pub(crate) struct Metrics {
    file: PathBuf,
    verb: String,
    start_ms: u64,
    start: Instant,
}

impl Metrics {
    pub(crate) fn new(file: PathBuf, verb: &str, start_ms: u64) -> Self {
        Metrics { file, verb: verb.to_owned(), start_ms, start: Instant::now() }
    }

    /// Writes the file, whole or not at all.
    pub(crate) fn write(self, code: u8, report: Option<&Report>) -> Result<(), Error> {
        // A job that was stopped tells that it was.
        let mut file = AtomicFile::create(&self.file, &Stop::default())?;
        file.write_all(self.text(code, self.start.elapsed(), report).as_bytes())?;
        file.commit()
    }

    fn text(&self, code: u8, took: Duration, report: Option<&Report>) -> String {
        // Files of several jobs are read together: none may tell another's series.
        let name = self.file.file_stem().map(|name| name.to_string_lossy()).unwrap_or_default();
        let job = format!("name=\"{}\",verb=\"{}\"", label(&name), label(&self.verb));
        let mut text = Text::default();
        text.gauge("exit_code", "The exit code of the last run.");
        text.value("exit_code", &job, code);
        text.gauge("end_timestamp_seconds", "When the last run ended.");
        let end = Duration::from_millis(self.start_ms) + took;
        text.value("end_timestamp_seconds", &job, end.as_secs_f64());
        text.gauge("duration_seconds", "How long the last run took.");
        text.value("duration_seconds", &job, took.as_secs_f64());
        if let Some(report) = report {
            sides(&mut text, &job, &report.sides);
            differences(&mut text, &job, report);
        }
        text.0
    }
}

fn sides(text: &mut Text, job: &str, sides: &[Side]) {
    type Count = (&'static str, &'static str, fn(&Side) -> u64);
    const COUNTS: [Count; 4] = [
        ("points", "Distinct points.", |side| side.totals.points),
        ("series", "Series.", |side| side.totals.series_count),
        ("damage", "Faults that cost points.", |side| {
            side.problems.iter().filter(|group| group.is_damage).map(|group| group.count).sum()
        }),
        ("files_not_read", "Files that could not be read.", |side| side.not_read.len() as u64),
    ];
    for (name, help, of) in COUNTS {
        text.gauge(name, help);
        for side in sides {
            text.value(name, &format!("{job},side=\"{}\"", label(side.role)), of(side));
        }
    }
}

fn differences(text: &mut Text, job: &str, report: &Report) {
    if let Some(compared) = &report.compared {
        let counts = &compared.counts;
        text.gauge("different_points", "Points that differ, by how.");
        let kinds =
            [("missing", counts.missing), ("extra", counts.extra), ("changed", counts.changed)];
        for (kind, count) in kinds {
            text.value("different_points", &format!("{job},kind=\"{kind}\""), count);
        }
        text.gauge("unresolved_nodes", "Hours that differ, their points not being at hand.");
        text.value("unresolved_nodes", job, counts.unresolved_nodes);
    }
    if let Some(checked) = &report.checked {
        text.gauge("findings", "What a check found, by kind.");
        for group in &checked.kinds {
            let kind = group.kind.name();
            text.value("findings", &format!("{job},kind=\"{kind}\""), group.count);
        }
    }
}

/// A label's value.
fn label(text: &str) -> String {
    text.replace('\\', r"\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// The text format of Prometheus.
#[derive(Default)]
struct Text(String);

impl Text {
    fn gauge(&mut self, name: &str, help: &str) {
        // A string takes all.
        let _ = write!(self.0, "# HELP tsdbproof_{name} {help}\n# TYPE tsdbproof_{name} gauge\n");
    }

    fn value(&mut self, name: &str, labels: &str, value: impl std::fmt::Display) {
        let _ = writeln!(self.0, "tsdbproof_{name}{{{labels}}} {value}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_that_failed_tells_so_under_its_name() {
        let metrics = Metrics::new("/x/nightly \"a\\b\".prom".into(), "verify", 1_700_000_000_500);
        let expected = r#"# HELP tsdbproof_exit_code The exit code of the last run.
# TYPE tsdbproof_exit_code gauge
tsdbproof_exit_code{name="nightly \"a\\b\"",verb="verify"} 2
# HELP tsdbproof_end_timestamp_seconds When the last run ended.
# TYPE tsdbproof_end_timestamp_seconds gauge
tsdbproof_end_timestamp_seconds{name="nightly \"a\\b\"",verb="verify"} 1700000001.5
# HELP tsdbproof_duration_seconds How long the last run took.
# TYPE tsdbproof_duration_seconds gauge
tsdbproof_duration_seconds{name="nightly \"a\\b\"",verb="verify"} 1
"#;
        assert_eq!(metrics.text(2, Duration::from_secs(1), None), expected);
    }
}
