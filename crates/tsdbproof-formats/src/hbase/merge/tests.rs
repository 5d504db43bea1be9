//! Rows and what HBase's scan shows of them.

use super::*;
use CellKind::{Delete, DeleteColumn, DeleteFamily, DeleteFamilyVersion, Put};

fn cell(qualifier: &'static [u8], timestamp_ms: i64, kind: CellKind) -> Cell<'static> {
    let (row, family, value, tags) = (&b"r"[..], &b"t"[..], &b""[..], &b""[..]);
    Cell { row, family, qualifier, timestamp_ms, kind, value, tags, sequence: 0 }
}

fn put(qualifier: &'static [u8], timestamp_ms: i64) -> Cell<'static> {
    cell(qualifier, timestamp_ms, Put)
}

type Shown = (Vec<(&'static [u8], i64)>, Hidden);

/// The qualifier and timestamp of what is shown, whatever order the cells are given in.
fn shown(cells: &[Cell<'static>], rules: FamilyRules) -> Shown {
    let shown_from = |turn: usize| {
        let mut cells = [&cells[turn..], &cells[..turn]].concat();
        let mut hidden = Hidden::default();
        visible(&mut cells, &rules, Some(1000), &mut hidden);
        (cells.iter().map(|cell| (cell.qualifier, cell.timestamp_ms)).collect(), hidden)
    };
    let shown: Shown = shown_from(0);
    (1..cells.len()).for_each(|turn| assert_eq!(shown_from(turn), shown, "{turn}"));
    shown
}

fn hidden(markers: u64, deleted: u64, older: u64, expired: u64) -> Hidden {
    Hidden { markers, deleted, older, expired }
}

const A: &[u8] = b"a";
const B: &[u8] = b"b";
const ONE: FamilyRules = FamilyRules { max_versions: 1, min_versions: 0, ttl_ms: None };

#[test]
fn the_newest_version_of_each_column_is_shown() {
    let cells = [put(B, 1), put(A, 2), put(A, 5), put(A, 4)];
    assert_eq!(shown(&cells, ONE), (vec![(A, 5), (B, 1)], hidden(0, 0, 2, 0)));
    let two = FamilyRules { max_versions: 2, ..ONE };
    assert_eq!(shown(&cells, two), (vec![(A, 5), (A, 4), (B, 1)], hidden(0, 0, 1, 0)));
}

#[test]
fn of_one_timestamp_the_later_write_counts_and_the_other_is_no_version() {
    let cells = [
        Cell { value: b"old", sequence: 3, ..put(A, 5) },
        Cell { value: b"new", sequence: 7, ..put(A, 5) },
        put(A, 4),
    ];
    let mut shown = cells.to_vec();
    visible(&mut shown, &FamilyRules { max_versions: 2, ..ONE }, None, &mut Hidden::default());
    let values: Vec<_> = shown.iter().map(|cell| (cell.value, cell.timestamp_ms)).collect();
    assert_eq!(values, [(&b"new"[..], 5), (&b""[..], 4)]);
}

#[test]
fn of_equal_cells_the_first_given_counts() {
    let mut cells = vec![Cell { value: b"newer", ..put(A, 5) }, Cell { value: b"o", ..put(A, 5) }];
    visible(&mut cells, &ONE, None, &mut Hidden::default());
    assert_eq!(cells.iter().map(|cell| cell.value).collect::<Vec<_>>(), [b"newer"]);
}

#[test]
fn a_delete_hides_one_version_and_an_older_one_comes_to_light() {
    let cells = [put(A, 5), put(A, 4), put(A, 3), cell(A, 5, Delete), put(B, 5)];
    assert_eq!(shown(&cells, ONE), (vec![(A, 4), (B, 5)], hidden(1, 1, 1, 0)));
    let cells = [put(A, 5), put(A, 4), put(A, 3), cell(A, 4, Delete), cell(A, 5, Delete)];
    assert_eq!(shown(&cells, ONE), (vec![(A, 3)], hidden(2, 2, 0, 0)));
    // A marker of no version hides none.
    assert_eq!(shown(&[put(A, 4), cell(A, 5, Delete)], ONE), (vec![(A, 4)], hidden(1, 0, 0, 0)));
}

#[test]
fn a_delete_of_a_column_hides_all_up_to_its_time() {
    let cells = [put(A, 6), put(A, 5), put(A, 4), cell(A, 5, DeleteColumn), put(B, 4)];
    let two = FamilyRules { max_versions: 9, ..ONE };
    assert_eq!(shown(&cells, two), (vec![(A, 6), (B, 4)], hidden(1, 2, 0, 0)));
    // The wider marker stands, whatever markers of single versions lie below it.
    let cells = [cell(A, 5, DeleteColumn), cell(A, 4, Delete), put(A, 3), cell(A, 5, Delete)];
    assert_eq!(shown(&cells, ONE), (vec![], hidden(3, 1, 0, 0)));
}

#[test]
fn a_delete_of_a_family_hides_its_columns_up_to_its_time_and_no_other_family() {
    let other = Cell { family: b"x", ..put(A, 1) };
    let cells = [cell(b"", 5, DeleteFamily), put(A, 5), put(A, 6), put(B, 2), other];
    assert_eq!(shown(&cells, ONE), (vec![(A, 6), (A, 1)], hidden(1, 2, 0, 0)));
    let markers = [cell(b"", 5, DeleteFamily), cell(b"", 3, DeleteFamily), cell(b"", 9, Delete)];
    let cells = [&markers[..], &[put(b"", 4), put(A, 4), put(B, 6)]].concat();
    assert_eq!(shown(&cells, ONE), (vec![(B, 6)], hidden(3, 2, 0, 0)));
}

#[test]
fn a_delete_of_a_familys_version_hides_that_timestamp_in_all_columns() {
    let marker = cell(b"", 5, DeleteFamilyVersion);
    let cells = [marker, put(A, 5), put(A, 4), put(B, 5), put(B, 6)];
    assert_eq!(shown(&cells, ONE), (vec![(A, 4), (B, 6)], hidden(1, 2, 0, 0)));
}

#[test]
fn what_is_older_than_the_ttl_is_expired_unless_min_versions_keep_it() {
    let ttl = FamilyRules { max_versions: 3, ttl_ms: Some(100), ..ONE };
    let cells = [put(A, 901), put(A, 900), put(A, 899), put(B, 1), put(B, 2)];
    assert_eq!(shown(&cells, ttl), (vec![(A, 901), (A, 900)], hidden(0, 0, 0, 3)));
    let kept = FamilyRules { min_versions: 1, ..ttl };
    assert_eq!(shown(&cells, kept), (vec![(A, 901), (A, 900), (B, 2)], hidden(0, 0, 0, 2)));
    let mut all = cells.to_vec();
    visible(&mut all, &ttl, None, &mut Hidden::default());
    assert_eq!(all.len(), 5);
}

#[test]
fn a_ttl_tag_ends_one_version_and_the_one_before_comes_to_light() {
    let tags = b"\0\x03\x01ab\0\x09\x08\0\0\0\0\0\0\0\x32";
    let cells = [Cell { tags, ..put(A, 949) }, put(A, 3), Cell { tags, ..put(B, 950) }];
    assert_eq!(shown(&cells, ONE), (vec![(A, 3), (B, 950)], hidden(0, 0, 0, 1)));
    let marker = Cell { tags, ..cell(A, 949, DeleteColumn) };
    assert_eq!(shown(&[marker, put(A, 3)], ONE), (vec![(A, 3)], hidden(1, 0, 0, 0)));
    // Tags that are cut say nothing.
    assert_eq!(each_tag(b"\0\x03\x08a").count(), 0);
    assert_eq!(each_tag(b"\0\0").count(), 0);
}

#[test]
fn a_version_that_a_marker_or_a_newer_one_hides_is_not_counted_as_expired() {
    let ttl = FamilyRules { ttl_ms: Some(100), ..ONE };
    let cells = [put(A, 5), put(A, 4), put(B, 7), cell(B, 7, Delete)];
    assert_eq!(shown(&cells, ttl), (vec![], hidden(1, 1, 1, 1)));
}
