//! Snapshots that HBase took: of the lab's tables; of a table with versions and delete markers in
//! several store files, and of its clone after a split.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tsdbproof_core::{Kind, Problem, ProblemKind};

use super::*;
use crate::Limits;
use crate::hbase::cell::{Cell, CellKind, CellSink};
use crate::hbase::hfile::{HFileReader, Layout, LayoutStep, ReadAs, Side};
use crate::hbase::merge::{FamilyRules, Hidden, visible};

fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/opentsdb").join(path)
}

/// Relative paths and sizes of all files in a folder, in no order that means anything.
fn list(folder: &Path) -> Vec<(String, u64)> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(open) = folders.pop() {
        for entry in std::fs::read_dir(&open).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                files.push((name, std::fs::metadata(&path).unwrap().len()));
            }
        }
    }
    files
}

/// A snapshot with all files of its folder.
struct Opened {
    folder: PathBuf,
    files: Vec<(String, u64)>,
    description: Description,
    manifest: Manifest,
}

fn open(path: &str) -> Opened {
    let folder = root(path);
    let files = list(&folder);
    let found = find(files.iter().map(|(path, _)| path.as_str()));
    let [snapshot] = found.as_slice() else { panic!("{found:?}") };
    assert!(!snapshot.is_unfinished);
    let bytes = |index: usize| std::fs::read(folder.join(&files[index].0)).unwrap();
    let description = Description::parse(&bytes(snapshot.info.unwrap())).unwrap();
    assert_eq!(description.name, snapshot.name);
    let manifest = match snapshot.manifest {
        Some(index) => Manifest::parse(&bytes(index)).unwrap(),
        None => {
            let parts: Vec<_> = snapshot.region_manifests.iter().copied().map(bytes).collect();
            Manifest::parse_parts(parts.iter().map(Vec::as_slice)).unwrap()
        }
    };
    Opened { folder, files, description, manifest }
}

#[derive(Default)]
struct Found(Vec<OwnedCell>);

/// A cell, kept.
struct OwnedCell {
    parts: [Vec<u8>; 5],
    timestamp_ms: i64,
    kind: CellKind,
    sequence: u64,
}

impl OwnedCell {
    fn cell(&self) -> Cell<'_> {
        let [row, family, qualifier, value, tags] = &self.parts;
        let (timestamp_ms, kind, sequence) = (self.timestamp_ms, self.kind, self.sequence);
        Cell { row, family, qualifier, timestamp_ms, kind, value, tags, sequence }
    }
}

impl CellSink for Found {
    fn cell(&mut self, cell: Cell<'_>, _: Range<u64>) {
        let parts = [cell.row, cell.family, cell.qualifier, cell.value, cell.tags];
        let parts = parts.map(<[u8]>::to_vec);
        let Cell { timestamp_ms, kind, sequence, .. } = cell;
        self.0.push(OwnedCell { parts, timestamp_ms, kind, sequence });
    }

    fn problem(&mut self, problem: Problem) {
        panic!("{problem:?}");
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Opened {
    /// What a scan at the snapshot's time shows, as lines of text: all store files of a family in a
    /// region, the newest first, merged.
    fn shown(&self, hidden: &mut Hidden) -> Vec<String> {
        let (located, problems) = locate(&self.manifest, &self.files);
        assert_eq!(problems, []);
        let mut cells = Vec::new();
        for region in &self.manifest.regions {
            for family in &self.manifest.schema.as_ref().unwrap().families {
                let is_in =
                    |it: &&LocatedFile<'_>| it.region == region && it.file.family == family.name;
                let mut opened: Vec<_> =
                    located.iter().filter(is_in).map(|it| self.open_file(it)).collect();
                opened.sort_by(|a, b| b.0.cmp(&a.0));
                let mut rows: std::collections::BTreeMap<&[u8], Vec<Cell<'_>>> = Default::default();
                for cell in opened.iter().flat_map(|(_, found)| &found.0) {
                    rows.entry(&cell.parts[0]).or_default().push(cell.cell());
                }
                for mut row in rows.into_values() {
                    let now_ms = self.description.created_ms;
                    visible(&mut row, &family.rules().unwrap(), now_ms, hidden);
                    cells.extend(row.iter().map(|cell| {
                        let family = str::from_utf8(cell.family).unwrap();
                        let (qualifier, value) = (hex(cell.qualifier), hex(cell.value));
                        let (row, time) = (hex(cell.row), cell.timestamp_ms);
                        format!("{row}\t{family}\t{qualifier}\t{time}\t{:?}\t{value}", cell.kind)
                    }));
                }
            }
        }
        cells.sort();
        cells
    }

    fn open_file(&self, it: &LocatedFile<'_>) -> (crate::hbase::hfile::Age, Found) {
        let bytes = std::fs::read(self.folder.join(&self.files[it.index].0)).unwrap();
        let limits = Limits::default();
        let layout = match Layout::read(&bytes, bytes.len() as u64, &limits).unwrap() {
            LayoutStep::Ready(layout) => Arc::<Layout>::from(layout),
            LayoutStep::Need { .. } => panic!("all of it is there"),
        };
        let half = it.file.half.clone();
        let is_top = half.as_ref().is_some_and(|half| half.side == Side::Top);
        let sequence = layout.sequence_of_cells(&it.file.name, is_top);
        let range = layout.data.clone();
        let read_as = ReadAs { half, sequence };
        let mut reader = HFileReader::new(Arc::clone(&layout), range, read_as, &limits);
        let mut found = Found::default();
        reader.push(&bytes, &mut found);
        reader.finish(&mut found);
        (layout.age(&it.file.name, is_top), found)
    }
}

/// Lines of a file of the fixtures, sorted.
fn truth(path: &str) -> Vec<String> {
    let bytes = std::fs::read(root(path)).unwrap();
    let mut text = String::new();
    let read = if path.ends_with(".gz") {
        std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(&bytes[..]), &mut text)
    } else {
        std::io::Read::read_to_string(&mut &bytes[..], &mut text)
    };
    read.unwrap();
    let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

#[test]
fn snapshots_of_the_lab_hold_the_cells_of_the_tables() {
    for (snapshot, cells) in [("main-data", "main-data"), ("main-uid", "main-uid")] {
        let opened = open(&format!("snapshot/{snapshot}"));
        let shown = opened.shown(&mut Hidden::default());
        assert_eq!(shown, truth(&format!("cells/{cells}.tsv.gz")), "{snapshot}");
        assert_eq!(opened.manifest.check(), []);
    }
}

#[test]
fn store_files_links_and_references_merge_to_what_a_scan_shows() {
    for (snapshot, cells) in [("plain", "plain"), ("linked", "linked"), ("root", "linked")] {
        let opened = open(&format!("made/snapshot/{snapshot}"));
        let mut hidden = Hidden::default();
        let shown = opened.shown(&mut hidden);
        assert_eq!(shown, truth(&format!("made/snapshot/{cells}.tsv")), "{snapshot}");
        assert_eq!(opened.manifest.check(), []);
        let Hidden { markers, deleted, older, expired } = hidden;
        assert!(markers > 30 && deleted > 30 && older > 30 && expired > 2, "{hidden:?}");
    }
}

#[test]
fn a_description_and_a_schema_say_what_was_taken() {
    let Opened { description, manifest, .. } = open("made/snapshot/linked");
    assert_eq!(description.name, "mk-linked");
    assert_eq!(description.table.to_string(), "mkns:mk_clone");
    assert_eq!(description.kind, SnapshotKind::Flush);
    assert!(description.created_ms.is_some_and(|time| time > 1_700_000_000_000));
    assert_eq!(description.ttl_s, None);
    let schema = manifest.schema.as_ref().unwrap();
    assert_eq!(schema.table.as_ref(), Some(&description.table));
    let family = |name: &[u8]| schema.family(name).unwrap();
    assert_eq!(family(b"u").attribute("KEEP_DELETED_CELLS"), Some(&b"TRUE"[..]));
    assert_eq!(family(b"t").attribute("DATA_BLOCK_ENCODING"), Some(&b"DIFF"[..]));
    let ttl_ms = Some(8_640_000_000);
    let rules = FamilyRules { max_versions: 1, min_versions: 1, ttl_ms };
    assert_eq!(family(b"u").rules().unwrap(), rules);
    let forever = open("snapshot/main-data").manifest.schema.unwrap();
    assert_eq!(forever.families[0].rules().unwrap(), FamilyRules::default());
}

#[test]
fn a_split_parent_stands_in_the_manifest_and_is_not_read() {
    let Opened { manifest, files, .. } = open("made/snapshot/linked");
    let parents: Vec<_> = manifest.regions.iter().filter(|region| region.is_split).collect();
    let [parent] = parents.as_slice() else { panic!("{parents:?}") };
    assert!(parent.is_offline && !parent.has_rows() && !parent.files.is_empty());
    let (located, _) = locate(&manifest, &files);
    let halves = located.iter().filter(|it| it.file.half.is_some()).count();
    assert_eq!((located.len(), halves), (23, 16));
    assert!(located.iter().all(|it| it.region.has_rows()));
}

#[test]
fn a_file_that_is_missing_or_of_another_length_is_told() {
    let Opened { manifest, mut files, .. } = open("made/snapshot/plain");
    let (whole, _) = locate(&manifest, &files);
    let gone = files.iter().position(|(path, _)| path.contains("_SeqId_")).unwrap();
    let region = whole.iter().find(|it| it.index == gone).unwrap().region;
    let rows = span(&region.start_key, &region.end_key);
    let (path, _) = files.remove(gone);
    let cut = files.iter().position(|(path, _)| path.starts_with("archive/")).unwrap();
    files[cut].1 -= 1;
    let (located, problems) = locate(&manifest, &files);
    assert_eq!(located.len(), whole.len() - 1);
    let lengths = located.iter().filter_map(|it| it.wrong_size.as_ref());
    let told: Vec<_> = problems.iter().chain(lengths).map(|it| (it.kind, &*it.what)).collect();
    let size = files[cut].1;
    let place = files[cut].0.strip_prefix("archive/data/default/mk/").unwrap();
    let missing = format!(
        "a store file that the snapshot names is not there; expected {path} or the same without archive/; what it held of the rows {rows} is not known"
    );
    let length = format!("the store file {place} has {size} bytes; the snapshot says {}", size + 1);
    let expected = [(ProblemKind::MissingFile, &*missing), (ProblemKind::FileLength, &*length)];
    assert_eq!(told, expected);
}

#[test]
fn a_file_is_found_wherever_its_region_lies() {
    let Opened { manifest, files, .. } = open("made/snapshot/plain");
    let (expected, _) = locate(&manifest, &files);
    let elsewhere = |path: &str| path.replace("archive/data/default/", "old/mk-backup/");
    let moved: Vec<_> = files.iter().map(|(path, size)| (elsewhere(path), *size)).collect();
    assert_eq!(locate(&manifest, &moved), (expected.clone(), vec![]));
    // A copy that was cut, in front of the whole one and behind it.
    for first in ["a", "z"] {
        let cut = files.iter().map(|(path, size)| (format!("{first}/{path}"), size / 2));
        let both: Vec<_> = files.iter().cloned().chain(cut).collect();
        assert_eq!(locate(&manifest, &both), (expected.clone(), vec![]));
    }
}

#[test]
fn manifests_of_regions_that_were_not_joined_are_one() {
    let opened = open("made/snapshot/unconsolidated");
    assert_eq!(opened.description.table.to_string(), "mk");
    let mut parts = opened.manifest;
    let mut whole = open("made/snapshot/plain").manifest;
    assert_eq!(parts.schema, None);
    for manifest in [&mut parts, &mut whole] {
        manifest.regions.sort_by(|a, b| a.start_key.cmp(&b.start_key));
        for region in &mut manifest.regions {
            region.files.sort_by(|a, b| (&a.family, &a.name).cmp(&(&b.family, &b.name)));
        }
    }
    assert_eq!(parts.regions, whole.regions);
}

#[test]
fn rows_that_no_region_or_two_regions_have_are_told() {
    let manifest = open("made/snapshot/linked").manifest;
    let told = |manifest: &Manifest| -> Vec<String> {
        manifest.check().into_iter().map(|problem| problem.what).collect()
    };
    let without = |start: &[u8]| {
        let mut other = manifest.clone();
        other.regions.retain(|region| region.is_split || region.start_key != start);
        told(&other)
    };
    let none = "no region of the manifest has the rows";
    assert_eq!(without(b"r03"), [format!("{none} from 723033 to 723036")]);
    assert_eq!(without(b"r06"), [format!("{none} from 723036 to the last")]);
    assert_eq!(without(b""), [format!("{none} from the first to 723033")]);
    let mut other = manifest.clone();
    other.regions.iter_mut().for_each(|region| region.is_split = false);
    let two = "two regions of the manifest have the rows";
    assert!(told(&other)[0].starts_with(two), "{:?}", told(&other));
    other.regions.clear();
    assert_eq!(told(&other), [format!("{none} from the first to the last")]);
}

#[test]
fn rules_that_are_not_followed_are_refused() {
    let manifest = open("made/snapshot/plain").manifest;
    let bytes = std::fs::read(root("made/snapshot/plain/.hbase-snapshot/mk-plain/data.manifest"));
    let bytes = bytes.unwrap();
    let changed = |from: &[u8], to: &[u8]| {
        let at = memchr::memmem::find(&bytes, from).expect("it is there");
        let mut bytes = bytes.clone();
        bytes[at..at + to.len()].copy_from_slice(to);
        Manifest::parse(&bytes).unwrap().schema.unwrap()
    };
    assert_eq!(manifest.schema.as_ref().unwrap().families.len(), 2);
    // BLOCKCACHE is true; its name is as long as another is.
    let schema = changed(b"BLOCKCACHE\x12\x04true", b"\x06IS_MOBxxx");
    assert!(schema.families[0].rules().is_ok());
    let error =
        changed(b"\x0a\x09IN_MEMORY\x12\x05false", b"\x0a\x06IS_MOB\x12\x04true\x18\x00\x18\x00");
    let error = error.families[0].rules().unwrap_err();
    assert_eq!(error.kind(), Kind::Unsupported);
    assert!(error.to_string().contains("IS_MOB"), "{error}");
    let error = changed(b"\x12\x078640000", b"\x12\x0786400xy").families[0].rules().unwrap_err();
    assert_eq!(error.kind(), Kind::Malformed);
}

#[test]
fn an_old_snapshot_is_refused_with_a_way_out() {
    let file = root("made/snapshot/plain/.hbase-snapshot/mk-plain/.snapshotinfo");
    let mut bytes = std::fs::read(file).unwrap();
    let at = memchr::memmem::find(&bytes, b"\x28\x02").expect("version 2");
    bytes[at + 1] = 0;
    let error = Description::parse(&bytes).unwrap_err();
    assert_eq!(error.kind(), Kind::Unsupported);
    assert!(error.to_string().contains("version 0") && error.to_string().contains("\nhelp: "));
}

#[test]
fn unfinished_snapshots_are_known_as_such() {
    let found = find([
        ".hbase-snapshot/b/.snapshotinfo",
        ".hbase-snapshot/b/region-manifest.0a",
        "x/.hbase-snapshot/a/data.manifest",
        ".hbase-snapshot/.tmp/b/.snapshotinfo",
        ".hbase-snapshot/a/deeper/data.manifest",
        "archive/data/default/t/0a/f/b",
    ]);
    let told: Vec<_> =
        found.iter().map(|it| (it.name.as_str(), it.is_unfinished, it.info, it.manifest)).collect();
    let expected =
        [("b", false, Some(0), None), ("b", true, Some(3), None), ("a", false, None, Some(2))];
    assert_eq!(told, expected);
    assert_eq!(found[0].region_manifests, [1]);
    assert_eq!(found.iter().map(|it| it.root.as_str()).collect::<Vec<_>>(), ["", "", "x/"]);
}

#[test]
fn a_changed_manifest_names_the_same_files_or_is_told() {
    let Opened { manifest, files, .. } = open("made/snapshot/linked");
    let file = "made/snapshot/linked/.hbase-snapshot/mk-linked/data.manifest";
    let bytes = std::fs::read(root(file)).unwrap();
    let read = |manifest: &Manifest| {
        let (located, problems) = locate(manifest, &files);
        let lengths = located.iter().filter(|it| it.wrong_size.is_some()).count();
        let told = problems.len() + lengths + manifest.check().len();
        // The table in a link's name is not needed to find the file.
        let what = |it: &LocatedFile<'_>| (it.index, it.file.half.clone(), it.file.family.clone());
        (located.iter().map(what).collect::<Vec<_>>(), told)
    };
    let (whole, none) = read(&manifest);
    assert_eq!(none, 0);
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1 << (at % 8);
        for bytes in [&changed[..], &bytes[..at]] {
            let Ok(manifest) = Manifest::parse(bytes) else { continue };
            let (found, told) = read(&manifest);
            assert!(found == whole || told > 0, "byte {at}");
        }
    }
}

#[test]
fn a_changed_or_cut_description_never_panics() {
    let file = "made/snapshot/linked/.hbase-snapshot/mk-linked/.snapshotinfo";
    let bytes = std::fs::read(root(file)).unwrap();
    for at in 0..bytes.len() {
        for change in 1..=255 {
            let mut changed = bytes.clone();
            changed[at] ^= change;
            let _ = Description::parse(&changed);
        }
        // Its version stands near the end; before that it is cut in front of it.
        assert!(at > bytes.len() - 4 || Description::parse(&bytes[..at]).is_err(), "{at}");
    }
}
