//! Folders, patterns and streams as sources.

use super::*;
use std::io::Cursor;

fn opening() -> Opening {
    let stdin = Box::new(Cursor::new(b"put m 1 1 a=b\n"));
    Opening::new(stdin, Limits::default(), 1 << 20, &Stop::default())
}

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn open(folder: &tempfile::TempDir, name: &str) -> Result<Source, Error> {
    opening().source(&[folder.path().join(name).into()], Wanted::Points)
}

fn names(source: &Source, folder: &tempfile::TempDir) -> Vec<String> {
    let prefix = format!("{}/", folder.path().display());
    let names = source.inputs.iter().map(|input| input.name.as_str());
    names.map(|name| name.strip_prefix(&prefix).unwrap().to_owned()).collect()
}

#[test]
fn a_folder_is_its_files_by_path_without_what_others_laid_there() {
    let files = ["b", "a/2", "a/1", ".hidden", "_SUCCESS", "b.crc", ".git/x"].map(|n| (n, ""));
    let folder = folder(&files);
    std::os::unix::fs::symlink(folder.path(), folder.path().join("a/loop")).unwrap();
    assert_eq!(names(&open(&folder, "").unwrap(), &folder), ["a/1", "a/2", "b"]);
}

#[test]
fn a_folder_brings_its_snapshots_and_a_snapshot_its_root() {
    let of = |name: &str| format!("root/.hbase-snapshot/{name}");
    let files = [
        &of("a/.snapshotinfo"),
        &of("a/data.manifest"),
        &of("a/.inprogress"),
        &of("b/data.manifest"),
        "root/.tabledesc/x",
        "root/archive/data/default/t/0a/f/1",
        "root/hbase.id",
    ];
    let folder = folder(&files.map(|name| (name, "\u{1}")));
    let all = open(&folder, "").unwrap();
    assert_eq!((all.inputs.len(), all.not_read.len()), (5, 0));
    let one = open(&folder, &of("a")).unwrap();
    let expected = [&of("a/.snapshotinfo"), &of("a/data.manifest"), files[5], files[6]];
    assert_eq!(names(&one, &folder), expected);
    assert_eq!(open(&folder, &of("")).unwrap().inputs.len(), 5);
}

#[test]
fn a_file_brings_its_side_file_and_a_side_file_is_no_source() {
    let sums = "crc\0\0\0\u{2}\0";
    let files = [("p-1", ""), (".p-1.crc", sums), ("p-2", ""), (".p-2.crc", "x"), (".q.crc", sums)];
    let folder = folder(&files);
    for name in ["", "p-*"] {
        let source = open(&folder, name).unwrap();
        assert_eq!(names(&source, &folder), ["p-1", ".p-1.crc", "p-2"]);
        assert_eq!(source.inputs.iter().filter(|input| input.is_sums()).count(), 1);
    }
    assert_eq!(names(&open(&folder, "p-1").unwrap(), &folder), ["p-1", ".p-1.crc"]);
}

#[test]
fn a_pattern_is_what_it_matches_unless_a_file_has_that_name() {
    let folder = folder(&[("p-1", ""), ("p-2", ""), ("q", ""), ("[x]", ""), ("x", "")]);
    assert_eq!(names(&open(&folder, "p-*").unwrap(), &folder), ["p-1", "p-2"]);
    assert_eq!(names(&open(&folder, "[x]").unwrap(), &folder), ["[x]"]);
}

#[test]
fn a_name_that_stands_for_nothing_is_a_wrong_request() {
    let folder = folder(&[(".hidden", ""), ("empty/.keep", "")]);
    for name in ["r-*", "none", "empty"] {
        assert_eq!(open(&folder, name).unwrap_err().kind(), Kind::Usage, "{name}");
    }
    let error = opening().source(&["s3://bucket/x".into()], Wanted::Points).unwrap_err();
    assert!(error.to_string().starts_with("s3://bucket/x: s3:// is not supported yet\nhelp: "));
}

fn manifest_of(folder: &tempfile::TempDir) -> Vec<u8> {
    let mut opening = opening();
    let source = opening.source(&[folder.path().into()], Wanted::Points).unwrap();
    let temp_dir = std::env::temp_dir();
    let resources = Resources { threads: 1, temp_dir, piece_bytes: 100 };
    let host = opening.into_host(resources, Progress::default()).unwrap();
    let (options, mut out) = (tsdbproof::Options::default(), Vec::new());
    crate::block_on(tsdbproof::manifest(&host, &source, &options, &mut out)).unwrap();
    out
}

#[test]
fn a_manifest_in_a_folder_is_no_backup_but_the_one_held_against_is_expected() {
    let folder = folder(&[("data", "")]);
    let manifest = folder.path().join("m.arrow");
    fs::write(&manifest, manifest_of(&folder)).unwrap();
    let source = open(&folder, "").unwrap();
    assert_eq!((source.inputs.len(), source.not_read.len()), (1, 1));
    let mut opening = opening();
    opening.input(manifest.as_os_str()).unwrap();
    let source = opening.source(&[folder.path().into()], Wanted::Points).unwrap();
    assert_eq!((source.inputs.len(), source.not_read.len()), (1, 0));
    assert_eq!(opening.opened.len(), 2);
    assert!(opening.is_input(&manifest));
    assert!(!opening.is_input(&folder.path().join("other")));
}

#[test]
fn a_file_of_many_names_is_read_once_and_links_in_circles_end() {
    let files = [("a/x", ""), ("b/y", ""), ("c/z", "")];
    let folder = folder(&files);
    let at = |name: &str| folder.path().join(name);
    let link = |to: &str, from: &str| std::os::unix::fs::symlink(at(to), at(from)).unwrap();
    for from in ["a", "b", "c"] {
        for to in ["a", "b", "c"] {
            link(to, &format!("{from}/to-{to}"));
        }
    }
    link("a/x", "d");
    assert_eq!(open(&folder, "").unwrap().inputs.len(), 3);
    let twice = [at("a/x").into(), at("d").into(), at("a").into()];
    let source = opening().source(&twice, Wanted::Points).unwrap();
    assert_eq!(source.inputs.len(), 3);
    assert_eq!(open(&folder, "**").unwrap().inputs.len(), 3);
}

#[test]
fn standard_input_is_read_once() {
    let mut opening = opening();
    let source = opening.source(&["-".into()], Wanted::Points).unwrap();
    assert_eq!(
        (source.inputs[0].size, source.inputs[0].beginning()),
        (None, b"put m 1 1 a=b\n".as_slice())
    );
    let error = opening.source(&["/dev/stdin".into()], Wanted::Points).unwrap_err();
    assert_eq!(error.kind(), Kind::Usage);
}

#[test]
fn names_cannot_steer_a_terminal() {
    let folder = folder(&[("a\u{1b}[2J", "")]);
    assert_eq!(names(&open(&folder, "").unwrap(), &folder), ["a\\u{1b}[2J"]);
}
