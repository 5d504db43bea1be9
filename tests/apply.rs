//! The laws of patches: `apply(a, diff(a, b))` is b, back again, over chains in any order, and never on
//! another base.

use proptest::prelude::*;
use tsdbproof::{
    Course, Depth, Error, Expect, Input, Kind, Limits, Options, Patched, Profile, Scope, Until,
    apply, diff_with_patch, format_by_name,
    host::HEAD_BYTES,
    report::{Difference, Differences, Report, Verdict},
};

use crate::{
    convert::{MemoryOutputs, whole},
    jobs::{data, manifest_of},
    judge::{self, Number, Point, hex},
    laws::{HOUR_MS, points, text},
    memory_host::{MemoryHost, run},
};

pub(crate) struct Unseen;

impl Differences for Unseen {
    fn difference(&mut self, _: &Difference) {}
}

/// The patch from one text to another.
pub(crate) fn patch(base: &[u8], current: &[u8]) -> Vec<u8> {
    try_patch(base, current, &Options::default()).expect("both sides are sound").1
}

pub(crate) fn try_patch(
    base: &[u8],
    current: &[u8],
    options: &Options,
) -> Result<(Report, Vec<u8>), Error> {
    let mut host = MemoryHost::default();
    let (base, current) = (host.source(&[("base", base)]), host.source(&[("current", current)]));
    let (mut out, mut unseen) = (Vec::new(), Unseen);
    let options = Options { allow_empty: true, ..options.clone() };
    let diff = diff_with_patch(&host, &base, &current, &options, &mut unseen, &mut out);
    run(diff).map(|report| (report, out))
}

/// What patches make of a text, as text.
pub(crate) fn applied(
    base: &[u8],
    patches: &[&[u8]],
    course: Course,
) -> Result<(Report, Vec<u8>), Error> {
    part_applied(base, patches, course, Scope::default())
}

/// The part in scope of what patches make of a text, as text.
fn part_applied(
    base: &[u8],
    patches: &[&[u8]],
    course: Course,
    scope: Scope,
) -> Result<(Report, Vec<u8>), Error> {
    let mut host = MemoryHost::default();
    let base = host.source(&[("base", base)]);
    let inputs = patches_of(&mut host, patches);
    let target = whole(format_by_name("put-json-lines").expect("a format"));
    let options = Options { allow_empty: true, scope, ..Options::default() };
    let mut outputs = MemoryOutputs::default();
    let patched = Patched { base: &base, patches: &inputs, course };
    let report = run(apply(&host, patched, target, &options, &mut outputs))?;
    let file = outputs.files.into_iter().next().map(|(_, bytes)| bytes).unwrap_or_default();
    Ok((report, file))
}

/// Patches as inputs behind those that the host has.
pub(crate) fn patches_of(host: &mut MemoryHost, patches: &[&[u8]]) -> Vec<Input> {
    let input = |(index, bytes): (usize, &&[u8])| {
        let name = format!("{index}.patch");
        host.inputs.push((bytes.to_vec(), Default::default()));
        host.names.push(name.clone());
        let head = &bytes[..bytes.len().min(HEAD_BYTES)];
        Input::new(name, Some(bytes.len() as u64), head, &Limits::default())
    };
    patches.iter().enumerate().map(input).collect()
}

pub(crate) fn root(text: &[u8]) -> String {
    let options = Options { allow_empty: true, ..Options::default() };
    manifest_of(text, &options).1.sides[0].totals.exact_root.clone()
}

/// Three states that differ, the patches from each to the next, and whether these trade places.
pub(crate) fn chains() -> impl Strategy<Value = ([Vec<u8>; 3], [Vec<u8>; 2], bool)> {
    let states = [points(), points(), points()].prop_map(|all| all.map(|points| text(&points)));
    let differ = |[a, b, c]: &[Vec<u8>; 3]| {
        let [a, b, c] = [a, b, c].map(|state| root(state));
        a != b && b != c && a != c
    };
    (states.prop_filter("three states", differ), any::<bool>()).prop_map(|(states, swapped)| {
        let [a, b, c] = &states;
        let patches = [patch(a, b), patch(b, c)];
        (states, patches, swapped)
    })
}

pub(crate) const FORWARD: Course = Course { until: None, is_reverse: false };
pub(crate) const BACK: Course = Course { until: None, is_reverse: true };

/// The manifest of a text.
pub(crate) fn manifest(text: &[u8]) -> Vec<u8> {
    manifest_of(text, &Options { allow_empty: true, ..Options::default() }).0
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_patch_leads_from_base_to_current_and_back(a in points(), b in points()) {
        let (base, current) = (text(&a), text(&b));
        let patch = patch(&base, &current);
        let (report, found) = applied(&base, &[&patch], FORWARD).expect("it fits");
        prop_assert_eq!(report.verdict, Verdict::Same, "{:?}", report.reasons);
        let judged = format!("tsdbproof:v1:exact:{}", hex(&judge::judge(&b, "exact").root));
        prop_assert_eq!(&root(&found), &judged);
        let (report, found) = applied(&current, &[&patch], BACK).expect("it fits");
        prop_assert_eq!(report.verdict, Verdict::Same, "{:?}", report.reasons);
        prop_assert_eq!(root(&found), root(&base));
    }

    #[test]
    fn whatever_profile_decides_a_patch_leads_to_the_numbers_as_they_are(a in points(), halves in any::<bool>()) {
        // What single precision can't tell from the base, in every point or in every other.
        let close = a.iter().enumerate().map(|(index, point)| {
            let number = if halves && index % 2 == 0 { 0.1 } else { 0.1 + 1e-12 };
            Point { number: Number::Float(number), ..point.clone() }
        });
        let far = a.iter().map(|point| Point { number: Number::Float(0.1), ..point.clone() });
        let (base, current) = (text(&far.collect::<Vec<_>>()), text(&close.collect::<Vec<_>>()));
        let options = Options { profile: Profile::F32, ..Options::default() };
        let (report, patch) = try_patch(&base, &current, &options).expect("both sides are sound");
        prop_assert_eq!(report.verdict, Verdict::Same, "{:?}", report.reasons);
        let (report, found) = applied(&base, &[&patch], FORWARD).expect("it fits");
        prop_assert_eq!((report.verdict, root(&found)), (Verdict::Same, root(&current)));
    }

    #[test]
    fn a_part_is_that_of_the_whole(
        a in points(), b in points(), from in 471_999 * HOUR_MS..472_004 * HOUR_MS,
        length in 1..4 * HOUR_MS, metric in prop::sample::select(vec!["*", "cpu*", "cpu", "none"]),
    ) {
        let (base, current) = (text(&a), text(&b));
        let patch = patch(&base, &current);
        let scope = Scope {
            from_ms: Some(from),
            to_ms: Some(from + length),
            metrics: vec![metric.to_owned()],
            ..Scope::default()
        };
        let (report, found) = part_applied(&base, &[&patch], FORWARD, scope.clone()).expect("it fits");
        prop_assert_eq!(report.verdict, Verdict::Same, "{:?}", report.reasons);
        let options = Options { allow_empty: true, scope, ..Options::default() };
        let expected = &manifest_of(&current, &options).1.sides[0].totals;
        prop_assert_eq!(&root(&found), &expected.exact_root);
        prop_assert_eq!(&report.sides[1].totals.statement, &expected.statement);
    }

    #[test]
    fn a_time_chooses_the_last_state_that_holds_nothing_behind_it(
        a in points(), b in points(), c in points(), pick in 0usize..3, before in 0u64..2,
    ) {
        let texts = [a, b, c].map(|points| text(&points));
        let [a, b, c] = texts.each_ref().map(Vec::as_slice);
        prop_assume!(root(a) != root(b) && root(b) != root(c) && root(a) != root(c));
        let (first, second) = (patch(a, b), patch(b, c));
        let last = |text: &&[u8]| {
            let side = manifest_of(text, &Options { allow_empty: true, ..Options::default() }).1;
            let last = side.sides[0].totals.last.clone();
            last.map_or(0, |last| tsdbproof::time::parse_time(&last, 0).unwrap())
        };
        let at = last(&[a, b, c][pick]).saturating_sub(before);
        let expected = [a, b, c].into_iter().rev().find(|text| last(text) <= at);
        for (base, is_reverse) in [(a, false), (c, true)] {
            let course = Course { until: Some(Until::At(at)), is_reverse };
            let (report, found) = applied(base, &[&second, &first], course).expect("it can be read");
            match expected {
                Some(text) => prop_assert_eq!((report.verdict, root(&found)), (Verdict::Same, root(text))),
                None => prop_assert_eq!((report.verdict, found.len()), (Verdict::Different, 0)),
            }
        }
    }

    #[test]
    fn a_patch_against_a_manifest_alone_leads_to_current(a in points(), b in points()) {
        let (base, current) = (text(&a), text(&b));
        let (_, patch) = try_patch(&manifest(&base), &current, &Options::default()).expect("sound");
        let (report, found) = applied(&base, &[&patch], FORWARD).expect("it fits");
        prop_assert_eq!(report.verdict, Verdict::Same, "{:?}", report.reasons);
        prop_assert_eq!(root(&found), root(&current));
        let told = &report.patches[0];
        prop_assert_eq!((told.replaced, told.deleted), (0, 0));
        let back = applied(&current, &[&patch], BACK);
        match told.cleared_hours {
            0 => prop_assert_eq!(root(&back.expect("nothing is lost").1), root(&base)),
            _ => prop_assert!(back.unwrap_err().to_string().contains("can't be taken back")),
        }
        prop_assume!(root(&base) != root(&current));
        let (report, found) = applied(&current, &[&patch], FORWARD).expect("it can be read");
        prop_assert_eq!((report.verdict, found.len()), (Verdict::Different, 0));
    }

    #[test]
    fn a_chain_has_one_order_whatever_the_order_of_arguments(
        ([a, b, c], [first, second], swapped) in chains(),
    ) {
        let patches = if swapped { [&second[..], &first[..]] } else { [&first[..], &second[..]] };
        let (report, found) = applied(&a, &patches, FORWARD).expect("they fit");
        prop_assert_eq!((report.verdict, root(&found)), (Verdict::Same, root(&c)));
        let (report, found) = applied(&c, &patches, BACK).expect("they fit");
        prop_assert_eq!((report.verdict, root(&found)), (Verdict::Same, root(&a)));
        let until = root(&b).parse::<Expect>().ok().map(Until::Root);
        let until = Course { until, ..FORWARD };
        let (report, found) = applied(&a, &patches, until).expect("they fit");
        prop_assert_eq!((report.verdict, root(&found)), (Verdict::Same, root(&b)));
        // On another base, with a gap or a fork nothing is made.
        for (base, patches) in [(&b, &[&first[..]][..]), (&a, &[&second])] {
            let (report, found) = applied(base, patches, FORWARD).expect("it can be read");
            prop_assert_eq!((report.verdict, found.len()), (Verdict::Different, 0));
        }
        let fork = patch(&a, &c);
        let (report, _) = applied(&a, &[&first, &fork], FORWARD).expect("it can be read");
        prop_assert_eq!(report.verdict, Verdict::Different);
        prop_assert!(report.reasons[0].contains("a fork"), "{:?}", report.reasons);
        // Who says where to needs no more than the way there.
        let until = root(&c).parse::<Expect>().ok().map(Until::Root);
        let (report, found) = applied(&a, &[&first, &fork], Course { until, ..FORWARD }).expect("it fits");
        prop_assert_eq!((report.verdict, root(&found), report.patches.len()), (Verdict::Same, root(&c), 1));
    }

    #[test]
    fn a_flipped_bit_of_a_patch_is_refused_and_nothing_is_made(
        a in points(), b in points(), places in prop::collection::vec((any::<prop::sample::Index>(), 0u32..8), 32),
    ) {
        let (base, current) = (text(&a), text(&b));
        let patch = patch(&base, &current);
        for (place, bit) in places {
            let mut flipped = patch.clone();
            flipped[place.index(patch.len())] ^= 1 << bit;
            prop_assert!(applied(&base, &[&flipped], FORWARD).is_err(), "byte {}", place.index(patch.len()));
        }
    }

    #[test]
    fn a_state_that_comes_back_is_no_fork(
        a in points(), b in points(), c in points(), order in Just(vec![0, 1, 2]).prop_shuffle(),
    ) {
        let [a, b, c] = [a, b, c].map(|points| text(&points));
        prop_assume!(root(&a) != root(&b) && root(&b) != root(&c) && root(&a) != root(&c));
        let history = [patch(&a, &b), patch(&b, &a), patch(&a, &c)];
        let patches: Vec<&[u8]> = order.iter().map(|index| history[*index].as_slice()).collect();
        for (from, to, course) in [(&a, &c, FORWARD), (&c, &a, BACK)] {
            let (report, found) = applied(from, &patches, course).expect("they fit");
            prop_assert_eq!((report.verdict, root(&found)), (Verdict::Same, root(to)));
            prop_assert_eq!(report.patches.len(), 3);
        }
        let until = root(&b).parse::<Expect>().ok().map(Until::Root);
        let (report, found) = applied(&a, &patches, Course { until, ..FORWARD }).expect("they fit");
        prop_assert_eq!((report.verdict, root(&found)), (Verdict::Same, root(&b)));
    }
}

#[test]
fn the_damaged_restore_becomes_sound_and_the_same_changes_are_the_same_bytes() {
    let (main, restored) = (data("main-import.txt"), data("restored/restored-import.txt"));
    let mut lines: Vec<&[u8]> = main.split_inclusive(|byte| *byte == b'\n').collect();
    lines.reverse();
    let there = patch(&main, &restored);
    assert!(there == patch(&main, &restored));
    // Of the same points in another order, only what names the source in the footer is another.
    let rows = |patch: &[u8]| {
        let end = patch.windows(8).rposition(|bytes| bytes == [255, 255, 255, 255, 0, 0, 0, 0]);
        patch[..end.expect("the rows end")].to_vec()
    };
    let of_other_order = patch(&lines.concat(), &restored);
    assert!(there != of_other_order && rows(&there) == rows(&of_other_order));
    let (report, found) = applied(&restored, &[&there], BACK).expect("it fits");
    assert_eq!((report.verdict, root(&found)), (Verdict::Same, root(&main)));
    let told = &report.patches[0];
    assert_eq!((told.added, told.replaced, told.deleted), (500, 12, 4));
    // In proportion to the change: here a digest a point is most of it.
    assert!(there.len() * 20 < restored.len(), "{} of {}", there.len(), restored.len());
}

#[test]
fn a_patch_against_a_manifest_holds_the_hours_that_differ_and_no_others() {
    let (main, restored) = (data("main-import.txt"), data("restored/restored-import.txt"));
    let (report, there) = try_patch(&manifest(&main), &restored, &Options::default()).unwrap();
    let told = &report.patches[0];
    let compared = report.compared.as_ref().unwrap();
    assert!(told.cleared_hours > 0 && told.cleared_hours <= compared.nodes - compared.equal_nodes);
    assert!(told.cleared_points < compared.base_points / 2, "{told:?}");
    let (report, found) = applied(&main, &[&there], FORWARD).expect("it fits");
    assert_eq!((report.verdict, root(&found)), (Verdict::Same, root(&restored)));
}

#[test]
fn no_patch_is_made_of_what_is_not_whole() {
    let refused = |base: &[u8], current: &[u8], says: &str| {
        let error = try_patch(base, current, &Options::default()).expect_err(says);
        assert!(error.to_string().contains(says), "{error}");
        error.kind()
    };
    let (sound, damaged) = (b"a 2 1 h=x\n", b"a 2 1 h=x\nno line\n");
    assert_eq!(refused(sound, damaged, "current is not whole"), Kind::Malformed);
    assert_eq!(refused(damaged, sound, "base is not whole"), Kind::Malformed);
    assert_eq!(refused(&manifest(damaged), sound, "base is not whole"), Kind::Malformed);
    refused(sound, &manifest(sound), "CURRENT is a manifest");
    let by_day = Options { depth: Depth::Day, ..Options::default() };
    refused(&manifest_of(sound, &by_day).0, sound, "of depth day");
    let patch = patch(sound, b"a 2 2 h=x\n");
    refused(&patch, sound, "holds changes");
}
