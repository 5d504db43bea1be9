//! What a job would do, as plain data; `docs/spec/report.md` tells the fields.

use serde::Serialize;
use tsdbproof_core::Profile;

use super::{JobKind, NotRead, name_of_profile};

/// What a job would read, compare and write. Nothing but the beginnings of inputs was read for it.
///
/// A line of JSON of its own: no `summary` follows on it.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "message_type", rename = "explanation")]
pub struct Explanation {
    /// What was asked.
    pub job: JobKind,
    /// What would be read; of a comparison, base before current.
    pub sides: Vec<PlannedSide>,
    /// What would be done with it, a sentence each, in order.
    pub steps: Vec<String>,
    /// The profile that would decide.
    #[serde(serialize_with = "name_of_profile")]
    pub profile: Profile,
    /// The filters that were given, as a statement binds them.
    pub scope: String,
    /// Files that would be written, beside reports.
    pub writes: Vec<String>,
    /// Threads.
    pub threads: usize,
    /// Bytes of memory, over all threads.
    pub memory_bytes: u64,
    /// Where temporary files would lie.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temp_dir: Option<String>,
    /// Version of this program.
    pub version: &'static str,
}

/// One side of a job that is explained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlannedSide {
    /// `source`, `manifest`, `base` or `current`.
    pub role: &'static str,
    /// What the user named: files, folders, patterns, or a root.
    pub names: Vec<String>,
    /// Whether it is a manifest.
    pub is_manifest: bool,
    /// What would be read of it.
    pub inputs: Vec<PlannedInput>,
    /// What would not be read, and why.
    pub not_read: Vec<NotRead>,
}

/// A file or a stream as its beginning shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlannedInput {
    /// Its name, as the user named it.
    pub name: String,
    /// Bytes on disk; `None` of a stream.
    pub size_bytes: Option<u64>,
    /// How it is compressed.
    pub codec: &'static str,
    /// Its format, or `manifest`.
    pub format: &'static str,
    /// Whether it was chosen for the names of UIDs, and not for points.
    pub is_uids: bool,
}
