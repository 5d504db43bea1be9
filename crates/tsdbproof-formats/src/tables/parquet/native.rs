//! Parquet where there is room for its decoder.

mod arrays;
mod chunks;
mod group;
mod index;
mod pages;
mod thrift;
mod writer;

use std::{
    cell::Cell,
    fmt::Display,
    panic::{self, AssertUnwindSafe},
    sync::Once,
};

use crate::{Access, FormatWriter, WriteOptions};

pub(super) const ACCESS: Access = Access::Indexed { index: index::index };

pub(super) fn open_writer(_: &WriteOptions) -> Box<dyn FormatWriter> {
    Box::new(writer::Writer::new())
}

thread_local! {
    /// Whether this thread runs the decoder.
    static IS_DECODING: Cell<bool> = const { Cell::new(false) };
}

/// What the decoder of the crate `parquet` gives. It is made for files that are sound: what its
/// authors held for impossible must not end a job, so a panic is an error too, and is told as one.
fn contained<T, E: Display>(decode: impl FnOnce() -> Result<T, E>) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !IS_DECODING.get() {
                usual(info);
            }
        }));
    });
    IS_DECODING.set(true);
    let done = panic::catch_unwind(AssertUnwindSafe(decode));
    IS_DECODING.set(false);
    match done {
        Ok(done) => done.map_err(|error| error.to_string()),
        Err(_) => Err("the decoder did not expect such bytes".to_owned()),
    }
}

#[cfg(test)]
mod tests;
