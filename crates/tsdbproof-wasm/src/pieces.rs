//! Bytes as they come out of JavaScript, piece by piece.

use js_sys::{AsyncIterator, Function, Object, Promise, Reflect, Symbol, Uint8Array};
use wasm_bindgen::{JsCast, prelude::*};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    ReadableStream, ReadableStreamByobReader, ReadableStreamDefaultReader,
    ReadableStreamGetReaderOptions, ReadableStreamReaderMode,
};

/// Bytes of the buffer that a byte stream fills again and again: other ways to read leave a new
/// buffer behind for each piece, and a browser collects those late.
const BUFFER_BYTES: u32 = 1 << 20;

/// An open stream of bytes.
#[derive(Debug)]
pub(crate) enum Pieces {
    /// A byte stream, with the buffer that it fills next.
    Bytes(ReadableStreamByobReader, Uint8Array),
    /// A stream that brings its own buffers.
    Stream(ReadableStreamDefaultReader),
    /// Anything that `for await` takes.
    Iterator(AsyncIterator),
}

impl Pieces {
    /// What `stream()` gave.
    pub(crate) fn open(stream: JsValue) -> Result<Self, JsValue> {
        let Some(stream) = stream.dyn_ref::<ReadableStream>() else {
            let open = Reflect::get(&stream, &Symbol::async_iterator())?.dyn_into::<Function>()?;
            return Ok(Pieces::Iterator(open.call0(&stream)?.unchecked_into()));
        };
        let options = ReadableStreamGetReaderOptions::new();
        options.set_mode(ReadableStreamReaderMode::Byob);
        // Streams that are no byte streams refuse this mode.
        let get_reader = Reflect::get(stream, &"getReader".into())?.dyn_into::<Function>()?;
        match get_reader.call1(stream, &options) {
            Ok(reader) => Ok(Pieces::Bytes(
                reader.unchecked_into(),
                Uint8Array::new_with_length(BUFFER_BYTES),
            )),
            Err(_) => Ok(Pieces::Stream(get_reader.call0(stream)?.unchecked_into())),
        }
    }

    /// The next piece; `None` behind the last.
    pub(crate) async fn next(&mut self) -> Result<Option<Uint8Array>, JsValue> {
        let next: Promise = match self {
            Pieces::Bytes(reader, buffer) => {
                reader.read_with_array_buffer_view(buffer.unchecked_ref::<Object>())
            }
            Pieces::Stream(reader) => reader.read(),
            Pieces::Iterator(iterator) => iterator.next()?,
        };
        let step = JsFuture::from(next).await?;
        let is_done = Reflect::get(&step, &"done".into())?.is_truthy();
        let value = Reflect::get(&step, &"value".into())?;
        if is_done {
            return Ok(None);
        }
        let piece = value.dyn_into::<Uint8Array>().map_err(|_| {
            JsValue::from(js_sys::TypeError::new("a piece of a stream is no Uint8Array"))
        })?;
        if let Pieces::Bytes(_, buffer) = self {
            *buffer = Uint8Array::new(&piece.buffer());
        }
        Ok(Some(piece))
    }

    /// Tells the other side that no more is wanted.
    pub(crate) async fn close(self) {
        let closed = match &self {
            Pieces::Bytes(reader, _) => Some(reader.cancel()),
            Pieces::Stream(reader) => Some(reader.cancel()),
            Pieces::Iterator(iterator) => Reflect::get(iterator, &"return".into())
                .and_then(|close| close.dyn_into::<Function>())
                .and_then(|close| close.call0(iterator))
                .ok()
                .map(|closed| Promise::resolve(&closed)),
        };
        if let Some(closed) = closed {
            // Nobody reads on, so nobody misses what this would say.
            let _ = JsFuture::from(closed).await;
        }
    }
}
