//! The façade for JavaScript: named byte streams in, reports, manifests and converted files out.
//!
//! Nothing is computed here. Every job is a promise; a job that can't be done rejects with an `Error`
//! whose `kind` says why. The package is built by `cargo xtask web`.

mod helpers;
mod host;
mod input;
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

use tsdbproof::{Against, Error, Limits, report::SeriesPoints};
use tsify::Ts;
use wasm_bindgen::prelude::*;

pub use helpers::{Helping, JsHelper, help, use_helpers};
pub use input::JsInput;
pub use names::{FormatName, Formats, Recognised, SeriesName};
pub use options::JobOptions;
pub use outcome::Outcome;
#[cfg(feature = "scripts")]
pub use output::JsOutput;
#[cfg(feature = "scripts")]
pub use scripts::{check, convert};

use host::JsHost;
use options::Asked;
use outcome::{ManifestBytes, Telling, failure, mistyped, typed};

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
    let asked = Asked::new(options)?;
    let mut host = JsHost::new(asked.options.read.limits);
    let source = host.open(inputs).await.map_err(failure)?;
    let (telling, mut bytes) = (Telling::new(&asked, on_json), ManifestBytes::new(on_manifest));
    let report = tsdbproof::manifest(&host, &source, &asked.options, &mut bytes).await;
    telling.finish(report, bytes.finish()?)
}

/// Joins the manifests `parts` into one, which is in the outcome unless they contradict each other.
#[wasm_bindgen]
pub async fn merge(
    parts: Vec<JsInput>,
    #[wasm_bindgen(unchecked_optional_param_type = "JobOptions")] options: Option<Ts<JobOptions>>,
    #[wasm_bindgen(js_name = onJson, unchecked_optional_param_type = "(lines: string) => void")]
    on_json: OnJson,
) -> Answer {
    let asked = Asked::new(options)?;
    let mut host = JsHost::new(asked.options.read.limits);
    let parts = host.open(parts).await.map_err(failure)?;
    let (telling, mut bytes) = (Telling::new(&asked, on_json), Vec::new());
    let report = tsdbproof::merge(&host, &parts, &asked.options, &mut bytes).await;
    let bytes = Some(bytes).filter(|bytes| !bytes.is_empty());
    telling.finish(report, bytes)
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
    let asked = Asked::new(options)?;
    let mut host = JsHost::new(asked.options.read.limits);
    let mut manifest = host.open(vec![manifest]).await.map_err(failure)?;
    let against = manifest.inputs.pop().map(Against::Manifest);
    let against = against.ok_or_else(|| failure(Error::usage("no manifest")))?;
    let source = host.open(inputs).await.map_err(failure)?;
    let mut telling = Telling::new(&asked, on_json);
    let report = tsdbproof::verify(&host, &against, &source, &asked.options, &mut telling).await;
    telling.finish(report, None)
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
    let asked = Asked::new(options)?;
    let against = Against::Expect(root.parse().map_err(failure)?);
    let mut host = JsHost::new(asked.options.read.limits);
    let source = host.open(inputs).await.map_err(failure)?;
    let mut telling = Telling::new(&asked, on_json);
    let report = tsdbproof::verify(&host, &against, &source, &asked.options, &mut telling).await;
    telling.finish(report, None)
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
    let asked = Asked::new(options)?;
    let mut host = JsHost::new(asked.options.read.limits);
    let base = host.open(base).await.map_err(failure)?;
    let current = host.open(current).await.map_err(failure)?;
    let mut telling = Telling::new(&asked, on_json);
    let report = tsdbproof::diff(&host, &base, &current, &asked.options, &mut telling).await;
    telling.finish(report, None)
}

/// Tells what a manifest or an archive holds.
#[wasm_bindgen]
pub async fn show(
    inputs: Vec<JsInput>,
    #[wasm_bindgen(unchecked_optional_param_type = "JobOptions")] options: Option<Ts<JobOptions>>,
    #[wasm_bindgen(js_name = onJson, unchecked_optional_param_type = "(lines: string) => void")]
    on_json: OnJson,
) -> Answer {
    let asked = Asked::new(options)?;
    let mut host = JsHost::new(asked.options.read.limits);
    let source = host.open(inputs).await.map_err(failure)?;
    let telling = Telling::new(&asked, on_json);
    let report = tsdbproof::show(&host, &source, &asked.options).await;
    telling.finish(report, None)
}

/// The points of one series on both sides, in the window of `from` and `to`: for a picture, which
/// has no room for more than some thousands of them. A side may be empty, or a manifest.
#[wasm_bindgen]
pub async fn points(
    base: Vec<JsInput>,
    current: Vec<JsInput>,
    #[wasm_bindgen(unchecked_param_type = "SeriesName")] series: Ts<SeriesName>,
    #[wasm_bindgen(unchecked_optional_param_type = "JobOptions")] options: Option<Ts<JobOptions>>,
) -> Result<Ts<SeriesPoints>, JsValue> {
    let asked = Asked::new(options)?;
    let series = series.to_rust().map_err(mistyped)?.series().map_err(failure)?;
    let mut host = JsHost::new(asked.options.read.limits);
    let base = host.open(base).await.map_err(failure)?;
    let current = host.open(current).await.map_err(failure)?;
    let found = tsdbproof::points(&host, &base, &current, &series, &asked.options).await;
    typed(found.map_err(failure)?)
}

/// What an input is by its first bytes.
#[wasm_bindgen]
pub async fn recognise(input: JsInput) -> Result<Ts<Recognised>, JsValue> {
    let host = JsHost::new(Limits::default());
    let input = host.look_at(input).await.map_err(failure)?;
    typed(Recognised::of(&input))
}

/// What can be read.
#[wasm_bindgen]
pub fn formats() -> Result<Ts<Formats>, JsValue> {
    typed(Formats::known())
}

/// The version of the program.
#[wasm_bindgen]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}
