//! What a folder of backups and patches can restore.

use serde::Serialize;

/// The states that the files of a folder tell of, and what stands in it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(tsify::Tsify), tsify(hashmap_as_object))]
pub struct Chained {
    /// The states, each behind those that patches lead from.
    pub states: Vec<ChainState>,
    /// The files and folders, by name.
    pub files: Vec<ChainFile>,
    /// Whether it was asked what can go.
    pub is_pruned: bool,
}

/// A state of the points.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(tsify::Tsify), tsify(hashmap_as_object))]
pub struct ChainState {
    /// Its exact root.
    pub root: String,
    /// Its points.
    pub points: u64,
    /// The time of the newest of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", tsify(optional))]
    pub last: Option<String>,
    /// Whether it can be restored, which was proven: its root was made of what stands here.
    pub is_restorable: bool,
    /// How: a full backup, then patches.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "ts", tsify(optional))]
    pub steps: Vec<ChainStep>,
    /// Manifests of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "ts", tsify(optional))]
    pub manifests: Vec<String>,
    /// Of a job that prunes: whether it is kept.
    pub is_kept: bool,
}

/// A step on the way to a state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(tsify::Tsify), tsify(hashmap_as_object))]
pub struct ChainStep {
    /// The file.
    pub name: String,
    /// Of a patch: whether it takes back what it did.
    pub is_reverse: bool,
}

/// A file or folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(tsify::Tsify), tsify(hashmap_as_object))]
pub struct ChainFile {
    /// Its name.
    pub name: String,
    /// What it is: `full`, `patch` or `manifest`.
    pub kind: &'static str,
    /// Bytes, of all files of a folder.
    pub size_bytes: u64,
    /// What is wrong with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", tsify(optional))]
    pub fault: Option<String>,
    /// Of a job that prunes: whether no kept state needs it.
    pub can_go: bool,
}
