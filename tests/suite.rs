//! The cases in `tests/suite`: a folder each, what the program makes of it in `expect.txt`.
//!
//! - `formats/<format>/<case>/` holds one `input.*` and may hold `args`, flags for `show`.
//! - `commands/<case>/` holds `cmd`, command lines that run one behind the other.
//! - `native-only` says why a case is the command's alone, and no matter of the façade.
//!
//! `UPDATE_EXPECT=1` writes what is found, but for the first line: `made-by: …` says where the
//! input is from. `cargo xtask test-wasm` holds the wasm against the same files.

use std::{
    fs,
    path::{Path, PathBuf},
};

use expect_test::expect_file;
use tsdbproof::{Options, format_by_name};

use crate::{
    apply::Unseen,
    jobs::all_of,
    memory_host::{MemoryHost, run},
    session::{enter, transcript},
};

fn suite() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("suite")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The folders in a folder, by name.
fn folders(path: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let mut folders: Vec<_> = paths.filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

fn name(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).expect("a name in UTF-8")
}

/// The one input of a case of a format.
fn input(case: &Path) -> PathBuf {
    let entries = fs::read_dir(case).expect("a case is a folder");
    let mut paths = entries.map(|entry| entry.expect("an entry").path());
    paths.find(|path| name(path).starts_with("input.")).expect("a case has an input")
}

/// Command lines that a case of a format stands for.
fn show(format: &str, case: &Path) -> [String; 2] {
    let input = format!("tests/suite/formats/{format}/{}/{}", name(case), name(&input(case)));
    let args = fs::read_to_string(case.join("args")).unwrap_or_default();
    let line = format!("tsdbproof show {input} {args}");
    [line.trim().to_owned(), format!("{} --report json", line.trim())]
}

/// Holds what lines give against a case's file.
fn check<'a>(case: &Path, lines: impl IntoIterator<Item = &'a str>) {
    let path = case.join("expect.txt");
    let origin = read(&path).lines().next().unwrap_or_default().to_owned();
    assert!(origin.starts_with("made-by: "), "{}: the first line says made-by", path.display());
    let found: Vec<String> = lines.into_iter().map(transcript).collect();
    expect_file![path].assert_eq(&format!("{origin}\n\n{}", found.join("\n")));
}

/// Every case of every format, with the format's name.
fn format_cases() -> Vec<(String, PathBuf)> {
    let cases = |folder: &PathBuf| {
        let format = name(folder).to_owned();
        assert!(format_by_name(&format).is_some(), "{format} is no format");
        folders(folder).into_iter().map(move |case| (format.clone(), case))
    };
    folders(&suite().join("formats")).iter().flat_map(cases).collect()
}

#[test]
fn formats_read_to_the_expected_report() {
    for (format, case) in format_cases() {
        check(&case, show(&format, &case).iter().map(String::as_str));
    }
}

#[test]
fn commands_give_the_expected_output() {
    for case in folders(&suite().join("commands")) {
        check(&case, read(&case.join("cmd")).lines());
    }
}

/// How hosts may feed a job without changing a report.
fn hosts() -> [MemoryHost; 4] {
    let host = MemoryHost::default;
    [
        MemoryHost { piece_bytes: vec![1], threads: 1, has_scratch: false, ..host() },
        MemoryHost { piece_bytes: vec![1 << 20], threads: 3, ..host() },
        MemoryHost { piece_bytes: vec![3, 1000, 1, 70_000], ..host() },
        MemoryHost { piece_bytes: vec![13], are_streams: true, ..host() },
    ]
}

#[test]
fn no_host_and_no_split_changes_a_report() {
    enter();
    for (format, case) in format_cases() {
        if case.join("args").exists() || case.join("native-only").exists() {
            continue;
        }
        let bytes = fs::read(input(&case)).expect("the input can be read");
        let path = format!("tests/suite/formats/{format}/{}/{}", name(&case), name(&input(&case)));
        let expected = read(&case.join("expect.txt"));
        for mut host in hosts() {
            let source = host.source(&[(&path, &bytes)]);
            let options = Options { split_bytes: 1 << 10, ..Options::default() };
            let found = all_of(|_| run(tsdbproof::show(&host, &source, &options, &mut Unseen)));
            assert!(expected.contains(&found), "{}: {host:?}\n{found}", case.display());
        }
    }
}
