//! Scratch space out of blobs, which a browser keeps outside of the page's memory and, when they are
//! many, on disk. Only workers can read them without waiting; elsewhere there is none.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    sync::Arc,
};

use js_sys::{Array, Reflect, Uint8Array, global};
use tsdbproof::{Error, Kind, Scratch};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Blob, FileReaderSync, MessageChannel, MessagePort};

thread_local! {
    /// What was written, by space, each with its first byte and in their order. Values of JavaScript can't go to another
    /// thread, and a [`Scratch`] must be able to: it holds only the number of its space.
    static SPACES: RefCell<HashMap<u32, Vec<(u64, Blob)>>> = RefCell::default();
    /// Where bytes stand on their way into a blob, which copies them.
    static BUFFER: RefCell<Option<Uint8Array>> = const { RefCell::new(None) };
    static NEXT: Cell<u32> = const { Cell::new(0) };
    static BIN: RefCell<Option<MessagePort>> = const { RefCell::new(None) };
}

/// New scratch space; `None` outside of workers.
pub(crate) fn scratch() -> Option<Arc<dyn Scratch>> {
    let reader = Reflect::get(&global(), &"FileReaderSync".into()).ok()?;
    if reader.is_undefined() {
        return None;
    }
    let space = NEXT.replace(NEXT.get().wrapping_add(1));
    SPACES.with_borrow_mut(|spaces| spaces.insert(space, Vec::new()));
    Some(Arc::new(Blobs { space }))
}

/// A space, by its number.
struct Blobs {
    space: u32,
}

impl Drop for Blobs {
    fn drop(&mut self) {
        SPACES.with_borrow_mut(|spaces| spaces.remove(&self.space));
    }
}

impl Scratch for Blobs {
    fn write_at(&self, bytes: &[u8], at: u64) -> Result<(), Error> {
        let parts = Array::of1(&lent(bytes).into());
        let blob = Blob::new_with_u8_array_sequence(&parts).map_err(failed)?;
        SPACES.with_borrow_mut(|spaces| {
            let blobs = spaces.entry(self.space).or_default();
            let place = blobs.partition_point(|(from, _)| *from < at);
            match blobs.get_mut(place) {
                Some((from, old)) if *from == at => *old = blob,
                // Nearly always behind the last.
                _ => blobs.insert(place, (at, blob)),
            }
        });
        Ok(())
    }

    fn read_at(&self, bytes: &mut [u8], at: u64) -> Result<(), Error> {
        let mut filled = 0;
        while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            let piece = self.piece(at + filled as u64, rest.len() as u64)?;
            let count = (piece.length() as usize).min(rest.len());
            let taken = rest.get_mut(..count).filter(|taken| !taken.is_empty()).ok_or_else(lost)?;
            piece.subarray(0, count as u32).copy_to(taken);
            release(&piece);
            filled += count;
        }
        Ok(())
    }
}

impl Blobs {
    /// Bytes from `at` on, at most `count`, as far as they were written at once.
    fn piece(&self, at: u64, count: u64) -> Result<Uint8Array, Error> {
        let found = SPACES.with_borrow(|spaces| {
            let blobs = spaces.get(&self.space)?;
            let (from, blob) =
                blobs.get(..blobs.partition_point(|(from, _)| *from <= at))?.last()?;
            Some((at - from, blob.clone()))
        });
        let (from, blob) = found.ok_or_else(lost)?;
        let (from, to) = (from as f64, (from + count) as f64);
        let part = blob.slice_with_f64_and_f64(from, to).map_err(failed)?;
        let reader = FileReaderSync::new().map_err(failed)?;
        Ok(Uint8Array::new(&reader.read_as_array_buffer(&part).map_err(failed)?.into()))
    }
}

/// Bytes as JavaScript sees them, until the next are lent: a new array for each would be left to a
/// garbage collector, which comes late.
fn lent(bytes: &[u8]) -> Uint8Array {
    BUFFER.with_borrow_mut(|buffer| {
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let all = buffer.take().filter(|all| all.length() >= length);
        let all = all.unwrap_or_else(|| Uint8Array::new_with_length(length));
        let part = all.subarray(0, length);
        part.copy_from(bytes);
        *buffer = Some(all);
        part
    })
}

/// Gives the memory of an array back at once, where a browser comes late to collect it: what is sent to
/// a closed port is freed. `ArrayBuffer.transfer(0)` only hides it from the collector.
pub(crate) fn release(array: &Uint8Array) {
    BIN.with_borrow_mut(|bin| {
        let bin = match bin {
            Some(bin) => bin,
            None => match closed_port() {
                Ok(port) => bin.insert(port),
                Err(_) => return,
            },
        };
        // What refuses stays for the collector.
        let _ = bin.post_message_with_transferable(&JsValue::NULL, &Array::of1(&array.buffer()));
    });
}

/// A port whose other end takes nothing.
fn closed_port() -> Result<MessagePort, JsValue> {
    let channel = MessageChannel::new()?;
    channel.port2().close();
    Ok(channel.port1())
}

fn lost() -> Error {
    Error::new(Kind::Io, "scratch space gave back fewer bytes than it took")
}

fn failed(thrown: JsValue) -> Error {
    let why = thrown.dyn_ref::<js_sys::Error>().map(|error| String::from(error.message()));
    let why = why.unwrap_or_else(|| format!("{thrown:?}"));
    Error::new(Kind::Io, format!("scratch space: {why}"))
        .help("the browser's disk may be full; give less at a time, or use the command")
}
