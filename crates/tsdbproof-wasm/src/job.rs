//! A job as JavaScript asks for it: what every one of them begins and ends with.

use tsdbproof::{Against, Error, Source, report::Report};
use tsify::Ts;
use wasm_bindgen::prelude::*;

use crate::{
    Answer, JobOptions, OnJson,
    host::JsHost,
    input::JsInput,
    options::Asked,
    outcome::{Telling, failure},
};

/// What was asked for, where it is read, and who is told of it.
pub(crate) struct Job {
    pub(crate) asked: Asked,
    pub(crate) host: JsHost,
    pub(crate) telling: Telling,
}

impl Job {
    /// A job that tells its lines to `on_json`, where there is one.
    pub(crate) fn new(options: Option<Ts<JobOptions>>, on_json: OnJson) -> Result<Self, JsValue> {
        let asked = Asked::new(options)?;
        let host = JsHost::new(asked.options.read.limits);
        let telling = Telling::new(&asked, on_json);
        Ok(Job { asked, host, telling })
    }

    /// Opens inputs as one source, behind those of earlier sources.
    pub(crate) async fn open(&mut self, inputs: Vec<JsInput>) -> Result<Source, JsValue> {
        self.host.open(inputs).await.map_err(failure)
    }

    /// Digests inputs and holds them against a manifest or a root.
    pub(crate) async fn verify(mut self, against: &Against, inputs: Vec<JsInput>) -> Answer {
        let source = self.open(inputs).await?;
        let Job { asked, host, telling } = &mut self;
        let report = tsdbproof::verify(host, against, &source, &asked.options, telling).await;
        self.finish(report, None)
    }

    /// What JavaScript gets of it.
    pub(crate) fn finish(self, report: Result<Report, Error>, manifest: Option<Vec<u8>>) -> Answer {
        self.telling.finish(report, manifest)
    }
}
