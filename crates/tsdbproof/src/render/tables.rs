//! What a check found in the rows of HBase's tables, as text.

use tsdbproof_core::shown;

use super::{
    phrase::NAME_CHARS,
    text::Page,
    words::{counted, number, size, table},
};
use crate::report::{BeyondFsck, Fsck, RepeatedCells, Share, TableCheck};

/// All of it.
pub(super) fn table_check(page: &mut Page<'_>) {
    let Some(checked) = page.report.checked.as_ref().and_then(|it| it.tables.as_ref()) else {
        return;
    };
    let TableCheck { fsck, beyond_fsck, repeats, buckets, regions, metrics } = checked;
    page.heading("rows of tables, in the terms of `tsdb fsck`");
    fsck_counts(page, fsck);
    list(page, "where `tsdb fsck` 2.4.1 says otherwise", misled(fsck, beyond_fsck));
    list(page, "what `tsdb fsck` does not look at", unseen(beyond_fsck));
    list(page, "several cells of one instant", repeated(repeats));
    for (what, shares) in [("salt bucket", buckets), ("region", regions), ("metric", metrics)] {
        if shares.len() > 1 {
            page.heading(&format!("bytes and points by {what}"));
            share_table(page, what, shares);
        }
    }
}

fn fsck_counts(page: &mut Page<'_>, fsck: &Fsck) {
    let rows = [
        ("Key Values Processed", fsck.key_values),
        ("Rows Processed", fsck.rows),
        ("Valid Datapoints", fsck.valid_datapoints),
        ("Annotations", fsck.annotations),
        ("Invalid Row Keys Found", fsck.invalid_row_keys),
        ("Duplicate Datapoints", fsck.duplicate_datapoints),
        ("Orphaned UID Rows", fsck.orphaned_uid_rows),
        ("Possible Future Objects", fsck.possible_future_objects),
        ("Unknown Objects", fsck.unknown_objects),
        ("Unparseable Datapoint Values", fsck.unparseable_values),
        ("Improperly Encoded Floating Point Values", fsck.improperly_encoded_floats),
        ("Unparseable Compacted Columns", fsck.unparseable_compacted_columns),
        ("Compacted Columns Out of Order", fsck.fixable_compacted_columns),
        ("Datapoints Qualified for VLE", fsck.qualified_for_vle),
        ("Bytes Saved with VLE", fsck.bytes_saved_with_vle),
        ("Total Errors", fsck.total_errors),
    ];
    let rows = rows.map(|(name, count)| vec![format!("  {name}"), number(count)]);
    table(&rows, &[1]).into_iter().for_each(|line| page.line(line));
}

fn list(page: &mut Page<'_>, heading: &str, lines: Vec<String>) {
    if !lines.is_empty() {
        page.heading(heading);
        lines.into_iter().for_each(|line| page.line(format!("  {line}")));
    }
}

/// A sentence for each count that is not zero.
fn told<const N: usize>(counts: [(u64, &str, &str); N]) -> Vec<String> {
    let counts = counts.into_iter().filter(|(count, ..)| *count > 0);
    counts.map(|(count, noun, what)| format!("{} {what}", counted(count, noun))).collect()
}

fn misled(fsck: &Fsck, beyond: &BeyondFsck) -> Vec<String> {
    let passed_over = fsck.orphaned_uid_rows + fsck.invalid_row_keys;
    told([
        (
            passed_over,
            "row",
            "of orphaned UIDs or with an invalid key: it leaves out what is in them",
        ),
        (
            beyond.global_annotation_rows,
            "row",
            "of annotations without a series: one of its threads ends at each, and the rest of that \
             thread's share is not looked at, so it counts fewer rows",
        ),
        (
            beyond.misread_columns,
            "column",
            "beginning at second 80 to 95: taken for appended ones, with errors that are none",
        ),
        (beyond.histograms, "histogram", "among its \"Possible Future Objects\""),
    ])
}

fn unseen(beyond: &BeyondFsck) -> Vec<String> {
    told([
        (beyond.append_columns, "append column", "taken apart"),
        (beyond.bad_append_columns, "append column", "that can't be taken apart"),
        (beyond.rollups, "value", "of rollups"),
        (
            beyond.repaired_lengths,
            "value",
            "of another length than the qualifier says, read all the same",
        ),
        (beyond.unaligned_rows, "row", "whose base time is no full hour"),
        (beyond.late_points, "point", "behind the hour of their row"),
        (beyond.unordered_tags, "row", "whose tags are out of order"),
        (
            beyond.hidden_cells,
            "cell",
            "that a scan does not show: deleted, expired, or older versions",
        ),
    ])
}

fn repeated(repeats: &RepeatedCells) -> Vec<String> {
    told([
        (repeats.same, "instant", "with cells of the same bytes: read as one"),
        (repeats.equal_numbers, "instant", "with cells of other bytes and the same number"),
        (repeats.conflicts, "instant", "with cells of other numbers: a conflict"),
        (
            repeats.rows_that_fail,
            "row",
            "with one or more of these two: a query fails (\"Duplicate timestamp\"), unless \
             tsd.storage.fix_duplicates=true lets the newest cell win",
        ),
    ])
}

fn share_table(page: &mut Page<'_>, what: &str, shares: &[Share]) {
    let all: u64 = shares.iter().map(|share| share.bytes).sum();
    let row = |share: &Share| {
        let tenths = u128::from(share.bytes) * 1000 / u128::from(all.max(1));
        vec![
            format!("  {}", shown(&share.name, NAME_CHARS)),
            size(share.bytes),
            format!("{}.{} %", tenths / 10, tenths % 10),
            counted(share.points, "point"),
            counted(share.rows, "row"),
        ]
    };
    let rows: Vec<_> = shares.iter().take(page.list).map(row).collect();
    table(&rows, &[1, 2, 3, 4]).into_iter().for_each(|line| page.line(line));
    page.more(shares.len() - rows.len(), what, "  ");
}
