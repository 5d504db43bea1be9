//! Sources of cells: which of their tables hold names, which points, and how row keys look.
//!
//! A table of UIDs is one that stands in the source itself, or the one that the user chose. The
//! points of a table are read once its names are known.

use std::{collections::BTreeMap, sync::Arc};

use tsdbproof_core::{Error, Kind, Position, Problem, ProblemKind};
use tsdbproof_formats::{
    Access, Cells, Limits, Names, NamesReader, Part, ReadOptions, Sample, Sampler, StoreFile,
    TableKind, Tables,
};

use super::intake::Reading;
use crate::{Flow, Host, Source, Task, Work};

/// What was found on the way to the points.
#[derive(Default)]
pub(super) struct Found {
    /// Problems of tables of UIDs, with the input's index.
    pub(super) problems: Vec<(usize, Problem)>,
    /// Store files whose rows overlap, by table: their cells have to be merged.
    pub(super) overlapping: Vec<Vec<usize>>,
}

/// An input of cells, as far as its beginning tells.
struct Input {
    index: usize,
    /// The folder of its table.
    table: String,
    sample: Sample,
}

/// Reads the tables of UIDs of a source, and fits its readings with what they need.
pub(super) async fn read_tables<H: Host>(
    host: &H,
    source: &Source,
    first_input: usize,
    readings: &mut [Reading],
) -> Result<Found, Error> {
    let inputs = sample_all(host, source, first_input, readings).await?;
    let mut found = Found::default();
    for (index, reading) in readings.iter().enumerate() {
        let problems = reading.store_file.iter().flat_map(StoreFile::problems);
        found.problems.extend(problems.map(|problem| (index, problem.clone())));
    }
    let (mut data, mut uids) = (Vec::new(), Vec::new());
    for input in inputs {
        let is_chosen = source.uids.as_ref().map(|uids| uids.contains(&input.index));
        match (input.sample.kind(), is_chosen) {
            (TableKind::Uids, Some(true) | None) => uids.push(input),
            // Damage may be all that a beginning shows: it is told by who reads the rest.
            (TableKind::Points | TableKind::Empty, Some(false) | None) => data.push(input),
            (kind, Some(true)) => return Err(no_names(source, input.index, &kind)),
            (kind, _) => {
                leave_out(readings, input.index);
                found.problems.push((input.index, no_points(&kind)));
            }
        }
    }
    uids.iter().for_each(|input| leave_out(readings, input.index));
    if data.iter().any(|input| input.sample.kind() == TableKind::Points) {
        check_choice(source, &data, &uids)?;
    }
    let (names, problems) = read_names(host, first_input, readings, &uids).await?;
    found.problems.extend(problems);
    let mut tables: BTreeMap<&str, Vec<&Input>> = BTreeMap::new();
    for input in &data {
        tables.entry(&input.table).or_default().push(input);
    }
    for inputs in tables.values() {
        fit(source, readings, inputs, &names)?;
        found.overlapping.extend(overlapping(readings, inputs));
    }
    Ok(found)
}

/// An input that holds no points.
fn leave_out(readings: &mut [Reading], index: usize) {
    if let Some(reading) = readings.get_mut(index) {
        reading.holds_points = false;
    }
}

/// A table that is neither of points nor of the names that are wanted.
fn no_points(kind: &TableKind) -> Problem {
    let what = match kind {
        TableKind::Other(families) => {
            format!("a table that holds no points, of families {families}")
        }
        _ => "a table of UIDs that is not the chosen one".to_owned(),
    };
    Problem { kind: ProblemKind::NotAPoint, at: Position::Byte(0), what: what + "; left out" }
}

fn name_of(source: &Source, index: usize) -> &str {
    source.inputs.get(index).map_or("", |input| &input.name)
}

fn no_names(source: &Source, index: usize, kind: &TableKind) -> Error {
    let what = match kind {
        TableKind::Points => "holds points, not names of UIDs".to_owned(),
        TableKind::Empty => "holds no cell".to_owned(),
        TableKind::Uids | TableKind::Other(_) => format!("holds no names of UIDs: {kind:?}"),
    };
    Error::usage(what)
        .in_file(name_of(source, index))
        .help("name a backup of the table tsdb-uid by --uids")
}

/// One table of UIDs has to be at hand.
fn check_choice(source: &Source, data: &[Input], uids: &[Input]) -> Result<(), Error> {
    let mut tables: Vec<&str> = uids.iter().map(|input| input.table.as_str()).collect();
    tables.dedup();
    tables.sort_unstable();
    tables.dedup();
    match tables.as_slice() {
        [] => {
            let name = data.first().map_or("", |input| name_of(source, input.index));
            Err(Error::new(
                Kind::Unsupported,
                "its rows name series by UIDs, and no table of UIDs stands beside it",
            )
            .in_file(name)
            .help("name a backup of the table tsdb-uid by --uids; diff has --uids-base and --uids-current"))
        }
        [_] => Ok(()),
        _ if source.uids.is_some() => Ok(()),
        [first, second, ..] => Err(Error::usage(format!(
            "there are several tables of UIDs here, {first} and {second} among them"
        ))
        .help("choose one by --uids; diff has --uids-base and --uids-current")),
    }
}

/// Row keys tell how wide their parts are; then cells can be read as points.
fn fit(
    source: &Source,
    readings: &mut [Reading],
    inputs: &[&Input],
    names: &Names,
) -> Result<(), Error> {
    let first = inputs.first().map_or(0, |input| input.index);
    let widths = readings.get(first).map(|reading| reading.options.key_widths);
    let keys = inputs.iter().flat_map(|input| input.sample.keys());
    let tables = Tables::new(names.clone(), widths.unwrap_or_default(), keys)
        .map_err(|error| error.in_file(name_of(source, first)))?;
    for input in inputs {
        let Some(reading) = readings.get_mut(input.index) else { continue };
        let options = ReadOptions { tables: Some(tables.clone()), ..(*reading.options).clone() };
        reading.options = Arc::new(options);
        if let Some(file) = &reading.store_file {
            reading.parts = Arc::new([part(file.clone(), tables.clone(), reading.options.limits)]);
        }
    }
    Ok(())
}

/// All cells of a store file, as one part: a row may go over any border.
fn part(file: StoreFile, tables: Tables, limits: Limits) -> Part {
    Part { range: file.range(), open: Arc::new(move |at| file.open(at).points(&tables, &limits)) }
}

/// All store files of a table, if the rows of any two overlap.
fn overlapping(readings: &[Reading], inputs: &[&Input]) -> Option<Vec<usize>> {
    let mut files = Vec::new();
    for input in inputs {
        let file = readings.get(input.index).and_then(|reading| reading.store_file.as_ref());
        if let (Some(file), Some(first)) = (file, input.sample.keys().next()) {
            files.push((first, file.last_row(), input.index));
        }
    }
    files.sort_unstable();
    let pairs = files.iter().zip(files.iter().skip(1));
    let overlap = |((_, last, _), (next, ..)): (&(_, Option<&[u8]>, _), &(&[u8], _, _))| {
        last.is_none_or(|last| *next <= last)
    };
    let any = pairs.into_iter().any(|(a, b)| overlap((a, b)));
    any.then(|| files.iter().map(|(.., index)| *index).collect())
}

/// The folder that all parts of a table lie in: of a store file the one above region and family.
fn table_of(name: &str, is_store_file: bool) -> String {
    let above = |name: &str| name.rsplit_once('/').map(|(folder, _)| folder.to_owned());
    let folder = above(name).unwrap_or_default();
    let table = above(&folder).filter(|_| is_store_file).and_then(|region| above(&region));
    table.unwrap_or(folder)
}

async fn sample_all<H: Host>(
    host: &H,
    source: &Source,
    first_input: usize,
    readings: &[Reading],
) -> Result<Vec<Input>, Error> {
    let mut tasks = Vec::new();
    for (index, reading) in readings.iter().enumerate() {
        if let Some((from, cells)) = cells(reading) {
            let unpack = reading.unpack();
            let work = Sampling { unpack, sampler: Some(cells.sample()), sample: None };
            tasks.push(Task { input: first_input + index, from, work });
        }
    }
    let mut inputs = Vec::new();
    for task in host.read(tasks).await? {
        let index = task.input - first_input;
        let is_store_file = readings.get(index).is_some_and(|it| it.store_file.is_some());
        let table = table_of(name_of(source, index), is_store_file);
        inputs.push(Input { index, table, sample: task.work.sample.unwrap_or_default() });
    }
    Ok(inputs)
}

/// The cells of an input, and where they begin, if it is a source of cells.
pub(super) fn cells(reading: &Reading) -> Option<(u64, Cells)> {
    match (&reading.format.access, &reading.store_file) {
        (Access::Cells { open }, _) => Some((0, open(&reading.options))),
        (_, Some(file)) => Some((file.range().start, file.open(0))),
        _ => None,
    }
}

type Unpack = Box<dyn tsdbproof_formats::decompress::Decompressor>;

struct Sampling {
    unpack: Unpack,
    sampler: Option<Sampler>,
    sample: Option<Sample>,
}

/// The bytes of a piece. Damage is told by who reads all of it.
fn bytes_of(piece: tsdbproof_formats::decompress::Piece<'_>) -> &[u8] {
    match piece {
        tsdbproof_formats::decompress::Piece::Bytes(bytes) => bytes,
        _ => &[],
    }
}

impl Work for Sampling {
    fn push(&mut self, bytes: &[u8]) -> Result<Flow, Error> {
        let Some(sampler) = &mut self.sampler else { return Ok(Flow::Enough) };
        let mut wants_more = true;
        self.unpack.push(bytes, &mut |piece| {
            if wants_more {
                wants_more = sampler.push(bytes_of(piece))?;
            }
            Ok(())
        })?;
        Ok(if wants_more { Flow::More } else { Flow::Enough })
    }

    fn finish(&mut self) -> Result<(), Error> {
        let Some(mut sampler) = self.sampler.take() else { return Ok(()) };
        // What is left of a small file comes out only now.
        self.unpack.finish(&mut |piece| sampler.push(bytes_of(piece)).map(drop))?;
        self.sample = Some(sampler.finish()?);
        Ok(())
    }
}

async fn read_names<H: Host>(
    host: &H,
    first_input: usize,
    readings: &[Reading],
    uids: &[Input],
) -> Result<(Names, Vec<(usize, Problem)>), Error> {
    let mut tasks = Vec::new();
    for Input { index, .. } in uids {
        let Some(reading) = readings.get(*index) else { continue };
        if let Some((from, cells)) = cells(reading) {
            let names = cells.names(*index, &reading.options.limits);
            let work = Naming { unpack: reading.unpack(), names, problems: Vec::new() };
            tasks.push(Task { input: first_input + index, from, work });
        }
    }
    let (mut readers, mut problems) = (Vec::new(), Vec::new());
    for Task { input, work, .. } in host.read(tasks).await? {
        problems.extend(work.problems.into_iter().map(|problem| (input - first_input, problem)));
        readers.push(work.names);
    }
    let (names, faults) = NamesReader::join(readers);
    problems.extend(faults);
    Ok((names, problems))
}

struct Naming {
    unpack: Unpack,
    names: NamesReader,
    problems: Vec<Problem>,
}

impl Naming {
    fn take(
        names: &mut NamesReader,
        problems: &mut Vec<Problem>,
        piece: tsdbproof_formats::decompress::Piece<'_>,
    ) -> Result<(), Error> {
        use tsdbproof_formats::decompress::Piece;
        match piece {
            Piece::Bytes(bytes) => names.push(bytes)?,
            Piece::Gap(problem) => {
                problems.push(problem);
                names.gap();
            }
            Piece::Problem(problem) => problems.push(problem),
        }
        Ok(())
    }
}

impl Work for Naming {
    fn push(&mut self, bytes: &[u8]) -> Result<Flow, Error> {
        let Naming { unpack, names, problems } = self;
        unpack.push(bytes, &mut |piece| Naming::take(names, problems, piece))?;
        Ok(Flow::More)
    }

    fn finish(&mut self) -> Result<(), Error> {
        let Naming { unpack, names, problems } = self;
        unpack.finish(&mut |piece| Naming::take(names, problems, piece))?;
        names.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_table_lie_in_its_folder() {
        assert_eq!(table_of("backup/main/part-m-00000", false), "backup/main");
        assert_eq!(table_of("part-m-00000", false), "");
        assert_eq!(table_of("data/default/tsdb/0a1b/t/77", true), "data/default/tsdb");
        assert_eq!(table_of("t/77", true), "t");
    }
}
