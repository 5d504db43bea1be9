//! What a patch changes, and between which states.

use serde::{Deserialize, Serialize};
use tsdbproof_core::{
    Profile,
    digest::{RootText, Roots},
};

use crate::{
    store::patch::{ChangeCounts, Meta, State},
    time::time,
};

/// A patch that was written or applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(tsify::Tsify), tsify(hashmap_as_object))]
pub struct PatchSummary {
    /// Its name; empty of one that is being written.
    pub name: String,
    /// The exact root that it starts from.
    pub base_root: String,
    /// The exact root that it yields.
    pub result_root: String,
    /// Points of the state that it yields.
    pub result_points: u64,
    /// The time of the newest of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", tsify(optional))]
    pub result_last: Option<String>,
    /// What the state that it starts from was read from.
    pub base_source: PatchSource,
    /// What the state that it yields was read from.
    pub result_source: PatchSource,
    /// Points that it adds.
    pub added: u64,
    /// Points whose value it replaces.
    pub replaced: u64,
    /// Points that it deletes.
    pub deleted: u64,
    /// Hours that it clears, for its base was a manifest: their points could not be seen.
    #[serde(skip_serializing_if = "is_zero")]
    #[cfg_attr(feature = "ts", tsify(optional))]
    pub cleared_hours: u64,
    /// Points of the base in these hours. What of them stands in the result as well is among `added`.
    #[serde(skip_serializing_if = "is_zero")]
    #[cfg_attr(feature = "ts", tsify(optional))]
    pub cleared_points: u64,
}

/// What an end of a patch was read from when the patch was made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(tsify::Tsify), tsify(hashmap_as_object))]
pub struct PatchSource {
    /// What the user named, without its folders; of a manifest its own name.
    pub names: Vec<String>,
    /// Files that were read; of a manifest those that it was made of.
    pub files: u64,
    /// Bytes in them.
    pub size_bytes: u64,
    /// BLAKE3 of all of them, as docs/spec/patch.md tells, where that of each is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", tsify(optional))]
    pub blake3: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl PatchSummary {
    pub(crate) fn new(name: &str, base: &State, result: &State, counts: ChangeCounts) -> Self {
        let ChangeCounts { added, replaced, deleted, cleared_hours, cleared_points } = counts;
        PatchSummary {
            name: name.to_owned(),
            base_root: root(&base.roots),
            result_root: root(&result.roots),
            result_points: result.points,
            base_source: base.source.clone(),
            result_source: result.source.clone(),
            result_last: (result.points > 0).then(|| time(result.last_ms)),
            added,
            replaced,
            deleted,
            cleared_hours,
            cleared_points,
        }
    }

    pub(crate) fn of(name: &str, meta: &Meta) -> Self {
        PatchSummary::new(name, &meta.base, &meta.result, meta.counts)
    }
}

/// Why patches do not lead from a base to the state that is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(tsify::Tsify), tsify(hashmap_as_object))]
pub struct Misfit {
    /// What it is.
    pub kind: MisfitKind,
    /// The exact root at which they end.
    pub root: String,
    /// Of a gap, the patch that yields this root; of a fork, those that start from it.
    pub patches: Vec<String>,
    /// All of it in a sentence.
    #[serde(skip)]
    pub(crate) why: String,
}

/// In what patches do not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(tsify::Tsify), tsify(hashmap_as_object))]
#[serde(rename_all = "kebab-case")]
pub enum MisfitKind {
    /// No patch starts from the base.
    Base,
    /// No patch starts from what another yields.
    Gap,
    /// Several patches start from one state.
    Fork,
    /// They never lead to the state that is asked for.
    End,
}

/// The exact root as it is written.
pub(crate) fn root(roots: &Roots) -> String {
    RootText::Root(Profile::Exact, roots.exact).to_string()
}
