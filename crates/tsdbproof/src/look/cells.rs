//! Cells of store files whose rows overlap: sorted once more, and read as the table shows them.
//!
//! A newer file hides cells of an older one, and a marker in one hides cells of another, so rows are
//! only read when all their cells are together.

use std::sync::Arc;

use tsdbproof_core::{Error, Problem, Series};
use tsdbproof_formats::{EachCell, EachCellSink, FileAge, OwnedCell, PointSink, RowPoints};

use super::{
    intake::Reading,
    runs::{Item, Merge, Run, RunWriter, Spill, Window},
    sink::{self, Keep, Shared, Sink},
    tables::{self, cells},
};
use crate::{Flow, Host, Source, Task, Work};

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

/// Reads overlapping store files as one table. Nothing of them is left to be read for points.
pub(super) async fn read_merged<H: Host>(
    host: &H,
    source: &Source,
    first_input: usize,
    readings: &mut [Reading],
    found: &tables::Found,
    shared: &Arc<Shared>,
) -> Result<sink::Found, Error> {
    let mut all = sink::Found::default();
    for files in &found.overlapping {
        let merged = Merging { source, first_input, files, shared };
        let merged = merged.read(host, readings).await?;
        all.rows.extend(merged.rows);
        all.points.extend(merged.points);
        all.points_read += merged.points_read;
        all.filtered += merged.filtered;
        all.problems.join(merged.problems, files.first().copied().unwrap_or(0), 0);
        for index in files {
            if let Some(reading) = readings.get_mut(*index) {
                reading.holds_points = false;
            }
        }
    }
    Ok(all)
}

/// The store files of a table.
struct Merging<'a> {
    source: &'a Source,
    first_input: usize,
    files: &'a [usize],
    shared: &'a Arc<Shared>,
}

impl Merging<'_> {
    async fn read<H: Host>(&self, host: &H, readings: &[Reading]) -> Result<sink::Found, Error> {
        let mut tasks = Vec::new();
        for (age, index) in (0..).zip(self.newest_first(readings)) {
            let Some((from, cells)) = readings.get(index).and_then(cells) else { continue };
            let sorted = Sorted::new(age, &self.shared.points);
            let work = Sorting { cells: cells.each(), sorted };
            tasks.push(Task { input: self.first_input + index, from, work });
        }
        let first = self.files.first().copied().unwrap_or(0);
        let input = u32::try_from(self.first_input + first).unwrap_or(u32::MAX);
        let mut sink = Sink::new(self.shared, input, Keep::All);
        let mut runs = Vec::new();
        for task in host.read(tasks).await? {
            let Sorted { problems, runs: more, .. } = task.work.sorted;
            problems.into_iter().for_each(|problem| sink.problem(problem));
            runs.extend(more);
        }
        let reading = readings.get(first);
        if let Some((reading, tables)) =
            reading.and_then(|it| Some((it, it.options.tables.as_ref()?)))
        {
            let rows = RowPoints::new(tables, &reading.options.limits);
            self.decode(runs, rows, &mut sink)?;
        }
        sink.finish()
    }

    fn newest_first(&self, readings: &[Reading]) -> Vec<usize> {
        let mut ages: Vec<(FileAge, usize)> = Vec::new();
        for &index in self.files {
            let name = self.source.inputs.get(index).map_or("", |input| file_name(&input.name));
            let file = readings.get(index).and_then(|reading| reading.store_file.as_ref());
            ages.extend(file.map(|file| (file.age(name), index)));
        }
        ages.sort_unstable_by(|a, b| b.cmp(a));
        ages.into_iter().map(|(_, index)| index).collect()
    }

    fn decode(&self, runs: Vec<Run>, mut rows: RowPoints, sink: &mut Sink) -> Result<(), Error> {
        let spill = &self.shared.points;
        let mut merge = Merge::<KeptCell>::open(spill, &spill.reduce::<KeptCell>(runs)?)?;
        while let Some(row) = merge.next_series()? {
            let key = unhex(&row.metric);
            while let Some(KeptCell { mut cell, .. }) = merge.next()? {
                cell.row.clone_from(&key);
                rows.push(&cell, sink);
            }
            if sink.relieve(0)? {
                rows.forget_series();
            }
        }
        rows.finish(sink);
        Ok(())
    }
}

fn file_name(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
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
