//! Backups as HBase writes them: the known roots of real tables in every container, and the known
//! damage of a restored copy.

use std::{fs, path::Path};

use tsdbproof::{
    Against, Depth, Interval, Options, Scope,
    report::{Cause, Finding, Findings, KindChange, Report, TableCheck, Verdict},
};

use crate::{
    jobs::{All, data, manifest},
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
                && path.extension().is_none_or(|ending| ending == "gz" || ending == "manifest");
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
    let exports = ["seq/main-block-deflate", "restored/seq/data-block-deflate"];
    let snapshots = ["snapshot/main-data", "restored/snapshot/restored-data"];
    for [base, current] in [exports, snapshots] {
        let report = diff(&[base, "seq/main-uid-none"], &[current, "restored/seq/uid-none"]);
        let compared = report.compared.expect("it compares");
        let counts = compared.counts;
        assert_eq!((counts.missing, counts.extra, counts.changed), (500, 4, 12));
        assert_eq!((compared.kind_changes, compared.kind_examples.len()), (2, 2));
        let whole = |example: &KindChange| format!("{}.0", example.base) == example.current;
        assert!(compared.kind_examples.iter().all(whole), "{:?}", compared.kind_examples);
        // One annotation of a series, a global one and a histogram were deleted.
        assert_eq!(
            report.notes,
            [
                "annotations, which are no points, are not compared: 9 in BASE and 7 in CURRENT",
                "histograms and other objects, which are no points, are not compared: 10 in BASE and 9 in \
                 CURRENT",
            ]
        );
    }
}

/// 12 in columns at which `tsdb scan` stops, 2 beyond its end: the text has them in no case.
#[test]
fn what_a_scan_can_not_print_is_told_as_such() {
    let export = ["seq/main-block-deflate", "seq/main-uid-none"];
    for (text, missing) in [("main-import.txt", 14), ("restored/restored-import.txt", 514)] {
        let text = data(text);
        let mut host = MemoryHost::default();
        let all: Vec<_> = export.iter().flat_map(|folder| files(folder)).collect();
        let (base, current) = (host.source(&slices(&all)), host.source(&[("scan.txt", &text)]));
        let (options, mut found) = (Options::default(), All::default());
        let report = run(tsdbproof::diff(&host, &base, &current, &options, &mut found))
            .expect("both are sound");
        let counts = report.compared.expect("it compares").counts;
        assert_eq!((counts.missing, counts.unprinted), (missing, 14));
        let (mut stops, mut ends) = (0, 0);
        for cause in found.0.iter().flat_map(|difference| &difference.causes) {
            match cause {
                Cause::ScanStops { points } => stops += points,
                Cause::ScanEnds { points } => ends += points,
                _ => {}
            }
        }
        assert_eq!((stops, ends), (12, 2));
    }
    // Between two Exports it is no reason.
    let report = diff(&export, &["restored/seq/data-block-deflate", "restored/seq/uid-none"]);
    assert_eq!(report.compared.expect("it compares").counts.unprinted, 0);
}

#[test]
fn a_change_of_kind_alone_is_a_note_and_no_difference() {
    let diff = |base: (&str, &str), current: (&str, &str)| {
        let mut host = MemoryHost::default();
        let mut source = |(name, text): (&str, &str)| host.source(&[(name, text.as_bytes())]);
        let (base, current) = (source(base), source(current));
        let options = Options::default();
        let report = run(tsdbproof::diff(&host, &base, &current, &options, &mut All::default()));
        let report = report.expect("both are sound");
        let compared = report.compared.expect("it compares");
        let spelled = |it: &KindChange| format!("{} {} {}", it.time, it.base, it.current);
        (report.verdict, compared.kind_examples.iter().map(spelled).collect::<Vec<_>>())
    };
    let text = |value: &str| format!("m 1700000000 0.5 h=a\nm 1700000060 {value} h=a\n");
    let json = |value: &str| {
        format!(
            r#"[{{"metric":"m","timestamp":1700000000,"value":0.5,"tags":{{"h":"a"}}}},
               {{"metric":"m","timestamp":1700000060,"value":{value},"tags":{{"h":"a"}}}}]"#
        )
    };
    let csv = |value: &str| {
        format!("metric,timestamp,value,tag_h\nm,1700000000,0.5,a\nm,1700000060,{value},a\n")
    };
    let (five, float) = (text("5"), text("5.0"));
    let note = |base, current| vec![format!("2023-11-14T22:14:20Z {base} {current}")];
    assert_eq!(diff(("a", &five), ("b", &five)), (Verdict::Same, vec![]));
    assert_eq!(diff(("a", &five), ("b", &float)), (Verdict::Same, note("5", "5.0")));
    assert_eq!(diff(("a", &float), ("b", &json("5"))), (Verdict::Same, note("5.0", "5")));
    assert_eq!(diff(("a", &float), ("b", &json("5.0"))), (Verdict::Same, vec![]));
    // A table of text may spell all numbers as floats.
    assert_eq!(diff(("a", &five), ("b", &csv("5.0"))), (Verdict::Same, vec![]));
    // A point that stands there as both is the integer, in whatever order.
    let [both, turned] =
        [("5", "5.0"), ("5.0", "5")].map(|(a, b)| text(a) + &format!("m 1700000060 {b} h=a\n"));
    for mixed in [&both, &turned] {
        assert_eq!(diff(("a", &five), ("b", mixed)), (Verdict::Same, vec![]));
        assert_eq!(diff(("a", &float), ("b", mixed)), (Verdict::Same, note("5.0", "5")));
    }
}

/// The table of UIDs of `corrupted` is main's, but that web02 has no name, and web01 another.
#[test]
fn points_under_stand_ins_are_never_compared() {
    let (sound, damaged) = (["seq/main-none", "seq/main-uid-none"], "corrupted/seq/uid-none");
    let (unnamed, own) = (["seq/main-none", damaged], read(MemoryHost::default(), &sound));
    let lost = &read(MemoryHost::default(), &unnamed).sides[0];
    let hours = lost.losses["unnamed-uids"];
    let kinds: Vec<_> = lost.problems.iter().map(|it| (it.kind, it.is_damage)).collect();
    for kind in [("unresolved-names", true), ("uid-without-name", true), ("uid-two-names", true)] {
        assert!(kinds.contains(&kind), "{kinds:?}");
    }
    // Of all hosts with two names and none: web01 under both, web02 under neither.
    let count = |part: &str| of_host(&sound, part);
    let (renamed, nameless) = (count("host=web01"), count("host=web02"));
    assert!(renamed.points > 100 && nameless.points > 100 && nameless.hours == hours);
    for (base, current) in [(&sound, &unnamed), (&unnamed, &sound)] {
        let report = diff(base, current);
        let compared = report.compared.expect("it compares");
        let counts = compared.counts;
        let of_sound = if std::ptr::eq(base, &sound) { counts.missing } else { counts.extra };
        // A series of web01 may be one of web02 that has its other tags: 510 points of five hours.
        assert_eq!(of_sound, renamed.points - 510);
        assert_eq!(counts.missing + counts.extra + counts.changed, 2 * renamed.points - 510);
        // Each of its hours once under a stand-in, and once by the name that it may have.
        assert_eq!(compared.lossy_nodes, hours + compared.unnamed_nodes);
        assert_eq!(compared.unnamed_nodes, hours + 5);
        assert_eq!(report.verdict, Verdict::Different);
    }
    // Equal points under equal stand-ins may be those of two series.
    let report = diff(&unnamed, &unnamed);
    let compared = report.compared.expect("it compares");
    assert_eq!((compared.counts.weight(), compared.lossy_nodes), (0, hours));
    assert_eq!(report.verdict, Verdict::Damaged);
    assert!(report.reasons[0].contains("UIDs without a name"), "{:?}", report.reasons);
    // Text that was made of such rows says no more than they do.
    assert_eq!(own.sides[0].losses.len(), 0);
    let mut host = MemoryHost::default();
    let mut text = || host.source(&[("a", b"m 1700000000 5 host=uid:000005\n")]);
    let (base, current) = (text(), text());
    let options = Options::default();
    let same = run(tsdbproof::diff(&host, &base, &current, &options, &mut All::default()));
    assert_eq!(same.expect("sound").verdict, Verdict::Incomplete);
}

#[test]
fn a_manifest_keeps_which_hours_stand_under_stand_ins() {
    let folders = ["seq/main-none", "corrupted/seq/uid-none"];
    let all: Vec<_> = folders.iter().flat_map(|folder| files(folder)).collect();
    for depth in [Depth::Hour, Depth::Day, Depth::Series, Depth::Metric] {
        let options = Options { depth, ..Options::default() };
        let (written, report) =
            manifest(MemoryHost::default(), &slices(&all), &options).expect("it is read");
        let mut host = MemoryHost::default();
        let input = host.source(&[("a.manifest", &written)]).inputs.remove(0);
        let source = host.source(&slices(&all));
        let (against, mut found) = (Against::Manifest(input), All::default());
        let verified = run(tsdbproof::verify(&host, &against, &source, &options, &mut found))
            .expect("both are sound");
        assert_eq!(verified.verdict, Verdict::Damaged, "{depth:?}");
        let compared = verified.compared.expect("it compares");
        assert!(compared.lossy_nodes > 0 && compared.equal_nodes > 0, "{depth:?}");
        assert_eq!(compared.lossy_nodes + compared.equal_nodes, compared.nodes, "{depth:?}");
        assert!(verified.sides[0].losses["unnamed-uids"] > 0, "{depth:?}");
        // Nor is the root alone enough.
        let root = report.sides[0].totals.exact_root.parse().expect("a root");
        let (against, mut host) = (Against::Expect(root), MemoryHost::default());
        let source = host.source(&slices(&all));
        let verified = run(tsdbproof::verify(&host, &against, &source, &options, &mut found));
        assert_eq!(verified.expect("sound").verdict, Verdict::Damaged);
    }
}

struct OfHost {
    points: u64,
    hours: u64,
}

/// What series with this tag hold.
fn of_host(folders: &[&str], tag: &str) -> OfHost {
    let all: Vec<_> = folders.iter().flat_map(|folder| files(folder)).collect();
    let scope = Scope { tags: vec![tag.to_owned()], ..Scope::default() };
    let options = Options { scope, ..Options::default() };
    let (_, report) = manifest(MemoryHost::default(), &slices(&all), &options).expect("sound");
    let totals = &report.sides[0].totals;
    OfHost { points: totals.points, hours: totals.hours_count }
}

/// What a check found in the rows of a table, and its report.
fn check_rows(folders: &[&str]) -> (TableCheck, Report) {
    let mut host = MemoryHost::default();
    let all: Vec<_> = folders.iter().flat_map(|folder| files(folder)).collect();
    let source = host.source(&slices(&all));
    let (options, mut none) = (Options::default(), Nothing);
    let check = tsdbproof::check(&host, &source, Interval::Unknown, &options, &mut none);
    let report = run(check).expect("it is read");
    let checked = report.checked.as_ref().expect("it checks");
    (checked.tables.clone().expect("it is a table"), report)
}

struct Nothing;

impl Findings for Nothing {
    fn finding(&mut self, _: &Finding) {}
}

#[test]
fn a_check_tells_what_lies_where_in_a_table() {
    let (found, report) = check_rows(&["seq/salt-none", "seq/salt-uid-none"]);
    assert_eq!((report.verdict, found.fsck.total_errors), (Verdict::Done, 0));
    assert_eq!((found.buckets.len(), found.regions.len()), (3, 4));
    for shares in [&found.buckets, &found.regions, &found.metrics] {
        assert_eq!(shares.iter().map(|share| share.points).sum::<u64>(), 960);
        assert_eq!(shares.iter().map(|share| share.rows).sum::<u64>(), found.fsck.rows);
        assert!(shares.is_sorted_by_key(|share| std::cmp::Reverse(share.bytes)));
        let bytes: u64 = shares.iter().map(|share| share.bytes).sum();
        assert_eq!(bytes, found.metrics.iter().map(|share| share.bytes).sum::<u64>());
    }
    // Text of the same points has no rows.
    let mut host = MemoryHost::default();
    let source = host.source(&[("a", &data("salt-import.txt"))]);
    let (options, mut none) = (Options::default(), Nothing);
    let check = tsdbproof::check(&host, &source, Interval::Unknown, &options, &mut none);
    assert_eq!(run(check).expect("sound").checked.expect("it checks").tables, None);
}

#[test]
fn a_check_of_a_table_is_the_same_in_every_container() {
    let [export, packed] = ["seq/main-none", "seq/main-block-deflate"]
        .map(|folder| check_rows(&[folder, "seq/main-uid-none"]).0);
    assert_eq!((&export.fsck, &export.repeats), (&packed.fsck, &packed.repeats));
    assert_eq!(export.metrics, packed.metrics);
    assert_eq!((export.fsck.total_errors, export.repeats.rows_that_fail), (7, 3));
    // Deleted cells are no part of the table; a scan does not show them.
    let (raw, _) = check_rows(&["seq/main-raw-deleted", "seq/main-uid-none"]);
    assert_eq!((&raw.fsck, &raw.metrics), (&export.fsck, &export.metrics));
    assert!(raw.beyond_fsck.hidden_cells > 9000 && export.beyond_fsck.hidden_cells == 0);
    let (file, _) = check_rows(&["hfile/hf-none", "seq/main-uid-none"]);
    let (rows, _) = check_rows(&["seq/main-prefix", "seq/main-uid-none"]);
    assert_eq!((file.fsck, file.metrics), (rows.fsck, rows.metrics));
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
