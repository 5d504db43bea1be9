//! NONE: cells as KeyValues.
//!
//! | bytes | part |
//! | --- | --- |
//! | 4, 4 | length of the key, of the value |
//! | n, n | key, value |
//! | 2 + n | length of the tags, tags; if the file has such |
//!
//! Source: HBase 2.5.10 `io/encoding/NoneEncoder.java`.

use super::super::input::Input;
use super::super::key::{STAMP_BYTES, split_stamp};
use super::{Decoder, Stem};

pub(super) struct Plain;

impl<'b> Decoder<'b> for Plain {
    const IS_PLAIN: bool = true;

    fn next<'s>(&'s mut self, input: &mut Input<'b>) -> Option<Stem<'s, 'b>>
    where
        'b: 's,
    {
        let (key_length, value_length) = (input.length()?, input.length()?);
        let key = input.take(key_length)?;
        let (column, stamp) = key.split_last_chunk::<STAMP_BYTES>()?;
        let (timestamp_ms, kind) = split_stamp(stamp);
        Some(Stem { column, timestamp_ms, kind, value: input.take(value_length)? })
    }
}
