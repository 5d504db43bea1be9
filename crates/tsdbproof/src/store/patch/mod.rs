//! The patch file: an Arrow IPC file of what changes between two states of the same points.
//!
//! What stands in it, and what a reader checks, is docs/spec/patch.md; `store/file` tells how the file proves
//! itself. The same changes are the same bytes.

mod meta;
mod read;
mod table;
#[cfg(test)]
mod tests;
mod write;

pub(crate) use read::Changes;
pub(crate) use table::WHAT;
pub(crate) use write::PatchWriter;

use tsdbproof_core::{Error, HOUR_MS, Hour, Value, digest::Roots};

use super::file::{self, shown};
use crate::report::PatchSource;

/// A change of one point at an instant of a series: one of both values is there, or both. Without any it
/// clears the hour that begins at its instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Change {
    pub(crate) timestamp_ms: u64,
    /// The value that goes.
    pub(crate) old: Option<Value>,
    /// The value that comes.
    pub(crate) new: Option<Value>,
}

impl Change {
    /// Takes away whatever stands in this hour.
    pub(crate) fn clear(hour: Hour) -> Self {
        Change { timestamp_ms: u64::from(hour) * HOUR_MS, old: None, new: None }
    }

    /// Whether it clears an hour.
    pub(crate) fn clears_hour(&self) -> bool {
        self.old.is_none() && self.new.is_none()
    }
}

/// One end of a patch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) roots: Roots,
    pub(crate) points: u64,
    /// The newest point's time; 0 without points.
    pub(crate) last_ms: u64,
    /// What it was read from.
    pub(crate) source: PatchSource,
}

/// What a patch says beside its changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Meta {
    pub(crate) base: State,
    pub(crate) result: State,
    /// The scope text of both states.
    pub(crate) scope: String,
    pub(crate) counts: ChangeCounts,
}

/// How many changes there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct ChangeCounts {
    /// Puts that add a point.
    pub(crate) added: u64,
    /// Puts that take another value's place.
    pub(crate) replaced: u64,
    /// Deletes.
    pub(crate) deleted: u64,
    /// Hours that are cleared.
    pub(crate) cleared_hours: u64,
    /// Points of the base in them.
    pub(crate) cleared_points: u64,
}

impl ChangeCounts {
    fn add(&mut self, change: &Change) {
        match (change.old, change.new) {
            (Some(_), Some(_)) => self.replaced += 1,
            (None, Some(_)) => self.added += 1,
            (Some(_), None) => self.deleted += 1,
            (None, None) => self.cleared_hours += 1,
        }
    }
}

/// A patch that is not what was written.
fn damaged(what: impl Into<String>) -> Error {
    file::damaged("patch", what)
}
