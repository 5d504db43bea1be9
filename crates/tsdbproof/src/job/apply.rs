//! `apply`: the state after patches, or a part of it, checked against their roots at each end.

use std::{io::Write, sync::Arc};

use tsdbproof_core::{
    Error, Point, Series, Value,
    digest::{Roots, Totals},
};

use super::{
    Source,
    convert::{Target, Writing, read_back, tag_keys},
    patches::{self, ReadPatch, scope_of},
    replay::{States, replay},
    rewriting::Rewriting,
    side, verdict,
};
use crate::{
    Duplicates, Expect, Host, Input, Options, Outputs, Scope,
    look::{InOrder, Looked, Manner, Spill, look_as, spills},
    report::{Converted, JobKind, PatchSummary, Report, Rewritten, root, statement},
};

/// A base, and the patches that lead on from it, in any order. The host's inputs are those of the base, then the
/// patches.
#[derive(Debug, Clone, Copy)]
pub struct Patched<'a> {
    /// What the first patch starts from.
    pub base: &'a Source,
    /// The patches.
    pub patches: &'a [Input],
    /// How they are applied.
    pub course: Course,
}

/// Which patches are applied, and how.
#[derive(Debug, Clone, Copy, Default)]
pub struct Course {
    /// The state to stop at; else all patches are applied.
    pub until: Option<Until>,
    /// Whether patches take back what they did: from the state that they yield to the one they start from.
    pub is_reverse: bool,
}

/// A state of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// The one with this root.
    Root(Expect),
    /// The last one without a point behind this instant, in milliseconds.
    At(u64),
}

/// Writes to `outputs` what patches make of a base, and holds it, read back, against the root that they
/// promise. Outputs are to be kept only if the verdict is [`Verdict::Same`](crate::report::Verdict).
///
/// The filters of `options` choose the part that is written. Then the roots of the whole state and of the
/// part are made on the way, the one is held against the promise, the other against what was written.
pub async fn apply<H: Host, O: Outputs>(
    host: &H,
    patched: Patched<'_>,
    target: Target,
    options: &Options,
    outputs: &mut O,
) -> Result<Report, Error> {
    run(host, patched, target, options, (outputs, None)).await
}

/// Writes to `outputs` the points that have to be put on a server that holds the base, and to `deletes` a
/// list of the rows ([`RowHour`](crate::RowHour)) that have to be deleted before that.
///
/// Everything else is as with [`apply()`], but that there is no part of a state to choose.
pub async fn rewrite<H: Host, O: Outputs>(
    host: &H,
    patched: Patched<'_>,
    target: Target,
    options: &Options,
    outputs: &mut O,
    deletes: &mut (dyn Write + Send),
) -> Result<Report, Error> {
    if is_part(&options.scope) {
        return Err(Error::usage("what changes a server is worked out for whole states")
            .help("leave --from, --to, --metric and --tag out"));
    }
    run(host, patched, target, options, (outputs, Some(deletes))).await
}

/// Whether this chooses less than all of a state.
pub(super) fn is_part(scope: &Scope) -> bool {
    Scope { duplicates: Duplicates::Keep, ..scope.clone() } != Scope::default()
}

async fn run<H: Host, O: Outputs>(
    host: &H,
    Patched { base, patches, course }: Patched<'_>,
    target: Target,
    options: &Options,
    (outputs, deletes): (&mut O, Option<&mut (dyn Write + Send)>),
) -> Result<Report, Error> {
    options.scope.check()?;
    let part = &options.scope;
    let memory_bytes = options.memory_bytes / 2;
    let (spill, _) = spills(host, memory_bytes)?;
    let mut patches = patches::read(host, patches, base.inputs.len(), &spill, memory_bytes).await?;
    if course.is_reverse {
        patches.iter_mut().try_for_each(ReadPatch::reverse)?;
    }
    let scope = scope_of(&patches, part.duplicates)?;
    let scope_of_part = scope.narrowed(part)?;
    let options = &Options { scope, memory_bytes, ..options.without_file_digests() };
    let manner = Manner { keeps_points: true, ..Manner::default() };
    let looked = look_as(host, base, 0, options, manner).await?;
    let survey = side::survey(&looked.leaves)?;
    let sides = vec![side::of_source("base", base, &looked, &survey, &options.scope.text())];
    let mut report = verdict::report(JobKind::Apply, sides, options);
    let chain = match patches::chain(&survey.totals, &patches, course) {
        Ok(chain) => chain,
        Err(misfit) => {
            report.reasons.push(misfit.why.clone());
            report.misfit = Some(misfit);
            verdict::decide(&mut report, true, options);
            return Ok(report);
        }
    };
    let promised = chain.last().map_or(survey.totals.roots, |patch| patch.meta.result.roots);
    report.patches = chain.iter().map(|it| PatchSummary::of(&it.name, &it.meta)).collect();
    let from = From { looked: &looked, chain: &chain, spill: &spill, options };
    let wrote = match deletes {
        None => from.write_state(part, target, outputs)?,
        Some(deletes) => from.write_changes(target, outputs, deletes)?,
    };
    let (mut result, found) = read_back(outputs, target, wrote.role, options).await?;
    if wrote.rewritten.is_none() {
        result.scope = scope_of_part.text();
        result.totals.statement = statement(&result.scope, &found.totals.roots);
    }
    report.sides.push(result);
    let written = wrote.written.map_or(promised, |totals| totals.roots);
    report.reasons.extend(wrote.whole.and_then(|whole| unlike("state", whole, promised)));
    report.reasons.extend(wrote.conflict);
    report.reasons.extend(unlike(wrote.role, found.totals.roots, written));
    let differs = !report.reasons.is_empty();
    if is_part(part) && !differs {
        tell_part(&mut report, &promised, &found.totals, options);
    }
    (report.converted, report.rewritten) = (Some(wrote.converted), wrote.rewritten);
    verdict::decide(&mut report, differs, options);
    Ok(report)
}

/// That something has another root than it should have.
pub(super) fn unlike(what: &str, found: Roots, expected: Roots) -> Option<String> {
    let [found_root, expected_root] = [&found, &expected].map(root);
    let why = || format!("the {what} has the root {found_root}, and not {expected_root}");
    (found != expected).then(why)
}

/// What a state is made of.
struct From<'a> {
    looked: &'a Looked,
    chain: &'a [ReadPatch],
    spill: &'a Arc<Spill>,
    options: &'a Options,
}

/// What was written.
struct Wrote {
    /// What it is called.
    role: &'static str,
    /// The roots of the whole state, where they were made on the way.
    whole: Option<Roots>,
    /// What was written, unless it is the whole state.
    written: Option<Totals>,
    converted: Converted,
    rewritten: Option<Rewritten>,
    /// Why a server can't hold it.
    conflict: Option<String>,
}

impl From<'_> {
    /// A file of the points with the tag keys of those in scope.
    fn writing<'a, O: Outputs>(
        &self,
        scope: &Scope,
        target: Target,
        outputs: &'a mut O,
    ) -> Result<Writing<'a, O>, Error> {
        let mut keys = tag_keys(self.looked.leaves.rows()?, scope)?;
        for patch in self.chain {
            keys.extend(tag_keys(patch.changes(self.spill)?, scope)?);
        }
        let mut writing = Writing::new(target, keys, outputs)?;
        writing.begin("")?;
        Ok(writing)
    }

    fn replay(&self, states: &mut impl States) -> Result<(), Error> {
        let base = (self.looked, self.options.scope.duplicates);
        replay(base, self.chain.iter(), self.spill, states)
    }

    /// Writes the last state, or a part of it.
    fn write_state<O: Outputs>(
        &self,
        part: &Scope,
        target: Target,
        outputs: &mut O,
    ) -> Result<Wrote, Error> {
        let writing = self.writing(part, target, outputs)?;
        let mut state = LastState::new(self.chain.len(), part, writing);
        self.replay(&mut state)?;
        let totals = state.digests.map(|digests| digests.map(InOrder::finish));
        Ok(Wrote {
            role: "result",
            whole: totals.map(|[whole, _]| whole.roots),
            written: totals.map(|[_, part]| part),
            converted: state.writing.finish()?,
            rewritten: None,
            conflict: None,
        })
    }

    /// Writes what makes the last state of a server that holds the base.
    fn write_changes<O: Outputs>(
        &self,
        target: Target,
        outputs: &mut O,
        deletes: &mut (dyn Write + Send),
    ) -> Result<Wrote, Error> {
        let mut writing = self.writing(&Scope::default(), target, outputs)?;
        let memory_bytes = self.options.memory_bytes;
        let mut rewriting = Rewriting::new(&mut writing, deletes, memory_bytes, self.chain.len());
        self.replay(&mut rewriting)?;
        let done = rewriting.finish()?;
        Ok(Wrote {
            role: "put",
            whole: Some(done.result),
            written: Some(done.put),
            converted: writing.finish()?,
            rewritten: Some(done.told),
            conflict: done.conflict.map(|place| {
                format!("{place} has several values, of which a server keeps one: nothing can be put there")
            }),
        })
    }
}

/// What is proven of a part, and what no patch promises.
fn tell_part(report: &mut Report, whole: &Roots, part: &Totals, options: &Options) {
    let (whole, of_part) = (root(whole), root(&part.roots));
    report.notes.push(format!("the whole state was made on the way and has the root {whole}"));
    report.notes.push(format!(
        "the output is a part of it; no patch names the part's root {of_part}: it was made of the same points"
    ));
    if part.all.exact.points == 0 && !options.allow_empty {
        report
            .reasons
            .push("no point is in this part (--allow-empty takes that as fine)".to_owned());
    }
}

/// Writes the last state, or a part of it, and digests both where they are not the same.
struct LastState<'a, O: Outputs> {
    /// Its number.
    state: usize,
    part: &'a Scope,
    digests: Option<[InOrder; 2]>,
    is_in_part: bool,
    writing: Writing<'a, O>,
}

impl<'a, O: Outputs> LastState<'a, O> {
    fn new(state: usize, part: &'a Scope, writing: Writing<'a, O>) -> Self {
        let digests = is_part(part).then(|| [InOrder::new(), InOrder::new()]);
        LastState { state, part, digests, is_in_part: true, writing }
    }
}

impl<O: Outputs> States for LastState<'_, O> {
    fn series(&mut self, series: &Series) -> Result<(), Error> {
        self.digests.iter_mut().flatten().for_each(|digest| digest.series(series));
        self.is_in_part = self.part.holds_series(series);
        self.writing.series(series)
    }

    fn instant(&mut self, state: usize, timestamp_ms: u64, values: &[Value]) -> Result<(), Error> {
        if state != self.state {
            return Ok(());
        }
        let point = |value: &Value| Point { timestamp_ms, value: *value };
        let mut points: Vec<Point> = values.iter().map(point).collect();
        points.sort_unstable_by_key(|point| point.record());
        let is_in_part = |point: &&Point| self.is_in_part && self.part.holds_point(**point);
        if let Some([whole, part]) = &mut self.digests {
            whole.instant(&points);
            if points.first().is_some_and(|point| is_in_part(&point)) {
                part.instant(&points);
            }
        }
        points.iter().filter(is_in_part).try_for_each(|point| self.writing.push(*point))
    }
}
