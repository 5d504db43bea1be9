//! Which snapshots a folder holds.

use std::collections::BTreeMap;

/// The folder below a root that holds its snapshots.
pub const SNAPSHOTS: &str = ".hbase-snapshot";
/// The folder in it of those that are not finished.
pub const UNFINISHED_SNAPSHOTS: &str = ".tmp";

/// The files of a snapshot among those of a folder, by their index in its list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SnapshotFolder {
    /// The path of the folder above `.hbase-snapshot`, empty or with `/` at its end: no store file of
    /// the snapshot lies elsewhere.
    pub root: String,
    /// The snapshot's name.
    pub name: String,
    /// It stands in `.tmp`: it was never finished, or not exported to its end.
    pub is_unfinished: bool,
    /// `.snapshotinfo`.
    pub info: Option<usize>,
    /// `data.manifest`.
    pub manifest: Option<usize>,
    /// Every `region-manifest.…`.
    pub region_manifests: Vec<usize>,
}

/// The snapshots in a folder of these paths, by root and name.
pub fn find<'p>(paths: impl IntoIterator<Item = &'p str>) -> Vec<SnapshotFolder> {
    let mut found: BTreeMap<(&str, &str, bool), SnapshotFolder> = BTreeMap::new();
    for (index, path) in paths.into_iter().enumerate() {
        let Some(Parts { root, name, is_unfinished, file }) = parts(path) else { continue };
        let snapshot = found.entry((root, name, is_unfinished)).or_default();
        snapshot.is_unfinished = is_unfinished;
        (snapshot.root, snapshot.name) = (root.to_owned(), name.to_owned());
        match file {
            File::Info => snapshot.info = Some(index),
            File::Manifest => snapshot.manifest = Some(index),
            File::RegionManifest => snapshot.region_manifests.push(index),
        }
    }
    found.into_values().collect()
}

/// Whether a path leads to a file that says what a snapshot is made of.
pub fn is_part_of_snapshot(path: &str) -> bool {
    parts(path).is_some()
}

/// A path to a file of a snapshot, taken apart.
struct Parts<'p> {
    root: &'p str,
    name: &'p str,
    is_unfinished: bool,
    file: File,
}

enum File {
    Info,
    Manifest,
    RegionManifest,
}

impl File {
    fn of(name: &str) -> Option<Self> {
        match name {
            ".snapshotinfo" => Some(File::Info),
            "data.manifest" => Some(File::Manifest),
            _ => name.starts_with("region-manifest.").then_some(File::RegionManifest),
        }
    }
}

fn parts(path: &str) -> Option<Parts<'_>> {
    let (folder, file) = path.rsplit_once('/')?;
    let (above, name) = folder.rsplit_once('/')?;
    let (above, is_unfinished) = match above.rsplit_once('/') {
        Some((above, UNFINISHED_SNAPSHOTS)) => (above, true),
        _ => (above, false),
    };
    let root = above.strip_suffix(SNAPSHOTS)?;
    let is_whole_name = root.is_empty() || root.ends_with('/');
    let file = File::of(file)?;
    is_whole_name.then_some(Parts { root, name, is_unfinished, file })
}
