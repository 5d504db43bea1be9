//! Which of OpenTSDB's tables a cell is of.
//!
//! | table | family | qualifier |
//! | --- | --- | --- |
//! | data, rollups | `t` | bytes |
//! | tree | `t` | `tree`, `tree_rule:…`, `branch`, `leaf:…`, `tree_collision:…`, `tree_not_matched:…` |
//! | UIDs | `id`, `name` | `metrics`, `tagk`, `tagv`; in `name` also `metric_meta`, `tagk_meta`, `tagv_meta` |
//! | meta | `name` | `ts_meta`, `ts_ctr` |
//!
//! Source: OpenTSDB 2.4.1 `core/TSDB.java`; `tree/{Tree,TreeRule,Branch,Leaf}.java`;
//! `meta/{TSMeta,UIDMeta}.java`.

/// A table of OpenTSDB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Table {
    /// Points, annotations and histograms, or rollups.
    Data,
    Uid,
    Meta,
    Tree,
}

impl Table {
    /// The table of a cell of this column; `None` if it is none of OpenTSDB's.
    pub(crate) fn of(family: &[u8], qualifier: &[u8]) -> Option<Self> {
        match (family, qualifier) {
            (b"t", qualifier) if is_of_tree(qualifier) => Some(Table::Tree),
            (b"t", _) => Some(Table::Data),
            (b"id" | b"name", b"metrics" | b"tagk" | b"tagv") => Some(Table::Uid),
            (b"name", b"metric_meta" | b"tagk_meta" | b"tagv_meta") => Some(Table::Uid),
            (b"name", b"ts_meta" | b"ts_ctr") => Some(Table::Meta),
            _ => None,
        }
    }
}

/// No column of points looks so: the lengths that these letters tell of values are none.
fn is_of_tree(qualifier: &[u8]) -> bool {
    let words: [&[u8]; 4] = [b"tree_rule:", b"leaf:", b"tree_collision:", b"tree_not_matched:"];
    matches!(qualifier, b"tree" | b"branch") || words.iter().any(|word| qualifier.starts_with(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::opentsdb::tests::cells;

    #[test]
    fn a_cell_tells_its_table() {
        for (name, table) in [
            ("cells/main-data.tsv.gz", Table::Data),
            ("cells/append-data.tsv.gz", Table::Data),
            ("cells/main-uid.tsv.gz", Table::Uid),
            ("cells/main-meta.tsv.gz", Table::Meta),
        ] {
            let cells = cells(name);
            let is_of =
                |family: &[u8], qualifier: &[u8]| Table::of(family, qualifier) == Some(table);
            assert!(cells.iter().all(|cell| is_of(&cell.family, &cell.qualifier)), "{name}");
        }
        for qualifier in [&b"tree"[..], b"branch", b"leaf:\0\0\0\x01", b"tree_rule:0:1"] {
            assert_eq!(Table::of(b"t", qualifier), Some(Table::Tree));
        }
        for (family, qualifier) in [(&b"cf"[..], &b"a"[..]), (b"id", b""), (b"name", b"x")] {
            assert_eq!(Table::of(family, qualifier), None);
        }
    }
}
