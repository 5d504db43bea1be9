//! Damaged files: what is left is right, and what is lost is told.

use tsdbproof_core::Kind;

use super::*;
use crate::hbase::sequence_file::header::Header;

/// Small files of 31 cells, with sync markers every 200 bytes or small blocks.
const PROTECTED: [&str; 4] =
    ["small-record-deflate", "small-block-deflate", "small-block-gzip", "small-block-bzip2"];
const UNPROTECTED: [&str; 3] = ["small-none", "small-094-none", "kinds-none"];

fn made(name: &str) -> Vec<u8> {
    data(&format!("made/{name}"))
}

/// Where the header ends.
fn start(file: &[u8]) -> usize {
    Header::read(file).unwrap().unwrap().size
}

/// Where sync markers begin, with that of the header.
fn markers(file: &[u8]) -> Vec<usize> {
    let sync = &file[start(file) - 16..start(file)];
    memchr::memmem::find_iter(file, sync).collect()
}

#[test]
fn a_cut_file_gives_what_is_in_front_of_the_cut_and_a_problem() {
    for name in PROTECTED.iter().chain(&UNPROTECTED) {
        let file = made(name);
        let whole = read_whole(&file);
        assert_eq!(whole.problems, Vec::<String>::new(), "{name}");
        let behind_markers: Vec<_> = markers(&file).iter().map(|at| at + 16).collect();
        for cut in 0..file.len() {
            let found = read_whole(&file[..cut]);
            let count = whole.ends.iter().filter(|end| **end <= cut as u64).count();
            assert_eq!(found.cells, whole.cells[..count], "{name} {cut}");
            let is_between = whole.ends.contains(&(cut as u64))
                || cut == behind_markers[0]
                || !name.contains("block") && behind_markers.contains(&cut)
                // The last record of these two has no cell.
                || *name == "kinds-none" && cut == 295
                || *name == "small-094-none" && cut == 1815;
            let cuts = found.problems.iter().filter(|problem| problem.starts_with("cut: ")).count();
            assert_eq!(
                (cuts, found.problems.len()),
                (usize::from(!is_between), cuts),
                "{name} {cut}"
            );
        }
    }
}

#[test]
fn a_flipped_byte_never_gives_other_cells_where_checksums_protect() {
    for name in PROTECTED {
        let file = made(name);
        let whole = read_whole(&file);
        // bzip2 takes megabytes for each of its streams, and so its time.
        let masks =
            if name.contains("bzip2") { &[0xff][..] } else { &[0x01, 0x02, 0x10, 0x80, 0xff] };
        for at in 0..file.len() {
            for mask in masks {
                let mut flipped = file.clone();
                flipped[at] ^= mask;
                let Ok(found) = read(&flipped, flipped.len()) else { continue };
                let is_told = !found.problems.is_empty();
                let is_part = found.cells.iter().all(|cell| whole.cells.contains(cell));
                assert!(found.cells == whole.cells || is_told && is_part, "{name} {at} {mask:x}");
            }
        }
    }
}

#[test]
fn a_flipped_byte_gives_the_same_in_pieces() {
    for name in UNPROTECTED.iter().chain(&PROTECTED) {
        let file = made(name);
        for at in 0..file.len() {
            let mut flipped = file.clone();
            flipped[at] ^= 0xff;
            let result = |piece| read(&flipped, piece).map_err(|error| error.to_string());
            assert_eq!(result(7), result(flipped.len()), "{name} {at}");
        }
    }
}

#[test]
fn a_broken_length_costs_what_stands_up_to_the_next_marker() {
    let file = made("small-none");
    let whole = read_whole(&file);
    let (first, second) = (markers(&file)[1], markers(&file)[2]);
    let record = first + 16;
    for (byte, what) in [
        (0, "no record; found lengths of less than 0 for all, 7 for the key and 3 for its row"),
        (2, "a record or a block with a sync marker inside: its length is damaged"),
    ] {
        let mut broken = file.clone();
        broken[record + byte] ^= 0x80;
        let found = read_whole(&broken);
        let passed = format!(
            "bytes {record} to {} passed over, up to the sync marker at byte {second}",
            second - 1
        );
        assert_eq!(found.problems, [format!("bad-record: byte {record}: {what}; {passed}")]);
        let lost = |end: &&u64| **end > first as u64 && **end < second as u64;
        let lost = whole.ends.iter().filter(lost).count();
        assert_eq!((found.cells.len(), lost), (whole.cells.len() - lost, 6));
    }
}

#[test]
fn a_broken_value_costs_its_record() {
    let file = made("small-none");
    let whole = read_whole(&file);
    // The length in front of the Result.
    let mut broken = file.clone();
    broken[start(&file) + 8 + 5] ^= 1;
    let found = read_whole(&broken);
    assert_eq!(found.cells, whole.cells[3..]);
    let what = "a record left out, bytes 114 to 242: a value of 116 bytes that is no Result; found 720a250a01001202, expected its length in front";
    assert_eq!(found.problems, [format!("bad-record: byte 114: {what}")]);
}

#[test]
fn a_cell_of_another_row_is_left_out() {
    let mut file = made("small-record-deflate");
    let whole = read_whole(&file);
    let row = start(&file) + 12;
    file[row] ^= 1;
    let found = read_whole(&file);
    assert_eq!(found.cells, whole.cells[3..]);
    let what = "3 of 3 cells left out: of another row than the record; found 00, expected 01";
    assert_eq!(found.problems, [format!("disagreement: byte 157: {what}")]);
}

#[test]
fn a_damaged_marker_costs_nothing() {
    for name in PROTECTED.iter().chain(&["small-none"]) {
        let file = made(name);
        let whole = read_whole(&file);
        for (index, at) in markers(&file).into_iter().enumerate() {
            let mut damaged = file.clone();
            damaged[at + 5] ^= 1;
            let found = read_whole(&damaged);
            assert_eq!(found.cells, whole.cells, "{name} {index}");
            let is_last = index + 1 == markers(&file).len();
            let count = if index == 0 || is_last { 1 } else { 2 };
            assert_eq!(found.problems.len(), count, "{name} {index}: {:?}", found.problems);
        }
    }
}

#[test]
fn a_damaged_escape_costs_no_cell() {
    for name in PROTECTED.iter().chain(&["small-none"]) {
        let file = made(name);
        let whole = read_whole(&file);
        for at in &markers(&file)[1..] {
            let mut damaged = file.clone();
            damaged[at - 2] ^= 1;
            let found = read_whole(&damaged);
            assert_eq!(
                (found.cells, found.problems.len()),
                (whole.cells.clone(), 1),
                "{name} {at}"
            );
        }
    }
}

#[test]
fn a_length_that_lies_takes_no_memory() {
    let file = made("small-none");
    let mut found = Found::default();
    let mut reader = reader();
    reader.push(&file[..start(&file)], &mut found).unwrap();
    // A record of 100 MiB, as it says.
    reader.push(b"\x06\x40\0\0\0\0\0\x05\0\0\0\x01a", &mut found).unwrap();
    for _ in 0..1000 {
        reader.push(&[7; 100], &mut found).unwrap();
    }
    assert!(reader.memory_bytes() < 300_000, "{}", reader.memory_bytes());
    reader.push(&file[start(&file) - 16..], &mut found).unwrap();
    reader.finish(&mut found).unwrap();
    assert_eq!(found.cells, read_whole(&file).cells);
    assert_eq!(found.problems.len(), 1);
}

#[test]
fn what_is_longer_than_the_limit_is_passed_over() {
    for (name, record_bytes) in [("small-none", 100), ("small-block-deflate", 150)] {
        let file = made(name);
        let whole = read_whole(&file);
        let mut found = Found::default();
        let limits = Limits { record_bytes, ..Limits::default() };
        let mut reader = SequenceFileReader::new(&limits);
        reader.push(&file, &mut found).unwrap();
        reader.finish(&mut found).unwrap();
        let is_too_long = |problem: &String| {
            problem.starts_with("record-too-long: ") || problem.ends_with(" bytes come out")
        };
        assert!(found.problems.iter().all(is_too_long), "{:?}", found.problems);
        assert!(!found.problems.is_empty());
        assert!(found.cells.len() < whole.cells.len());
        assert!(found.cells.iter().all(|cell| whole.cells.contains(cell)));
    }
}

#[test]
fn a_gap_costs_what_stands_up_to_the_next_marker() {
    let file = made("small-none");
    let whole = read_whole(&file);
    let next = markers(&file).into_iter().find(|at| *at > 800).unwrap();
    let mut found = Found::default();
    let mut reader = reader();
    reader.push(&file[..700], &mut found).unwrap();
    reader.gap(&mut found);
    reader.push(&file[800..], &mut found).unwrap();
    reader.finish(&mut found).unwrap();
    let before = whole.ends.iter().filter(|end| **end <= 700).count();
    let behind = whole.ends.iter().filter(|end| **end < next as u64).count();
    assert_eq!(found.cells, [&whole.cells[..before], &whole.cells[behind..]].concat());
    let half = "cut: byte 674: what is half read where bytes are lost; bytes 674 to 699 passed over, up to the lost bytes";
    let behind = "cut: byte 700: what stands behind lost bytes; bytes 700 to 922 passed over, up to the sync marker at byte 923";
    assert_eq!(found.problems, [half, behind]);
}

#[test]
fn without_a_header_nothing_is_read() {
    let file = made("small-none");
    let mut found = Found::default();
    let mut reader = reader();
    reader.push(&file[..50], &mut found).unwrap();
    reader.gap(&mut found);
    let error = reader.push(&file[50..], &mut found).unwrap_err();
    assert_eq!((error.kind(), found.problems.len()), (Kind::Malformed, 0));
    let what = "byte 50: the header of a SequenceFile is lost, so nothing in it can be read";
    assert_eq!(error.to_string(), format!("{what}\nhelp: take another copy of this file"));
}

#[test]
fn a_header_that_is_not_read_says_why() {
    let none = made("small-none");
    let block = made("small-block-deflate");
    for (file, at, byte, kind, what) in [
        (&none, 0, b'X', Kind::Malformed, "is broken: found \"XEQ\", expected \"SEQ\""),
        (&none, 3, 3, Kind::Unsupported, "version that is not read; found 3, expected 4 to 6"),
        (&none, 3, 7, Kind::Unsupported, "version that is not read; found 7, expected 4 to 6"),
        (&none, 4, 0xff, Kind::Malformed, "found the name of a class of -1 bytes"),
        (&none, 50, b'X', Kind::Unsupported, "other things than rows of HBase; found keys \"org"),
        (&none, 92, 2, Kind::Malformed, "found 2 and 0 where 0 or 1 tell of compression"),
        (&none, 93, 1, Kind::Malformed, "found 0 and 1 where 0 or 1 tell of compression"),
        (&none, 94, 0xff, Kind::Malformed, "found -16777216 words of metadata"),
        (&block, 130, b'X', Kind::Unsupported, "a codec that is not read; found \"org.apache"),
    ] {
        let mut damaged = file.clone();
        damaged[at] = byte;
        for piece in [1, damaged.len()] {
            let error = read(&damaged, piece).unwrap_err();
            assert_eq!(error.kind(), kind, "{error}");
            assert!(error.to_string().contains(what), "{error}");
            assert!(error.to_string().contains("\nhelp: "), "{error}");
        }
    }
    let mut endless = none[..97].to_vec();
    // Two words of metadata, each of more than a mebibyte and there as a whole.
    endless.extend_from_slice(b"\x01\x8d\x17\xff\xff");
    endless.resize(97 + 5 + 0x17_ffff, b'a');
    endless.extend_from_slice(b"\0ABCDEFGHIJKLMNOP");
    for piece in [1 << 16, endless.len()] {
        let error = read(&endless, piece).unwrap_err().to_string();
        assert!(error.contains("found no end of it in 1048576 bytes"), "{error}");
    }
}

#[test]
fn a_header_that_is_cut_is_a_problem() {
    let what = "the header of the file is cut, so nothing in it can be read";
    assert_eq!(read_whole(&[]).problems, [format!("cut: byte 0: {what}")]);
    assert_eq!(read_whole(b"SEQ\x06\x31org").problems, [format!("cut: byte 8: {what}")]);
}
