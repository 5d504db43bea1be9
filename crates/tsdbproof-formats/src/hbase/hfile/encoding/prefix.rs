//! PREFIX: a key begins with as many bytes of the one before it as are the same.
//!
//! | bytes | part |
//! | --- | --- |
//! | 1.. each | length of the rest of the key, of the value, of what is the same |
//! | n, n | rest of the key, value |
//!
//! Source: HBase 2.5.10 `io/encoding/PrefixKeyDeltaEncoder.java`.

use super::super::input::Input;
use super::super::key::{STAMP_BYTES, split_stamp};
use super::{Decoder, Stem};

#[derive(Default)]
pub(super) struct Prefix {
    /// The last key, with timestamp and type.
    key: Vec<u8>,
}

impl<'b> Decoder<'b> for Prefix {
    const IS_PLAIN: bool = false;

    fn next<'s>(&'s mut self, input: &mut Input<'b>) -> Option<Stem<'s, 'b>>
    where
        'b: 's,
    {
        let rest_length = input.compressed_length()?;
        let value_length = input.compressed_length()?;
        let common = input.compressed_length()?;
        if common > self.key.len() {
            return None;
        }
        self.key.truncate(common);
        self.key.extend_from_slice(input.take(rest_length)?);
        let (column, stamp) = self.key.split_last_chunk::<STAMP_BYTES>()?;
        let (timestamp_ms, kind) = split_stamp(stamp);
        Some(Stem { column, timestamp_ms, kind, value: input.take(value_length)? })
    }
}
