//! What a comparison found: stretches that differ, and how many points do.

use std::collections::BTreeMap;

use serde::Serialize;
use tsdbproof_core::Series;

/// What a comparison covered and how it came out, in all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(tsify::Tsify), tsify(hashmap_as_object))]
pub struct Compared {
    /// The depth at which both sides could be compared; of a patch that is shown, [`Self::OF_PATCH`].
    pub depth: &'static str,
    /// Nodes of that depth that stand on a side.
    pub nodes: u64,
    /// Those that are equal, and lost nothing on their way.
    pub equal_nodes: u64,
    /// Those that differ in nothing but what their way lost, as far as can be told: not compared.
    #[serde(skip_serializing_if = "is_zero")]
    #[cfg_attr(feature = "ts", tsify(optional))]
    pub lossy_nodes: u64,
    /// Those of `lossy_nodes` that differ, where the points that could tell why are not at hand.
    #[serde(skip_serializing_if = "is_zero")]
    #[cfg_attr(feature = "ts", tsify(optional))]
    pub undecided_nodes: u64,
    /// Those of `lossy_nodes` that only one side has by name, where a series of the other side under
    /// UIDs without names may be the same: not compared.
    #[serde(skip_serializing_if = "is_zero")]
    #[cfg_attr(feature = "ts", tsify(optional))]
    pub unnamed_nodes: u64,
    /// Nodes beside these, in which points of a side could not be read: not compared.
    #[serde(skip_serializing_if = "is_zero")]
    #[cfg_attr(feature = "ts", tsify(optional))]
    pub unread_nodes: u64,
    /// Nodes beside these that were left out: behind the first difference, or out of the sample.
    #[serde(skip_serializing_if = "is_zero")]
    #[cfg_attr(feature = "ts", tsify(optional))]
    pub left_nodes: u64,
    /// What the sample tells of the whole, if only one was compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", tsify(optional))]
    pub sample: Option<Sampled>,
    /// Distinct points of base in them.
    pub base_points: u64,
    /// Distinct points of current in them.
    pub current_points: u64,
    /// Points of both sides in nodes that differ, where the points of a side are not at hand.
    #[serde(skip_serializing_if = "is_zero")]
    #[cfg_attr(feature = "ts", tsify(optional))]
    pub unresolved_points: u64,
    /// Series that only base has.
    #[serde(skip_serializing_if = "is_zero")]
    #[cfg_attr(feature = "ts", tsify(optional))]
    pub missing_series: u64,
    /// Their points, as the profile sees them.
    #[serde(skip_serializing_if = "is_zero")]
    #[cfg_attr(feature = "ts", tsify(optional))]
    pub missing_series_points: u64,
    /// Stretches in which the sides differ, be it only for what their way lost.
    pub differences: u64,
    /// Their points.
    #[serde(flatten)]
    pub counts: Counts,
    /// The same by metric, where there is a difference.
    pub metrics: BTreeMap<String, MetricCounts>,
    /// Equal numbers that came as an integer on one side and as a float on the other: notes, no
    /// differences. Only of sources that keep that.
    #[serde(skip_serializing_if = "is_zero")]
    #[cfg_attr(feature = "ts", tsify(optional))]
    pub kind_changes: u64,
    /// The first of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "ts", tsify(optional))]
    pub kind_examples: Vec<KindChange>,
}

impl Compared {
    /// Stands for the depth where nothing was compared, and a patch tells what it changes: its nodes are
    /// hours, of which it holds no other points than those that go and come.
    pub const OF_PATCH: &'static str = "patch";

    /// Counts a difference.
    pub(crate) fn count(&mut self, difference: &Difference) {
        let metric = self.metrics.entry(difference.metric.clone()).or_default();
        metric.differences += 1;
        metric.counts.add(&difference.counts);
        self.differences += 1;
        self.counts.add(&difference.counts);
    }
}

/// What was drawn, and what may hide in the rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(tsify::Tsify), tsify(hashmap_as_object))]
pub struct Sampled {
    /// What the draw depends on.
    pub seed: u64,
    /// Days of series that were drawn, and all.
    pub series_days: (u64, u64),
    /// Days on which anything was drawn, and all.
    pub days: (u64, u64),
    /// Series of which a day was drawn, and all.
    pub series: (u64, u64),
    /// The probability, in millionths, that a loss of 1 % stays unseen: of days of series at random.
    pub unseen_series_days_ppm: u64,
    /// The same of a loss of 1 % of the days, at least one, of all series.
    pub unseen_days_ppm: u64,
    /// The same of a loss of 1 % of the series, at least one, as a whole.
    pub unseen_series_ppm: u64,
}

/// A number that came as an integer on one side and as a float on the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(tsify::Tsify), tsify(hashmap_as_object))]
pub struct KindChange {
    /// The metric.
    pub metric: String,
    /// The tags.
    pub tags: BTreeMap<String, String>,
    /// The instant.
    pub time: String,
    /// The number as base has it, spelled so that its kind shows: `5`, `5.0`.
    pub base: String,
    /// The number as current has it.
    pub current: String,
    /// The series, for renderers.
    #[serde(skip)]
    pub series: Series,
}

/// Differences of one metric.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(tsify::Tsify), tsify(hashmap_as_object))]
pub struct MetricCounts {
    /// Series with such a stretch.
    pub series: u64,
    /// Stretches.
    pub differences: u64,
    /// Their points.
    #[serde(flatten)]
    pub counts: Counts,
}

/// How many points differ, and how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(tsify::Tsify), tsify(hashmap_as_object))]
pub struct Counts {
    /// Points at instants that only base has.
    pub missing: u64,
    /// Points at instants that only current has.
    pub extra: u64,
    /// Instants that both have, with other values.
    pub changed: u64,
    /// Those of `missing` and `extra` that are older than the time to live on the side that lacks them.
    #[serde(skip_serializing_if = "is_zero")]
    #[cfg_attr(feature = "ts", tsify(optional))]
    pub expired: u64,
    /// Those of `changed` in which one side is the other in single precision.
    pub narrowed: u64,
    /// Those of `changed` in which one side lacks some of several values of the other.
    pub resolved: u64,
    /// Those of `changed` that the tolerance covers.
    #[serde(skip_serializing_if = "is_zero")]
    #[cfg_attr(feature = "ts", tsify(optional))]
    pub within_tolerance: u64,
    /// Nodes that differ but whose points are not at hand on both sides; of a patch, hours that it clears.
    pub unresolved_nodes: u64,
    /// Those of `unresolved_nodes` that are equal in single precision.
    pub f32_equal_nodes: u64,
    /// Points that differ only by what their way lost: no difference.
    #[serde(skip_serializing_if = "is_zero")]
    #[cfg_attr(feature = "ts", tsify(optional))]
    pub lost: u64,
    /// Those of `missing` and `extra` that `tsdb scan`, whose text the other side is, can't print.
    #[serde(skip_serializing_if = "is_zero")]
    #[cfg_attr(feature = "ts", tsify(optional))]
    pub unprinted: u64,
}

impl Counts {
    /// Adds another stretch's counts.
    pub fn add(&mut self, other: &Counts) {
        self.missing += other.missing;
        self.extra += other.extra;
        self.changed += other.changed;
        self.expired += other.expired;
        self.narrowed += other.narrowed;
        self.resolved += other.resolved;
        self.within_tolerance += other.within_tolerance;
        self.unresolved_nodes += other.unresolved_nodes;
        self.f32_equal_nodes += other.f32_equal_nodes;
        self.lost += other.lost;
        self.unprinted += other.unprinted;
    }

    /// How much differs: what "worst first" sorts by.
    pub fn weight(&self) -> u64 {
        self.missing + self.extra + self.changed + self.unresolved_nodes
    }
}

/// A stretch of neighbouring hours of a series in which the sides differ.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(tsify::Tsify), tsify(hashmap_as_object))]
pub struct Difference {
    /// The metric.
    pub metric: String,
    /// The tags.
    pub tags: BTreeMap<String, String>,
    /// The first hour's start; `None` where the depth has no time.
    #[cfg_attr(feature = "ts", tsify(type = "string | null"))]
    pub from: Option<String>,
    /// The last hour's end.
    #[cfg_attr(feature = "ts", tsify(type = "string | null"))]
    pub to: Option<String>,
    /// Points of base in the stretch; of a patch, those that it takes away.
    pub base_points: u64,
    /// Points of current in it; of a patch, those that it brings.
    pub current_points: u64,
    /// How many differ.
    #[serde(flatten)]
    pub counts: Counts,
    /// Whether a whole series stands on one side only.
    pub whole_series: bool,
    /// Why, as far as the points tell.
    pub causes: Vec<Cause>,
    /// The first points that differ.
    pub examples: Vec<PointDifference>,
    /// The series, for renderers.
    #[serde(skip)]
    pub series: Series,
    /// The stretch in milliseconds, for renderers; `None` where the depth has no time.
    #[serde(skip)]
    pub window_ms: Option<(u64, u64)>,
}

/// Why points differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(tsify::Tsify), tsify(hashmap_as_object))]
#[serde(tag = "cause", rename_all = "kebab-case")]
pub enum Cause {
    /// One side is the other in single precision.
    Float32Narrowed {
        /// Instants.
        points: u64,
    },
    /// One side has only some of several values of the other.
    DuplicateResolved {
        /// Instants.
        points: u64,
    },
    /// The same values, at times that differ by a constant.
    Shifted {
        /// Milliseconds from base to current.
        by_ms: i64,
        /// Points.
        points: u64,
    },
    /// Seconds taken for milliseconds, or milliseconds for seconds.
    Unit {
        /// Which of both.
        taken: &'static str,
        /// Points.
        points: u64,
    },
    /// Points are older than the time to live (TTL) on the side that lacks them.
    Expired {
        /// Points.
        points: u64,
    },
    /// Times of one side are cut to whole seconds on their way.
    WholeSeconds {
        /// Points.
        points: u64,
    },
    /// Integers of one side are printed as the doubles next to them.
    WideIntegers {
        /// Points.
        points: u64,
    },
    /// `tsdb scan` 2.4.1 stops at a column that begins at second 80 to 95 of its hour.
    ScanStops {
        /// Points.
        points: u64,
    },
    /// No scan reaches the last hour that a row can stand for.
    ScanEnds {
        /// Points.
        points: u64,
    },
    /// Equal in single precision, as far as digests alone tell.
    EqualInF32 {
        /// Nodes.
        nodes: u64,
    },
}

/// An instant at which the sides differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(tsify::Tsify), tsify(hashmap_as_object))]
pub struct PointDifference {
    /// `-` only in base, `+` only in current, `~` changed.
    pub sign: char,
    /// The instant.
    pub time: String,
    /// Values in base.
    pub base: Vec<String>,
    /// Values in current.
    pub current: Vec<String>,
}

/// How the nodes of a metric came out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ComparedMetric {
    /// The metric.
    pub metric: String,
    /// Nodes that stand on a side.
    pub nodes: u64,
    /// Those that are equal, and lost nothing on their way.
    pub equal_nodes: u64,
    /// Distinct points of base.
    pub base_points: u64,
    /// Distinct points of current.
    pub current_points: u64,
    /// How many of them differ.
    pub counts: Counts,
}

/// Takes the differences of a job, sorted by metric, tags and time, as they are found.
pub trait Differences {
    /// The next difference.
    fn difference(&mut self, difference: &Difference);

    /// The end of a metric, whether it differs or not.
    fn metric(&mut self, _: &ComparedMetric) {}
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}
