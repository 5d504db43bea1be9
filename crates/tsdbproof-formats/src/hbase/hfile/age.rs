//! Which of two store files is the newer one.

use std::cmp::Reverse;

use super::layout::Layout;

/// Where a store file stands among others of its family: the greater is the newer.
///
/// Cells that are equal in key and sequence count from the newest file that has them.
/// Source: HBase 2.5.10 `regionserver/StoreFileComparators.java`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Age {
    sequence_id: i64,
    size: Reverse<u64>,
    bulk_load_ms: i64,
    name: String,
}

impl Layout {
    /// The age of this file under the name that its table gives it; `is_top`: it is read as the top
    /// half of a parent's file.
    pub(crate) fn age(&self, name: &str, is_top: bool) -> Age {
        Age {
            sequence_id: self.sequence_id(name) + i64::from(is_top),
            size: Reverse(self.size),
            bulk_load_ms: self.bulk_load_ms.unwrap_or(i64::MAX),
            name: name.to_owned(),
        }
    }

    /// The sequence of all cells of this file, if it was loaded in bulk: such cells have none of
    /// their own. Source: HBase 2.5.10 `regionserver/{HStoreFile,StoreFileScanner}.java`.
    pub(crate) fn sequence_of_cells(&self, name: &str, is_top: bool) -> Option<u64> {
        let is_bulk_load = self.bulk_load_ms.is_some() || name.contains("SeqId_");
        let sequence_id = self.sequence_id(name) + i64::from(is_top);
        (is_bulk_load && !self.keeps_sequences).then_some(sequence_id.max(0).unsigned_abs())
    }

    /// The highest sequence in the file; one that was loaded in bulk has it in its name.
    fn sequence_id(&self, name: &str) -> i64 {
        let in_name = name.rsplit_once("SeqId_").and_then(|(_, rest)| rest.split('_').next());
        let in_name = in_name.and_then(|number| number.parse().ok());
        let of_load = in_name.map(|id: i64| id + i64::from(self.keeps_sequences));
        of_load.or(self.max_sequence_id).unwrap_or(-1)
    }
}
