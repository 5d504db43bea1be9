//! The archives of a real OpenTSDB: their known roots in every form, and the known damage of
//! restored copies, found at its places and nowhere else.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write,
};

use serde_json::Value as Json;
use tsdbproof::{
    Options, Profile,
    report::{Cause, Counts, Difference, Report, Verdict},
};

use crate::{
    jobs::{data, diff, manifest, manifest_of, verify},
    judge::{self, hex},
    memory_host::MemoryHost,
};

const HOUR_MS: u64 = 3_600_000;
const MAIN: &str = "main-import.txt";
/// File, root, points read, distinct points.
const ROOTS: [(&str, &str, u64, u64); 3] = [
    ("append-import.txt", "tsdbproof:v1:exact:18986a9e", 826, 826),
    ("salt-import.txt", "tsdbproof:v1:exact:79e385b8", 960, 960),
    (MAIN, "tsdbproof:v1:exact:c9b94981", 9864, 9862),
];

/// The root and the points of these files, in one run of a host.
fn root(host: MemoryHost, files: &[(&str, &[u8])]) -> (String, u64) {
    let options = Options { split_bytes: 1 << 10, ..Options::default() };
    let (_, report) = manifest(host, files, &options).expect("the archives are sound");
    assert_eq!(report.verdict, Verdict::Done, "{report:?}");
    let totals = &report.sides[0].totals;
    (totals.exact_root.clone(), totals.points)
}

#[test]
fn archives_have_their_known_roots() {
    for (file, known, read, points) in ROOTS {
        let text = data(file);
        let (_, report) = manifest_of(&text, &Options::default());
        let side = &report.sides[0];
        assert!(side.totals.exact_root.starts_with(known), "{file}: {}", side.totals.exact_root);
        assert_eq!((side.points_read, side.totals.points), (read, points), "{file}");
        for (profile, root) in [("exact", &side.totals.exact_root), ("f32", &side.totals.f32_root)]
        {
            let judged = hex(&judge::judge(&judge::read(&text), profile).root);
            assert_eq!(*root, format!("tsdbproof:v1:{profile}:{judged}"), "{file}");
        }
    }
}

/// Lines in an order that no rule made.
fn shuffled(text: &[u8]) -> Vec<u8> {
    let mut lines: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
    let mut state = 1_u64;
    for index in (1..lines.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        lines.swap(index, (state >> 33) as usize % (index + 1));
    }
    lines.concat()
}

/// Parts that end with a line.
fn split(text: &[u8], parts: usize) -> Vec<Vec<u8>> {
    let lines: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
    lines.chunks(lines.len().div_ceil(parts)).map(<[_]>::concat).collect()
}

/// gzip of many members, which end anywhere.
pub(crate) fn gzip(text: &[u8]) -> Vec<u8> {
    let member = |part: &[u8]| {
        let mut member = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        member.write_all(part).expect("memory takes it");
        member.finish().expect("memory takes it")
    };
    text.chunks(9_999).flat_map(member).collect()
}

/// Zstandard of many frames with checksums, a skippable one between any two.
pub(crate) fn zstd(text: &[u8]) -> Vec<u8> {
    let frame = |part: &[u8]| {
        let mut frame = zstd::Encoder::new(Vec::new(), 3).expect("level 3 exists");
        frame.include_checksum(true).expect("it takes the flag");
        frame.write_all(part).expect("memory takes it");
        let skippable = [b"\x53\x2a\x4d\x18\x03\0\0\0abc".to_vec()];
        [frame.finish().expect("memory takes it"), skippable.concat()].concat()
    };
    text.chunks(9_999).flat_map(frame).collect()
}

#[test]
fn roots_survive_every_form_of_the_same_points() {
    for (file, known, _, points) in ROOTS {
        let text = data(file);
        let parts = split(&text, 7);
        let names: Vec<String> = (0..parts.len()).map(|index| format!("part-{index}")).collect();
        let parts: Vec<(&str, &[u8])> =
            names.iter().map(String::as_str).zip(parts.iter().map(Vec::as_slice)).collect();
        let reversed: Vec<_> = parts.iter().rev().copied().collect();
        let (shuffled, gzip, zstd) = (shuffled(&text), gzip(&text), zstd(&text));
        let piped = MemoryHost {
            are_streams: true,
            piece_bytes: vec![1, 4096, 77],
            ..MemoryHost::default()
        };
        let one = MemoryHost { threads: 1, has_scratch: false, ..MemoryHost::default() };
        let host = MemoryHost::default;
        let found = [
            ("in parts of 1 KiB", root(host(), &[("a", &text)])),
            ("one thread", root(one, &[("a", &text)])),
            ("piped", root(piped.clone(), &[("-", &text)])),
            ("shuffled", root(host(), &[("a", &shuffled)])),
            ("shuffled and piped", root(piped.clone(), &[("-", &shuffled)])),
            ("split", root(host(), &parts)),
            ("split, the last first", root(host(), &reversed)),
            ("gzip", root(host(), &[("a", &gzip)])),
            ("gzip, piped", root(piped.clone(), &[("-", &gzip)])),
            ("zstd", root(host(), &[("a", &zstd)])),
            ("zstd, piped", root(piped, &[("-", &zstd)])),
            ("twice", root(host(), &[("a", &text), ("b", &zstd)])),
        ];
        for (form, (root, count)) in found {
            assert!(root.starts_with(known) && count == points, "{file}, {form}: {root}, {count}");
        }
    }
}

/// What is known of a series' hour: points missing, extra and changed.
type Damage = BTreeMap<(String, BTreeMap<String, String>, u64), [u64; 3]>;

/// The damage as its generator wrote it down.
fn truth() -> Damage {
    let truth: Json = serde_json::from_slice(&data("restored/truth-damage.json")).expect("JSON");
    let mut damage = Damage::new();
    let mut add = |op: &Json, time: &Json, kind: usize| {
        let tags = op["tags"].as_object().expect("tags");
        let word = |json: &Json| json.as_str().expect("text").to_owned();
        let tags = tags.iter().map(|(key, value)| (key.clone(), word(value))).collect();
        let hour = time.as_u64().expect("a time") / HOUR_MS;
        damage.entry((word(&op["metric"]), tags, hour)).or_default()[kind] += 1;
    };
    for op in truth["ops"].as_array().expect("operations") {
        match op["op"].as_str().expect("an operation") {
            "delete" => add(op, &op["ts_ms"], 0),
            "add" => add(op, &op["ts_ms"], 1),
            "set" | "ulp" => add(op, &op["ts_ms"], 2),
            "shift" => {
                add(op, &op["ts_ms"], 0);
                add(op, &op["to_ms"], 1);
            }
            // The same number in another type is no difference; the rest are no plain points, or
            // stand point by point in the second list.
            _ => {}
        }
    }
    for op in truth["lost_with_row_or_series"].as_array().expect("points") {
        add(op, &op["ts_ms"], 0);
    }
    damage
}

/// Checks that the stretches cover the hours of the truth, no other, each with its counts.
fn check_places(differences: &[Difference], mut truth: Damage, counts: fn(&Counts) -> [u64; 3]) {
    for difference in differences {
        let (from, to) = difference.window_ms.expect("hours have a time");
        let mut expected = [0; 3];
        for hour in from / HOUR_MS..to / HOUR_MS {
            let key = (difference.metric.clone(), difference.tags.clone(), hour);
            let found = truth.remove(&key);
            let found = found.unwrap_or_else(|| panic!("nothing is wrong with {key:?}"));
            expected.iter_mut().zip(found).for_each(|(sum, count)| *sum += count);
        }
        if counts(&difference.counts) != [0; 3] {
            assert_eq!(counts(&difference.counts), expected, "{difference:?}");
        }
    }
    assert!(truth.is_empty(), "not found: {truth:?}");
}

fn counts(report: &Report) -> Counts {
    report.compared.as_ref().expect("a comparison").counts
}

#[test]
fn known_damage_of_a_restored_copy_is_found_at_its_places() {
    let (base, current) = (data(MAIN), data("restored/restored-import.txt"));
    let host = MemoryHost::default();
    let (report, differences) = diff(host, &base, &current, &Options::default()).expect("sound");
    assert_eq!(report.verdict, Verdict::Different);
    let Counts { missing, extra, changed, .. } = counts(&report);
    assert_eq!((missing, extra, changed), (500, 4, 12));
    check_places(&differences, truth(), |counts| [counts.missing, counts.extra, counts.changed]);
}

#[test]
fn a_manifest_alone_locates_the_same_hours() {
    let (base, current) = (data(MAIN), data("restored/restored-import.txt"));
    let (manifest, _) = manifest_of(&base, &Options::default());
    let host = MemoryHost::default;
    let (report, differences) =
        verify(host(), &manifest, &current, &Options::default()).expect("sound");
    assert_eq!(report.verdict, Verdict::Different);
    assert!(counts(&report).unresolved_nodes > 0);
    // Hours that stand on one side only have counts; the others are named.
    check_places(&differences, truth(), |_| [0; 3]);
    let (report, differences) =
        verify(host(), &manifest, &base, &Options::default()).expect("sound");
    assert_eq!((report.verdict, differences.len()), (Verdict::SameBytes, 0));
    let (report, _) =
        verify(host(), &manifest, &shuffled(&base), &Options::default()).expect("sound");
    assert_eq!(report.verdict, Verdict::Same);
}

/// How often a cause was named, in points.
fn cause(differences: &[Difference], points: impl Fn(&Cause) -> Option<u64>) -> u64 {
    differences.iter().flat_map(|it| &it.causes).filter_map(points).sum()
}

#[test]
fn losses_of_a_restore_from_text_are_told_by_cause() {
    let (base, current) = (data(MAIN), data("text-restored/text-restored-import.txt"));
    let host = MemoryHost::default;
    let (report, differences) = diff(host(), &base, &current, &Options::default()).expect("sound");
    let Counts { missing, extra, changed, narrowed, resolved, .. } = counts(&report);
    assert_eq!((missing, extra, changed, narrowed, resolved), (35, 0, 3_550, 3_545, 5));
    let narrowed = |cause: &Cause| match cause {
        Cause::Float32Narrowed { points } => Some(*points),
        _ => None,
    };
    let resolved = |cause: &Cause| match cause {
        Cause::DuplicateResolved { points } => Some(*points),
        _ => None,
    };
    assert_eq!((cause(&differences, narrowed), cause(&differences, resolved)), (3_545, 5));
    let options = Options { profile: Profile::F32, ..Options::default() };
    let (report, _) = diff(host(), &base, &current, &options).expect("sound");
    let Counts { missing, extra, changed, .. } = counts(&report);
    assert_eq!((missing, extra, changed), (35, 0, 13));
}

#[test]
fn what_compares_nothing_is_never_the_same() {
    let host = MemoryHost::default;
    let (base, empty) = (data("append-import.txt"), Vec::new());
    let mut nothing = Options::default();
    nothing.scope.metrics.push("no.such.metric".to_owned());
    for (base, current, options) in
        [(&base, &base, &nothing), (&empty, &empty, &Options::default())]
    {
        let (report, _) = diff(host(), base, current, options).expect("readable");
        assert_eq!(report.verdict, Verdict::Incomplete, "{:?}", report.reasons);
        assert!(!report.reasons.is_empty());
    }
    let (report, differences) = diff(host(), &base, &empty, &Options::default()).expect("readable");
    assert_eq!((report.verdict, counts(&report).missing), (Verdict::Different, 826));
    let series: BTreeSet<_> = differences.iter().map(|it| (&it.metric, &it.tags)).collect();
    assert!(series.len() == differences.len() && differences.iter().all(|it| it.whole_series));
}
