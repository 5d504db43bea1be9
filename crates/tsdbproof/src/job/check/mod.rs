//! `check`: what is wrong with the points themselves, and what `tsdb import` would make of them.
//!
//! | file | what |
//! | --- | --- |
//! | `reading` | what depends on the order in which points stand in files |
//! | `series` | what shows in a series when its points are sorted |
//! | `import` | what `tsdb import` does with a point |
//! | `gaps`, `counter`, `units` | one look at a sorted series each |

mod counter;
mod gaps;
mod import;
mod reading;
mod series;
mod units;

use std::{
    collections::BTreeMap,
    str::FromStr,
    sync::{Arc, Mutex, PoisonError},
};

use tsdbproof_core::{Error, Series};

pub(super) use import::stored;
use reading::Reading;

use super::{Source, side, verdict};
use crate::{
    Host, Options,
    look::{Manner, Observer, look_as, spills},
    report::{Checked, Finding, FindingKind, Findings, JobKind, KindCount, Report, TableCheck},
    time::{parse_duration, time},
};

/// How far apart the points of a series should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Interval {
    /// Gaps are not looked for.
    #[default]
    Unknown,
    /// As far as most of them are.
    Auto,
    /// So many milliseconds.
    Ms(u64),
}

impl FromStr for Interval {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match (text, parse_duration(text)) {
            ("auto", _) => Ok(Interval::Auto),
            (_, Some(ms)) if ms > 0 => Ok(Interval::Ms(ms)),
            _ => Err(Error::usage("an interval reads like 10s, 1m, 500ms, 1h or auto")),
        }
    }
}

/// Looks at all points of `source`, in the order of files and then series by series.
///
/// The host's inputs are those of `source`, in its order.
pub async fn check<H: Host>(
    host: &H,
    source: &Source,
    interval: Interval,
    options: &Options,
    findings: &mut dyn Findings,
) -> Result<Report, Error> {
    options.check_scope()?;
    let scope = options.settled().text();
    let mut options = options.without_file_digests();
    let (spill, _) = spills(host, options.memory_bytes / 4)?;
    let reading = Reading::new(source, &options, spill);
    // What is in no order that counts is read side by side.
    let in_order = reading.is_needed();
    options.read.line_by_line = in_order;
    let options = &options;
    let reading = Arc::new(Mutex::new(reading));
    let observer = in_order.then(|| Arc::clone(&reading) as Arc<Mutex<dyn Observer>>);
    let manner = Manner { keeps_points: true, observer, ..Manner::default() };
    let looked = look_as(host, source, 0, options, manner).await?;
    let mut found = Found { findings, counts: BTreeMap::new() };
    let mut reading = reading.lock().unwrap_or_else(PoisonError::into_inner);
    series::look_at_all(&looked, source, &mut reading, interval, options, &mut found)?;
    let counts = found.counts;
    let survey = side::survey(&looked.leaves)?;
    let side = side::of_source("source", source, &looked, &survey, &scope);
    let mut report = verdict::report(JobKind::Check, vec![side], options);
    let count = |(kind, count): (&FindingKind, &u64)| KindCount {
        kind: *kind,
        is_problem: kind.is_problem(),
        count: *count,
    };
    report.notes.extend(side::notes(&looked));
    let tables = looked.met.as_ref().map(TableCheck::new);
    let has_errors = tables.as_ref().is_some_and(|tables| tables.fsck.total_errors > 0);
    report.checked = Some(Checked { kinds: counts.iter().map(count).collect(), tables });
    let has_problems = has_errors || counts.keys().any(|kind| kind.is_problem());
    verdict::decide(&mut report, has_problems, options);
    Ok(report)
}

/// Findings on their way to a report.
struct Found<'a> {
    findings: &'a mut dyn Findings,
    counts: BTreeMap<FindingKind, u64>,
}

/// Where a finding stands: its series, and the instant if it has one.
struct Place<'a> {
    series: &'a Series,
    timestamp_ms: Option<u64>,
}

impl Found<'_> {
    fn add(&mut self, kind: FindingKind, place: &Place<'_>, what: String) {
        self.add_in_file(kind, place, what, None);
    }

    fn add_in_file(
        &mut self,
        kind: FindingKind,
        place: &Place<'_>,
        what: String,
        file: Option<(&str, u64)>,
    ) {
        *self.counts.entry(kind).or_default() += 1;
        self.findings.finding(&Finding {
            kind,
            is_problem: kind.is_problem(),
            metric: place.series.metric.clone(),
            tags: place.series.tags.pairs_by_key(),
            time: place.timestamp_ms.map(time),
            what,
            file: file.map(|(name, _)| name.to_owned()),
            byte: file.map(|(_, byte)| byte),
            series: place.series.clone(),
        });
    }
}
