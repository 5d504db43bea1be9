//! HFiles as a format: cells behind an index at the file's end.

use std::{fmt, ops::Range, sync::Arc};

use tsdbproof_core::{Error, Problem};

use super::{
    cell::CellSink,
    hfile::{self, Age, HFileReader, Half, Layout, LayoutStep, ReadAs, Side},
    snapshot::SnapshotFile,
    table::{CellReader, Cells},
};
use crate::{Access, Format, Index, Limits, ReadOptions};

/// Files that HBase keeps a table in, as a snapshot holds them.
pub static FORMAT: Format = Format {
    name: "hfile",
    about: "store files of HBase, as snapshots hold them; names come from the table of UIDs beside",
    extensions: &["hfile"],
    example: "(DATABLK* or DATABLKE, cells, an index, TRABLK\")",
    score: hfile::score,
    access: Access::Indexed { index },
    keeps_kind: true,
    write: None,
};

fn index(options: &ReadOptions, tail: &[u8], size: u64) -> Result<Index, Error> {
    Ok(match Layout::read(tail, size, &options.limits)? {
        LayoutStep::Need { from } => Index::Wanted(from),
        LayoutStep::Ready(layout) => Index::Cells(StoreFile {
            layout: Arc::from(layout),
            name: String::new(),
            read_as: ReadAs::default(),
            limits: options.limits,
        }),
    })
}

/// A store file whose end was read.
#[derive(Clone)]
pub struct StoreFile {
    layout: Arc<Layout>,
    /// As its table names it, which may order its cells.
    name: String,
    read_as: ReadAs,
    limits: Limits,
}

impl fmt::Debug for StoreFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoreFile({:?})", self.layout.data)
    }
}

/// Which of two store files is the newer: the greater.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileAge(Age);

impl StoreFile {
    /// The bytes that hold cells.
    pub fn range(&self) -> Range<u64> {
        self.layout.data.clone()
    }

    /// Its cells, from a byte on where a cell was found, or from the first.
    pub fn open(&self, at: u64) -> Cells {
        let range = at.max(self.layout.data.start)..self.layout.data.end;
        let layout = Arc::clone(&self.layout);
        let reader = HFileReader::new(layout, range, self.read_as.clone(), &self.limits);
        Cells::new(HFile { reader, is_protected: self.layout.is_protected() })
    }

    /// The key of its last row, and whether it is only in front of that; `None`: it is not known.
    pub fn last_row(&self) -> Option<(&[u8], bool)> {
        let (length, rest) = self.layout.last_key.as_deref()?.split_first_chunk()?;
        let last = rest.get(..usize::from(u16::from_be_bytes(*length)))?;
        match &self.read_as.half {
            Some(Half { split_row, side: Side::Bottom }) => {
                Some((last, false)).min(Some((split_row, true)))
            }
            _ => Some((last, false)),
        }
    }

    /// Its age among others of its table.
    pub fn age(&self) -> FileAge {
        FileAge(self.layout.age(&self.name, self.is_top()))
    }

    fn is_top(&self) -> bool {
        self.read_as.half.as_ref().is_some_and(|half| half.side == Side::Top)
    }

    /// The same file under the name that its table gives it.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self.read_as.sequence = self.layout.sequence_of_cells(name, self.is_top());
        self
    }

    /// The same file as a snapshot uses it: all of it, or a half.
    #[must_use]
    pub fn used_as(mut self, file: &SnapshotFile) -> Self {
        self.read_as.half.clone_from(&file.half);
        self.named(&file.name)
    }

    /// Faults in its end.
    pub fn problems(&self) -> &[Problem] {
        &self.layout.problems
    }
}

struct HFile {
    reader: HFileReader,
    is_protected: bool,
}

impl CellReader for HFile {
    fn push(&mut self, bytes: &[u8], sink: &mut dyn CellSink) -> Result<(), Error> {
        self.reader.push(bytes, sink);
        Ok(())
    }

    fn gap(&mut self, sink: &mut dyn CellSink) {
        self.reader.gap(sink);
    }

    fn finish(&mut self, sink: &mut dyn CellSink) -> Result<(), Error> {
        self.reader.finish(sink);
        Ok(())
    }

    fn memory_bytes(&self) -> usize {
        self.reader.memory_bytes()
    }

    fn is_protected(&self) -> bool {
        self.is_protected
    }
}
