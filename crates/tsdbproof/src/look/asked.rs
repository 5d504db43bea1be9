//! What a server is asked for: its answer must hold to that, or nothing in it is to be trusted.

use std::{ops::Range, sync::Arc};

use tsdbproof_core::{Error, Kind, Point, quote};
use tsdbproof_formats::{ReadOptions, TimeUnit};

use crate::{FileDigests, Host, Input, Options, Sought, Source, time::time};

/// Tells the host what is sought in live inputs.
pub(super) fn seek<H: Host>(
    host: &H,
    source: &Source,
    first_input: usize,
    sought: Sought,
) -> Result<(), Error> {
    let live = (first_input..).zip(&source.inputs).filter(|(_, input)| input.is_live());
    live.map(|(index, _)| index).try_for_each(|index| host.seek(index, sought.clone()))
}

/// The times, in milliseconds, whose points may still be written.
pub(super) fn unsettled(options: &Options) -> Option<Range<u64>> {
    options.settle_ms.map(|from_ms| from_ms..options.scope.to_ms.unwrap_or(u64::MAX))
}

/// How answers are read: as they were asked for, whatever flags say of files.
pub(super) fn options(read: &ReadOptions) -> ReadOptions {
    let unit = Some(TimeUnit::Milliseconds);
    ReadOptions { limits: read.limits, unit, knows_query: true, ..ReadOptions::default() }
}

/// Digests of an input's bytes: answers differ in them from run to run.
pub(super) fn digests(input: &Input, options: &Options) -> FileDigests {
    match input.is_live() {
        true => FileDigests { blocks: false, sha256: false },
        false => options.file_digests,
    }
}

/// A metric, and times in milliseconds, both inclusive.
pub(super) struct Asked {
    pub(super) metric: Arc<str>,
    pub(super) from_ms: u64,
    pub(super) to_ms: u64,
}

impl Asked {
    /// Errors: another metric.
    pub(super) fn check_metric(&self, metric: &str) -> Result<(), Error> {
        if *self.metric == *metric {
            return Ok(());
        }
        let (found, expected) = (quote(metric.as_bytes()), quote(self.metric.as_bytes()));
        let what = "the server answered with another metric than it was asked for";
        let what = format!("{what}; found {found}, expected {expected}");
        Err(Error::new(Kind::Malformed, what)
            .help("ask whoever runs the server, or the proxy before it: it is no source of points"))
    }

    /// Errors: a time that was not asked for.
    pub(super) fn check_times(&self, points: &[Point]) -> Result<(), Error> {
        let asked = self.from_ms..=self.to_ms;
        let Some(point) = points.iter().find(|point| !asked.contains(&point.timestamp_ms)) else {
            return Ok(());
        };
        let [found, from, to] = [point.timestamp_ms, self.from_ms, self.to_ms].map(time);
        let what = "the server answered with a time that it was not asked for";
        let what = format!("{what}; found {found}, expected {from} to {to}");
        Err(Error::new(Kind::Malformed, what).help(
            "it may ignore msResolution, and so count seconds: it is then no source of points",
        ))
    }
}
