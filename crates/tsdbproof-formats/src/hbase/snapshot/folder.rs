//! Which snapshots a folder holds.

use std::collections::BTreeMap;

/// The files of a snapshot among those of a folder, by their index in its list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct SnapshotFolder {
    pub(crate) name: String,
    /// It stands in `.tmp`: it was never finished, or not exported to its end.
    pub(crate) is_unfinished: bool,
    /// `.snapshotinfo`.
    pub(crate) info: Option<usize>,
    /// `data.manifest`.
    pub(crate) manifest: Option<usize>,
    /// Every `region-manifest.…`.
    pub(crate) region_manifests: Vec<usize>,
}

/// The snapshots in a folder of these relative paths, by name.
pub(crate) fn find<'p>(paths: impl IntoIterator<Item = &'p str>) -> Vec<SnapshotFolder> {
    let mut found: BTreeMap<(&str, bool), SnapshotFolder> = BTreeMap::new();
    for (index, path) in paths.into_iter().enumerate() {
        let Some((name, is_unfinished, file)) = parts(path) else { continue };
        let snapshot = found.entry((name, is_unfinished)).or_default();
        (snapshot.name, snapshot.is_unfinished) = (name.to_owned(), is_unfinished);
        match file {
            ".snapshotinfo" => snapshot.info = Some(index),
            "data.manifest" => snapshot.manifest = Some(index),
            _ if file.starts_with("region-manifest.") => snapshot.region_manifests.push(index),
            _ => {}
        }
    }
    found.into_values().collect()
}

/// The snapshot's name, whether it is unfinished, and the file's own name.
fn parts(path: &str) -> Option<(&str, bool, &str)> {
    let mut parts = path.split('/').skip_while(|part| *part != ".hbase-snapshot").skip(1);
    let first = parts.next()?;
    let is_unfinished = first == ".tmp";
    let name = if is_unfinished { parts.next()? } else { first };
    let file = parts.next()?;
    parts.next().is_none().then_some((name, is_unfinished, file))
}
