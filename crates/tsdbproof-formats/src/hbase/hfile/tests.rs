//! Files that HBase wrote, whole and damaged.

mod damage;
mod written;

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use tsdbproof_core::{Error, Kind, Problem};

use super::*;
use crate::Limits;
use crate::hbase::cell::{Cell, CellSink};

/// What a reader found.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Found {
    /// A line for each cell, as in the truth: row, family, qualifier, timestamp, type, value; and
    /// in files that were made for it tags and sequence.
    cells: Vec<String>,
    /// Where each lies.
    places: Vec<Range<u64>>,
    problems: Vec<String>,
}

impl CellSink for Found {
    fn cell(&mut self, cell: Cell<'_>, at: Range<u64>) {
        let (row, qualifier, value) = (hex(cell.row), hex(cell.qualifier), hex(cell.value));
        let (family, time) = (str::from_utf8(cell.family).unwrap_or("?"), cell.timestamp_ms);
        let (kind, tags, sequence) = (cell.kind, hex(cell.tags), cell.sequence);
        let key = format!("{row}\t{family}\t{qualifier}\t{time}");
        self.cells.push(format!("{key}\t{kind:?}\t{value}\t{tags}\t{sequence}"));
        self.places.push(at);
    }

    fn problem(&mut self, problem: Problem) {
        self.problems.push(format!("{}: {}: {}", problem.kind, problem.at, problem.what));
    }
}

fn hex(bytes: &[u8]) -> String {
    let digit = |four: u8| char::from_digit(four.into(), 16).expect("it has four bits");
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// A file of the fixtures, unpacked; of a folder the only file in it.
fn data(path: &str) -> Vec<u8> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/opentsdb");
    let mut file = root.join(path);
    if file.is_dir() {
        let only = std::fs::read_dir(&file).unwrap().next().expect("the folder holds a file");
        file = only.unwrap().path();
    }
    let bytes = std::fs::read(&file).unwrap_or_else(|error| panic!("{path}: {error}"));
    if !path.ends_with(".gz") {
        return bytes;
    }
    let mut unpacked = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&bytes[..]), &mut unpacked)
        .unwrap_or_else(|error| panic!("{path}: {error}"));
    unpacked
}

/// The lines of a file of the fixtures.
fn lines(path: &str) -> Vec<String> {
    String::from_utf8(data(path)).unwrap().lines().map(str::to_owned).collect()
}

/// The cells without their last fields: tags and sequence, or sequence alone.
fn without_last(cells: &[String], fields: usize) -> Vec<String> {
    let cut = |line: &String| line.rsplitn(fields + 1, '\t').last().unwrap().to_owned();
    cells.iter().map(cut).collect()
}

/// The layout of a file, asked for as a host does: by its end, and more of it where needed.
fn layout(file: &[u8]) -> Result<Arc<Layout>, Error> {
    let mut from = file.len();
    loop {
        match Layout::read(&file[from..], file.len() as u64, &Limits::default())? {
            LayoutStep::Ready(layout) => return Ok(Arc::from(layout)),
            LayoutStep::Need { from: earlier } => {
                assert!((earlier as usize) < from, "it asks for more");
                from = earlier as usize;
            }
        }
    }
}

/// What is in a range of a file, pushed in pieces.
fn read_range(file: &[u8], layout: &Arc<Layout>, range: Range<u64>, piece: usize) -> Found {
    let mut found = Found::default();
    let bytes = &file[range.start as usize..(range.end as usize).min(file.len())];
    let limits = Limits::default();
    let mut reader = HFileReader::new(Arc::clone(layout), range, ReadAs::default(), &limits);
    bytes.chunks(piece).for_each(|piece| reader.push(piece, &mut found));
    reader.finish(&mut found);
    found
}

/// What is in a file, pushed in pieces.
fn read(file: &[u8], piece: usize) -> Result<Found, Error> {
    let layout = layout(file)?;
    let mut found = Found::default();
    layout.problems.iter().for_each(|problem| found.problem(problem.clone()));
    let Found { cells, places, problems } = read_range(file, &layout, layout.data.clone(), piece);
    (found.cells, found.places) = (cells, places);
    found.problems.extend(problems);
    Ok(found)
}
