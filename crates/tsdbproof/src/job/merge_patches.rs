//! `merge`: one patch of several that follow on each other.

use std::{io::Write, sync::Arc};

use tsdbproof_core::{Error, HOUR_MS, Kind, Point, Record, Series, Value};

use super::{
    patch::changes,
    patches::{self, ReadPatch, in_order, scope_of, start},
    verdict,
};
use crate::{
    Duplicates, Host, Input, Options,
    look::{Merge, Spill, spills},
    report::{JobKind, PatchSummary, Report, Verdict},
    store::patch::{Change, PatchWriter},
};

/// Writes the patch to `out` that does what `patches` do one behind the other, in whatever order they are
/// named. The host's inputs are the patches.
///
/// Patches with a gap or a fork are told in the report, and nothing is written.
pub async fn merge_patches<H: Host>(
    host: &H,
    patches: &[Input],
    options: &Options,
    out: &mut dyn Write,
) -> Result<Report, Error> {
    let (spill, _) = spills(host, options.memory_bytes)?;
    let patches = patches::read(host, patches, 0, &spill, options.memory_bytes).await?;
    let scope = scope_of(&patches, Duplicates::Keep)?.text();
    let mut report = verdict::report(JobKind::MergePatches, Vec::new(), options);
    let chain = match start(&patches) {
        Some(start) => in_order(start, &patches).map_err(|misfit| misfit.why),
        None => Err("the patches lead in a circle: name them in their order".to_owned()),
    };
    let chain = match chain {
        Ok(chain) => chain,
        Err(why) => {
            report.contradictions.push(why);
            report.verdict = Verdict::Different;
            return Ok(report);
        }
    };
    let (Some(first), Some(last)) = (chain.first(), chain.last()) else {
        return Err(Error::usage("nothing to merge"));
    };
    let mut writer = PatchWriter::new(out)?;
    Merging::new(&chain, &spill)?.write(&mut writer)?;
    let (base, result) = (first.meta.base.clone(), last.meta.result.clone());
    let (_, counts) = writer.finish(base.clone(), result.clone(), scope)?;
    report.patches = chain.iter().map(|it| PatchSummary::of(&it.name, &it.meta)).collect();
    report.patches.push(PatchSummary::new("", &base, &result, counts));
    report.verdict = Verdict::Done;
    Ok(report)
}

/// The changes of a chain, side by side.
struct Merging {
    patches: Vec<Merge<Change>>,
}

impl Merging {
    fn new(chain: &[ReadPatch], spill: &Arc<Spill>) -> Result<Self, Error> {
        let patches = chain.iter().map(|patch| patch.changes(spill)).collect::<Result<_, _>>()?;
        Ok(Merging { patches })
    }

    fn write<W: Write>(mut self, writer: &mut PatchWriter<W>) -> Result<(), Error> {
        loop {
            let mut first = None::<Series>;
            for patch in &mut self.patches {
                first = first.into_iter().chain(patch.peek_series()?.cloned()).min();
            }
            let Some(series) = first else { return Ok(()) };
            let mut of_series = Vec::new();
            for patch in &mut self.patches {
                if patch.seek(&series)? {
                    of_series.push(patch);
                }
            }
            write_series(&series, of_series, writer)?;
        }
    }
}

fn write_series<W: Write>(
    series: &Series,
    mut patches: Vec<&mut Merge<Change>>,
    writer: &mut PatchWriter<W>,
) -> Result<(), Error> {
    // Of the hour at hand: where it ends, and the last patch that clears it; what stands before it there
    // is gone.
    let (mut cleared_to_ms, mut cleared_by) = (0, 0);
    loop {
        let times = patches.iter().filter_map(|patch| patch.peek().map(|it| it.timestamp_ms));
        let Some(timestamp_ms) = times.min() else { return Ok(()) };
        if timestamp_ms >= cleared_to_ms {
            cleared_by = 0;
        }
        for (index, patch) in patches.iter_mut().enumerate() {
            if patch.peek().is_some_and(|it| it.clears_hour() && it.timestamp_ms == timestamp_ms) {
                patch.next()?;
                (cleared_by, cleared_to_ms) = (index, timestamp_ms + HOUR_MS);
            }
        }
        if cleared_to_ms == timestamp_ms + HOUR_MS {
            writer.push(series, Change { timestamp_ms, old: None, new: None })?;
        }
        let mut net = Net::default();
        for (index, patch) in patches.iter_mut().enumerate() {
            while patch.peek().is_some_and(|change| change.timestamp_ms == timestamp_ms) {
                let Some(change) = patch.next()? else { break };
                if index >= cleared_by {
                    net.take(change)?;
                }
            }
        }
        if timestamp_ms < cleared_to_ms && !net.gone.is_empty() {
            return Err(unfit());
        }
        net.write(series, timestamp_ms, writer)?;
    }
}

/// The roots fit, and yet the changes do not: whoever wrote the patches wrote what is not so.
fn unfit() -> Error {
    Error::new(Kind::Malformed, "a patch changes a value that is not there, though its root fits")
}

/// What several changes of an instant come to.
#[derive(Default)]
struct Net {
    gone: Vec<Value>,
    come: Vec<Value>,
}

impl Net {
    fn take(&mut self, change: Change) -> Result<(), Error> {
        let position = |values: &[Value], value| values.iter().position(|other| *other == value);
        if let Some(old) = change.old {
            match position(&self.come, old) {
                Some(index) => drop(self.come.swap_remove(index)),
                None if self.gone.contains(&old) => return Err(unfit()),
                None => self.gone.push(old),
            }
        }
        if let Some(new) = change.new {
            match position(&self.gone, new) {
                _ if self.come.contains(&new) => return Err(unfit()),
                Some(index) => drop(self.gone.swap_remove(index)),
                None => self.come.push(new),
            }
        }
        Ok(())
    }

    /// Writes it as a single comparison would.
    fn write<W: Write>(
        self,
        series: &Series,
        timestamp_ms: u64,
        writer: &mut PatchWriter<W>,
    ) -> Result<(), Error> {
        let point = |value| Point { timestamp_ms, value };
        let hour = point(Value::integer(0)).hour();
        let records = |values: Vec<Value>| -> Vec<Record> {
            let mut records: Vec<_> = values.into_iter().map(|it| point(it).record()).collect();
            records.sort_unstable();
            records
        };
        let changes = changes(&records(self.gone), &records(self.come), hour);
        changes.into_iter().try_for_each(|change| writer.push(series, change))
    }
}
