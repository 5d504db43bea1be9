//! `show`: what a manifest or an archive holds, and what a patch changes.

use tsdbproof_core::Error;

use super::{Source, changes, manifests, patches, side, verdict};
use crate::{
    Host, Options,
    look::{look, spills},
    report::{Differences, JobKind, PatchSummary, Report, Verdict},
};

/// Tells what a manifest or an archive holds. The host's inputs are those of `source`.
///
/// Of a patch it tells what it changes: `differences` takes it, in the patch's own order.
pub async fn show<H: Host>(
    host: &H,
    source: &Source,
    options: &Options,
    differences: &mut dyn Differences,
) -> Result<Report, Error> {
    options.check_scope()?;
    if let [input] = source.inputs.as_slice()
        && input.is_patch()
    {
        return show_patch(host, source, options, differences).await;
    }
    let mut side = match source.inputs.as_slice() {
        [input] if input.is_manifest() => {
            let (spill, _) = spills(host, options.memory_bytes)?;
            let read =
                manifests::read(host, &source.inputs, 0, &spill, options.memory_bytes).await?;
            let Some(manifest) = read.into_iter().next() else {
                return Err(Error::usage("nothing to show"));
            };
            let survey = manifest.survey()?;
            let (leaves, meta) = (&manifest.leaves, &manifest.meta);
            let mut side = side::of_manifest("manifest", &input.name, leaves, meta, &survey);
            side::tell_all(&mut side, leaves)?;
            side
        }
        _ => {
            let looked = look(host, source, 0, &options.without_file_digests()).await?;
            let survey = side::survey(&looked.leaves)?;
            let scope = options.settled().text();
            let mut side = side::of_source("source", source, &looked, &survey, &scope);
            side::tell_all(&mut side, &looked.leaves)?;
            side
        }
    };
    side.role = if side.is_manifest { "manifest" } else { "source" };
    Ok(verdict::of_source(JobKind::Show, side, options))
}

/// Tells what a patch changes.
async fn show_patch<H: Host>(
    host: &H,
    source: &Source,
    options: &Options,
    differences: &mut dyn Differences,
) -> Result<Report, Error> {
    let (spill, _) = spills(host, options.memory_bytes)?;
    let patches = patches::read(host, &source.inputs, 0, &spill, options.memory_bytes).await?;
    let mut report = verdict::report(JobKind::Show, Vec::new(), options);
    report.patches = patches.iter().map(|it| PatchSummary::of(&it.name, &it.meta)).collect();
    if let [patch] = patches.as_slice() {
        report.compared = Some(changes::tell(patch, &spill, differences)?);
    }
    report.verdict = Verdict::Done;
    Ok(report)
}
