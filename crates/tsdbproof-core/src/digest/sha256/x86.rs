//! Two messages at once with the SHA instructions of x86.
//!
//! The only module with `unsafe` code, for one call: the instructions may be used where the core has
//! them, which is asked first. Its judge is the crate `sha2`, one message after the other.
//!
//! Source: Intel, "Intel SHA Extensions", 2013; rounds four at a time, as there.

use core::arch::x86_64::{
    __m128i, _mm_add_epi32, _mm_alignr_epi8, _mm_extract_epi32, _mm_set_epi32, _mm_set_epi64x,
    _mm_sha256msg1_epu32, _mm_sha256msg2_epu32, _mm_sha256rnds2_epu32, _mm_shuffle_epi8,
    _mm_shuffle_epi32,
};

use super::{Block, State};

/// Source: FIPS 180-4, 4.2.2.
const ROUNDS: [[u32; 4]; 16] = [
    [0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5],
    [0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5],
    [0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3],
    [0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174],
    [0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc],
    [0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da],
    [0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7],
    [0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967],
    [0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13],
    [0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85],
    [0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3],
    [0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070],
    [0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5],
    [0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3],
    [0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208],
    [0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2],
];

/// Takes as many blocks into each state; `false` if this core can't.
pub(super) fn compress_both(states: [&mut State; 2], blocks: [&[Block]; 2]) -> bool {
    let can = is_x86_feature_detected!("sha") && is_x86_feature_detected!("sse4.1");
    if can {
        // SAFETY: the core has what the function is compiled for.
        #[expect(unsafe_code, reason = "a function for some cores is called on one of them")]
        unsafe {
            compress(states, blocks);
        }
    }
    can
}

#[target_feature(enable = "sha,sse4.1")]
fn compress([a, b]: [&mut State; 2], [to_a, to_b]: [&[Block]; 2]) {
    let (mut x, mut y) = (Lane::of(a), Lane::of(b));
    for (block_a, block_b) in to_a.iter().zip(to_b) {
        let (before_x, before_y) = (x, y);
        let (mut words_x, mut words_y) = (words(block_a), words(block_b));
        for (index, constants) in ROUNDS.iter().enumerate() {
            // The first sixteen rounds take the words of the block itself.
            let is_first = index < 4;
            x.four_rounds(next_words(&mut words_x, is_first), constants);
            y.four_rounds(next_words(&mut words_y, is_first), constants);
        }
        x.add(before_x);
        y.add(before_y);
    }
    (*a, *b) = (x.state(), y.state());
}

/// The state of one message, as the instructions want it.
#[derive(Clone, Copy)]
struct Lane {
    abef: __m128i,
    cdgh: __m128i,
}

impl Lane {
    #[inline]
    #[target_feature(enable = "sse2")]
    fn of(state: &State) -> Self {
        let [a, b, c, d, e, f, g, h] = state.map(u32::cast_signed);
        Lane { abef: _mm_set_epi32(a, b, e, f), cdgh: _mm_set_epi32(c, d, g, h) }
    }

    #[inline]
    #[target_feature(enable = "sse4.1")]
    fn state(self) -> State {
        let [[f, e, b, a], [h, g, d, c]] = [self.abef, self.cdgh].map(|four| {
            [
                _mm_extract_epi32::<0>(four),
                _mm_extract_epi32::<1>(four),
                _mm_extract_epi32::<2>(four),
                _mm_extract_epi32::<3>(four),
            ]
        });
        [a, b, c, d, e, f, g, h].map(i32::cast_unsigned)
    }

    #[inline]
    #[target_feature(enable = "sha")]
    fn four_rounds(&mut self, words: __m128i, &[k0, k1, k2, k3]: &[u32; 4]) {
        let [k0, k1, k2, k3] = [k0, k1, k2, k3].map(u32::cast_signed);
        let words = _mm_add_epi32(words, _mm_set_epi32(k3, k2, k1, k0));
        self.cdgh = _mm_sha256rnds2_epu32(self.cdgh, self.abef, words);
        self.abef = _mm_sha256rnds2_epu32(self.abef, self.cdgh, _mm_shuffle_epi32::<0x0e>(words));
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    fn add(&mut self, other: Lane) {
        self.abef = _mm_add_epi32(self.abef, other.abef);
        self.cdgh = _mm_add_epi32(self.cdgh, other.cdgh);
    }
}

/// The sixteen words of a block, four by four.
#[inline]
#[target_feature(enable = "ssse3")]
fn words(block: &Block) -> [__m128i; 4] {
    let big_endian = _mm_set_epi64x(0x0c0d_0e0f_0809_0a0b, 0x0405_0607_0001_0203);
    let (halves, _) = block.as_chunks();
    let (pairs, _) = halves.as_chunks();
    let mut words = [big_endian; 4];
    for (to, [low, high]) in words.iter_mut().zip(pairs) {
        let four = _mm_set_epi64x(i64::from_le_bytes(*high), i64::from_le_bytes(*low));
        *to = _mm_shuffle_epi8(four, big_endian);
    }
    words
}

/// The next four words of a block, or four more that are made of the last sixteen.
#[inline]
#[target_feature(enable = "sha,ssse3")]
fn next_words(words: &mut [__m128i; 4], is_first: bool) -> __m128i {
    let [a, b, c, d] = *words;
    let next = if is_first {
        a
    } else {
        let sum = _mm_add_epi32(_mm_sha256msg1_epu32(a, b), _mm_alignr_epi8::<4>(d, c));
        _mm_sha256msg2_epu32(sum, d)
    };
    *words = [b, c, d, next];
    next
}
