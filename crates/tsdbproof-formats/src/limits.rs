//! Bounds on what an input may claim. Hitting one is said, never silent.

/// How much memory one reader takes at the most for things whose size the input decides.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The longest line, in bytes; a longer one is a problem and is passed over.
    pub line_bytes: usize,
    /// The largest window that a compressed frame may ask for, in bytes.
    pub window_bytes: u64,
    /// The largest index at the end of a file, in bytes.
    pub index_bytes: usize,
    /// The largest row of a table of HBase, in bytes; a larger one is a problem and is passed over.
    pub row_bytes: usize,
    /// The longest record or block of a container, packed or unpacked, in bytes; a longer one is a
    /// problem and is passed over.
    pub record_bytes: usize,
    /// The largest batch or group of rows of a table, packed or unpacked, in bytes; a larger one is a
    /// problem and is passed over.
    pub batch_bytes: usize,
}

/// The least that a batch may have: what is written here has smaller ones.
const BATCH_BYTES: usize = 64 << 20;

impl Limits {
    /// The same limits where a job has so much memory: a batch may take half of it.
    #[must_use]
    pub fn within(self, memory_bytes: u64) -> Self {
        let half = usize::try_from(memory_bytes / 2).unwrap_or(usize::MAX);
        Limits { batch_bytes: half.max(BATCH_BYTES), ..self }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            line_bytes: 1 << 20,
            window_bytes: 128 << 20,
            index_bytes: 256 << 20,
            row_bytes: 128 << 20,
            record_bytes: 128 << 20,
            batch_bytes: 1 << 30,
        }
    }
}
