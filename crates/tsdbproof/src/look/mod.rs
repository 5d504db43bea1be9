//! From the inputs of a side to its leaves: a first look at everything, a second at what came out
//! of order.
//!
//! | file | what |
//! | --- | --- |
//! | `ahead` | unpacking on a thread of its own |
//! | `intake` | the work that a host feeds: bytes → decompressor → reader → sink |
//! | `reading` | how each input is read |
//! | `sums` | side files with the sums of the files beside them |
//! | `snapshots` | which files a snapshot names |
//! | `indexed` | files whose end says where their parts lie |
//! | `remote` | parts that are looked at by another process |
//! | `tables`, `sampling`, `naming` | sources of cells: what their tables are for, names of UIDs first |
//! | `overlap`, `cells` | store files whose rows overlap, read as one |
//! | `refused` | files that can't be read, while others are |
//! | `asked` | what is asked of a server, and whether its answer holds to it |
//! | `sink`, `open_leaf`, `disorder` | points into open hours, or into runs; `sink/leaving` writes them |
//! | `arrivals` | whether points come in order, by the first of them |
//! | `ranks` | series of a sink in the order of the tree |
//! | `keeping` | points that come in no order, sorted into a run |
//! | `runs`, `row` | sorted runs in memory or scratch space, and what stands in them |
//! | `fold` | partial rows and kept points into one row for each leaf |
//! | `in_order` | the roots of points that come in the order of the tree |
//! | `watch` | whether what came of a server differs already |
//! | `wanted` | which leaves to look at again, and where |
//! | `walk` | all points once more, sorted, where a look kept them |
//! | `manner` | how a side is looked at, beyond its digests |
//! | `met` | what was met in the rows of data tables |
//! | `leaves` | the finished rows, folded up to the roots |

mod ahead;
mod arrivals;
mod asked;
mod by_time;
mod cells;
mod digests;
mod disorder;
mod fold;
mod in_order;
mod indexed;
mod intake;
mod keeping;
mod leaves;
mod manner;
mod met;
mod naming;
mod open_leaf;
mod order;
mod overlap;
mod problems;
mod ranks;
mod reading;
mod refused;
mod remote;
mod row;
mod runs;
mod sampling;
mod sink;
mod snapshots;
mod staged;
mod sums;
mod tables;
mod walk;
mod wanted;
mod watch;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use tsdbproof_core::{Error, Kind, Problem, digest::Depth};
use tsdbproof_formats::decompress::Codec;

pub use ahead::{Hand, Made};
pub(crate) use digests::{BLOCK_BYTES, FileBlocks};
pub(crate) use fold::{Conflicts, Leaf, next_instant, resolve};
pub(crate) use in_order::InOrder;
pub(crate) use leaves::{Leaves, Survey, series_at, window_ms};
pub(crate) use manner::Manner;
pub(crate) use met::Met;
pub(crate) use problems::Problems;
pub use remote::{Helped, help};
pub(crate) use row::{Kept, Row};
pub(crate) use runs::{Item, Merge, Run, RunWriter, Spill, Window};
pub(crate) use walk::{Instant, Walk};
pub(crate) use wanted::{SeriesHash, Wanted};
pub(crate) use watch::Watch;

use asked::{seek, unsettled};
use cells::{MergedFound, read_merged};
use fold::{Evidence, fold};
use indexed::read_indexes;
use intake::{FirstLook, SecondLook};
pub(crate) use reading::recognise;
use reading::{Holds, Part, Reading, part_bytes, readings};
pub(crate) use sink::Observer;
use sink::Shared;
use snapshots::read_snapshots;
use staged::Staged;
use sums::{Looking, find_sums};
use tables::read_tables;

use crate::{
    Host, Input, Options, Sought, Source, Task,
    report::{NotRead, SnapshotRead},
    unread::Beside,
};

/// What a first and a second look at a side gave.
pub(crate) struct Looked {
    pub(crate) leaves: Leaves,
    pub(crate) files: Vec<FileLook>,
    pub(crate) problems: Problems,
    pub(crate) points_read: u64,
    pub(crate) filtered: u64,
    /// Points that may still be written.
    pub(crate) unsettled: u64,
    pub(crate) conflicts: Conflicts,
    /// The snapshots that said what is read.
    pub(crate) snapshots: Vec<SnapshotRead>,
    /// What could not be read, beside what the host could not open.
    pub(crate) not_read: Vec<NotRead>,
    /// Cells written before this instant are not shown, where a table says so.
    pub(crate) expire_before_ms: Option<i64>,
    /// What was met in the rows of data tables, if there are any.
    pub(crate) met: Option<Met>,
    /// What was said of live inputs beside their bytes.
    pub(crate) beside: Beside,
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
    /// Whether it decides about points though it holds none, or they were read before.
    pub(crate) decides: bool,
    /// Whether it is a file of the source, and not one that stands beside.
    is_of_source: bool,
}

impl FileLook {
    /// An input before it is looked at.
    fn new((input, reading): (&Input, &Reading)) -> Self {
        FileLook {
            name: input.name.clone(),
            size_bytes: 0,
            codec: reading.codec.name(),
            format: reading.format.name,
            points_read: 0,
            blocks: FileBlocks::default(),
            is_protected: true,
            is_of_source: reading.holds != Holds::NoFile,
            decides: matches!(reading.holds, Holds::ReadBefore { .. } | Holds::Snapshot),
        }
    }
}

/// What is read before the first look: what says how the rest is read, and files that are read as one.
#[derive(Default)]
struct Before {
    snapshots: Vec<SnapshotRead>,
    not_read: Vec<NotRead>,
    /// With the input's index.
    problems: Vec<(usize, Problem)>,
    merged: MergedFound,
    expire_before_ms: Option<i64>,
}

impl Before {
    async fn read<H: Host>(
        host: &H,
        source: &Source,
        first_input: usize,
        options: &Options,
        readings: &mut [Reading],
        shared: &Arc<Shared>,
    ) -> Result<Self, Error> {
        let now_ms = options.now_ms.map(|ms| i64::try_from(ms).unwrap_or(i64::MAX));
        find_sums(&source.inputs, readings);
        let snapshots = read_snapshots(host, source, first_input, now_ms, readings).await?;
        let ends = read_indexes(host, &source.inputs, first_input, readings).await?;
        let side = tables::Side { source, first_input, now_ms, shared };
        let tables = read_tables(host, &side, readings).await?;
        let merged = read_merged(host, &side, readings, &tables.merged).await?;
        let problems = [snapshots.problems, ends.problems, tables.problems];
        Ok(Before {
            snapshots: snapshots.read,
            not_read: snapshots.not_read.into_iter().chain(ends.not_read).collect(),
            problems: problems.into_iter().flatten().collect(),
            merged,
            expire_before_ms: tables.expire_before_ms,
        })
    }
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

/// As [`look`], in a manner.
pub(crate) async fn look_as<H: Host>(
    host: &H,
    source: &Source,
    first_input: usize,
    options: &Options,
    manner: Manner,
) -> Result<Looked, Error> {
    if let Some(patch) = source.inputs.iter().find(|input| input.is_patch()) {
        return Err(Error::usage("a patch holds changes, and no points of its own")
            .in_file(&patch.name)
            .help("`tsdbproof apply BASE PATCH -o FILE` makes the points of it"));
    }
    let spills = spills(host, options.memory_bytes)?;
    let threads = host.threads().max(1);
    let sink_bytes = options.memory_bytes / 2 / threads as u64;
    let Manner { known, is_sample, .. } = manner;
    let sought = Sought { scope: options.scope.clone(), known, is_sample };
    seek(host, source, first_input, sought)?;
    // Of one server among several nobody knows what is missing.
    let watch = manner.watch.filter(|_| source.inputs.len() == 1);
    let shared = Arc::new(Shared {
        scope: options.settled(),
        unsettled: unsettled(options),
        rows: Arc::clone(&spills.0),
        points: Arc::clone(&spills.1),
        sink_bytes: usize::try_from(sink_bytes).unwrap_or(usize::MAX),
        keeps_points: manner.keeps_points,
        watch: watch.map(|watch| Arc::new(Mutex::new(watch.on(&spills)))),
        observer: manner.observer,
    });
    let mut readings = readings(&source.inputs, options)?;
    let before = Before::read(host, source, first_input, options, &mut readings, &shared).await?;
    let in_order = shared.observer.is_some();
    let side = Side { shared, readings, first_input, threads };
    let tasks = side.first_look(&source.inputs, options);
    let looking = Looking { inputs: &source.inputs, first_input, in_order };
    let tasks = looking.feed(host, tasks).await?;
    let mut looked = side.join(source, tasks, options, before)?;
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

impl Side {
    /// The indices of what is read for points in a first look.
    fn holders(&self) -> impl Iterator<Item = usize> {
        let holds = |reading: &Reading| matches!(reading.holds, Holds::Points | Holds::Others(_));
        let readings = self.readings.iter().enumerate();
        readings.filter(move |(_, reading)| holds(reading)).map(|(index, _)| index)
    }

    fn first_look(&self, inputs: &[Input], options: &Options) -> Vec<Task<FirstLook>> {
        let total: u64 = inputs.iter().filter_map(|input| input.size).sum();
        let part_bytes = part_bytes(total, self.threads, options);
        let mut tasks = Vec::new();
        let has_others = self.holders().count() > 1;
        for (index, (input, reading)) in inputs.iter().zip(&self.readings).enumerate() {
            let index = self.first_input + index;
            if reading.holds == Holds::NoFile {
                continue;
            }
            let in_order = options.file_digests.sha256 || self.shared.observer.is_some();
            let is_whole = in_order || reading.sums.is_some();
            let parts = match is_whole {
                true => vec![Part::WHOLE],
                false => reading.split(input.size, part_bytes),
            };
            for part in parts {
                let work = FirstLook {
                    reading: reading.clone(),
                    part,
                    input: u32::try_from(index).unwrap_or(u32::MAX),
                    is_stream: input.size.is_none(),
                    digests: asked::digests(input, options),
                    strict: options.strict,
                    has_others,
                    sums: None,
                    shared: Arc::clone(&self.shared),
                };
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
        before: Before,
    ) -> Result<(Looked, Evidence), Error> {
        let run = Run::default();
        let mut looked = Looked {
            leaves: Leaves { spill: Arc::clone(&self.shared.rows), run, depth: Depth::Hour },
            files: source.inputs.iter().zip(&self.readings).map(FileLook::new).collect(),
            problems: Problems::default(),
            points_read: 0,
            filtered: 0,
            unsettled: 0,
            conflicts: Conflicts::default(),
            snapshots: before.snapshots,
            not_read: before.not_read,
            expire_before_ms: before.expire_before_ms,
            met: None,
            beside: Beside::default(),
            kept: Vec::new(),
            side: self,
        };
        let (mut evidence, mut lines) = (Evidence::default(), (0, 0));
        let mut refused = BTreeMap::new();
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
            looked.unsettled += result.found.unsettled;
            evidence.rows.extend(result.found.rows);
            evidence.points.extend(result.found.points);
            if let Some(error) = result.refused {
                // Parts of a file may all say the same.
                refused.entry(index).or_insert(error);
            }
            looked.add_met(source, index, result.found.met);
            looked.beside.join(result.found.beside);
            if let Some(file) = looked.files.get_mut(index) {
                file.points_read += result.found.points_read;
                file.is_protected &= looked.side.readings.get(index).is_none_or(|reading| {
                    reading.is_protected(result.is_protected, result.has_sums)
                });
                file.size_bytes = file.size_bytes.max(result.end);
                file.blocks.blocks.extend(result.blocks.blocks);
                file.blocks.sha256 = file.blocks.sha256.or(result.blocks.sha256);
            }
        }
        for (file, input) in looked.files.iter_mut().zip(&source.inputs) {
            file.size_bytes = input.size.unwrap_or(file.size_bytes);
        }
        let problems = before.problems.into_iter();
        problems.for_each(|(input, problem)| looked.problems.add_to(input, problem));
        looked.add_merged(source, before.merged, &mut evidence);
        looked.pass_over(refused, source)?;
        looked.files.retain(|file| file.is_of_source);
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

/// A host has to feed every task to its end.
fn unfed() -> Error {
    Error::new(Kind::Io, "a task was not fed to its end")
}

/// Bytes of a second look that are worth a task of their own.
const LEAST_SHARE_BYTES: u64 = 1 << 20;

impl Looked {
    /// Adds what was found in files that were read as one.
    fn add_merged(&mut self, source: &Source, merged: MergedFound, evidence: &mut Evidence) {
        let MergedFound { found, points, met, problems } = merged;
        met.into_iter().for_each(|(index, met)| self.add_met(source, index, Some(met)));
        self.problems.join_all(problems);
        self.points_read += found.points_read;
        self.filtered += found.filtered;
        self.unsettled += found.unsettled;
        for (index, points) in points {
            if let Some(file) = self.files.get_mut(index) {
                file.points_read += points;
            }
        }
        evidence.rows.extend(found.rows);
        evidence.points.extend(found.points);
    }
}

/// The name of the input with this index.
pub(crate) fn name_of(source: &Source, index: usize) -> String {
    source.inputs.get(index).map(|input| input.name.clone()).unwrap_or_default()
}
