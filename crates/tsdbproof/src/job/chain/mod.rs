//! `chain`: which states a folder of full backups, manifests and patches can restore, proven by doing it.
//!
//! Every file is read whole. Then patches are applied to the full backups, in memory, and the root of every
//! state on the way is held against what the patches promise.

mod graph;
mod keep;
mod prove;

use std::sync::Arc;

use tsdbproof_core::{Error, Kind};

pub use keep::Keep;

use graph::{Graph, Way};

use super::{Source, manifests, patches, side, verdict};
use crate::{
    Host, Options, Scope,
    look::{Looked, Manner, Spill, look_as, spills},
    report::{ChainFile, ChainState, ChainStep, Chained, JobKind, NotRead, Report, Verdict, root},
    time::time,
};
use manifests::ReadManifest;
use patches::ReadPatch;

/// What a file or folder turned out to be.
enum Item {
    Full(Box<Looked>),
    Patch(Box<ReadPatch>),
    Manifest(Box<ReadManifest>),
    /// Not whole, or not what it says that it is.
    Faulty,
}

/// Tells what the items of a folder can restore, and with `keep` which of them can go.
///
/// The host's inputs are those of the items, one behind the other. `not_read` stands in the folder too.
pub async fn chain<H: Host>(
    host: &H,
    items: &[Source],
    not_read: &[NotRead],
    keep: Option<&Keep>,
    options: &Options,
) -> Result<Report, Error> {
    let mut report = verdict::report(JobKind::Chain, Vec::new(), options);
    let mut files: Vec<ChainFile> = items.iter().map(file).collect();
    // One file of ours is read behind the other, but all full backups are at hand at once.
    let half_bytes = options.memory_bytes / 2;
    let (spill, _) = spills(host, half_bytes)?;
    let mut read = read_own(host, items, &mut files, (&spill, half_bytes)).await?;
    let fulls = read.iter().filter(|item| item.is_none()).count() as u64;
    let memory_bytes = half_bytes / fulls.max(1);
    let options = &Options { memory_bytes, ..options.without_file_digests() };
    let scope = scope_of(items, &read)?;
    let options = &Options { scope: Scope::parse(&scope)?, ..options.clone() };
    let mut first_input = 0;
    for ((item, file), source) in read.iter_mut().zip(&mut files).zip(items) {
        if item.is_none() {
            *item = Some(read_full(host, source, first_input, file, options).await?);
        }
        first_input += source.inputs.len();
    }
    let read: Vec<Item> = read.into_iter().flatten().collect();
    let mut graph = Graph::new(&read)?;
    for way in graph.ways() {
        prove::prove(&way, &read, &mut graph, (&spill, options), &mut files)?;
    }
    let unproven = graph.unproven_patches(&read);
    report.reasons.extend(reasons(&files, &unproven, not_read));
    let is_faulty = files.iter().any(|file| file.fault.is_some());
    report.verdict = match (is_faulty, report.reasons.is_empty()) {
        (true, _) => Verdict::Damaged,
        (false, false) => Verdict::Incomplete,
        (false, true) => Verdict::Done,
    };
    report.notes.extend((!scope.is_empty()).then(|| {
        let scope = scope.trim_end().replace('\n', ", ");
        format!("full backups were read as the patches and manifests were made: only {scope}")
    }));
    let mut states = graph.told(&files);
    if let Some(keep) = keep {
        let is_sound = report.verdict == Verdict::Done;
        let is_found = keep.apply(is_sound, &mut states, &mut files, &graph);
        if !is_sound || !is_found {
            let what = match is_sound {
                true => "nothing can go: what shall be kept is no state that can be restored here",
                false => {
                    "nothing can go from a folder that is not sound: what is wrong may be needed"
                }
            };
            report.reasons.push(what.to_owned());
            report.verdict = if is_sound { Verdict::Incomplete } else { report.verdict };
        }
    }
    let states = states.into_iter().map(|(_, state)| state).collect();
    report.chained = Some(Chained { states, files, is_pruned: keep.is_some() });
    Ok(report)
}

fn file(source: &Source) -> ChainFile {
    ChainFile {
        name: source.names.join(", "),
        kind: match source.inputs.as_slice() {
            [input] if input.is_patch() => "patch",
            [input] if input.is_manifest() => "manifest",
            _ => "full",
        },
        size_bytes: source.inputs.iter().filter_map(|input| input.size).sum(),
        fault: None,
        can_go: false,
    }
}

/// What is wrong and what is not proven, in sentences.
fn reasons(files: &[ChainFile], unproven: &[String], not_read: &[NotRead]) -> Vec<String> {
    let faults = files
        .iter()
        .filter_map(|file| file.fault.as_ref().map(|fault| format!("{}: {fault}", file.name)));
    let not_read = not_read.iter().map(|it| format!("{} was not read: {}", it.name, it.why));
    let nothing = "there is no backup, patch or manifest".to_owned();
    let nothing = files.is_empty().then_some(nothing);
    faults.chain(unproven.iter().cloned()).chain(not_read).chain(nothing).collect()
}

/// Reads patches and manifests. One that is damaged is told, and the others are read.
async fn read_own<H: Host>(
    host: &H,
    items: &[Source],
    files: &mut [ChainFile],
    (spill, memory_bytes): (&Arc<Spill>, u64),
) -> Result<Vec<Option<Item>>, Error> {
    let mut read = Vec::new();
    let mut first_input = 0;
    for (source, file) in items.iter().zip(files) {
        let inputs = source.inputs.as_slice();
        let item = match file.kind {
            "patch" => patches::read(host, inputs, first_input, spill, memory_bytes)
                .await
                .map(|read| read.into_iter().next().map(|it| Item::Patch(Box::new(it)))),
            "manifest" => manifests::read(host, inputs, first_input, spill, memory_bytes)
                .await
                .map(|read| read.into_iter().next().map(|it| Item::Manifest(Box::new(it)))),
            _ => Ok(None),
        };
        read.push(match item {
            Err(error) if matches!(error.kind(), Kind::Malformed | Kind::Unsupported) => {
                file.fault = Some(error.to_string().lines().next().unwrap_or_default().to_owned());
                Some(Item::Faulty)
            }
            item => item?,
        });
        first_input += inputs.len();
    }
    Ok(read)
}

/// Reads a full backup. One that is not whole is no state to start from.
async fn read_full<H: Host>(
    host: &H,
    source: &Source,
    first_input: usize,
    file: &mut ChainFile,
    options: &Options,
) -> Result<Item, Error> {
    let manner = Manner { keeps_points: true, ..Manner::default() };
    let looked = look_as(host, source, first_input, options, manner).await?;
    let survey = side::survey(&looked.leaves)?;
    let side = side::of_source("source", source, &looked, &survey, &options.scope.text());
    let damage: u64 = side.problems.iter().filter(|it| it.is_damage).map(|it| it.count).sum();
    let lacks = side.not_read.len() + side.unread.len() + side.losses.len();
    if damage == 0 && lacks == 0 {
        return Ok(Item::Full(Box::new(looked)));
    }
    file.fault = Some(match damage {
        0 => "not all of it could be read as it was stored; `tsdbproof show` tells what".to_owned(),
        _ => "it is damaged; `tsdbproof show` tells where".to_owned(),
    });
    Ok(Item::Faulty)
}

/// The scope of all patches, else of all manifests.
fn scope_of(items: &[Source], read: &[Option<Item>]) -> Result<String, Error> {
    let mut scope = None::<(String, &Source)>;
    for (item, source) in read.iter().zip(items) {
        let of_item = match item {
            Some(Item::Patch(patch)) => &patch.meta.scope,
            Some(Item::Manifest(manifest)) => &manifest.meta.scope,
            _ => continue,
        };
        match &scope {
            None => scope = Some((of_item.clone(), source)),
            Some((scope, first)) if scope != of_item => {
                let first = first.names.join(", ");
                return Err(Error::usage(format!("its scope is another than that of {first}"))
                    .in_file(source.names.join(", "))
                    .help("a folder holds patches and manifests of the same filters"));
            }
            Some(_) => {}
        }
    }
    Ok(scope.map(|(scope, _)| scope).unwrap_or_default())
}
