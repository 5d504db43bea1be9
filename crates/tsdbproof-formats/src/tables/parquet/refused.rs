//! A host without Parquet.

use tsdbproof_core::{Error, Kind, Point, Series};

use crate::{Access, FormatReader, FormatWriter, PointSink, WriteOptions};

pub(super) const ACCESS: Access =
    Access::Stream { splits_at_lines: false, open: |_, _| Box::new(Refused) };

pub(super) fn open_writer(_: &WriteOptions) -> Box<dyn FormatWriter> {
    Box::new(Refused)
}

/// Says why.
#[derive(Debug)]
struct Refused;

fn refused() -> Error {
    Error::new(Kind::Unsupported, "Parquet is read and written by the command, not in WebAssembly")
        .help("convert it with `tsdbproof convert` first, or use Arrow in its place")
}

impl FormatReader for Refused {
    fn push(&mut self, _: &[u8], _: &mut dyn PointSink) -> Result<(), Error> {
        Err(refused())
    }

    fn gap(&mut self, _: &mut dyn PointSink) {}

    fn finish(&mut self, _: &mut dyn PointSink) -> Result<(), Error> {
        Err(refused())
    }

    fn forget_series(&mut self) {}

    fn memory_bytes(&self) -> usize {
        0
    }

    fn lines(&self) -> u64 {
        0
    }
}

impl FormatWriter for Refused {
    fn points(&mut self, _: &Series, _: &[Point], _: &mut Vec<u8>) -> Result<(), Error> {
        Err(refused())
    }

    fn finish(&mut self, _: &mut Vec<u8>) -> Result<(), Error> {
        Err(refused())
    }

    fn memory_bytes(&self) -> usize {
        0
    }
}
