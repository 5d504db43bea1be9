//! What came of points on their way into an OpenTSDB.

use serde::Serialize;

use super::{JobKind, LeftOut, Report, Verdict};

/// What was, or would be, restored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(tsify::Tsify), tsify(hashmap_as_object))]
pub struct Restored {
    /// Points of the source.
    pub points: u64,
    /// Those of them that are stored in single precision.
    pub narrowed: u64,
    /// Points that would not be kept as they are, by reason: then nothing is written.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "ts", tsify(optional))]
    pub refused: Vec<LeftOut>,
    /// Points that an earlier run had put.
    pub points_before: u64,
    /// What the server said; absent where nothing was put.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<Acknowledged>,
}

/// What a server said of points that were put.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(tsify::Tsify), tsify(hashmap_as_object))]
pub struct Acknowledged {
    /// Points of which it said that they are stored or refused, in this run and those before.
    pub points: u64,
    /// Those of them that it refused.
    pub refused: u64,
    /// The first of these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "ts", tsify(optional))]
    pub first_refused: Vec<String>,
    /// Rows that were deleted before.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", tsify(optional))]
    pub rows_deleted: Option<u64>,
}

impl Report {
    /// Joins what was put, as the restore told it, with what the comparison that followed found.
    pub fn restored_as(mut self, compared: Report) -> Report {
        self.reasons.extend(compared.reasons.iter().cloned());
        self.notes.extend(compared.notes.iter().cloned());
        // What was refused is no less than what differs.
        let is_refused = self.verdict == Verdict::Different;
        let verdict = if is_refused { Verdict::Different } else { compared.verdict };
        let Report { reasons, notes, restored, .. } = self;
        Report { job: JobKind::Restore, verdict, reasons, notes, restored, ..compared }
    }
}
