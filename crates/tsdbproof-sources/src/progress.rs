//! How far a job is, for whoever shows it.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// Bytes read of bytes to read. Jobs may read more than once: each time is a phase.
#[derive(Debug, Clone, Default)]
pub struct Progress(Arc<Counters>);

#[derive(Debug, Default)]
struct Counters {
    phase: AtomicU64,
    done_bytes: AtomicU64,
    /// 0 where a stream hides it.
    total_bytes: AtomicU64,
}

/// A look at a job on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Phase {
    /// From 1; 0 before the first byte.
    pub number: u64,
    /// Bytes read in this phase.
    pub done_bytes: u64,
    /// Bytes to read in this phase; `None` where a stream hides it.
    pub total_bytes: Option<u64>,
}

impl Progress {
    /// How far the job is now.
    pub fn phase(&self) -> Phase {
        let total_bytes = self.0.total_bytes.load(Ordering::Relaxed);
        let done_bytes = self.0.done_bytes.load(Ordering::Relaxed);
        let number = self.0.phase.load(Ordering::Relaxed);
        Phase { number, done_bytes, total_bytes: (total_bytes > 0).then_some(total_bytes) }
    }

    pub(crate) fn begin(&self, total_bytes: Option<u64>) {
        self.0.done_bytes.store(0, Ordering::Relaxed);
        self.0.total_bytes.store(total_bytes.unwrap_or(0), Ordering::Relaxed);
        self.0.phase.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn add(&self, bytes: usize) {
        self.0.done_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}
