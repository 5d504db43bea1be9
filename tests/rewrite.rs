//! The laws of what changes a server: deleting the rows and putting the points that `rewrite` names makes
//! of a server that holds one state the other, and leaves alone what need not change.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use tsdbproof::{
    Course, Duplicates, Input, Limits, Options, Patched, RowHour, Scope, diff_with_patch,
    format_by_name,
    host::HEAD_BYTES,
    report::{Report, Verdict},
    rewrite,
};

use crate::{
    apply::Unseen,
    convert::{MemoryOutputs, whole},
    jobs::manifest_of,
    laws::{points, text},
    memory_host::{MemoryHost, run},
};

/// What has to change on a server that holds `from` so that it holds `to`: a patch, its other way or not.
struct Change {
    report: Report,
    rows: BTreeSet<(String, u64)>,
    puts: Vec<u8>,
}

/// As a server: one value an instant.
fn options() -> Options {
    let scope = Scope { duplicates: Duplicates::Last, ..Scope::default() };
    Options { scope, allow_empty: true, ..Options::default() }
}

fn change(from: &[u8], to: &[u8], is_reverse: bool, options: &Options) -> Change {
    let mut host = MemoryHost::default();
    let ends = if is_reverse { [to, from] } else { [from, to] };
    let sides = ends.map(|text| host.source(&[("side", text)]));
    let (mut bytes, mut unseen) = (Vec::new(), Unseen);
    let [base, current] = &sides;
    run(diff_with_patch(&host, base, current, options, &mut unseen, &mut bytes)).expect("sound");
    let mut host = MemoryHost::default();
    let base = host.source(&[("base", from)]);
    host.inputs.push((bytes.clone(), Default::default()));
    host.names.push("patch".to_owned());
    let head = &bytes[..bytes.len().min(HEAD_BYTES)];
    let size = Some(bytes.len() as u64);
    let patch = [Input::new("patch".to_owned(), size, head, &Limits::default())];
    let (mut outputs, mut rows) = (MemoryOutputs::default(), Vec::new());
    let course = Course { is_reverse, ..Course::default() };
    let target = whole(format_by_name("import-text").expect("a format"));
    let patched = Patched { base: &base, patches: &patch, course };
    let job = rewrite(&host, patched, target, options, &mut outputs, &mut rows);
    let report = run(job).expect("it fits");
    let lines = String::from_utf8(rows).expect("text");
    let rows = lines.lines().map(|line| {
        let RowHour { series, hour } = RowHour::parse(line).expect("a row");
        (series.to_string(), u64::from(hour))
    });
    let rows: Vec<_> = rows.collect();
    let unique: BTreeSet<_> = rows.iter().cloned().collect();
    assert_eq!(unique.len(), rows.len(), "each row stands once");
    let puts = outputs.files.into_iter().next().map(|(_, bytes)| bytes).unwrap_or_default();
    Change { report, rows: unique, puts }
}

/// The points of a text as a server keeps them: by row and instant, the last value that was put.
type Server = BTreeMap<(String, u64), BTreeMap<u64, String>>;

fn put(server: &mut Server, text: &[u8]) {
    for line in String::from_utf8_lossy(text).lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let [metric, time, value, tags @ ..] = &words[..] else { panic!("{line}") };
        let time: u64 = time.parse().expect("a time");
        let time_ms = if time < 1 << 32 { time * 1000 } else { time };
        let mut tags: Vec<_> = tags.iter().filter(|it| !it.is_empty()).copied().collect();
        tags.sort_unstable();
        let series = format!("{metric}{{{}}}", tags.join(","));
        let row = server.entry((series, time_ms / 3_600_000)).or_default();
        row.insert(time_ms, (*value).to_owned());
    }
}

fn as_text(server: &Server) -> Vec<u8> {
    let mut text = String::new();
    for ((series, _), row) in server {
        let (metric, tags) = series.split_once('{').expect("a series");
        let tags = tags.trim_end_matches('}').replace(',', " ");
        for (time_ms, value) in row {
            let is_whole = time_ms % 1000 == 0;
            let time = if is_whole { time_ms / 1000 } else { *time_ms };
            text += &format!("{metric} {time} {value} {tags}\n");
        }
    }
    text.into_bytes()
}

fn root(text: &[u8]) -> String {
    manifest_of(text, &options()).1.sides[0].totals.exact_root.clone()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_server_holds_the_other_state(a in points(), b in points(), is_reverse in any::<bool>()) {
        let (from, to) = (text(&a), text(&b));
        let Change { report, rows, puts } = change(&from, &to, is_reverse, &options());
        prop_assert_eq!(report.verdict, Verdict::Same, "{:?}", report.reasons);
        let mut server = Server::new();
        put(&mut server, &from);
        for row in &rows {
            prop_assert!(server.remove(row).is_some(), "{row:?} is not there");
        }
        let kept = server.clone();
        put(&mut server, &puts);
        // Where something stands nothing is put: the server may keep both.
        for (row, instants) in &kept {
            for (time_ms, value) in instants {
                prop_assert_eq!(server[row].get(time_ms), Some(value));
            }
        }
        prop_assert_eq!(root(&as_text(&server)), root(&to));
        // What is the same on both sides stays.
        let mut goal = Server::new();
        put(&mut goal, &to);
        let told = report.rewritten.expect("counts");
        prop_assert_eq!(told.rows_deleted, rows.len() as u64);
        prop_assert_eq!(told.rows_put_again, rows.iter().filter(|row| goal.contains_key(*row)).count() as u64);
        prop_assert_eq!(told.points_put, puts.split_inclusive(|byte| *byte == b'\n').count() as u64);
    }
}

const BASE: &[u8] = b"m 3600 1 h=a\nm 3601 2 h=a\nm 7200 3 h=a\nm 10800 4 h=a\nn 3600 5 h=a\n";

#[test]
fn a_row_that_only_gains_points_is_left_alone() {
    let to = b"m 3600 1 h=a\nm 3601 9 h=a\nm 7200 3 h=a\nm 7201 6 h=a\nm 10800 4 h=a\n";
    let Change { report, rows, puts } = change(BASE, to, false, &options());
    assert_eq!(report.verdict, Verdict::Same, "{:?}", report.reasons);
    let expected = [("m{h=a}".to_owned(), 1), ("n{h=a}".to_owned(), 1)];
    assert_eq!(rows, BTreeSet::from(expected));
    assert_eq!(puts, b"m 3600 1 h=a\nm 3601 9 h=a\nm 7201 6 h=a\n");
    let told = report.rewritten.unwrap();
    let counts = (told.rows_deleted, told.rows_put_again, told.points_put, told.points_put_again);
    assert_eq!(counts, (2, 1, 3, 2));
}

#[test]
fn several_values_of_an_instant_cannot_be_put() {
    let keep = Options { allow_empty: true, ..Options::default() };
    let two =
        b"m 3600 1 h=a\nm 3601 2 h=a\nm 3601 9 h=a\nm 7200 3 h=a\nm 10800 4 h=a\nn 3600 5 h=a\n";
    let Change { report, .. } = change(BASE, two, false, &keep);
    assert_eq!(report.verdict, Verdict::Different);
    assert!(report.reasons[0].contains("m{h=a} 1970-01-01T01:00:01Z"), "{:?}", report.reasons);
    // Those that stand there are no matter, in a row that stays.
    let more = [two, &b"m 3602 1 h=a\n"[..]].concat();
    let Change { report, rows, puts } = change(two, &more, false, &keep);
    assert_eq!((report.verdict, rows.len()), (Verdict::Same, 0));
    assert_eq!(puts, b"m 3602 1 h=a\n");
}

#[test]
fn a_row_that_does_not_fit_into_memory_is_a_limit() {
    let mut host = MemoryHost::default();
    let base = host.source(&[("base", BASE)]);
    let (mut outputs, mut rows) = (MemoryOutputs::default(), Vec::new());
    let target = whole(format_by_name("import-text").expect("a format"));
    let options = Options { memory_bytes: 1, ..options() };
    let course = Course::default();
    let patched = Patched { base: &base, patches: &[], course };
    let job = rewrite(&host, patched, target, &options, &mut outputs, &mut rows);
    let error = run(job).expect_err("no row fits").to_string();
    assert!(error.contains("more points than fit") && error.contains("--memory"), "{error}");
}
