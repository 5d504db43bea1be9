//! What the walk over zstd frames needs of a host: blocks decoded.

/// Decodes blocks. All that is around them, and every check but that of their inside, is the walk's.
pub(in crate::decompress) trait BlockDecoder: Send {
    /// A decoder that waits for a frame.
    fn new() -> Self;

    /// Begins a frame that refers back `window` bytes at most. What the last one held is dropped.
    fn begin(&mut self, window: u64) -> Result<(), Refused>;

    /// Decodes a block, by its head (never marked as the last) and its bytes; gives its unpacked
    /// size, `most` at most. A block that is refused leaves nothing behind, and ends its frame.
    fn decode(&mut self, head: [u8; 3], packed: &[u8], most: usize) -> Result<usize, Refused>;

    /// The next unpacked bytes, in order, 256 KiB at most; empty if there are none. A decoder may
    /// keep the last ones, which blocks refer back to, until the frame `is_over`.
    fn next(&mut self, is_over: bool) -> &[u8];
}

/// Why a block can't be decoded. The decoders' own words differ, so they are not passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::decompress) enum Refused {
    /// Its bytes are broken.
    Broken,
    /// It holds more than it may.
    TooLong,
}
