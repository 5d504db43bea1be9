//! Records on their way to a sink: those that are whole rows go there as such.

use std::{mem, ops::Range};

use tsdbproof_core::Position;

use super::puts::puts;
use super::record::Record;
use super::result;
use crate::hbase::cell::{CellSink, Column, Puts};

/// Holds a record of puts back until the next one shows that its row ends with it.
///
/// What the next one is, and whether there is one, must not depend on pieces: only a record of puts
/// of another row shows it. Behind all else the held one goes to the sink cell by cell.
pub(super) struct Rows<'b, 's> {
    sink: &'s mut dyn CellSink,
    held: Option<Held<'b>>,
    /// Those of the held record.
    columns: Vec<Column<'b>>,
    /// Room for those of the next one.
    next: Vec<Column<'b>>,
}

/// A record that is held back.
struct Held<'b> {
    record: Record<'b>,
    family: &'b [u8],
    at: Range<u64>,
}

impl<'b, 's> Rows<'b, 's> {
    pub(super) fn new(sink: &'s mut dyn CellSink) -> Self {
        Rows { sink, held: None, columns: Vec::new(), next: Vec::new() }
    }

    /// Takes a record that is puts and nothing else; gives `false`, and takes nothing, of another.
    pub(super) fn take(&mut self, record: &Record<'b>, at: &Range<u64>) -> bool {
        let Some(family) = puts(record.row, record.value, &mut self.next) else { return false };
        let record = *record;
        let is_new = |held: &Held<'_>| held.record.row != record.row;
        if self.held.as_ref().is_some_and(is_new) {
            self.give();
        } else {
            self.give_cells();
        }
        self.held = Some(Held { record, family, at: at.clone() });
        mem::swap(&mut self.columns, &mut self.next);
        true
    }

    /// The sink, for what comes in another way.
    pub(super) fn sink(&mut self) -> &mut dyn CellSink {
        self.give_cells();
        self.sink
    }

    /// Gives the held record as a row.
    fn give(&mut self) {
        let Some(Held { record: Record { row, .. }, family, at }) = &self.held else { return };
        let size = |column: &Column<'_>| column.qualifier.len() + column.value.len();
        let bytes = self.columns.iter().map(size).sum();
        let puts = Puts { row, family, columns: &self.columns, bytes };
        match self.sink.row(&puts, at) {
            true => self.held = None,
            false => self.give_cells(),
        }
    }

    /// Gives the held record cell by cell.
    fn give_cells(&mut self) {
        let Some(Held { record: Record { row, value }, at, .. }) = self.held.take() else { return };
        // Its cells were found to be sound.
        let _ = result::read(row, value, &mut |cell| match cell {
            Ok(cell) => self.sink.cell(cell, at.clone()),
            Err(fault) => self.sink.problem(fault.at(Position::Byte(at.start))),
        });
    }
}
