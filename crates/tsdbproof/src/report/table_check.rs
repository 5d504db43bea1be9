//! What a check found in the rows of HBase's tables.

use serde::Serialize;
use tsdbproof_core::sort;
use tsdbproof_formats::{RowFindings, Weight};

use crate::look::Met;

/// What a check found in the rows of data tables.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(tsify::Tsify), tsify(hashmap_as_object))]
pub struct TableCheck {
    /// What `tsdb fsck` counts, of all rows.
    pub fsck: Fsck,
    /// What `tsdb fsck` does not look at, or gets wrong.
    pub beyond_fsck: BeyondFsck,
    /// What OpenTSDB does where several cells hold one instant.
    pub repeats: RepeatedCells,
    /// Buckets of salted rows, the hundred heaviest, these first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "ts", tsify(optional))]
    pub buckets: Vec<Share>,
    /// The hundred heaviest regions: folders of store files, or files of an Export.
    pub regions: Vec<Share>,
    /// The hundred heaviest metrics.
    pub metrics: Vec<Share>,
}

/// Counts as `tsdb fsck` names them, in the order in which it prints them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(tsify::Tsify), tsify(hashmap_as_object))]
pub struct Fsck {
    /// "Key Values Processed".
    pub key_values: u64,
    /// "Rows Processed".
    pub rows: u64,
    /// "Valid Datapoints": instants of a row.
    pub valid_datapoints: u64,
    /// "Annotations".
    pub annotations: u64,
    /// "Invalid Row Keys Found", an error.
    pub invalid_row_keys: u64,
    /// "Duplicate Datapoints", an error.
    pub duplicate_datapoints: u64,
    /// "Orphaned UID Rows", an error.
    pub orphaned_uid_rows: u64,
    /// "Possible Future Objects"; histograms are among them.
    pub possible_future_objects: u64,
    /// "Unknown Objects", an error.
    pub unknown_objects: u64,
    /// "Unparseable Datapoint Values", an error.
    pub unparseable_values: u64,
    /// "Improperly Encoded Floating Point Values", an error.
    pub improperly_encoded_floats: u64,
    /// "Unparseable Compacted Columns", an error.
    pub unparseable_compacted_columns: u64,
    /// Compacted columns that it calls out of order: an error without a line of its own.
    pub fixable_compacted_columns: u64,
    /// "Datapoints Qualified for VLE".
    pub qualified_for_vle: u64,
    /// "Bytes Saved with VLE", if these were written again.
    pub bytes_saved_with_vle: u64,
    /// "Total Errors".
    pub total_errors: u64,
}

/// What `tsdb fsck` does not look at, or gets wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(tsify::Tsify), tsify(hashmap_as_object))]
pub struct BeyondFsck {
    /// Rows of annotations that belong to no series: a thread of `tsdb fsck` 2.4.1 ends at each, and
    /// nobody looks at the rest of its share.
    pub global_annotation_rows: u64,
    /// Columns that begin at second 80 to 95: it takes them for appended ones, and finds errors that
    /// are none.
    pub misread_columns: u64,
    /// Histograms, which it counts among "Possible Future Objects".
    pub histograms: u64,
    /// Values of rollups.
    pub rollups: u64,
    /// Append columns.
    pub append_columns: u64,
    /// Append columns that can't be taken apart, which it only logs.
    pub bad_append_columns: u64,
    /// Values of another length than their qualifier says, which reading puts right.
    pub repaired_lengths: u64,
    /// Rows whose base time is no full hour.
    pub unaligned_rows: u64,
    /// Points behind the hour of their row.
    pub late_points: u64,
    /// Rows whose tags are not in the order in which OpenTSDB writes them.
    pub unordered_tags: u64,
    /// Delete markers, cells that they hide, older versions, and cells whose time to live is over.
    pub hidden_cells: u64,
}

/// Instants of a row that several cells hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(tsify::Tsify), tsify(hashmap_as_object))]
pub struct RepeatedCells {
    /// All values have the same bytes: read as one.
    pub same: u64,
    /// Bytes differ, numbers agree.
    pub equal_numbers: u64,
    /// Numbers differ.
    pub conflicts: u64,
    /// Rows with an instant whose bytes differ: a query of such a row fails, unless
    /// `tsd.storage.fix_duplicates` lets the newest cell win.
    pub rows_that_fail: u64,
}

/// How much of a table lies in one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(tsify::Tsify), tsify(hashmap_as_object))]
pub struct Share {
    /// The bucket's bytes in hex, the region's folder or file, the metric.
    pub name: String,
    /// Rows.
    pub rows: u64,
    /// Cells that a scan shows.
    pub cells: u64,
    /// Points, with repeats.
    pub points: u64,
    /// Bytes of keys, families, qualifiers and values in these cells.
    pub bytes: u64,
}

impl TableCheck {
    pub(crate) fn new(met: &Met) -> Self {
        let findings = &met.rows.findings;
        TableCheck {
            fsck: Fsck::new(findings),
            beyond_fsck: BeyondFsck::new(findings),
            repeats: RepeatedCells {
                same: findings.repeats.same,
                equal_numbers: findings.repeats.equal,
                conflicts: findings.repeats.different,
                rows_that_fail: findings.repeats.refused_rows,
            },
            buckets: shares(&met.rows.buckets),
            regions: shares(&met.regions),
            metrics: shares(&met.rows.metrics),
        }
    }
}

impl Fsck {
    fn new(findings: &RowFindings) -> Self {
        Fsck {
            key_values: findings.cells,
            rows: findings.rows,
            valid_datapoints: findings.instants,
            annotations: findings.annotations,
            invalid_row_keys: findings.bad_keys,
            duplicate_datapoints: findings.duplicates,
            orphaned_uid_rows: findings.orphans,
            possible_future_objects: findings.future_objects + findings.histograms,
            unknown_objects: findings.unknown_objects,
            unparseable_values: findings.bad_values,
            improperly_encoded_floats: findings.bad_floats,
            unparseable_compacted_columns: findings.bad_compacted,
            fixable_compacted_columns: findings.unordered_compacted,
            qualified_for_vle: findings.long_integers,
            bytes_saved_with_vle: findings.saved_bytes,
            total_errors: findings.total_errors(),
        }
    }
}

impl BeyondFsck {
    fn new(findings: &RowFindings) -> Self {
        let hidden = findings.hidden;
        BeyondFsck {
            global_annotation_rows: findings.global_rows,
            misread_columns: findings.misread_columns,
            histograms: findings.histograms,
            rollups: findings.rollups,
            append_columns: findings.append_columns,
            bad_append_columns: findings.bad_appended,
            repaired_lengths: findings.repaired_lengths,
            unaligned_rows: findings.unaligned_rows,
            late_points: findings.late_points,
            unordered_tags: findings.unordered_tags,
            hidden_cells: hidden.markers + hidden.deleted + hidden.older + hidden.expired,
        }
    }
}

/// Places that are told.
const SHARES: usize = 100;

/// The heaviest first; of equally heavy ones by name.
fn shares(places: &std::collections::BTreeMap<String, Weight>) -> Vec<Share> {
    let share = |(name, weight): (&String, &Weight)| {
        let Weight { rows, cells, points, bytes } = *weight;
        Share { name: name.clone(), rows, cells, points, bytes }
    };
    let mut shares: Vec<Share> = places.iter().map(share).collect();
    sort::by(&mut shares, |a, b| (b.bytes, b.points).cmp(&(a.bytes, a.points)));
    shares.truncate(SHARES);
    shares
}
