//! Patches as inputs: read, and put into the order in which they follow on each other.

use std::{convert::identity, sync::Arc};

use tsdbproof_core::{
    Error, Kind, Point, Profile, Record, Value,
    digest::{RootText, Roots, Totals},
};

use super::{
    Course, Until,
    links::{self, Break},
    own_files,
};
use crate::{
    Duplicates, Expect, Host, Input, Scope,
    look::{Item, Merge, Run, Spill, Window},
    report::{Misfit, MisfitKind, root},
    store::patch::{Change, Changes, Meta},
    time::time,
};

/// A patch that was read and found sound.
#[derive(Clone)]
pub(super) struct ReadPatch {
    pub(super) name: String,
    run: Run,
    pub(super) meta: Meta,
    pub(super) is_reversed: bool,
}

impl ReadPatch {
    /// Its changes, in the direction in which it was written.
    pub(super) fn changes(&self, spill: &Arc<Spill>) -> Result<Merge<Change>, Error> {
        Merge::open(spill, std::slice::from_ref(&self.run))
    }

    /// Takes back what it did. Errors: it clears hours, and does not know their points.
    pub(super) fn reverse(&mut self) -> Result<(), Error> {
        let Meta { base, result, counts, .. } = &mut self.meta;
        if counts.cleared_hours > 0 {
            let what = format!(
                "can't be taken back: it was made against a manifest, and does not hold the points \
                 of {} hours that it clears",
                counts.cleared_hours
            );
            return Err(Error::new(Kind::Unsupported, what)
                .in_file(&self.name)
                .help("restore the backup that it starts from"));
        }
        std::mem::swap(base, result);
        std::mem::swap(&mut counts.added, &mut counts.deleted);
        self.is_reversed = true;
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
    let files = (first_input, inputs.len());
    let read = own_files::read::<_, Changes, Change>(host, files, (spill, memory_bytes), identity);
    let patch = |(input, (run, meta)): (&Input, _)| ReadPatch {
        name: input.name.clone(),
        run,
        meta,
        is_reversed: false,
    };
    Ok(inputs.iter().zip(read.await?).map(patch).collect())
}

/// The scope of the patches, which is that of both of their ends; without any, everything.
pub(super) fn scope_of(patches: &[ReadPatch], duplicates: Duplicates) -> Result<Scope, Error> {
    let Some(first) = patches.first() else { return Ok(Scope { duplicates, ..Scope::default() }) };
    if let Some(other) = patches.iter().find(|patch| patch.meta.scope != first.meta.scope) {
        let what = format!("its scope is another than that of {}", first.name);
        return Err(Error::usage(what).in_file(&other.name));
    }
    Scope::parse(&first.meta.scope)
}

/// The patches that lead from the base to the state that is asked for, in the order in which each starts from what the
/// one before yields. Errors: why there is no such order.
pub(super) fn chain(
    base: &Totals,
    patches: &[ReadPatch],
    course: Course,
) -> Result<Vec<ReadPatch>, Misfit> {
    let is_wanted = |roots: &Roots, Expect(wanted): Expect| {
        let root = |profile| RootText::Root(profile, roots.of(profile));
        [Profile::Exact, Profile::F32].into_iter().any(|profile| wanted == root(profile))
    };
    if let Some(Until::Root(wanted)) = course.until
        && let Some(way) = links::way(base.roots, &links(patches), |at| is_wanted(at, wanted))
    {
        return Ok(pick(patches, &way));
    }
    let mut chain = in_order(base.roots, patches)?;
    let end = chain.last().map_or(base.roots, |patch| patch.meta.result.roots);
    match course.until {
        None => Ok(chain),
        Some(Until::Root(Expect(wanted))) => {
            let why = format!("the patches lead to {}, and never to {wanted}", root(&end));
            Err(misfit(MisfitKind::End, &end, Vec::new(), why))
        }
        Some(Until::At(at_ms)) => {
            let lasts = chain.iter().map(|patch| patch.meta.result.last_ms);
            let lasts: Vec<u64> = [base.all.last_ms].into_iter().chain(lasts).collect();
            let fits = |last_ms: &u64| *last_ms <= at_ms;
            // Forward the last such state, backward the first: the same one.
            let count = match course.is_reverse {
                true => lasts.iter().position(fits),
                false => lasts.iter().rposition(fits),
            };
            chain.truncate(count.ok_or_else(|| {
                let first = lasts.iter().min().copied().unwrap_or_default();
                let (at, first) = (time(at_ms), time(first));
                let why =
                    format!("every state has points behind {at}: the earliest ends at {first}");
                misfit(MisfitKind::End, &end, Vec::new(), why)
            })?);
            Ok(chain)
        }
    }
}

/// The patches as links between states.
fn links(patches: &[ReadPatch]) -> Vec<[Roots; 2]> {
    patches.iter().map(|it| [it.meta.base.roots, it.meta.result.roots]).collect()
}

fn pick(patches: &[ReadPatch], order: &[usize]) -> Vec<ReadPatch> {
    order.iter().filter_map(|index| patches.get(*index).cloned()).collect()
}

/// The state that the patches start from; `None` where they lead in a circle.
pub(super) fn start(patches: &[ReadPatch]) -> Option<Roots> {
    links::start(&links(patches))
}

/// All patches in their order, from a state on. Errors: why there is none.
pub(super) fn in_order(from: Roots, patches: &[ReadPatch]) -> Result<Vec<ReadPatch>, Misfit> {
    let name = |index: usize| patches.get(index).map(|patch| patch.name.clone());
    match links::order(from, &links(patches)) {
        Ok(order) => Ok(pick(patches, &order)),
        Err(Break::Gap { at, behind, left }) => {
            Err(gap(behind.and_then(name), &at, &pick(patches, &left)))
        }
        Err(Break::Fork { at, links }) => {
            let names: Vec<String> = links.into_iter().filter_map(name).collect();
            let why = format!("a fork: {} both start from {}", names.join(" and "), root(&at));
            Err(misfit(MisfitKind::Fork, &at, names, why))
        }
    }
}

fn misfit(kind: MisfitKind, at: &Roots, patches: Vec<String>, why: String) -> Misfit {
    Misfit { kind, root: root(at), patches, why }
}

/// Why no patch goes on from here, behind the patch of this name or from the base.
fn gap(behind: Option<String>, at: &Roots, left: &[ReadPatch]) -> Misfit {
    let (kind, from) = match &behind {
        None => (MisfitKind::Base, "BASE has".to_owned()),
        Some(name) => (MisfitKind::Gap, format!("{name} yields")),
    };
    let starts = left
        .iter()
        .take(3)
        .map(|patch| format!("{} starts from {}", patch.name, root(&patch.meta.base.roots)));
    let starts: Vec<_> = starts.collect();
    let why =
        format!("{from} the root {}, and no patch starts from it: {}", root(at), starts.join(", "));
    misfit(kind, at, behind.into_iter().collect(), why)
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
