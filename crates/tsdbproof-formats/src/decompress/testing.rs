//! What the tests of decompressors share: run one over bytes, and damage bytes.

use std::fmt::Write as _;

use tsdbproof_core::ProblemKind;

use super::{Decompressor, Piece};

/// All that a decompressor gave.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Unpacked {
    pub(super) bytes: Vec<u8>,
    pub(super) problems: Vec<Found>,
    pub(super) error: Option<String>,
}

/// A problem, and how many bytes came before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) bytes_before: usize,
    pub(super) is_gap: bool,
    pub(super) kind: ProblemKind,
    pub(super) text: String,
}

impl Unpacked {
    pub(super) fn kinds(&self) -> Vec<ProblemKind> {
        self.problems.iter().map(|found| found.kind).collect()
    }

    /// Problems and error, one a line.
    pub(super) fn texts(&self) -> String {
        let mut texts = String::new();
        for Found { is_gap, kind, text, .. } in &self.problems {
            let gap = if *is_gap { "gap" } else { "problem" };
            writeln!(texts, "{gap} {kind}: {text}").expect("a string takes all");
        }
        texts + self.error.as_deref().unwrap_or_default()
    }
}

/// Unpacks bytes that come in pieces of `piece_size`.
pub(super) fn unpack(mut open: impl Decompressor, packed: &[u8], piece_size: usize) -> Unpacked {
    let mut unpacked = Unpacked::default();
    let Unpacked { bytes, problems, .. } = &mut unpacked;
    let mut out = |piece: Piece<'_>| {
        let is_gap = matches!(piece, Piece::Gap(_));
        match piece {
            Piece::Bytes(more) => {
                assert!(!more.is_empty() && more.len() <= 256 << 10, "{}", more.len());
                bytes.extend_from_slice(more);
            }
            Piece::Gap(problem) | Piece::Problem(problem) => problems.push(Found {
                bytes_before: bytes.len(),
                is_gap,
                kind: problem.kind,
                text: format!("{}: {}", problem.at, problem.what),
            }),
        }
        Ok(())
    };
    let pushed = packed.chunks(piece_size).try_for_each(|piece| open.push(piece, &mut out));
    let result = pushed.and_then(|()| open.finish(&mut out));
    unpacked.error = result.err().map(|error| error.to_string());
    unpacked
}

/// The bytes cut at every place, without the whole.
pub(super) fn cuts(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    (0..bytes.len()).map(|count| &bytes[..count])
}

/// The bytes with each one flipped, in three ways.
pub(super) fn flips(bytes: &[u8]) -> impl Iterator<Item = (usize, Vec<u8>)> {
    (0..bytes.len()).flat_map(move |at| {
        [0x01, 0x80, 0xff].map(|mask| {
            let mut flipped = bytes.to_vec();
            flipped[at] ^= mask;
            (at, flipped)
        })
    })
}

/// Lines as OpenTSDB writes them; the same for the same arguments.
pub(super) fn lines(count: u64, seed: u64) -> Vec<u8> {
    let mut text = String::new();
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    for index in 0..count {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (time, value, host) = (1_700_000_000 + index * 10, state >> 40, index % 7);
        writeln!(text, "sys.cpu.user {time} {value} host=web{host:02} cpu=0")
            .expect("a string takes all");
    }
    text.into_bytes()
}
