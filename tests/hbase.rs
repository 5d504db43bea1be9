//! Backups as HBase writes them: the known roots of real tables in every container, and the known
//! damage of a restored copy.

use std::{fs, path::Path};

use tsdbproof::{
    Options,
    report::{Report, Verdict},
};

use crate::{
    jobs::{All, manifest},
    memory_host::{MemoryHost, run},
};

const MAIN: &str = "tsdbproof:v1:exact:0596d4ed";
const APPEND: &str = "tsdbproof:v1:exact:18986a9e";
const SALT: &str = "tsdbproof:v1:exact:79e385b8";
const PREFIX: &str = "tsdbproof:v1:exact:ab972f8b";

/// All files below a folder of the repository's data, but for notes in text.
fn files(folder: &str) -> Vec<(String, Vec<u8>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/opentsdb");
    let (mut folders, mut files) = (vec![root.join(folder)], Vec::new());
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
        for path in entries.map(|entry| entry.expect("an entry").path()) {
            let is_points = path.file_name().is_some_and(|name| name != "_SUCCESS")
                && path.extension().is_none_or(|ending| ending == "gz");
            match path.is_dir() {
                true => folders.push(path),
                false if is_points => {
                    let name = path.strip_prefix(&root).expect("below").display().to_string();
                    files.push((name, fs::read(&path).expect("it can be read")));
                }
                false => {}
            }
        }
    }
    files.sort();
    assert!(!files.is_empty(), "{folder} holds no backup");
    files
}

fn slices(files: &[(String, Vec<u8>)]) -> Vec<(&str, &[u8])> {
    files.iter().map(|(name, bytes)| (name.as_str(), &bytes[..])).collect()
}

fn read(host: MemoryHost, folders: &[&str]) -> Report {
    let files: Vec<_> = folders.iter().flat_map(|folder| files(folder)).collect();
    let read = manifest(host, &slices(&files), &Options::default());
    read.unwrap_or_else(|error| panic!("{folders:?}: {error}")).1
}

#[track_caller]
fn check(folders: &[&str], root: &str, points: u64) {
    let report = read(MemoryHost::default(), folders);
    let totals = &report.sides[0].totals;
    assert!(totals.exact_root.starts_with(root), "{folders:?}: {}", totals.exact_root);
    assert_eq!((totals.points, report.verdict), (points, Verdict::Done), "{folders:?}");
}

#[test]
fn every_export_of_a_table_has_its_root() {
    let codecs =
        ["none", "record-deflate", "block-deflate", "block-bzip2", "block-snappy", "block-lz4"];
    for uids in ["seq/main-uid-none", "seq/main-uid-block-deflate"] {
        for codec in codecs {
            check(&[&format!("seq/main-{codec}"), uids], MAIN, 9876);
        }
        check(&["seq/main-raw-deleted", uids], MAIN, 9876);
        check(&["seq/main-prefix", uids], PREFIX, 1800);
    }
    check(&["seq/append-none", "seq/append-uid-none"], APPEND, 826);
    check(&["seq/append-versions3", "seq/append-uid-none"], APPEND, 826);
    check(&["seq/salt-none", "seq/salt-uid-none"], SALT, 960);
}

#[test]
fn every_store_file_has_the_root_of_the_export_it_was_made_of() {
    for encoding in [
        "hf-none",
        "hf-none-prefix",
        "hf-none-diff-row",
        "hf-gz-fastdiff-row",
        "hf-snappy-rowindex-rowcol",
        "hf-lz4-none",
    ] {
        check(&[&format!("hfile/{encoding}"), "seq/main-uid-none"], PREFIX, 1800);
    }
}

#[test]
fn nothing_depends_on_pieces_threads_order_or_repeats() {
    let uids = "seq/main-uid-none";
    let mut hosts = vec![
        MemoryHost { piece_bytes: vec![1, 70_000, 977], threads: 3, ..MemoryHost::default() },
        MemoryHost { has_scratch: false, threads: 1, ..MemoryHost::default() },
    ];
    for folder in ["seq/main-block-deflate", "hfile/hf-none"] {
        let expected = read(MemoryHost::default(), &[folder, uids]).sides[0].totals.clone();
        for host in &mut hosts {
            for folders in [[folder, uids], [uids, folder]] {
                assert_eq!(read(host.clone(), &folders).sides[0].totals, expected, "{folders:?}");
            }
        }
        // The same files once more, elsewhere: nothing is new in them.
        let twice: Vec<_> = files(folder)
            .into_iter()
            .map(|(name, bytes)| (format!("copy/{name}"), bytes))
            .chain(files(folder))
            .chain(files(uids))
            .collect();
        let (_, report) =
            manifest(MemoryHost::default(), &slices(&twice), &Options::default()).expect("sound");
        assert_eq!(report.sides[0].totals, expected, "{folder} twice");
    }
}

#[test]
fn store_files_whose_rows_overlap_are_read_as_one() {
    // Six writings of the same rows as the store files of one region.
    let mut all = files("seq/main-uid-none");
    for (name, bytes) in files("hfile") {
        let file = name.rsplit('/').next().expect("a name").to_owned();
        all.push((format!("data/default/tsdb/0a/t/{file}"), bytes));
    }
    let (_, report) =
        manifest(MemoryHost::default(), &slices(&all), &Options::default()).expect("sound");
    let totals = &report.sides[0].totals;
    assert!(totals.exact_root.starts_with(PREFIX), "{}", totals.exact_root);
    // The newest cell of each column counts, so nothing is there twice.
    assert_eq!((totals.points, report.sides[0].repeats), (1800, 0));
}

fn diff(base: &[&str], current: &[&str]) -> Report {
    let mut host = MemoryHost::default();
    let mut source = |folders: &[&str]| {
        let files: Vec<_> = folders.iter().flat_map(|folder| files(folder)).collect();
        host.source(&slices(&files))
    };
    let (base, current) = (source(base), source(current));
    run(tsdbproof::diff(&host, &base, &current, &Options::default(), &mut All::default()))
        .expect("both are sound")
}

#[test]
fn the_damage_of_a_restored_table_is_found() {
    let base = ["seq/main-block-deflate", "seq/main-uid-none"];
    let current = ["restored/seq/data-block-deflate", "restored/seq/uid-none"];
    let report = diff(&base, &current);
    let counts = report.compared.expect("it compares").counts;
    assert_eq!((counts.missing, counts.extra, counts.changed), (500, 4, 12));
}

#[test]
fn rows_without_names_end_in_what_to_do() {
    let error = |folders: &[&str]| {
        let files: Vec<_> = folders.iter().flat_map(|folder| files(folder)).collect();
        let read = manifest(MemoryHost::default(), &slices(&files), &Options::default());
        read.err().map(|error| error.to_string()).unwrap_or_default()
    };
    let none = error(&["seq/main-none"]);
    assert!(none.contains("no table of UIDs") && none.contains("--uids"), "{none}");
    let several = error(&["seq/main-none", "seq/main-uid-none", "seq/append-uid-none"]);
    assert!(several.contains("several tables of UIDs") && several.contains("--uids"), "{several}");
}
