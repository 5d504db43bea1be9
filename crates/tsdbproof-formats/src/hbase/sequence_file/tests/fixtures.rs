//! Sound files give the cells that a scan of the table gave.

use std::collections::BTreeMap;

use super::*;
use crate::Score;
use crate::hbase::sequence_file::{ResultForm, score};

/// The cells of all parts of an Export.
fn export(folder: &str, parts: usize) -> Vec<String> {
    let mut cells = Vec::new();
    for part in 0..parts {
        let file = data(&format!("{folder}/part-m-{part:05}"));
        assert_eq!(score(&file), Score::Yes, "{folder}");
        let found = read_whole(&file);
        assert_eq!(found.problems, Vec::<String>::new(), "{folder}");
        cells.extend(found.cells);
    }
    cells
}

fn truth(path: &str) -> Vec<String> {
    let text = String::from_utf8(data(path)).unwrap();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn every_codec_gives_the_cells_of_the_table() {
    let truth = truth("cells/main-data.tsv.gz");
    assert_eq!(truth.len(), 866);
    for codec in
        ["none", "record-deflate", "block-deflate", "block-bzip2", "block-snappy", "block-lz4"]
    {
        assert_eq!(export(&format!("seq/main-{codec}"), 2), truth, "{codec}");
    }
}

/// Written by Hadoop's own classes; the file's README says how.
#[test]
fn codecs_that_need_native_code_give_the_cells_of_the_table() {
    for (codec, is_protected) in [("gzip", true), ("zstd", false)] {
        for kind in ["record", "block"] {
            let name = format!("made/main-uid-{kind}-{codec}");
            let (mut found, mut reader) = (Found::default(), reader());
            reader.push(&data(&name), &mut found).unwrap();
            reader.finish(&mut found).unwrap();
            assert_eq!(found.problems, Vec::<String>::new(), "{name}");
            assert_eq!(found.cells, truth("cells/main-uid.tsv.gz"), "{name}");
            // Hadoop's frames of zstd have no checksum.
            assert_eq!(reader.is_protected(), is_protected, "{name}");
        }
    }
}

#[test]
fn old_versions_and_old_results_give_the_cells_of_the_table() {
    let truth = truth("cells/salt-uid.tsv.gz");
    let same = [
        ("version4-none", ResultForm::Message),
        ("version4-record-deflate", ResultForm::Message),
        ("version4-block-deflate", ResultForm::Message),
        ("version5-none", ResultForm::Message),
        ("version5-record-deflate", ResultForm::Message),
        ("094-none", ResultForm::KeyValues),
        ("094-record", ResultForm::KeyValues),
        ("094-block", ResultForm::KeyValues),
    ];
    for (name, form) in same {
        let file = data(&format!("made/small-{name}"));
        assert_eq!(score(&file), Score::Yes);
        for piece in [1, 7, file.len()] {
            let (mut found, mut reader) = (Found::default(), reader());
            file.chunks(piece).for_each(|piece| reader.push(piece, &mut found).unwrap());
            reader.finish(&mut found).unwrap();
            assert_eq!(found.problems, Vec::<String>::new(), "{name}");
            assert_eq!((found.cells, reader.form()), (truth.clone(), Some(form)), "{name}");
        }
    }
}

#[test]
fn every_type_of_cell_is_known() {
    let found = read_whole(&data("made/kinds-none"));
    let cells: Vec<_> = found.cells.iter().map(String::as_str).collect();
    // As Hadoop's own reader finds them; that of the last row is without its tag.
    let expected = [
        "726f77\tt\t\t9\tDeleteFamily\t",
        "726f77\tt\t\t8\tDeleteFamilyVersion\t",
        "726f77\tt\t71\t7\tDeleteColumn\t",
        "726f77\tt\t71\t6\tDelete\t",
        "726f77\tt\t71\t6\tPut\t76616c7565",
        "746167676564\tt\t71\t1\tPut\t",
    ];
    assert_eq!((cells.as_slice(), found.problems), (&expected[..], vec![]));
    assert_eq!(found.tags, ["", "", "", "", "", "00044174746c"]);
}

#[test]
fn other_tables_give_their_cells() {
    for (folder, parts, cells) in [
        ("seq/main-uid-none", 1, "cells/main-uid.tsv.gz"),
        ("seq/main-uid-block-deflate", 1, "cells/main-uid.tsv.gz"),
        ("seq/main-meta-none", 1, "cells/main-meta.tsv.gz"),
        ("seq/append-versions3", 1, "cells/append-data.tsv.gz"),
        ("seq/append-uid-none", 1, "cells/append-uid.tsv.gz"),
        ("seq/salt-none", 4, "cells/salt-data.tsv.gz"),
        ("seq/salt-uid-none", 1, "cells/salt-uid.tsv.gz"),
        ("restored/seq/data-none", 1, "restored/cells/data.tsv.gz"),
        ("restored/seq/data-block-deflate", 1, "restored/cells/data.tsv.gz"),
    ] {
        assert_eq!(export(folder, parts), truth(cells), "{folder}");
    }
}

#[test]
fn a_table_whose_cells_are_damaged_is_a_sound_file() {
    let restored = export("restored/seq/data-none", 1);
    let corrupted = export("corrupted/seq/data-none", 1);
    // A value cut off, flags broken, a row too short, a row off the hour.
    let changed = corrupted.iter().filter(|cell| !restored.contains(cell)).count();
    assert_eq!(changed, 4);
    // By another program.
    assert_eq!(export("text-restored/seq/uid-none", 1).len(), 199);
}

#[test]
fn an_export_of_one_version_has_the_newest_of_each_cell() {
    let column = |line: &&String| line.split('\t').take(3).map(str::to_owned).collect::<Vec<_>>();
    let all = truth("cells/append-data.tsv.gz");
    let mut newest: Vec<_> = all.iter().collect();
    // Versions of a cell stand in a row, the newest first.
    newest.dedup_by_key(|line| column(line));
    let found = export("seq/append-none", 1);
    assert_eq!(found.iter().collect::<Vec<_>>(), newest);
    assert!(newest.len() < all.len());
}

#[test]
fn an_export_of_a_part_has_that_part() {
    let mut truth = truth("cells/main-data.tsv.gz");
    truth.retain(|cell| cell.starts_with("000003"));
    assert_eq!(export("seq/main-prefix", 1), truth);
}

#[test]
fn a_raw_export_has_markers_and_what_they_hide() {
    let mut cells = Vec::new();
    for part in 0..2 {
        let found = read_whole(&data(&format!("seq/main-raw-deleted/part-m-{part:05}.gz")));
        assert_eq!(found.problems, Vec::<String>::new());
        cells.extend(found.cells);
    }
    let count = |kind: &str| cells.iter().filter(|cell| cell.contains(kind)).count();
    // By another program.
    assert_eq!((count("\tPut\t"), count("\tDeleteColumn\t"), cells.len()), (10150, 9821, 19971));
    assert_eq!(shown(&cells), truth("cells/main-data.tsv.gz"));
}

/// What a scan shows of cells: of each column the newest that no marker hides.
fn shown(cells: &[String]) -> Vec<String> {
    let mut columns: BTreeMap<String, (i64, i64, &String)> = BTreeMap::new();
    for cell in cells {
        let [row, family, qualifier, time, kind, _] = cell.split('\t').collect::<Vec<_>>()[..]
        else {
            panic!("{cell}")
        };
        let column = columns.entry([row, family, qualifier].join("\t"));
        let (marker, put, newest) = column.or_insert((0, 0, cell));
        let time = time.parse().unwrap();
        match kind {
            "Put" if time > *put => (*put, *newest) = (time, cell),
            "Put" => {}
            "DeleteColumn" => *marker = time.max(*marker),
            _ => panic!("{cell}"),
        }
    }
    let shown = columns.into_values().filter(|(marker, put, _)| put > marker);
    shown.map(|(_, _, cell)| cell.clone()).collect()
}

#[test]
fn pieces_of_any_size_give_the_same() {
    for path in [
        "seq/append-versions3/part-m-00000",
        "seq/salt-none/part-m-00003",
        "seq/main-uid-block-deflate/part-m-00000",
        "seq/main-record-deflate/part-m-00001",
    ] {
        let file = data(path);
        let whole = read_whole(&file);
        for piece in [1, 7, 1000] {
            assert_eq!(read(&file, piece).unwrap(), whole, "{path} {piece}");
        }
    }
}

#[test]
fn a_reader_fed_up_to_the_end_of_a_cell_finds_it_again() {
    for path in ["seq/append-versions3/part-m-00000", "made/small-block-gzip"] {
        let file = data(path);
        let whole = read_whole(&file);
        for (index, end) in whole.ends.iter().enumerate() {
            let mut found = Found::default();
            reader().push(&file[..usize::try_from(*end).unwrap()], &mut found).unwrap();
            assert_eq!(found.cells.get(index), whole.cells.get(index), "{path} {index}");
        }
    }
}

#[test]
fn a_reader_knows_its_form_and_whether_checksums_protect_it() {
    for (folder, is_protected) in [
        ("main-none", false),
        ("main-record-deflate", true),
        ("main-block-bzip2", true),
        ("main-block-lz4", false),
    ] {
        let mut reader = reader();
        assert_eq!((reader.is_protected(), reader.form()), (false, None));
        let file = data(&format!("seq/{folder}/part-m-00000"));
        reader.push(&file, &mut Found::default()).unwrap();
        assert_eq!(reader.is_protected(), is_protected, "{folder}");
        assert_eq!(reader.form(), Some(ResultForm::Message));
    }
}

#[test]
fn heads_are_judged() {
    let file = data("seq/main-none/part-m-00000");
    let judge = |head: &[u8]| score(head);
    assert_eq!(judge(&file[..200]), Score::Yes);
    assert_eq!(judge(&file[..60]), Score::Maybe);
    assert_eq!(
        judge(b"SEQ\x06\x19org.apache.hadoop.io.Text\x19org.apache.hadoop.io.Text"),
        Score::Maybe
    );
    for short in [&b"S"[..], b"SEQ", b"SEQ\x03", b"SEQ\x06"] {
        assert_eq!(judge(short), Score::Maybe, "{}", short.escape_ascii());
    }
    let mut damaged = file.clone();
    damaged[1] = b'e';
    assert_eq!(judge(&damaged), Score::Maybe);
    for other in [&b""[..], b"m", b"SQ", b"SEQUENCE 5 1 a=b\n", b"crc\0\0\0\x02\0", b"m 1 5 a=1\n"]
    {
        assert_eq!(judge(other), Score::No, "{}", other.escape_ascii());
    }
}
