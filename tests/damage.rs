//! Every format, cut at every byte and with every byte flipped: the same root, a problem that is named,
//! an error, or content that is said to be unprotected, and then a manifest finds the damage.
//!
//! Files of HBase take long to read; `hbase/sequence_file` and `hbase/hfile` do this to their own.

use std::{fs, path::Path};

use tsdbproof::{
    FORMATS, Options,
    report::{Report, Verdict},
};

use crate::{
    acceptance::{gzip, zstd},
    jobs::{manifest, verify},
    memory_host::MemoryHost,
};

/// More bytes would take long.
const SMALL_BYTES: usize = 4096;
const OF_HBASE: [&str; 2] = ["hbase-export", "hfile"];

/// The smallest sound file of a format.
fn smallest(format: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("suite/formats").join(format);
    let cases = fs::read_dir(folder).expect("every format has cases").flatten();
    let sound = cases.filter(|case| {
        case.file_name().to_string_lossy().starts_with("good-")
            && !case.path().join("args").exists()
    });
    let files = sound.flat_map(|case| fs::read_dir(case.path()).expect("a folder").flatten());
    let inputs = files.filter(|file| file.file_name().to_string_lossy().starts_with("input."));
    let inputs = inputs.map(|file| fs::read(file.path()).expect("it can be read"));
    let mut smallest = inputs.min_by_key(Vec::len).expect("every format has a sound file");
    if format == "raw-scan" {
        // Whole columns.
        let end = smallest[..SMALL_BYTES / 4].windows(4).rposition(|it| it == b"\n  [");
        smallest.truncate(end.map_or(smallest.len(), |at| at + 1));
    }
    assert!(smallest.len() < SMALL_BYTES, "{format} has no small file: {} bytes", smallest.len());
    smallest
}

fn host() -> MemoryHost {
    MemoryHost { threads: 1, ..MemoryHost::default() }
}

fn is_unprotected(report: &Report) -> bool {
    report.notes.iter().any(|note| note.starts_with("content unprotected"))
}

/// Holds what is read of a damaged file against the sound one's manifest. Gives whether nothing is said.
fn is_silent(sound: &(Vec<u8>, Report), damaged: &[u8], options: &Options, what: &str) -> bool {
    let Ok((_, report)) = manifest(host(), &[("file", damaged)], options) else { return false };
    let (sound, expected) = sound;
    let side = &report.sides[0];
    if side.totals == expected.sides[0].totals || !side.problems.is_empty() {
        return false;
    }
    if report.verdict != Verdict::Done {
        return false;
    }
    assert!(is_unprotected(&report), "{what}: another root, and not a word");
    let (report, _) = verify(host(), sound, damaged, options).expect("it was read before");
    // What a saved answer lost may explain what differs: then that hour is not compared.
    let is_seen = matches!(report.verdict, Verdict::Different | Verdict::Incomplete);
    assert!(is_seen, "{what}: a manifest says {:?}", report.verdict);
    true
}

/// Damages a file in every way. Gives how often nothing but a manifest tells.
fn damage(name: &str, sound: &[u8], format: Option<&str>) -> usize {
    let format = format.and_then(tsdbproof::format_by_name);
    let options = Options { format, ..Options::default() };
    let known = manifest(host(), &[("file", sound)], &options).expect("it is sound");
    let cuts = (0..sound.len()).filter(|at| {
        is_silent(&known, &sound[..*at], &options, &format!("{name} cut at byte {at}"))
    });
    let flips = (0..sound.len()).filter(|at| {
        let mut damaged = sound.to_vec();
        damaged[*at] ^= 1 << (at % 8);
        is_silent(&known, &damaged, &options, &format!("{name} with byte {at} flipped"))
    });
    cuts.count() + flips.count()
}

#[test]
fn every_cut_and_every_flipped_byte_is_told_or_content_is_unprotected() {
    for format in FORMATS.iter().filter(|format| !OF_HBASE.contains(&format.name)) {
        damage(format.name, &smallest(format.name), Some(format.name));
    }
}

#[test]
fn where_checksums_protect_nothing_stays_unsaid() {
    let text = smallest("import-text");
    for (name, packed) in [("gzip", gzip(&text)), ("zstd", zstd(&text))] {
        assert_eq!(damage(name, &packed, None), 0, "{name}");
    }
}
