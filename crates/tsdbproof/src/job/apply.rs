//! `apply`: the state after patches, checked against their roots at each end.

use std::{io::Write, sync::Arc};

use tsdbproof_core::{Error, HOUR_MS, Kind, Value, digest::Roots};

use super::{
    Source,
    convert::{Target, Writing, read_back, tag_keys},
    patches::{self, ReadPatch, chain, scope_of},
    rewriting::{Rewriting, TakesInstants},
    side, verdict,
};
use crate::{
    Duplicates, Expect, Host, Input, Options, Outputs,
    look::{Instant, Looked, Manner, Merge, Spill, Walk, look_as, spills},
    report::{JobKind, PatchSummary, Report, root},
    store::patch::Change,
};

/// Which patches are applied, and how.
#[derive(Debug, Clone, Copy, Default)]
pub struct Course {
    /// The state to stop at; else all patches are applied.
    pub until: Option<Expect>,
    /// Whether patches take back what they did: from the state that they yield to the one they start from.
    pub is_reverse: bool,
}

/// Writes to `outputs` what `patches` make of `base`, and holds it, read back, against the root that they
/// promise. Outputs are to be kept only if the verdict is [`Verdict::Same`](crate::report::Verdict).
///
/// The patches may come in any order. The host's inputs are those of `base`, then the patches.
pub async fn apply<H: Host, O: Outputs>(
    host: &H,
    base: &Source,
    patches: &[Input],
    course: Course,
    target: Target,
    options: &Options,
    outputs: &mut O,
) -> Result<Report, Error> {
    run(host, (base, patches), course, target, options, (outputs, None)).await
}

/// Writes to `outputs` the points that have to be put on a server that holds `base`, and to `deletes` a
/// list of the rows ([`RowHour`](crate::RowHour)) that have to be deleted before that.
///
/// Everything else is as with [`apply()`].
#[expect(clippy::too_many_arguments, reason = "those of `apply`, and one")]
pub async fn rewrite<H: Host, O: Outputs>(
    host: &H,
    base: &Source,
    patches: &[Input],
    course: Course,
    target: Target,
    options: &Options,
    outputs: &mut O,
    deletes: &mut (dyn Write + Send),
) -> Result<Report, Error> {
    run(host, (base, patches), course, target, options, (outputs, Some(deletes))).await
}

async fn run<H: Host, O: Outputs>(
    host: &H,
    (base, patches): (&Source, &[Input]),
    course: Course,
    target: Target,
    options: &Options,
    (outputs, deletes): (&mut O, Option<&mut (dyn Write + Send)>),
) -> Result<Report, Error> {
    let options =
        &Options { memory_bytes: options.memory_bytes / 2, ..options.without_file_digests() };
    let (spill, _) = spills(host, options.memory_bytes)?;
    let memory_bytes = options.memory_bytes;
    let mut patches = patches::read(host, patches, base.inputs.len(), &spill, memory_bytes).await?;
    if course.is_reverse {
        patches.iter_mut().try_for_each(ReadPatch::reverse)?;
    }
    let scope = scope_of(&patches, &options.scope)?;
    let options = &Options { scope, ..options.clone() };
    let manner = Manner { keeps_points: true, ..Manner::default() };
    let looked = look_as(host, base, 0, options, manner).await?;
    let survey = side::survey(&looked.leaves)?;
    let scope = options.scope.text();
    let sides = vec![side::of_source("base", base, &looked, &survey, &scope)];
    let mut report = verdict::report(JobKind::Apply, sides, options);
    let chain = match chain(survey.totals.roots, patches, course.until) {
        Ok(chain) => chain,
        Err(why) => {
            report.reasons.push(why);
            verdict::decide(&mut report, true, options);
            return Ok(report);
        }
    };
    let expected = chain.last().map_or(survey.totals.roots, |patch| patch.meta.result.roots);
    report.patches = chain.iter().map(|it| PatchSummary::of(&it.name, &it.meta)).collect();
    let mut keys = tag_keys(looked.leaves.rows()?)?;
    for patch in &chain {
        keys.extend(tag_keys(patch.changes(&spill)?)?);
    }
    let mut writing = Writing::new(target, keys, outputs)?;
    writing.begin("")?;
    let base = (&looked, options.scope.duplicates);
    let (role, written) = match deletes {
        None => {
            write(base, &chain, &spill, &mut writing)?;
            ("result", expected)
        }
        Some(deletes) => {
            let mut rewriting = Rewriting::new(&mut writing, deletes, options.memory_bytes);
            write(base, &chain, &spill, &mut rewriting)?;
            let done = rewriting.finish()?;
            report.rewritten = Some(done.told);
            report.reasons.extend(unlike("result", done.result, expected));
            report.reasons.extend(done.conflict.map(|place| {
                format!("{place} has several values, of which a server keeps one: nothing can be put there")
            }));
            ("put", done.put)
        }
    };
    report.converted = Some(writing.finish()?);
    let (result, found) = read_back(outputs, target, role, options).await?;
    report.sides.push(result);
    report.reasons.extend(unlike(role, found.totals.roots, written));
    let differs = !report.reasons.is_empty();
    verdict::decide(&mut report, differs, options);
    Ok(report)
}

/// That something has another root than it should have.
fn unlike(what: &str, found: Roots, expected: Roots) -> Option<String> {
    let [found_root, expected_root] = [&found, &expected].map(root);
    let why = || format!("the {what} has the root {found_root}, and not {expected_root}");
    (found != expected).then(why)
}

/// Writes the points of the base with the changes of all patches.
fn write<T: TakesInstants>(
    (looked, duplicates): (&Looked, Duplicates),
    chain: &[ReadPatch],
    spill: &Arc<Spill>,
    into: &mut T,
) -> Result<(), Error> {
    let mut walk = looked.walk(duplicates)?;
    let mut next = walk.next_series()?;
    let open = |patch: &ReadPatch| {
        let (changes, is_reversed) = (patch.changes(spill)?, patch.is_reversed);
        Ok::<_, Error>(Changes { changes, is_reversed, cleared_to_ms: 0 })
    };
    let mut patches = chain.iter().map(open).collect::<Result<Vec<_>, _>>()?;
    loop {
        let mut first = next.clone();
        for patch in &mut patches {
            first = first.into_iter().chain(patch.changes.peek_series()?.cloned()).min();
        }
        let Some(series) = first else { return Ok(()) };
        let in_base = next.as_ref() == Some(&series);
        let mut changes = Vec::new();
        for patch in &mut patches {
            if patch.changes.seek(&series)? {
                patch.cleared_to_ms = 0;
                changes.push(patch);
            }
        }
        into.series(&series)?;
        write_series(in_base.then_some(&mut walk), changes, into)?;
        if in_base {
            next = walk.next_series()?;
        }
    }
}

/// The changes of a patch, in the direction in which they are made.
struct Changes {
    changes: Merge<Change>,
    is_reversed: bool,
    /// Where the hour of the series ends that was cleared last.
    cleared_to_ms: u64,
}

impl Changes {
    /// Makes the changes of an instant to its values.
    fn apply_at(&mut self, timestamp_ms: u64, values: &mut Vec<Value>) -> Result<(), Error> {
        let mut change = self.next_at(timestamp_ms)?;
        if change.take_if(|change| change.clears_hour()).is_some() {
            self.cleared_to_ms = timestamp_ms + HOUR_MS;
            change = self.next_at(timestamp_ms)?;
        }
        if timestamp_ms < self.cleared_to_ms {
            values.clear();
        }
        while let Some(next) = change {
            next.apply(values)?;
            change = self.next_at(timestamp_ms)?;
        }
        Ok(())
    }

    /// The next change of this instant.
    fn next_at(&mut self, timestamp_ms: u64) -> Result<Option<Change>, Error> {
        if self.changes.peek().is_none_or(|change| change.timestamp_ms != timestamp_ms) {
            return Ok(None);
        }
        let change = self.changes.next()?;
        Ok(change.map(|it| match self.is_reversed {
            true => Change { old: it.new, new: it.old, ..it },
            false => it,
        }))
    }
}

fn write_series<T: TakesInstants>(
    mut walk: Option<&mut Walk>,
    mut patches: Vec<&mut Changes>,
    into: &mut T,
) -> Result<(), Error> {
    let mut stored = take(&mut walk)?;
    let [mut before, mut values] = [Vec::new(), Vec::new()];
    loop {
        let changed =
            patches.iter().filter_map(|patch| patch.changes.peek().map(|it| it.timestamp_ms));
        let times = stored.iter().map(|instant| instant.timestamp_ms).chain(changed);
        let Some(timestamp_ms) = times.min() else { return Ok(()) };
        values.clear();
        if let Some(instant) = stored.take_if(|instant| instant.timestamp_ms == timestamp_ms) {
            values.extend(instant.records.iter().map(|record| record.value()));
            stored = take(&mut walk)?;
        }
        values.sort_unstable();
        before.clone_from(&values);
        for patch in &mut patches {
            patch.apply_at(timestamp_ms, &mut values)?;
        }
        values.sort_unstable();
        into.instant(timestamp_ms, &before, &values)?;
    }
}

fn take(walk: &mut Option<&mut Walk>) -> Result<Option<Instant>, Error> {
    walk.as_mut().map_or(Ok(None), |walk| walk.next())
}

impl Change {
    /// Makes the change to the values of its instant.
    fn apply(self, values: &mut Vec<Value>) -> Result<(), Error> {
        // Roots fitted before the first change, so that this can't be but for a fault of our own.
        let unfit = || Error::new(Kind::Malformed, "a patch changes a value that is not there");
        if let Some(old) = self.old {
            let index = values.iter().position(|value| *value == old).ok_or_else(unfit)?;
            values.swap_remove(index);
        }
        match self.new {
            Some(new) if values.contains(&new) => Err(unfit()),
            new => {
                values.extend(new);
                Ok(())
            }
        }
    }
}
