//! Cells of tables of UIDs to mappings.

use std::ops::Range;

use tsdbproof_core::{Position, Problem, ProblemKind, quote};

use super::{MAX_WIDTH, UidKind, latin_1, number};
use crate::hbase::cell::{Cell, CellSink};
use crate::hbase::hex::hex;
use crate::hbase::merge::{FamilyRules, Hidden, visible};
use crate::opentsdb::batch::Batch;

/// Takes the cells of tables of UIDs, from any number of inputs in any order.
///
/// Memory is linear in the number of names and of inputs that hold them.
#[derive(Debug)]
pub(crate) struct UidTableBuilder {
    row_bytes: usize,
    batch: Batch,
    /// By [`UidKind`].
    pub(super) kinds: [Mappings; 3],
}

/// What was found of a kind.
#[derive(Debug, Default)]
pub(super) struct Mappings {
    /// From names to UIDs.
    pub(super) forward: Vec<Mapping>,
    /// From UIDs to names.
    pub(super) reverse: Vec<Mapping>,
    /// The greatest UID that was given, as the table says.
    pub(super) counter: Option<(u64, Place)>,
}

/// A name and a UID, as a cell maps one to the other.
#[derive(Debug)]
pub(super) struct Mapping {
    pub(super) uid: u64,
    /// Bytes of the UID.
    pub(super) width: u8,
    pub(super) name: Box<[u8]>,
    pub(super) written_ms: i64,
    pub(super) place: Place,
}

/// Where a cell lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) input: usize,
    pub(super) byte: u64,
}

/// The row whose cells count the UIDs given.
const COUNTERS: &[u8] = &[0];

impl UidTableBuilder {
    /// A builder that holds rows of up to so many bytes.
    pub(crate) fn new(row_bytes: usize) -> Self {
        UidTableBuilder { row_bytes, batch: Batch::default(), kinds: Default::default() }
    }

    /// A sink for the cells of an input. Faults of single cells are reported at once, the others by
    /// [`UidTableBuilder::finish`].
    pub(crate) fn reading<'b>(
        &'b mut self,
        input: usize,
        report: &'b mut dyn FnMut(Problem),
    ) -> UidCells<'b> {
        UidCells { builder: self, input, report }
    }

    /// Adds what another builder found in other inputs.
    pub(crate) fn join(&mut self, other: UidTableBuilder) {
        for (mine, others) in self.kinds.iter_mut().zip(other.kinds) {
            mine.forward.extend(others.forward);
            mine.reverse.extend(others.reverse);
            mine.counter = mine.counter.max(others.counter);
        }
    }

    /// Bytes of memory, roughly.
    pub(crate) fn memory_bytes(&self) -> usize {
        let lists = self.kinds.iter().flat_map(|kind| [&kind.forward, &kind.reverse]);
        let bytes = lists.map(|list| {
            // A name is some twenty bytes, as long as its share of the allocator's own.
            list.capacity() * (size_of::<Mapping>() + 32)
        });
        self.batch.memory_bytes() + bytes.sum::<usize>()
    }

    fn end_row(&mut self, input: usize, report: &mut dyn FnMut(Problem)) {
        let UidTableBuilder { batch, kinds, row_bytes } = self;
        let place = Place { input, byte: batch.at.start };
        let at = Position::Byte(place.byte);
        if batch.is_too_large() {
            let what = format!(
                "a row of the table of UIDs that is too large to be read; found row {}, expected at \
                 most {row_bytes} bytes",
                hex(batch.row())
            );
            report(Problem { kind: ProblemKind::RowTooLarge, at, what });
        }
        let mut cells = batch.cells();
        visible(&mut cells, &FamilyRules::default(), None, &mut Hidden::default());
        for cell in cells {
            if let Err(what) = take(&cell, place, kinds) {
                report(Problem { kind: ProblemKind::BadUid, at, what });
            }
        }
        batch.clear();
    }
}

/// Takes a cell that a scan shows. Errors: what is wrong with it.
fn take(cell: &Cell<'_>, place: Place, kinds: &mut [Mappings; 3]) -> Result<(), String> {
    let Some(kind) = kind_of(cell.qualifier) else {
        return if is_meta(cell.qualifier) { Ok(()) } else { Err(no_mapping(cell)) };
    };
    let [metric, tag_key, tag_value] = kinds;
    let mappings = match kind {
        UidKind::Metric => metric,
        UidKind::TagKey => tag_key,
        UidKind::TagValue => tag_value,
    };
    let (bytes, name, list) = match cell.family {
        b"id" if cell.row == COUNTERS => {
            let counter = count_in(cell.value).ok_or_else(|| bad_counter(kind, cell.value))?;
            mappings.counter = mappings.counter.max(Some((counter, place)));
            return Ok(());
        }
        b"id" => (cell.value, cell.row, &mut mappings.forward),
        b"name" => (cell.row, cell.value, &mut mappings.reverse),
        _ => return Err(no_mapping(cell)),
    };
    match (number(bytes), u8::try_from(bytes.len())) {
        (Some(uid), Ok(width @ 1..)) if !name.is_empty() => {
            let written_ms = cell.timestamp_ms;
            list.push(Mapping { uid, width, name: name.into(), written_ms, place });
            Ok(())
        }
        _ => Err(bad_mapping(kind, bytes, name)),
    }
}

fn kind_of(qualifier: &[u8]) -> Option<UidKind> {
    UidKind::ALL.into_iter().find(|kind| kind.name().as_bytes() == qualifier)
}

/// Whether a column holds what is known of a name beside it.
fn is_meta(qualifier: &[u8]) -> bool {
    let meta: [&[u8]; 5] = [b"metric_meta", b"tagk_meta", b"tagv_meta", b"ts_meta", b"ts_ctr"];
    meta.contains(&qualifier)
}

/// The number that a counter holds; OpenTSDB never counts below zero.
fn count_in(value: &[u8]) -> Option<u64> {
    let number = i64::from_be_bytes(value.try_into().ok()?);
    u64::try_from(number).ok()
}

#[cold]
fn no_mapping(cell: &Cell<'_>) -> String {
    format!(
        "a cell that maps no name to a UID; found family {}, column {} in row {}",
        quote(cell.family),
        quote(cell.qualifier),
        hex(cell.row)
    )
}

#[cold]
fn bad_counter(kind: UidKind, value: &[u8]) -> String {
    let kind = kind.name();
    format!("a counter of {kind} that is no number; found {}, expected 8 bytes", hex(value))
}

#[cold]
fn bad_mapping(kind: UidKind, uid: &[u8], name: &[u8]) -> String {
    let wrong = if name.is_empty() { "an empty name" } else { "a UID of no possible width" };
    format!(
        "{wrong} in {}; found name {} and UID {}, expected 1 to {MAX_WIDTH} bytes in a UID",
        kind.name(),
        quote(latin_1(name).as_bytes()),
        hex(uid)
    )
}

/// Where a reader puts the cells of a table of UIDs.
pub(crate) struct UidCells<'b> {
    builder: &'b mut UidTableBuilder,
    input: usize,
    report: &'b mut dyn FnMut(Problem),
}

impl UidCells<'_> {
    /// The input is over.
    pub(crate) fn finish(self) {
        if !self.builder.batch.is_empty() {
            self.builder.end_row(self.input, self.report);
        }
    }
}

impl CellSink for UidCells<'_> {
    fn cell(&mut self, cell: Cell<'_>, at: Range<u64>) {
        if self.builder.batch.is_of_another(cell.row) {
            self.builder.end_row(self.input, self.report);
        }
        self.builder.batch.push(&cell, at, self.builder.row_bytes);
    }

    fn problem(&mut self, problem: Problem) {
        (self.report)(problem);
    }
}
