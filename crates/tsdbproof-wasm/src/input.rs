//! Inputs as JavaScript gives them.

use js_sys::Function;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(typescript_custom_section)]
const INPUT: &str = r"
/** Bytes with a name: a file, or a stream that can be read once. */
export interface Input {
    /** As the report shall name it. */
    readonly name: string;
    /** Bytes; left out for a stream, which is opened once and read from front to back. */
    readonly size?: number;
    /** The bytes from this one on, in pieces of any size: `file.slice(from).stream()`. */
    stream(from: number): ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>;
    /** The folder that was named, where it came with one. */
    readonly folder?: string;
    /** Why it can't be read, where that is known: the report lists it as not read. */
    readonly unread?: string;
    /** Told how many bytes more were read, as reading goes on. Some bytes are read twice. */
    progress?(bytes: number): void;
}
";

#[wasm_bindgen]
extern "C" {
    /// What JavaScript gives: an object with a name, a size, and a way to its bytes.
    #[wasm_bindgen(typescript_type = "Input")]
    #[derive(Debug)]
    pub type JsInput;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn name(this: &JsInput) -> String;

    /// `None`: a stream.
    #[wasm_bindgen(method, getter)]
    pub(crate) fn size(this: &JsInput) -> Option<f64>;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn folder(this: &JsInput) -> Option<String>;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn unread(this: &JsInput) -> Option<String>;

    #[wasm_bindgen(method, getter, js_name = progress)]
    pub(crate) fn told(this: &JsInput) -> Option<Function>;

    #[wasm_bindgen(method, catch)]
    pub(crate) fn progress(this: &JsInput, bytes: f64) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    pub(crate) fn stream(this: &JsInput, from: f64) -> Result<JsValue, JsValue>;
}
