//! Files of real Exports, and what damage makes of them.

mod damage;
mod fixtures;

use std::ops::Range;
use std::path::PathBuf;

use tsdbproof_core::{Error, Problem};

use super::SequenceFileReader;
use crate::Limits;
use crate::hbase::cell::{Cell, CellSink};

/// What a reader found.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Found {
    /// A line for each cell, as in the truth: row, family, qualifier, timestamp, type, value.
    cells: Vec<String>,
    /// The tags of each.
    tags: Vec<String>,
    /// Where each ends.
    ends: Vec<u64>,
    problems: Vec<String>,
}

impl CellSink for Found {
    fn cell(&mut self, cell: Cell<'_>, at: Range<u64>) {
        let (row, qualifier, value) = (hex(cell.row), hex(cell.qualifier), hex(cell.value));
        let (family, time) = (str::from_utf8(cell.family).unwrap_or("?"), cell.timestamp_ms);
        self.cells.push(format!("{row}\t{family}\t{qualifier}\t{time}\t{:?}\t{value}", cell.kind));
        assert!(at.start < at.end && cell.sequence == 0);
        self.tags.push(hex(cell.tags));
        self.ends.push(at.end);
    }

    fn problem(&mut self, problem: Problem) {
        self.problems.push(format!("{}: {}: {}", problem.kind, problem.at, problem.what));
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn data(path: &str) -> Vec<u8> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/opentsdb");
    let bytes = std::fs::read(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    if !path.ends_with(".gz") {
        return bytes;
    }
    let mut unpacked = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&bytes[..]), &mut unpacked)
        .unwrap_or_else(|error| panic!("{path}: {error}"));
    unpacked
}

fn reader() -> SequenceFileReader {
    SequenceFileReader::new(&Limits::default())
}

fn read(file: &[u8], piece: usize) -> Result<Found, Error> {
    let mut found = Found::default();
    let mut reader = reader();
    for piece in file.chunks(piece) {
        reader.push(piece, &mut found)?;
    }
    reader.finish(&mut found)?;
    Ok(found)
}

fn read_whole(file: &[u8]) -> Found {
    read(file, file.len().max(1)).unwrap()
}
