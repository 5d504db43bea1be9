//! Jobs that the page does not offer: they are for scripts, and would be a tenth of the page's wasm.

use tsdbproof::Target;
use tsify::Ts;
use wasm_bindgen::prelude::*;

use crate::{
    Answer, JobOptions, JsInput, JsOutput, OnJson,
    host::JsHost,
    options::Asked,
    outcome::{Telling, failure},
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
    let asked = Asked::new(options)?;
    let mut host = JsHost::new(asked.options.read.limits);
    let source = host.open(inputs).await.map_err(failure)?;
    let (mut telling, interval) = (Telling::new(&asked, on_json), asked.interval);
    let report = tsdbproof::check(&host, &source, interval, &asked.options, &mut telling).await;
    telling.finish(report, None)
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
    let asked = Asked::new(options)?;
    let target = Target::of(&output.name(), asked.write, asked.is_partitioned).map_err(failure)?;
    let mut host = JsHost::new(asked.options.read.limits);
    let source = host.open(inputs).await.map_err(failure)?;
    let telling = Telling::new(&asked, on_json);
    let mut outputs = JsOutputs::new(output, asked.options.read.limits);
    let report = tsdbproof::convert(&host, &source, target, &asked.options, &mut outputs).await;
    telling.finish(report, None)
}
