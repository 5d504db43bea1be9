//! Raw scans of a real OpenTSDB: the points of the import text of the same tables, in every way a
//! host may feed them.

use std::io::Read;

use tsdbproof::{
    Options,
    report::{Counts, Verdict},
};

use crate::{
    jobs::{data, diff, manifest, manifest_of},
    memory_host::MemoryHost,
};

/// The unpacked text of an archive.
fn raw(file: &str) -> Vec<u8> {
    let mut text = Vec::new();
    let packed = data(file);
    flate2::read::MultiGzDecoder::new(&packed[..]).read_to_end(&mut text).expect("gzip");
    text
}

/// Raw scan, import text, points read, distinct points.
const TWINS: [(&str, &str, u64, u64); 4] = [
    ("append-raw.txt.gz", "append-import.txt", 826, 826),
    ("salt-raw.txt.gz", "salt-import.txt", 960, 960),
    ("main-raw.txt.gz", "main-import.txt", 9864, 9862),
    ("restored/restored-raw.txt.gz", "restored/restored-import.txt", 9368, 9366),
];

#[test]
fn a_raw_scan_has_the_root_of_the_import_text() {
    for (raw_file, text_file, read, points) in TWINS {
        let (_, text) = manifest_of(&data(text_file), &Options::default());
        let plain = raw(raw_file);
        let small = MemoryHost { piece_bytes: vec![1, 4096, 77], ..MemoryHost::default() };
        let one = MemoryHost { threads: 1, has_scratch: false, ..MemoryHost::default() };
        for (host, bytes) in
            [(MemoryHost::default(), &data(raw_file)), (small, &plain), (one, &plain)]
        {
            let options = Options { split_bytes: 1 << 10, ..Options::default() };
            let (_, report) = manifest(host, &[("a", bytes)], &options).expect("sound");
            assert_eq!(report.verdict, Verdict::Done, "{raw_file}: {report:?}");
            let (side, expected) = (&report.sides[0], &text.sides[0].totals);
            assert_eq!(side.totals.exact_root, expected.exact_root, "{raw_file}");
            assert_eq!(side.totals.f32_root, expected.f32_root, "{raw_file}");
            assert_eq!((side.points_read, side.totals.points), (read, points), "{raw_file}");
        }
    }
}

#[test]
fn the_damage_of_a_restored_copy_is_found_in_raw_scans_too() {
    let (text, base) = (data("main-import.txt"), raw("main-raw.txt.gz"));
    let (packed, current) =
        (data("restored/restored-raw.txt.gz"), raw("restored/restored-raw.txt.gz"));
    for (base, current) in [(&text, &current), (&base, &current), (&base, &packed)] {
        let options = Options { split_bytes: 1 << 10, ..Options::default() };
        let (report, _) = diff(MemoryHost::default(), base, current, &options).expect("sound");
        assert_eq!(report.verdict, Verdict::Different);
        let compared = report.compared.expect("a comparison");
        let Counts { missing, extra, changed, .. } = compared.counts;
        assert_eq!((missing, extra, changed), (500, 4, 12));
    }
}
