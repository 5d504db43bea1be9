//! What was met in rows, counted in the terms of `tsdb fsck`.

use crate::hbase::merge::Hidden;

/// Counts of what was met in the rows of a data table, and what is wrong with them.
///
/// Rows whose UIDs have no names are judged as any other, which `tsdb fsck` leaves out.
/// Source: OpenTSDB 2.4.1 `tools/Fsck.java`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RowFindings {
    /// "Rows Processed", of those that a scan shows anything of.
    pub rows: u64,
    /// "Key Values Processed": cells that a scan shows.
    pub cells: u64,
    /// Cells that no scan shows.
    pub hidden: Hidden,
    /// "Valid Datapoints": instants at which a row has a point.
    pub instants: u64,
    /// "Annotations", of series and global ones.
    pub annotations: u64,
    /// Histograms, which `tsdb fsck` counts among "Possible Future Objects".
    pub histograms: u64,
    /// Values of rollups.
    pub rollups: u64,
    /// "Possible Future Objects", without histograms.
    pub future_objects: u64,
    /// "Unknown Objects".
    pub unknown_objects: u64,
    /// Append columns.
    pub append_columns: u64,
    /// "Invalid Row Keys".
    pub bad_keys: u64,
    /// "Orphaned UID Rows", without those of global annotations.
    pub orphans: u64,
    /// "Duplicate Datapoints": cells of an instant beyond the first, append columns left out.
    pub duplicates: u64,
    /// What instants with several cells are.
    pub repeats: Repeats,
    /// "Unparseable Compacted Columns": lengths do not add up, or the last byte is neither 0 nor 1.
    pub bad_compacted: u64,
    /// Columns of points that begin at second 80 to 95, which `tsdb fsck` 2.4.1 takes for appended ones.
    pub misread_columns: u64,
    /// Rows of annotations that belong to no series: a thread of `tsdb fsck` 2.4.1 ends at each.
    pub global_rows: u64,
    /// Compacted columns whose points are out of order, which `tsdb fsck` calls fixable.
    pub unordered_compacted: u64,
    /// Append columns that can't be taken apart, which `tsdb fsck` only logs.
    pub bad_appended: u64,
    /// "Unparseable Datapoint Values".
    pub bad_values: u64,
    /// "Improperly Encoded Floating Point Values": of 4 bytes on 8, behind zeros or ff.
    pub bad_floats: u64,
    /// Values whose length is another than their qualifier says, which reading puts right.
    pub repaired_lengths: u64,
    /// "Datapoints Qualified for VLE": integers on 8 bytes that fit in fewer.
    pub long_integers: u64,
    /// "Bytes Saved with VLE", if these were written again.
    pub saved_bytes: u64,
    /// Rows whose base time is no full hour. This and what follows `tsdb fsck` does not look at.
    pub unaligned_rows: u64,
    /// Points behind the hour of their row.
    pub late_points: u64,
    /// Rows whose tags are not in the order in which OpenTSDB writes them.
    pub unordered_tags: u64,
}

/// Instants of a row with several cells, by how these differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Repeats {
    /// All values have the same bytes: OpenTSDB reads them as one.
    pub same: u64,
    /// Bytes differ and numbers agree: a query fails for no reason in the data.
    pub equal: u64,
    /// Numbers differ: a conflict.
    pub different: u64,
    /// Rows with bytes that differ: a query of them fails, unless `tsd.storage.fix_duplicates` lets the
    /// newest cell win.
    pub refused_rows: u64,
}

impl Repeats {
    fn join(&mut self, other: Repeats) {
        let Repeats { same, equal, different, refused_rows } = other;
        self.same += same;
        self.equal += equal;
        self.different += different;
        self.refused_rows += refused_rows;
    }
}

impl RowFindings {
    /// "Total Errors".
    pub fn total_errors(&self) -> u64 {
        self.bad_keys
            + self.orphans
            + self.unknown_objects
            + self.bad_compacted
            + self.unordered_compacted
            + self.duplicates
            + self.bad_values
            + self.bad_floats
    }

    /// Adds what was met in other rows.
    pub fn join(&mut self, other: &RowFindings) {
        // Taken apart by name, so that no count can be forgotten.
        let RowFindings {
            rows,
            cells,
            hidden,
            instants,
            annotations,
            histograms,
            rollups,
            future_objects,
            unknown_objects,
            append_columns,
            bad_keys,
            orphans,
            duplicates,
            repeats,
            bad_compacted,
            misread_columns,
            global_rows,
            unordered_compacted,
            bad_appended,
            bad_values,
            bad_floats,
            repaired_lengths,
            long_integers,
            saved_bytes,
            unaligned_rows,
            late_points,
            unordered_tags,
        } = *other;
        let Hidden { markers, deleted, older, expired } = hidden;
        self.repeats.join(repeats);
        for (mine, others) in [
            (&mut self.rows, rows),
            (&mut self.cells, cells),
            (&mut self.hidden.markers, markers),
            (&mut self.hidden.deleted, deleted),
            (&mut self.hidden.older, older),
            (&mut self.hidden.expired, expired),
            (&mut self.instants, instants),
            (&mut self.annotations, annotations),
            (&mut self.histograms, histograms),
            (&mut self.rollups, rollups),
            (&mut self.future_objects, future_objects),
            (&mut self.unknown_objects, unknown_objects),
            (&mut self.append_columns, append_columns),
            (&mut self.bad_keys, bad_keys),
            (&mut self.orphans, orphans),
            (&mut self.duplicates, duplicates),
            (&mut self.bad_compacted, bad_compacted),
            (&mut self.misread_columns, misread_columns),
            (&mut self.global_rows, global_rows),
            (&mut self.unordered_compacted, unordered_compacted),
            (&mut self.bad_appended, bad_appended),
            (&mut self.bad_values, bad_values),
            (&mut self.bad_floats, bad_floats),
            (&mut self.repaired_lengths, repaired_lengths),
            (&mut self.long_integers, long_integers),
            (&mut self.saved_bytes, saved_bytes),
            (&mut self.unaligned_rows, unaligned_rows),
            (&mut self.late_points, late_points),
            (&mut self.unordered_tags, unordered_tags),
        ] {
            *mine += others;
        }
    }
}
