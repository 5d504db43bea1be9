//! `manifest`: digests all points of a source and writes them down. `manifest merge`: joins such.

use std::io::Write;

use tsdbproof_core::{Error, digest::Totals, sort};

use super::{Source, manifests, side, verdict};
use crate::{
    Host, Options, Scope,
    look::{Leaves, Looked, Merge, Row, RunWriter, Survey, look, spills},
    report::{JobKind, Report, SideTotals},
    store::manifest::Meta,
};

/// Digests all points of `source` and writes their manifest to `out`.
///
/// The host's inputs are those of `source`, in its order.
pub async fn manifest<H: Host>(
    host: &H,
    source: &Source,
    options: &Options,
    out: &mut dyn Write,
) -> Result<Report, Error> {
    options.check_scope()?;
    let scope = options.settled().text();
    let looked = look(host, source, 0, options).await?;
    let survey = write_of(&looked, options, out)?;
    let side = side::of_source("source", source, &looked, &survey, &scope);
    let mut report = verdict::of_source(JobKind::Manifest, side, options);
    report.notes.extend(side::notes(&looked));
    Ok(report)
}

/// Writes the manifest of a source that was looked at.
pub(super) fn write_of(
    looked: &Looked,
    options: &Options,
    out: &mut dyn Write,
) -> Result<Survey, Error> {
    let mut rows = manifests::Rows::new(out, options.depth)?;
    let survey = looked
        .leaves
        .survey(&mut |depth, name, entry, losses| rows.push(depth, name, entry, losses))?;
    let meta = Meta {
        depth: options.depth,
        totals: survey.totals,
        scope: options.settled().text(),
        left_out: looked.left_out(),
        losses: std::mem::take(&mut rows.losses),
        unread: looked.beside.unread.clone(),
        files: looked.files.iter().map(side::file_meta).collect(),
    };
    rows.writer.finish(&meta)?;
    Ok(survey)
}

/// Joins manifests into one. The host's inputs are the parts.
///
/// Parts that contradict each other are told in the report, and nothing is written.
pub async fn merge<H: Host>(
    host: &H,
    parts: &Source,
    options: &Options,
    out: &mut dyn Write,
) -> Result<Report, Error> {
    let (spill, _) = spills(host, options.memory_bytes)?;
    let manifests = manifests::read(host, &parts.inputs, 0, &spill, options.memory_bytes).await?;
    let metas: Vec<&Meta> = manifests.iter().map(|part| &part.meta).collect();
    let (depth, scope) = (common_depth(&metas)?, common_scope(&metas)?);
    let runs: Vec<_> = manifests.iter().map(|part| part.leaves.run.clone()).collect();
    let mut merge = Merge::<Row>::open(&spill, &runs)?;
    let mut writer = RunWriter::new(&spill);
    let mut contradictions = Contradictions::default();
    while let Some(series) = merge.next_series()? {
        writer.series(&series);
        while let Some(mut row) = merge.next()? {
            while merge.peek().is_some_and(|other| other.hour == row.hour) {
                let Some(other) = merge.next()? else { break };
                row.losses.join(other.losses);
                if other.entry != row.entry {
                    contradictions.add(|| super::place_of(&series, depth, row.hour));
                }
            }
            writer.push(&row)?;
        }
    }
    let leaves = Leaves { spill, run: writer.finish()?, depth };
    let mut sides = Vec::new();
    for (part, input) in manifests.iter().zip(&parts.inputs) {
        let survey = part.survey()?;
        sides.push(side::of_manifest("part", &input.name, &part.leaves, &part.meta, &survey));
    }
    if let Some(side) = sides.first_mut() {
        side.not_read.clone_from(&parts.not_read);
    }
    let mut report = verdict::report(JobKind::Merge, sides, options);
    report.contradictions = contradictions.told();
    if contradictions.count == 0 {
        let totals = write(&leaves, out, &metas, &scope)?;
        report.merged = Some(SideTotals::new(&totals, &scope));
    }
    verdict::decide(&mut report, contradictions.count > 0, options);
    Ok(report)
}

fn write(
    leaves: &Leaves,
    out: &mut dyn Write,
    parts: &[&Meta],
    scope: &str,
) -> Result<Totals, Error> {
    let mut rows = manifests::Rows::new(out, leaves.depth)?;
    let survey =
        leaves.survey(&mut |depth, name, entry, losses| rows.push(depth, name, entry, losses))?;
    let mut left_out = std::collections::BTreeMap::<String, u64>::new();
    for (kind, count) in parts.iter().flat_map(|part| &part.left_out) {
        *left_out.entry(kind.clone()).or_default() += count;
    }
    let meta = Meta {
        depth: leaves.depth,
        totals: survey.totals,
        scope: scope.to_owned(),
        left_out: left_out.into_iter().collect(),
        losses: std::mem::take(&mut rows.losses),
        unread: parts.iter().flat_map(|part| part.unread.iter()).cloned().collect(),
        files: parts.iter().flat_map(|part| &part.files).cloned().collect(),
    };
    rows.writer.finish(&meta)?;
    Ok(survey.totals)
}

fn common_depth(parts: &[&Meta]) -> Result<tsdbproof_core::digest::Depth, Error> {
    let (first, rest) = parts.split_first().ok_or_else(|| Error::usage("nothing to merge"))?;
    match rest.iter().find(|part| part.depth != first.depth) {
        None => Ok(first.depth),
        Some(other) => Err(Error::usage(format!(
            "the parts reach down to {} and to {}: they can't be merged",
            first.depth.name(),
            other.depth.name()
        ))
        .help("make the parts with the same --depth")),
    }
}

/// The scope of all parts: the same in each, or time windows that follow on each other.
fn common_scope(parts: &[&Meta]) -> Result<String, Error> {
    let scopes = parts.iter().map(|part| Scope::parse(&part.scope));
    let mut scopes = scopes.collect::<Result<Vec<_>, _>>()?;
    let windowless = |scope: &Scope| Scope { from_ms: None, to_ms: None, ..scope.clone() }.text();
    let differ = || {
        Error::usage("the parts have different scopes: they can't be merged")
            .help("parts need the same filters, or time windows that follow on each other")
    };
    sort::by(&mut scopes, |a, b| a.from_ms.cmp(&b.from_ms));
    let mut joined = scopes.first().cloned().unwrap_or_default();
    for scope in &scopes {
        if windowless(scope) != windowless(&joined) {
            return Err(differ());
        }
        let same = (scope.from_ms, scope.to_ms) == (joined.from_ms, joined.to_ms);
        if !same {
            // A gap between two windows was looked at by nobody.
            let follows = joined.to_ms.zip(scope.from_ms).is_some_and(|(to, from)| from <= to);
            if !follows {
                return Err(differ());
            }
            joined.to_ms = scope.to_ms.zip(joined.to_ms).map(|(a, b)| a.max(b));
        }
    }
    Ok(joined.text())
}

/// The first contradictions, and how many there are.
#[derive(Default)]
struct Contradictions {
    first: Vec<String>,
    count: u64,
}

impl Contradictions {
    const SHOWN: usize = 10;

    fn add(&mut self, place: impl FnOnce() -> String) {
        self.count += 1;
        if self.first.len() < Self::SHOWN {
            self.first.push(place());
        }
    }

    fn told(&self) -> Vec<String> {
        let mut told = self.first.clone();
        let more = self.count - told.len() as u64;
        told.extend((more > 0).then(|| format!("and {more} more")));
        told
    }
}
