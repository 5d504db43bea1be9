//! Digests of the bytes of input files: they tell equal bytes from equal content, and where bytes differ.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::intake::block_start;
use crate::FileDigests;

/// Bytes of a block.
pub(crate) const BLOCK_BYTES: u64 = 1 << 20;

/// Digests of the blocks of a file, or of those that begin in a part of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct FileBlocks {
    /// BLAKE3 by the block's index.
    pub(crate) blocks: BTreeMap<u64, [u8; 32]>,
    pub(crate) sha256: Option<[u8; 32]>,
}

/// Digests the blocks that begin in a part of a file.
pub(crate) struct Digester {
    /// The first block's start.
    from: u64,
    /// The start of the first block that another part answers for.
    to: u64,
    blocks: bool,
    open: Option<(u64, Box<blake3::Hasher>)>,
    sha256: Option<Sha256>,
    done: FileBlocks,
}

impl Digester {
    /// A digester for the part `[from, to)` of a file.
    pub(crate) fn new(digests: FileDigests, from: u64, to: Option<u64>) -> Option<Self> {
        let sha256 = digests.sha256.then(Sha256::new);
        let to = to.map_or(u64::MAX, block_start);
        let part = Digester {
            from: block_start(from),
            to,
            blocks: digests.blocks,
            open: None,
            sha256,
            done: FileBlocks::default(),
        };
        (digests.blocks || digests.sha256).then_some(part)
    }

    /// Whether bytes from `at` on are still needed.
    pub(crate) fn wants(&self, at: u64, to: Option<u64>) -> bool {
        to.is_none() || self.from < self.to && at < self.to
    }

    /// Takes the bytes of the file that begin at `at`.
    pub(crate) fn push(&mut self, bytes: &[u8], mut at: u64) {
        if let Some(state) = &mut self.sha256 {
            state.update(bytes);
        }
        let skip = usize::try_from(self.from.saturating_sub(at)).unwrap_or(usize::MAX);
        let mut rest = bytes.get(skip..).unwrap_or_default();
        at += skip as u64;
        while self.blocks && !rest.is_empty() && at < self.to {
            let index = at / BLOCK_BYTES;
            let room = (index + 1) * BLOCK_BYTES - at;
            let length = usize::try_from(room).unwrap_or(usize::MAX).min(rest.len());
            let (same, later) = rest.split_at(length);
            let (_, hasher) = self.open.get_or_insert_with(|| (index, Box::default()));
            hasher.update(same);
            at += length as u64;
            rest = later;
            if at == (index + 1) * BLOCK_BYTES {
                self.close();
            }
        }
    }

    fn close(&mut self) {
        if let Some((index, hasher)) = self.open.take() {
            self.done.blocks.insert(index, hasher.finalize().into());
        }
    }

    /// The digests.
    pub(crate) fn finish(mut self) -> FileBlocks {
        self.close();
        self.done.sha256 = self.sha256.map(|state| state.finalize().into());
        self.done
    }
}
