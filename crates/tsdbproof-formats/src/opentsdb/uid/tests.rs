//! Tables of UIDs and what is wrong with them.

use tsdbproof_core::{Position, Problem, ProblemKind};

use super::build::UidTableBuilder;
use super::*;
use crate::hbase::cell::CellKind;
use crate::opentsdb::tests::{Owned, cells, damages, feed, uid_table};
use ProblemKind::{
    BadUid, NameTwoUids, NameWithoutUid, RefusedName, RowTooLarge, UidCounter, UidTwoNames,
    UidWithoutName,
};

fn main_cells() -> Vec<Owned> {
    cells("cells/main-uid.tsv.gz")
}

/// All names, by kind and UID.
fn names(table: &UidTable) -> Vec<(UidKind, Vec<u8>, String)> {
    let mut names = Vec::new();
    for kind in UidKind::ALL {
        for uid in 0_u32..70 {
            let uid = uid.to_be_bytes()[1..].to_vec();
            let name = table.name(kind, &uid).map(str::to_owned);
            names.extend(name.map(|name| (kind, uid, name)));
        }
    }
    names
}

#[test]
fn the_real_table_names_its_uids() {
    let (table, problems) = uid_table(&[&main_cells()]);
    assert_eq!(UidKind::ALL.map(|kind| table.width(kind)), [Some(3); 3]);
    assert_eq!((table.count(), names(&table).len()), (24 + 20 + 63, 24 + 20 + 63));
    assert_eq!(table.name(UidKind::Metric, &[0, 0, 1]), Some("sys.cpu.user"));
    assert_eq!(table.name(UidKind::TagKey, &[0, 0, 1]), Some("host"));
    assert_eq!(table.name(UidKind::TagValue, &[0, 0, 1]), Some("web01"));
    assert!(names(&table).iter().any(|(_, _, name)| name == "uni.métrique"));
    for uid in [&[0, 0, 0][..], &[0, 0, 25], &[0, 1], &[0, 0, 0, 1], &[], &[0; 9]] {
        assert_eq!(table.name(UidKind::Metric, uid), None, "{uid:?}");
    }
    // A name that was put as two letters outside Latin-1.
    let [(0, Problem { kind: RefusedName, what, .. })] = &problems[..] else {
        panic!("{problems:?}")
    };
    assert!(what.ends_with("tagv \"??\" -> 000030"), "{what}");
}

#[test]
fn neither_the_order_of_cells_nor_that_of_inputs_changes_a_table() {
    let told = |inputs: &[&[Owned]]| {
        let (table, problems) = uid_table(inputs);
        let mut problems: Vec<_> =
            problems.into_iter().map(|(_, problem)| (problem.kind, problem.what)).collect();
        problems.sort_unstable();
        (names(&table), problems)
    };
    let mut cells = main_cells();
    // Something wrong of each kind.
    cells.retain(|cell| cell.row != b"web02" && cell.row != [0, 0, 9]);
    cells.push(Owned::new(&[0, 0, 5], "name", b"tagk", b"host"));
    cells.push(Owned::new(b"other", "id", b"metrics", &[0, 0, 1]));
    cells.push(Owned::new(&[7, 7], "name", b"metrics", b"narrow"));
    let whole = told(&[&cells]);
    assert!(whole.1.len() > 4, "{:?}", whole.1);
    for cut in [1, 50, 200, cells.len() - 1] {
        let (a, b) = cells.split_at(cut);
        assert_eq!(told(&[a, b]), whole, "{cut}");
        assert_eq!(told(&[b, a]), whole, "{cut}");
    }
    cells.reverse();
    assert_eq!(told(&[&cells]), whole);
}

#[test]
fn builders_of_several_inputs_join() {
    let cells = main_cells();
    let (a, b) = cells.split_at(100);
    let mut builders = [(0, a), (1, b)].map(|(input, cells)| {
        let (mut builder, mut report) = (UidTableBuilder::new(1 << 20), |_| panic!());
        let mut sink = builder.reading(input, &mut report);
        feed(cells, &mut sink);
        sink.finish();
        builder
    });
    let [first, second] = &mut builders;
    assert!(first.memory_bytes() > 5_000 && first.memory_bytes() < 50_000);
    first.join(std::mem::replace(second, UidTableBuilder::new(0)));
    let [joined, _] = builders;
    assert_eq!(names(&joined.finish(&mut |_, _| {})), names(&uid_table(&[&cells]).0));
}

/// Mappings of metrics: `+name UID` from a name, `-UID name` from a UID, each in an input of its own.
fn mappings(words: &[&str]) -> Vec<Vec<Owned>> {
    let uid = |digits: &str| digits.parse::<u32>().unwrap().to_be_bytes()[1..].to_vec();
    let cell = |word: &&str| match word.split_at(1) {
        ("+", word) => {
            let (name, number) = word.rsplit_once(' ').unwrap();
            vec![Owned::new(name.as_bytes(), "id", b"metrics", &uid(number))]
        }
        (_, word) => {
            let (number, name) = word.split_once(' ').unwrap();
            vec![Owned::new(&uid(number), "name", b"metrics", name.as_bytes())]
        }
    };
    words.iter().map(cell).collect()
}

#[test]
fn mappings_that_do_not_agree_are_told_as_fsck_does() {
    #[track_caller]
    fn check(words: &[&str], kinds: &[ProblemKind], first: Option<&str>) {
        let inputs = mappings(words);
        let mut inputs: Vec<_> = inputs.iter().map(|cells| &cells[..]).collect();
        for _ in 0..2 {
            let (table, problems) = uid_table(&inputs);
            let found: Vec<_> = problems.iter().map(|(_, problem)| problem.kind).collect();
            assert_eq!(found, kinds, "{problems:?}");
            assert_eq!(table.name(UidKind::Metric, &[0, 0, 1]), first);
            inputs.reverse();
        }
    }
    check(&["+a 1", "-1 a", "+b 2", "-2 b"], &[], Some("a"));
    check(&["+a 1", "+a 1", "-1 a", "-1 a"], &[], Some("a"));
    check(&["+a 1"], &[UidWithoutName], None);
    check(&["-1 a"], &[NameWithoutUid], Some("a"));
    check(&["+a 1", "+b 1", "-1 a"], &[UidTwoNames], Some("a"));
    check(&["+a 1", "-1 b"], &[UidTwoNames, NameWithoutUid], Some("b"));
    check(&["+a 1", "-1 b", "-1 a"], &[UidTwoNames], Some("a"));
    check(&["+a 1", "-1 a", "-2 a"], &[NameTwoUids], Some("a"));
    check(&["+a 1", "+a 2", "-1 a", "-2 a"], &[NameTwoUids, NameTwoUids], Some("a"));
    check(
        &["+a 2", "-1 a", "-2 b", "+b 1"],
        &[UidTwoNames, UidTwoNames, NameTwoUids, NameTwoUids],
        Some("a"),
    );
    check(&["+a 1", "-1 a", "+b c 2", "-2 b c"], &[RefusedName], Some("a"));
}

/// Word for word what `tsdb uid fsck` printed, in `corrupted/uid-fsck.txt` of the archives: three
/// errors, of which two are one here, and two warnings.
#[test]
fn the_damage_of_the_archives_is_found() {
    let mut cells = main_cells();
    cells.retain(|cell| {
        let is = |row: &[u8], qualifier: &[u8]| cell.row == row && cell.qualifier == qualifier;
        !is(&[0, 0, 5], b"tagv") && !is(b"gap.series", b"metrics")
    });
    let web01 = cells.iter_mut().find(|cell| cell.value == b"web01").unwrap();
    web01.value = b"renamed01".to_vec();
    let (table, problems) = uid_table(&[&cells]);
    let told: Vec<_> =
        problems.iter().map(|(_, problem)| (problem.kind, &problem.what[..])).collect();
    assert_eq!(
        told,
        [
            (NameWithoutUid, "a UID whose name has none: metrics \"gap.series\" -> 000011"),
            (
                UidTwoNames,
                "a UID with two names: tagv \"renamed01\" -> 000001 and \"web01\" -> 000001; rows are \
             read as the first says"
            ),
            (
                UidWithoutName,
                "a name whose UID has none: tagv \"web02\" -> 000005; rows of it stand under a stand-in"
            ),
            (NameWithoutUid, "a UID whose name has none: tagv \"renamed01\" -> 000001"),
            (
                RefusedName,
                "a name that OpenTSDB refuses, unless its settings allow its characters: tagv \"??\" -> \
             000030"
            ),
        ]
    );
    assert_eq!(table.name(UidKind::TagValue, &[0, 0, 1]), Some("renamed01"));
    assert_eq!(table.name(UidKind::TagValue, &[0, 0, 5]), None);
    assert_eq!(problems[2].1.at, Position::Byte(10 * place(&cells, b"web02")));
}

#[test]
fn a_name_that_two_uids_of_the_real_table_have_is_told() {
    let mut cells = main_cells();
    // The UID of web02 says that it is web01's.
    let web02 = |cell: &&mut Owned| cell.row == [0, 0, 5] && cell.value == b"web02";
    cells.iter_mut().find(web02).unwrap().value = b"web01".to_vec();
    let (table, problems) = uid_table(&[&cells]);
    let of = |kind| {
        let problems = problems.iter().filter(move |(_, problem)| problem.kind == kind);
        problems.map(|(_, problem)| &problem.what[..]).collect::<Vec<_>>()
    };
    assert_eq!(
        of(NameTwoUids),
        ["a name with two UIDs: tagv \"web01\" -> 000001 and \"web01\" -> 000005"]
    );
    let [two] = of(UidTwoNames)[..] else { panic!("{problems:?}") };
    assert!(two.contains("\"web01\" -> 000005 and \"web02\" -> 000005"), "{two}");
    for uid in [[0, 0, 1], [0, 0, 5]] {
        assert_eq!(table.name(UidKind::TagValue, &uid), Some("web01"));
    }
}

fn place(cells: &[Owned], row: &[u8]) -> u64 {
    cells.iter().position(|cell| cell.row == row).unwrap() as u64
}

#[test]
fn a_name_that_was_changed_or_deleted_is_no_contradiction() {
    let reverse = |name: &[u8], timestamp_ms| Owned {
        timestamp_ms,
        ..Owned::new(&[0, 0, 1], "name", b"metrics", name)
    };
    let forward =
        |name: &[u8], kind| Owned { kind, ..Owned::new(name, "id", b"metrics", &[0, 0, 1]) };
    let (put, delete) = (CellKind::Put, CellKind::DeleteColumn);
    let cells = [
        reverse(b"old", 5),
        reverse(b"new", 6),
        forward(b"old", put),
        forward(b"old", delete),
        forward(b"new", put),
    ];
    let (table, problems) = uid_table(&[&cells]);
    assert_eq!((table.name(UidKind::Metric, &[0, 0, 1]), &problems[..]), (Some("new"), &[][..]));
    // In two tables it is one, and the newer counts.
    let (table, problems) = uid_table(&[&cells[1..], &cells[..1]]);
    assert_eq!(table.name(UidKind::Metric, &[0, 0, 1]), Some("new"));
    let [(1, Problem { kind: UidTwoNames, .. })] = &problems[..] else { panic!("{problems:?}") };
}

#[test]
fn cells_that_map_nothing_are_told() {
    let good = [
        Owned::new(b"a", "id", b"tagk", &[0, 7]),
        Owned::new(&[0, 7], "name", b"tagk", b"a"),
        Owned::new(&[0], "id", b"tagk", &7_u64.to_be_bytes()),
        Owned::new(&[0, 7], "name", b"tagk_meta", b"{}"),
        Owned::new(&[0, 7], "name", b"ts_ctr", b"{}"),
    ];
    let check = |cell: Owned, kind: ProblemKind, part: &str| {
        let (table, problems) = uid_table(&[&good, std::slice::from_ref(&cell)]);
        let [(1, problem)] = &problems[..] else { panic!("{cell:?}: {problems:?}") };
        assert_eq!((problem.kind, table.width(UidKind::TagKey)), (kind, Some(2)), "{problem:?}");
        assert!(problem.what.contains(part), "{}", problem.what);
    };
    assert_eq!(uid_table(&[&good]).1, []);
    check(Owned::new(b"b", "id", b"tagx", &[0, 8]), BadUid, "column \"tagx\" in row 62");
    check(Owned::new(b"b", "x", b"tagk", &[0, 8]), BadUid, "family \"x\"");
    check(Owned::new(b"b", "id", b"tagk", &[]), BadUid, "no possible width");
    check(Owned::new(b"b", "id", b"tagk", &[0; 9]), BadUid, "no possible width");
    check(Owned::new(&[1; 9], "name", b"tagk", b"b"), BadUid, "no possible width");
    check(Owned::new(&[0, 8], "name", b"tagk", b""), BadUid, "an empty name");
    check(Owned::new(b"b", "id", b"tagk", &[0, 0, 8]), BadUid, "expected 2 bytes");
    check(Owned::new(&[0], "id", b"tagk", &[7]), BadUid, "expected 8 bytes");
    check(Owned::new(&[0], "id", b"tagk", &[0xff; 8]), BadUid, "expected 8 bytes");
    let long = vec![b'x'; 2 << 20];
    check(Owned::new(&[0, 8], "name", b"tagk", &long), RowTooLarge, "row 0008");
    // A counter may be ahead, not behind.
    let counters = |count: u64| {
        let counter = Owned::new(&[0], "id", b"tagk", &count.to_be_bytes());
        let (_, problems) = uid_table(&[&good[..2], &[counter]]);
        problems.iter().map(|(input, problem)| (*input, problem.kind)).collect::<Vec<_>>()
    };
    assert_eq!((counters(8), counters(6)), (vec![], vec![(1, UidCounter)]));
}

#[test]
fn a_damaged_cell_costs_no_name_of_another() {
    let mut cells = main_cells();
    cells.retain(|cell| !cell.qualifier.ends_with(b"_meta"));
    cells.truncate(60);
    let mut tried = 0;
    for (index, cell) in cells.iter().enumerate() {
        let others: Vec<_> = [&cells[..index], &cells[index + 1..]].concat();
        let kept: Vec<_> = names(&uid_table(&[&others]).0);
        let with = |row: &[u8], value: &[u8]| Owned {
            row: row.to_vec(),
            value: value.to_vec(),
            ..cell.clone()
        };
        let rows = damages(&cell.row).map(|row| with(&row, &cell.value));
        let values = damages(&cell.value).map(|value| with(&cell.row, &value));
        for damaged in rows.chain(values) {
            let table = uid_table(&[&others, std::slice::from_ref(&damaged)]).0;
            for (kind, uid, name) in &kept {
                let is_hit = damaged.row == *uid;
                assert!(is_hit || table.name(*kind, uid) == Some(name), "{damaged:?}");
            }
            tried += 1;
        }
    }
    assert!(tried > 4_000, "{tried}");
}
