//! Damage to single bytes of backups of HBase, and what the whole job says of it: an exact result
//! with a named problem, or an error; never another root without a word.

use tsdbproof::{
    Error, Options,
    report::{Report, Verdict},
};

use crate::{
    hbase_snapshots::{Files, folder, try_read},
    jobs::manifest,
    memory_host::MemoryHost,
};

/// The files of folders, those of Hadoop's sums only where they are asked for.
fn files(folders: &[&str], with_sums: bool) -> Files {
    let of = |name: &&str| {
        let folder_name = (*name).to_owned();
        folder(name).into_iter().map(move |(file, bytes)| (format!("{folder_name}/{file}"), bytes))
    };
    let is_read =
        |name: &str| !name.ends_with("_SUCCESS") && (with_sums || !name.ends_with(".crc"));
    folders.iter().flat_map(of).filter(|(name, _)| is_read(name)).collect()
}

fn is_unprotected(report: &Report) -> bool {
    report.notes.iter().any(|note| note.starts_with("content unprotected"))
}

/// Changes and cuts a file at one byte of so many, and judges what comes of it.
fn damage(whole: &Files, name: &str, step: usize, judge: &dyn Fn(&str, Result<Report, Error>)) {
    let bytes = &whole[name];
    for at in (0..bytes.len()).step_by(step) {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << (at % 8);
        for (what, changed) in [("flipped", flipped), ("cut", bytes[..at].to_vec())] {
            let mut files = whole.clone();
            files.insert(name.to_owned(), changed);
            judge(&format!("{name}: byte {at} {what}"), try_read(&files, &Options::default()));
        }
    }
}

/// No damage to this file ends in another root without a word.
fn is_always_told(folders: &[&str], with_sums: bool, name: &str, step: usize) {
    let whole = files(folders, with_sums);
    let sound = try_read(&whole, &Options::default()).expect("it is sound");
    assert_eq!((sound.verdict, is_unprotected(&sound)), (Verdict::Done, false), "{folders:?}");
    let root = sound.sides[0].totals.exact_root.clone();
    damage(&whole, name, step, &|place, found| {
        let Ok(report) = found else { return };
        let is_same = report.sides[0].totals.exact_root == root;
        assert!(is_same || report.verdict != Verdict::Done, "{place}: {:?}", report.sides);
    });
}

#[test]
fn a_packed_export_tells_of_every_changed_byte_and_cut() {
    let uids = "seq/main-uid-block-deflate";
    let name = &format!("{uids}/part-m-00000");
    is_always_told(&["seq/main-block-deflate", uids], false, name, 11);
    is_always_told(
        &["seq/main-block-deflate", uids],
        false,
        "seq/main-block-deflate/part-m-00000",
        97,
    );
}

#[test]
fn a_plain_export_with_its_side_file_tells_of_every_changed_byte_and_cut() {
    let folders = ["seq/append-none", "seq/append-uid-none"];
    for (folder, step) in folders.into_iter().zip([3, 1]) {
        is_always_told(&folders, true, &format!("{folder}/part-m-00000"), step);
        is_always_told(&folders, true, &format!("{folder}/.part-m-00000.crc"), 1);
    }
}

#[test]
fn a_plain_export_without_its_side_file_says_that_nothing_protects_it() {
    let folders = ["seq/append-none", "seq/append-uid-none"];
    let whole = files(&folders, false);
    for (folder, step) in folders.into_iter().zip([5, 1]) {
        damage(&whole, &format!("{folder}/part-m-00000"), step, &|place, found| {
            let Ok(report) = found else { return };
            let is_told = is_unprotected(&report) || report.verdict == Verdict::Damaged;
            assert!(is_told, "{place}: {:?}", report.sides);
        });
    }
}

#[test]
fn a_store_file_tells_of_every_changed_byte_and_cut() {
    let files = ["hfile/hf-lz4-none", "seq/main-uid-block-deflate"];
    let data = "hfile/hf-lz4-none/37394c81c49449bc94d031841017b243";
    is_always_told(&files, false, data, 31);
}

#[test]
fn the_place_of_a_changed_byte_is_told_by_the_side_file() {
    let mut files = files(&["seq/append-none", "seq/append-uid-none"], true);
    files.get_mut("seq/append-none/part-m-00000").expect("it is there")[3000] ^= 1;
    let report = try_read(&files, &Options::default()).expect("it can be read");
    let groups = report.sides[0].problems.iter();
    let [group] = &groups.filter(|group| group.kind == "bad-checksum").collect::<Vec<_>>()[..]
    else {
        panic!("{:?}", report.sides[0].problems)
    };
    let [problem] = &group.first[..] else { panic!("{group:?}") };
    assert_eq!(problem.file, "seq/append-none/part-m-00000");
    assert_eq!(problem.byte, Some(3000 / 512 * 512), "{problem:?}");
}

#[test]
fn nothing_depends_on_the_order_and_the_number_of_part_files() {
    let folders = ["seq/salt-none", "seq/salt-uid-none"];
    let whole = files(&folders, true);
    let expected = try_read(&whole, &Options::default()).expect("sound").sides[0].clone();
    let mut slices: Vec<_> =
        whole.iter().map(|(name, bytes)| (name.as_str(), &bytes[..])).collect();
    for threads in [1, 2, 4] {
        slices.reverse();
        let host = MemoryHost { threads, ..MemoryHost::default() };
        let (_, report) = manifest(host, &slices, &Options::default()).expect("sound");
        assert_eq!(report.sides[0].totals, expected.totals);
        assert_eq!(report.sides[0].points_read, expected.points_read);
        assert_eq!(report.sides[0].files.len(), 5);
    }
}
