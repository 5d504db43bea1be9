//! `apply --check`: what patches make of a base, proven as `apply` proves it, and written nowhere.

mod leaves;

use std::sync::Arc;

use tsdbproof_core::{Error, Point, Series, Value, digest::Totals};

use super::{
    Patched, Source,
    apply::{is_part, unlike},
    manifests,
    patches::{self, ReadPatch, scope_of},
    replay::{States, replay},
    side, verdict,
};
use crate::{
    Duplicates, Host, Options,
    look::{InOrder, Leaves, Looked, Manner, Spill, look_as, spills},
    report::{JobKind, PatchSummary, Report, Side},
};

/// Holds what patches make of a base against the root that they promise.
///
/// A manifest as base will do where the patches hold all points of the hours that they change.
pub async fn prove<H: Host>(
    host: &H,
    Patched { base, patches, course }: Patched<'_>,
    options: &Options,
) -> Result<Report, Error> {
    if is_part(&options.scope) {
        return Err(Error::usage("patches are checked against whole states")
            .help("leave --from, --to, --metric and --tag out"));
    }
    let memory_bytes = options.memory_bytes / 2;
    let (spill, _) = spills(host, memory_bytes)?;
    let mut patches = patches::read(host, patches, base.inputs.len(), &spill, memory_bytes).await?;
    if course.is_reverse {
        patches.iter_mut().try_for_each(ReadPatch::reverse)?;
    }
    let scope = scope_of(&patches, options.scope.duplicates)?;
    let options = &Options { scope, memory_bytes, ..options.without_file_digests() };
    let (side, totals, state) = read_base(host, base, &spill, options).await?;
    let mut report = verdict::report(JobKind::Apply, vec![side], options);
    let mut differs = true;
    match patches::chain(&totals, &patches, course) {
        Err(misfit) => {
            report.reasons.push(misfit.why.clone());
            report.misfit = Some(misfit);
        }
        Ok(chain) => {
            report.patches = chain.iter().map(|it| PatchSummary::of(&it.name, &it.meta)).collect();
            let promised = chain.last().map_or(totals.roots, |patch| patch.meta.result.roots);
            differs = match state.after(&chain, &spill)? {
                Found::State(found) => {
                    let why = unlike("state that they make", found.roots, promised);
                    report.reasons.extend(why);
                    !report.reasons.is_empty()
                }
                Found::Open(why) => {
                    report.reasons.push(why);
                    false
                }
            };
        }
    }
    verdict::decide(&mut report, differs, options);
    Ok(report)
}

/// A base as it was read.
enum Base {
    /// With its points.
    Points(Box<Looked>, Duplicates),
    /// A manifest's.
    Leaves(Leaves),
}

/// What patches make of a base.
enum Found {
    State(Totals),
    /// Nobody can tell: why, in a sentence.
    Open(String),
}

async fn read_base<H: Host>(
    host: &H,
    base: &Source,
    spill: &Arc<Spill>,
    options: &Options,
) -> Result<(Side, Totals, Base), Error> {
    let [input] = base.inputs.as_slice() else { return read_points(host, base, options).await };
    if !input.is_manifest() {
        return read_points(host, base, options).await;
    }
    let read = manifests::read(host, &base.inputs, 0, spill, options.memory_bytes).await?;
    let manifest = read.into_iter().next().ok_or_else(|| Error::usage("there is no base"))?;
    let survey = manifest.survey()?;
    let side = side::of_manifest("base", &input.name, &manifest.leaves, &manifest.meta, &survey);
    Ok((side, survey.totals, Base::Leaves(manifest.leaves)))
}

async fn read_points<H: Host>(
    host: &H,
    base: &Source,
    options: &Options,
) -> Result<(Side, Totals, Base), Error> {
    let manner = Manner { keeps_points: true, ..Manner::default() };
    let looked = look_as(host, base, 0, options, manner).await?;
    let survey = side::survey(&looked.leaves)?;
    let side = side::of_source("base", base, &looked, &survey, &options.scope.text());
    Ok((side, survey.totals, Base::Points(Box::new(looked), options.scope.duplicates)))
}

impl Base {
    /// The state behind a chain of patches that starts from this one.
    fn after(&self, chain: &[ReadPatch], spill: &Arc<Spill>) -> Result<Found, Error> {
        match self {
            Base::Points(looked, duplicates) => {
                let mut last = Last { state: chain.len(), digest: InOrder::new() };
                replay((looked, *duplicates), chain.iter(), spill, &mut last)?;
                Ok(Found::State(last.digest.finish()))
            }
            Base::Leaves(leaves) => leaves::after(leaves, chain, spill),
        }
    }
}

/// Digests the last state.
struct Last {
    /// Its number.
    state: usize,
    digest: InOrder,
}

impl States for Last {
    fn series(&mut self, series: &Series) -> Result<(), Error> {
        self.digest.series(series);
        Ok(())
    }

    fn instant(&mut self, state: usize, timestamp_ms: u64, values: &[Value]) -> Result<(), Error> {
        if state == self.state {
            let point = |value: &Value| Point { timestamp_ms, value: *value };
            self.digest.instant(&values.iter().map(point).collect::<Vec<_>>());
        }
        Ok(())
    }
}
