//! The leaves of a manifest as patches change them: no point of the base is needed for an hour that is new,
//! cleared, or goes as a whole.

use std::sync::Arc;

use tsdbproof_core::{Error, Hour, Kind, Point, Record, Value, digest::Depth};

use super::{Found, ReadPatch};
use crate::{
    look::{Leaf, Leaves, Merge, Row, RunWriter, Spill},
    store::patch::Change,
};

/// The state behind a chain of patches.
pub(super) fn after(
    base: &Leaves,
    chain: &[ReadPatch],
    spill: &Arc<Spill>,
) -> Result<Found, Error> {
    if base.depth != Depth::Hour {
        return Ok(Found::Open(format!(
            "the patches follow on BASE, but what they make can't be told from a manifest of depth {}: name \
             the backup itself",
            base.depth.name()
        )));
    }
    let mut leaves = base.clone();
    for patch in chain {
        let (next, open) =
            patched(&leaves, patch, spill).map_err(|error| error.in_file(&patch.name))?;
        if open > 0 {
            return Ok(Found::Open(format!(
                "the patches follow on BASE, but {} changes {open} hours of which a manifest does not \
                 hold the other points: name the backup itself",
                patch.name
            )));
        }
        leaves = next;
    }
    let survey = leaves.survey(&mut |_, _, _, _| Ok(()))?;
    Ok(Found::State(survey.totals))
}

/// The leaves behind a patch, and how many of them can't be told.
fn patched(leaves: &Leaves, patch: &ReadPatch, spill: &Arc<Spill>) -> Result<(Leaves, u64), Error> {
    let (mut rows, mut changes) = (leaves.rows()?, patch.changes(spill)?);
    let mut writer = RunWriter::new(spill);
    let mut open = 0;
    loop {
        let first = rows.peek_series()?.cloned();
        let Some(series) = first.into_iter().chain(changes.peek_series()?.cloned()).min() else {
            break;
        };
        rows.seek(&series)?;
        changes.seek(&series)?;
        writer.series(&series);
        loop {
            let changed = changes.peek().map(hour_of);
            let Some(hour) = rows.peek().map(|row| row.hour).into_iter().chain(changed).min()
            else {
                break;
            };
            let row = match rows.peek().is_some_and(|row| row.hour == hour) {
                true => rows.next()?,
                false => None,
            };
            if changed != Some(hour) {
                row.iter().try_for_each(|row| writer.push(row))?;
                continue;
            }
            match Patched::read(&mut changes, hour, patch.is_reversed)?.result(row)? {
                None => open += 1,
                Some(row) if row.entry.exact.points == 0 => {}
                Some(row) => writer.push(&row)?,
            }
        }
    }
    let leaves = Leaves { spill: Arc::clone(spill), run: writer.finish()?, depth: leaves.depth };
    Ok((leaves, open))
}

fn hour_of(change: &Change) -> Hour {
    Point { timestamp_ms: change.timestamp_ms, value: Value::integer(0) }.hour()
}

/// An hour as a patch tells it.
struct Patched {
    /// The points that go.
    gone: Leaf,
    /// The points that come.
    come: Leaf,
    is_cleared: bool,
}

impl Patched {
    fn read(changes: &mut Merge<Change>, hour: Hour, is_reversed: bool) -> Result<Self, Error> {
        let mut patched =
            Patched { gone: Leaf::new(hour), come: Leaf::new(hour), is_cleared: false };
        let (mut gone, mut come): (Vec<Record>, Vec<Record>) = (Vec::new(), Vec::new());
        while changes.peek().is_some_and(|next| hour_of(next) == hour) {
            let Some(change) = changes.next()? else { break };
            patched.is_cleared |= change.clears_hour();
            let timestamp_ms = change.timestamp_ms;
            let record = |value| Point { timestamp_ms, value }.record();
            gone.extend(change.old.map(record));
            come.extend(change.new.map(record));
            let is_instant_over =
                changes.peek().is_none_or(|next| next.timestamp_ms != timestamp_ms);
            if is_instant_over {
                for (records, leaf) in
                    [(&mut gone, &mut patched.gone), (&mut come, &mut patched.come)]
                {
                    records.sort_unstable();
                    leaf.push(records);
                    records.clear();
                }
            }
        }
        if is_reversed {
            std::mem::swap(&mut patched.gone, &mut patched.come);
        }
        Ok(patched)
    }

    /// What stands in the hour behind the patch, if all that stood before is known to go. Errors: what goes
    /// is not what stood there.
    fn result(self, before: Option<Row>) -> Result<Option<Row>, Error> {
        let gone = self.gone.close().entry.exact;
        let stood = before.map(|row| row.entry.exact);
        let stood_points = stood.as_ref().map_or(0, |node| node.points);
        let is_known = self.is_cleared || gone.points == stood_points;
        let is_right = self.is_cleared || stood_points == 0 || stood.as_ref() == Some(&gone);
        match (is_known, is_right) {
            (true, true) => Ok(Some(self.come.close())),
            (false, _) if gone.points < stood_points => Ok(None),
            _ => Err(Error::new(Kind::Malformed, "a patch changes a value that is not there")),
        }
    }
}
