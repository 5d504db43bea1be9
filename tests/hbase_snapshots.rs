//! Snapshots of the real HBase, whole and damaged; the same store files under manifests that are laid
//! out here by the format's text: halves of split regions, links, times to live.

use std::{collections::BTreeMap, fs, path::Path};

use tsdbproof::{
    Error, Options, Scope,
    report::{Report, SnapshotRead, Verdict},
};

use crate::{
    apply::Unseen,
    jobs::{All, manifest},
    memory_host::{MemoryHost, run},
};

const MAIN: &str = "tsdbproof:v1:exact:0596d4ed";
const FIRST_REGION: &str = "777b297c2ceaf947b49889320642b292";
const SECOND_REGION: &str = "997ad001e3c3024795f385984bf6e4d8";
const INFO: &str = ".hbase-snapshot/snap-main-data/.snapshotinfo";
const MANIFEST: &str = ".hbase-snapshot/snap-main-data/data.manifest";

/// Files by their paths.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// All files below a folder of the repository's data, hidden ones too, by their paths in it.
pub(crate) fn folder(name: &str) -> Files {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/opentsdb").join(name);
    let (mut folders, mut files) = (vec![root.clone()], Files::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(&root).expect("below").display().to_string();
                files.insert(name, fs::read(&path).expect("it can be read"));
            }
        }
    }
    files
}

/// The files of a side: a snapshot of points, and the Export of the names.
fn side(snapshot: &Files) -> Files {
    let names = folder("seq/main-uid-block-deflate");
    let names = names.into_iter().map(|(name, bytes)| (format!("uid/{name}"), bytes));
    let snapshot = snapshot.iter().map(|(name, bytes)| (format!("root/{name}"), bytes.clone()));
    let is_read = |name: &str| !name.ends_with("_SUCCESS") && !name.ends_with(".crc");
    names.chain(snapshot).filter(|(name, _)| is_read(name)).collect()
}

fn slices(files: &Files) -> Vec<(&str, &[u8])> {
    files.iter().map(|(name, bytes)| (name.as_str(), &bytes[..])).collect()
}

pub(crate) fn try_read(files: &Files, options: &Options) -> Result<Report, Error> {
    manifest(MemoryHost::default(), &slices(files), options).map(|(_, report)| report)
}

/// As a host reads a folder: what no format claims stands beside a snapshot.
fn read(snapshot: &Files) -> Report {
    let (files, mut host) = (side(snapshot), MemoryHost::default());
    let mut source = host.source(&slices(&files));
    let inputs = source.inputs.into_iter().map(|input| input.found(true).expect("it is kept"));
    source.inputs = inputs.collect();
    run(tsdbproof::show(&host, &source, &Options::default(), &mut Unseen))
        .unwrap_or_else(|error| panic!("{error}"))
}

fn diff(base: &Files, current: &Files) -> Report {
    let mut host = MemoryHost::default();
    let [base, current] = [base, current].map(|files| host.source(&slices(&side(files))));
    run(tsdbproof::diff(&host, &base, &current, &Options::default(), &mut All::default()))
        .expect("both can be read")
}

/// The problems of a kind, as `file: what`.
fn problems(report: &Report, kind: &str) -> (u64, Vec<String>) {
    let groups = report.sides.iter().flat_map(|side| &side.problems);
    let mut found = (0, Vec::new());
    for group in groups.filter(|group| group.kind == kind) {
        found.0 += group.count;
        found.1.extend(group.first.iter().map(|it| format!("{}: {}", it.file, it.what)));
    }
    found
}

fn root_of(report: &Report) -> &str {
    &report.sides[0].totals.exact_root
}

fn path_of(files: &Files, region: &str) -> String {
    files.keys().find(|path| path.contains(region)).expect("a store file").clone()
}

#[test]
fn a_snapshot_is_read_as_the_table_that_it_is_of() {
    let report = read(&folder("snapshot/main-data"));
    assert!(root_of(&report).starts_with(MAIN), "{}", root_of(&report));
    assert_eq!((report.verdict, report.sides[0].totals.points), (Verdict::Done, 9876));
    let snapshots = &report.sides[0].snapshots;
    let [SnapshotRead { name, table, regions, store_files, missing_files, .. }] = &snapshots[..]
    else {
        panic!("{snapshots:?}")
    };
    assert_eq!((name.as_str(), table.as_str()), ("snap-main-data", "tsdb"));
    assert_eq!((*regions, *store_files, *missing_files), (2, 2, 0));
    // As it stands in the root of a live table.
    let live: Files = folder("snapshot/main-data")
        .into_iter()
        .map(|(name, bytes)| (name.replace("archive/", ""), bytes))
        .collect();
    assert!(root_of(&read(&live)).starts_with(MAIN));
    // Both sides may be snapshots of one table, and neither is told of the other.
    let same = diff(&folder("snapshot/main-data"), &live);
    assert_eq!(same.verdict, Verdict::Same);
}

#[test]
fn a_store_file_that_is_missing_is_never_passed_over() {
    let whole = folder("snapshot/main-data");
    for region in [FIRST_REGION, SECOND_REGION] {
        let mut files = whole.clone();
        let path = path_of(&files, region);
        files.remove(&path);
        let report = read(&files);
        assert_eq!(report.verdict, Verdict::Damaged, "{region}");
        let (count, told) = problems(&report, "missing-file");
        assert!(count == 1 && told[0].starts_with(&format!("root/{MANIFEST}: ")), "{told:?}");
        assert!(told[0].contains(&path) && told[0].contains("of the rows from"), "{told:?}");
        assert_eq!(report.sides[0].snapshots[0].missing_files, 1);
        // Without it on both sides nothing differs, and nothing is the same.
        assert_eq!(diff(&files, &files).verdict, Verdict::Damaged);
        assert_eq!(diff(&whole, &files).verdict, Verdict::Different);
    }
    let mut files = whole;
    files.retain(|path, _| !path.starts_with("archive"));
    let error = try_read(&side(&files), &Options::default()).expect_err("nothing is there");
    assert!(error.to_string().contains("name the folder that holds both"), "{error}");
}

#[test]
fn damage_to_a_store_file_costs_that_file_or_its_block() {
    let whole = folder("snapshot/main-data");
    let path = path_of(&whole, FIRST_REGION);
    let points_elsewhere = {
        let mut files = whole.clone();
        files.remove(&path);
        read(&files).sides[0].totals.points
    };
    let damaged = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut files = whole.clone();
        change(files.get_mut(&path).expect("it is there"));
        let report = read(&files);
        assert_eq!(report.verdict, Verdict::Damaged);
        report
    };
    let size = whole[&path].len();
    let trailer = damaged(&|bytes| bytes[size - 4096] ^= 1);
    assert_eq!(trailer.sides[0].totals.points, points_elsewhere);
    assert_eq!(problems(&trailer, "bad-record").0, 1);
    let cut = damaged(&|bytes| bytes.truncate(size / 2));
    assert_eq!(cut.sides[0].totals.points, points_elsewhere);
    assert_eq!(problems(&cut, "file-length").1.len(), 1);
    let empty = damaged(&|bytes| bytes.clear());
    assert_eq!(empty.sides[0].totals.points, points_elsewhere);
    // Its first bytes are those of no format any more; the snapshot says what it is.
    for byte in [0, 50, size / 2] {
        let block = damaged(&|bytes| bytes[byte] ^= 1);
        let points = block.sides[0].totals.points;
        assert!(points > points_elsewhere && points < 9876, "byte {byte}: {points}");
        let (count, told) = problems(&block, "bad-checksum");
        assert!(count + problems(&block, "bad-record").0 >= 1, "{told:?}");
    }
}

#[test]
fn what_a_snapshot_does_not_name_is_no_part_of_it() {
    let mut files = folder("snapshot/main-data");
    let copy = files[&path_of(&files, FIRST_REGION)].clone();
    let region = format!("archive/data/default/tsdb/{FIRST_REGION}/t");
    files.insert(format!("{region}/0123456789abcdef0123456789abcdef"), copy);
    files.insert("hbase.id".to_owned(), b"PBUF\n$8a1e".to_vec());
    files.insert("WALs/a".to_owned(), b"PWAL\0\x01\x02".to_vec());
    let report = read(&files);
    assert!(root_of(&report).starts_with(MAIN));
    assert_eq!((report.verdict, problems(&report, "not-in-snapshot").0), (Verdict::Done, 3));
    assert_eq!(report.sides[0].files.len(), 5);
}

#[test]
fn one_of_several_snapshots_has_to_be_chosen_and_an_unfinished_one_is_damage() {
    let whole = folder("snapshot/main-data");
    let copied = |to: &str| {
        let mut files = whole.clone();
        for part in [INFO, MANIFEST] {
            files.insert(part.replace("snap-main-data", to), whole[part].clone());
        }
        files
    };
    let two = try_read(&side(&copied("later")), &Options::default()).expect_err("which?");
    let two = two.to_string();
    assert!(two.contains("several snapshots") && two.contains(".hbase-snapshot/later"), "{two}");
    let left = read(&copied(".tmp/snap-main-data"));
    assert_eq!((left.verdict, problems(&left, "not-in-snapshot").0), (Verdict::Done, 2));
    let mut unfinished = copied(".tmp/snap-main-data");
    unfinished.retain(|path, _| !path.starts_with(".hbase-snapshot/snap"));
    let report = read(&unfinished);
    assert!(root_of(&report).starts_with(MAIN));
    assert_eq!((report.verdict, problems(&report, "cut").0), (Verdict::Damaged, 1));
    let mut without_info = whole;
    without_info.remove(INFO);
    let report = read(&without_info);
    assert!(root_of(&report).starts_with(MAIN));
    assert_eq!((report.verdict, problems(&report, "missing-file").0), (Verdict::Damaged, 1));
}

/// A message of protocol buffers, field by field.
#[derive(Default)]
struct Message(Vec<u8>);

impl Message {
    fn varint(&mut self, mut number: u64) {
        while number > 0x7f {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    fn bytes(mut self, field: u64, bytes: impl AsRef<[u8]>) -> Self {
        self.varint(field << 3 | 2);
        self.varint(bytes.as_ref().len() as u64);
        self.0.extend_from_slice(bytes.as_ref());
        self
    }

    fn number(mut self, field: u64, number: u64) -> Self {
        self.varint(field << 3);
        self.varint(number);
        self
    }
}

fn table(name: &str) -> Vec<u8> {
    Message::default().bytes(1, "default").bytes(2, name).0
}

/// A schema of the family `t` with these attributes.
fn schema(name: &str, attributes: &[(&str, &str)]) -> Vec<u8> {
    let pair = |(name, value): &(&str, &str)| Message::default().bytes(1, name).bytes(2, value).0;
    let family = Message::default().bytes(1, "t");
    let family = attributes.iter().map(pair).fold(family, |family, pair| family.bytes(2, pair));
    Message::default().bytes(1, table(name)).bytes(3, family.0).0
}

fn info(name: &str, created_ms: u64) -> Vec<u8> {
    let info = Message::default().bytes(1, "snap").bytes(2, name).number(3, created_ms);
    info.number(4, 1).number(5, 2).0
}

/// A region of a table from one row to another, with its store files.
struct Region<'a> {
    table: &'a str,
    id: u64,
    rows: [&'a [u8]; 2],
    is_split: bool,
    files: Vec<Vec<u8>>,
}

impl Region<'_> {
    fn message(&self) -> Vec<u8> {
        let [start, end] = self.rows;
        let info = Message::default().number(1, self.id).bytes(2, table(self.table));
        let info = info.bytes(3, start).bytes(4, end);
        let is_split = u64::from(self.is_split);
        let info = info.number(5, is_split).number(6, is_split).number(7, 0);
        let family = Message::default().bytes(1, "t");
        let family = self.files.iter().fold(family, |family, file| family.bytes(2, file));
        Message::default().number(1, 0).bytes(2, info.0).bytes(3, family.0).0
    }
}

fn store_file(name: &str, size: usize) -> Vec<u8> {
    Message::default().bytes(1, name).number(3, size as u64).0
}

/// A reference to a half: the key of a row's first cell, and which side of it (0 top, 1 bottom).
fn half(name: &str, size: usize, split_row: &[u8], side: u64) -> Vec<u8> {
    let mut key = u16::try_from(split_row.len()).expect("a key is short").to_be_bytes().to_vec();
    key.extend_from_slice(split_row);
    key.push(0);
    key.extend_from_slice(&i64::MAX.to_be_bytes());
    key.push(255);
    let reference = Message::default().bytes(1, key).number(2, side).0;
    Message::default().bytes(1, name).bytes(2, reference).number(3, size as u64).0
}

/// The store files of the snapshot of main under another manifest.
fn laid_out(table: &str, attributes: &[(&str, &str)], created_ms: u64, of: &[Region<'_>]) -> Files {
    let mut files = folder("snapshot/main-data");
    let manifest = Message::default().bytes(1, schema(table, attributes));
    let manifest = of.iter().fold(manifest, |all, region| all.bytes(2, region.message()));
    files.insert(INFO.to_owned(), info(table, created_ms));
    files.insert(MANIFEST.to_owned(), manifest.0);
    files
}

/// A region of a clone of the table, with a link to a store file of the snapshot of main.
fn linked<'a>(files: &Files, region: &str, rows: [&'a [u8]; 2]) -> Region<'a> {
    let path = path_of(files, region);
    let name = path.rsplit('/').next().expect("a name");
    let link = store_file(&format!("tsdb={region}-{name}"), files[&path].len());
    Region { table: "clone", id: 7, rows, is_split: false, files: vec![link] }
}

const SPLIT: &[u8] = &[0, 0, 4];
const NOW_MS: u64 = 1_795_400_000_000;

#[test]
fn links_and_halves_of_a_split_region_are_read_as_what_they_are_of() {
    let whole = folder("snapshot/main-data");
    let path = path_of(&whole, FIRST_REGION);
    let (name, size) = (path.rsplit('/').next().expect("a name"), whole[&path].len());
    let link = format!("tsdb={FIRST_REGION}-{name}.fedcba9876543210fedcba9876543210");
    // One half, two, and both in a table whose parent still stands in the manifest.
    let within: &[u8] = &[0, 0, 2];
    let daughter = |rows, side| Region {
        table: "clone",
        id: 9,
        rows,
        is_split: false,
        files: vec![half(&link, size, within, side)],
    };
    let parent = Region {
        table: "clone",
        id: 8,
        rows: [b"", SPLIT],
        is_split: true,
        files: vec![store_file("0123", 5)],
    };
    let second = linked(&whole, SECOND_REGION, [SPLIT, b""]);
    let both = [parent, daughter([b"", within], 1), daughter([within, SPLIT], 0), second];
    let report = read(&laid_out("clone", &[], NOW_MS, &both));
    assert_eq!((report.verdict, report.sides[0].totals.points), (Verdict::Done, 9876));
    assert!(root_of(&report).starts_with(MAIN), "{}", root_of(&report));
    let points: u64 = report.sides[0].files.iter().map(|file| file.points_read).sum();
    assert_eq!(points, report.sides[0].points_read);
    // A half alone is half of it, and the rows that no region has are told.
    let [_, bottom, _, second] = both;
    let half_only = read(&laid_out("clone", &[], NOW_MS, &[bottom, second]));
    let points = half_only.sides[0].totals.points;
    assert!(points > 3972 && points < 9876, "{points}");
    assert_eq!(half_only.verdict, Verdict::Damaged);
    assert!(problems(&half_only, "disagreement").1[0].contains("no region"), "{half_only:?}");
}

fn plain(files: &Files, attributes: &[(&str, &str)], created_ms: u64) -> Files {
    let regions =
        [linked(files, FIRST_REGION, [b"", SPLIT]), linked(files, SECOND_REGION, [SPLIT, b""])];
    laid_out("clone", attributes, created_ms, &regions)
}

#[test]
fn cells_older_than_their_time_to_live_are_counted_and_explain_what_is_missing() {
    let whole = folder("snapshot/main-data");
    // Of the cells, by their truth, those that were written before this moment.
    let before_ms: u64 = 1_795_346_060_000;
    let mut truth = String::new();
    let packed = crate::jobs::data("cells/main-data.tsv.gz");
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(&packed[..]), &mut truth)
        .expect("text");
    let written = truth.lines().map(|line| line.split('\t').nth(3).expect("a time"));
    let old = written.filter(|ms| ms.parse::<u64>().expect("a number") < before_ms).count() as u64;
    assert!(old > 100 && old < 800, "{old}");

    let ttl = [("TTL", "3600"), ("MIN_VERSIONS", "0")];
    let files = plain(&whole, &ttl, before_ms + 3_600_000);
    let report = read(&files);
    assert_eq!((report.verdict, problems(&report, "expired").0), (Verdict::Done, old));
    let snapshot = &report.sides[0].snapshots[0];
    assert_eq!((snapshot.ttl_s, snapshot.read_at.as_ref()), (Some(3600), snapshot.taken.as_ref()));
    assert!(report.sides[0].totals.points < 9876);

    // Points of 2023 are older than what cells of 2026 may be: that is why they are missing.
    let forever = plain(&whole, &[], NOW_MS);
    let compared = diff(&forever, &files).compared.expect("it compares");
    let missing = 9876 - report.sides[0].totals.points;
    assert_eq!((compared.counts.missing, compared.counts.extra), (missing, 0));
    // But for those of later times, which nothing explains.
    let later = |files: &Files| {
        let scope = Scope { from_ms: Some(before_ms), ..Scope::default() };
        let options = Options { scope, allow_empty: true, ..Options::default() };
        try_read(&side(files), &options).expect("it can be read").sides[0].totals.points
    };
    let unexplained = later(&forever) - later(&files);
    assert_eq!((compared.counts.expired, unexplained), (missing - unexplained, 6));

    // The moment that is counted to can be another; the wall clock never is.
    let asked = |now_ms| {
        let options = Options { now_ms: Some(now_ms), ..Options::default() };
        try_read(&side(&files), &options).expect("it can be read")
    };
    assert!(root_of(&asked(before_ms)).starts_with(MAIN));
    assert_eq!(asked(NOW_MS * 2).sides[0].totals.points, 0);
    // One version of each cell may stay whatever its age.
    let kept = plain(&whole, &[("TTL", "3600"), ("MIN_VERSIONS", "1")], NOW_MS * 2);
    assert!(root_of(&read(&kept)).starts_with(MAIN));
}

#[test]
fn a_changed_or_cut_manifest_is_told_or_the_report_says_that_nothing_protects_it() {
    let whole = plain(&folder("snapshot/main-data"), &[("TTL", "2147483647")], NOW_MS);
    for part in [INFO, MANIFEST] {
        let bytes = whole[part].clone();
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << (at % 8);
            for changed in [flipped, bytes[..at].to_vec()] {
                let mut files = whole.clone();
                files.insert(part.to_owned(), changed);
                let Ok(report) = try_read(&side(&files), &Options::default()) else { continue };
                let is_same = root_of(&report).starts_with(MAIN);
                let says = report.notes.iter().any(|it| it.starts_with("content unprotected"));
                assert!(says, "{part}: byte {at}");
                let is_told = report.verdict != Verdict::Done || problems(&report, "expired").0 > 0;
                assert!(is_same || is_told, "{part}: byte {at}: {report:?}");
            }
        }
    }
}
