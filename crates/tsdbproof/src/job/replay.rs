//! The points of a base as patches change them, from state to state, in the order of the tree.

use std::sync::Arc;

use tsdbproof_core::{Error, HOUR_MS, Kind, Series, Value};

use super::patches::ReadPatch;
use crate::{
    Duplicates,
    look::{Instant, Looked, Merge, Spill, Walk},
    store::patch::Change,
};

/// Sees the points of all states.
pub(super) trait States {
    /// The instants that come are of this series.
    fn series(&mut self, series: &Series) -> Result<(), Error>;

    /// What stands at an instant in a state: 0 is the base, and each patch makes the next one. Values are
    /// distinct, in no order.
    fn instant(&mut self, state: usize, timestamp_ms: u64, values: &[Value]) -> Result<(), Error>;
}

/// Goes over the points of the base, and over what a chain of patches makes of them.
///
/// Errors: `Malformed` of a patch that does not fit the state before it, though the roots did.
pub(super) fn replay<'a>(
    (looked, duplicates): (&Looked, Duplicates),
    chain: impl Iterator<Item = &'a ReadPatch>,
    spill: &Arc<Spill>,
    states: &mut impl States,
) -> Result<(), Error> {
    let mut walk = looked.walk(duplicates)?;
    let mut next = walk.next_series()?;
    let mut patches = Vec::new();
    for patch in chain {
        let (name, is_reversed) = (patch.name.as_str(), patch.is_reversed);
        let changes = patch.changes(spill)?;
        patches.push(Changes { name, changes, is_reversed, is_here: false, cleared_to_ms: 0 });
    }
    loop {
        let mut first = next.clone();
        for patch in &mut patches {
            first = first.into_iter().chain(patch.changes.peek_series()?.cloned()).min();
        }
        let Some(series) = first else { return Ok(()) };
        let in_base = next.as_ref() == Some(&series);
        for patch in &mut patches {
            (patch.is_here, patch.cleared_to_ms) = (patch.changes.seek(&series)?, 0);
        }
        states.series(&series)?;
        replay_series(in_base.then_some(&mut walk), &mut patches, states)?;
        if in_base {
            next = walk.next_series()?;
        }
    }
}

fn replay_series(
    mut walk: Option<&mut Walk>,
    patches: &mut [Changes<'_>],
    states: &mut impl States,
) -> Result<(), Error> {
    let mut stored = take(&mut walk)?;
    loop {
        let changed = patches.iter().filter_map(Changes::peek);
        let times = stored.iter().map(|instant| instant.timestamp_ms).chain(changed);
        let Some(timestamp_ms) = times.min() else { return Ok(()) };
        let mut values = Vec::new();
        if let Some(instant) = stored.take_if(|instant| instant.timestamp_ms == timestamp_ms) {
            values.extend(instant.records.iter().map(|record| record.value()));
            stored = take(&mut walk)?;
        }
        states.instant(0, timestamp_ms, &values)?;
        for (state, patch) in (1..).zip(patches.iter_mut()) {
            if patch.is_here {
                let applied = patch.apply_at(timestamp_ms, &mut values);
                applied.map_err(|error| error.in_file(patch.name))?;
            }
            states.instant(state, timestamp_ms, &values)?;
        }
    }
}

fn take(walk: &mut Option<&mut Walk>) -> Result<Option<Instant>, Error> {
    walk.as_mut().map_or(Ok(None), |walk| walk.next())
}

/// The changes of a patch, in the direction in which they are made.
struct Changes<'a> {
    name: &'a str,
    changes: Merge<Change>,
    is_reversed: bool,
    /// Whether it changes the series at all.
    is_here: bool,
    /// Where the hour of the series ends that was cleared last.
    cleared_to_ms: u64,
}

impl Changes<'_> {
    /// The instant of the next change of the series.
    fn peek(&self) -> Option<u64> {
        self.changes.peek().filter(|_| self.is_here).map(|change| change.timestamp_ms)
    }

    /// Makes the changes of an instant to its values.
    fn apply_at(&mut self, timestamp_ms: u64, values: &mut Vec<Value>) -> Result<(), Error> {
        let mut change = self.next_at(timestamp_ms)?;
        if change.take_if(|change| change.clears_hour()).is_some() {
            self.cleared_to_ms = timestamp_ms + HOUR_MS;
            change = self.next_at(timestamp_ms)?;
        }
        if timestamp_ms < self.cleared_to_ms {
            values.clear();
        }
        while let Some(next) = change {
            next.apply(values)?;
            change = self.next_at(timestamp_ms)?;
        }
        Ok(())
    }

    /// The next change of this instant.
    fn next_at(&mut self, timestamp_ms: u64) -> Result<Option<Change>, Error> {
        if self.peek() != Some(timestamp_ms) {
            return Ok(None);
        }
        let change = self.changes.next()?;
        Ok(change.map(|it| match self.is_reversed {
            true => Change { old: it.new, new: it.old, ..it },
            false => it,
        }))
    }
}

impl Change {
    /// Makes the change to the values of its instant.
    fn apply(self, values: &mut Vec<Value>) -> Result<(), Error> {
        // Roots fit before the first change: whoever wrote the patch wrote what is not so.
        let unfit = || Error::new(Kind::Malformed, "a patch changes a value that is not there");
        if let Some(old) = self.old {
            let index = values.iter().position(|value| *value == old).ok_or_else(unfit)?;
            values.swap_remove(index);
        }
        match self.new {
            Some(new) if values.contains(&new) => Err(unfit()),
            new => {
                values.extend(new);
                Ok(())
            }
        }
    }
}
