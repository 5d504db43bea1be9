//! The leaves of two sides, side by side.

use tsdbproof_core::{Error, Series};

use crate::look::{Leaves, Merge, Row};

/// The rows of two sides, side by side.
pub(super) struct Pairs {
    base: Merge<Row>,
    current: Merge<Row>,
}

impl Pairs {
    pub(super) fn open([base, current]: &[Leaves; 2]) -> Result<Self, Error> {
        Ok(Pairs { base: base.rows()?, current: current.rows()? })
    }

    /// The next series, and whether both sides have it.
    pub(super) fn next_series(&mut self) -> Result<Option<(Series, bool)>, Error> {
        let next = self.base.peek_series()?.into_iter().chain(self.current.peek_series()?).min();
        let Some(series) = next.cloned() else { return Ok(None) };
        let (in_base, in_current) = (self.base.seek(&series)?, self.current.seek(&series)?);
        Ok(Some((series, in_base && in_current)))
    }

    /// The next node of the series, as each side has it.
    pub(super) fn next(&mut self) -> Result<Option<[Option<Row>; 2]>, Error> {
        let rows = [self.base.peek(), self.current.peek()];
        let Some(hour) = rows.into_iter().flatten().map(|row| row.hour).min() else {
            return Ok(None);
        };
        let take = |merge: &mut Merge<Row>| match merge.peek() {
            Some(row) if row.hour == hour => merge.next(),
            _ => Ok(None),
        };
        Ok(Some([take(&mut self.base)?, take(&mut self.current)?]))
    }
}
