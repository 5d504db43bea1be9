//! Patches as inputs: read, and put into the order in which they follow on each other.

use std::{convert::identity, sync::Arc};

use tsdbproof_core::{
    Error, Kind, Point, Profile, Record, Value,
    digest::{RootText, Roots},
};

use super::own_files;
use crate::{
    Expect, Host, Input, Scope,
    look::{Item, Merge, Run, Spill, Window},
    report::root,
    store::patch::{Change, Changes, Meta},
};

/// A patch that was read and found sound.
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

/// The scope of the patches, which is that of both of their ends.
pub(super) fn scope_of(patches: &[ReadPatch], asked: &Scope) -> Result<Scope, Error> {
    let Some(first) = patches.first() else { return Ok(asked.clone()) };
    if let Some(other) = patches.iter().find(|patch| patch.meta.scope != first.meta.scope) {
        let what = format!("its scope is another than that of {}", first.name);
        return Err(Error::usage(what).in_file(&other.name));
    }
    Scope::parse(&first.meta.scope)
}

/// The patches in the order in which each starts from what the one before yields. Errors: why there is
/// no such order, in a sentence.
pub(super) fn chain(
    base: Roots,
    mut patches: Vec<ReadPatch>,
    until: Option<Expect>,
) -> Result<Vec<ReadPatch>, String> {
    let reached = |roots: &Roots| {
        until.is_some_and(|Expect(wanted)| {
            [Profile::Exact, Profile::F32]
                .into_iter()
                .any(|profile| wanted == RootText::Root(profile, roots.of(profile)))
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
