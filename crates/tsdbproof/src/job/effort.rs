//! Comparisons that are less than whole, for what a server can be asked, or for what it is asked for.

use tsdbproof_core::{Error, HOUR_MS, Loss, digest::Depth};

use super::{manifests::ReadManifest, sample::Sample, verify::Read};
use crate::{
    Effort, Options, Unread,
    look::{Manner, Watch},
    unread::Gaps,
};

/// A manifest can't be cut within its nodes: what may still be written begins with one. The gap that
/// this leaves, where the manifest reaches so far.
pub(super) fn unsettled(read: &[Option<Read>; 2], options: &mut Options) -> Option<Unread> {
    let manifests = read.iter().flatten().filter_map(|read| match read {
        Read::Manifest(manifest) => Some(manifest),
        Read::Source(_) => None,
    });
    let node_ms = manifests.clone().map(|manifest| match manifest.leaves.depth {
        Depth::Hour => HOUR_MS,
        Depth::Day | Depth::Series | Depth::Metric => 24 * HOUR_MS,
    });
    let (node_ms, settle_ms) = node_ms.max().zip(options.settle_ms)?;
    let from_ms = settle_ms / node_ms * node_ms;
    options.settle_ms = Some(from_ms);
    let reaches = |manifest: &ReadManifest| manifest.meta.totals.all.last_ms >= from_ms;
    manifests.into_iter().any(|manifest| reaches(manifest)).then(|| Unread {
        metric: None,
        tags: None,
        from_ms,
        to_ms: u64::MAX,
        why: "may still be written, says --settle".to_owned(),
    })
}

/// Refuses less than a whole comparison where only a whole one has a meaning.
pub(super) fn check_effort(
    options: &Options,
    is_live: [bool; 2],
    has_patch: bool,
) -> Result<(), Error> {
    let (flag, allows) = match options.effort {
        Effort::Whole => return Ok(()),
        Effort::FirstDifference => ("--fail-fast", options.allowed.is_any()),
        Effort::Sample(_) => ("--quick", false),
    };
    let wrong = |what: &str, help| Err(Error::usage(format!("{flag} {what}")).help(help));
    match (options.effort, is_live) {
        _ if has_patch => wrong("compares too little for a patch", "leave one of them out"),
        _ if allows => {
            wrong("can't tell how much differs", "leave it out, or the tolerances and gates")
        }
        (Effort::Sample(_), [false, false]) => wrong(
            "samples what a server is asked for, and no side is one",
            "leave it out: files are read as a whole",
        ),
        (Effort::Sample(_), [true, true]) => wrong(
            "needs to know what to sample, and both sides are servers",
            "make a manifest of one, and verify the other against it",
        ),
        _ => Ok(()),
    }
}

/// How a server is looked at, by what the other side has.
pub(super) fn manner(
    other: &Read,
    unsettled: Option<&Unread>,
    options: &Options,
    drawn: &mut Option<Sample>,
) -> Result<Manner, Error> {
    let mut manner = Manner { known: other.metrics()?, ..Manner::default() };
    match options.effort {
        Effort::Whole => {}
        Effort::FirstDifference => {
            // A series under a stand-in may be any other: then all has to come.
            if !other.survey()?.losses.contains_key(Loss::UnnamedUids.name()) {
                let mut gaps: Gaps = other.unread().iter().cloned().collect();
                unsettled.iter().for_each(|gap| gaps.add((*gap).clone()));
                other.lost_names(&mut gaps)?;
                manner.watch = Some(Watch::new(other.leaves(), gaps, options)?);
            }
        }
        Effort::Sample(seed) => {
            let sample = Sample::draw(other.leaves(), seed)?;
            for known in &mut manner.known {
                known.only_ms = Some(sample.times(&known.metric));
            }
            manner.is_sample = true;
            *drawn = Some(sample);
        }
    }
    Ok(manner)
}
