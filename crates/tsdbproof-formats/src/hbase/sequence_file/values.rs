//! Records and blocks to cells: unpacks what is packed.

use std::ops::Range;

use tsdbproof_core::{Position, ProblemKind};

use super::header::Header;
use super::record::{self, BUFFERS, Block, Record};
use super::result::{self, ResultForm};
use super::rows::Rows;
use crate::Limits;
use crate::hbase::cell::CellSink;
use crate::hbase::codec::{Compression, Unpacker};
use crate::number::Fault;

/// What reads values of one file.
pub(super) struct Values {
    limit: usize,
    is_packed: bool,
    unpacker: Unpacker,
    form: Option<ResultForm>,
    /// Unpacked; a value for itself takes the first one.
    buffers: [Vec<u8>; 4],
}

impl Values {
    pub(super) fn new(header: &Header, limits: &Limits) -> Self {
        Values {
            limit: limits.record_bytes,
            is_packed: header.compression != Compression::None,
            unpacker: Unpacker::new(header.compression, limits),
            form: None,
            buffers: Default::default(),
        }
    }

    pub(super) fn is_protected(&self) -> bool {
        self.unpacker.is_protected()
    }

    pub(super) fn form(&self) -> Option<ResultForm> {
        self.form
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.buffers.iter().map(Vec::capacity).sum()
    }

    /// Gives the cells of a record that stands for itself at these bytes.
    pub(super) fn record<'b>(
        &mut self,
        record: &Record<'b>,
        at: &Range<u64>,
        rows: &mut Rows<'b, '_>,
    ) -> Result<(), Fault> {
        if !self.is_packed && rows.take(record, at) {
            self.form = Some(ResultForm::Message);
            return Ok(());
        }
        let (Record { row, value }, sink) = (record, rows.sink());
        let [unpacked, ..] = &mut self.buffers;
        let value = if self.is_packed {
            self.unpacker
                .unpack(value, self.limit, unpacked)
                .map_err(|why| not_unpacked("value", &why))?;
            unpacked
        } else {
            *value
        };
        let form = result::read(row, value, &mut |cell| match cell {
            Ok(cell) => sink.cell(cell, at.clone()),
            Err(fault) => sink.problem(fault.at(Position::Byte(at.start))),
        })?;
        self.form = Some(form);
        Ok(())
    }

    /// Gives the cells of a block at these bytes. A record of it that can't be read is told.
    pub(super) fn block(
        &mut self,
        block: &Block<'_>,
        at: &Range<u64>,
        sink: &mut dyn CellSink,
    ) -> Result<(), Fault> {
        let mut limit = self.limit;
        for ((packed, unpacked), name) in block.buffers.iter().zip(&mut self.buffers).zip(BUFFERS) {
            let done = self.unpacker.unpack(packed, limit, unpacked);
            done.map_err(|why| not_unpacked(name, &why))?;
            limit -= unpacked.len().min(limit);
        }
        let count = block.count;
        let pairs = record::pairs(count, self.buffers.each_ref().map(Vec::as_slice))?;
        let mut rows = Rows::new(sink);
        for (index, (key, value)) in pairs.enumerate() {
            let in_block = |fault: Fault| {
                let what = format!("record {} of {count} in a block: {}", index + 1, fault.what);
                Fault::new(fault.kind, what).at(Position::Byte(at.start))
            };
            let read = record::row_of_key(key).and_then(|row| {
                if rows.take(&Record { row, value }, at) {
                    return Ok(ResultForm::Message);
                }
                let sink = rows.sink();
                result::read(row, value, &mut |cell| match cell {
                    Ok(cell) => sink.cell(cell, at.clone()),
                    Err(fault) => sink.problem(in_block(fault)),
                })
            });
            match read {
                Ok(form) => self.form = Some(form),
                Err(fault) => rows.sink().problem(in_block(fault)),
            }
        }
        rows.sink();
        Ok(())
    }
}

fn not_unpacked(part: &str, why: &str) -> Fault {
    Fault::new(ProblemKind::BadFrame, format!("its {part} can't be unpacked: {why}"))
}
