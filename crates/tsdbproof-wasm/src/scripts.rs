//! Jobs that the page does not offer: they are for scripts, and would be a tenth of the page's wasm.

use serde::Serialize;
use tsdbproof::{FORMATS, Outputs, Patched, Target};
use tsify::{Ts, Tsify};
use wasm_bindgen::prelude::*;

use crate::{
    Answer, JobOptions, JsInput, JsOutput, OnJson,
    job::Job,
    options::Asked,
    outcome::{failure, typed},
    output::JsOutputs,
};

/// Looks for faults in the points of `inputs`, and tells what `tsdb import` would make of them.
#[wasm_bindgen]
pub async fn check(
    inputs: Vec<JsInput>,
    #[wasm_bindgen(unchecked_optional_param_type = "JobOptions")] options: Option<Ts<JobOptions>>,
    #[wasm_bindgen(js_name = onJson, unchecked_optional_param_type = "(lines: string) => void")]
    on_json: OnJson,
) -> Answer {
    let mut job = Job::new(options, on_json)?;
    let source = job.open(inputs).await?;
    let Job { asked, host, telling } = &mut job;
    let report = tsdbproof::check(host, &source, asked.interval, &asked.options, telling).await;
    job.finish(report, None)
}

/// Writes the points of `inputs` to `output` in another format, and proves it by reading them back:
/// keep what was written only if the promise is kept, and look at the verdict.
#[wasm_bindgen]
pub async fn convert(
    inputs: Vec<JsInput>,
    output: JsOutput,
    #[wasm_bindgen(unchecked_optional_param_type = "JobOptions")] options: Option<Ts<JobOptions>>,
    #[wasm_bindgen(js_name = onJson, unchecked_optional_param_type = "(lines: string) => void")]
    on_json: OnJson,
) -> Answer {
    let mut job = Job::new(options, on_json)?;
    let target = Target::of(&output.name(), job.asked.write, job.asked.is_partitioned);
    let target = target.map_err(failure)?;
    let source = job.open(inputs).await?;
    let Job { asked, host, .. } = &job;
    let mut outputs = JsOutputs::new(output, asked.options.read.limits);
    let report = tsdbproof::convert(host, &source, target, &asked.options, &mut outputs).await;
    job.finish(report, None)
}

/// Compares two sources, and writes to `output` the patch that makes the one of the other.
#[wasm_bindgen(js_name = diffWithPatch)]
pub async fn diff_with_patch(
    base: Vec<JsInput>,
    current: Vec<JsInput>,
    output: JsOutput,
    #[wasm_bindgen(unchecked_optional_param_type = "JobOptions")] options: Option<Ts<JobOptions>>,
    #[wasm_bindgen(js_name = onJson, unchecked_optional_param_type = "(lines: string) => void")]
    on_json: OnJson,
) -> Answer {
    let mut job = Job::new(options, on_json)?;
    let (base, current) = (job.open(base).await?, job.open(current).await?);
    let Job { asked, host, telling } = &mut job;
    let mut patch = Vec::new();
    let options = &asked.options;
    let report =
        tsdbproof::diff_with_patch(host, &base, &current, options, telling, &mut patch).await;
    let write = || JsOutputs::new(output, options.read.limits).write(&patch);
    let report = report.and_then(|report| write().map(|()| report));
    job.finish(report, None)
}

/// Writes to `output` what `patches`, in any order, make of `base`, and proves it by reading it back:
/// keep what was written only if the verdict is `same`.
#[wasm_bindgen]
pub async fn apply(
    base: Vec<JsInput>,
    patches: Vec<JsInput>,
    output: JsOutput,
    #[wasm_bindgen(unchecked_optional_param_type = "JobOptions")] options: Option<Ts<JobOptions>>,
    #[wasm_bindgen(js_name = onJson, unchecked_optional_param_type = "(lines: string) => void")]
    on_json: OnJson,
) -> Answer {
    let mut job = Job::new(options, on_json)?;
    let asked = &job.asked;
    let target = Target::of(&output.name(), asked.write, false).map_err(failure)?;
    let (base, patches) = (job.open(base).await?, job.open(patches).await?);
    let Job { asked: Asked { course, options, .. }, host, .. } = &job;
    let mut outputs = JsOutputs::new(output, options.read.limits);
    let patched = Patched { base: &base, patches: &patches.inputs, course: *course };
    let report = tsdbproof::apply(host, patched, target, options, &mut outputs).await;
    job.finish(report, None)
}

/// Joins the manifests `parts` into one, which is in the outcome unless they contradict each other.
#[wasm_bindgen]
pub async fn merge(
    parts: Vec<JsInput>,
    #[wasm_bindgen(unchecked_optional_param_type = "JobOptions")] options: Option<Ts<JobOptions>>,
    #[wasm_bindgen(js_name = onJson, unchecked_optional_param_type = "(lines: string) => void")]
    on_json: OnJson,
) -> Answer {
    let (mut job, mut bytes) = (Job::new(options, on_json)?, Vec::new());
    let parts = job.open(parts).await?;
    let report = tsdbproof::merge(&job.host, &parts, &job.asked.options, &mut bytes).await;
    job.finish(report, Some(bytes).filter(|bytes| !bytes.is_empty()))
}

/// Formats, the likeliest first.
#[derive(Debug, Serialize, Tsify)]
pub struct Formats(Vec<FormatName>);

/// A format that can be read.
#[derive(Debug, Serialize, Tsify)]
pub struct FormatName {
    /// As reports and the option `format` name it.
    pub name: String,
    /// What it is, in words.
    pub about: String,
}

impl Formats {
    fn known() -> Self {
        let name = |format: &&tsdbproof::Format| FormatName {
            name: format.name.to_owned(),
            about: format.about.to_owned(),
        };
        Formats(FORMATS.iter().map(name).collect())
    }
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
