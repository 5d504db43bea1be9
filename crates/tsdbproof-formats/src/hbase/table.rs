//! Cells of a table, whatever holds them: what the table is for, and its cells as points or names.

use std::{ops::Range, sync::Arc};

use tsdbproof_core::{Error, Hour, Loss, Point, Position, Problem, ProblemKind, Tags};

use super::{
    cell::{Cell, CellKind, CellSink},
    counted::CountedCells,
    sample::Sampler,
    snapshot::TableRules,
};
use crate::{
    FormatReader, Limits, PointSink, RowSummary, SeriesId,
    opentsdb::{
        row::{RowDecoder, RowOptions},
        row_key::Widths,
        uid::{UidTable, build::UidTableBuilder},
        widths::{GivenWidths, KeySample},
    },
};

/// One open container of cells, fed in pieces of any size.
pub(crate) trait CellReader: Send {
    /// Takes the next bytes. `Err` only where reading cannot go on.
    fn push(&mut self, bytes: &[u8], sink: &mut dyn CellSink) -> Result<(), Error>;
    /// Bytes are lost between the last piece and the next.
    fn gap(&mut self, sink: &mut dyn CellSink);
    /// The bytes are over.
    fn finish(&mut self, sink: &mut dyn CellSink) -> Result<(), Error>;
    /// Bytes of memory that depend on the input, roughly.
    fn memory_bytes(&self) -> usize;
    /// Whether checksums of the container protect all cells so far.
    fn is_protected(&self) -> bool;
}

/// One open container of cells.
pub struct Cells {
    reader: Box<dyn CellReader>,
    /// It can only be read from its first byte on.
    is_from_start: bool,
}

/// What a table is for, by the cells at its beginning.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum TableKind {
    /// It holds points.
    Points,
    /// It holds the names of UIDs.
    Uids,
    /// It holds no cell.
    Empty,
    /// Another of OpenTSDB's tables, or none of them: its families.
    Other(String),
}

/// How wide the parts of row keys are, where a user says so.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct GivenKeyWidths {
    /// Bytes of the salt.
    pub salt: Option<u8>,
    /// Bytes of a metric's UID.
    pub metric: Option<u8>,
    /// Bytes of a tag key's UID.
    pub tag_key: Option<u8>,
    /// Bytes of a tag value's UID.
    pub tag_value: Option<u8>,
}

/// What the cells of a data table need to become points.
#[derive(Debug, Clone)]
pub struct Tables {
    uids: Arc<UidTable>,
    widths: Widths,
    rules: TableRules,
}

impl Tables {
    /// Tables whose row keys look like `keys`. Errors: the keys fit no width, or several.
    pub fn new<'k>(
        uids: Names,
        given: GivenKeyWidths,
        keys: impl IntoIterator<Item = &'k [u8]>,
    ) -> Result<Self, Error> {
        let GivenKeyWidths { salt, metric, tag_key, tag_value } = given;
        let given = GivenWidths { salt, metric, tag_key, tag_value };
        let mut sample = KeySample::new(given, &uids.0);
        keys.into_iter().for_each(|key| sample.push(key));
        let widths = sample.decide()?;
        Ok(Tables { uids: uids.0, widths, rules: TableRules::default() })
    }

    /// The same, with what a scan does not show left out.
    #[must_use]
    pub fn with_rules(self, rules: TableRules) -> Self {
        Tables { rules, ..self }
    }

    fn decoder(&self, limits: &Limits) -> RowDecoder {
        let options = RowOptions {
            rules: self.rules.family,
            now_ms: self.rules.now_ms,
            ..RowOptions::new(self.widths, limits.row_bytes)
        };
        RowDecoder::new(Arc::clone(&self.uids), options)
    }
}

impl Cells {
    /// Cells that are found again from the place of each on.
    pub(crate) fn new(reader: impl CellReader + 'static) -> Self {
        Cells { reader: Box::new(reader), is_from_start: false }
    }

    /// Cells that are found again only from the first byte on.
    pub(crate) fn from_start(reader: impl CellReader + 'static) -> Self {
        Cells { reader: Box::new(reader), is_from_start: true }
    }

    /// Reads them as points.
    pub fn points(self, tables: &Tables, limits: &Limits) -> Box<dyn FormatReader> {
        let Cells { reader, is_from_start } = self;
        Box::new(Points { reader, decoder: tables.decoder(limits), is_from_start })
    }

    /// Looks at the first of them.
    pub fn sample(self) -> Sampler {
        Sampler::new(self.reader)
    }

    /// Reads them as names of UIDs; `input` is what problems are told of.
    pub fn names(self, input: usize, limits: &Limits) -> NamesReader {
        let builder = UidTableBuilder::new(limits.row_bytes);
        NamesReader { reader: self.reader, builder, input, problems: KeptProblems::default() }
    }

    /// Counts them: they are of a table that holds no points.
    pub fn count(self, what: &str) -> Box<dyn FormatReader> {
        Box::new(CountedCells::new(self.reader, what))
    }

    /// Gives out each of them.
    pub fn each(self) -> EachCell {
        EachCell { reader: self.reader }
    }
}

/// Cells of a data table as points.
struct Points {
    reader: Box<dyn CellReader>,
    decoder: RowDecoder,
    is_from_start: bool,
}

/// Tells of points that they are found again by reading from where this says on.
struct Placed<'s> {
    sink: &'s mut dyn PointSink,
    is_from_start: bool,
}

impl PointSink for Placed<'_> {
    fn series(&mut self, metric: &str, tags: &Tags) -> SeriesId {
        self.sink.series(metric, tags)
    }

    fn points(&mut self, series: SeriesId, points: &[Point], at: Range<u64>) {
        let from = if self.is_from_start { 0 } else { at.start };
        self.sink.points(series, points, from..at.end);
    }

    fn loss(&mut self, series: SeriesId, hour: Hour, loss: Loss) {
        self.sink.loss(series, hour, loss);
    }

    fn problem(&mut self, problem: Problem) {
        self.sink.problem(problem);
    }

    fn rows(&mut self, rows: RowSummary) {
        self.sink.rows(rows);
    }
}

impl FormatReader for Points {
    fn push(&mut self, bytes: &[u8], sink: &mut dyn PointSink) -> Result<(), Error> {
        let mut sink = Placed { sink, is_from_start: self.is_from_start };
        self.reader.push(bytes, &mut self.decoder.reading(&mut sink))
    }

    fn gap(&mut self, sink: &mut dyn PointSink) {
        let mut sink = Placed { sink, is_from_start: self.is_from_start };
        self.reader.gap(&mut self.decoder.reading(&mut sink));
    }

    fn finish(&mut self, sink: &mut dyn PointSink) -> Result<(), Error> {
        let mut sink = Placed { sink, is_from_start: self.is_from_start };
        self.reader.finish(&mut self.decoder.reading(&mut sink))?;
        self.decoder.finish(&mut sink);
        Ok(())
    }

    fn forget_series(&mut self) {
        self.decoder.forget_series();
    }

    fn memory_bytes(&self) -> usize {
        self.reader.memory_bytes() + self.decoder.memory_bytes()
    }

    fn lines(&self) -> u64 {
        0
    }

    fn is_protected(&self) -> bool {
        self.reader.is_protected()
    }
}

/// Cells of a data table as points, in the order of the table, from whoever sorted them.
pub struct RowPoints(RowDecoder);

/// A cell of a table, by its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnedCell {
    /// The key of its row.
    pub row: Vec<u8>,
    /// Its family, qualifier, value and tags.
    pub parts: [Vec<u8>; 4],
    /// When it was written.
    pub timestamp_ms: i64,
    /// What it does, in HBase's number.
    pub kind: u8,
    /// What orders writes of one timestamp.
    pub sequence: u64,
    /// Where it lies.
    pub at: Range<u64>,
}

impl OwnedCell {
    fn cell(&self) -> Option<Cell<'_>> {
        let kind = CellKind::of(self.kind)?;
        let [family, qualifier, value, tags] = &self.parts;
        let OwnedCell { row, timestamp_ms, sequence, .. } = self;
        let (timestamp_ms, sequence) = (*timestamp_ms, *sequence);
        Some(Cell { row, family, qualifier, timestamp_ms, kind, value, tags, sequence })
    }
}

impl RowPoints {
    /// A decoder of sorted rows.
    pub fn new(tables: &Tables, limits: &Limits) -> Self {
        RowPoints(tables.decoder(limits))
    }

    /// Takes the next cell; cells of a row come one behind the other, of newer files first.
    pub fn push(&mut self, cell: &OwnedCell, sink: &mut dyn PointSink) {
        if let Some(found) = cell.cell() {
            self.0.reading(sink).cell(found, cell.at.clone());
        }
    }

    /// The cells are over.
    pub fn finish(&mut self, sink: &mut dyn PointSink) {
        self.0.finish(sink);
    }

    /// Every id that the sink gave so far is void.
    pub fn forget_series(&mut self) {
        self.0.forget_series();
    }
}

/// Cells, one by one.
pub struct EachCell {
    reader: Box<dyn CellReader>,
}

/// Takes what [`EachCell`] gives.
pub trait EachCellSink {
    /// A cell.
    fn cell(&mut self, cell: OwnedCell);
    /// A fault in the container.
    fn problem(&mut self, problem: Problem);
}

struct ToEach<'s>(&'s mut dyn EachCellSink);

impl CellSink for ToEach<'_> {
    fn cell(&mut self, cell: Cell<'_>, at: Range<u64>) {
        let parts = [cell.family, cell.qualifier, cell.value, cell.tags].map(<[u8]>::to_vec);
        self.0.cell(OwnedCell {
            row: cell.row.to_vec(),
            parts,
            timestamp_ms: cell.timestamp_ms,
            kind: cell.kind as u8,
            sequence: cell.sequence,
            at,
        });
    }

    fn problem(&mut self, problem: Problem) {
        self.0.problem(problem);
    }
}

impl EachCell {
    /// Takes the next bytes.
    pub fn push(&mut self, bytes: &[u8], sink: &mut dyn EachCellSink) -> Result<(), Error> {
        self.reader.push(bytes, &mut ToEach(sink))
    }

    /// The bytes are over.
    pub fn finish(&mut self, sink: &mut dyn EachCellSink) -> Result<(), Error> {
        self.reader.finish(&mut ToEach(sink))
    }

    /// Whether checksums of the container protect all cells so far.
    pub fn is_protected(&self) -> bool {
        self.reader.is_protected()
    }
}

/// A container whose cells come from whoever sorted them.
struct NoContainer;

impl CellReader for NoContainer {
    fn push(&mut self, _: &[u8], _: &mut dyn CellSink) -> Result<(), Error> {
        Ok(())
    }

    fn gap(&mut self, _: &mut dyn CellSink) {}

    fn finish(&mut self, _: &mut dyn CellSink) -> Result<(), Error> {
        Ok(())
    }

    fn memory_bytes(&self) -> usize {
        0
    }

    fn is_protected(&self) -> bool {
        true
    }
}

/// The names of all UIDs of a database.
#[derive(Debug, Clone, Default)]
pub struct Names(Arc<UidTable>);

impl Names {
    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.count()
    }
}

/// Reads cells of a table of UIDs.
pub struct NamesReader {
    reader: Box<dyn CellReader>,
    builder: UidTableBuilder,
    input: usize,
    problems: KeptProblems,
}

/// Problems of one input while it is read.
#[derive(Default)]
struct KeptProblems {
    first: Vec<Problem>,
    more: u64,
}

/// Problems that are kept; what is more only counts.
const KEPT_PROBLEMS: usize = 4096;

impl KeptProblems {
    fn add(&mut self, problem: Problem) {
        match self.first.len() < KEPT_PROBLEMS {
            true => self.first.push(problem),
            false => self.more += 1,
        }
    }

    /// All of them, those that only count as one.
    fn told(self) -> Vec<Problem> {
        let KeptProblems { mut first, more } = self;
        if more > 0 {
            let what = format!("{more} more cells of the table of UIDs are at fault");
            first.push(Problem { kind: ProblemKind::BadUid, at: Position::Byte(0), what });
        }
        first
    }
}

impl NamesReader {
    /// A reader of cells in the order of the table, from whoever sorted them.
    pub fn of_cells(input: usize, limits: &Limits) -> Self {
        Cells::from_start(NoContainer).names(input, limits)
    }

    /// Takes the next cell; cells of a row come one behind the other, of newer files first.
    pub fn push_cell(&mut self, cell: &OwnedCell) {
        let NamesReader { builder, input, problems, .. } = self;
        let mut report = |problem| problems.add(problem);
        if let Some(found) = cell.cell() {
            builder.reading(*input, &mut report).cell(found, cell.at.clone());
        }
    }

    /// Whether checksums of the container protect all cells so far.
    pub fn is_protected(&self) -> bool {
        self.reader.is_protected()
    }

    /// Takes the next bytes.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let NamesReader { reader, builder, input, problems } = self;
        let mut report = |problem| problems.add(problem);
        reader.push(bytes, &mut builder.reading(*input, &mut report))
    }

    /// Bytes are lost between the last piece and the next.
    pub fn gap(&mut self) {
        let NamesReader { reader, builder, input, problems } = self;
        let mut report = |problem| problems.add(problem);
        reader.gap(&mut builder.reading(*input, &mut report));
    }

    /// The bytes are over.
    pub fn finish(&mut self) -> Result<(), Error> {
        let NamesReader { reader, builder, input, problems } = self;
        let mut report = |problem| problems.add(problem);
        let mut sink = builder.reading(*input, &mut report);
        reader.finish(&mut sink)?;
        sink.finish();
        Ok(())
    }

    /// The names that all of them read, and the problems by input.
    pub fn join(readers: Vec<Self>) -> (Names, Vec<(usize, Problem)>) {
        let mut problems = Vec::new();
        let mut all = None::<UidTableBuilder>;
        for reader in readers {
            let input = reader.input;
            problems.extend(reader.problems.told().into_iter().map(|problem| (input, problem)));
            match &mut all {
                Some(all) => all.join(reader.builder),
                None => all = Some(reader.builder),
            }
        }
        let mut report = |input, problem| problems.push((input, problem));
        let table = all.map(|all| all.finish(&mut report)).unwrap_or_default();
        (Names(Arc::new(table)), problems)
    }

    /// Bytes of memory, roughly.
    pub fn memory_bytes(&self) -> usize {
        self.reader.memory_bytes() + self.builder.memory_bytes()
    }
}

/// Takes bytes that hold no points.
pub struct NoPoints;

impl FormatReader for NoPoints {
    fn push(&mut self, _: &[u8], _: &mut dyn PointSink) -> Result<(), Error> {
        Ok(())
    }

    fn gap(&mut self, _: &mut dyn PointSink) {}

    fn finish(&mut self, _: &mut dyn PointSink) -> Result<(), Error> {
        Ok(())
    }

    fn forget_series(&mut self) {}

    fn memory_bytes(&self) -> usize {
        0
    }

    fn lines(&self) -> u64 {
        0
    }

    fn is_protected(&self) -> bool {
        true
    }
}
