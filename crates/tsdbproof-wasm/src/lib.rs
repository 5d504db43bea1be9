//! The façade for JavaScript: named byte streams in, reports, manifests and converted files out.
//!
//! Nothing is computed here. Every job is a promise; a job that can't be done rejects with an `Error`
//! whose `kind` says why. The package is built by `cargo xtask web`.

mod helpers;
mod host;
mod input;
mod job;
mod names;
mod options;
mod outcome;
#[cfg(feature = "scripts")]
mod output;
mod pieces;
mod queue;
mod scratch;
#[cfg(feature = "scripts")]
mod scripts;

use tsdbproof::{Against, Error, Limits, Patched, report::SeriesPoints};
use tsify::Ts;
use wasm_bindgen::prelude::*;

pub use helpers::{Helping, JsHelper, help, use_helpers};
pub use input::JsInput;
pub use names::{Recognised, SeriesName};
pub use options::JobOptions;
pub use outcome::Outcome;
#[cfg(feature = "scripts")]
pub use output::JsOutput;
#[cfg(feature = "scripts")]
pub use scripts::{
    FormatName, Formats, apply, check, convert, diff_with_patch, formats, merge, version,
};

use host::JsHost;
use job::Job;
use options::Asked;
use outcome::{ManifestBytes, failure, mistyped, typed};

/// Takes the JSON lines of a report as they are found; without it they are in `Outcome.json`.
type OnJson = Option<js_sys::Function>;
type Answer = Result<Ts<Outcome>, JsValue>;

/// Digests all points of `inputs`; the manifest is in the outcome, or goes to a function as it is made.
#[wasm_bindgen]
pub async fn manifest(
    inputs: Vec<JsInput>,
    #[wasm_bindgen(unchecked_optional_param_type = "JobOptions")] options: Option<Ts<JobOptions>>,
    #[wasm_bindgen(js_name = onJson, unchecked_optional_param_type = "(lines: string) => void")]
    on_json: OnJson,
    #[wasm_bindgen(js_name = onManifest, unchecked_optional_param_type = "(bytes: Uint8Array) => void")]
    on_manifest: Option<js_sys::Function>,
) -> Answer {
    let (mut job, mut bytes) = (Job::new(options, on_json)?, ManifestBytes::new(on_manifest));
    let source = job.open(inputs).await?;
    let report = tsdbproof::manifest(&job.host, &source, &job.asked.options, &mut bytes).await;
    job.finish(report, bytes.finish()?)
}

/// Digests `inputs` and holds them against `manifest`.
#[wasm_bindgen]
pub async fn verify(
    manifest: JsInput,
    inputs: Vec<JsInput>,
    #[wasm_bindgen(unchecked_optional_param_type = "JobOptions")] options: Option<Ts<JobOptions>>,
    #[wasm_bindgen(js_name = onJson, unchecked_optional_param_type = "(lines: string) => void")]
    on_json: OnJson,
) -> Answer {
    let mut job = Job::new(options, on_json)?;
    let against = job.open(vec![manifest]).await?.inputs.pop().map(Against::Manifest);
    let against = against.ok_or_else(|| failure(Error::usage("no manifest")))?;
    job.verify(&against, inputs).await
}

/// Digests `inputs` and holds them against a root or a statement, `tsdbproof:v1:…`.
#[wasm_bindgen]
pub async fn expect(
    root: String,
    inputs: Vec<JsInput>,
    #[wasm_bindgen(unchecked_optional_param_type = "JobOptions")] options: Option<Ts<JobOptions>>,
    #[wasm_bindgen(js_name = onJson, unchecked_optional_param_type = "(lines: string) => void")]
    on_json: OnJson,
) -> Answer {
    let against = Against::Expect(root.parse().map_err(failure)?);
    Job::new(options, on_json)?.verify(&against, inputs).await
}

/// Compares two sources; either may be one manifest.
#[wasm_bindgen]
pub async fn diff(
    base: Vec<JsInput>,
    current: Vec<JsInput>,
    #[wasm_bindgen(unchecked_optional_param_type = "JobOptions")] options: Option<Ts<JobOptions>>,
    #[wasm_bindgen(js_name = onJson, unchecked_optional_param_type = "(lines: string) => void")]
    on_json: OnJson,
) -> Answer {
    let mut job = Job::new(options, on_json)?;
    let (base, current) = (job.open(base).await?, job.open(current).await?);
    let Job { asked, host, telling } = &mut job;
    let report = tsdbproof::diff(host, &base, &current, &asked.options, telling).await;
    job.finish(report, None)
}

/// Proves that `patches`, in any order, make of `base` what they promise; nothing is written. A manifest as
/// base will do where the patches hold all points of the hours that they change.
#[wasm_bindgen]
pub async fn prove(
    base: Vec<JsInput>,
    patches: Vec<JsInput>,
    #[wasm_bindgen(unchecked_optional_param_type = "JobOptions")] options: Option<Ts<JobOptions>>,
    #[wasm_bindgen(js_name = onJson, unchecked_optional_param_type = "(lines: string) => void")]
    on_json: OnJson,
) -> Answer {
    let mut job = Job::new(options, on_json)?;
    let (base, patches) = (job.open(base).await?, job.open(patches).await?);
    let Job { asked: Asked { course, options, .. }, host, .. } = &job;
    let patched = Patched { base: &base, patches: &patches.inputs, course: *course };
    let report = tsdbproof::prove(host, patched, options).await;
    job.finish(report, None)
}

/// Tells what a manifest or an archive holds, or what a patch changes.
#[wasm_bindgen]
pub async fn show(
    inputs: Vec<JsInput>,
    #[wasm_bindgen(unchecked_optional_param_type = "JobOptions")] options: Option<Ts<JobOptions>>,
    #[wasm_bindgen(js_name = onJson, unchecked_optional_param_type = "(lines: string) => void")]
    on_json: OnJson,
) -> Answer {
    let mut job = Job::new(options, on_json)?;
    let source = job.open(inputs).await?;
    let Job { asked, host, telling } = &mut job;
    let report = tsdbproof::show(host, &source, &asked.options, telling).await;
    job.finish(report, None)
}

/// The points of one series on both sides, in the window of `from` and `to`: for a picture, which
/// has no room for more than some thousands of them. A side may be empty, or a manifest. Of a patch as
/// `current` and no base, they are those that it takes away and brings.
#[wasm_bindgen]
pub async fn points(
    base: Vec<JsInput>,
    current: Vec<JsInput>,
    #[wasm_bindgen(unchecked_param_type = "SeriesName")] series: Ts<SeriesName>,
    #[wasm_bindgen(unchecked_optional_param_type = "JobOptions")] options: Option<Ts<JobOptions>>,
) -> Result<Ts<SeriesPoints>, JsValue> {
    let mut job = Job::new(options, None)?;
    let series = series.to_rust().map_err(mistyped)?.series().map_err(failure)?;
    let (base, current) = (job.open(base).await?, job.open(current).await?);
    let found = tsdbproof::points(&job.host, &base, &current, &series, &job.asked.options).await;
    typed(found.map_err(failure)?)
}

/// What an input is by its first bytes.
#[wasm_bindgen]
pub async fn recognise(input: JsInput) -> Result<Ts<Recognised>, JsValue> {
    let host = JsHost::new(Limits::default());
    let input = host.look_at(input).await.map_err(failure)?;
    typed(Recognised::of(&input))
}
