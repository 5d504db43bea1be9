//! Cells of store files whose rows overlap: sorted once more, and read as the table shows them.
//!
//! A newer file hides cells of an older one, and a marker in one hides cells of another, so rows are
//! only read when all their cells are together.

use std::{ops::Range, sync::Arc};

use tsdbproof_core::{Error, Hour, Loss, Point, Problem, Series, Tags, sort};
use tsdbproof_formats::{
    EachCell, EachCellSink, FileAge, NamesReader, OwnedCell, PointSink, RowPoints, RowSummary,
    SeriesId, Tables,
};

use super::{
    overlap::Placed,
    problems::Problems,
    reading::{Holds, Reading},
    runs::{Item, Merge, Run, RunWriter, Spill, Window},
    sink::{self, Keep, Sink},
    tables::{Merged, Side, cells},
};
use crate::{Flow, Host, Task, Work};

/// A cell, with the place of its file among the others: the newest is 0.
struct KeptCell {
    age: u32,
    /// Ascends with the order in the file.
    index: u64,
    cell: OwnedCell,
}

impl KeptCell {
    fn order(&self) -> (u32, u64) {
        (self.age, self.index)
    }
}

impl PartialEq for KeptCell {
    fn eq(&self, other: &Self) -> bool {
        self.order() == other.order()
    }
}

impl Eq for KeptCell {}

impl PartialOrd for KeptCell {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for KeptCell {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.order().cmp(&other.order())
    }
}

impl Item for KeptCell {
    fn encode(&self, out: &mut Vec<u8>) {
        let KeptCell { age, index, cell } = self;
        out.extend_from_slice(&age.to_le_bytes());
        out.extend_from_slice(&index.to_le_bytes());
        out.extend_from_slice(&cell.timestamp_ms.to_le_bytes());
        out.push(cell.kind);
        out.extend_from_slice(&cell.sequence.to_le_bytes());
        out.extend_from_slice(&cell.at.start.to_le_bytes());
        out.extend_from_slice(&cell.at.end.to_le_bytes());
        for part in &cell.parts {
            // A part of a cell has at most 2^31 bytes.
            out.extend_from_slice(&(part.len() as u32).to_le_bytes());
            out.extend_from_slice(part);
        }
    }

    fn decode(input: &mut Window) -> Result<Self, Error> {
        let age = u32::from_le_bytes(input.array()?);
        let index = u64::from_le_bytes(input.array()?);
        let timestamp_ms = i64::from_le_bytes(input.array()?);
        let [kind] = input.array()?;
        let sequence = u64::from_le_bytes(input.array()?);
        let at = u64::from_le_bytes(input.array()?)..u64::from_le_bytes(input.array()?);
        let mut parts = [const { Vec::new() }; 4];
        for part in &mut parts {
            let length = u32::from_le_bytes(input.array()?) as usize;
            *part = input.take(length)?.to_vec();
        }
        // Its row is the name of the block that it stands in.
        let row = Vec::new();
        Ok(KeptCell {
            age,
            index,
            cell: OwnedCell { row, parts, timestamp_ms, kind, sequence, at },
        })
    }
}

/// What was found in store files that were read as one.
#[derive(Default)]
pub(super) struct MergedFound {
    pub(super) found: sink::Found,
    /// Points by the input's index.
    pub(super) points: Vec<(usize, u64)>,
    /// What was met in the rows of a group of files, with the input's index of the first.
    pub(super) met: Vec<(usize, RowSummary)>,
    pub(super) problems: Problems,
}

/// Reads overlapping store files as one table. Nothing of them is left to be read for points.
pub(super) async fn read_merged<H: Host>(
    host: &H,
    side: &Side<'_>,
    readings: &mut [Reading],
    merged: &[Merged],
) -> Result<MergedFound, Error> {
    let (mut all, mut protected) = (MergedFound::default(), vec![None; readings.len()]);
    for Merged { files, tables } in merged {
        let merging = Merging { side, files };
        let mut sorted = merging.sort(host, readings).await?;
        for (index, problem) in std::mem::take(&mut sorted.problems) {
            all.problems.add_to(index, problem);
        }
        for (index, by_checksums) in std::mem::take(&mut sorted.protected) {
            if let Some(is_protected) = protected.get_mut(index) {
                *is_protected = Some(is_protected.unwrap_or(true) && by_checksums);
            }
        }
        merging.decode(sorted, tables, readings, &mut all)?;
    }
    // Only now: a file may have halves in several groups.
    for (reading, is_protected) in readings.iter_mut().zip(protected) {
        if let Some(is_protected) = is_protected {
            reading.holds = Holds::ReadBefore { is_protected };
        }
    }
    Ok(all)
}

/// Store files that are read as one.
pub(super) struct Merging<'a> {
    pub(super) side: &'a Side<'a>,
    pub(super) files: &'a [Placed],
}

/// Their cells in runs, sorted.
pub(super) struct SortedCells {
    runs: Vec<Run>,
    /// The input of each age.
    inputs: Vec<usize>,
    /// With the input's index.
    pub(super) problems: Vec<(usize, Problem)>,
    /// Whether checksums protect the cells of an input.
    pub(super) protected: Vec<(usize, bool)>,
}

impl Merging<'_> {
    /// Sorts the cells of all files.
    pub(super) async fn sort<H: Host>(
        &self,
        host: &H,
        readings: &[Reading],
    ) -> Result<SortedCells, Error> {
        let (mut tasks, mut inputs) = (Vec::new(), Vec::new());
        for Placed { index, use_index } in self.newest_first(readings) {
            let cells = readings.get(index).and_then(|reading| cells(reading, use_index));
            let Some((from, cells)) = cells else { continue };
            let age = u32::try_from(inputs.len()).unwrap_or(u32::MAX);
            inputs.push(index);
            let sorted = Sorted::new(age, &self.side.shared.points);
            let work = Sorting { cells: cells.each(), sorted };
            tasks.push(Task { input: self.side.first_input + index, from, work });
        }
        let (mut runs, mut problems, mut protected) = (Vec::new(), Vec::new(), Vec::new());
        for (index, task) in inputs.iter().zip(host.read(tasks).await?) {
            let Sorting { cells, sorted } = task.work;
            protected.push((*index, cells.is_protected()));
            problems.extend(sorted.problems.into_iter().map(|problem| (*index, problem)));
            runs.extend(sorted.runs);
        }
        let runs = self.side.shared.points.reduce::<KeptCell>(runs)?;
        Ok(SortedCells { runs, inputs, problems, protected })
    }

    fn newest_first(&self, readings: &[Reading]) -> Vec<Placed> {
        let mut ages: Vec<(FileAge, Placed)> = Vec::new();
        for &place in self.files {
            let used = readings.get(place.index).and_then(|it| it.uses.get(place.use_index));
            ages.extend(used.map(|used| (used.file.age(), place)));
        }
        sort::by(&mut ages, |a, b| b.cmp(a));
        ages.into_iter().map(|(_, place)| place).collect()
    }

    /// Walks over the cells row by row, with the input of the newest of each row.
    fn walk(
        &self,
        sorted: &SortedCells,
        each: &mut dyn FnMut(OwnedCell, usize) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut merge = Merge::<KeptCell>::open(&self.side.shared.points, &sorted.runs)?;
        while let Some(row) = merge.next_series()? {
            let key = unhex(&row.metric);
            let mut newest = None;
            while let Some(KeptCell { mut cell, age, .. }) = merge.next()? {
                cell.row.clone_from(&key);
                // A row of several files is told of where the newest has it.
                let (age, at) = newest.get_or_insert_with(|| (age, cell.at.clone()));
                cell.at = at.clone();
                let input = sorted.inputs.get(*age as usize).copied().unwrap_or_default();
                each(cell, input)?;
            }
        }
        Ok(())
    }

    fn decode(
        &self,
        sorted: SortedCells,
        tables: &Tables,
        readings: &[Reading],
        all: &mut MergedFound,
    ) -> Result<(), Error> {
        let first = self.files.first().map_or(0, |place| place.index);
        let Some(reading) = readings.get(first) else { return Ok(()) };
        let mut rows = RowPoints::new(tables, &reading.options.limits);
        let input = u32::try_from(self.side.first_input + first).unwrap_or(u32::MAX);
        let mut sink = ByInput {
            sink: Sink::new(self.side.shared, input, Keep::All),
            input: first,
            points: vec![0; readings.len()],
            problems: std::mem::take(&mut all.problems),
        };
        self.walk(&sorted, &mut |cell, input| {
            // A row ends where the next begins: until then what comes is of the one before.
            rows.push(&cell, &mut sink);
            sink.input = input;
            if sink.sink.relieve(0)? {
                rows.forget_series();
            }
            Ok(())
        })?;
        rows.finish(&mut sink);
        let found = sink.sink.finish()?;
        all.met.extend(found.met.map(|met| (first, met)));
        all.found.rows.extend(found.rows);
        all.found.points.extend(found.points);
        all.found.points_read += found.points_read;
        all.found.filtered += found.filtered;
        all.found.unsettled += found.unsettled;
        all.points.extend(sink.points.into_iter().enumerate());
        all.problems = sink.problems;
        Ok(())
    }

    /// Reads the cells as names of UIDs: a reader of those of each input.
    pub(super) fn names(
        &self,
        sorted: SortedCells,
        readings: &[Reading],
    ) -> Result<Vec<NamesReader>, Error> {
        let first = self.files.first().map_or(0, |place| place.index);
        let Some(reading) = readings.get(first) else { return Ok(Vec::new()) };
        let limits = &reading.options.limits;
        let mut readers: Vec<Option<NamesReader>> = readings.iter().map(|_| None).collect();
        self.walk(&sorted, &mut |cell, input| {
            if let Some(reader) = readers.get_mut(input) {
                let open = || NamesReader::of_cells(input, limits);
                reader.get_or_insert_with(open).push_cell(&cell);
            }
            Ok(())
        })?;
        let mut readers: Vec<NamesReader> = readers.into_iter().flatten().collect();
        readers.iter_mut().try_for_each(NamesReader::finish)?;
        Ok(readers)
    }
}

/// A sink that tells points and problems by the input that their row is told of.
struct ByInput {
    sink: Sink,
    input: usize,
    /// By input.
    points: Vec<u64>,
    problems: Problems,
}

impl PointSink for ByInput {
    fn series(&mut self, metric: &str, tags: &Tags) -> SeriesId {
        self.sink.series(metric, tags)
    }

    fn points(&mut self, series: SeriesId, points: &[Point], at: Range<u64>) {
        let before = self.sink.points_read();
        self.sink.points(series, points, at);
        if let Some(points) = self.points.get_mut(self.input) {
            *points += self.sink.points_read() - before;
        }
    }

    fn loss(&mut self, series: SeriesId, hour: Hour, loss: Loss) {
        self.sink.loss(series, hour, loss);
    }

    fn problem(&mut self, problem: Problem) {
        self.problems.add_to(self.input, problem);
    }

    fn rows(&mut self, rows: RowSummary) {
        self.sink.rows(rows);
    }
}

/// The cells of a store file on their way into runs.
struct Sorting {
    cells: EachCell,
    sorted: Sorted,
}

struct Sorted {
    age: u32,
    index: u64,
    row: Vec<u8>,
    spill: Arc<Spill>,
    writer: Option<RunWriter>,
    runs: Vec<Run>,
    problems: Vec<Problem>,
    failed: Option<Error>,
}

impl Sorted {
    fn new(age: u32, spill: &Arc<Spill>) -> Self {
        Sorted {
            age,
            index: 0,
            row: Vec::new(),
            spill: Arc::clone(spill),
            writer: None,
            runs: Vec::new(),
            problems: Vec::new(),
            failed: None,
        }
    }

    fn take(&mut self, cell: OwnedCell) -> Result<(), Error> {
        if self.writer.is_none() || self.row != cell.row {
            // Rows ascend, unless the file is damaged.
            if cell.row < self.row {
                self.end_run()?;
            }
            let spill = &self.spill;
            let writer = self.writer.get_or_insert_with(|| RunWriter::new(spill));
            writer.series(&Series { metric: hex(&cell.row), ..Series::default() });
            self.row.clone_from(&cell.row);
        }
        let kept = KeptCell { age: self.age, index: self.index, cell };
        self.index += 1;
        self.writer.as_mut().map_or(Ok(()), |writer| writer.push(&kept))
    }

    fn end_run(&mut self) -> Result<(), Error> {
        if let Some(writer) = self.writer.take() {
            self.runs.push(writer.finish()?);
        }
        Ok(())
    }
}

impl EachCellSink for Sorted {
    fn cell(&mut self, cell: OwnedCell) {
        if self.failed.is_none() {
            self.failed = self.take(cell).err();
        }
    }

    fn problem(&mut self, problem: Problem) {
        self.problems.push(problem);
    }
}

impl Work for Sorting {
    fn push(&mut self, bytes: &[u8]) -> Result<Flow, Error> {
        self.cells.push(bytes, &mut self.sorted)?;
        self.sorted.failed.take().map_or(Ok(Flow::More), Err)
    }

    fn finish(&mut self) -> Result<(), Error> {
        self.cells.finish(&mut self.sorted)?;
        self.sorted.end_run()?;
        self.sorted.failed.take().map_or(Ok(()), Err)
    }
}

/// The key of a row as a name, in the order of keys.
fn hex(key: &[u8]) -> String {
    key.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(name: &str) -> Vec<u8> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).unwrap_or(0) as u8;
    let pair = |two: &[u8]| two.iter().fold(0, |byte, next| byte << 4 | digit(next));
    name.as_bytes().chunks(2).map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_keep_their_order_as_names() {
        for (a, b) in [(&[][..], &[0][..]), (&[0], &[0, 0]), (&[0x0f], &[0x10]), (&[0x7f], &[0xff])]
        {
            assert!(hex(a) < hex(b));
            assert_eq!((unhex(&hex(a)), unhex(&hex(b))), (a.to_vec(), b.to_vec()));
        }
    }
}
