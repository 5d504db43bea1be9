//! Whole files: what was written is read.

use super::*;
use crate::hbase::codec::Compression;
use crate::hbase::hfile::encoding::TagForm;

/// Files of the lab's HBase: the rows of one metric.
const LAB: [&str; 6] = [
    "hf-none",
    "hf-none-diff-row",
    "hf-none-prefix",
    "hf-gz-fastdiff-row",
    "hf-snappy-rowindex-rowcol",
    "hf-lz4-none",
];

/// Files with cells of all kinds, with tags and sequences.
const MADE: [&str; 15] = [
    "none-none",
    "none-prefix",
    "none-diff",
    "none-fastdiff",
    "none-rowindex",
    "gz-diff",
    "bzip2-prefix",
    "zstd-fastdiff",
    "zstdplain-rowindex",
    "snappy-diff",
    "lz4-none",
    "pieces-crc32",
    "unsummed-none",
    "levels2",
    "levels4",
];

/// The same cells without either.
const BARE: [&str; 3] = ["bare-none", "bare-diff", "bare-rowindex"];

/// The same with sequences alone, by older releases; those before 1.0 had one kind less.
const OLD: [&str; 6] =
    ["v23-none", "v23-gz-fastdiff", "v21-none", "v21-gz-prefix", "v20-none", "v20-gz"];

fn made(name: &str) -> Vec<u8> {
    data(&format!("made/hfile/{name}"))
}

/// The cells that such a file was made of, and fields that it lacks.
fn expected(name: &str) -> Vec<String> {
    let cells = lines("made/hfile/cells.tsv");
    if name == "empty" {
        return Vec::new();
    }
    let fields = |line: String| {
        let mut fields: Vec<&str> = line.split('\t').collect();
        let is_old = OLD.contains(&name);
        if is_old || BARE.contains(&name) {
            fields[6] = "";
        }
        if BARE.contains(&name) {
            fields[7] = "0";
        }
        if is_old && !name.starts_with("v23") && fields[4] == "DeleteFamilyVersion" {
            fields[4] = "DeleteFamily";
        }
        fields.join("\t")
    };
    cells.into_iter().map(fields).collect()
}

fn all_made() -> Vec<&'static str> {
    [&MADE[..], &BARE, &OLD, &["empty"]].concat()
}

#[test]
fn every_file_of_the_lab_gives_the_cells_of_the_table() {
    let rows = |cell: &String| cell.starts_with("000003");
    let truth: Vec<_> = lines("cells/main-data.tsv.gz").into_iter().filter(rows).collect();
    assert_eq!(truth.len(), 2);
    for name in LAB {
        let found = read(&data(&format!("hfile/{name}")), usize::MAX).unwrap();
        assert_eq!(without_last(&found.cells, 2), truth, "{name}");
        assert_eq!(found.problems, [""; 0], "{name}");
    }
}

#[test]
fn every_encoding_compression_and_version_gives_what_was_written() {
    for name in all_made() {
        let found = read(&made(name), usize::MAX).unwrap();
        assert_eq!(found.cells, expected(name), "{name}");
        assert_eq!(found.problems, [""; 0], "{name}");
    }
}

#[test]
fn tags_by_a_dictionary_are_what_was_written() {
    for name in ["tags-prefix", "tags-diff", "tags-fastdiff", "tags-rowindex"] {
        let file = made(name);
        assert_eq!(layout(&file).unwrap().behind.tags, TagForm::Compressed);
        let found = read(&file, usize::MAX).unwrap();
        assert_eq!(found.cells, lines("made/hfile/cells-tagged.tsv"), "{name}");
        assert_eq!(found.problems, [""; 0], "{name}");
    }
}

#[test]
fn pieces_change_nothing() {
    for name in ["none-fastdiff", "levels2", "v20-none"] {
        let file = made(name);
        let whole = read(&file, usize::MAX).unwrap();
        for piece in [1, 7, 33, 1000] {
            assert_eq!(read(&file, piece).unwrap(), whole, "{name} {piece}");
        }
    }
}

#[test]
fn parts_together_are_the_file() {
    for name in all_made() {
        let file = made(name);
        let layout = layout(&file).unwrap();
        let whole = read(&file, usize::MAX).unwrap();
        for at_least in [0, 1, 3000, u64::MAX] {
            let parts = layout.parts(at_least);
            let borders: Vec<_> = parts.windows(2).map(|two| (two[0].end, two[1].start)).collect();
            assert!(borders.iter().all(|(end, start)| end == start), "{name}");
            let ends = (parts[0].start, parts[parts.len() - 1].end);
            assert_eq!(ends, (layout.data.start, layout.data.end), "{name}");
            // An index of three levels or more says nothing of places among the cells.
            let is_one = layout.data.end / 2 < at_least || ["levels4", "empty"].contains(&name);
            assert_eq!(parts.len() == 1, is_one, "{name}: {parts:?}");
            let mut found = Found::default();
            for part in parts {
                assert!(at_least == 0 || is_one || part.end - part.start >= at_least);
                let Found { cells, places, problems } = read_range(&file, &layout, part, 999);
                found.cells.extend(cells);
                found.places.extend(places);
                found.problems.extend(problems);
            }
            assert_eq!(found, whole, "{name} {at_least}");
        }
    }
}

#[test]
fn a_cell_is_found_again_at_its_place() {
    let file = made("gz-diff");
    let layout = layout(&file).unwrap();
    let whole = read(&file, usize::MAX).unwrap();
    let mut places = whole.places.clone();
    places.dedup();
    assert!(places.len() > 5);
    let again = places.into_iter().flat_map(|at| {
        let found = read_range(&file, &layout, at, usize::MAX);
        assert_eq!(found.problems, [""; 0]);
        found.cells
    });
    assert_eq!(again.collect::<Vec<_>>(), whole.cells);
}

#[test]
fn a_layout_says_how_a_file_is_written() {
    let layout = layout(&made("levels2")).unwrap();
    assert_eq!((layout.version, layout.encoding.name()), ((3, 3), "FAST_DIFF"));
    assert_eq!((layout.entry_count, layout.max_sequence_id), (125, Some(17)));
    assert_eq!((layout.behind.tags, layout.behind.mvcc), (TagForm::Plain, true));
    assert!(layout.is_protected());
    assert_eq!(layout.compression, Compression::None);
    let layout = super::layout(&made("bare-diff")).unwrap();
    assert_eq!((layout.behind.tags, layout.behind.mvcc), (TagForm::None, false));
    assert!(!super::layout(&made("unsummed-none")).unwrap().is_protected());
    assert!(!super::layout(&made("v20-gz")).unwrap().is_protected());
    assert_eq!(super::layout(&made("v20-gz")).unwrap().version, (2, 0));
}

#[test]
fn a_half_has_the_rows_on_its_side() {
    let file = made("none-prefix");
    let layout = layout(&file).unwrap();
    let split_row = b"\0\0\x02".to_vec();
    let read_half = |side| {
        let half = Some(Half { split_row: split_row.clone(), side });
        let (read_as, limits) = (ReadAs { half, sequence: Some(9) }, Limits::default());
        let range = layout.data.clone();
        let mut reader = HFileReader::new(Arc::clone(&layout), range, read_as, &limits);
        let mut found = Found::default();
        reader.push(&file, &mut found);
        reader.finish(&mut found);
        assert_eq!((found.problems, reader.cells()), (vec![], 125));
        found.cells
    };
    let (bottom, top) = (read_half(Side::Bottom), read_half(Side::Top));
    assert!(bottom.iter().all(|cell| cell.starts_with("000001") && cell.ends_with("\t9")));
    assert!(top.iter().all(|cell| !cell.starts_with("000001")));
    assert!(!bottom.is_empty() && !top.is_empty());
    let all = [bottom, top].concat();
    assert_eq!(without_last(&all, 1), without_last(&expected("none-prefix"), 1));
}

#[test]
fn a_newer_file_is_greater_and_a_bulk_load_has_its_sequence_in_its_name() {
    let mut layout = Layout::clone(&layout(&made("none-none")).unwrap());
    let plain = layout.age("0a", false);
    assert!(plain < layout.age("0a", true) && plain < layout.age("0b", false));
    assert!(plain < layout.age("0a_SeqId_18_", false));
    assert!(plain > layout.age("0a_SeqId_16_", false));
    assert_eq!(layout.sequence_of_cells("0a", false), None);
    assert_eq!(layout.sequence_of_cells("0a_SeqId_18_", false), Some(18));
    layout.size += 1;
    assert!(layout.age("0a", false) < plain);
    (layout.bulk_load_ms, layout.max_sequence_id) = (Some(5), None);
    assert_eq!(layout.sequence_of_cells("0a", false), Some(0));
}

#[test]
fn a_store_file_is_known_by_its_first_block() {
    for name in all_made() {
        assert_eq!(score(&made(name)), Score::Yes, "{name}");
    }
    for head in [&b""[..], b"DATABLK", b"SEQ\x06", b"PAR1", b"datablk*"] {
        assert_eq!(score(head), Score::No);
    }
}
