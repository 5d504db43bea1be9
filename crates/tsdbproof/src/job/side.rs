//! One side of a job: a source that was looked at, or a manifest that was read.

use std::collections::BTreeMap;

use tsdbproof_core::{Error, digest::Depth, sort};

use super::Source;
use crate::{
    look::{FileLook, Leaves, Looked, Survey, name_of},
    report::{File, MetricTotals, Side, SideTotals},
    store::manifest::{FileMeta, Meta},
    time::time,
};

/// Nothing is to be seen on the way up the tree.
pub(super) fn survey(leaves: &Leaves) -> Result<Survey, Error> {
    leaves.survey(&mut |_, _, _, _| Ok(()))
}

fn totals(survey: &Survey, scope: &str) -> SideTotals {
    let [_, series_count, _, hours_count] = survey.nodes;
    SideTotals { series_count, hours_count, ..SideTotals::new(&survey.totals, scope) }
}

/// A side that is a source.
pub(super) fn of_source(
    role: &'static str,
    source: &Source,
    looked: &Looked,
    survey: &Survey,
    scope: &str,
) -> Side {
    let distinct = survey.totals.all.exact.points;
    Side {
        role,
        names: source.names.clone(),
        is_manifest: false,
        depth: looked.leaves.depth,
        totals: totals(survey, scope),
        scope: scope.to_owned(),
        points_read: looked.points_read,
        repeats: looked.points_read - distinct - looked.conflicts.replaced,
        replaced: looked.conflicts.replaced,
        conflicts: looked.conflicts.instants,
        undecided: looked.conflicts.undecided,
        filtered: looked.filtered,
        unsettled: looked.unsettled,
        files: looked.files.iter().map(file).collect(),
        problems: looked.problems.report(|index| name_of(source, index)),
        not_read: source.not_read.iter().chain(&looked.not_read).cloned().collect(),
        snapshots: looked.snapshots.clone(),
        metrics: Vec::new(),
        days: BTreeMap::new(),
        rows: BTreeMap::new(),
        left_out: BTreeMap::new(),
        losses: survey.losses.clone(),
        unread: looked.beside.unread.told(),
    }
}

fn file(look: &FileLook) -> File {
    let hex = |bytes: &[u8; 32]| bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    File {
        name: look.name.clone(),
        size_bytes: look.size_bytes,
        codec: look.codec,
        format: look.format,
        points_read: look.points_read,
        sha256: look.blocks.sha256.as_ref().map(hex),
    }
}

/// What else is to be said of a source.
pub(super) fn notes(looked: &Looked) -> Vec<String> {
    looked.beside.notes.iter().cloned().chain(unprotected(looked)).collect()
}

/// What is to be said of files whose content nothing protects.
fn unprotected(looked: &Looked) -> Option<String> {
    let counts = |file: &&FileLook| file.points_read > 0 || file.decides;
    let files = looked.files.iter().filter(counts);
    let what = match (files.clone().filter(|file| !file.is_protected).count(), files.count()) {
        (0, _) => return None,
        (count, all) if count == all => "no checksum stands in the files".to_owned(),
        (count, all) => format!("no checksum stands in {count} of {all} files"),
    };
    Some(format!("content unprotected: {what}; a changed digit is seen only against a manifest"))
}

/// A side that is a manifest.
pub(super) fn of_manifest(
    role: &'static str,
    name: &str,
    leaves: &Leaves,
    meta: &Meta,
    survey: &Survey,
) -> Side {
    let points = survey.totals.all.exact.points;
    Side {
        role,
        names: vec![name.to_owned()],
        is_manifest: true,
        depth: leaves.depth,
        totals: totals(survey, &meta.scope),
        scope: meta.scope.clone(),
        points_read: points,
        repeats: 0,
        replaced: 0,
        conflicts: 0,
        undecided: 0,
        filtered: 0,
        unsettled: 0,
        files: Vec::new(),
        problems: Vec::new(),
        not_read: Vec::new(),
        snapshots: Vec::new(),
        metrics: Vec::new(),
        days: BTreeMap::new(),
        rows: BTreeMap::new(),
        left_out: sort::gathered(meta.left_out.iter().cloned()),
        losses: survey.losses.clone(),
        unread: meta.unread.told(),
    }
}

/// What a manifest keeps of a file.
pub(super) fn file_meta(look: &FileLook) -> FileMeta {
    FileMeta {
        name: look.name.clone(),
        size_bytes: look.size_bytes,
        blocks: look.blocks.blocks.values().copied().collect(),
        sha256: look.blocks.sha256,
    }
}

/// Totals by metric, points by day, and nodes by depth, for a side that is to be shown.
pub(super) fn tell_all(side: &mut Side, leaves: &Leaves) -> Result<(), Error> {
    let mut series = 0;
    let survey = leaves.survey(&mut |depth, name, entry, _| {
        match depth {
            Depth::Hour => {}
            Depth::Day => {
                let start = time(u64::from(name.hour) * tsdbproof_core::HOUR_MS);
                let day = start.get(..10).unwrap_or_default().to_owned();
                *side.days.entry(day).or_default() += entry.exact.points;
            }
            Depth::Series => series += 1,
            Depth::Metric => side.metrics.push(MetricTotals {
                metric: name.series.metric.clone(),
                series: std::mem::take(&mut series),
                points: entry.exact.points,
                first: time(entry.first_ms),
                last: time(entry.last_ms),
                digest: entry.exact.digest.to_string(),
            }),
        }
        Ok(())
    })?;
    let depths = Depth::ALL.into_iter().filter(|depth| *depth <= leaves.depth);
    side.rows = sort::gathered(depths.map(Depth::name).zip(survey.nodes));
    Ok(())
}
