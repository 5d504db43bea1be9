//! Where a reader's points go: into open hours as long as they come in order, else into runs.
//!
//! A leaf is fixed by series and hour, so for a series in time order hardly a point is kept: an open
//! hash state is enough. When the hour changes, the state closes and leaves as a [`Row`]. A point out of
//! order makes the row dirty; a leaf that opens again, here or in another part, leaves two rows,
//! which the fold notices. Input in no order at all would leave a row for each point: then points
//! are kept instead, and go through the same sorted runs. A loss leaves as a row without points.

mod leaving;

use std::{
    hash::BuildHasher,
    ops::Range,
    sync::{Arc, Mutex, PoisonError},
};

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use tsdbproof_core::{Error, HOUR_MS, Hour, Loss, Losses, Point, Problem, Series, Tags};
use tsdbproof_formats::{PointSink, RowSummary, SeriesId, has_stand_in};

use leaving::kept_record;

use super::{
    arrivals::Arrivals,
    asked::Asked,
    disorder::Disorder,
    keeping::{InMemory, Keeping},
    open_leaf::OpenLeaf,
    order::Order,
    problems::Problems,
    ranks::Ranks,
    row::Row,
    runs::{Run, Spill},
    wanted::{SeriesHash, Wanted},
    watch::Watch,
};
use crate::{Flow, Scope, Told, Unread, unread::Beside};

/// What all sinks of a side share.
pub(crate) struct Shared {
    pub(crate) scope: Scope,
    /// Times behind it whose points are counted.
    pub(crate) unsettled: Option<Range<u64>>,
    /// Runs of rows: little stays in memory, whatever is allowed.
    pub(crate) rows: Arc<Spill>,
    /// Runs of points.
    pub(crate) points: Arc<Spill>,
    /// Bytes that one sink with its reader may take.
    pub(crate) sink_bytes: usize,
    /// Whether every point is kept.
    pub(crate) keeps_points: bool,
    /// Who ends a look at a server at the first difference.
    pub(crate) watch: Option<Arc<Mutex<Watch>>>,
    /// Who sees all points as they come.
    pub(crate) observer: Option<Arc<Mutex<dyn Observer>>>,
}

/// Sees the points of a side in the order of the files, and in which they stand in them.
pub(crate) trait Observer: Send {
    /// Points of a series in scope; `at` are the unpacked bytes of this input that hold them.
    fn points(&mut self, series: &Series, points: &[Point], input: u32, at: &Range<u64>);
}

/// Which points a sink keeps.
pub(crate) enum Keep {
    /// Those that come in no order.
    Unordered,
    /// All: they can't be read a second time.
    All,
    /// Those of these leaves.
    Wanted(Arc<Wanted>),
}

/// What a sink gives when its input is over.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) rows: Vec<Run>,
    pub(crate) points: Vec<Run>,
    pub(crate) problems: Problems,
    /// Points in scope, with repeats.
    pub(crate) points_read: u64,
    /// Points out of scope.
    pub(crate) filtered: u64,
    /// Points that are in scope but for their time, which is too new.
    pub(crate) unsettled: u64,
    /// What was met in all rows, of a data table.
    pub(crate) met: Option<RowSummary>,
    /// What was said of a live input beside its bytes.
    pub(crate) beside: Beside,
}

/// The sink of one part of one input.
pub(crate) struct Sink {
    shared: Arc<Shared>,
    input: u32,
    /// Whether the input tells integers from floats.
    keeps_kind: bool,
    keep: Keep,
    keeps_points: bool,
    /// A hash of the names, and the id.
    ids: HashTable<(u32, u32)>,
    hasher: RandomState,
    names: Vec<Series>,
    slots: Vec<Slot>,
    name_bytes: usize,
    rows: Vec<(u32, Row)>,
    kept: Keeping,
    /// The first points, until they show whether points come in order.
    arrivals: Option<Arrivals>,
    ranks: Option<Ranks>,
    disorder: Disorder,
    /// Leaves were closed before they were complete, for their memory.
    has_cut: bool,
    order: Order,
    found: Found,
    /// What the bytes answer for, if they are a server's.
    asked: Option<Asked>,
    /// The first thing in them that was not asked for.
    lie: Option<Error>,
}

/// A series, but for its names: what each of its points meets.
struct Slot {
    open: Option<Box<OpenLeaf>>,
    hash: SeriesHash,
    in_scope: bool,
    /// It stands under a stand-in, which is a loss of all its hours.
    is_unnamed: bool,
    /// The last hour whose loss was told.
    unnamed: Option<Hour>,
}

/// Bytes of a series beside its names: its slot, its open leaf, its place in the tables.
const SLOT_BYTES: usize = 550;
/// Rows that are collected before they leave as a run: 3 MiB.
const ROWS: usize = 16 << 10;

impl Sink {
    pub(crate) fn new(shared: &Arc<Shared>, input: u32, keep: Keep) -> Self {
        Sink {
            shared: Arc::clone(shared),
            input,
            keeps_kind: true,
            keeps_points: !matches!(keep, Keep::Unordered),
            arrivals: matches!(keep, Keep::Unordered).then(Arrivals::default),
            keep,
            ids: HashTable::new(),
            hasher: RandomState::default(),
            names: Vec::new(),
            slots: Vec::new(),
            name_bytes: 0,
            rows: Vec::new(),
            kept: Keeping::default(),
            ranks: None,
            disorder: Disorder::default(),
            has_cut: false,
            order: Order::default(),
            found: Found::default(),
            asked: None,
            lie: None,
        }
    }

    /// Takes what is said beside the bytes of a live input.
    pub(crate) fn tell(&mut self, told: Told) -> Result<Flow, Error> {
        match told {
            Told::Answer { metric, from_ms, to_ms } => {
                self.asked = Some(Asked { metric, from_ms, to_ms });
            }
            Told::Came { metric, times_ms } => return self.watch(&metric, Some(times_ms)),
            Told::Ended(metric) => return self.watch(&metric, None),
            Told::Unread(gap) => self.found.beside.unread.add(gap),
            Told::Note(note) => self.found.beside.notes.push(note),
        }
        Ok(Flow::More)
    }

    /// Holds what came against the other side, if that may end the look: of metrics up to this one, or of
    /// these times of it.
    fn watch(&mut self, metric: &str, times_ms: Option<Range<u64>>) -> Result<Flow, Error> {
        let Some(watch) = self.shared.watch.clone() else { return Ok(Flow::More) };
        let mut watch = watch.lock().unwrap_or_else(PoisonError::into_inner);
        if !watch.is_worth_it(times_ms, self.found.points_read) {
            return Ok(Flow::More);
        }
        self.flush_all()?;
        let Found { rows, points, beside, points_read, .. } = &self.found;
        match watch.differs(metric, [rows, points], &beside.unread, *points_read)? {
            true => Ok(Flow::Enough),
            false => Ok(Flow::More),
        }
    }

    /// OpenTSDB stores what is not Latin-1 as `?`, and takes no `?` itself: nobody knows which series,
    /// or how many, such a name stands for.
    fn lose_name(&mut self, series: &Series) {
        if self.asked.is_some()
            && (series.metric.contains('?') || series.tags.as_str().contains('?'))
        {
            self.found.beside.unread.add(Unread::of_lost_name(series));
        }
    }

    /// Holds what comes against what was asked for.
    fn hold(&mut self, check: impl FnOnce(&Asked) -> Result<(), Error>) {
        if let (Some(asked), None) = (&self.asked, &self.lie) {
            self.lie = check(asked).err();
        }
    }

    /// The same of an input that tells integers from floats, or does not.
    pub(crate) fn telling_kinds(self, keeps_kind: bool) -> Self {
        Sink { keeps_kind, ..self }
    }

    /// Keeps memory within its bound; called between pieces. Gives whether every id is void now.
    pub(crate) fn relieve(&mut self, reader_bytes: usize) -> Result<bool, Error> {
        if let Some(lie) = self.lie.take() {
            return Err(lie);
        }
        if !self.keeps_points && self.disorder.is_high() {
            self.close_all();
            self.keeps_points = true;
        }
        let tables = self.slots.len() * SLOT_BYTES + self.name_bytes + reader_bytes;
        if tables + self.kept.memory_bytes() > self.shared.sink_bytes {
            self.has_cut = true;
            self.flush_all()?;
            (self.names, self.slots) = (Vec::new(), Vec::new());
            self.ids = HashTable::new();
            self.name_bytes = 0;
            return Ok(true);
        } else if self.kept.is_full(self.slots.len(), self.shared.sink_bytes) {
            self.flush_points()?;
        } else if self.rows.len() > ROWS {
            self.flush_rows()?;
        }
        Ok(false)
    }

    /// The input is over.
    pub(crate) fn finish(mut self) -> Result<Found, Error> {
        if let Some(lie) = self.lie.take() {
            return Err(lie);
        }
        self.flush_all()?;
        Ok(self.found)
    }

    /// Points in scope so far, with repeats.
    pub(crate) fn points_read(&self) -> u64 {
        self.found.points_read
    }

    /// Whether damage was found so far.
    pub(crate) fn has_damage(&self) -> bool {
        self.found.problems.has_damage()
    }

    /// Takes what was held back, as its order tells.
    fn settle(&mut self) {
        let Some(arrivals) = self.arrivals.take() else { return };
        self.keeps_points |= arrivals.are_unordered();
        arrivals.for_each(|series, points, first, at| self.put(series, points, first, at));
    }

    fn keep_points(&mut self, id: u32, points: &[Point], first: u64) {
        let Some(slot) = self.slots.get(id as usize) else { return };
        for (at, point) in (first..).zip(points) {
            let hour = point.hour();
            let wanted = match &self.keep {
                Keep::Wanted(wanted) => wanted.holds(slot.hash, hour),
                Keep::All | Keep::Unordered => true,
            };
            if wanted {
                let record = kept_record(point.record(), self.keeps_kind);
                self.kept.push(InMemory { series: id, hour, record, at });
            }
        }
    }

    fn hash_points(&mut self, id: u32, points: &[Point], mut first: u64, at: &Range<u64>) {
        let Some(slot) = self.slots.get_mut(id as usize) else { return };
        let mut rest = points;
        while let Some(point) = rest.first() {
            let hour = point.hour();
            let start_ms = u64::from(hour) * HOUR_MS;
            let hours = start_ms..start_ms + HOUR_MS;
            let end = rest.iter().position(|point| !hours.contains(&point.timestamp_ms));
            let (same, later) = rest.split_at(end.unwrap_or(rest.len()));
            match &mut slot.open {
                Some(leaf) if leaf.hour == hour => leaf.push(same, at),
                open => {
                    let mut leaf = OpenLeaf::new(*point, first, at.clone());
                    leaf.push(same, at);
                    if let Some(full) = open.replace(leaf) {
                        self.disorder.close(&full);
                        self.rows.push((id, full.close(self.input, self.keeps_kind)));
                    }
                }
            }
            first += same.len() as u64;
            rest = later;
        }
        self.disorder.points += points.len() as u64;
    }

    /// Tells of a series under a stand-in that its hours are lost.
    fn lose_unnamed(&mut self, id: u32, points: &[Point]) {
        for point in points {
            let hour = point.hour();
            let slot = self.slots.get_mut(id as usize);
            if slot.is_some_and(|slot| slot.unnamed.replace(hour) != Some(hour)) {
                self.loss(SeriesId(id), hour, Loss::UnnamedUids);
            }
        }
    }

    fn take(&mut self, id: u32, points: &[Point], at: Range<u64>) {
        self.found.points_read += points.len() as u64;
        if self.slots.get(id as usize).is_some_and(|slot| slot.is_unnamed) {
            self.lose_unnamed(id, points);
        }
        if let (Some(observer), Some(series)) = (&self.shared.observer, self.names.get(id as usize))
        {
            let mut observer = observer.lock().unwrap_or_else(PoisonError::into_inner);
            observer.points(series, points, self.input, &at);
        }
        let first = self.order.take(at.start, points.len());
        let Some(arrivals) = &mut self.arrivals else { return self.put(id, points, first, &at) };
        if arrivals.push(id, points, first, at) {
            self.settle();
        }
    }

    fn put(&mut self, id: u32, points: &[Point], first: u64, at: &Range<u64>) {
        if self.keeps_points {
            self.keep_points(id, points, first);
        } else {
            self.hash_points(id, points, first, at);
        }
    }
}

/// The hash that the table of ids looks at, which wants its high bits too. Only the half of it is kept:
/// to hash a million names again for each growth of the table would fetch all of them.
fn spread(hash: u32) -> u64 {
    u64::from(hash).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

impl PointSink for Sink {
    fn series(&mut self, metric: &str, tags: &Tags) -> SeriesId {
        self.hold(|asked| asked.check_metric(metric));
        let hash = self.hasher.hash_one((metric, tags.as_str())) as u32;
        let same = |(known, id): &(u32, u32)| {
            let series = || self.names.get(*id as usize);
            *known == hash && series().is_some_and(|it| it.metric == metric && it.tags == *tags)
        };
        if let Some((_, id)) = self.ids.find(spread(hash), same) {
            return SeriesId(*id);
        }
        let series = Series { metric: metric.to_owned(), tags: tags.clone() };
        let id = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        self.ids.insert_unique(spread(hash), (hash, id), |(hash, _)| spread(*hash));
        self.name_bytes += metric.len() + tags.as_str().len();
        let in_scope = self.shared.scope.holds_series(&series);
        self.lose_name(&series);
        let hash = SeriesHash::of(&series);
        let is_unnamed = has_stand_in(&series);
        self.names.push(series);
        self.slots.push(Slot { open: None, hash, in_scope, is_unnamed, unnamed: None });
        SeriesId(id)
    }

    fn points(&mut self, series: SeriesId, points: &[Point], at: Range<u64>) {
        self.hold(|asked| asked.check_times(points));
        let slot = self.slots.get(series.0 as usize);
        if !slot.is_some_and(|slot| slot.in_scope) {
            self.found.filtered += points.len() as u64;
        } else if self.shared.scope.has_window() {
            let scope = &self.shared.scope;
            let inside: Vec<Point> =
                points.iter().copied().filter(|p| scope.holds_point(*p)).collect();
            let unsettled = self.shared.unsettled.as_ref().map_or(0, |times| {
                points.iter().filter(|point| times.contains(&point.timestamp_ms)).count()
            });
            self.found.unsettled += unsettled as u64;
            self.found.filtered += (points.len() - inside.len() - unsettled) as u64;
            self.take(series.0, &inside, at);
        } else {
            self.take(series.0, points, at);
        }
    }

    fn loss(&mut self, series: SeriesId, hour: Hour, loss: Loss) {
        let slot = self.slots.get(series.0 as usize);
        // A second look finds what the first told.
        let is_first = !matches!(self.keep, Keep::Wanted(_));
        if is_first && slot.is_some_and(|slot| slot.in_scope) {
            let mut losses = Losses::default();
            losses.add(loss);
            self.rows.push((series.0, Row::of_losses(hour, losses)));
        }
    }

    fn problem(&mut self, problem: Problem) {
        self.found.problems.add(problem);
    }

    fn rows(&mut self, rows: RowSummary) {
        if !matches!(self.keep, Keep::Wanted(_)) {
            self.found.met.get_or_insert_default().join(rows);
        }
    }
}
