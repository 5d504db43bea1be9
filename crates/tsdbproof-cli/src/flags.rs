//! Flags that several verbs share, and what they make of a job's options.

use std::{ffi::OsString, num::NonZeroUsize, path::PathBuf, time::Duration};

use clap::Args;
use tsdbproof::{
    Allowed, Columns, Duplicates, Effort, Error, Options, Scope, TimeUnit, Tolerance,
    format_by_name, time::parse_time,
};
use tsdbproof_sources::{Opening, PIECE_BYTES, Resources, ServerOptions, memory_bytes};

use crate::{
    Machine,
    servers::Servers,
    values::{self, ReportTo, When},
};

/// How sources are read.
#[derive(Debug, Args)]
#[command(next_help_heading = "Reading")]
struct Reading {
    /// Take every source for this format, whatever its bytes say
    #[arg(long, value_name = "FORMAT", value_parser = values::format())]
    format: Option<&'static str>,

    /// Which columns of a table hold what, where their names don't tell: metric, timestamp[:UNIT],
    /// value, tags (joined by +), tag.KEY, pairs; text in single quotes holds for every row
    #[arg(long, value_name = "ROLE=COLUMN,…", value_parser = Columns::parse)]
    columns: Option<Columns>,

    /// What times count, where nothing beside them tells: keys of answers of /api/query, columns of
    /// tables of text
    #[arg(long, value_name = "UNIT", value_parser = values::time_unit())]
    unit: Option<TimeUnit>,

    /// Take the values of an answer of /api/query as they are, though they were computed: no
    /// stored points
    #[arg(long)]
    allow_aggregated: bool,

    /// End at the first bad line
    #[arg(long)]
    strict: bool,

    /// Bytes of the salt in row keys of HBase [default: what the rows tell]
    #[arg(long, value_name = "N")]
    salt_width: Option<u8>,

    /// Bytes of UIDs in row keys, METRIC,TAGK,TAGV [default: what the table of UIDs tells]
    #[arg(long, value_name = "WIDTHS", value_parser = values::uid_widths)]
    uid_widths: Option<[u8; 3]>,

    /// When times to live of HBase's cells are counted to [default: when the snapshot was taken]
    #[arg(long, value_name = "TIME")]
    now: Option<String>,

    /// The longest line that is read; a longer one is a problem [default: 1MiB]
    #[arg(long, value_name = "SIZE", value_parser = values::size)]
    max_line: Option<u64>,
}

/// How a job gets at its sources: how they are read, how servers are asked, with how much of the
/// machine.
#[derive(Debug, Args)]
pub(crate) struct Access {
    #[command(flatten)]
    reading: Reading,
    #[command(flatten)]
    servers: Servers,
    #[command(flatten)]
    budget: Budget,
}

/// What is looked at.
#[derive(Debug, Args)]
#[command(next_help_heading = "Filters")]
pub(crate) struct Filters {
    /// The first instant: 2026-03-02, 2026-03-02T14:00+01:00 (UTC without a zone), seconds or
    /// milliseconds since 1970, 1d-ago
    #[arg(long, value_name = "TIME")]
    from: Option<String>,

    /// The first instant that is left out again
    #[arg(long, value_name = "TIME")]
    to: Option<String>,

    /// Leave out the points of the last minutes, which may still be written; they are counted
    #[arg(long, value_name = "TIME", value_parser = values::duration)]
    settle: Option<Duration>,

    /// Only metrics like this, with * and ?; repeatable
    #[arg(long, value_name = "GLOB")]
    metric: Vec<String>,

    /// Only series with such a tag; repeatable: several of a key are alternatives, keys add up
    #[arg(long, value_name = "KEY=GLOB")]
    tag: Vec<String>,

    /// Which of several values of one instant stand
    #[arg(long, value_name = "WHICH", value_parser = values::duplicates(), default_value = "keep")]
    duplicates: Duplicates,
}

/// What of the machine a job takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Machine")]
pub(crate) struct Budget {
    /// Threads [default: one for each core]
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,

    /// Memory; what does not fit goes to temporary files
    /// [default: 1GiB or a quarter of the machine's, the smaller]
    #[arg(long, value_name = "SIZE", value_parser = values::size)]
    memory: Option<u64>,

    /// Where temporary files lie [default: the system's folder for them]
    #[arg(long, value_name = "FOLDER")]
    temp_dir: Option<PathBuf>,

    /// The size of the parts of a file that threads read
    #[arg(long, hide = true, value_name = "SIZE", value_parser = values::size)]
    split_size: Option<u64>,

    /// The bytes that are read at a time
    #[arg(long, hide = true, value_name = "SIZE", value_parser = values::size)]
    piece_size: Option<u64>,
}

/// How results are told, and where.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct Styles {
    /// A report, to standard output or to =FILE: text, json (JSON lines), junit, sarif, markdown,
    /// html; repeatable [default: text]
    #[arg(long, value_name = "STYLE[=FILE]", value_parser = values::report_to)]
    pub(crate) report: Vec<ReportTo>,

    /// Nothing to standard output, no progress; reports to files are written
    #[arg(long, short)]
    pub(crate) quiet: bool,

    /// Colours in a text report
    #[arg(
        long, value_name = "WHEN", value_parser = values::when(), default_value = "auto",
        hide_possible_values = true
    )]
    pub(crate) color: When,
}

/// What is told of a job that takes its time.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct Telling {
    #[command(flatten)]
    pub(crate) styles: Styles,

    /// Differences that a text report shows of each metric, of twice as many metrics; 0 for all
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(crate) limit: usize,

    /// How the job ended, for Prometheus: a file of its own in the folder of the node exporter's
    /// textfile collector. It is written however the job ends
    #[arg(long, value_name = "FILE")]
    pub(crate) metrics: Option<PathBuf>,

    /// Bytes read, rate and time left
    #[arg(
        long, value_name = "WHEN", value_parser = values::when(), default_value = "auto",
        hide_possible_values = true
    )]
    pub(crate) progress: When,
}

/// Whether a job is done at all. No variable and no file has this flag: an explanation ends with 0.
#[derive(Debug, Args)]
pub(crate) struct Explaining {
    /// Tell what would be read, compared and written, and do nothing else
    #[arg(long)]
    pub(crate) explain: bool,
}

/// What passes for fine.
#[derive(Debug, Args)]
#[command(next_help_heading = "Verdict")]
pub(crate) struct Leniency {
    /// Exit 0 where only part could be read or compared, instead of 3
    #[arg(long)]
    pub(crate) allow_partial: bool,

    /// Sources without any point are fine
    #[arg(long)]
    allow_empty: bool,
}

/// What may differ in a comparison that still ends with 0: `tolerated`, never `same`.
#[derive(Debug, Args)]
#[command(next_help_heading = "Verdict")]
pub(crate) struct Allowing {
    /// How far a changed value may lie off
    #[arg(long, value_name = "DISTANCE", value_parser = values::tolerance)]
    abs_tol: Option<f64>,

    /// How far a changed value may lie off, as a part of the greater of both: 1e-6
    #[arg(long, value_name = "SHARE", value_parser = values::tolerance)]
    rel_tol: Option<f64>,

    /// How many points may differ, beside those within the tolerance
    #[arg(long, value_name = "N")]
    max_different_points: Option<u64>,

    /// End at the first series that differs; a server is asked for no further metric
    #[arg(long, conflicts_with = "quick")]
    fail_fast: bool,

    /// Of a server, compare only some days of each metric, and say how probably a loss of 1 % stays
    /// unseen so; never `same`
    #[arg(long)]
    quick: bool,

    /// Draw the days of --quick by this number [default: by the time]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,

    /// How many series may be missing as a whole; their points are then no different points
    #[arg(long, value_name = "N")]
    max_missing_series: Option<u64>,
}

impl Allowing {
    pub(crate) fn apply(&self, options: &mut Options, now_ms: u64) {
        options.effort = match (self.fail_fast, self.quick) {
            (true, _) => Effort::FirstDifference,
            (false, true) => Effort::Sample(self.seed.unwrap_or(now_ms)),
            (false, false) => Effort::Whole,
        };
        let tolerance = Tolerance {
            absolute: self.abs_tol.unwrap_or_default(),
            relative: self.rel_tol.unwrap_or_default(),
        };
        options.allowed = Allowed {
            tolerance,
            different_points: self.max_different_points,
            missing_series: self.max_missing_series,
        };
    }
}

/// Where the names of UIDs stand, for sources of HBase.
#[derive(Debug, Args)]
#[command(next_help_heading = "Reading")]
pub(crate) struct Uids {
    /// A backup of the table tsdb-uid, for Exports and HFiles; repeatable [default: the one that
    /// stands in the source]
    #[arg(long, value_name = "SOURCE")]
    pub(crate) uids: Vec<OsString>,
}

impl Access {
    /// Sets these flags in the options of a job, and gives what opens its sources.
    pub(crate) fn open(
        &self,
        options: &mut Options,
        machine: &mut Machine<'_>,
    ) -> Result<Opening, Error> {
        self.reading.apply(options, machine.now_ms)?;
        let opening = self.budget.open(options, machine);
        self.servers.open(opening, machine)
    }

    /// How a server is written to.
    pub(crate) fn server_options(&self, machine: &Machine<'_>) -> Result<ServerOptions, Error> {
        self.servers.options(machine)
    }

    pub(crate) fn resources(&self) -> Resources {
        self.budget.resources()
    }
}

impl Reading {
    fn apply(&self, options: &mut Options, now_ms: u64) -> Result<(), Error> {
        let now = self.now.as_ref().map(|text| parse_time(text, now_ms)).transpose();
        options.now_ms = now.map_err(|error| error.in_file("--now"))?;
        options.format = self.format.and_then(format_by_name);
        options.read.columns = self.columns.clone().unwrap_or_default();
        options.read.unit = self.unit;
        options.read.allow_aggregated = self.allow_aggregated;
        options.strict = self.strict;
        options.read.key_widths.salt = self.salt_width;
        if let Some([metric, tag_key, tag_value]) = self.uid_widths {
            let widths = &mut options.read.key_widths;
            widths.metric = Some(metric);
            widths.tag_key = Some(tag_key);
            widths.tag_value = Some(tag_value);
        }
        if let Some(bytes) = self.max_line {
            let line_bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
            options.read.limits.line_bytes = line_bytes;
        }
        Ok(())
    }
}

impl Filters {
    pub(crate) fn apply(&self, options: &mut Options, now_ms: u64) -> Result<(), Error> {
        let time = |flag, text: &Option<String>| {
            let parse = |text: &String| parse_time(text, now_ms);
            text.as_ref().map(parse).transpose().map_err(|error| error.in_file(flag))
        };
        options.scope = Scope {
            from_ms: time("--from", &self.from)?,
            to_ms: time("--to", &self.to)?,
            metrics: self.metric.clone(),
            tags: self.tag.clone(),
            duplicates: self.duplicates,
        };
        options.settle_ms = self.settle.map(|settle| {
            now_ms.saturating_sub(u64::try_from(settle.as_millis()).unwrap_or(u64::MAX))
        });
        options.scope.check()
    }
}

impl Leniency {
    pub(crate) fn apply(&self, options: &mut Options) {
        options.allow_empty = self.allow_empty;
    }
}

impl Budget {
    /// Sets these flags in the options of a job, and gives what opens files.
    pub(crate) fn open(&self, options: &mut Options, machine: &mut Machine<'_>) -> Opening {
        options.memory_bytes = self.memory.unwrap_or_else(memory_bytes);
        options.read.limits = options.read.limits.within(options.memory_bytes);
        if let Some(bytes) = self.split_size {
            options.split_bytes = bytes;
        }
        let stdin = std::mem::replace(&mut machine.stdin, Box::new(std::io::empty()));
        Opening::new(stdin, options.read.limits, self.piece_bytes(), &machine.stop)
            .with_format_given(options.format.is_some())
    }

    pub(crate) fn resources(&self) -> Resources {
        Resources {
            threads: self.threads.map_or(0, NonZeroUsize::get),
            temp_dir: self.temp_dir.clone().unwrap_or_else(std::env::temp_dir),
            piece_bytes: self.piece_bytes(),
        }
    }

    fn piece_bytes(&self) -> usize {
        self.piece_size.map_or(PIECE_BYTES, |bytes| usize::try_from(bytes).unwrap_or(PIECE_BYTES))
    }
}
