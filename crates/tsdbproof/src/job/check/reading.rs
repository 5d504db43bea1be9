//! What depends on the order in which points stand in files that `tsdb import` reads as they are.
//!
//! A series takes some 80 bytes here, however many points it has, and keeps them until the end;
//! what is noticed goes into sorted runs.

use std::{collections::HashMap, ops::Range, sync::Arc};

use tsdbproof_core::{Error, Hour, Point, Record, Series};
use tsdbproof_formats::name_fault;

use super::import::{Fate, Importer};
use crate::{
    Options, Source,
    look::{Item, Merge, Observer, Run, RunWriter, Spill, Window},
};

/// The format of such files.
const IMPORT_TEXT: &str = "import-text";
/// Noticed points that are held before they go to a run.
const HELD: usize = 1 << 14;

/// What was noticed of a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(super) enum Notice {
    /// It stands behind a later one.
    OutOfOrder,
    /// `tsdb import` refuses it.
    Refused,
    /// `tsdb import` narrows it.
    Narrowed,
}

/// A point that was noticed, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Noticed {
    pub(super) notice: Notice,
    pub(super) hour: Hour,
    pub(super) record: Record,
    /// The latest time before it: in its file, or of what `tsdb import` stored.
    pub(super) last_ms: u64,
    pub(super) input: u32,
    pub(super) byte: u64,
}

impl Item for Noticed {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.notice as u8);
        out.extend_from_slice(&self.hour.to_le_bytes());
        out.extend_from_slice(&self.record.to_bytes());
        out.extend_from_slice(&self.last_ms.to_le_bytes());
        out.extend_from_slice(&self.input.to_le_bytes());
        out.extend_from_slice(&self.byte.to_le_bytes());
    }

    fn decode(input: &mut Window) -> Result<Self, Error> {
        let [notice] = input.array()?;
        let notices = [Notice::OutOfOrder, Notice::Refused, Notice::Narrowed];
        let notice = notices.into_iter().find(|it| *it as u8 == notice);
        Ok(Noticed {
            notice: notice.unwrap_or(Notice::Refused),
            hour: u32::from_le_bytes(input.array()?),
            record: Record::from_bytes(input.array()?),
            last_ms: u64::from_le_bytes(input.array()?),
            input: u32::from_le_bytes(input.array()?),
            byte: u64::from_le_bytes(input.array()?),
        })
    }
}

/// A series, as far as its order goes.
#[derive(Default)]
struct InOrder {
    /// OpenTSDB refuses its name.
    is_refused: bool,
    importer: Importer,
    /// The input that was read last, and the latest time in it.
    latest: Option<(u32, u64)>,
}

/// Sees points as they stand in the files.
pub(super) struct Reading {
    /// Whether order counts, by input.
    counts: Vec<bool>,
    series: HashMap<[u8; 16], InOrder>,
    held: Vec<(Series, Noticed)>,
    spill: Arc<Spill>,
    runs: Vec<Run>,
    failed: Option<Error>,
}

impl Reading {
    pub(super) fn new(source: &Source, options: &Options, spill: Arc<Spill>) -> Self {
        let format = |input: &crate::Input| options.format.or(input.probe.format);
        let is_text = |input| format(input).is_some_and(|format| format.name == IMPORT_TEXT);
        Reading {
            counts: source.inputs.iter().map(is_text).collect(),
            series: HashMap::new(),
            held: Vec::new(),
            spill,
            runs: Vec::new(),
            failed: None,
        }
    }

    /// Whether the order of any input counts.
    pub(super) fn is_needed(&self) -> bool {
        self.counts.contains(&true)
    }

    /// Whether `tsdb import` reads this input as it is.
    pub(super) fn counts(&self, input: u32) -> bool {
        self.counts.get(input as usize).copied().unwrap_or(false)
    }

    /// What was noticed, series by series.
    pub(super) fn noticed(&mut self) -> Result<Merge<Noticed>, Error> {
        self.flush()?;
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        self.runs = self.spill.reduce::<Noticed>(std::mem::take(&mut self.runs))?;
        Merge::open(&self.spill, &self.runs)
    }

    fn flush(&mut self) -> Result<(), Error> {
        if self.held.is_empty() {
            return Ok(());
        }
        self.held.sort_unstable();
        let mut writer = RunWriter::new(&self.spill);
        for same in self.held.chunk_by(|a, b| a.0 == b.0) {
            if let Some((series, _)) = same.first() {
                writer.series(series);
            }
            same.iter().try_for_each(|(_, noticed)| writer.push(noticed))?;
        }
        self.runs.push(writer.finish()?);
        self.held.clear();
        Ok(())
    }
}

/// A name in few bytes; two names with the same are not to be found.
fn key(series: &Series) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(series.metric.as_bytes()).update(&[0]).update(series.tags.as_str().as_bytes());
    let mut key = [0; 16];
    hasher.finalize_xof().fill(&mut key);
    key
}

impl InOrder {
    /// What is to be noticed of the next point, with the latest time before it.
    fn take(&mut self, point: Point, input: u32) -> [Option<(Notice, u64)>; 2] {
        let latest_ms = self.latest.filter(|latest| latest.0 == input).map(|(_, ms)| ms);
        let late = latest_ms.filter(|latest| point.timestamp_ms < *latest);
        self.latest = Some((input, latest_ms.unwrap_or(0).max(point.timestamp_ms)));
        let last_ms = self.importer.last_ms().unwrap_or(0);
        let fate = if self.is_refused { Fate::BadName } else { self.importer.take(point) };
        let import = match fate {
            Fate::Stored => None,
            Fate::Narrowed(_) => Some((Notice::Narrowed, last_ms)),
            Fate::BadName | Fate::NotLater | Fate::TooLarge | Fate::TimeZero => {
                Some((Notice::Refused, last_ms))
            }
        };
        [late.map(|latest_ms| (Notice::OutOfOrder, latest_ms)), import]
    }
}

impl Observer for Reading {
    fn points(&mut self, series: &Series, points: &[Point], input: u32, at: &Range<u64>) {
        if !self.counts(input) || self.failed.is_some() {
            return;
        }
        let state = self.series.entry(key(series)).or_insert_with(|| {
            let is_refused = name_fault(series).is_some_and(|fault| !fault.is_taken());
            InOrder { is_refused, ..InOrder::default() }
        });
        for point in points {
            for (notice, last_ms) in state.take(*point, input).into_iter().flatten() {
                let (hour, record) = (point.hour(), point.record());
                let noticed = Noticed { notice, hour, record, last_ms, input, byte: at.start };
                self.held.push((series.clone(), noticed));
            }
        }
        if self.held.len() > HELD {
            self.failed = self.flush().err();
        }
    }
}
