//! All points of a side in the order of the tree, where a look kept them.

use std::sync::Arc;

use tsdbproof_core::{Error, Point, Record, Series};

use super::{
    Looked,
    fold::{Conflicts, next_instant, resolve},
    row::Kept,
    runs::{Merge, Run, Spill},
    wanted::Wanted,
};
use crate::{Duplicates, Host};

impl Looked {
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

    /// What its root leaves out, by kind: damage, and files that could not be read.
    pub(crate) fn left_out(&self) -> Vec<(String, u64)> {
        let mut left_out = self.problems.left_out();
        let not_read = Some(self.not_read.len() as u64).filter(|count| *count > 0);
        left_out.extend(not_read.map(|count| ("not-read".to_owned(), count)));
        left_out
    }

    /// Where runs of points live.
    pub(crate) fn points_spill(&self) -> &Arc<Spill> {
        &self.side.shared.points
    }

    /// All points in the order of the tree. Only of a look that keeps points.
    pub(crate) fn walk(&self, duplicates: Duplicates) -> Result<Walk, Error> {
        let runs = self.side.shared.points.reduce::<Kept>(self.kept.clone())?;
        Ok(Walk::over(Merge::open(self.points_spill(), &runs)?, duplicates))
    }
}

/// A walk over all points of a side: series in the order of the tree, their instants ascending.
pub(crate) struct Walk {
    merge: Merge<Kept>,
    duplicates: Duplicates,
}

/// What stands at an instant of a series.
pub(crate) struct Instant {
    pub(crate) timestamp_ms: u64,
    /// Every point that was read there, or of equal ones in one input the first and the last.
    pub(crate) read: Vec<Kept>,
    /// The distinct values that count.
    pub(crate) records: Vec<Record>,
}

impl Instant {
    /// The points that count.
    pub(crate) fn points(&self) -> impl Iterator<Item = Point> {
        let timestamp_ms = self.timestamp_ms;
        self.records.iter().map(move |record| Point { timestamp_ms, value: record.value() })
    }
}

impl Walk {
    /// A walk over what these runs hold.
    pub(crate) fn over(merge: Merge<Kept>, duplicates: Duplicates) -> Self {
        Walk { merge, duplicates }
    }

    /// Goes to the next series.
    pub(crate) fn next_series(&mut self) -> Result<Option<Series>, Error> {
        self.merge.next_series()
    }

    /// The next instant of the series.
    pub(crate) fn next(&mut self) -> Result<Option<Instant>, Error> {
        let Some(hour) = self.merge.peek().map(|kept| kept.hour) else { return Ok(None) };
        let mut read = Vec::with_capacity(1);
        if !next_instant(&mut [&mut self.merge], hour, &mut read)? {
            return Ok(None);
        }
        let records = resolve(&mut read, self.duplicates, &mut Conflicts::default());
        let first = records.first().map(|record| record.in_hour(hour).timestamp_ms);
        Ok(first.map(|timestamp_ms| Instant { timestamp_ms, read, records }))
    }
}
