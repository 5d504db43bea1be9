//! Blocks to cells, and what their order and their number tell of what is missing.

use std::mem;
use std::ops::Range;
use std::sync::Arc;

use tsdbproof_core::{Position, Problem, ProblemKind};

use super::block::{Block, BlockKind};
use super::encoding::{BlockCell, Encoding, decode};
use super::key::Key;
use super::last_cell::LastCell;
use super::layout::Layout;
use super::reader::ReadAs;
use super::walk::Lost;
use crate::Limits;
use crate::hbase::cell::{Cell, CellKind, CellSink};
use crate::hbase::codec::Unpacker;
use crate::hbase::hex::hex;
use crate::hbase::merge::{each_tag, order_of_keys};

/// The type of the tag of a cell whose value is the name of a file of medium objects.
const MOB_TAG: u8 = 5;

/// Takes blocks, gives cells.
pub(super) struct Cells {
    layout: Arc<Layout>,
    read_as: ReadAs,
    limit_bytes: usize,
    unpacker: Unpacker,
    unpacked: Vec<u8>,
    /// Cells read so far, in either half.
    count: u64,
    last: Option<LastCell>,
    /// The first byte of the last block of cells; `None`: it was not seen.
    last_data_at: Option<Option<u64>>,
    first_data_at: Option<u64>,
    /// What is to be told as soon as the next cell is known.
    lost: Option<Untold>,
    has_losses: bool,
}

/// What is lost and not told yet.
struct Untold {
    lost: Lost,
    /// Whether cells were among it.
    cells: Cost,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Cost {
    Unknown,
    Cells,
    Nothing,
}

impl Cells {
    /// `is_from_start`: the first block will be the file's first.
    pub(super) fn new(
        layout: Arc<Layout>,
        read_as: ReadAs,
        limits: &Limits,
        is_from_start: bool,
    ) -> Self {
        Cells {
            unpacker: Unpacker::new(layout.compression, limits),
            layout,
            read_as,
            limit_bytes: limits.record_bytes,
            unpacked: Vec::new(),
            count: 0,
            last: None,
            last_data_at: is_from_start.then_some(None),
            first_data_at: None,
            lost: None,
            has_losses: false,
        }
    }

    pub(super) fn count(&self) -> u64 {
        self.count
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.unpacked.capacity() + self.last.as_ref().map_or(0, LastCell::memory_bytes)
    }

    /// Takes the block that begins at this byte.
    pub(super) fn block(&mut self, at: u64, block: Block<'_>, sink: &mut dyn CellSink) {
        if !block.header.kind.holds_cells() {
            return;
        }
        self.check_previous(at, block.header.previous, sink);
        let range = at..at + block.header.size as u64;
        let mut buffer = mem::take(&mut self.unpacked);
        let read = self.read(&block, range.clone(), &mut buffer, sink);
        self.unpacked = buffer;
        if let Err((kind, what)) = read {
            self.add_lost(Untold { lost: Lost { range, kind, what }, cells: Cost::Cells }, sink);
        }
    }

    /// Takes bytes that are lost.
    pub(super) fn lost(&mut self, lost: Lost, sink: &mut dyn CellSink) {
        self.add_lost(Untold { lost, cells: Cost::Unknown }, sink);
    }

    fn add_lost(&mut self, next: Untold, sink: &mut dyn CellSink) {
        self.has_losses = true;
        match &mut self.lost {
            Some(untold) if untold.lost.range.end == next.lost.range.start => {
                untold.lost.range.end = next.lost.range.end;
                if untold.cells != next.cells {
                    untold.cells = Cost::Cells;
                }
            }
            _ => {
                self.tell_lost(None, sink);
                self.lost = Some(next);
            }
        }
    }

    /// Holds what a block says of the one before it against what was seen.
    fn check_previous(&mut self, at: u64, previous: Option<u64>, sink: &mut dyn CellSink) {
        self.first_data_at.get_or_insert(at);
        let Some(seen) = self.last_data_at.replace(Some(at)) else { return };
        match &mut self.lost {
            Some(untold) if untold.cells == Cost::Unknown && seen == previous => {
                untold.cells = Cost::Nothing;
            }
            None if seen != previous => {
                let place = |at: Option<u64>| at.map_or("nowhere".into(), |at| format!("at {at}"));
                let what = format!(
                    "a block of cells says that the one before it begins {}; found {}",
                    place(previous),
                    place(seen)
                );
                report(ProblemKind::Disagreement, at, what, sink);
            }
            _ => {}
        }
    }

    /// Gives the cells of a block. Errors: why it can't be read, or not to its end.
    fn read(
        &mut self,
        block: &Block<'_>,
        range: Range<u64>,
        buffer: &mut Vec<u8>,
        sink: &mut dyn CellSink,
    ) -> Result<(), (ProblemKind, String)> {
        let bytes = block.unpack(&mut self.unpacker, self.limit_bytes, buffer).map_err(|why| {
            (ProblemKind::BadFrame, format!("a block that can't be unpacked: {why}"))
        })?;
        let (encoding, bytes) = encoded(block.header.kind, bytes)
            .ok_or_else(|| (ProblemKind::BadRecord, "a block of an unknown encoding".to_owned()))?;
        let before = self.count;
        let behind = self.layout.behind;
        decode(encoding, bytes, behind, &mut |cell| self.cell(cell, &range, sink)).map_err(
            |fault| {
                let (what, at, read) = (fault.what, fault.at, self.count - before);
                let what =
                    format!("{what}, at byte {at} of what a block holds behind {read} cells");
                (ProblemKind::BadRecord, what)
            },
        )
    }

    fn cell(&mut self, found: BlockCell<'_>, range: &Range<u64>, sink: &mut dyn CellSink) {
        let column = found.column;
        self.count += 1;
        self.tell_lost(Some(column.row), sink);
        let Some(kind) = CellKind::of(found.kind) else {
            let what = format!("a cell of type {}; row {}", found.kind, hex(column.row));
            return report(ProblemKind::BadCell, range.start, what, sink);
        };
        let cell = Cell {
            row: column.row,
            family: column.family,
            qualifier: column.qualifier,
            timestamp_ms: found.timestamp_ms,
            kind,
            value: found.value,
            tags: found.tags,
            sequence: self.read_as.sequence.unwrap_or_else(|| found.mvcc.max(0).unsigned_abs()),
        };
        self.check_order(&cell, range.start, sink);
        if each_tag(cell.tags).any(|(tag, _)| tag == MOB_TAG) {
            let what =
                "a cell whose value lies in a file of medium objects (MOB), which is not read";
            let what = format!("{what}; row {}", hex(cell.row));
            return report(ProblemKind::BadCell, range.start, what, sink);
        }
        if self.read_as.half.as_ref().is_none_or(|half| half.holds(cell.row)) {
            sink.cell(cell, range.clone());
        }
    }

    fn check_order(&mut self, cell: &Cell<'_>, at: u64, sink: &mut dyn CellSink) {
        let last = self.last.get_or_insert_with(|| LastCell::of(cell));
        if order_of_keys(&last.cell(), cell).is_gt() {
            let (row, last) = (hex(cell.row), hex(last.cell().row));
            let what =
                format!("a cell that sorts in front of the one before it; row {row} behind {last}");
            report(ProblemKind::KeyOrder, at, what, sink);
        }
        last.keep(cell);
    }

    /// Tells what is lost, now that it is known which row follows on it.
    fn tell_lost(&mut self, next_row: Option<&[u8]>, sink: &mut dyn CellSink) {
        let Some(Untold { lost, cells }) = self.lost.take() else { return };
        let last_row = self.last.as_ref().map(|last| hex(last.cell().row));
        let rows = match (last_row, next_row.map(hex)) {
            _ if cells == Cost::Nothing => ", with no cell among them".to_owned(),
            (Some(last), Some(next)) if last == next => format!(", within row {last}"),
            (Some(last), Some(next)) => format!(", between row {last} and row {next}"),
            (Some(last), None) => format!(", behind row {last}"),
            (None, Some(next)) => format!(", in front of row {next}"),
            (None, None) => String::new(),
        };
        let Lost { range, kind, what } = lost;
        let what = format!("{what}; {} passed over{rows}", span(&range));
        report(kind, range.start, what, sink);
    }

    /// The blocks are over. With `is_whole` they were all of the file's.
    pub(super) fn finish(&mut self, is_whole: bool, sink: &mut dyn CellSink) {
        if is_whole
            && let Some(untold) = &mut self.lost
            && untold.cells == Cost::Unknown
            && self.last_data_at == Some(self.layout.last_data_at)
        {
            untold.cells = Cost::Nothing;
        }
        self.tell_lost(None, sink);
        if !is_whole {
            return;
        }
        let layout = Arc::clone(&self.layout);
        let mut disagree = |what: String| {
            report(ProblemKind::Disagreement, layout.data.end, what, sink);
        };
        if self.count != layout.entry_count {
            let what = format!("{} cells; the trailer says {}", self.count, layout.entry_count);
            disagree(what);
        }
        if self.has_losses {
            return;
        }
        let seen = (self.first_data_at, self.last_data_at.flatten());
        if seen != (layout.first_data_at, layout.last_data_at) {
            disagree("the first or the last block of cells is not where the trailer says".into());
        }
        let is_last = |key: &Vec<u8>| match (Key::of(key), &self.last) {
            (Some(key), Some(last)) => last.is(&key),
            _ => false,
        };
        if layout.last_key.as_ref().is_some_and(|key| !is_last(key)) {
            disagree("the last cell is not the one that the file's info names as the last".into());
        }
    }
}

/// The encoding of what a block holds, and the cells in it.
fn encoded(kind: BlockKind, bytes: &[u8]) -> Option<(Encoding, &[u8])> {
    if kind == BlockKind::Data {
        return Some((Encoding::None, bytes));
    }
    let (id, cells) = bytes.split_first_chunk::<2>()?;
    Some((Encoding::of_id(u16::from_be_bytes(*id))?, cells))
}

/// These bytes, in words.
fn span(range: &Range<u64>) -> String {
    match range.end.saturating_sub(range.start) {
        0 => "no bytes".to_owned(),
        1 => format!("byte {}", range.start),
        _ => format!("bytes {} to {}", range.start, range.end - 1),
    }
}

fn report(kind: ProblemKind, at: u64, what: String, sink: &mut dyn CellSink) {
    sink.problem(Problem { kind, at: Position::Byte(at), what });
}
