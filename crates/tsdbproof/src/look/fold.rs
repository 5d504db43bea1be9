//! From partial rows and kept points to one row for each leaf.
//!
//! A leaf with one row, or with rows of equal count and digest, is done: its points came in order,
//! and a leaf read twice holds what it held once. Any other leaf is decided by its points alone.

use std::sync::Arc;

use tsdbproof_core::{
    Error, HOUR_MS, Hour, Kinds, Losses, Record, Series,
    digest::{Entry, OpenHour},
    sort,
};

use super::{
    row::{Kept, Place, Row},
    runs::{Merge, Run, RunWriter, Spill},
    wanted::{SeriesHash, Wanted},
};
use crate::Duplicates;

/// What is known of the leaves of a side.
#[derive(Clone, Default)]
pub(crate) struct Evidence {
    /// Rows of leaf states that closed.
    pub(crate) rows: Vec<Run>,
    /// Points that never were in a leaf state.
    pub(crate) points: Vec<Run>,
    /// Points of a second look, which were in one.
    pub(crate) again: Vec<Run>,
}

/// The leaves, or what is still needed to know them.
pub(crate) struct Folded {
    /// A row for each leaf; complete if `wanted` is empty.
    pub(crate) leaves: Run,
    /// Leaves whose points a second look has to find.
    pub(crate) wanted: Wanted,
    pub(crate) conflicts: Conflicts,
}

/// Instants of a series with several values.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Conflicts {
    /// Instants with several values.
    pub(crate) instants: u64,
    /// Those whose writes stand in several inputs, so that none is the last.
    pub(crate) undecided: u64,
    /// Points that a later or earlier one replaced.
    pub(crate) replaced: u64,
}

struct Fold<'a> {
    spills: &'a (Arc<Spill>, Arc<Spill>),
    duplicates: Duplicates,
    /// Whether a second look was taken.
    has_again: bool,
    wanted: Wanted,
    conflicts: Conflicts,
    /// Room for the points of an instant, used again and again.
    instant: Vec<Kept>,
}

/// One row for each leaf, in the order of the tree. `spills` are those of rows and of points.
pub(crate) fn fold(
    spills: &(Arc<Spill>, Arc<Spill>),
    evidence: &Evidence,
    duplicates: Duplicates,
    has_again: bool,
) -> Result<Folded, Error> {
    let mut fold = Fold {
        spills,
        duplicates,
        has_again,
        wanted: Wanted::new(),
        conflicts: Conflicts::default(),
        instant: Vec::new(),
    };
    let leaves = fold.run(evidence)?;
    Ok(Folded { leaves, wanted: fold.wanted, conflicts: fold.conflicts })
}

impl Fold<'_> {
    fn run(&mut self, evidence: &Evidence) -> Result<Run, Error> {
        let mut rows = Merge::<Row>::open(&self.spills.0, &evidence.rows)?;
        let mut points = Merge::<Kept>::open(&self.spills.1, &evidence.points)?;
        let mut again = Merge::<Kept>::open(&self.spills.1, &evidence.again)?;
        let mut writer = RunWriter::new(&self.spills.0);
        while let Some(series) = earliest(rows.peek_series()?, points.peek_series()?) {
            rows.seek(&series)?;
            points.seek(&series)?;
            again.seek(&series)?;
            writer.series(&series);
            let hash = SeriesHash::of(&series);
            while let Some(hour) = earliest_hour(rows.peek(), points.peek()) {
                let Same { row, is_equal, places, losses } =
                    Same::take(&mut rows, hour, (hash, &mut self.wanted))?;
                let has_points = points.peek().is_some_and(|point| point.hour == hour);
                match row {
                    Some(row) if is_equal && !has_points => writer.push(&Row { losses, ..row })?,
                    // Losses make no leaf: none of its points is in scope.
                    None if !has_points => {}
                    Some(_) if !self.has_again => {
                        self.wanted.add(hash, hour, &places);
                        while points.peek().is_some_and(|point| point.hour == hour) {
                            points.next()?;
                        }
                    }
                    _ => {
                        let leaf = self.hash_points(&mut points, &mut again, hour)?;
                        writer.push(&Row { losses, ..leaf })?;
                    }
                }
            }
        }
        writer.finish()
    }

    fn hash_points(
        &mut self,
        points: &mut Merge<Kept>,
        again: &mut Merge<Kept>,
        hour: Hour,
    ) -> Result<Row, Error> {
        let mut merges = [points, again];
        let mut leaf = Leaf::new(hour);
        while next_instant(&mut merges, hour, &mut self.instant)? {
            match self.instant.as_slice() {
                [only] => leaf.push(&[only.record]),
                _ => leaf.push(&resolve(&mut self.instant, self.duplicates, &mut self.conflicts)),
            }
        }
        Ok(leaf.close())
    }
}

fn earliest(a: Option<&Series>, b: Option<&Series>) -> Option<Series> {
    a.into_iter().chain(b).min().cloned()
}

fn earliest_hour(row: Option<&Row>, point: Option<&Kept>) -> Option<Hour> {
    row.map(|row| row.hour).into_iter().chain(point.map(|point| point.hour)).min()
}

/// The rows of one leaf: what the first with points tells, and whether all tell the same.
struct Same {
    row: Option<Row>,
    is_equal: bool,
    places: Vec<Place>,
    losses: Losses,
}

impl Same {
    /// Places of a leaf that are kept until it is known whether they are wanted. A leaf with more is
    /// wanted: it opened so often that looking again costs less than remembering where.
    const PLACES: usize = 1024;

    fn take(
        rows: &mut Merge<Row>,
        hour: Hour,
        (hash, wanted): (SeriesHash, &mut Wanted),
    ) -> Result<Self, Error> {
        let losses = Losses::default();
        let mut same = Same { row: None, is_equal: true, places: Vec::new(), losses };
        while rows.peek().is_some_and(|row| row.hour == hour) {
            let Some(row) = rows.next()? else { break };
            same.losses.join(row.losses);
            if row.is_of_losses() {
                continue;
            }
            same.places.extend(row.place);
            let equals = same.row.as_ref().is_none_or(|first| tell_the_same(first, &row));
            same.is_equal &= equals && !row.is_dirty && same.places.len() <= Self::PLACES;
            if same.places.len() > Self::PLACES {
                wanted.add(hash, hour, &same.places);
                same.places.clear();
            }
            let kinds = row.kinds;
            let first = same.row.get_or_insert(row);
            first.kinds = first.kinds.and(kinds);
        }
        Ok(same)
    }
}

/// Whether two rows are of the same points; where kinds are known, of the same kinds too.
fn tell_the_same(a: &Row, b: &Row) -> bool {
    let same_kinds = a.kinds.zip(b.kinds).is_none_or(|(a, b)| a == b);
    a.entry == b.entry && same_kinds
}

/// Goes to the next instant of this hour, past points of earlier hours, and puts all its points into
/// `instant`; gives whether there is one.
pub(crate) fn next_instant(
    merges: &mut [&mut Merge<Kept>],
    hour: Hour,
    instant: &mut Vec<Kept>,
) -> Result<bool, Error> {
    instant.clear();
    let mut next = None::<u32>;
    for merge in merges.iter_mut() {
        while merge.peek().is_some_and(|point| point.hour < hour) {
            merge.next()?;
        }
        let offset = merge.peek().filter(|p| p.hour == hour).map(|p| p.record.offset_ms());
        next = next.into_iter().chain(offset).min();
    }
    let Some(offset_ms) = next else { return Ok(false) };
    for merge in merges {
        let first = instant.len();
        while merge.peek().is_some_and(|p| p.hour == hour && p.record.offset_ms() == offset_ms) {
            let Some(point) = merge.next()? else { break };
            // Of the same point in the same input, the first and the last place are enough.
            let copies = |p: &Kept| (p.record, p.input) == (point.record, point.input);
            let mut point = point;
            if instant.iter().skip(first).rev().take(2).filter(|p| copies(p)).count() == 2
                && let Some(between) = instant.pop()
            {
                point.record.join_kind(between.record);
            }
            instant.push(point);
        }
    }
    Ok(true)
}

/// The distinct records that stand at an instant, sorted.
pub(crate) fn resolve(
    instant: &mut [Kept],
    duplicates: Duplicates,
    conflicts: &mut Conflicts,
) -> Vec<Record> {
    sort::all(instant);
    let mut records: Vec<Record> = instant.iter().map(|point| point.record).collect();
    Record::dedup(&mut records);
    if records.len() < 2 {
        return records;
    }
    conflicts.instants += 1;
    let one_input = instant.windows(2).all(|two| matches!(two, [a, b] if a.input == b.input));
    let stands = match duplicates {
        Duplicates::Keep => return records,
        Duplicates::Last => instant.iter().max_by_key(|point| point.at),
        Duplicates::First => instant.iter().min_by_key(|point| point.at),
    };
    match stands {
        Some(point) if one_input => {
            conflicts.replaced += records.len() as u64 - 1;
            vec![point.record]
        }
        _ => {
            conflicts.undecided += 1;
            records
        }
    }
}

/// A leaf made from its points.
pub(crate) struct Leaf {
    hour: Hour,
    state: OpenHour,
    kinds: Kinds,
    offsets: Option<(u32, u32)>,
}

impl Leaf {
    pub(crate) fn new(hour: Hour) -> Self {
        Leaf { hour, state: OpenHour::default(), kinds: Kinds::default(), offsets: None }
    }

    pub(super) fn hour(&self) -> Hour {
        self.hour
    }

    /// Takes the distinct records of the next instant, ascending.
    pub(crate) fn push(&mut self, records: &[Record]) {
        self.state.push_instant(records);
        records.iter().for_each(|record| self.kinds.add(*record));
        if let Some(record) = records.first() {
            let offset = record.offset_ms();
            self.offsets = Some((self.offsets.map_or(offset, |(first, _)| first), offset));
        }
    }

    pub(crate) fn close(self) -> Row {
        let (exact, f32) = self.state.close();
        let time = |offset| u64::from(self.hour) * HOUR_MS + u64::from(offset);
        let (first, last) = self.offsets.unwrap_or_default();
        let entry = Entry { exact, f32, first_ms: time(first), last_ms: time(last) };
        let losses = Losses::default();
        let kinds = self.kinds.sum();
        Row { hour: self.hour, entry, is_dirty: false, place: None, losses, kinds }
    }
}
