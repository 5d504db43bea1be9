//! What JavaScript gets: a report in the command's own bytes, and a manifest.

use std::io::{self, Write};

use js_sys::{Function, Reflect, Uint8Array};
use serde::Serialize;
use tsdbproof::{
    Error,
    render::{Json, Text, TextOptions, Whole},
    report::{Difference, Differences, Finding, Findings, Report, Verdict},
};
use tsify::{Ts, Tsify, serde_wasm_bindgen::preserve};
use wasm_bindgen::prelude::*;

use crate::{OnJson, options::Asked};

/// What came of a job.
#[derive(Debug, Serialize, Tsify)]
pub struct Outcome {
    /// The answer.
    pub verdict: Verdict,
    /// The report as `--report text` prints it; the page, which has words of its own, goes without.
    pub text: String,
    /// The report as `--report json` prints it; empty where a function took the lines.
    pub json: String,
    /// The manifest that was made, unless a function took its bytes.
    #[serde(with = "preserve")]
    #[tsify(type = "Uint8Array | undefined")]
    pub manifest: JsValue,
}

/// An error as JavaScript throws it: `message` is the command's, `kind` what a caller
/// may branch on, `file` the input that it is about.
pub(crate) fn failure(error: Error) -> JsValue {
    let thrown = js_sys::Error::new(&error.to_string());
    thrown.set_name("TsdbproofError");
    let kind = format!("{:?}", error.kind()).to_ascii_lowercase();
    // Can only fail on an object that refuses new properties.
    let _ = Reflect::set(&thrown, &"kind".into(), &kind.into());
    if let Some(file) = error.file() {
        let _ = Reflect::set(&thrown, &"file".into(), &file.into());
    }
    thrown.into()
}

/// A value of Rust as JavaScript gets it.
pub(crate) fn typed<T: Tsify + Serialize>(value: T) -> Result<Ts<T>, JsValue> {
    value.into_ts().map_err(mistyped)
}

/// A value that is not of the type that was promised.
pub(crate) fn mistyped(error: tsify::Error) -> JsValue {
    failure(Error::usage(error.to_string()))
}

/// Takes the differences or findings of a job, and then its report.
pub(crate) struct Telling {
    text: Option<Box<dyn Whole>>,
    json: Json<Lines>,
}

impl Telling {
    pub(crate) fn new(asked: &Asked, on_json: OnJson) -> Self {
        let mut options = TextOptions::default();
        options.limit = asked.limit.unwrap_or(options.limit);
        let lines = Lines { bytes: Vec::new(), taker: on_json, thrown: None };
        // By its trait, so that nothing of it is in the page's wasm.
        let text =
            cfg!(feature = "scripts").then(|| Box::new(Text::new(options)) as Box<dyn Whole>);
        Telling { text, json: Json::new(lines) }
    }

    /// What JavaScript gets of a job that has ended.
    pub(crate) fn finish(
        self,
        report: Result<Report, Error>,
        manifest: Option<Vec<u8>>,
    ) -> Result<Ts<Outcome>, JsValue> {
        let report = report.map_err(failure)?;
        let lines = self.json.finish(&report).map_err(|error| failure(error.into()))?;
        if let Some(thrown) = lines.thrown {
            return Err(thrown);
        }
        let manifest = manifest.map(|bytes| Uint8Array::from(bytes.as_slice()).into());
        let outcome = Outcome {
            verdict: report.verdict,
            text: self.text.map(|text| text.finish(&report)).unwrap_or_default(),
            json: String::from_utf8_lossy(&lines.bytes).into_owned(),
            manifest: manifest.unwrap_or(JsValue::UNDEFINED),
        };
        typed(outcome)
    }
}

impl Differences for Telling {
    fn difference(&mut self, difference: &Difference) {
        self.text.iter_mut().for_each(|text| text.difference(difference));
        self.json.difference(difference);
    }
}

impl Findings for Telling {
    fn finding(&mut self, finding: &Finding) {
        self.text.iter_mut().for_each(|text| text.finding(finding));
        self.json.finding(finding);
    }
}

/// The bytes of a manifest on their way to a function, or kept where there is none.
pub(crate) struct ManifestBytes {
    held: Vec<u8>,
    taker: Option<Function>,
}

/// Bytes of a manifest that are handed over at once.
const HANDED_MANIFEST_BYTES: usize = 1 << 20;

impl ManifestBytes {
    pub(crate) fn new(taker: Option<Function>) -> Self {
        ManifestBytes { held: Vec::new(), taker }
    }

    fn hand_over(&mut self) -> io::Result<()> {
        let Some(taker) = self.taker.as_ref().filter(|_| !self.held.is_empty()) else {
            return Ok(());
        };
        let bytes = Uint8Array::from(self.held.as_slice());
        self.held.clear();
        let refused = |thrown| io::Error::other(format!("the manifest: {}", message_of(&thrown)));
        taker.call1(&JsValue::NULL, &bytes).map(drop).map_err(refused)
    }

    /// What no function took; `None` where one took all.
    pub(crate) fn finish(mut self) -> Result<Option<Vec<u8>>, JsValue> {
        self.hand_over().map_err(|error| failure(error.into()))?;
        Ok(Some(self.held).filter(|_| self.taker.is_none()))
    }
}

/// What was thrown, as text.
fn message_of(thrown: &JsValue) -> String {
    let message = thrown.dyn_ref::<js_sys::Error>().map(|error| String::from(error.message()));
    message.unwrap_or_else(|| format!("{thrown:?}"))
}

impl Write for ManifestBytes {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.held.extend_from_slice(bytes);
        if self.held.len() >= HANDED_MANIFEST_BYTES {
            self.hand_over()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.hand_over()
    }
}

/// JSON lines on their way to a function, or kept where there is none.
struct Lines {
    bytes: Vec<u8>,
    taker: Option<Function>,
    /// What the function threw; it gets no more.
    thrown: Option<JsValue>,
}

/// Bytes of lines that are handed over at once.
const HANDED_BYTES: usize = 64 << 10;

impl Lines {
    fn hand_over(&mut self) {
        let Some(taker) = self.taker.as_ref().filter(|_| !self.bytes.is_empty()) else { return };
        if self.thrown.is_none() {
            let lines = String::from_utf8_lossy(&self.bytes);
            self.thrown = taker.call1(&JsValue::NULL, &lines.as_ref().into()).err();
        }
        self.bytes.clear();
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.extend_from_slice(bytes);
        if self.bytes.len() >= HANDED_BYTES && self.bytes.ends_with(b"\n") {
            self.hand_over();
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.hand_over();
        Ok(())
    }
}
