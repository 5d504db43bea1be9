//! Where the store files of a manifest lie in a folder.
//!
//! | name of a store file | whose file it is |
//! | --- | --- |
//! | `FILE` | the region's own |
//! | `[NAMESPACE=]TABLE=REGION-FILE` | a link: another table's, which was cloned |
//! | `FILE.REGION`, `LINK.REGION` | a reference: one half of a file, or a link, of that parent |
//!
//! A file of a live table and the same in the archive are one: it moves when the table lets it go.
//! Source: HBase 2.5.10 `io/HFileLink.java`, `regionserver/StoreFileInfo.java`,
//! `snapshot/ExportSnapshot.java`.

use std::collections::BTreeMap;

use tsdbproof_core::{Position, Problem, ProblemKind, shown};

use super::{Manifest, Region, StoreFile, TableName, span};

/// A store file of a snapshot, found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LocatedFile<'m> {
    pub(crate) region: &'m Region,
    pub(crate) file: &'m StoreFile,
    /// Which of the files in the folder it is, counted from 0.
    pub(crate) index: usize,
    /// That its length is another than the manifest says.
    pub(crate) wrong_size: Option<Problem>,
}

/// Finds the store files of a manifest among the files of a folder: relative paths and sizes.
/// Gives those that are there, in the manifest's order, and what is missing.
pub(crate) fn locate<'m>(
    manifest: &'m Manifest,
    files: &[(String, u64)],
) -> (Vec<LocatedFile<'m>>, Vec<Problem>) {
    let mut by_place: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, (path, _)) in files.iter().enumerate() {
        if let Some(place) = last_parts(path, 3) {
            by_place.entry(place).or_default().push(index);
        }
    }
    let (mut located, mut problems) = (Vec::new(), Vec::new());
    for region in manifest.regions.iter().filter(|region| region.has_rows()) {
        for file in &region.files {
            let target = Target::of(region, file);
            let indexes = by_place.get(target.place.as_str()).map(Vec::as_slice);
            match target.choose(indexes.unwrap_or_default(), files, file.size) {
                Some((index, size)) => {
                    let wrong_size = wrong_size(&target, file, size);
                    located.push(LocatedFile { region, file, index, wrong_size });
                }
                None => problems.push(target.missing(region)),
            }
        }
    }
    (located, problems)
}

/// The last parts of a path, if it has so many.
fn last_parts(path: &str, count: usize) -> Option<&str> {
    let slash = path.rmatch_indices('/').nth(count - 1);
    match slash {
        Some((at, _)) => path.get(at + 1..),
        None => (path.matches('/').count() + 1 == count).then_some(path),
    }
}

/// The file that holds the cells of a store file.
struct Target {
    table: TableName,
    /// `REGION/FAMILY/FILE`, which no other file of any table has.
    place: String,
}

impl Target {
    fn of(region: &Region, file: &StoreFile) -> Self {
        let own = (file.name.as_str(), region.encoded_name.as_str());
        // Names of tables may hold dots and lines, those of regions and files none.
        let (name, owner) = match file.half {
            Some(_) => file.name.rsplit_once('.').unwrap_or(own),
            None => own,
        };
        let link = name.rsplit_once('=').and_then(|(table, rest)| {
            let (region, file) = rest.split_once('-')?;
            Some((table, region, file))
        });
        let (table, owner, name) = match link {
            Some((table, region, file)) => {
                let (namespace, name) = match table.split_once('=') {
                    Some((namespace, name)) => (Some(namespace), name),
                    None => (None, table),
                };
                (TableName::new(namespace, name), region, file)
            }
            None => (region.table.clone(), owner, name),
        };
        let family = String::from_utf8_lossy(&file.family);
        Target { table, place: format!("{owner}/{family}/{name}") }
    }

    /// The one of these files that it is, and its size: one of the right size and table, if any is.
    fn choose(
        &self,
        indexes: &[usize],
        files: &[(String, u64)],
        expected: Option<u64>,
    ) -> Option<(usize, u64)> {
        let table = format!("/{}/{}/{}", self.table.namespace, self.table.name, self.place);
        let found = indexes.iter().filter_map(|index| Some((*index, files.get(*index)?)));
        let ranked = found.map(|(index, (path, size))| {
            let is_right_size = expected.is_none_or(|expected| expected == *size);
            let is_right_table = path.ends_with(&table) || table.get(1..) == Some(path);
            ((!is_right_size, !is_right_table, path), (index, *size))
        });
        ranked.min().map(|(_, found)| found)
    }

    fn missing(&self, region: &Region) -> Problem {
        let TableName { namespace, name } = &self.table;
        let path = format!("archive/data/{namespace}/{name}/{}", self.place);
        let what = "a store file that the snapshot names is not there; expected";
        let (path, rows) = (shown(path, 400), span(&region.start_key, &region.end_key));
        let what = format!(
            "{what} {path} or the same without archive/; what it held of the rows {rows} is not known"
        );
        Problem { kind: ProblemKind::MissingFile, at: Position::Byte(0), what }
    }
}

fn wrong_size(target: &Target, file: &StoreFile, size: u64) -> Option<Problem> {
    let expected = file.size.filter(|expected| *expected != size)?;
    let place = shown(&target.place, 300);
    let what = format!("the store file {place} has {size} bytes; the snapshot says {expected}");
    let at = Position::Byte(size.min(expected));
    Some(Problem { kind: ProblemKind::FileLength, at, what })
}
