//! Where JavaScript wants what is converted.

use js_sys::{Array, Promise, Uint8Array};
use tsdbproof::{Error, Limits, Outputs, Source};
use wasm_bindgen::{JsCast, prelude::*};
use wasm_bindgen_futures::JsFuture;

use crate::{
    host::{JsHost, thrown},
    input::JsInput,
};

#[wasm_bindgen(typescript_custom_section)]
const OUTPUT: &str = r"
/** Takes the bytes of what is converted, and gives them back to be proven. */
export interface Output {
    /** Its ending tells format and compression, like `points.csv.gz`; of a partition it is the folder. */
    readonly name: string;
    /** Begins the next file of a partition: its path, with `/`, below the folder. */
    begin?(path: string): void;
    /** The next bytes of the file, a copy. What this throws ends the job. */
    write(bytes: Uint8Array): void;
    /** The files, as they lie there: they are read, and held against the source. */
    written(): Input[] | Promise<Input[]>;
}
";

#[wasm_bindgen]
extern "C" {
    /// What JavaScript gives: an object that takes bytes.
    #[wasm_bindgen(typescript_type = "Output")]
    #[derive(Debug)]
    pub type JsOutput;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn name(this: &JsOutput) -> String;

    #[wasm_bindgen(method, catch)]
    fn begin(this: &JsOutput, path: &str) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    fn write(this: &JsOutput, bytes: Uint8Array) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    fn written(this: &JsOutput) -> Result<JsValue, JsValue>;
}

/// The files of a job, on their way to JavaScript.
pub(crate) struct JsOutputs {
    output: JsOutput,
    limits: Limits,
}

impl JsOutputs {
    pub(crate) fn new(output: JsOutput, limits: Limits) -> Self {
        JsOutputs { output, limits }
    }

    fn failed(&self, value: JsValue) -> Error {
        thrown(value).in_file(self.output.name())
    }
}

impl Outputs for JsOutputs {
    type Host = JsHost;

    fn begin(&mut self, path: &str) -> Result<(), Error> {
        match path {
            "" => Ok(()),
            path => self.output.begin(path).map_err(|value| self.failed(value)),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.output.write(Uint8Array::from(bytes)).map_err(|value| self.failed(value))
    }

    async fn read_back(&mut self) -> Result<(JsHost, Source), Error> {
        let written = self.output.written().map_err(|value| self.failed(value))?;
        let written = JsFuture::from(Promise::resolve(&written)).await;
        let written = Array::from(&written.map_err(|value| self.failed(value))?);
        let mut host = JsHost::new(self.limits);
        let mut source = Source { names: vec![self.output.name()], ..Source::default() };
        for input in written {
            host.add_any(input.unchecked_into::<JsInput>(), &mut source).await?;
        }
        Ok((host, source))
    }
}
