//! The first cells of a container: what its table is for, and how its row keys look.

use std::{collections::BTreeSet, ops::Range};

use tsdbproof_core::{Error, Problem};

use super::{
    cell::{Cell, CellSink},
    table::{CellReader, TableKind},
};

/// Cells of a sample.
const SAMPLE_CELLS: u64 = 512;

/// The first cells of a table: its families and qualifiers, and row keys.
#[derive(Debug, Default)]
pub struct Sample {
    cells: u64,
    families: BTreeSet<Vec<u8>>,
    /// Columns of a family `name`, which several tables have.
    names_of: BTreeSet<Vec<u8>>,
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
            () if has(b"t") => TableKind::Points,
            () if (has(b"id") || has(b"name")) && !is_meta => TableKind::Uids,
            () => {
                let families = self.families.iter().map(|family| family.escape_ascii().to_string());
                TableKind::Other(families.collect::<Vec<_>>().join(", "))
            }
        }
    }

    /// Keys of its first rows.
    pub fn keys(&self) -> impl Iterator<Item = &[u8]> {
        self.keys.iter().map(Vec::as_slice)
    }
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
