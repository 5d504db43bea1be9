//! From the inputs of a side to its leaves: a first look at everything, a second at what came out
//! of order.
//!
//! | file | what |
//! | --- | --- |
//! | `intake` | the work that a host feeds: bytes → decompressor → reader → sink |
//! | `indexed` | files whose end says where their parts lie |
//! | `tables`, `cells` | sources of cells: names of UIDs first, overlapping files as one |
//! | `sink` | points into open hours, or into runs |
//! | `runs`, `row` | sorted runs in memory or scratch space, and what stands in them |
//! | `fold` | partial rows and kept points into one row for each leaf |
//! | `wanted` | which leaves to look at again, and where |
//! | `walk` | all points once more, sorted, where a look kept them |
//! | `leaves` | the finished rows, folded up to the roots |

mod cells;
mod digests;
mod fold;
mod indexed;
mod intake;
mod leaves;
mod problems;
mod row;
mod runs;
mod sink;
mod staged;
mod tables;
mod walk;
mod wanted;

use std::sync::{Arc, Mutex};

use tsdbproof_core::{Error, Kind, Problem, digest::Depth};
use tsdbproof_formats::{Access, ReadOptions, decompress::Codec};

pub(crate) use digests::{BLOCK_BYTES, FileBlocks};
pub(crate) use fold::{Conflicts, next_instant, resolve};
pub(crate) use leaves::{Leaves, Survey, series_at};
pub(crate) use problems::Problems;
pub(crate) use row::{Kept, Row};
pub(crate) use runs::{Item, Merge, Run, RunWriter, Spill, Window};
pub(crate) use walk::{Instant, Walk};
pub(crate) use wanted::{SeriesHash, Wanted};

use cells::read_merged;
use fold::{Evidence, fold};
use indexed::read_indexes;
use intake::{FirstLook, Part, Reading, SecondLook};
pub(crate) use sink::Observer;
use sink::Shared;
use staged::Staged;
use tables::read_tables;

use crate::{Host, Input, Options, Source, Task, Work};

/// What a first and a second look at a side gave.
pub(crate) struct Looked {
    pub(crate) leaves: Leaves,
    pub(crate) files: Vec<FileLook>,
    pub(crate) problems: Problems,
    pub(crate) points_read: u64,
    pub(crate) filtered: u64,
    pub(crate) conflicts: Conflicts,
    side: Side,
    /// Points that are at hand in runs.
    kept: Vec<Run>,
}

/// A file that was looked at.
pub(crate) struct FileLook {
    pub(crate) name: String,
    pub(crate) size_bytes: u64,
    pub(crate) codec: &'static str,
    pub(crate) format: &'static str,
    pub(crate) points_read: u64,
    pub(crate) blocks: FileBlocks,
    /// Whether checksums protect its points.
    pub(crate) is_protected: bool,
}

/// What stays the same over all looks at a side.
struct Side {
    shared: Arc<Shared>,
    /// How each input is read, from `first_input` on.
    readings: Vec<Reading>,
    first_input: usize,
    threads: usize,
}

/// Rows in memory, whatever is allowed: 8 MiB.
const ROWS_IN_MEMORY_BYTES: u64 = 8 << 20;

/// Runs of a side in the host's scratch space: of rows, and of points.
pub(crate) fn spills<H: Host>(
    host: &H,
    memory_bytes: u64,
) -> Result<(Arc<Spill>, Arc<Spill>), Error> {
    let rows = match host.scratch()? {
        // Without scratch space all memory may be taken before a limit is called.
        None => Spill::new(None, memory_bytes / 2),
        scratch => Spill::new(scratch, ROWS_IN_MEMORY_BYTES.min(memory_bytes / 8)),
    };
    Ok((rows, Spill::new(host.scratch()?, memory_bytes / 4)))
}

/// Looks at all inputs of `source`; the host knows the first of them as `first_input`.
pub(crate) async fn look<H: Host>(
    host: &H,
    source: &Source,
    first_input: usize,
    options: &Options,
) -> Result<Looked, Error> {
    look_as(host, source, first_input, options, Manner::default()).await
}

/// How a side is looked at, beyond its digests.
#[derive(Default)]
pub(crate) struct Manner {
    /// All points are kept, to be walked over in the order of the tree.
    pub(crate) keeps_points: bool,
    /// Sees all points in the order of the files and in them: nothing is read side by side.
    pub(crate) observer: Option<Arc<Mutex<dyn Observer>>>,
}

/// As [`look`], in a manner.
pub(crate) async fn look_as<H: Host>(
    host: &H,
    source: &Source,
    first_input: usize,
    options: &Options,
    manner: Manner,
) -> Result<Looked, Error> {
    let spills = spills(host, options.memory_bytes)?;
    let threads = host.threads().max(1);
    let sink_bytes = options.memory_bytes / 2 / threads as u64;
    let read = Arc::new(options.read.clone());
    let mut readings: Vec<Reading> = source
        .inputs
        .iter()
        .map(|input| reading(input, options, &read))
        .collect::<Result<_, _>>()?;
    read_indexes(host, &source.inputs, first_input, &mut readings).await?;
    let tables = read_tables(host, source, first_input, &mut readings).await?;
    let shared = Arc::new(Shared {
        scope: options.scope.clone(),
        rows: Arc::clone(&spills.0),
        points: Arc::clone(&spills.1),
        sink_bytes: usize::try_from(sink_bytes).unwrap_or(usize::MAX),
        keeps_points: manner.keeps_points,
        observer: manner.observer,
    });
    let merged = read_merged(host, source, first_input, &mut readings, &tables, &shared).await?;
    let side = Side { shared, readings, first_input, threads };
    let tasks = side.first_look(&source.inputs, options);
    let in_order = side.shared.observer.is_some();
    let tasks = if in_order { one_by_one(host, tasks).await? } else { host.read(tasks).await? };
    let mut looked = side.join(source, tasks, options)?;
    looked.0.add_merged(tables.problems, merged, &mut looked.1);
    let evidence = &mut looked.1;
    evidence.rows = spills.0.reduce::<Row>(std::mem::take(&mut evidence.rows))?;
    evidence.points = spills.1.reduce::<Kept>(std::mem::take(&mut evidence.points))?;
    let duplicates = options.scope.duplicates;
    let mut folded = fold(&spills, evidence, duplicates, false)?;
    if !folded.wanted.is_empty() {
        evidence.again = looked.0.side.look_again(host, folded.wanted).await?;
        folded = fold(&spills, evidence, duplicates, true)?;
    }
    let (mut looked, evidence) = looked;
    looked.leaves.run = folded.leaves;
    looked.conflicts = folded.conflicts;
    looked.kept = evidence.points;
    looked.kept.extend(evidence.again);
    Ok(looked)
}

fn reading(input: &Input, options: &Options, read: &Arc<ReadOptions>) -> Result<Reading, Error> {
    // To a reader of Arrow files it is a table like others.
    if input.is_manifest() && options.format.is_none() {
        return Err(Error::usage("is a manifest, which holds no points")
            .in_file(&input.name)
            .help("`verify` and `diff` hold it against a backup; `show` tells what it holds"));
    }
    let format = options.format.or(input.probe.format).ok_or_else(|| {
        Error::new(Kind::Unsupported, "its bytes are of no format that is known here")
            .in_file(&input.name)
            .help("`--format NAME` reads it as that format all the same")
    })?;
    let options = Arc::clone(read);
    Ok(Reading {
        codec: input.probe.codec,
        format,
        options,
        parts: Arc::default(),
        store_file: None,
        holds_points: true,
    })
}

/// The codec and the format of each input, as they will be read. Errors: one can't be.
pub(crate) fn recognise(
    inputs: &[Input],
    options: &Options,
) -> Result<Vec<(&'static str, &'static str)>, Error> {
    let read = Arc::new(options.read.clone());
    let named = |input| {
        let reading = reading(input, options, &read)?;
        indexed::check(input, &reading)?;
        Ok((reading.codec.name(), reading.format.name))
    };
    inputs.iter().map(named).collect()
}

impl Side {
    fn first_look(&self, inputs: &[Input], options: &Options) -> Vec<Task<Staged<FirstLook>>> {
        let total: u64 = inputs.iter().filter_map(|input| input.size).sum();
        let part_bytes = part_bytes(total, self.threads, options);
        let mut tasks = Vec::new();
        for (index, (input, reading)) in inputs.iter().zip(&self.readings).enumerate() {
            let index = self.first_input + index;
            let is_whole = options.file_digests.sha256 || self.shared.observer.is_some();
            let parts = match is_whole {
                true => vec![Part::WHOLE],
                false => reading.split(input.size, part_bytes),
            };
            for part in parts {
                let work = Staged::Planned(FirstLook {
                    reading: reading.clone(),
                    part,
                    input: u32::try_from(index).unwrap_or(u32::MAX),
                    is_stream: input.size.is_none(),
                    digests: options.file_digests,
                    strict: options.strict,
                    shared: Arc::clone(&self.shared),
                });
                tasks.push(Task { input: index, from: part.first_byte(), work });
            }
        }
        tasks
    }

    /// Joins the parts, in their order.
    fn join(
        self,
        source: &Source,
        tasks: Vec<Task<Staged<FirstLook>>>,
        options: &Options,
    ) -> Result<(Looked, Evidence), Error> {
        let file = |(input, reading): (&Input, &Reading)| FileLook {
            name: input.name.clone(),
            size_bytes: 0,
            codec: reading.codec.name(),
            format: reading.format.name,
            points_read: 0,
            blocks: FileBlocks::default(),
            is_protected: true,
        };
        let run = Run::default();
        let mut looked = Looked {
            leaves: Leaves { spill: Arc::clone(&self.shared.rows), run, depth: Depth::Hour },
            files: source.inputs.iter().zip(&self.readings).map(file).collect(),
            problems: Problems::default(),
            points_read: 0,
            filtered: 0,
            conflicts: Conflicts::default(),
            kept: Vec::new(),
            side: self,
        };
        let mut evidence = Evidence::default();
        let mut lines = (0, 0);
        for Task { input, work, .. } in tasks {
            let result = work.found().ok_or_else(unfed)?;
            if lines.0 != input {
                lines = (input, 0);
            }
            let index = input - looked.side.first_input;
            looked.problems.join(result.found.problems, index, lines.1);
            lines.1 += result.lines;
            looked.points_read += result.found.points_read;
            looked.filtered += result.found.filtered;
            evidence.rows.extend(result.found.rows);
            evidence.points.extend(result.found.points);
            if let Some(file) = looked.files.get_mut(index) {
                file.points_read += result.found.points_read;
                file.is_protected &= result.is_protected;
                file.size_bytes = file.size_bytes.max(result.end);
                file.blocks.blocks.extend(result.blocks.blocks);
                file.blocks.sha256 = file.blocks.sha256.or(result.blocks.sha256);
            }
        }
        for (file, input) in looked.files.iter_mut().zip(&source.inputs) {
            file.size_bytes = input.size.unwrap_or(file.size_bytes);
        }
        if options.strict
            && let Some(error) = looked.problems.strict_error(|index| name_of(source, index))
        {
            return Err(error);
        }
        Ok((looked, evidence))
    }

    /// Finds the points of these leaves once more.
    async fn look_again<H: Host>(&self, host: &H, mut wanted: Wanted) -> Result<Vec<Run>, Error> {
        let places = wanted.take_places();
        let wanted = Arc::new(wanted);
        let mut tasks = Vec::new();
        for (index, ranges) in places {
            let input = index as usize;
            let Some(reading) = self.readings.get(input - self.first_input) else { continue };
            for ranges in self.shares(reading, ranges) {
                let from = match reading.codec {
                    Codec::Plain => ranges.first().map_or(0, |(from, _)| *from),
                    _ => 0,
                };
                let work = Staged::Planned(SecondLook {
                    reading: reading.clone(),
                    input: index,
                    from,
                    ranges,
                    wanted: Arc::clone(&wanted),
                    shared: Arc::clone(&self.shared),
                });
                tasks.push(Task { input, from, work });
            }
        }
        let mut points = Vec::new();
        for task in host.read(tasks).await? {
            points.extend(task.work.found().ok_or_else(unfed)?.points);
        }
        self.shared.points.reduce::<Kept>(points)
    }

    /// The ranges of an input, cut into shares for tasks side by side.
    fn shares(&self, reading: &Reading, ranges: Vec<(u64, u64)>) -> Vec<Vec<(u64, u64)>> {
        if reading.codec != Codec::Plain {
            return vec![ranges];
        }
        let total: u64 = ranges.iter().map(|(from, to)| to - from).sum();
        let share_bytes = (total / self.threads as u64).max(LEAST_SHARE_BYTES);
        let mut shares = vec![Vec::new()];
        let mut bytes = 0;
        for (from, to) in ranges {
            if bytes >= share_bytes {
                shares.push(Vec::new());
                bytes = 0;
            }
            bytes += to - from;
            if let Some(share) = shares.last_mut() {
                share.push((from, to));
            }
        }
        shares
    }
}

/// Feeds one task after the other.
async fn one_by_one<H: Host, W: Work>(
    host: &H,
    tasks: Vec<Task<W>>,
) -> Result<Vec<Task<W>>, Error> {
    let mut done = Vec::new();
    for task in tasks {
        done.extend(host.read(vec![task]).await?);
    }
    Ok(done)
}

/// A host has to feed every task to its end.
fn unfed() -> Error {
    Error::new(Kind::Io, "a task was not fed to its end")
}

/// Bytes of a second look that are worth a task of their own.
const LEAST_SHARE_BYTES: u64 = 1 << 20;

impl Looked {
    /// Adds what was read of tables before their points were, and of files that are read as one.
    fn add_merged(
        &mut self,
        problems: Vec<(usize, Problem)>,
        merged: sink::Found,
        evidence: &mut Evidence,
    ) {
        problems.into_iter().for_each(|(input, problem)| self.problems.add_to(input, problem));
        self.problems.join(merged.problems, 0, 0);
        self.points_read += merged.points_read;
        self.filtered += merged.filtered;
        evidence.rows.extend(merged.rows);
        evidence.points.extend(merged.points);
    }

    /// Runs in which the points of these leaves stand, with points of others among them.
    pub(crate) async fn points_of<H: Host>(
        &self,
        host: &H,
        wanted: Wanted,
    ) -> Result<Vec<Run>, Error> {
        let mut runs = self.kept.clone();
        runs.extend(self.side.look_again(host, wanted).await?);
        self.side.shared.points.reduce::<Kept>(runs)
    }

    /// Where runs of points live.
    pub(crate) fn points_spill(&self) -> &Arc<Spill> {
        &self.side.shared.points
    }
}

/// The name of the input with this index.
pub(crate) fn name_of(source: &Source, index: usize) -> String {
    source.inputs.get(index).map(|input| input.name.clone()).unwrap_or_default()
}

/// Bytes of a part: as many parts as threads, unless they would be too small to be worth it.
fn part_bytes(total: u64, threads: usize, options: &Options) -> u64 {
    let least = Options::default().split_bytes;
    if options.split_bytes < least {
        return options.split_bytes.max(1);
    }
    let share = total.div_ceil(threads as u64).max(options.split_bytes);
    share.div_ceil(BLOCK_BYTES) * BLOCK_BYTES
}

impl Reading {
    /// The parts that an input is read in side by side.
    fn split(&self, size: Option<u64>, part_bytes: u64) -> Vec<Part> {
        let splits = matches!(self.format.access, Access::Stream { splits_at_lines: true, .. })
            && self.codec == Codec::Plain;
        let (cuts_lines, starts): (bool, Vec<u64>) = match size.filter(|size| *size > part_bytes) {
            Some(size) if splits => {
                (true, (0..size.div_ceil(part_bytes)).map(|index| index * part_bytes).collect())
            }
            Some(_) => (false, self.starts(part_bytes)),
            None => (false, vec![0]),
        };
        let ends = starts.iter().skip(1).copied().map(Some).chain([None]);
        let part = |(from, to): (&u64, Option<u64>)| Part { from: *from, to, cuts_lines };
        starts.iter().zip(ends).map(part).collect()
    }

    /// Where parts of an indexed file begin, the first at its start, none smaller than `part_bytes`.
    fn starts(&self, part_bytes: u64) -> Vec<u64> {
        let mut starts = vec![0];
        for part in self.parts.iter() {
            if starts.last().is_some_and(|last| part.range.start - last >= part_bytes) {
                starts.push(part.range.start);
            }
        }
        starts
    }
}
