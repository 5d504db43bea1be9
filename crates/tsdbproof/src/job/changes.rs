//! What a patch changes, told as the differences of the two states that it leads between.

use std::sync::Arc;

use tsdbproof_core::{Error, Point, Series, Tolerance, Value, digest::Depth};

use super::{
    compare::STRETCHES,
    lacking::Lacking,
    patches::ReadPatch,
    stretch::{Sample, Stretch, emit},
};
use crate::{
    look::{Spill, window_ms},
    report::{Compared, Differences},
    store::patch::Change,
};

/// Tells the changes of a patch, in its own order; gives what they come to. Points that it leaves alone
/// are not in it, and so in no count.
pub(super) fn tell(
    patch: &ReadPatch,
    spill: &Arc<Spill>,
    differences: &mut dyn Differences,
) -> Result<Compared, Error> {
    let mut changes = patch.changes(spill)?;
    let counts = patch.meta.counts;
    let mut compared = Compared {
        depth: Compared::OF_PATCH,
        base_points: counts.replaced + counts.deleted + counts.cleared_points,
        current_points: counts.replaced + counts.added,
        ..Compared::default()
    };
    while let Some(series) = changes.next_series()? {
        let mut told = Told { series, compared: &mut compared, differences };
        let (mut stretches, mut sample) = (Vec::new(), Sample::default());
        while let Some(change) = changes.next()? {
            told.take(change, &mut stretches, &mut sample);
        }
        told.emit(stretches, &sample);
        let metric = told.series.metric;
        compared.metrics.entry(metric).or_default().series += 1;
    }
    Ok(compared)
}

/// The changes of a series on their way.
struct Told<'a> {
    series: Series,
    compared: &'a mut Compared,
    differences: &'a mut dyn Differences,
}

impl Told<'_> {
    /// Takes the next change, of the hour of the one before or of a later one.
    fn take(&mut self, change: Change, stretches: &mut Vec<Stretch>, sample: &mut Sample) {
        let point = |value| Point { timestamp_ms: change.timestamp_ms, value };
        let hour = point(Value::integer(0)).hour();
        let window_ms = window_ms(Depth::Hour, hour);
        let is_in = |stretch: &Stretch| stretch.ends_with(window_ms);
        if !stretches.last().is_some_and(is_in) {
            self.compared.nodes += 1;
            match stretches.last_mut().filter(|last| last.is_followed_by(window_ms)) {
                Some(last) => last.extend(window_ms, 0, 0),
                None => {
                    // Of very many, the last may go on.
                    if stretches.len() >= STRETCHES {
                        self.emit(std::mem::take(stretches), sample);
                    }
                    let lacking = Lacking::default();
                    stretches.push(Stretch::new(window_ms, Tolerance::default(), lacking));
                }
            }
        }
        let Some(stretch) = stretches.last_mut() else { return };
        let record = |value| [point(value).record()];
        stretch.extend(None, u64::from(change.old.is_some()), u64::from(change.new.is_some()));
        match (change.old.map(record), change.new.map(record)) {
            (Some(old), Some(new)) => stretch.on_both(hour, &old, &new, sample),
            (Some(old), None) => stretch.only_in_base(hour, &old, sample),
            (None, Some(new)) => stretch.only_in_current(hour, &new, sample),
            (None, None) => stretch.counts.unresolved_nodes += 1,
        }
    }

    fn emit(&mut self, stretches: Vec<Stretch>, sample: &Sample) {
        for difference in emit(&self.series, false, stretches, sample) {
            self.compared.count(&difference);
            self.differences.difference(&difference);
        }
    }
}
