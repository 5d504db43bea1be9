//! Damaged cells: what is found, and what it costs.

use std::collections::BTreeSet;

use super::*;
use crate::opentsdb::findings::Repeats;

/// The restored tables with the damage of the archives, as it was done to them cell by cell.
fn corrupted() -> (Vec<Owned>, Vec<Owned>) {
    let (mut data, mut uid) = (cells("restored/cells/data.tsv.gz"), cells("cells/main-uid.tsv.gz"));
    let text = String::from_utf8(file("corrupted/corrupt-cells.jsonl")).unwrap();
    for line in text.lines() {
        let step: serde_json::Value = serde_json::from_str(line).unwrap();
        let is_uid = step["op"]["op"].as_str().unwrap().starts_with("uid_");
        let table = if is_uid { &mut uid } else { &mut data };
        for cell in step["cells"].as_array().unwrap() {
            let bytes = |key: &str| cell[key].as_str().map(unhex);
            let row = bytes("row").unwrap();
            let old = bytes("old_qualifier").map(|qualifier| {
                let value = bytes("old_value").unwrap();
                let is_old =
                    |it: &Owned| it.row == row && it.qualifier == qualifier && it.value == value;
                table.iter().position(is_old).unwrap()
            });
            let new = bytes("new_qualifier")
                .map(|qualifier| Owned::new(&row, "t", &qualifier, &bytes("new_value").unwrap()));
            match (old, new) {
                (Some(old), Some(new)) => {
                    let family = table[old].family.clone();
                    table[old] = Owned { family, ..new };
                }
                (Some(old), None) => drop(table.remove(old)),
                (None, new) => table.extend(new),
            }
        }
    }
    (data, uid)
}

#[test]
fn the_damage_of_the_archives_is_found_and_costs_the_rows_that_it_hit() {
    let whole = Archive::new("restored/cells/data.tsv.gz", "cells/main-uid.tsv.gz");
    let (data, uid) = corrupted();
    let uids = Arc::new(uid_table(&[&uid]).0);
    let (log, findings) = read(&data, &uids, widths_of(&data, &uids));

    let told = |kind| log.of_kind(kind).into_iter().map(|it| it.what.clone()).collect::<Vec<_>>();
    let [cut, claims] = &told(ProblemKind::BadCell)[..] else { panic!("{:?}", log.damage()) };
    let trunc = "row 0000016553ede0000001000007000002000002000003000003";
    let flags = "row 0000136553fbf0000001000036000013000035";
    assert!(cut.contains("do not add up") && cut.contains(trunc), "{cut}");
    assert!(claims.contains("do not add up") && claims.contains(flags), "{claims}");
    let [short] = &told(ProblemKind::BadRow)[..] else { panic!("{:?}", log.damage()) };
    assert!(
        short.ends_with("a part of a tag; 1 cell left out; row 0000096553ede0000001"),
        "{short}"
    );
    let [unaligned] = &told(ProblemKind::UnalignedRow)[..] else { panic!() };
    assert!(unaligned.contains("row 0000096553f4e8000001000012000008000011"), "{unaligned}");
    let orphans = told(ProblemKind::UnresolvedNames);
    assert_eq!(orphans.len(), 19);
    assert!(orphans.iter().all(|what| what.contains("no name has tagv 000005")));
    let counts = (findings.bad_keys, findings.orphans, findings.bad_compacted, findings.duplicates);
    assert_eq!((counts, findings.unaligned_rows), ((1, 19, 2, 7), 1));
    assert_eq!(log.damage().len(), 2 + 1 + 19);

    // The same points but for the two columns and the new row, under the names that are left.
    let renamed = |name: &str| {
        let tags = name.replace("=web01", "=renamed01").replace("=web02", "=uid:000005");
        tags.split_once('{').map(|(metric, tags)| {
            let tags = tags.trim_end_matches('}');
            let mut tags: Vec<_> = tags.split(',').collect();
            tags.sort_unstable();
            format!("{metric}{{{}}}", tags.join(","))
        })
    };
    let expected: BTreeSet<_> =
        whole.log.set().iter().map(|(name, point)| (renamed(name).unwrap(), *point)).collect();
    let found: BTreeSet<_> = log.set().into_iter().collect();
    let lost: Vec<_> = expected.difference(&found).collect();
    let hours = |name: &str, from_ms: u64| {
        let is_of = |(series, point): &&&(String, Point)| {
            series == name && (from_ms..from_ms + 3_600_000).contains(&point.timestamp_ms)
        };
        lost.iter().filter(is_of).count()
    };
    let cpu = hours("sys.cpu.user{cpu=0,dc=lga,host=web03}", 1_699_999_200_000);
    let batch = hours("import.batch{form=int,host=imp0}", 1_700_002_800_000);
    assert_eq!((cpu, batch, lost.len()), (60, 144, 60 + 144));
    let new: Vec<_> = found.difference(&expected).map(|(name, _)| &name[..]).collect();
    assert_eq!(new, ["edge.hours{host=edge,u=s}"]);
}

/// Of each kind of column in the real tables two, with all other cells of their rows, by row.
fn sample(archive: &Archive) -> Vec<Vec<Owned>> {
    let mut kinds: BTreeMap<(usize, u8), usize> = BTreeMap::new();
    let mut rows = BTreeSet::new();
    for cell in &archive.cells {
        let is_odd = cell.qualifier.len() % 2 == 1;
        let first = if is_odd { cell.qualifier[0] } else { cell.qualifier[0] & 0xf0 };
        let seen = kinds.entry((cell.qualifier.len().min(6), first)).or_default();
        if *seen < 2 && cell.qualifier.len() + cell.value.len() < 400 {
            *seen += 1;
            rows.insert(&cell.row);
        }
    }
    let row = |key: &&Vec<u8>| -> Vec<Owned> {
        let mut row: Vec<_> =
            archive.cells.iter().filter(|cell| cell.row == **key).cloned().collect();
        // The newest version of each column alone: a damaged cell shall not uncover another.
        row.dedup_by(|later, first| later.qualifier == first.qualifier);
        row
    };
    rows.iter().map(row).collect()
}

#[test]
fn a_damaged_cell_costs_no_point_of_another() {
    let archives = [
        Archive::main(),
        Archive::new("cells/append-data.tsv.gz", "cells/append-uid.tsv.gz"),
        Archive::new("cells/salt-data.tsv.gz", "cells/salt-uid.tsv.gz"),
    ];
    let mut tried = 0;
    for archive in &archives {
        let read = |cells: &[Owned]| read(cells, &archive.uids, archive.widths).0;
        let rows = sample(archive);
        let (first, last) = (&rows[0], &rows[rows.len() - 1]);
        for row in &rows {
            for (index, cell) in row.iter().enumerate() {
                let mut damaged = row.clone();
                let others = read(&[&row[..index], &row[index + 1..]].concat()).set();
                let mut check = |new: Owned| {
                    damaged[index] = new;
                    let log = read(&damaged);
                    let found = log.set();
                    let is_kept = |point| found.binary_search(point).is_ok();
                    assert!(others.iter().all(is_kept), "{:?}", damaged[index]);
                    tried += 1;
                    log
                };
                for value in damages(&cell.value) {
                    let is_cut = value.len() < cell.value.len();
                    let log = check(Owned { value, ..cell.clone() });
                    // Of a compacted column all lengths are told twice.
                    let is_compacted = cell.qualifier.len() > 4 && cell.qualifier.len() % 2 == 0;
                    assert!(!(is_cut && is_compacted) || log.damage().len() == 1, "{log:?}");
                }
                // In the place of another column it would hide that.
                let is_free = |it: &Vec<u8>| row.iter().all(|cell| cell.qualifier != *it);
                for qualifier in damages(&cell.qualifier).filter(is_free) {
                    check(Owned { qualifier, ..cell.clone() });
                }
            }
            // A row with another key is another row: those around it are as they were.
            let around = read(&[&first[..], &last[..]].concat()).set();
            for key in damages(&row[0].row) {
                let moved: Vec<_> =
                    row.iter().map(|cell| Owned { row: key.clone(), ..cell.clone() }).collect();
                let found = read(&[&first[..], &moved[..], &last[..]].concat()).set();
                assert!(around.iter().all(|point| found.binary_search(point).is_ok()), "{key:?}");
                tried += 1;
            }
        }
    }
    assert!(tried > 50_000, "{tried}");
}

#[test]
fn faults_are_told_with_what_was_found() {
    let main = Archive::main();
    let key = unhex("0000016553ede0000001000001");
    let put = |qualifier: &[u8], value: &[u8]| Owned::new(&key, "t", qualifier, value);
    let check = |cell: Owned, kind: ProblemKind, part: &str, count: fn(&RowFindings) -> u64| {
        let (log, findings) = read(std::slice::from_ref(&cell), &main.uids, main.widths);
        let [problem] = &log.problems[..] else { panic!("{log:?}") };
        assert_eq!((problem.kind, count(&findings)), (kind, 1), "{cell:?}");
        assert!(problem.what.contains(part), "{}", problem.what);
        assert!(problem.what.ends_with("; row 0000016553ede0000001000001"), "{}", problem.what);
        let points = log.set().len() as u64;
        assert_eq!(findings.instants, points);
        points
    };
    use ProblemKind::{BadCell, Histogram, NotAPoint, RepairedValue, Rollup};
    let float = [[0; 4], 4.2_f32.to_be_bytes()].concat();
    let extended = [[0xff; 4], 4.2_f32.to_be_bytes()].concat();
    let eight = 42_i64.to_be_bytes();
    type Case<'a> = (Owned, ProblemKind, &'a str, fn(&RowFindings) -> u64, u64);
    let cases: [Case<'_>; 16] = [
        (put(b"\x32\x0b", &float), RepairedValue, "as 4.19999", |it| it.bad_floats, 1),
        (put(b"\x32\x0b", &extended), BadCell, "`tsdb fsck` repairs", |it| it.bad_floats, 0),
        (put(b"\x32\x00", &eight), RepairedValue, "as 42;", |it| it.repaired_lengths, 1),
        (put(b"\x32\x02", &[1, 2, 3]), BadCell, "1, 2, 4 or 8", |it| it.bad_values, 0),
        (put(b"\xe1\x00", &[1]), BadCell, "behind the hour", |it| it.late_points, 0),
        (put(b"\xf3\x0d\x5e\xc0", &[1, 2]), BadCell, "another length", |it| it.bad_values, 0),
        (put(b"\xf3\x0d", &[1, 2]), BadCell, "none of OpenTSDB's", |it| it.unknown_objects, 0),
        (put(b"\0\0\0\x10", &[1, 2, 3]), BadCell, "found 3 as", |it| it.bad_compacted, 2),
        (put(b"\0\0\0\x10", &[1, 2]), BadCell, "do not add up", |it| it.bad_compacted, 0),
        (
            put(b"\0\0\0\x12", &[1, 2, 3, 4, 0]),
            BadCell,
            "in a column of many; found qualifier 0012 and value 020304",
            |it| it.bad_values,
            1,
        ),
        (put(b"\x05\0\0", &[0, 0, 1, 0, 0x10]), BadCell, "is cut", |it| it.bad_appended, 0),
        (put(b"\x06\0\x3c", &[42, 0, 0, 0, 0, 0]), Histogram, "a histogram", |it| it.histograms, 0),
        (put(b"\x02\0\x17", &eight), Rollup, "a rollup", |it| it.rollups, 0),
        (put(b"sum:\0\x10", &[1]), Rollup, "a rollup", |it| it.rollups, 0),
        (put(b"\x07\0\0\0\0", &[1]), NotAPoint, "not known", |it| it.future_objects, 0),
        (Owned::new(&key, "u", b"\0\0", &[1]), BadCell, "family", |it| it.unknown_objects, 0),
    ];
    for (cell, kind, part, count, points) in cases {
        assert_eq!(check(cell, kind, part, count), points);
    }
    let (log, findings) = read(
        &[put(b"\x32\x07", &eight), put(b"\x64\0\x32\0", &[1, 42, 0])],
        &main.uids,
        main.widths,
    );
    assert_eq!((log.set().len(), &log.problems[..]), (2, &[][..]));
    let counts = (findings.long_integers, findings.saved_bytes, findings.unordered_compacted);
    assert_eq!(counts, (1, 7, 1));
    let same = Repeats { equal: 1, refused_rows: 1, ..Repeats::default() };
    assert_eq!((findings.repeats, findings.duplicates), (same, 1));
}
