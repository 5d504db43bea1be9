//! What a check found in the points themselves.

use std::collections::BTreeMap;

use serde::Serialize;
use tsdbproof_core::Series;

use super::TableCheck;

macro_rules! finding_kinds {
    ($($(#[doc = $doc:literal])+ $kind:ident = $name:literal, $is_problem:literal, $about:literal;)+) => {
        /// What a check looks for.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
        #[cfg_attr(feature = "ts", derive(tsify::Tsify), tsify(hashmap_as_object))]
        #[serde(rename_all = "kebab-case")]
        pub enum FindingKind { $($(#[doc = $doc])+ $kind,)+ }

        impl FindingKind {
            /// All of them.
            pub const ALL: &[FindingKind] = &[$(FindingKind::$kind),+];

            /// The kind's name in reports.
            pub fn name(self) -> &'static str {
                match self { $(FindingKind::$kind => $name),+ }
            }

            /// Whether it counts for the verdict; else it is a note.
            pub fn is_problem(self) -> bool {
                match self { $(FindingKind::$kind => $is_problem),+ }
            }

            /// What it is, in words.
            pub fn about(self) -> &'static str {
                match self { $(FindingKind::$kind => $about),+ }
            }
        }
    };
}

finding_kinds! {
    /// Several values at one instant of a series.
    Conflict = "conflict", true, "instants with several values";
    /// The same point more than once.
    Duplicate = "duplicate", true, "points that stand there more than once";
    /// A point behind a later one of its series, in a file whose order counts.
    OutOfOrder = "out-of-order", true, "points behind a later one of their series";
    /// A name that OpenTSDB refuses.
    BadName = "bad-name", true, "series with a name that OpenTSDB refuses";
    /// A name that OpenTSDB keeps as another.
    LostName = "lost-name", true, "series with a name that OpenTSDB keeps as another";
    /// A time in seconds among times in milliseconds.
    UnitMixUp = "unit-mix-up", true, "times that look like seconds taken for milliseconds";
    /// A time without points, by the interval that the series should keep or keeps.
    Gap = "gap", true, "gaps";
    /// A counter that falls.
    CounterReset = "counter-reset", false, "counters that fall, as at a restart";
    /// A point that `tsdb import` refuses.
    ImportRefuses = "import-refuses", false, "points that `tsdb import` refuses";
    /// A value that `tsdb import` keeps in single precision only.
    ImportNarrows = "import-narrows", false, "values that `tsdb import` narrows to float32";
}

/// Something that a check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(tsify::Tsify), tsify(hashmap_as_object))]
pub struct Finding {
    /// What.
    pub kind: FindingKind,
    /// Whether it counts for the verdict.
    pub is_problem: bool,
    /// The metric.
    pub metric: String,
    /// The tags.
    pub tags: BTreeMap<String, String>,
    /// The instant, or the first of them; `None` where it is about the whole series.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// What was found, in words.
    pub what: String,
    /// The file, where its order counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The first byte, from 0, of its line in the unpacked file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub byte: Option<u64>,
    /// The series, for renderers.
    #[serde(skip)]
    pub series: Series,
}

/// Counts of a check.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(tsify::Tsify), tsify(hashmap_as_object))]
pub struct Checked {
    /// Findings by kind, in the order of [`FindingKind`].
    pub kinds: Vec<KindCount>,
    /// What was found in the rows of HBase's tables, where the source is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", tsify(optional))]
    pub tables: Option<TableCheck>,
}

/// How often something was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(tsify::Tsify), tsify(hashmap_as_object))]
pub struct KindCount {
    /// What.
    pub kind: FindingKind,
    /// Whether it counts for the verdict.
    pub is_problem: bool,
    /// How often.
    pub count: u64,
}

/// Takes the findings of a check as they are made.
pub trait Findings {
    /// The next finding.
    fn finding(&mut self, finding: &Finding);
}
