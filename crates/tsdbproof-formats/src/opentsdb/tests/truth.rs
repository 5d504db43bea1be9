//! The real tables against what was written to them, and against what OpenTSDB printed of them.

use super::*;
use crate::Limits;
use crate::hbase::merge::Hidden;
use crate::hbase::sequence_file::SequenceFileReader;
use crate::opentsdb::findings::Repeats;
use crate::{Access, ReadOptions, by_name};
use tsdbproof_core::Value;

/// The points of a set that stand in its tables, by the generator that wrote them.
fn truth(sets: &[&str]) -> Vec<(String, Point)> {
    let text = String::from_utf8(file("truth/truth.jsonl.gz")).unwrap();
    let mut points = Vec::new();
    for line in text.lines() {
        let point: serde_json::Value = serde_json::from_str(line).unwrap();
        let word = |key: &str| point[key].as_str().unwrap();
        if !sets.contains(&word("set")) || word("status") == "overwritten" {
            continue;
        }
        let tags = point["tags"].as_object().unwrap().iter();
        let tags: Vec<_> =
            tags.map(|(key, value)| (kept(key), kept(value.as_str().unwrap()))).collect();
        let tags = Tags::new(tags.iter().map(|(key, value)| (&key[..], &value[..]))).unwrap();
        let value = match (word("kind"), word("via"), word("value")) {
            ("int", _, text) => Value::integer(text.parse().unwrap()),
            (_, "import", text) => Value::float(text.parse::<f32>().unwrap().into()),
            (_, _, text) => Value::float(text.parse().unwrap()),
        };
        let timestamp_ms = point["ts_ms"].as_u64().unwrap();
        let name = format!("{}{{{}}}", kept(word("metric")), tags.as_str());
        points.push((name, Point { timestamp_ms, value }));
    }
    points.sort_unstable();
    points.dedup();
    points
}

/// A name as OpenTSDB keeps it.
fn kept(name: &str) -> String {
    name.chars().map(|c| if c > '\u{ff}' { '?' } else { c }).collect()
}

/// The points of a file of text.
fn points_of(format: &str, name: &str) -> Vec<(String, Point)> {
    let Access::Stream { open, .. } = by_name(format).unwrap().access else { panic!("{format}") };
    let (mut reader, mut log) = (open(&ReadOptions::default(), 0), Log::default());
    reader.push(&file(name), &mut Unordered(&mut log)).unwrap();
    reader.finish(&mut Unordered(&mut log)).unwrap();
    log.set()
}

/// Takes points in any order.
struct Unordered<'l>(&'l mut Log);

impl PointSink for Unordered<'_> {
    fn series(&mut self, metric: &str, tags: &Tags) -> SeriesId {
        self.0.series(metric, tags)
    }

    fn points(&mut self, series: SeriesId, points: &[Point], at: Range<u64>) {
        points.iter().for_each(|point| self.0.points(series, &[*point], at.clone()));
    }

    fn loss(&mut self, _: SeriesId, _: Hour, _: Loss) {}

    fn problem(&mut self, problem: Problem) {
        self.0.problem(problem);
    }
}

#[test]
fn the_main_table_holds_what_was_written_to_it() {
    let main = Archive::main();
    let points = main.log.set();
    assert_eq!((points.len(), main.widths), (9876, Widths::default()));
    assert!(points == truth(&["main", "bug05"]));
    assert_eq!(main.log.damage(), Vec::<&Problem>::new());
    assert_eq!(main.log.of_kind(ProblemKind::Annotation).len(), 9);
    assert_eq!(main.log.of_kind(ProblemKind::Histogram).len(), 10);
    assert_eq!(main.log.problems.len(), 19);
}

/// Counted from the same cells by another program, but for what `tsdb fsck` prints: 7 duplicates. That it
/// calls one column bad, unordered and of a bad value is its fault at second 80 to 95.
#[test]
fn what_is_met_in_the_main_table_is_counted_in_the_terms_of_fsck() {
    let repeats = Repeats { same: 2, equal: 0, different: 5, refused_rows: 3 };
    let expected = RowFindings {
        rows: 275,
        cells: 866,
        instants: 9871,
        annotations: 9,
        histograms: 10,
        duplicates: 7,
        misread_columns: 9,
        global_rows: 3,
        repeats,
        ..RowFindings::default()
    };
    let mut findings = Archive::main().findings;
    assert_eq!(findings, expected);
    findings.join(&expected);
    assert_eq!((findings.rows, findings.repeats.different), (550, 10));
    findings.join(&RowFindings::default());
    assert_eq!((findings.cells, findings.annotations), (1732, 18));
}

#[test]
fn the_append_table_holds_what_was_written_to_it_last() {
    let append = Archive::new("cells/append-data.tsv.gz", "cells/append-uid.tsv.gz");
    let points = append.log.set();
    assert_eq!((points.len(), append.widths), (826, Widths::default()));
    assert!(points == truth(&["append"]));
    assert!(points == points_of("import-text", "append-import.txt"));
    assert_eq!(append.log.problems, []);
    let hidden = Hidden { older: 16, ..Hidden::default() };
    let shown = RowFindings { rows: 8, cells: 8, append_columns: 8, ..RowFindings::default() };
    assert_eq!(append.findings, RowFindings { hidden, instants: 826, ..shown });
}

#[test]
fn the_salted_table_holds_what_was_written_to_it() {
    let salt = Archive::new("cells/salt-data.tsv.gz", "cells/salt-uid.tsv.gz");
    let points = salt.log.set();
    assert_eq!((points.len(), salt.widths.salt), (960, 1));
    assert!(points == truth(&["salt"]));
    assert!(points == points_of("import-text", "salt-import.txt"));
    assert_eq!(salt.log.problems, []);
}

#[test]
fn cells_hold_what_scans_print_and_what_they_can_not() {
    let main = Archive::main().log.set();
    for (format, name) in [("import-text", "main-import.txt"), ("raw-scan", "main-raw.txt.gz")] {
        let printed = points_of(format, name);
        assert!(printed.iter().all(|point| main.binary_search(point).is_ok()), "{name}");
        let beyond: Vec<_> =
            main.iter().filter(|point| printed.binary_search(point).is_err()).collect();
        // Beyond the last time that a scan reaches, and the seconds that it misreads.
        let is_late = |(_, point): &&&(String, Point)| point.timestamp_ms > 4_294_963_200_000;
        let is_misread = |(name, _): &&&(String, Point)| name.starts_with("bug.second80to95");
        assert_eq!(beyond.iter().filter(is_late).count(), 2, "{name}");
        assert_eq!(beyond.iter().filter(is_misread).count(), 12, "{name}");
        assert_eq!(beyond.len(), 14, "{name}");
    }
}

/// The points of an Export, by the reader of its files.
fn points_of_export(parts: &[&str], like: &Archive) -> (Vec<(String, Point)>, RowFindings) {
    let options = RowOptions::new(like.widths, 1 << 20);
    let mut decoder = RowDecoder::new(Arc::clone(&like.uids), options);
    let mut log = Log::default();
    for name in parts {
        let mut reader = SequenceFileReader::new(&Limits::default());
        reader.push(&file(name), &mut decoder.reading(&mut log)).unwrap();
        reader.finish(&mut decoder.reading(&mut log)).unwrap();
        decoder.finish(&mut log);
    }
    assert_eq!(log.damage(), Vec::<&Problem>::new());
    (log.set(), *decoder.findings())
}

#[test]
fn exports_of_deleted_rows_and_old_versions_hold_the_same_points() {
    let main = Archive::main();
    let parts = ["00000", "00001"].map(|part| format!("seq/main-raw-deleted/part-m-{part}.gz"));
    let (points, findings) = points_of_export(&parts.each_ref().map(|part| &part[..]), &main);
    assert!(points == main.log.set());
    // What compactions deleted, beside the 24 points that were written over.
    assert!(findings.hidden.markers > 5_000 && findings.hidden.deleted > 5_000, "{findings:?}");
    assert_eq!((findings.cells, findings.instants), (866, 9871));

    let append = Archive::new("cells/append-data.tsv.gz", "cells/append-uid.tsv.gz");
    let (points, findings) = points_of_export(&["seq/append-versions3/part-m-00000"], &append);
    assert!(points == append.log.set());
    assert_eq!(findings, append.findings);
}

#[test]
fn a_row_is_given_as_one_run_from_where_its_cells_lie() {
    let main = Archive::main();
    let mut rows: Vec<Range<u64>> = Vec::new();
    for (at, cell) in (0..).step_by(10).zip(&main.cells) {
        match rows.last_mut() {
            Some(row) if main.cells[row.start as usize / 10].row == cell.row => row.end = at + 10,
            _ => rows.push(at..at + 10),
        }
    }
    let mut runs: Vec<_> = main.log.runs.iter().map(|(_, at)| at.clone()).collect();
    runs.dedup();
    assert_eq!(runs.len(), main.log.runs.len());
    assert!(runs.iter().all(|run| rows.contains(run)) && runs.len() > 100);
}

#[test]
fn neither_the_order_of_rows_nor_that_of_cells_in_them_changes_a_point() {
    let main = Archive::main();
    let mut cells = main.cells.clone();
    cells.reverse();
    assert!(read(&cells, &main.uids, main.widths).0.set() == main.log.set());
}
