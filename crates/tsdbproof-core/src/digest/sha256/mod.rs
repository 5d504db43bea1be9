//! SHA-256 of messages that grow, alone or two side by side.
//!
//! Most leaves are hashed twice, once for each profile, in messages of one length. Instructions for
//! SHA-256 wait for one another; those of two messages at once wait half as often.

#[cfg(target_arch = "x86_64")]
mod x86;

use sha2::block_api::compress256;

use super::Hash;

/// Bytes that are hashed at once.
const BLOCK: usize = 64;
type Block = [u8; BLOCK];
type State = [u32; 8];

/// Source: FIPS 180-4, 5.3.3.
const START: State = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

/// A message whose bytes still arrive.
#[derive(Clone)]
pub(super) struct Message {
    state: State,
    length: u64,
    /// It begins with the bytes behind the last whole block.
    rest: Block,
}

impl Message {
    /// A message that begins with this byte.
    pub(super) fn beginning_with(byte: u8) -> Self {
        let mut rest = [0; BLOCK];
        rest[0] = byte;
        Message { state: START, length: 1, rest }
    }

    /// Bytes so far.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Takes the next bytes.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        let (bytes, is_full) = self.fill(bytes);
        if is_full {
            compress256(&mut self.state, &[self.rest]);
        }
        let (blocks, rest) = bytes.as_chunks();
        compress256(&mut self.state, blocks);
        self.hold(rest);
    }

    /// The same of two messages: of equal length, with as many bytes for each, they cost little more
    /// than one.
    pub(super) fn push_both([a, b]: [&mut Self; 2], [to_a, to_b]: [&[u8]; 2]) {
        if a.length != b.length || to_a.len() != to_b.len() {
            a.push(to_a);
            return b.push(to_b);
        }
        let ((to_a, is_full), (to_b, _)) = (a.fill(to_a), b.fill(to_b));
        if is_full {
            compress_both([&mut a.state, &mut b.state], [&[a.rest], &[b.rest]]);
        }
        let ((blocks_a, rest_a), (blocks_b, rest_b)) = (to_a.as_chunks(), to_b.as_chunks());
        compress_both([&mut a.state, &mut b.state], [blocks_a, blocks_b]);
        a.hold(rest_a);
        b.hold(rest_b);
    }

    /// The digest of the message.
    pub(super) fn finish(mut self) -> Hash {
        let (tail, blocks) = self.tail();
        compress256(&mut self.state, tail.get(..blocks).unwrap_or_default());
        hash_of(self.state)
    }

    /// The digests of two messages.
    pub(super) fn finish_both([mut a, mut b]: [Self; 2]) -> [Hash; 2] {
        let ((tail_a, blocks), (tail_b, blocks_b)) = (a.tail(), b.tail());
        if blocks != blocks_b {
            return [a.finish(), b.finish()];
        }
        let tails = [&tail_a, &tail_b].map(|tail| tail.get(..blocks).unwrap_or_default());
        compress_both([&mut a.state, &mut b.state], tails);
        [hash_of(a.state), hash_of(b.state)]
    }

    fn held(&self) -> usize {
        self.length as usize % BLOCK
    }

    /// Completes a block that is begun; gives the bytes behind it, and whether it is complete.
    #[inline]
    fn fill<'a>(&mut self, bytes: &'a [u8]) -> (&'a [u8], bool) {
        let held = self.held();
        self.length += bytes.len() as u64;
        let room = self.rest.get_mut(held..).filter(|_| held > 0).unwrap_or_default();
        let Some((first, behind)) = bytes.split_at_checked(room.len()) else {
            room.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
            return (&[], false);
        };
        room.copy_from_slice(first);
        (behind, held > 0)
    }

    /// Keeps less bytes than a block, behind a whole block.
    #[inline]
    fn hold(&mut self, bytes: &[u8]) {
        if let Some(slot) = self.rest.get_mut(..bytes.len()) {
            slot.copy_from_slice(bytes);
        }
    }

    /// The last one or two blocks, and how many they are.
    fn tail(&self) -> ([Block; 2], usize) {
        let mut tail = [self.rest, [0; BLOCK]];
        let blocks = pad(&mut tail, self.held(), self.length);
        (tail, blocks)
    }
}

/// A message that is there at once, of few bytes: gathered where it is hashed.
pub(super) struct Gathered {
    blocks: [Block; 3],
    length: usize,
}

impl Gathered {
    /// The message of these parts; `None` if they are too long.
    #[inline(always)]
    pub(super) fn of<const N: usize>(parts: [&[u8]; N]) -> Option<Self> {
        let (mut blocks, mut length) = ([[0; BLOCK]; 3], 0);
        for part in parts {
            let bytes = blocks.as_flattened_mut().get_mut(length..length + part.len())?;
            bytes.copy_from_slice(part);
            length += part.len();
        }
        (blocks_of(length) <= blocks.len()).then_some(Gathered { blocks, length })
    }

    /// The digest of the message.
    pub(super) fn finish(mut self) -> Hash {
        let mut state = START;
        compress256(&mut state, self.padded());
        hash_of(state)
    }

    /// The digests of two messages.
    pub(super) fn finish_both([mut a, mut b]: [Self; 2]) -> [Hash; 2] {
        let (mut state_a, mut state_b) = (START, START);
        let (blocks_a, blocks_b) = (a.padded(), b.padded());
        if blocks_a.len() == blocks_b.len() {
            compress_both([&mut state_a, &mut state_b], [blocks_a, blocks_b]);
        } else {
            compress256(&mut state_a, blocks_a);
            compress256(&mut state_b, blocks_b);
        }
        [hash_of(state_a), hash_of(state_b)]
    }

    fn padded(&mut self) -> &[Block] {
        let blocks = pad(&mut self.blocks, self.length, self.length as u64);
        self.blocks.get(..blocks).unwrap_or_default()
    }
}

/// How many blocks so many bytes are, with what stands behind a message.
fn blocks_of(bytes: usize) -> usize {
    (bytes + 1 + size_of::<u64>()).div_ceil(BLOCK)
}

/// Writes what FIPS 180-4, 5.1.1 puts behind a message, over the bytes from `held` on; gives how many
/// blocks there are then. `length` is that of the whole message.
fn pad(tail: &mut [Block], held: usize, length: u64) -> usize {
    let blocks = blocks_of(held);
    let bytes = tail.as_flattened_mut();
    if let Some([end, zeros @ ..]) = bytes.get_mut(held..blocks * BLOCK) {
        *end = 0x80;
        zeros.fill(0);
        if let Some(bits) = zeros.last_chunk_mut() {
            *bits = (length * 8).to_be_bytes();
        }
    }
    blocks
}

fn hash_of(state: State) -> Hash {
    let mut bytes = [0; 32];
    for (to, word) in bytes.as_chunks_mut().0.iter_mut().zip(state) {
        *to = word.to_be_bytes();
    }
    Hash(bytes)
}

/// Takes as many blocks into each state.
fn compress_both([a, b]: [&mut State; 2], [to_a, to_b]: [&[Block]; 2]) {
    #[cfg(target_arch = "x86_64")]
    if x86::compress_both([a, b], [to_a, to_b]) {
        return;
    }
    compress256(a, to_a);
    compress256(b, to_b);
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    /// Bytes without a pattern.
    fn noise(mut state: u64, length: usize) -> Vec<u8> {
        let mut next = || {
            state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
            (state >> 56) as u8
        };
        (0..length).map(|_| next()).collect()
    }

    fn judged(byte: u8, bytes: &[u8]) -> Hash {
        Hash(Sha256::new_with_prefix([byte]).chain_update(bytes).finalize().into())
    }

    #[test]
    fn messages_of_all_lengths_in_pieces_of_all_lengths_have_their_digest() {
        for length in 0..400 {
            let bytes = noise(length as u64, length);
            for piece in [1, 3, 12, 63, 64, 65, 127, 128, 200, 400] {
                let mut message = Message::beginning_with(2);
                bytes.chunks(piece).for_each(|piece| message.push(piece));
                assert_eq!(message.length(), 1 + length as u64);
                assert_eq!(message.finish(), judged(2, &bytes), "{length} by {piece}");
            }
        }
    }

    #[test]
    fn two_messages_side_by_side_have_the_digests_of_each_alone() {
        for length in 0..400 {
            let (x, y) = (noise(1, length), noise(2, length));
            for piece in [1, 12, 63, 64, 65, 128, 200, 400] {
                let (mut a, mut b) = (Message::beginning_with(2), Message::beginning_with(3));
                for (to_a, to_b) in x.chunks(piece).zip(y.chunks(piece)) {
                    Message::push_both([&mut a, &mut b], [to_a, to_b]);
                }
                let expected = [judged(2, &x), judged(3, &y)];
                assert_eq!(Message::finish_both([a, b]), expected, "{length} by {piece}");
            }
        }
    }

    #[test]
    fn gathered_messages_of_all_lengths_have_their_digest() {
        let (x, y) = (noise(1, 200), noise(2, 200));
        let judged = |bytes: &[u8]| Hash(Sha256::digest(bytes).into());
        for length in 0..=183 {
            let of = |bytes: &[u8]| Gathered::of([&bytes[..length / 3], &bytes[length / 3..]]);
            let (a, b) = (&x[..length], &y[..length]);
            assert_eq!(of(a).unwrap().finish(), judged(a), "{length}");
            for other in [a, &y[..length], &y[..183 - length]] {
                let both = [Gathered::of([b]).unwrap(), Gathered::of([other]).unwrap()];
                assert_eq!(Gathered::finish_both(both), [judged(b), judged(other)], "{length}");
            }
        }
        assert!(Gathered::of([&x[..100], &y[..84]]).is_none());
        assert!(Gathered::of([&x[..100], &y[..], &x[..100]]).is_none());
    }

    #[test]
    fn messages_that_no_longer_are_of_equal_length_go_on_apart() {
        let (x, y) = (noise(1, 1000), noise(2, 1000));
        for (length_a, length_b) in [(0, 0), (12, 0), (0, 64), (55, 56), (64, 128), (100, 90)] {
            let (mut a, mut b) = (Message::beginning_with(2), Message::beginning_with(2));
            Message::push_both([&mut a, &mut b], [&x[..300], &y[..300]]);
            Message::push_both(
                [&mut a, &mut b],
                [&x[300..300 + length_a], &y[300..300 + length_b]],
            );
            let end = 500.min(700 - length_a.max(length_b));
            let (end_a, end_b) = (300 + length_a + end, 300 + length_b + end);
            let behind = [&x[300 + length_a..end_a], &y[300 + length_b..end_b]];
            Message::push_both([&mut a, &mut b], behind);
            let expected = [judged(2, &x[..end_a]), judged(2, &y[..end_b])];
            assert_eq!(Message::finish_both([a, b]), expected);
        }
    }
}
