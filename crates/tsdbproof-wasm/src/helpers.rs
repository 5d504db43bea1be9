//! Other workers that take parts of a job: they share no memory with this one, so an order goes there
//! in bytes, and what was found comes back in pieces.

use std::cell::RefCell;

use js_sys::{Promise, Uint8Array};
use tsdbproof::{Error, Helped, Work};
use tsify::Ts;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use crate::{JobOptions, JsInput, host::thrown, job::Job, outcome::failure, scratch::release};

#[wasm_bindgen(typescript_custom_section)]
const HELPER: &str = r"
/** A worker that takes parts of jobs: it calls `help` with the options of the job. */
export interface Helper {
    /** Does what `order` says with an input that the job was given, and keeps what it found. */
    help(order: Uint8Array, input: Input): Promise<void>;
    /** The next piece of that; `undefined` behind the last. */
    next(): Promise<Uint8Array | undefined>;
}
";

#[wasm_bindgen]
extern "C" {
    /// What JavaScript gives: a way to another worker.
    #[wasm_bindgen(typescript_type = "Helper")]
    #[derive(Debug, Clone)]
    pub type JsHelper;

    #[wasm_bindgen(method, catch)]
    fn help(this: &JsHelper, order: Uint8Array, input: &JsInput) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn next(this: &JsHelper) -> Result<Promise, JsValue>;
}

thread_local! {
    static HELPERS: RefCell<Vec<JsHelper>> = RefCell::default();
}

/// Workers that take parts of the jobs to come.
#[wasm_bindgen(js_name = useHelpers)]
pub fn use_helpers(helpers: Vec<JsHelper>) {
    HELPERS.set(helpers);
}

/// Workers that take parts.
pub(crate) fn helpers() -> Vec<JsHelper> {
    HELPERS.with_borrow(Clone::clone)
}

impl JsHelper {
    /// Has a task done elsewhere.
    pub(crate) async fn run(
        &self,
        order: &[u8],
        input: &JsInput,
        work: &mut dyn Work,
    ) -> Result<(), Error> {
        let asked = self.help(order.into(), input).map_err(thrown)?;
        JsFuture::from(asked).await.map_err(thrown)?;
        loop {
            let next = JsFuture::from(self.next().map_err(thrown)?).await.map_err(thrown)?;
            match next.dyn_into::<Uint8Array>() {
                Ok(piece) => {
                    let bytes = piece.to_vec();
                    release(&piece);
                    work.receive(&bytes)?;
                }
                Err(_) => return work.finish(),
            }
        }
    }
}

/// What a helper found.
#[wasm_bindgen]
#[expect(missing_debug_implementations, reason = "it holds runs of bytes")]
pub struct Helping(Helped);

#[wasm_bindgen]
impl Helping {
    /// The next piece; `undefined` behind the last.
    #[wasm_bindgen(js_name = next)]
    pub fn next_piece(&mut self) -> Result<Option<Uint8Array>, JsValue> {
        let piece = self.0.next_piece().map_err(failure)?;
        Ok(piece.map(|piece| piece.as_slice().into()))
    }
}

/// Does a part of another worker's job, as its order says; `options` are the job's.
#[wasm_bindgen]
pub async fn help(
    input: JsInput,
    #[wasm_bindgen(unchecked_param_type = "JobOptions")] options: Ts<JobOptions>,
    order: Uint8Array,
) -> Result<Helping, JsValue> {
    let mut job = Job::new(Some(options), None)?;
    let input = job.open(vec![input]).await?.inputs.pop();
    let input = input.ok_or_else(|| failure(Error::usage("no input")))?;
    let found = tsdbproof::help(&job.host, &input, &order.to_vec(), &job.asked.options).await;
    found.map(Helping).map_err(failure)
}
