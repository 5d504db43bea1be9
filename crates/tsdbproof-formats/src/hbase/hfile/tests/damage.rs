//! Damaged files: what is left is read, what is lost is told, and nothing else comes out.

use super::*;

/// Files with checksums, in each of the two sizes of trailers.
const SUMMED: [&str; 3] = ["gz-diff", "levels2", "v21-gz-prefix"];
/// Files without.
const UNSUMMED: [&str; 2] = ["unsummed-none", "v20-none"];

fn made(name: &str) -> Vec<u8> {
    data(&format!("made/hfile/{name}"))
}

/// Whether these cells are some of those, in their order.
fn are_some_of(cells: &[String], all: &[String]) -> bool {
    let mut all = all.iter();
    cells.iter().all(|cell| all.any(|other| other == cell))
}

/// Holds what is read of a damaged file against the whole one: the same, with or without a problem
/// where the damage is in what no cell needs; or fewer cells and a problem; or an error.
/// Gives whether anything was told.
fn check(damaged: &[u8], whole: &Found, what: &str) -> bool {
    let Ok(found) = read(damaged, usize::MAX) else { return true };
    assert!(are_some_of(&found.cells, &whole.cells), "{what}: other cells came out");
    assert!(found.cells == whole.cells || !found.problems.is_empty(), "{what}: in silence");
    !found.problems.is_empty()
}

#[test]
fn every_changed_byte_is_told_or_costs_nothing() {
    for name in SUMMED {
        let mut file = made(name);
        let whole = read(&file, usize::MAX).unwrap();
        let trailer = file.len() - if name.starts_with('v') { 212 } else { 4096 };
        // The zeros that fill a trailer up are many, and no reader looks at them.
        let bytes = (0..file.len()).filter(|at| *at < trailer + 150 || at % 100 == 0);
        for at in bytes.chain(file.len() - 4..file.len()) {
            let change = 1 << (at % 8);
            file[at] ^= change;
            let is_told = check(&file, &whole, &format!("{name}: byte {at} ^ {change}"));
            // The trailer has fields that no reader needs.
            assert!(is_told || at > trailer, "{name}: byte {at} ^ {change}: no word");
            file[at] ^= change;
        }
    }
}

#[test]
fn a_file_cut_anywhere_is_an_error() {
    for name in [&SUMMED[..], &UNSUMMED].concat() {
        let file = made(name);
        for cut in 0..file.len() {
            let error = read(&file[..cut], usize::MAX).unwrap_err();
            assert!(matches!(error.kind(), Kind::Malformed | Kind::Unsupported), "{error}");
        }
    }
}

#[test]
fn bytes_that_end_too_early_are_told() {
    let file = made("gz-diff");
    let layout = layout(&file).unwrap();
    let whole = read(&file, usize::MAX).unwrap();
    for end in 0..layout.data.end as usize {
        let mut found = Found::default();
        let (range, limits) = (layout.data.clone(), Limits::default());
        let mut reader = HFileReader::new(Arc::clone(&layout), range, ReadAs::default(), &limits);
        reader.push(&file[..end], &mut found);
        reader.finish(&mut found);
        assert!(whole.cells.starts_with(&found.cells), "{end}");
        assert!(found.problems[0].starts_with("cut: "), "{end}: {:?}", found.problems);
    }
}

#[test]
fn without_checksums_no_change_makes_a_panic() {
    for name in UNSUMMED {
        let mut file = made(name);
        for at in 0..file.len() {
            let change = 1 << (at % 8);
            file[at] ^= change;
            let _ = read(&file, usize::MAX);
            file[at] ^= change;
        }
    }
}

#[test]
fn a_bad_block_costs_that_block_and_its_rows_are_told() {
    let mut file = made("none-diff");
    let whole = read(&file, usize::MAX).unwrap();
    let places = distinct(&whole.places);
    let third = places[2].clone();
    file[third.start as usize + 100] ^= 4;
    let found = read(&file, 100).unwrap();
    let kept = |(_, at): &(&String, &Range<u64>)| **at != third;
    let expected = whole.cells.iter().zip(&whole.places).filter(kept);
    assert_eq!(found.cells, expected.map(|it| it.0.clone()).collect::<Vec<_>>());
    let row = |cell: Option<&String>| cell.unwrap().split('\t').next().unwrap().to_owned();
    let before = whole.places.iter().position(|at| *at == third).unwrap();
    let behind = whole.places.iter().rposition(|at| *at == third).unwrap();
    let (last, next) = (row(whole.cells.get(before - 1)), row(whole.cells.get(behind + 1)));
    assert_eq!(
        found.problems,
        [
            format!(
                "bad-checksum: byte {}: a block whose checksum is another; bytes {} to {} passed \
                 over, between row {last} and row {next}",
                third.start,
                third.start,
                third.end - 1
            ),
            format!(
                "disagreement: byte {}: {} cells; the trailer says 125",
                layout(&file).unwrap().data.end,
                found.cells.len()
            ),
        ]
    );
}

#[test]
fn behind_a_header_that_is_lost_the_next_is_found() {
    let file = made("lz4-none");
    let whole = read(&file, usize::MAX).unwrap();
    let places = distinct(&whole.places);
    // The magic; a length; both lengths, so that they agree with each other.
    for change in [&[0][..], &[11], &[10, 31]] {
        let mut file = file.clone();
        change.iter().for_each(|at| file[places[2].start as usize + at] ^= 1);
        for piece in [1, 50, usize::MAX] {
            let found = read(&file, piece).unwrap();
            let lost = whole.places.iter().filter(|at| **at == places[2]).count();
            assert_eq!(found.cells.len() + lost, 125, "{change:?}");
            let span = format!("bytes {} to {} passed over", places[2].start, places[2].end - 1);
            assert!(found.problems[0].contains(&span), "{:?}", found.problems);
            assert_eq!(found.problems.len(), 2);
        }
    }
}

#[test]
fn damage_between_blocks_of_cells_costs_no_cell() {
    let mut file = made("levels2");
    let whole = read(&file, usize::MAX).unwrap();
    let places = distinct(&whole.places);
    let gap = places.windows(2).find(|two| two[0].end < two[1].start).expect("other blocks");
    file[gap[0].end as usize + 40] ^= 1;
    let found = read(&file, usize::MAX).unwrap();
    assert_eq!(found.cells, whole.cells);
    assert_eq!(found.problems.len(), 1);
    assert!(found.problems[0].ends_with("with no cell among them"), "{:?}", found.problems);
}

#[test]
fn a_header_that_says_that_nothing_is_summed_is_not_believed() {
    let file = made("none-prefix");
    let whole = read(&file, usize::MAX).unwrap();
    let info = memchr::memmem::rfind(&file, b"FILEINF2").unwrap();
    let second = distinct(&whole.places)[1].start as usize;
    for block in [info, second] {
        let mut file = file.clone();
        file[block + 24] = 0;
        // What stands in it may then be anything.
        file[block + 60] ^= 1;
        match read(&file, usize::MAX) {
            Ok(found) => assert!(found.problems[0].starts_with("bad-checksum: ")),
            Err(error) => assert_eq!((error.kind(), block), (Kind::Malformed, info), "{error}"),
        }
    }
}

#[test]
fn blocks_that_were_taken_out_or_put_in_are_told() {
    let file = made("none-none");
    let whole = read(&file, usize::MAX).unwrap();
    let layout = layout(&file).unwrap();
    let places = distinct(&whole.places);
    let (second, third) = (places[1].clone(), places[2].clone());
    let bytes = |at: &Range<u64>| &file[at.start as usize..at.end as usize];
    let rest = &file[third.end as usize..layout.data.end as usize];
    let without = [bytes(&places[0]), bytes(&third), rest].concat();
    let twice = [bytes(&places[0]), bytes(&second), bytes(&second), bytes(&third), rest].concat();
    let swapped = [bytes(&places[0]), bytes(&third), bytes(&second), rest].concat();
    for (blocks, cells, kinds) in [
        (without, 125 - whole.places.iter().filter(|at| **at == second).count(), 2),
        (twice, 125 + whole.places.iter().filter(|at| **at == second).count(), 3),
        (swapped, 125, 3),
    ] {
        let mut found = Found::default();
        let (range, limits) = (0..blocks.len() as u64, Limits::default());
        let mut other = Layout::clone(&layout);
        other.data = range.clone();
        let mut reader = HFileReader::new(Arc::new(other), range, ReadAs::default(), &limits);
        reader.push(&blocks, &mut found);
        reader.finish(&mut found);
        assert_eq!(found.cells.len(), cells);
        assert!(found.problems.len() >= kinds, "{:#?}", found.problems);
    }
}

#[test]
fn what_comes_behind_a_gap_is_found() {
    let file = made("snappy-diff");
    let layout = layout(&file).unwrap();
    let whole = read(&file, usize::MAX).unwrap();
    let places = distinct(&whole.places);
    let mut found = Found::default();
    let (range, limits) = (layout.data.clone(), Limits::default());
    let mut reader = HFileReader::new(Arc::clone(&layout), range, ReadAs::default(), &limits);
    reader.push(&file[..places[2].start as usize + 60], &mut found);
    reader.gap(&mut found);
    reader.push(&file[places[2].start as usize + 90..layout.data.end as usize], &mut found);
    reader.finish(&mut found);
    let lost = whole.places.iter().filter(|at| **at == places[2]).count();
    assert_eq!(found.cells.len() + lost, 125);
    assert!(found.problems[0].starts_with("cut: "), "{:#?}", found.problems);
}

#[test]
fn a_gap_in_front_of_all_costs_nothing() {
    let file = made("gz-diff");
    let layout = layout(&file).unwrap();
    let mut found = Found::default();
    let (range, limits) = (layout.data.clone(), Limits::default());
    let mut reader = HFileReader::new(layout, range, ReadAs::default(), &limits);
    reader.gap(&mut found);
    reader.push(&file, &mut found);
    reader.finish(&mut found);
    assert_eq!(found.cells.len(), 125);
    let told = "cut: byte 0: a block that is cut; no bytes passed over, with no cell among them";
    assert_eq!(found.problems, [told]);
}

#[test]
fn a_block_beyond_the_limit_is_passed_over() {
    let file = made("gz-diff");
    let layout = layout(&file).unwrap();
    let whole = read(&file, usize::MAX).unwrap();
    let longest = distinct(&whole.places).iter().map(|at| at.end - at.start).max().unwrap();
    let limits = Limits { record_bytes: longest as usize - 1, ..Limits::default() };
    let mut found = Found::default();
    let range = layout.data.clone();
    let mut reader = HFileReader::new(layout, range, ReadAs::default(), &limits);
    reader.push(&file, &mut found);
    reader.finish(&mut found);
    assert!(are_some_of(&found.cells, &whole.cells) && found.cells.len() < 125);
    assert!(!found.problems.is_empty());
    assert!(reader.memory_bytes() < 100_000);
}

#[test]
fn what_is_not_read_is_refused_with_a_way_out() {
    let file = made("none-none");
    let changed = |from: &[u8], to: &[u8]| {
        let at = memchr::memmem::rfind(&file, from).expect("it is there");
        let mut file = file.clone();
        file[at..at + to.len()].copy_from_slice(to);
        layout(&file).unwrap_err()
    };
    // A codec of the trailer, and a comparator; neither is under a checksum.
    for (from, to, what) in [
        (&b"\x60\x02"[..], &b"\x60\x00"[..], "packed by LZO"),
        (b"\x60\x02", b"\x60\x07", "packed by LZMA"),
        (b"\x60\x02", b"\x60\x08", "packed by BROTLI"),
        (b"KVComparator", b"QVComparator", "in the order of"),
        (b"\x60\x02", b"\x6a\x00", "encrypted"),
        (b"\x03\0\0\x03", b"\x04\0\0\x03", "version 3.4"),
    ] {
        let error = changed(from, to);
        assert_eq!(error.kind(), Kind::Unsupported, "{error}");
        assert!(error.to_string().contains(what), "{error}");
        assert!(error.to_string().contains("\nhelp: "), "{error}");
    }
}

fn distinct(places: &[Range<u64>]) -> Vec<Range<u64>> {
    let mut places = places.to_vec();
    places.dedup();
    places
}
