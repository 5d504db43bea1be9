//! Numbers and bytes that are taken off the front of a buffer. `None`: the buffer ends in them.

use crate::hbase::protobuf::varint;
use crate::hbase::writable::{text, vint};

/// What is left of a buffer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Input<'b> {
    rest: &'b [u8],
    size: usize,
}

impl<'b> Input<'b> {
    pub(super) fn new(buffer: &'b [u8]) -> Self {
        Input { rest: buffer, size: buffer.len() }
    }

    /// Bytes that were taken so far.
    pub(super) fn at(&self) -> usize {
        self.size - self.rest.len()
    }

    pub(super) fn rest(&self) -> &'b [u8] {
        self.rest
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn take(&mut self, count: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.rest.split_first_chunk::<N>()?;
        self.rest = rest;
        Some(*taken)
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.array().map(u8::from_be_bytes)
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_be_bytes)
    }

    pub(super) fn i64(&mut self) -> Option<i64> {
        self.array().map(i64::from_be_bytes)
    }

    /// A length of four bytes; none has the highest bit.
    pub(super) fn length(&mut self) -> Option<usize> {
        let length = self.u32()?;
        (length <= i32::MAX.unsigned_abs()).then_some(usize::try_from(length).ok()?)
    }

    /// A length as encoders of blocks write it: groups of seven bits, the lowest first.
    pub(super) fn compressed_length(&mut self) -> Option<usize> {
        let length = varint(&mut self.rest)?;
        usize::try_from(length).ok().filter(|_| length <= u64::from(i32::MAX.unsigned_abs()))
    }

    /// Hadoop's VLong.
    pub(super) fn vlong(&mut self) -> Option<i64> {
        vint(&mut self.rest)
    }

    /// As many bytes as a VInt before them says.
    pub(super) fn vbytes(&mut self) -> Option<&'b [u8]> {
        text(&mut self.rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_has_31_bits() {
        assert_eq!(Input::new(b"\x7f\xff\xff\xff").length(), Some(0x7fff_ffff));
        assert_eq!(Input::new(b"\x80\x00\x00\x00").length(), None);
        assert_eq!(Input::new(b"\xac\x02").compressed_length(), Some(300));
        assert_eq!(Input::new(b"\xff\xff\xff\xff\x0f").compressed_length(), None);
    }
}
