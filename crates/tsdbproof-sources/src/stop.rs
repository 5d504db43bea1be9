//! The wish to stop, as a signal brings it.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tsdbproof::{Error, Kind};

/// Set once, by a signal's number; whoever reads or writes looks at it.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicUsize>);

impl Stop {
    /// The flag itself, for a signal's handler to store the signal's number in.
    pub fn flag(&self) -> &Arc<AtomicUsize> {
        &self.0
    }

    /// The signal that came, if one did.
    pub fn signal(&self) -> Option<usize> {
        Some(self.0.load(Ordering::Relaxed)).filter(|signal| *signal != 0)
    }

    /// An error once a signal came.
    pub fn check(&self) -> Result<(), Error> {
        match self.signal() {
            None => Ok(()),
            Some(_) => Err(Error::new(Kind::Interrupted, "interrupted")),
        }
    }
}
