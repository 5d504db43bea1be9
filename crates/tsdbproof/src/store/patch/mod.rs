//! The patch file: an Arrow IPC file of what changes between two states of the same points.
//!
//! A row is a change of one point of an instant; rows ascend by metric, tags and time.
//!
//! | column | type | |
//! | --- | --- | --- |
//! | `metric`, `tags` | utf8 | the series; tags as canonical text |
//! | `timestamp` | timestamp[ms, UTC] | |
//! | `operation` | utf8 | `put` or `delete` |
//! | `new_integer`, `new_float` | int64, float64 | of a put, the value in the kind that it is stored in |
//! | `old_integer`, `old_float` | int64, float64 | the value that the change takes away; null where it adds one |
//!
//! The footer names the roots that a patch starts from and yields, so it fits one state only and proves
//! what it makes. `store/file` tells how the file proves itself. The same changes are the same bytes.

mod meta;
mod read;
mod table;
#[cfg(test)]
mod tests;
mod write;

pub(crate) use read::Changes;
pub(crate) use table::WHAT;
pub(crate) use write::PatchWriter;

use tsdbproof_core::{Error, Value, digest::Roots};

use super::file::{self, shown};

/// A change of one point at an instant of a series. One of both values is there, or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Change {
    pub(crate) timestamp_ms: u64,
    /// The value that goes.
    pub(crate) old: Option<Value>,
    /// The value that comes.
    pub(crate) new: Option<Value>,
}

/// One end of a patch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) roots: Roots,
    pub(crate) points: u64,
    /// What the user named.
    pub(crate) names: Vec<String>,
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
}

impl ChangeCounts {
    fn add(&mut self, change: &Change) {
        match (change.old, change.new) {
            (Some(_), Some(_)) => self.replaced += 1,
            (None, _) => self.added += 1,
            (_, None) => self.deleted += 1,
        }
    }
}

/// A patch that is not what was written.
fn damaged(what: impl Into<String>) -> Error {
    file::damaged("patch", what)
}
