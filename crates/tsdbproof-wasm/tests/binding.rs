//! The binding in node: inputs of every kind, options, errors. What jobs find is the suite's matter.

#![cfg(target_arch = "wasm32")]

use js_sys::{Array, Function, Reflect};
use tsdbproof_wasm::{
    JobOptions, JsInput, JsOutput, check, convert, diff, manifest, points, recognise, show, verify,
};
use tsify::Ts;
use wasm_bindgen::{JsCast, prelude::*};
use wasm_bindgen_test::wasm_bindgen_test;

const TEXT: &str = "cpu 1700000000 1 host=a\ncpu 1700000060 2.5 host=a\nmem 1700000000 7 host=a\n";

/// Bodies of functions of a text that give an input.
const BYTES: &str = "const blob = new Blob([text]);
    return { name: 'a', size: blob.size, stream: (from) => blob.slice(from).stream() };";
const STREAM: &str = "return { name: 'a', stream: () => new Blob([text]).stream().pipeThrough(new TransformStream()) };";
const ITERATOR: &str = "const bytes = new TextEncoder().encode(text);
    return { name: 'a', size: bytes.length, stream: async function* (from) {
        for (let at = from; at < bytes.length; at++) yield bytes.subarray(at, at + 1);
    } };";
const CUT: &str = "const blob = new Blob([text]);
    return { name: 'a', size: blob.size + 1, stream: (from) => blob.slice(from).stream() };";
const BROKEN: &str =
    "return { name: 'a', size: 9, stream: () => { throw new Error('no bytes today'); } };";

fn input(body: &str, text: &str) -> JsInput {
    let make = Function::new_with_args("text", body);
    make.call1(&JsValue::NULL, &text.into()).expect("it makes an input").unchecked_into()
}

fn get(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).expect("an object")
}

fn text_of(object: &JsValue, name: &str) -> String {
    get(object, name).as_string().expect("text")
}

fn options(json: &str) -> Option<Ts<JobOptions>> {
    Some(Ts::new_unchecked(js_sys::JSON::parse(json).expect("JSON")))
}

#[wasm_bindgen_test]
async fn inputs_of_every_kind_give_one_report() {
    let mut reports = Vec::new();
    for body in [BYTES, STREAM, ITERATOR] {
        let outcome = show(vec![input(body, TEXT)], None, None).await.expect("readable");
        reports.push(text_of(&outcome.js_value(), "text"));
    }
    assert!(reports[0].contains("3 points"), "{}", reports[0]);
    assert!(reports.iter().all(|report| *report == reports[0]));
}

#[wasm_bindgen_test]
async fn a_manifest_is_bytes_that_verify() {
    let made = manifest(vec![input(STREAM, TEXT)], None, None, None).await.expect("readable");
    let bytes = get(&made.js_value(), "manifest");
    let make = Function::new_with_args(
        "bytes",
        "const blob = new Blob([bytes]);
        return { name: 'm', size: blob.size, stream: (from) => blob.slice(from).stream() };",
    );
    let manifest: JsInput = make.call1(&JsValue::NULL, &bytes).expect("an input").unchecked_into();
    let outcome = verify(manifest, vec![input(BYTES, TEXT)], None, None).await.expect("readable");
    assert_eq!(text_of(&outcome.js_value(), "verdict"), "same-bytes");
}

#[wasm_bindgen_test]
async fn a_function_takes_the_lines() {
    let taken = Array::new();
    let make = Function::new_with_args("taken", "return (lines) => void taken.push(lines);");
    let push = make.call1(&JsValue::NULL, &taken).expect("a function").unchecked_into();
    let (base, current) = (input(BYTES, TEXT), input(BYTES, &TEXT.replace(" 7 ", " 8 ")));
    let outcome = diff(vec![base], vec![current], None, Some(push)).await.expect("readable");
    assert_eq!(text_of(&outcome.js_value(), "verdict"), "different");
    assert_eq!(text_of(&outcome.js_value(), "json"), "");
    let lines = taken.join("").as_string().expect("text");
    assert_eq!(lines.lines().count(), 2, "{lines}");
}

#[wasm_bindgen_test]
async fn what_can_not_be_done_says_why() {
    for (body, asked, kind, told) in [
        (CUT, "{}", "changed", "a: changed while it was read"),
        (BROKEN, "{}", "io", "a: no bytes today"),
        (BYTES, r#"{"profil": "f32"}"#, "usage", "unknown field `profil`"),
        (BYTES, r#"{"depth": "week"}"#, "usage", "it is one of hour, day, series, metric"),
        (BYTES, r#"{"from": "soon"}"#, "usage", "is no time"),
    ] {
        let thrown = show(vec![input(body, TEXT)], options(asked), None).await.expect_err(told);
        let message = text_of(&thrown, "message");
        assert!(message.contains(told), "{message}");
        assert_eq!(text_of(&thrown, "kind"), kind, "{message}");
    }
}

#[wasm_bindgen_test]
async fn inputs_say_what_they_are_and_how_far_they_were_read() {
    let told = Array::new();
    let body = "const blob = new Blob([text]);
        return { name: 'a', size: blob.size, stream: (from) => blob.slice(from).stream() };";
    let found = recognise(input(body, TEXT)).await.expect("readable").js_value();
    assert_eq!(text_of(&found, "format"), "import-text");
    assert_eq!(get(&found, "isManifest"), JsValue::FALSE);
    let heard = input(BYTES, TEXT);
    let tell = Function::new_with_args("told", "return (at) => void told.push(at);");
    let tell = tell.call1(&JsValue::NULL, &told).expect("a function");
    Reflect::set(&heard, &"progress".into(), &tell).expect("an object");
    show(vec![heard], None, None).await.expect("readable");
    assert_eq!(told.pop().as_f64(), Some(TEXT.len() as f64));
}

#[wasm_bindgen_test]
async fn what_came_with_a_folder_is_read_or_told() {
    let part = |name: &str, text: &str, more: &str| {
        let of_folder = input(BYTES, text);
        let set = |key: &str, value: &str| Reflect::set(&of_folder, &key.into(), &value.into());
        set("name", name).expect("an object");
        set("folder", "dump").expect("an object");
        if !more.is_empty() {
            set("unread", more).expect("an object");
        }
        of_folder
    };
    let parts = vec![
        part("dump/_SUCCESS", "", ""),
        part("dump/a", TEXT, ""),
        part("dump/b", r#"{"a":1}"#, ""),
        part("dump/c", TEXT, "the disk is gone"),
    ];
    let outcome = show(parts, None, None).await.expect("readable").js_value();
    assert_eq!(text_of(&outcome, "verdict"), "incomplete");
    let json = text_of(&outcome, "json");
    for told in [
        r#""names":["dump"]"#,
        r#"{"name":"dump/c","why":"the disk is gone"}"#,
        r#"{"name":"dump/b","why":"no format recognises it"#,
    ] {
        assert!(json.contains(told), "{told} in {json}");
    }
    assert!(!json.contains("_SUCCESS"), "{json}");
}

#[wasm_bindgen_test]
async fn points_of_a_series_stand_side_by_side() {
    let (base, current) = (input(BYTES, TEXT), input(BYTES, &TEXT.replace(" 2.5 ", " 2.75 ")));
    let series = js_sys::JSON::parse(r#"{"metric": "cpu", "tags": {"host": "a"}}"#).expect("JSON");
    let series = Ts::new_unchecked(series);
    let found = points(vec![base], vec![current], series, None).await.expect("readable");
    let found = js_sys::JSON::stringify(&found.js_value()).expect("plain data");
    let found = found.as_string().expect("text");
    assert!(found.contains(r#""sign":"~","base":["2.5"],"current":["2.75"]"#), "{found}");
    assert!(found.contains(r#""sign":"=","base":["1"]"#), "{found}");
}

/// An output of this name that keeps files, by their paths, in `files`.
fn output(name: &str, files: &JsValue) -> JsOutput {
    let make = Function::new_with_args(
        "name, files",
        "let path = '';
        return {
            name,
            begin: (begun) => void (path = begun),
            write: (bytes) => void (files[path] = new Blob([files[path] ?? '', bytes])),
            written: () => Object.entries(files).map(([name, blob]) => (
                { name, size: blob.size, stream: (from) => blob.slice(from).stream() })),
        };",
    );
    make.call2(&JsValue::NULL, &name.into(), files).expect("an output").unchecked_into()
}

#[wasm_bindgen_test]
async fn what_is_converted_goes_to_the_output_and_is_read_back() {
    let files = js_sys::Object::new().into();
    let backup = || vec![input(BYTES, TEXT)];
    let done = convert(backup(), output("points.jsonl", &files), None, None).await;
    let done = done.expect("readable").js_value();
    assert_eq!(text_of(&done, "verdict"), "same");
    assert!(text_of(&done, "text").contains("written    points.jsonl: 3 points"));
    let files = js_sys::Object::new().into();
    let asked = options(r#"{"write": "csv", "partition": true}"#);
    let done = convert(backup(), output("lake", &files), asked, None).await;
    assert_eq!(text_of(&done.expect("readable").js_value(), "verdict"), "same");
    let paths = js_sys::Object::keys(files.unchecked_ref::<js_sys::Object>()).join(" ");
    let paths = paths.as_string().expect("text");
    let day = "day=2023-11-14/part-0.csv";
    assert_eq!(paths, format!("metric=cpu/{day} metric=mem/{day}"));
}

#[wasm_bindgen_test]
async fn an_output_that_forgets_or_refuses_bytes_is_told() {
    let backup = || vec![input(BYTES, TEXT)];
    let make = |body: &str| {
        let object = Function::new_no_args(body).call0(&JsValue::NULL).expect("an output");
        object.unchecked_into::<JsOutput>()
    };
    let forgets = make("return { name: 'a.txt', write: () => {}, written: () => [] };");
    let done = convert(backup(), forgets, None, None).await.expect("readable").js_value();
    assert_eq!(text_of(&done, "verdict"), "different");
    let refuses = "return { name: 'a.txt', write: () => { throw new Error('no room') } };";
    for (body, kind, told) in [
        (refuses, "io", "a.txt: no room"),
        ("return { name: 'a.doc' };", "usage", "tells no format"),
        ("return { name: 'a.zst.txt.zst' };", "unsupported", "zstd is not written"),
        ("return { name: 'a.parquet' };", "unsupported", "Parquet"),
    ] {
        let thrown = convert(backup(), make(body), None, None).await.expect_err(told);
        let message = text_of(&thrown, "message");
        assert!(message.contains(told), "{message}");
        assert_eq!(text_of(&thrown, "kind"), kind, "{message}");
    }
}

#[wasm_bindgen_test]
async fn faults_are_found_by_their_interval() {
    let asked = options(r#"{"interval": "30s"}"#);
    let found = check(vec![input(BYTES, TEXT)], asked, None).await.expect("readable").js_value();
    assert_eq!(text_of(&found, "verdict"), "faulty");
    assert!(text_of(&found, "json").contains(r#""kind":"gap""#));
    let asked = options(r#"{"interval": "soon"}"#);
    let thrown = check(vec![input(BYTES, TEXT)], asked, None).await.expect_err("no interval");
    assert!(text_of(&thrown, "message").contains("an interval reads like"));
}
