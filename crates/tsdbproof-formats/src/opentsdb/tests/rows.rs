//! Rows, their names, and what a scan shows of them.

use super::*;
use crate::hbase::merge::FamilyRules;
use crate::opentsdb::findings::Repeats;
use crate::opentsdb::series::has_stand_in;
use tsdbproof_core::{Position, Series, Value};

const BASE_MS: u64 = 1_699_999_200_000;

/// UIDs 1 and 2 of each kind, and 3, which is named as 2 is.
fn uids() -> Arc<UidTable> {
    let name = |uid: u8, kind: &str, name: &str| {
        Owned::new(&[0, 0, uid], "name", kind.as_bytes(), name.as_bytes())
    };
    let names = [("metrics", ["m", "n"]), ("tagk", ["a", "b"]), ("tagv", ["x", "y"])];
    let cells = names.iter().flat_map(|(kind, [one, two])| {
        [name(1, kind, one), name(2, kind, two), name(3, kind, two)]
    });
    Arc::new(uid_table(&[&cells.collect::<Vec<_>>()]).0)
}

/// A cell of the hour, in the row of this metric and these tags.
fn put(metric: u8, tags: &[u8], qualifier: &[u8], value: &[u8]) -> Owned {
    let mut row = vec![0, 0, metric, 0x65, 0x53, 0xed, 0xe0];
    tags.iter().for_each(|uid| row.extend([0, 0, *uid]));
    Owned::new(&row, "t", qualifier, value)
}

fn read_all(cells: &[Owned]) -> (Log, RowFindings) {
    read(cells, &uids(), Widths::default())
}

fn told(log: &Log) -> Vec<(ProblemKind, &str)> {
    log.problems.iter().map(|problem| (problem.kind, &problem.what[..])).collect()
}

fn names(log: &Log) -> Vec<&str> {
    log.series.keys().map(|name| &name[..]).collect()
}

#[test]
fn a_uid_without_a_name_has_a_stand_in() {
    let cells = [
        put(9, &[1, 1], b"\0\0", &[1]),
        put(1, &[9, 1], b"\0\0", &[2]),
        put(1, &[1, 0xa9], b"\0\0", &[3]),
        put(1, &[1, 0xa9], b"\0\x10", &[4]),
        put(1, &[1, 1], b"\0\0", &[5]),
        put(1, &[1, 0xa9], b"\0\x20", &[6]),
    ];
    let (log, findings) = read_all(&cells);
    assert_eq!(names(&log), ["m{a=uid:0000a9}", "m{a=x}", "m{uid:000009=x}", "uid:000009{a=x}"]);
    assert_eq!(findings.orphans, 4);
    let stands_in = |name: &&str| {
        let (metric, tags) = name.split_once('{').unwrap();
        let tags = Tags::from_canonical(tags.trim_end_matches('}'));
        has_stand_in(&Series { metric: metric.to_owned(), tags })
    };
    assert_eq!(names(&log).iter().filter(|name| !stands_in(name)).collect::<Vec<_>>(), [&"m{a=x}"]);
    let [metric, key, value, again] = &told(&log)[..] else { panic!("{log:?}") };
    assert!([metric, key, value, again].iter().all(|it| it.0 == ProblemKind::UnresolvedNames));
    assert!(metric.1.contains("no name has metrics 000009; row 0000096553ede0000001000001"));
    assert!(key.1.contains("no name has tagk 000009; row 0000016553ede0000009000001"));
    assert!(value.1.contains("no name has tagv 0000a9; row 0000016553ede00000010000a9"));
    // Of each row of the series, though its name is known by now.
    assert_eq!((again, log.problems[3].at), (value, Position::Byte(50)));
}

#[test]
fn a_tag_key_with_two_values_is_kept_and_told() {
    let cells = [
        put(1, &[1, 1, 1, 2], b"\0\0", &[1]),
        // Two UIDs of one name.
        put(1, &[2, 1, 3, 2], b"\0\0", &[2]),
        put(1, &[1, 2, 1, 3], b"\0\0", &[3]),
        put(1, &[2, 1, 1, 1], b"\0\0", &[4]),
    ];
    let (log, findings) = read_all(&cells);
    assert_eq!(names(&log), ["m{a=x,a=y}", "m{a=x,b=x}", "m{a=y}", "m{b=x,b=y}"]);
    let kinds: Vec<_> = log.problems.iter().map(|problem| problem.kind).collect();
    assert_eq!(kinds, [ProblemKind::TagContradiction; 2]);
    assert!(log.problems[0].what.contains("several values of one tag"), "{log:?}");
    assert_eq!(findings.unordered_tags, 1);
}

#[test]
fn points_of_a_row_come_in_the_order_of_time_and_all_of_an_instant_are_given() {
    let ms = |ms: u32, flags: u32| (0xf000_0000 | ms << 6 | flags).to_be_bytes();
    let float = 4.5_f32.to_be_bytes();
    let cells = [
        put(1, &[1, 1], b"\0\x20\0\x10", &[2, 1, 0]),
        put(1, &[1, 1], b"\x05\0\0", &[0, 0x30, 30, 0, 0x10, 1, 0, 0x30, 31]),
        put(1, &[1, 1], b"\0\x21", &[0, 2]),
        put(1, &[1, 1], b"\0\x3b", &float),
        put(1, &[1, 1], &ms(1500, 0), &[15]),
        put(1, &[1, 1], &ms(1000, 0), &[1]),
    ];
    let (log, findings) = read_all(&cells);
    let points: Vec<_> = log.series["m{a=x}"]
        .iter()
        .map(|point| (point.timestamp_ms - BASE_MS, point.value.to_string()))
        .collect();
    let expected = [
        (1000, "1"),
        (1000, "1"),
        (1000, "1"),
        (1500, "15"),
        (2000, "2"),
        (2000, "2"),
        (3000, "31"),
        (3000, "4.5"),
    ];
    assert_eq!(points, expected.map(|(at, value)| (at, value.to_owned())));
    assert_eq!(log.runs, [("m{a=x}".to_owned(), 0..60)]);
    let repeats = Repeats { same: 1, equal: 1, different: 1, refused_rows: 1 };
    assert_eq!((findings.repeats, findings.instants, findings.duplicates), (repeats, 4, 2));
}

/// A column that is all of its row has a fast way, which one with an annotation beside it has not.
#[test]
fn a_column_that_is_all_of_its_row_is_read_as_any_other() {
    let qualifier = b"\0\0\x01\x0b\xf0\x40\0\x01\x02\x07\x03\x0f";
    let value = [&[5][..], &4.5_f32.to_be_bytes(), &[1, 0], &7_i64.to_be_bytes(), &[0; 8], &[1]];
    let (qualifier, value) = (&qualifier[..], value.concat());
    let note = put(1, &[1, 1], b"\x01\0\x1e", b"{\"startTime\":1699999230}");
    let check = |qualifier: &[u8], value: &[u8]| {
        let column = put(1, &[1, 1], qualifier, value);
        let (alone, found) = read_all(std::slice::from_ref(&column));
        let (beside, mut expected) = read_all(&[column, note.clone()]);
        let problems: Vec<_> =
            beside.problems.iter().filter(|it| it.kind != ProblemKind::Annotation).collect();
        expected.annotations = found.annotations;
        expected.cells -= 1;
        assert_eq!((&alone.series, found), (&beside.series, expected), "{qualifier:x?} {value:x?}");
        assert_eq!(alone.problems.iter().collect::<Vec<_>>(), problems);
        found.instants
    };
    assert_eq!(check(qualifier, &value), 5);
    for damaged in damages(qualifier) {
        check(&damaged, &value);
    }
    for damaged in damages(&value) {
        check(qualifier, &damaged);
    }
}

#[test]
fn what_a_scan_does_not_show_is_no_point() {
    let at = |timestamp_ms, value| Owned { timestamp_ms, ..put(1, &[1, 1], b"\0\0", &[value]) };
    let delete = Owned { kind: CellKind::Delete, ..at(7, 0) };
    let cells = [at(5, 1), at(7, 3), delete, at(6, 2)];
    let (log, findings) = read_all(&cells);
    assert_eq!(log.set()[0].1.value, Value::integer(2));
    let hidden = findings.hidden;
    assert_eq!((hidden.markers, hidden.deleted, hidden.older, findings.cells), (1, 1, 1, 1));
    // Of a row that is deleted nothing is left, not even a bad key.
    let marker = Owned { kind: CellKind::DeleteFamily, ..Owned::new(b"bad", "t", b"", b"") };
    let (log, findings) = read_all(&[marker]);
    assert_eq!((log, findings.rows, findings.hidden.markers), (Log::default(), 0, 1));

    let rules = FamilyRules { ttl_ms: Some(10), ..FamilyRules::default() };
    let options = RowOptions::new(Widths::default(), 1 << 20);
    let options = RowOptions { rules, now_ms: Some(17), ..options };
    let (mut decoder, mut log) = (RowDecoder::new(uids(), options), Log::default());
    feed(&[at(6, 2), put(2, &[1, 1], b"\0\0", &[1])], &mut decoder.reading(&mut log));
    decoder.finish(&mut log);
    assert_eq!((names(&log), decoder.findings().hidden.expired), (vec!["n{a=x}"], 1));
}

#[test]
fn rows_of_no_series_hold_annotations_alone() {
    let json = b"{\"startTime\":1699999230}";
    let cells = [
        put(0, &[], b"\x01\0\x1e", json),
        put(0, &[], b"\0\0", &[1]),
        put(1, &[], b"\0\0", &[1]),
        put(1, &[1], b"\0\0", &[1]),
        put(1, &[1], b"\0\x10", &[1]),
        put(0, &[1, 1], b"\0\0", &[1]),
        Owned::new(b"short", "t", b"\0\0", &[1]),
    ];
    let (log, findings) = read_all(&cells);
    assert_eq!(names(&log), ["uid:000000{a=x}"]);
    use ProblemKind::{Annotation, BadCell, BadRow, UnresolvedNames};
    let kinds: Vec<_> = log.problems.iter().map(|problem| problem.kind).collect();
    // Columns of a row come in the order of their bytes.
    assert_eq!(kinds, [BadCell, Annotation, BadRow, BadRow, UnresolvedNames, BadRow]);
    let whats: Vec<_> = log.of_kind(BadRow).iter().map(|problem| &problem.what[..]).collect();
    assert_eq!(
        whats,
        [
            "a row key without tags; 1 cell left out; row 0000016553ede0",
            "a row key with a part of a tag; 2 cells left out; row 0000016553ede0000001",
            "a row key that is too short for a metric and a time; 1 cell left out; row 73686f7274",
        ]
    );
    assert_eq!((findings.bad_keys, findings.annotations, findings.unknown_objects), (3, 1, 1));
}

#[test]
fn a_row_that_is_too_large_costs_only_itself() {
    let large: Vec<Owned> = (0..=255_u8).map(|low| put(1, &[1, 1], &[0, low], &[0; 8])).collect();
    let options = RowOptions::new(Widths::default(), 2000);
    let (mut decoder, mut log) = (RowDecoder::new(uids(), options), Log::default());
    let row = put(2, &[1, 1], b"\0\0", &[1]);
    feed(&[&large[..], &[row]].concat(), &mut decoder.reading(&mut log));
    decoder.finish(&mut log);
    assert_eq!(names(&log), ["n{a=x}"]);
    let [(ProblemKind::RowTooLarge, what)] = told(&log)[..] else { panic!("{log:?}") };
    assert!(what.contains("of more than 2000 bytes; row 0000016553ede0000001000001"), "{what}");
    assert!(decoder.memory_bytes() < 10_000);
}

#[test]
fn a_column_of_more_points_than_a_row_may_hold_costs_only_itself() {
    let endless = vec![0; 15 << 20];
    let cells = [
        put(1, &[1, 1], &endless, &endless),
        put(1, &[1, 1], b"\x05\0\0", &[&endless[..], &endless, &endless].concat()),
        put(1, &[1, 1], b"\0\x10", &[1]),
    ];
    let options = RowOptions::new(Widths::default(), 128 << 20);
    let (mut decoder, mut log) = (RowDecoder::new(uids(), options), Log::default());
    feed(&cells, &mut decoder.reading(&mut log));
    decoder.finish(&mut log);
    let kinds: Vec<_> = log.problems.iter().map(|problem| problem.kind).collect();
    assert_eq!((kinds, log.set().len()), (vec![ProblemKind::RowTooLarge; 2], 1));
    assert!(decoder.memory_bytes() < 1_000_000);
}

#[test]
fn forgotten_series_are_asked_for_again() {
    let cells: Vec<Owned> = (0..4)
        .map(|hour: u8| {
            let mut cell = put(1, &[1, 1], b"\0\0", &[hour]);
            cell.row[5] += hour;
            cell
        })
        .collect();
    let options = RowOptions::new(Widths::default(), 2000);
    let (mut decoder, mut log) = (RowDecoder::new(uids(), options), Log::default());
    feed(&cells[..3], &mut decoder.reading(&mut log));
    assert_eq!(log.ids.len(), 1);
    assert!(decoder.memory_bytes() > 0);
    decoder.forget_series();
    feed(&cells[3..], &mut decoder.reading(&mut log));
    decoder.finish(&mut log);
    assert_eq!((log.ids.len(), log.series["m{a=x}"].len()), (2, 4));
}

#[test]
fn what_a_container_tells_is_passed_on() {
    let problem = Problem { kind: ProblemKind::Cut, at: Position::Byte(5), what: "cut".to_owned() };
    let options = RowOptions::new(Widths::default(), 2000);
    let (mut decoder, mut log) = (RowDecoder::new(uids(), options), Log::default());
    decoder.reading(&mut log).problem(problem.clone());
    assert_eq!(log.problems, [problem]);
}

/// Rows of a rollup table, as `RollupUtils.buildRollupQualifier` makes them, and in the old form.
#[test]
fn a_table_of_rollups_has_no_points() {
    let mut cells = Vec::new();
    for aggregator in 0..=7_u8 {
        for index in [0_u16, 1, 23] {
            for (flags, value) in [(0, &[5][..]), (1, &[1; 2]), (0xb, &[1; 4]), (0xf, &[1; 8])] {
                let offset = (index << 4 | flags).to_be_bytes();
                cells.push(put(1, &[1, 1], &[&[aggregator][..], &offset].concat(), value));
                cells.push(put(1, &[1, 1], &[&b"count:"[..], &offset].concat(), value));
                cells.push(put(1, &[1, 1], &[&b"sum:"[..], &offset].concat(), value));
            }
        }
    }
    let (log, findings) = read_all(&cells);
    assert_eq!((log.set().len(), log.damage().len()), (0, 0));
    let named_once = 8 * 3 * 4 + 2 * 3 * 4;
    assert_eq!(
        (findings.rollups, log.of_kind(ProblemKind::Rollup).len()),
        (named_once, named_once as usize)
    );
}
