//! The heads inside a compressed zstd block: literals, then sequences.
//!
//! The decoders of the hosts are not equally strict here. What one of them refuses is refused before
//! any of them sees it, so that a damaged file has the same faults everywhere.
//! Source: RFC 8878, 3.1.1.3; zstd 1.5.7, `ZSTD_decodeLiteralsBlock`, `ZSTD_decodeSeqHeaders`.

/// The fewest literals that may be spread over four streams, and the fewest bytes these take.
const FOUR_STREAMS: (usize, usize) = (6, 10);

/// Whether the heads of a compressed block can be, in a frame whose blocks hold `most` bytes.
pub(super) fn is_plausible(block: &[u8], most: usize) -> bool {
    literals_size(block, most)
        .and_then(|size| block.get(size..))
        .is_some_and(are_plausible_sequences)
}

/// The size of the literals with their head.
fn literals_size(block: &[u8], most: usize) -> Option<usize> {
    let word = block.iter().take(5).rev().fold(0u64, |sum, &byte| (sum << 8) | u64::from(byte));
    let bits = |from: u32, count: u32| usize::try_from((word >> from) & ((1 << count) - 1)).ok();
    let (kind, format) = (word & 3, (word >> 2) & 3);
    let (head, literals, packed) = match (kind, format) {
        (0 | 1, 0 | 2) => (1, bits(3, 5)?, None),
        (0 | 1, 1) => (2, bits(4, 12)?, None),
        (0 | 1, _) => (3, bits(4, 20)?, None),
        (_, 0 | 1) => (3, bits(4, 10)?, Some(bits(14, 10)?)),
        (_, 2) => (4, bits(4, 14)?, Some(bits(18, 14)?)),
        (_, _) => (5, bits(4, 18)?, Some(bits(22, 18)?)),
    };
    let follows = match (packed, kind) {
        (Some(packed), _) => packed,
        (None, 0) => literals,
        (None, _) => 1,
    };
    let is_four = packed.is_some() && format > 0;
    let is_enough = !is_four || (literals >= FOUR_STREAMS.0 && follows >= FOUR_STREAMS.1);
    // zstd wants to see the longest head, even where a short one follows.
    let is_whole = block.len() >= if packed.is_some() { 5 } else { head };
    (is_whole && is_enough && literals <= most).then_some(head + follows)
}

/// Whether these bytes can be the sequences of a block.
fn are_plausible_sequences(bytes: &[u8]) -> bool {
    let modes = match bytes {
        [0] | [128, 0] => return true,
        [0, ..] | [128, 0, ..] => return false,
        [1..=127, modes, ..] | [128..=254, _, modes, ..] | [255, _, _, modes, ..] => modes,
        _ => return false,
    };
    modes & 3 == 0
}
