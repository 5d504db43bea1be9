//! Jobs that the page does not offer: they are for scripts, and would be a tenth of the page's wasm.

use tsdbproof::Target;
use tsify::Ts;
use wasm_bindgen::prelude::*;

use crate::{
    Answer, JobOptions, JsInput, JsOutput, OnJson, job::Job, outcome::failure, output::JsOutputs,
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
