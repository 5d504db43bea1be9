//! Whether what came of a server so far differs from the other side: then nothing more need come.
//!
//! Only what is sure counts: a node that lost something on its way, or touches a gap, is passed over,
//! for the comparison has more to say of it. Within a metric that are nodes whose times came at once;
//! at its end it is every node.

use std::{ops::Range, sync::Arc};

use tsdbproof_core::{Error, Profile, Series, digest::Depth};

use super::{
    fold::{Evidence, fold},
    leaves::{Leaves, window_ms},
    row::{Kept, Row},
    runs::{Merge, Run, Spill},
};
use crate::{Duplicates, Options, unread::Gaps};

/// Points that make a comparison worth its work.
const POINTS: u64 = 10_000;
/// Of all points that came, the part that does within a metric: comparisons of it begin anew each time.
const PART: u64 = 32;

/// The other side, from the first series on that was not looked at.
pub(crate) struct Watch {
    other: Leaves,
    rows: Merge<Row>,
    /// Gaps of the other side, and those that are known before.
    gaps: Gaps,
    profile: Profile,
    duplicates: Duplicates,
    /// Of the side that is looked at: of rows, and of points.
    spills: Option<(Arc<Spill>, Arc<Spill>)>,
    /// What was looked at metric by metric.
    done: Done,
    /// What was looked at, also within a metric.
    done_within: Done,
    /// Times of a metric that came since.
    times_ms: Vec<Range<u64>>,
}

/// Runs of rows and of points that were looked at, and how many points they hold.
#[derive(Clone, Copy, Default)]
struct Done {
    runs: [usize; 2],
    points: u64,
}

impl Watch {
    /// Nothing came yet.
    pub(crate) fn new(other: &Leaves, gaps: Gaps, options: &Options) -> Result<Self, Error> {
        Ok(Watch {
            other: other.clone(),
            rows: other.rows()?,
            gaps,
            profile: options.profile,
            duplicates: options.scope.duplicates,
            spills: None,
            done: Done::default(),
            done_within: Done::default(),
            times_ms: Vec::new(),
        })
    }

    /// The same, for what goes to these runs.
    pub(super) fn on(self, spills: &(Arc<Spill>, Arc<Spill>)) -> Self {
        Watch { spills: Some(spills.clone()), ..self }
    }

    /// Whether enough points came since the last time. `times_ms` came of a metric now; `None`: it is over.
    pub(super) fn is_worth_it(&mut self, times_ms: Option<Range<u64>>, points: u64) -> bool {
        let Some(times_ms) = times_ms else {
            self.times_ms.clear();
            return points >= self.done.points + POINTS;
        };
        if window_ms(self.other.depth, 0).is_none() {
            return false;
        }
        self.times_ms.push(times_ms);
        points >= self.done_within.points + POINTS.max(points / PART)
    }

    /// Whether anything up to this metric surely differs; while it is not over, of its times that came since
    /// the last time. `runs` are all of rows and of points.
    pub(super) fn differs(
        &mut self,
        metric: &str,
        runs: [&[Run]; 2],
        gaps: &Gaps,
        points: u64,
    ) -> Result<bool, Error> {
        let times_ms = std::mem::take(&mut self.times_ms);
        let is_over = times_ms.is_empty();
        let done = if is_over { self.done } else { self.done_within };
        let Some(mut found) = self.nodes(done, runs)? else { return Ok(false) };
        self.done_within = Done { runs: runs.map(<[Run]>::len), points };
        let (depth, profile) = (self.other.depth, self.profile);
        let looking = Looking { gaps: [gaps, &self.gaps], times_ms, depth, profile };
        if is_over {
            self.done = self.done_within;
            return looking.differs(metric, &mut found, &mut self.rows);
        }
        let mut rows = self.other.rows()?;
        let first = Series { metric: metric.to_owned(), ..Series::default() };
        found.seek(&first)?;
        rows.seek(&first)?;
        looking.differs(metric, &mut found, &mut rows)
    }

    /// The nodes of what came since.
    fn nodes(&self, done: Done, runs: [&[Run]; 2]) -> Result<Option<Merge<Row>>, Error> {
        let Some(spills) = &self.spills else { return Ok(None) };
        let [rows, points] =
            [0, 1].map(|kind| runs[kind].get(done.runs[kind]..).unwrap_or_default().to_vec());
        let rows = spills.0.reduce::<Row>(rows)?;
        let points = spills.1.reduce::<Kept>(points)?;
        let evidence = Evidence { rows, points, again: Vec::new() };
        let run = fold(spills, &evidence, self.duplicates, false)?.leaves;
        let leaves = Leaves { spill: Arc::clone(&spills.0), run, depth: Depth::Hour };
        leaves.at_depth(self.other.depth)?.rows().map(Some)
    }
}

/// What is looked at.
struct Looking<'a> {
    /// Of the side that is looked at, and of the other.
    gaps: [&'a Gaps; 2],
    /// Times that came; without any, all did.
    times_ms: Vec<Range<u64>>,
    depth: Depth,
    profile: Profile,
}

impl Looking<'_> {
    /// Whether a series up to the last of this metric differs, from where both sides are on.
    fn differs(
        &self,
        metric: &str,
        found: &mut Merge<Row>,
        other: &mut Merge<Row>,
    ) -> Result<bool, Error> {
        loop {
            let next = found.peek_series()?.into_iter().chain(other.peek_series()?).min();
            let Some(series) = next.filter(|it| it.metric.as_str() <= metric).cloned() else {
                return Ok(false);
            };
            found.seek(&series)?;
            other.seek(&series)?;
            if self.series_differs(&series, found, other)? {
                return Ok(true);
            }
        }
    }

    fn series_differs(
        &self,
        series: &Series,
        found: &mut Merge<Row>,
        other: &mut Merge<Row>,
    ) -> Result<bool, Error> {
        let gaps = self.gaps.map(|gaps| gaps.of(series, self.depth));
        loop {
            let hours = [found.peek(), other.peek()];
            let Some(hour) = hours.into_iter().flatten().map(|row| row.hour).min() else {
                return Ok(false);
            };
            let take = |merge: &mut Merge<Row>| match merge.peek() {
                Some(row) if row.hour == hour => merge.next(),
                _ => Ok(None),
            };
            let rows = [take(found)?, take(other)?];
            let node_ms = window_ms(self.depth, hour);
            let has_gap = gaps.iter().flatten().any(|gap| gap.touches(node_ms));
            let is_lossy = rows.iter().flatten().any(|row| !row.losses.is_empty());
            let nodes =
                rows.each_ref().map(|row| row.as_ref().map(|row| row.entry.node(self.profile)));
            if nodes[0] != nodes[1] && !has_gap && !is_lossy && self.came(node_ms) {
                return Ok(true);
            }
        }
    }

    /// Whether all of a node came at once.
    fn came(&self, node_ms: Option<(u64, u64)>) -> bool {
        let holds = |times: &Range<u64>| {
            node_ms.is_some_and(|(from, to)| times.start <= from && to <= times.end)
        };
        self.times_ms.is_empty() || self.times_ms.iter().any(holds)
    }
}
