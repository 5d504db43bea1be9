//! The first cells of a container: what its table is for, and how its row keys look.

use std::{collections::BTreeSet, ops::Range};

use tsdbproof_core::{Error, Problem};

use super::{
    cell::{Cell, CellSink},
    table::{CellReader, TableKind},
};
use crate::opentsdb::column::Kind;

/// Cells of a sample.
const SAMPLE_CELLS: u64 = 512;

/// The first cells of a table: its families and qualifiers, and row keys.
#[derive(Debug, Default)]
pub struct Sample {
    cells: u64,
    families: BTreeSet<Vec<u8>>,
    /// Columns of a family `name`, which several tables have.
    names_of: BTreeSet<Vec<u8>>,
    /// Cells that only a table of trees has, and only one of rollups.
    trees: u64,
    rollups: u64,
    keys: Vec<Vec<u8>>,
}

impl CellSink for Sample {
    fn cell(&mut self, cell: Cell<'_>, _: Range<u64>) {
        if self.cells >= SAMPLE_CELLS {
            return;
        }
        self.cells += 1;
        self.families.insert(cell.family.to_vec());
        if cell.family == b"name" {
            self.names_of.insert(cell.qualifier.to_vec());
        }
        self.trees += u64::from(is_of_tree(&cell));
        self.rollups += u64::from(Kind::of(cell.qualifier, cell.value) == Kind::Rollup);
        if self.keys.last().is_none_or(|last| last != cell.row) {
            self.keys.push(cell.row.to_vec());
        }
    }

    fn problem(&mut self, _: Problem) {}
}

impl Sample {
    /// What the table is for.
    pub fn kind(&self) -> TableKind {
        let has = |family: &[u8]| self.families.contains(family);
        // The table of time series' meta data has a family of the same name.
        let is_meta = self.names_of.iter().any(|column| column.starts_with(b"ts_"));
        match () {
            () if self.cells == 0 => TableKind::Empty,
            () if self.trees == self.cells => TableKind::Other("trees (tsdb-tree)".to_owned()),
            () if self.rollups == self.cells => TableKind::Other("rollups".to_owned()),
            () if has(b"t") => TableKind::Points,
            () if (has(b"id") || has(b"name")) && !is_meta => TableKind::Uids,
            () if is_meta => TableKind::Other("what is known of series (tsdb-meta)".to_owned()),
            () => {
                let families = self.families.iter().map(|family| family.escape_ascii().to_string());
                let families = families.collect::<Vec<_>>().join(", ");
                TableKind::Other(format!("none of OpenTSDB's, of families {families}"))
            }
        }
    }

    /// Its families.
    pub fn families(&self) -> impl Iterator<Item = &[u8]> {
        self.families.iter().map(Vec::as_slice)
    }

    /// Keys of its first rows.
    pub fn keys(&self) -> impl Iterator<Item = &[u8]> {
        self.keys.iter().map(Vec::as_slice)
    }
}

/// Whether a cell is one that OpenTSDB writes to its table of trees, which has a family `t` as the
/// table of points: keys of 2 bytes and those of branches, columns by names.
///
/// Source: OpenTSDB 2.4.1 `tree/{Tree,TreeRule,Branch,Leaf}.java`.
fn is_of_tree(cell: &Cell<'_>) -> bool {
    let names: [&[u8]; 2] = [b"tree", b"branch"];
    let prefixes: [&[u8]; 4] = [b"tree_rule:", b"leaf:", b"tree_collision:", b"tree_not_matched:"];
    cell.family == b"t"
        && (names.contains(&cell.qualifier)
            || prefixes.iter().any(|prefix| cell.qualifier.starts_with(prefix)))
}

/// Looks at the first cells of a container.
pub struct Sampler {
    reader: Box<dyn CellReader>,
    sample: Sample,
}

impl Sampler {
    pub(super) fn new(reader: Box<dyn CellReader>) -> Self {
        Sampler { reader, sample: Sample::default() }
    }

    /// Takes the next bytes; gives whether more are wanted.
    pub fn push(&mut self, bytes: &[u8]) -> Result<bool, Error> {
        self.reader.push(bytes, &mut self.sample)?;
        Ok(self.sample.cells < SAMPLE_CELLS)
    }

    /// The bytes are over, or enough.
    pub fn finish(mut self) -> Result<Sample, Error> {
        if self.sample.cells == 0 {
            self.reader.finish(&mut self.sample)?;
        }
        Ok(self.sample)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hbase::cell::CellKind;

    /// Row, family, qualifier and value.
    type Put<'c> = (&'c [u8], &'c [u8], &'c [u8], &'c [u8]);

    fn kind(cells: &[Put<'_>]) -> TableKind {
        let mut sample = Sample::default();
        for &(row, family, qualifier, value) in cells {
            let (kind, tags) = (CellKind::Put, &[][..]);
            let (timestamp_ms, sequence) = (1, 0);
            let cell = Cell { row, family, qualifier, timestamp_ms, kind, value, tags, sequence };
            sample.cell(cell, 0..1);
        }
        sample.kind()
    }

    #[test]
    fn tables_beside_the_table_of_points_are_none_of_it() {
        let row = b"\0\0\x01\x65\x53\xed\xe0\0\0\x01\0\0\x01";
        let other = |kind| match kind {
            TableKind::Other(what) => what,
            kind => panic!("{kind:?}"),
        };
        let tree = kind(&[
            (b"\0\x01", b"t", b"tree", b"{}"),
            (b"\0\x01", b"t", b"tree_rule:0:0", b"{}"),
            (b"\0\x01\0\0\0\x02", b"t", b"branch", b"{}"),
            (b"\0\x01\0\0\0\x02", b"t", b"leaf:\0\0\0\x05", b"{}"),
            (b"\0\x01\x01", b"t", b"tree_collision:\0\0\x01", b"m"),
        ]);
        assert!(other(tree).contains("tsdb-tree"));
        let rollup =
            kind(&[(row, b"t", b"\x01\0\x01", b"\x01\x02"), (row, b"t", b"sum:\0\0", b"\x07")]);
        assert!(other(rollup).contains("rollups"));
        let meta = kind(&[(b"\0\0\x01", b"name", b"ts_meta", b"{}")]);
        assert!(other(meta).contains("tsdb-meta"));
        assert!(other(kind(&[(b"r", b"cf", b"q", b"v")])).contains("families cf"));
        // A point among them, and it is a table of points.
        let mixed = kind(&[(row, b"t", b"\x01\0\x01", b"\x01\x02"), (row, b"t", b"\0\0", b"\x07")]);
        assert_eq!(mixed, TableKind::Points);
        let annotation = kind(&[(row, b"t", b"\x01\0\0", b"{\"tsuid\":\"\"}")]);
        assert_eq!(annotation, TableKind::Points);
    }
}
