//! Whether what came of a server so far differs from the other side: then nothing more need come.
//!
//! Only what is sure counts: a node that lost something on its way, or touches a gap, is passed over,
//! for the comparison has more to say of it.

use std::sync::Arc;

use tsdbproof_core::{Error, Profile, Series, digest::Depth};

use super::{
    fold::{Evidence, fold},
    leaves::{Leaves, window_ms},
    row::Row,
    runs::{Merge, Run, Spill},
};
use crate::{Duplicates, Options, unread::Gaps};

/// Points that make a comparison worth its work.
const POINTS: u64 = 10_000;

/// The other side, from the first series on that was not looked at.
pub(crate) struct Watch {
    rows: Merge<Row>,
    depth: Depth,
    /// Gaps of the other side, and those that are known before.
    gaps: Gaps,
    profile: Profile,
    duplicates: Duplicates,
    /// Of the side that is looked at: of rows, and of points.
    spills: Option<(Arc<Spill>, Arc<Spill>)>,
    /// Runs that were looked at, and points.
    done: [usize; 2],
    done_points: u64,
}

impl Watch {
    /// Nothing came yet.
    pub(crate) fn new(other: &Leaves, gaps: Gaps, options: &Options) -> Result<Self, Error> {
        Ok(Watch {
            rows: other.rows()?,
            depth: other.depth,
            gaps,
            profile: options.profile,
            duplicates: options.scope.duplicates,
            spills: None,
            done: [0; 2],
            done_points: 0,
        })
    }

    /// The same, for what goes to these runs.
    pub(super) fn on(self, spills: &(Arc<Spill>, Arc<Spill>)) -> Self {
        Watch { spills: Some(spills.clone()), ..self }
    }

    /// Whether enough came since the last time.
    pub(super) fn is_worth_it(&self, points: u64) -> bool {
        points >= self.done_points + POINTS
    }

    /// Whether anything up to this metric surely differs. `runs` are all of rows and of points.
    pub(super) fn differs(
        &mut self,
        metric: &str,
        runs: [&[Run]; 2],
        gaps: &Gaps,
    ) -> Result<bool, Error> {
        let Some(spills) = &self.spills else { return Ok(false) };
        let [rows, points] =
            [0, 1].map(|kind| runs[kind].get(self.done[kind]..).unwrap_or_default().to_vec());
        self.done = runs.map(<[Run]>::len);
        let evidence = Evidence { rows, points, again: Vec::new() };
        let run = fold(spills, &evidence, self.duplicates, false)?.leaves;
        let leaves = Leaves { spill: Arc::clone(&spills.0), run, depth: Depth::Hour };
        let mut found = leaves.at_depth(self.depth)?.rows()?;
        loop {
            let next = found.peek_series()?.into_iter().chain(self.rows.peek_series()?).min();
            let Some(series) = next.filter(|it| it.metric.as_str() <= metric).cloned() else {
                return Ok(false);
            };
            if self.series_differs(&mut found, &series, gaps)? {
                return Ok(true);
            }
        }
    }

    fn series_differs(
        &mut self,
        found: &mut Merge<Row>,
        series: &Series,
        gaps: &Gaps,
    ) -> Result<bool, Error> {
        found.seek(series)?;
        self.rows.seek(series)?;
        let gaps = [gaps, &self.gaps].map(|gaps| gaps.of(series, self.depth));
        loop {
            let hours = [found.peek(), self.rows.peek()];
            let Some(hour) = hours.into_iter().flatten().map(|row| row.hour).min() else {
                return Ok(false);
            };
            let take = |merge: &mut Merge<Row>| match merge.peek() {
                Some(row) if row.hour == hour => merge.next(),
                _ => Ok(None),
            };
            let rows = [take(found)?, take(&mut self.rows)?];
            let window_ms = window_ms(self.depth, hour);
            let has_gap = gaps.iter().flatten().any(|gap| gap.touches(window_ms));
            let is_lossy = rows.iter().flatten().any(|row| !row.losses.is_empty());
            let nodes =
                rows.each_ref().map(|row| row.as_ref().map(|row| row.entry.node(self.profile)));
            if nodes[0] != nodes[1] && !has_gap && !is_lossy {
                return Ok(true);
            }
        }
    }
}
