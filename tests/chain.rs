//! The laws of chains: merged patches do what they did one by one, a folder restores what it says, and
//! what a kept state needs never goes.

use proptest::prelude::*;
use sha2::{Digest, Sha256};
use tsdbproof::{
    Error, Keep, Options, Source, chain, merge_patches,
    report::{Chained, Report, Verdict},
};

use crate::{
    apply::{FORWARD, applied, manifest, patch, root, try_patch},
    judge::{Number, Point, hex},
    laws::{points, text},
    memory_host::{MemoryHost, run},
};

/// Points without a number that could be written as either kind: of such the last patch's kind stands.
fn plain_points() -> impl Strategy<Value = Vec<Point>> {
    points().prop_map(|mut points| {
        let is_plain = |number: &Number| match number {
            Number::Float(float) => float.fract() != 0.0,
            Number::Integer(_) => true,
        };
        points.retain(|point| is_plain(&point.number));
        points
    })
}

fn merged(patches: &[&[u8]]) -> Result<(Report, Vec<u8>), Error> {
    let mut host = MemoryHost::default();
    let names: Vec<_> = (0..patches.len()).map(|index| format!("{index}.patch")).collect();
    let files: Vec<_> = names.iter().map(String::as_str).zip(patches.iter().copied()).collect();
    let source = host.source(&files);
    let mut out = Vec::new();
    let report = run(merge_patches(&host, &source.inputs, &Options::default(), &mut out))?;
    Ok((report, out))
}

/// What a folder of these files can restore.
fn chained(files: &[(&str, &[u8])], keep: Option<&str>) -> (Report, Chained) {
    let mut host = MemoryHost::default();
    let items: Vec<Source> = files.iter().map(|file| host.source(&[*file])).collect();
    let keep = keep.map(|text| text.parse::<Keep>().expect("rules"));
    let options = Options::default();
    let job = chain(&host, &items, &[], keep.as_ref(), &options);
    let mut report = run(job).expect("the files can be read");
    let chained = report.chained.take().expect("it was asked for");
    (report, chained)
}

/// The roots of these states differ from each other.
fn differ(texts: &[Vec<u8>]) -> bool {
    let roots: std::collections::BTreeSet<_> = texts.iter().map(|text| root(text)).collect();
    roots.len() == texts.len()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn merged_patches_are_one_comparison_in_any_order(
        a in plain_points(), b in plain_points(), c in plain_points(), d in plain_points(),
        order in Just(vec![0, 1, 2]).prop_shuffle(),
    ) {
        let texts = [a, b, c, d].map(|points| text(&points));
        prop_assume!(differ(&texts));
        let patches = [0, 1, 2].map(|index| patch(&texts[index], &texts[index + 1]));
        let shuffled: Vec<&[u8]> = order.iter().map(|index| patches[*index].as_slice()).collect();
        let (report, found) = merged(&shuffled).expect("they follow on each other");
        prop_assert_eq!(report.verdict, Verdict::Done, "{:?}", report.contradictions);
        prop_assert!(found == patch(&texts[0], &texts[3]), "other bytes than one comparison");
    }

    #[test]
    fn merged_patches_against_manifests_lead_to_the_same_root(
        a in points(), b in points(), c in points(), d in points(), against in any::<[bool; 3]>(),
    ) {
        let texts = [a, b, c, d].map(|points| text(&points));
        prop_assume!(differ(&texts));
        let patches = [0, 1, 2].map(|index| match against[index] {
            true => try_patch(&manifest(&texts[index]), &texts[index + 1], &Options::default()).expect("sound").1,
            false => patch(&texts[index], &texts[index + 1]),
        });
        let parts = patches.each_ref().map(Vec::as_slice);
        let (_, one) = merged(&parts).expect("they follow on each other");
        let (report, found) = applied(&texts[0], &[&one], FORWARD).expect("it fits");
        prop_assert_eq!(report.verdict, Verdict::Same, "{:?}", report.reasons);
        prop_assert_eq!(root(&found), root(&texts[3]));
        // In parts too, and with a day without a change between.
        let (_, two) = merged(&parts[1..]).expect("they follow on each other");
        let idle = patch(&texts[1], &texts[1]);
        let (_, one) = merged(&[&two, &idle, parts[0]]).expect("they follow on each other");
        let (report, found) = applied(&texts[0], &[&one], FORWARD).expect("it fits");
        prop_assert_eq!((report.verdict, root(&found)), (Verdict::Same, root(&texts[3])));
    }

    #[test]
    fn a_folder_restores_each_state_and_what_is_kept_stays(
        states in prop::collection::vec(plain_points(), 5), fulls in any::<[bool; 5]>(), count in 1usize..6,
    ) {
        let texts: Vec<_> = states.iter().map(|points| text(points)).collect();
        prop_assume!(differ(&texts) && fulls.contains(&true));
        let mut files: Vec<(String, Vec<u8>)> = Vec::new();
        for index in 0..4 {
            files.push((format!("{index}.patch"), patch(&texts[index], &texts[index + 1])));
        }
        for (index, text) in texts.iter().enumerate().filter(|(index, _)| fulls[*index]) {
            // An empty text has no bytes that tell what it is.
            prop_assume!(!text.is_empty());
            files.push((format!("{index}.txt"), text.clone()));
        }
        let borrowed = |files: &[(String, Vec<u8>)]| -> (Report, Chained, Vec<String>) {
            let files: Vec<_> = files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
            let (report, found) = chained(&files, Some(&format!("last={count}")));
            let kept = found.states.iter().filter(|state| state.is_kept);
            let kept = kept.map(|state| state.root.clone()).collect();
            (report, found, kept)
        };
        let (report, found, kept) = borrowed(&files);
        prop_assert_eq!(report.verdict, Verdict::Done, "{:?}", report.reasons);
        prop_assert_eq!(found.states.len(), 5);
        prop_assert!(found.states.iter().all(|state| state.is_restorable));
        prop_assert_eq!(kept.len(), count.min(5));
        let stays: Vec<_> = files.iter().filter(|(name, _)| {
            found.files.iter().any(|file| file.name == *name && !file.can_go)
        }).cloned().collect();
        let (_, after, _) = borrowed(&stays);
        for root in kept {
            let state = after.states.iter().find(|state| state.root == root);
            prop_assert!(state.is_some_and(|state| state.is_restorable), "{root} is lost");
        }
    }
}

/// A patch that promises another root, with its SHA-256 made right again: by somebody who knows the format.
fn forged(patch: &[u8], root: &str) -> Vec<u8> {
    let mut forged = patch.to_vec();
    let (at, _) = patch
        .windows(root.len())
        .enumerate()
        .find(|(_, window)| *window == root.as_bytes())
        .expect("the root stands in the footer");
    let digit = &mut forged[at + root.len() - 1];
    *digit = if *digit == b'0' { b'1' } else { b'0' };
    let hash = |bytes: &[u8], at: usize| {
        let mut bytes = bytes.to_vec();
        bytes[at..at + 64].fill(b'0');
        hex(&Sha256::digest(&bytes))
    };
    let is_digest = |at: &usize| {
        patch[*at..*at + 64].iter().all(u8::is_ascii_hexdigit)
            && hash(patch, *at).as_bytes() == &patch[*at..*at + 64]
    };
    let at = (0..patch.len() - 64).find(is_digest).expect("its own digest stands in it");
    let digest = hash(&forged, at);
    forged[at..at + 64].copy_from_slice(digest.as_bytes());
    forged
}

#[test]
fn a_patch_that_promises_what_it_does_not_do_is_found() {
    let (a, b) = (b"a 2 1 h=x\n", b"a 2 2 h=x\na 4 1 h=x\n");
    let forged = forged(&patch(a, b), &root(b));
    let (report, found) = chained(&[("a.txt", a), ("b.patch", &forged)], Some("last=1"));
    assert_eq!(report.verdict, Verdict::Damaged);
    assert!(report.reasons[0].contains("it leads to"), "{:?}", report.reasons);
    assert!(found.files.iter().all(|file| !file.can_go));
    assert_eq!(found.states.iter().filter(|state| state.is_restorable).count(), 1);
    let (report, _) = applied(a, &[&forged], FORWARD).expect("it can be read");
    assert_eq!(report.verdict, Verdict::Different);
}

#[test]
fn a_state_that_comes_back_is_one_state() {
    let [a, b, c] = ["a 2 1 h=x\n", "a 2 2 h=x\n", "a 2 3 h=x\n"].map(str::as_bytes);
    let [there, back, on] = [patch(a, b), patch(b, a), patch(a, c)];
    let files = [("0.txt", a), ("1.patch", &there[..]), ("2.patch", &back), ("3.patch", &on)];
    let (report, found) = chained(&files, None);
    assert_eq!(report.verdict, Verdict::Done, "{:?}", report.reasons);
    assert_eq!(found.states.iter().filter(|state| state.is_restorable).count(), 3);
    for patches in [[&there[..], &back, &on], [&on, &back, &there], [&back, &on, &there]] {
        assert!(merged(&patches).expect("they follow on each other").1 == patch(a, c));
    }
    // A circle is merged as it is named.
    assert!(merged(&[&there[..], &back]).expect("they follow on each other").1 == patch(a, a));
    assert!(merged(&[&back[..], &there]).expect("they follow on each other").1 == patch(b, b));
    let (report, _) = merged(&[&there[..], &patch(b, c), &patch(c, a)]).expect("they follow");
    assert_eq!(report.verdict, Verdict::Done);
    let (report, _) = merged(&[&there[..], &patch(c, a), &patch(b, c)]).expect("they can be read");
    assert!(report.contradictions[0].contains("in a circle"), "{:?}", report.contradictions);
}

#[test]
fn damage_of_one_file_hides_no_other() {
    let texts: Vec<Vec<u8>> =
        (1..4).map(|value| format!("a 2 {value} h=x\n").into_bytes()).collect();
    let (first, second) = (patch(&texts[0], &texts[1]), patch(&texts[1], &texts[2]));
    let mut cut = first.clone();
    cut.truncate(first.len() - 9);
    let files: [(&str, &[u8]); 4] =
        [("0.txt", &texts[0]), ("1.patch", &cut), ("2.patch", &second), ("2.txt", &texts[2])];
    let (report, found) = chained(&files, None);
    assert_eq!(report.verdict, Verdict::Damaged);
    assert!(found.files[1].fault.is_some());
    // Back from the newer full backup.
    assert_eq!(found.states.iter().filter(|state| state.is_restorable).count(), 3);
    let between = found.states.iter().find(|state| state.root == root(&texts[1])).unwrap();
    assert!(between.steps[1].is_reverse);
}
