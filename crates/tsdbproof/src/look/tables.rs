//! Sources of cells: which of their tables hold names, which points, and how row keys look.
//!
//! A table of UIDs is one that stands in the source itself, or the one that the user chose. The
//! points of a table are read once its names are known.

use std::{collections::BTreeMap, sync::Arc};

use tsdbproof_core::{Error, Kind, Position, Problem, ProblemKind, sort};
use tsdbproof_formats::{
    Access, Cells, Limits, Names, Part, ReadOptions, Sample, StoreFile, TableKind, TableRules,
    Tables,
};

use super::{
    naming::read_names,
    overlap::{self, Placed},
    reading::{Holds, Reading},
    sampling::sample_all,
    sink::Shared,
};
use crate::{Host, Source};

/// What was found on the way to the points.
#[derive(Default)]
pub(super) struct Found {
    /// With the input's index.
    pub(super) problems: Vec<(usize, Problem)>,
    /// Store files whose cells have to be merged.
    pub(super) merged: Vec<Merged>,
    /// Cells written before this instant are not shown, where a table says so, by the latest of them.
    pub(super) expire_before_ms: Option<i64>,
}

/// Store files of a table whose rows overlap.
pub(super) struct Merged {
    pub(super) files: Vec<Placed>,
    pub(super) tables: Tables,
}

/// An input of cells, as far as its beginning tells; of a store file, a use of it.
pub(super) struct Input {
    pub(super) index: usize,
    /// Which use of it.
    pub(super) use_index: usize,
    /// Its table, as messages name it.
    pub(super) table: String,
    pub(super) sample: Sample,
}

/// The sources of cells among the inputs of a side.
pub(super) struct Side<'a> {
    pub(super) source: &'a Source,
    pub(super) first_input: usize,
    /// When times to live are counted to, whatever a snapshot says.
    pub(super) now_ms: Option<i64>,
    pub(super) shared: &'a Arc<Shared>,
}

/// Reads the tables of UIDs of a source, and fits its readings with what they need.
pub(super) async fn read_tables<H: Host>(
    host: &H,
    side: &Side<'_>,
    readings: &mut [Reading],
) -> Result<Found, Error> {
    let source = side.source;
    let inputs = sample_all(host, source, side.first_input, readings).await?;
    let mut found = Found::default();
    for (index, reading) in readings.iter().enumerate() {
        let files = reading.uses.first().map(|it| it.file.problems()).unwrap_or_default();
        found.problems.extend(files.iter().map(|problem| (index, problem.clone())));
    }
    found.problems.extend(overlap::strays(&inputs, readings));
    if !inputs.is_empty() {
        found.problems.extend(empty_files(source, readings));
    }
    let (mut data, mut uids) = (Vec::new(), Vec::new());
    for input in inputs {
        let is_chosen = source.uids.as_ref().map(|uids| uids.contains(&input.index));
        match (input.sample.kind(), is_chosen) {
            (TableKind::Uids, Some(true) | None) => uids.push(input),
            // Damage may be all that a beginning shows: it is told by who reads the rest.
            (TableKind::Points | TableKind::Empty, Some(false) | None) => data.push(input),
            (kind, Some(true)) => return Err(no_names(source, input.index, &kind)),
            (TableKind::Other(kind), _) => count(&kind, readings, input.index),
            (TableKind::Uids, _) => found.problems.push(leave_out(readings, input.index)),
        }
    }
    if data.iter().any(|input| input.sample.kind() == TableKind::Points) {
        check_choice(source, &data, &uids)?;
    }
    let (names, problems) = read_names(host, side, readings, &uids).await?;
    found.problems.extend(problems);
    let mut tables: BTreeMap<&str, Vec<&Input>> = BTreeMap::new();
    for input in &data {
        tables.entry(&input.table).or_default().push(input);
    }
    for inputs in tables.values() {
        let rules = rules_of(readings, inputs, side.now_ms);
        found.expire_before_ms = found.expire_before_ms.max(rules.expire_before_ms());
        let tables = fit(source, readings, inputs, &names, rules)?;
        let merged = overlap::groups(inputs.iter().copied(), readings).into_iter();
        found.merged.extend(merged.map(|files| Merged { files, tables: tables.clone() }));
    }
    Ok(found)
}

/// Files without a byte among those of HBase, each of which has a header or a trailer at least.
fn empty_files(source: &Source, readings: &[Reading]) -> Vec<(usize, Problem)> {
    let inputs = source.inputs.iter().zip(readings).enumerate();
    let empty =
        inputs.filter(|(_, (input, it))| input.size == Some(0) && it.holds == Holds::Points);
    let problem = |(index, _)| {
        let what = "an empty file among those of HBase, none of which is empty".to_owned();
        (index, Problem { kind: ProblemKind::Cut, at: Position::Byte(0), what })
    };
    empty.map(problem).collect()
}

/// Cells of an input that are no points are counted.
fn count(kind: &str, readings: &mut [Reading], index: usize) {
    let Some(reading) = readings.get_mut(index) else { return };
    let what: Arc<str> = format!("a table that holds no points: {kind}").into();
    if let Some(file) = reading.uses.first().map(|it| it.file.clone()) {
        let what = Arc::clone(&what);
        let range = file.range();
        let open = move |at| file.open(at).count(&what);
        reading.parts = Arc::new([Part { range, open: Arc::new(open) }]);
    }
    reading.holds = Holds::Others(what);
}

/// A table of UIDs beside the one that was chosen.
fn leave_out(readings: &mut [Reading], index: usize) -> (usize, Problem) {
    if let Some(reading) = readings.get_mut(index) {
        reading.holds = Holds::ReadBefore { is_protected: true };
    }
    let what = "a table of UIDs that is not the chosen one; left out".to_owned();
    (index, Problem { kind: ProblemKind::NotAPoint, at: Position::Byte(0), what })
}

/// What a scan of a table shows.
fn rules_of(readings: &[Reading], inputs: &[&Input], now_ms: Option<i64>) -> TableRules {
    let uses = inputs.iter().filter_map(|input| {
        readings.get(input.index).and_then(|reading| reading.uses.get(input.use_index))
    });
    let planned = uses.filter_map(|it| it.planned.as_ref()).map(|planned| planned.rules).next();
    planned.unwrap_or_else(|| TableRules::at(now_ms))
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
    sort::all(&mut tables);
    tables.dedup();
    match tables.as_slice() {
        [] => {
            let name = data.first().map_or("", |input| name_of(source, input.index));
            Err(Error::new(
                Kind::Unsupported,
                "its rows name series by UIDs, and no table of UIDs stands beside it",
            )
            .in_file(name)
            .help("give a backup of the table tsdb-uid along with it, or by --uids; diff has --uids-base and --uids-current"))
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
    rules: TableRules,
) -> Result<Tables, Error> {
    let first = inputs.first().map_or(0, |input| input.index);
    let widths = readings.get(first).map(|reading| reading.options.key_widths);
    let keys = inputs.iter().flat_map(|input| input.sample.keys());
    let tables = Tables::new(names.clone(), widths.unwrap_or_default(), keys)
        .map_err(|error| error.in_file(name_of(source, first)))?
        .with_rules(rules);
    for input in inputs {
        let Some(reading) = readings.get_mut(input.index) else { continue };
        let options = ReadOptions { tables: Some(tables.clone()), ..(*reading.options).clone() };
        reading.options = Arc::new(options);
        if let Some(used) = reading.uses.get(input.use_index) {
            let part = part(used.file.clone(), tables.clone(), reading.options.limits);
            reading.parts = Arc::new([part]);
        }
    }
    Ok(tables)
}

/// All cells of a store file, as one part: a row may go over any border.
fn part(file: StoreFile, tables: Tables, limits: Limits) -> Part {
    Part { range: file.range(), open: Arc::new(move |at| file.open(at).points(&tables, &limits)) }
}

/// The cells of an input, and where they begin, if it is a source of cells.
pub(super) fn cells(reading: &Reading, use_index: usize) -> Option<(u64, Cells)> {
    match (&reading.format.access, reading.uses.get(use_index)) {
        _ if reading.holds != Holds::Points => None,
        (_, Some(used)) => Some((used.file.range().start, used.file.open(0))),
        (Access::Cells { open }, None) if use_index == 0 => Some((0, open(&reading.options))),
        _ => None,
    }
}
