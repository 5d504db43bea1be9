//! `apply`: the state after patches, checked against their roots at each end.

use std::{collections::BTreeSet, sync::Arc};

use tsdbproof_core::{Error, Kind, Point, Profile, Record, Series, Value, digest::Roots};

use super::{
    Source,
    convert::{Target, Writing, read_back, tag_keys},
    side, verdict,
};
use crate::{
    Duplicates, Expect, Flow, Host, Input, Options, Outputs, Scope, Task, Work,
    look::{
        Instant, Item, Looked, Manner, Merge, Run, RunWriter, Spill, Walk, Window, look_as, spills,
    },
    report::{JobKind, PatchSummary, Report, root},
    store::patch::{Change, Meta, PatchReader},
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
    let options =
        &Options { memory_bytes: options.memory_bytes / 2, ..options.without_file_digests() };
    let (spill, _) = spills(host, options.memory_bytes)?;
    let mut patches = read(host, patches, base.inputs.len(), &spill, options.memory_bytes).await?;
    if course.is_reverse {
        patches.iter_mut().for_each(ReadPatch::reverse);
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
    let mut keys = tag_keys(&looked.leaves)?;
    keys.extend(chain.iter().flat_map(|patch| patch.tag_keys.iter().cloned()));
    let mut writing = Writing::new(target, keys, outputs)?;
    writing.begin("")?;
    write((&looked, options.scope.duplicates), &chain, &spill, &mut writing)?;
    report.converted = Some(writing.finish()?);
    let (result, found) = read_back(outputs, target, "result", options).await?;
    report.sides.push(result);
    let differs = found.totals.roots != expected;
    if differs {
        let found = root(&found.totals.roots);
        report.reasons.push(format!(
            "the result has the root {found}, the patches promise {}",
            root(&expected)
        ));
    }
    verdict::decide(&mut report, differs, options);
    Ok(report)
}

/// A patch that was read and found sound.
pub(super) struct ReadPatch {
    pub(super) name: String,
    run: Run,
    pub(super) meta: Meta,
    tag_keys: BTreeSet<String>,
    is_reversed: bool,
}

impl ReadPatch {
    fn reverse(&mut self) {
        let Meta { base, result, counts, .. } = &mut self.meta;
        std::mem::swap(base, result);
        std::mem::swap(&mut counts.added, &mut counts.deleted);
        self.is_reversed = true;
    }
}

struct Reading {
    reader: Option<PatchReader>,
    changes: Option<RunWriter>,
    series: Option<Series>,
    tag_keys: BTreeSet<String>,
    result: Option<(Run, Meta)>,
}

impl Work for Reading {
    fn push(&mut self, bytes: &[u8]) -> Result<Flow, Error> {
        let Reading { reader, changes, series: last, tag_keys, .. } = self;
        if let (Some(reader), Some(changes)) = (reader, changes) {
            reader.push(bytes, &mut |series: &Series, change: Change| {
                if last.as_ref() != Some(series) {
                    changes.series(series);
                    tag_keys.extend(series.tags.pairs().into_iter().map(|(key, _)| key));
                    *last = Some(series.clone());
                }
                changes.push(&change)
            })?;
        }
        Ok(Flow::More)
    }

    fn finish(&mut self) -> Result<(), Error> {
        if let (Some(reader), Some(changes)) = (self.reader.take(), self.changes.take()) {
            let meta = reader.finish()?;
            self.result = Some((changes.finish()?, meta));
        }
        Ok(())
    }
}

/// Reads patches; the host knows the first of them as `first_input`.
pub(super) async fn read<H: Host>(
    host: &H,
    inputs: &[Input],
    first_input: usize,
    spill: &Arc<Spill>,
    memory_bytes: u64,
) -> Result<Vec<ReadPatch>, Error> {
    if let Some(other) = inputs.iter().find(|input| !input.is_patch()) {
        return Err(Error::new(Kind::Unsupported, "this is no patch of tsdbproof")
            .in_file(&other.name)
            .help("`tsdbproof diff BASE CURRENT --patch FILE` writes one"));
    }
    let work = || Reading {
        reader: Some(PatchReader::new(memory_bytes)),
        changes: Some(RunWriter::new(spill)),
        series: None,
        tag_keys: BTreeSet::new(),
        result: None,
    };
    let tasks = (first_input..).take(inputs.len());
    let tasks = tasks.map(|input| Task { input, from: 0, work: work() }).collect();
    let mut patches = Vec::new();
    for (task, input) in host.read(tasks).await?.into_iter().zip(inputs) {
        let Reading { result, tag_keys, .. } = task.work;
        let (run, meta) = result.ok_or_else(|| Error::new(Kind::Io, "nothing was read"))?;
        patches.push(ReadPatch {
            name: input.name.clone(),
            run,
            meta,
            tag_keys,
            is_reversed: false,
        });
    }
    Ok(patches)
}

/// The scope of the patches, which is that of both of their ends.
fn scope_of(patches: &[ReadPatch], asked: &Scope) -> Result<Scope, Error> {
    let Some(first) = patches.first() else { return Ok(asked.clone()) };
    if let Some(other) = patches.iter().find(|patch| patch.meta.scope != first.meta.scope) {
        let what = format!("its scope is another than that of {}", first.name);
        return Err(Error::usage(what).in_file(&other.name));
    }
    Scope::parse(&first.meta.scope)
}

/// The patches in the order in which each starts from what the one before yields. Errors: why there is
/// no such order, in a sentence.
fn chain(
    base: Roots,
    mut patches: Vec<ReadPatch>,
    until: Option<Expect>,
) -> Result<Vec<ReadPatch>, String> {
    let reached = |roots: &Roots| {
        until.is_some_and(|Expect(wanted)| {
            [Profile::Exact, Profile::F32].into_iter().any(|profile| {
                wanted == tsdbproof_core::digest::RootText::Root(profile, roots.of(profile))
            })
        })
    };
    let (mut at, mut chain) = (base, Vec::<ReadPatch>::new());
    while !patches.is_empty() && !reached(&at) {
        let mut fitting = patches.iter().enumerate().filter(|(_, it)| it.meta.base.roots == at);
        let (next, fork) = (fitting.next(), fitting.next());
        if let (Some((_, one)), Some((_, other))) = (next, fork) {
            return Err(format!(
                "a fork: {} and {} both start from {}",
                one.name,
                other.name,
                root(&at)
            ));
        }
        let Some((index, _)) = next else { return Err(gap(&at, &chain, &patches)) };
        let patch = patches.remove(index);
        at = patch.meta.result.roots;
        chain.push(patch);
    }
    match until {
        Some(Expect(wanted)) if !reached(&at) => {
            Err(format!("the patches lead to {}, and never to {wanted}", root(&at)))
        }
        _ => Ok(chain),
    }
}

/// Why no patch goes on from here.
fn gap(at: &Roots, chain: &[ReadPatch], left: &[ReadPatch]) -> String {
    let from = match chain.last() {
        None => "BASE has".to_owned(),
        Some(patch) => format!("{} yields", patch.name),
    };
    let starts: Vec<_> = left
        .iter()
        .take(3)
        .map(|patch| format!("{} starts from {}", patch.name, root(&patch.meta.base.roots)))
        .collect();
    format!("{from} the root {}, and no patch starts from it: {}", root(at), starts.join(", "))
}

/// Writes the points of the base with the changes of all patches.
fn write<O: Outputs>(
    (looked, duplicates): (&Looked, Duplicates),
    chain: &[ReadPatch],
    spill: &Arc<Spill>,
    writing: &mut Writing<'_, O>,
) -> Result<(), Error> {
    let mut walk = looked.walk(duplicates)?;
    let mut next = walk.next_series()?;
    let open = |patch: &ReadPatch| {
        let changes = Merge::open(spill, std::slice::from_ref(&patch.run))?;
        Ok::<_, Error>(Changes { changes, is_reversed: patch.is_reversed })
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
                changes.push(patch);
            }
        }
        writing.series(&series)?;
        write_series(in_base.then_some(&mut walk), changes, writing)?;
        if in_base {
            next = walk.next_series()?;
        }
    }
}

/// The changes of a patch, in the direction in which they are made.
struct Changes {
    changes: Merge<Change>,
    is_reversed: bool,
}

impl Changes {
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

fn write_series<O: Outputs>(
    mut walk: Option<&mut Walk>,
    mut patches: Vec<&mut Changes>,
    writing: &mut Writing<'_, O>,
) -> Result<(), Error> {
    let mut stored = take(&mut walk)?;
    loop {
        let changed =
            patches.iter().filter_map(|patch| patch.changes.peek().map(|it| it.timestamp_ms));
        let times = stored.iter().map(|instant| instant.timestamp_ms).chain(changed);
        let Some(timestamp_ms) = times.min() else { return Ok(()) };
        let mut values = Vec::new();
        if let Some(instant) = stored.take_if(|instant| instant.timestamp_ms == timestamp_ms) {
            values.extend(instant.records.iter().map(|record| record.value()));
            stored = take(&mut walk)?;
        }
        for patch in &mut patches {
            while let Some(change) = patch.next_at(timestamp_ms)? {
                change.apply(&mut values)?;
            }
        }
        values.sort_unstable();
        for value in values {
            writing.push(Point { timestamp_ms, value })?;
        }
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

fn encode(value: Option<Value>, out: &mut Vec<u8>) {
    out.push(u8::from(value.is_some()));
    let record = value.map(|value| Point { timestamp_ms: 0, value }.record().to_bytes());
    out.extend_from_slice(&record.unwrap_or_default());
}

fn decode(input: &mut Window) -> Result<Option<Value>, Error> {
    let [is_some] = input.array()?;
    let value = Record::from_bytes(input.array()?).value();
    Ok((is_some == 1).then_some(value))
}

impl Item for Change {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.timestamp_ms.to_le_bytes());
        encode(self.old, out);
        encode(self.new, out);
    }

    fn decode(input: &mut Window) -> Result<Self, Error> {
        let timestamp_ms = u64::from_le_bytes(input.array()?);
        let (old, new) = (decode(input)?, decode(input)?);
        Ok(Change { timestamp_ms, old, new })
    }
}
