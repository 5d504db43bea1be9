//! Two sides, leaf by leaf: what differs, where, and why.
//!
//! Equal digests end the matter. Where both sides can show their points, the leaves that differ
//! are looked at once more, and the points themselves are compared.

use tsdbproof_core::{Error, Hour, Kind, Loss, Profile, Record, Series, digest::Depth};

use super::{
    kinds,
    lacking::Lacking,
    pairs::Pairs,
    reconcile::{Group, Lossy, Reconciled},
    sample::Sample as Drawn,
    stretch::{Sample, Stretch, emit},
    unnamed::Unnamed,
    unprinted::is_scan,
};
use crate::{
    Effort, Host, Options,
    look::{
        Conflicts, Kept, Leaves, Looked, Merge, Row, Run, SeriesHash, Wanted, next_instant,
        resolve, window_ms,
    },
    report::{Compared, ComparedMetric, Differences},
    unread::Gaps,
};

/// One side of a comparison.
pub(crate) struct Compare<'a> {
    pub(crate) leaves: Leaves,
    /// Where its points can be found, unless it is a manifest.
    pub(crate) looked: Option<&'a Looked>,
    /// Whether some of its series stand under stand-ins.
    pub(crate) has_unnamed: bool,
    /// What could not be read of it.
    pub(crate) unread: &'a Gaps,
    /// What of it is held against the other side, if not all.
    pub(crate) drawn: Option<&'a Drawn>,
    /// Whether a patch is made of both sides: then all points of hours that differ are looked for.
    pub(crate) for_patch: bool,
}

/// The points of both sides that were looked for, where both have points.
pub(super) type Found = Option<[Vec<Run>; 2]>;

/// Compares two sides at the depth that both reach.
pub(crate) async fn compare<H: Host>(
    host: &H,
    [base, current]: [Compare<'_>; 2],
    options: &Options,
    differences: &mut dyn Differences,
) -> Result<(Compared, Found), Error> {
    let depth = base.leaves.depth.min(current.leaves.depth);
    let leaves = [base.leaves.at_depth(depth)?, current.leaves.at_depth(depth)?];
    let unnamed =
        [Unnamed::of(&leaves[0], base.has_unnamed)?, Unnamed::of(&leaves[1], current.has_unnamed)?];
    let drawn = base.drawn.or(current.drawn);
    let for_patch = base.for_patch || current.for_patch;
    let unread = [base.unread, current.unread];
    let ends_early =
        options.effort == Effort::FirstDifference && unread.iter().all(|gaps| gaps.is_empty());
    let (mut points, mut found) = (None, None);
    if let (Some(base), Some(current)) = (base.looked, current.looked) {
        let mut first = None;
        let is_wanted = |series: &Series, rows: &[Option<Row>; 2], on_both| {
            let is_equal = are_equal(rows, options.profile);
            let is_done = is_equal && !kinds::differ(rows);
            let is_wanted =
                on_both && !is_done && !has_unnamed(rows) && is_drawn(drawn, series, rows);
            // What lost something on its way may come out equal.
            let is_sure = !is_equal && Lossy::of(rows).is_none();
            is_wanted && (!ends_early || is_first(&mut first, series, is_sure))
                || for_patch && !are_equal(rows, Profile::Exact)
        };
        let [of_base, of_current] = wanted(&leaves, is_wanted)?;
        let runs =
            [base.points_of(host, of_base).await?, current.points_of(host, of_current).await?];
        points = Some([open(base, &runs[0])?, open(current, &runs[1])?]);
        found = Some(runs).filter(|_| for_patch);
    }
    let compared = Compared { depth: depth.name(), ..Compared::default() };
    let by_hour = depth == Depth::Hour;
    let is_scan = [&base, &current].map(|side| by_hour && is_scan(side.looked));
    let lacking = Lacking::new(is_scan, [expiry(base.looked), expiry(current.looked)]);
    let comparison = Comparison {
        options,
        depth,
        unnamed,
        lacking,
        points,
        unread,
        drawn,
        compared,
        differences,
    };
    Ok((comparison.run(&leaves)?, found))
}

/// The instant before which a side shows no cell, if it says so.
fn expiry(looked: Option<&Looked>) -> u64 {
    let before_ms = looked.and_then(|looked| looked.expire_before_ms);
    before_ms.and_then(|ms| u64::try_from(ms).ok()).unwrap_or(0)
}

pub(super) fn open(looked: &Looked, runs: &[Run]) -> Result<Merge<Kept>, Error> {
    Merge::open(looked.points_spill(), runs)
}

/// The leaves of each side whose points are needed, by the rows of both and whether both have the series.
pub(super) fn wanted(
    leaves: &[Leaves; 2],
    mut is_wanted: impl FnMut(&Series, &[Option<Row>; 2], bool) -> bool,
) -> Result<[Wanted; 2], Error> {
    let mut wanted = [Wanted::new(), Wanted::new()];
    let mut pairs = Pairs::open(leaves)?;
    while let Some((series, on_both)) = pairs.next_series()? {
        let hash = SeriesHash::of(&series);
        while let Some(rows) = pairs.next()? {
            if !is_wanted(&series, &rows, on_both) {
                continue;
            }
            for (wanted, row) in wanted.iter_mut().zip(&rows) {
                if let Some(row) = row {
                    wanted.add(hash, row.hour, &row.place);
                }
            }
        }
    }
    Ok(wanted)
}

pub(super) fn are_equal(rows: &[Option<Row>; 2], profile: Profile) -> bool {
    match rows {
        [Some(base), Some(current)] => base.entry.node(profile) == current.entry.node(profile),
        _ => false,
    }
}

/// Whether a series is none behind the first that surely differs.
fn is_first(first: &mut Option<Series>, series: &Series, is_sure: bool) -> bool {
    match first {
        Some(first) => first == series,
        None => {
            *first = is_sure.then(|| series.clone());
            true
        }
    }
}

/// Whether these rows are held against each other.
fn is_drawn(drawn: Option<&Drawn>, series: &Series, rows: &[Option<Row>; 2]) -> bool {
    let hour = rows.iter().flatten().map(|row| row.hour).next();
    drawn.is_none_or(|drawn| hour.is_some_and(|hour| drawn.holds(&series.metric, hour)))
}

/// Whether nobody can tell of which series these are.
fn has_unnamed(rows: &[Option<Row>; 2]) -> bool {
    rows.iter().flatten().any(|row| row.losses.holds(Loss::UnnamedUids))
}

struct Comparison<'a> {
    options: &'a Options,
    depth: Depth,
    /// Series under stand-ins of each side.
    unnamed: [Unnamed; 2],
    lacking: Lacking,
    points: Option<[Merge<Kept>; 2]>,
    unread: [&'a Gaps; 2],
    drawn: Option<&'a Drawn>,
    compared: Compared,
    differences: &'a mut dyn Differences,
}

impl Comparison<'_> {
    fn run(mut self, leaves: &[Leaves; 2]) -> Result<Compared, Error> {
        let mut pairs = Pairs::open(leaves)?;
        let mut metric = None::<String>;
        let mut before = self.tally();
        let ends_early = self.options.effort == Effort::FirstDifference;
        while let Some((series, on_both)) = pairs.next_series()? {
            if ends_early && self.compared.counts.weight() > 0 {
                while pairs.next()?.is_some() {
                    self.compared.left_nodes += 1;
                }
                continue;
            }
            if metric.as_ref() != Some(&series.metric) {
                self.tell(metric.replace(series.metric.clone()), before);
                before = self.tally();
            }
            for merge in self.points.iter_mut().flatten() {
                merge.seek(&series)?;
            }
            self.series(&mut pairs, &series, on_both)?;
        }
        self.tell(metric, before);
        Ok(self.compared)
    }

    /// What was compared so far: nodes, equal ones, points of base and of current.
    fn tally(&self) -> [u64; 4] {
        let Compared { nodes, equal_nodes, base_points, current_points, .. } = self.compared;
        [nodes, equal_nodes, base_points, current_points]
    }

    /// Tells how a metric came out that began at this tally.
    fn tell(&mut self, metric: Option<String>, before: [u64; 4]) {
        let Some(metric) = metric else { return };
        let now = self.tally();
        let since = |index: usize| now[index] - before[index];
        let counts = self.compared.metrics.get(&metric).map(|it| it.counts).unwrap_or_default();
        self.differences.metric(&ComparedMetric {
            metric,
            nodes: since(0),
            equal_nodes: since(1),
            base_points: since(2),
            current_points: since(3),
            counts,
        });
    }

    fn series(&mut self, pairs: &mut Pairs, series: &Series, on_both: bool) -> Result<(), Error> {
        let mut stretches: Vec<Stretch> = Vec::new();
        let mut sample = Sample::default();
        let mut differs = false;
        let missing_before = self.compared.missing_series_points;
        let mut may_be = MayBe::default();
        let unread = self.unread;
        // Of a sample nobody knows what else the series has.
        let is_alone = !on_both && self.drawn.is_none();
        let gaps: Vec<_> = unread.iter().flat_map(|gaps| gaps.of(series, self.depth)).collect();
        while let Some(rows) = pairs.next()? {
            let Some(hour) = rows.iter().flatten().map(|row| row.hour).next() else { continue };
            let window_ms = window_ms(self.depth, hour);
            if !is_drawn(self.drawn, series, &rows) {
                self.compared.left_nodes += 1;
                continue;
            }
            if gaps.iter().any(|gap| gap.touches(window_ms)) {
                self.compared.unread_nodes += 1;
                continue;
            }
            let [base, current] = self.count(&rows);
            if has_unnamed(&rows) || !on_both && may_be.unnamed(&rows, series, &self.unnamed) {
                self.compared.lossy_nodes += 1;
                self.compared.unnamed_nodes += u64::from(!has_unnamed(&rows));
                continue;
            }
            let lossy = Lossy::of(&rows);
            let is_equal = are_equal(&rows, self.options.profile);
            if is_equal || lossy.is_some() && self.points.is_none() {
                self.count_undiffering(is_equal, lossy.is_some());
                self.note_kinds(series, &rows)?;
                continue;
            }
            let joins = |last: &&mut Stretch| is_alone || last.is_followed_by(window_ms);
            let stretch = match stretches.last_mut().filter(joins) {
                Some(last) => last,
                None => {
                    stretches.push(Stretch::new(
                        window_ms,
                        self.options.allowed.tolerance,
                        self.lacking,
                    ));
                    stretches.last_mut().ok_or_else(|| Error::usage("no stretch"))?
                }
            };
            stretch.extend(window_ms, base, current);
            let weight = stretch.counts.weight();
            self.compare_node((series, &rows), hour, on_both, (stretch, &mut sample))?;
            let is_explained = lossy.is_some() && stretch.counts.weight() == weight;
            self.compared.lossy_nodes += u64::from(is_explained);
            differs = true;
            if stretches.len() > STRETCHES {
                // The last may go on.
                let last = stretches.pop();
                self.emit(series, is_alone, std::mem::take(&mut stretches), &sample);
                stretches.extend(last);
            }
        }
        self.emit(series, is_alone, stretches, &sample);
        let is_missing = self.compared.missing_series_points > missing_before;
        self.compared.missing_series += u64::from(is_missing);
        if differs {
            self.compared.metrics.entry(series.metric.clone()).or_default().series += 1;
        }
        Ok(())
    }

    /// Counts a node; gives the points of each side.
    fn count(&mut self, rows: &[Option<Row>; 2]) -> [u64; 2] {
        let points = |row: &Option<Row>| row.as_ref().map_or(0, |row| row.entry.exact.points);
        let [base, current] = rows.each_ref().map(points);
        self.compared.nodes += 1;
        self.compared.base_points += base;
        self.compared.current_points += current;
        [base, current]
    }

    /// Notes numbers of another kind in an hour that is equal.
    fn note_kinds(&mut self, series: &Series, rows: &[Option<Row>; 2]) -> Result<(), Error> {
        let hour = rows.iter().flatten().map(|row| row.hour).next();
        let (Some(points), Some(hour)) = (&mut self.points, hour) else { return Ok(()) };
        if kinds::differ(rows) {
            let (mut stretch, mut sample) = (
                Stretch::new(None, self.options.allowed.tolerance, self.lacking),
                Sample::default(),
            );
            let notes = kinds::Notes { series, compared: &mut self.compared };
            let into = (&mut stretch, &mut sample, notes);
            check_found(rows, compare_points(points, hour, None, self.options, into)?)?;
        }
        Ok(())
    }

    /// Counts a node in which no difference can be told.
    fn count_undiffering(&mut self, is_equal: bool, is_lossy: bool) {
        match (is_equal, is_lossy) {
            (true, false) => self.compared.equal_nodes += 1,
            (_, _) => {
                self.compared.lossy_nodes += 1;
                self.compared.undecided_nodes += u64::from(!is_equal);
            }
        }
    }

    fn compare_node(
        &mut self,
        (series, rows): (&Series, &[Option<Row>; 2]),
        hour: Hour,
        on_both: bool,
        (stretch, sample): (&mut Stretch, &mut Sample),
    ) -> Result<(), Error> {
        let profile = self.options.profile;
        match (rows, &mut self.points) {
            (_, Some(points)) if on_both => {
                let notes = kinds::Notes { series, compared: &mut self.compared };
                let into = (stretch, sample, notes);
                let found = compare_points(points, hour, Lossy::of(rows), self.options, into)?;
                check_found(rows, found)?;
            }
            ([Some(base), Some(current)], _) => {
                let equal = |p| base.entry.node(p) == current.entry.node(p);
                stretch.counts.unresolved_nodes += 1;
                let points = base.entry.node(profile).points + current.entry.node(profile).points;
                self.compared.unresolved_points += points;
                stretch.counts.f32_equal_nodes +=
                    u64::from(profile == Profile::Exact && equal(Profile::F32));
            }
            _ => {
                let [missing, _] = stretch.only_on_one(rows, profile);
                // A node of depth metric does not tell how many series it stands for.
                if !on_both && self.drawn.is_none() && self.depth != Depth::Metric {
                    self.compared.missing_series_points += missing;
                }
            }
        }
        Ok(())
    }

    fn emit(
        &mut self,
        series: &Series,
        whole_series: bool,
        stretches: Vec<Stretch>,
        sample: &Sample,
    ) {
        for difference in emit(series, whole_series, stretches, sample) {
            self.compared.count(&difference);
            self.differences.difference(&difference);
        }
    }
}

/// Whether a series that one side has may stand under a stand-in on the other, once it is known.
#[derive(Default)]
struct MayBe(Option<bool>);

impl MayBe {
    fn unnamed(&mut self, rows: &[Option<Row>; 2], series: &Series, sides: &[Unnamed; 2]) -> bool {
        let [base, current] = sides;
        let other = if matches!(rows, [Some(_), _]) { current } else { base };
        *self.0.get_or_insert_with(|| other.may_hold(series))
    }
}

/// Stretches of one series that are held back until its end, where its pattern shows.
pub(super) const STRETCHES: usize = 4096;

/// A second look that finds other points than the first would hide or invent differences.
pub(super) fn check_found(rows: &[Option<Row>; 2], found: [u64; 2]) -> Result<(), Error> {
    let first = rows.each_ref().map(|row| row.as_ref().map_or(0, |row| row.entry.exact.points));
    if first == found {
        return Ok(());
    }
    Err(Error::new(
        Kind::Changed,
        format!("an hour held {first:?} points (base, current) and then, read again, {found:?}"),
    )
    .help("a source changes while it is read: take a copy of it and compare that"))
}

/// Compares the points of an hour; gives how many each side has.
fn compare_points(
    points: &mut [Merge<Kept>; 2],
    hour: Hour,
    lossy: Option<Lossy>,
    options: &Options,
    (stretch, sample, mut notes): (&mut Stretch, &mut Sample, kinds::Notes<'_>),
) -> Result<[u64; 2], Error> {
    let [base, current] = points;
    let mut sides = [Instants::open(base, hour, options)?, Instants::open(current, hour, options)?];
    if let Some(lossy) = lossy {
        return compare_lossy(sides, lossy, hour, (stretch, sample));
    }
    loop {
        let [base, current] = &mut sides;
        let offset = |side: &Instants<'_>| side.next.first().map(|record| record.offset_ms());
        match (offset(base), offset(current)) {
            (None, None) => return Ok([base.found, current.found]),
            (Some(a), b) if b.is_none_or(|b| a < b) => {
                stretch.only_in_base(hour, &base.take()?, sample);
            }
            (a, Some(b)) if a.is_none_or(|a| b < a) => {
                stretch.only_in_current(hour, &current.take()?, sample);
            }
            _ => {
                let (base, current) = (base.take()?, current.take()?);
                notes.take(hour, &base, &current);
                stretch.on_both(hour, &base, &current, sample);
            }
        }
    }
}

/// The same of an hour of which a side lost something.
fn compare_lossy(
    mut sides: [Instants<'_>; 2],
    lossy: Lossy,
    hour: Hour,
    (stretch, sample): (&mut Stretch, &mut Sample),
) -> Result<[u64; 2], Error> {
    let group_of = |record: &Record| record.offset_ms() / lossy.group_ms();
    loop {
        let next = sides.iter().filter_map(|side| side.next.first().map(group_of)).min();
        let Some(next) = next else { return Ok(sides.map(|side| side.found)) };
        let mut group = Group::default();
        for (index, side) in sides.iter_mut().enumerate() {
            while side.next.first().map(group_of) == Some(next) {
                group.add(index, &side.take()?);
            }
        }
        let Reconciled { left: [base, current], lost } = group.reconcile(lossy);
        stretch.lose(lost);
        stretch.differ(hour, &base, &current, sample);
    }
}

/// The distinct records of an hour, instant by instant, as the profile sees them.
pub(super) struct Instants<'a> {
    merge: &'a mut Merge<Kept>,
    hour: Hour,
    options: &'a Options,
    instant: Vec<Kept>,
    pub(super) next: Vec<Record>,
    /// Points so far, in the exact profile.
    pub(super) found: u64,
}

impl<'a> Instants<'a> {
    pub(super) fn open(
        merge: &'a mut Merge<Kept>,
        hour: Hour,
        options: &'a Options,
    ) -> Result<Self, Error> {
        let (instant, next) = (Vec::new(), Vec::new());
        let mut instants = Instants { merge, hour, options, instant, next, found: 0 };
        instants.take()?;
        Ok(instants)
    }

    /// The records that were next; reads those behind them.
    pub(super) fn take(&mut self) -> Result<Vec<Record>, Error> {
        next_instant(&mut [self.merge], self.hour, &mut self.instant)?;
        let duplicates = self.options.scope.duplicates;
        let mut records = resolve(&mut self.instant, duplicates, &mut Conflicts::default());
        self.found += records.len() as u64;
        if self.options.profile == Profile::F32 {
            records.iter_mut().for_each(|record| *record = record.to_f32());
            records.sort_unstable();
            Record::dedup(&mut records);
        }
        Ok(std::mem::replace(&mut self.next, records))
    }
}
