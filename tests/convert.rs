//! The law of `convert`: the same points in every form that can be written, whatever they came from.

use proptest::prelude::*;
use tsdbproof::{
    Codec, Error, FORMATS, Format, Options, Outputs, Source, Target, convert, format_by_name,
    report::{Report, Verdict},
};

use crate::{
    jobs::{data, manifest, manifest_of},
    judge::{self, hex},
    laws::{points, text},
    memory_host::{MemoryHost, run},
};

/// Files that a job makes, in memory.
#[derive(Default)]
pub(crate) struct MemoryOutputs {
    pub(crate) files: Vec<(String, Vec<u8>)>,
}

impl Outputs for MemoryOutputs {
    type Host = MemoryHost;

    fn begin(&mut self, path: &str) -> Result<(), Error> {
        self.files.push((format!("out/{path}"), Vec::new()));
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        if let Some((_, file)) = self.files.last_mut() {
            file.extend_from_slice(bytes);
        }
        Ok(())
    }

    async fn read_back(&mut self) -> Result<(MemoryHost, Source), Error> {
        let mut host = MemoryHost::default();
        let files: Vec<_> = self.files.iter().map(|(name, file)| (&name[..], &file[..])).collect();
        let source = host.source(&files);
        Ok((host, source))
    }
}

fn converted(files: &[(&str, &[u8])], target: Target) -> (Report, Vec<(String, Vec<u8>)>) {
    let mut host = MemoryHost::default();
    let source = host.source(files);
    let mut outputs = MemoryOutputs::default();
    let report = run(convert(&host, &source, target, &Options::default(), &mut outputs));
    (report.expect("the source is sound"), outputs.files)
}

pub(crate) fn whole(format: &'static Format) -> Target {
    Target { format, codec: Codec::Plain, is_partitioned: false }
}

fn written() -> impl Iterator<Item = &'static Format> {
    FORMATS.iter().copied().filter(|format| format.write.is_some())
}

/// The archive in each form: as it is, and as each format that can be written.
fn forms(archive: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let form = |format: &'static Format| {
        let (_, mut files) = converted(&[("backup.txt", archive)], whole(format));
        (format.name, files.remove(0).1)
    };
    written().map(form).collect()
}

#[test]
fn every_form_converts_to_every_other_and_keeps_its_root() {
    for archive in ["main-import.txt", "append-import.txt", "salt-import.txt"] {
        let archive = data(archive);
        let root = manifest_of(&archive, &Options::default()).1.sides[0].totals.exact_root.clone();
        for (from, bytes) in forms(&archive) {
            for to in written() {
                let (report, files) = converted(&[("input", &bytes)], whole(to));
                let told = format!("{from} to {}: {:?}", to.name, report.converted);
                assert_eq!(report.verdict, Verdict::Same, "{told}");
                let roots = report.sides.iter().map(|side| &side.totals.exact_root);
                assert!(roots.into_iter().all(|found| *found == root), "{told}");
                // What is written is known by its bytes.
                let again =
                    manifest(MemoryHost::default(), &[("x", &files[0].1)], &Options::default());
                let side = &again.expect("it can be read").1.sides[0];
                assert_eq!(
                    (side.files[0].format, &side.totals.exact_root),
                    (to.name, &root),
                    "{told}"
                );
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_points_keep_the_judges_root_on_every_way(points in points()) {
        let root = format!("tsdbproof:v1:exact:{}", hex(&judge::judge(&points, "exact").root));
        for (from, bytes) in forms(&text(&points)) {
            for to in written() {
                let (report, _) = converted(&[("input", &bytes)], whole(to));
                for side in &report.sides {
                    prop_assert_eq!(&side.totals.exact_root, &root, "{} to {}", from, to.name);
                }
            }
        }
    }
}

#[test]
fn the_same_points_give_the_same_bytes() {
    let archive = data("main-import.txt");
    let mut lines: Vec<&[u8]> = archive.split_inclusive(|byte| *byte == b'\n').collect();
    lines.reverse();
    let reversed = lines.concat();
    for format in written() {
        let bytes = |text: &[u8]| converted(&[("backup.txt", text)], whole(format)).1;
        assert!(bytes(&archive) == bytes(&reversed), "{}", format.name);
    }
}

#[test]
fn a_partition_has_a_file_for_each_metric_and_day() {
    let archive = data("main-import.txt");
    for format in written() {
        let target = Target { is_partitioned: true, ..whole(format) };
        let (report, files) = converted(&[("backup.txt", &archive)], target);
        assert_eq!(report.verdict, Verdict::Same, "{}", format.name);
        let mut names: Vec<_> = files.iter().map(|(name, _)| name.clone()).collect();
        let part = format!("out/metric=net.bytes/day=2023-11-15/part-0.{}", format.extensions[0]);
        assert!(names.contains(&part));
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count, "each file is begun once");
    }
}

#[test]
fn what_a_format_cannot_hold_is_left_out_and_named() {
    // A blank ends a word of import text; 5 ms after 1970 would be read as seconds.
    let json = br#"{"metric":"m m","timestamp":1700000000,"value":1,"tags":{"a":"1"}}
{"metric":"m","timestamp":1700000000,"value":2,"tags":{"a":"1"}}
"#;
    let text = format_by_name("import-text").expect("it is one");
    let (report, files) = converted(&[("points.jsonl", json)], whole(text));
    assert_eq!(report.verdict, Verdict::Different);
    let converted = report.converted.expect("it was converted");
    assert_eq!((converted.points, converted.left_out.len()), (1, 1));
    assert_eq!((converted.left_out[0].points, converted.left_out[0].first.len()), (1, 1));
    assert_eq!(files[0].1, b"m 1700000000 2 a=1\n");
}

#[test]
fn packed_output_is_read_back_as_well() {
    let archive = data("salt-import.txt");
    for codec in [Codec::Gzip, Codec::Zstd] {
        let format = format_by_name("import-text").expect("it is one");
        let target = Target { codec, ..whole(format) };
        let (report, _) = converted(&[("backup.txt", &archive)], target);
        assert_eq!(report.verdict, Verdict::Same);
        assert_eq!(report.sides[1].files[0].codec, codec.name());
    }
}
