//! Files of HBase's Export as a format: cells from front to back.

use tsdbproof_core::Error;

use super::{
    cell::CellSink,
    sequence_file::{self, SequenceFileReader},
    table::{CellReader, Cells},
};
use crate::{Access, Format};

/// SequenceFiles of rows, as `hbase Export` writes them.
pub(crate) static FORMAT: Format = Format {
    name: "hbase-export",
    about: "files of HBase's Export; names come from the Export of the table of UIDs beside",
    extensions: &["seq"],
    example: "(SEQ, the names of ImmutableBytesWritable and Result, rows)",
    score: sequence_file::score,
    access: Access::Cells {
        open: |options| Cells::from_start(SequenceFileReader::new(&options.limits)),
    },
    keeps_kind: true,
    write: None,
};

impl CellReader for SequenceFileReader {
    fn push(&mut self, bytes: &[u8], sink: &mut dyn CellSink) -> Result<(), Error> {
        SequenceFileReader::push(self, bytes, sink)
    }

    fn gap(&mut self, sink: &mut dyn CellSink) {
        SequenceFileReader::gap(self, sink);
    }

    fn finish(&mut self, sink: &mut dyn CellSink) -> Result<(), Error> {
        SequenceFileReader::finish(self, sink)
    }

    fn memory_bytes(&self) -> usize {
        SequenceFileReader::memory_bytes(self)
    }

    fn is_protected(&self) -> bool {
        SequenceFileReader::is_protected(self)
    }
}
