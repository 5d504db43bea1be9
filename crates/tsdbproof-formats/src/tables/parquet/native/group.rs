//! Reads a group of rows.

use std::{ops::Range, sync::Arc};

use arrow_array::{Array as _, RecordBatch};
use parquet::arrow::{
    ProjectionMask,
    arrow_reader::{ArrowReaderMetadata, ParquetRecordBatchReaderBuilder},
};
use tsdbproof_core::{Error, Position, Problem, ProblemKind, shown};

use super::{
    arrays::array,
    chunks::{Chunks, Collecting},
    contained,
    index::SAID_CHARS,
    pages::{self, Flaw, TOO_LARGE},
};
use crate::{
    FormatReader, Limits, PointSink,
    number::Fault,
    tables::rows::{Batch, Rows},
};

/// Rows that are decoded at a time.
const BATCH_ROWS: usize = 4096;

/// What the groups of a file share.
#[derive(Debug)]
pub(super) struct File {
    pub(super) metadata: ArrowReaderMetadata,
    /// The columns that are read, and their indices.
    pub(super) mask: ProjectionMask,
    pub(super) read: Vec<usize>,
    /// How many there are in all.
    pub(super) columns: usize,
    pub(super) size: u64,
    pub(super) limits: Limits,
    /// Notes that belong to no group.
    pub(super) unread: Vec<Fault>,
}

/// A column of a group.
#[derive(Debug)]
pub(super) struct Column {
    /// Where its pages lie.
    pub(super) range: Range<u64>,
    pub(super) values: i64,
}

/// Reads one group.
#[derive(Debug)]
pub(super) struct Group {
    file: Arc<File>,
    index: usize,
    columns: Arc<Vec<Column>>,
    range: Range<u64>,
    rows: Rows,
    /// Whether it tells what belongs to no group.
    is_first: bool,
    /// None where bytes are lost, or there are too many.
    collecting: Option<Collecting>,
}

impl Group {
    pub(super) fn new(
        file: &Arc<File>,
        index: usize,
        columns: Arc<Vec<Column>>,
        range: Range<u64>,
        rows: Rows,
        is_first: bool,
    ) -> Self {
        let wanted = columns.iter().map(|column| column.range.clone()).collect();
        let collecting = Some(Collecting::new(wanted, range.start));
        Group { file: Arc::clone(file), index, columns, range, rows, is_first, collecting }
    }

    fn problem(&self, kind: ProblemKind, what: impl Into<String>) -> Problem {
        Problem { kind, at: Position::Byte(self.range.start), what: what.into() }
    }

    fn begin(&mut self, sink: &mut dyn PointSink) {
        if std::mem::take(&mut self.is_first) {
            let at = Position::Byte(self.range.start);
            self.file.unread.iter().for_each(|fault| sink.problem(fault.clone().at(at)));
        }
        let bytes: u64 = self.columns.iter().map(|it| it.range.end - it.range.start).sum();
        if bytes > self.file.limits.batch_bytes as u64 && self.collecting.take().is_some() {
            sink.problem(self.problem(ProblemKind::RecordTooLong, TOO_LARGE));
        }
    }

    fn decode(&mut self, chunks: Chunks, sink: &mut dyn PointSink) -> Result<(), Fault> {
        self.check(&chunks).map_err(|flaw| {
            let is_large = flaw == TOO_LARGE;
            let kind = if is_large { ProblemKind::RecordTooLong } else { ProblemKind::BadRecord };
            Fault::new(kind, flaw)
        })?;
        let metadata = self.file.metadata.clone();
        let mut decoder = contained(|| {
            ParquetRecordBatchReaderBuilder::new_with_metadata(chunks, metadata)
                .with_row_groups(vec![self.index])
                .with_projection(self.file.mask.clone())
                .with_batch_size(BATCH_ROWS)
                .build()
        })
        .map_err(|said| undecoded(0, &said))?;
        let mut first_row = 0;
        while let Some(batch) =
            contained(|| decoder.next().transpose()).map_err(|said| undecoded(first_row, &said))?
        {
            let rows = batch.num_rows();
            self.read(&batch, first_row, sink)?;
            first_row += rows as u64;
        }
        let group = self.file.metadata.metadata().row_groups().get(self.index);
        let told = group.map_or(0, |group| group.num_rows());
        if u64::try_from(told) != Ok(first_row) {
            let what = format!("a row group of {told} rows that holds {first_row}");
            return Err(Fault::new(ProblemKind::BadRecord, what));
        }
        Ok(())
    }

    fn check(&self, chunks: &Chunks) -> Result<(), Flaw> {
        let mut room = self.file.limits.batch_bytes;
        self.columns.iter().try_for_each(|column| {
            let bytes = chunks.from(column.range.start).unwrap_or_default();
            pages::check(&bytes, column.values, &mut room)
        })
    }

    fn read(
        &mut self,
        batch: &RecordBatch,
        first_row: u64,
        sink: &mut dyn PointSink,
    ) -> Result<(), Fault> {
        let mut columns: Vec<_> = (0..self.file.columns).map(|_| None).collect();
        for (index, column) in self.file.read.iter().zip(batch.columns()) {
            let column = array(&column.to_data());
            column.iter().try_for_each(|column| column.check())?;
            if let Some(slot) = columns.get_mut(*index) {
                *slot = column;
            }
        }
        let (range, at) = (self.range.clone(), Position::Byte(self.range.start));
        let (rows, part) = (batch.num_rows(), "row group");
        self.rows.read(&Batch { columns, rows, part, first_row, range, at }, sink)
    }
}

fn undecoded(row: u64, said: &str) -> Fault {
    // Each layer of the decoder adds its name.
    let said = said.rsplit("Parquet error: ").next().unwrap_or(said);
    let said = shown(said.trim_start_matches("Parquet argument error: "), SAID_CHARS);
    let what = format!("a row group that can't be decoded from row {row} on: {said}");
    Fault::new(ProblemKind::BadRecord, what)
}

impl FormatReader for Group {
    fn push(&mut self, bytes: &[u8], sink: &mut dyn PointSink) -> Result<(), Error> {
        self.begin(sink);
        if let Some(collecting) = &mut self.collecting {
            collecting.push(bytes);
        }
        Ok(())
    }

    fn gap(&mut self, sink: &mut dyn PointSink) {
        if self.collecting.take().is_some() {
            sink.problem(self.problem(ProblemKind::Cut, "a row group of which bytes are lost"));
        }
    }

    fn finish(&mut self, sink: &mut dyn PointSink) -> Result<(), Error> {
        let Some(collecting) = self.collecting.take() else { return Ok(()) };
        let Some(chunks) = collecting.finish(self.file.size) else {
            let what = "the file ends in the middle of a row group";
            sink.problem(self.problem(ProblemKind::Cut, what));
            return Ok(());
        };
        if let Err(fault) = self.decode(chunks, sink) {
            sink.problem(fault.at(Position::Byte(self.range.start)));
        }
        Ok(())
    }

    fn forget_series(&mut self) {
        self.rows.forget_series();
    }

    fn memory_bytes(&self) -> usize {
        let came = self.collecting.as_ref().map_or(0, Collecting::memory_bytes);
        came + self.rows.memory_bytes()
    }

    fn lines(&self) -> u64 {
        0
    }
}
