//! What a job found, as plain data. Renderers turn it into bytes; `docs/spec/report.md` tells the fields.

use std::collections::BTreeMap;

use serde::Serialize;
use tsdbproof_core::{
    Position, Profile,
    digest::{Depth, Entry, RootText, Roots, Totals},
};

mod chained;
mod checked;
mod compared;
mod converted;
mod explained;
mod patched;
mod points;
mod restored;
mod rewritten;
mod table_check;

pub(crate) use crate::time::time;
pub use chained::{ChainFile, ChainState, ChainStep, Chained};
pub use checked::{Checked, Finding, FindingKind, Findings, KindCount};
pub use compared::{
    Cause, Compared, ComparedMetric, Counts, Difference, Differences, KindChange, MetricCounts,
    PointDifference, Sampled,
};
pub use converted::{Converted, LeftOut};
pub use explained::{Explanation, PlannedInput, PlannedSide};
pub(crate) use patched::root;
pub use patched::{Misfit, MisfitKind, PatchSource, PatchSummary};
pub use points::{SeriesPoint, SeriesPoints};
pub use restored::{Acknowledged, Restored};
pub use rewritten::Rewritten;
pub use table_check::{BeyondFsck, Fsck, RepeatedCells, Share, TableCheck};

/// One line of the JSON report.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "ts", derive(tsify::Tsify), tsify(hashmap_as_object))]
#[serde(tag = "message_type", rename_all = "kebab-case")]
pub enum Message<'a> {
    /// A stretch of a series in which the sides differ.
    Difference(&'a Difference),
    /// Something that a check found.
    Finding(&'a Finding),
    /// Everything else; the last line.
    Summary(&'a Report),
}

/// What was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(tsify::Tsify), tsify(hashmap_as_object))]
#[serde(rename_all = "kebab-case")]
pub enum JobKind {
    /// Digest a source.
    Manifest,
    /// Join manifests.
    Merge,
    /// Hold a source against a manifest or a root.
    Verify,
    /// Compare two sources.
    Diff,
    /// Look for faults in the points themselves.
    Check,
    /// Write a source in another format.
    Convert,
    /// Make the state after patches.
    Apply,
    /// Make one patch of several.
    MergePatches,
    /// Tell what a folder can restore.
    Chain,
    /// Put points on a server.
    Restore,
    /// Tell what a file holds.
    Show,
}

impl JobKind {
    /// The job's name in reports.
    pub fn name(self) -> &'static str {
        match self {
            JobKind::Manifest => "manifest",
            JobKind::Merge => "merge",
            JobKind::Verify => "verify",
            JobKind::Diff => "diff",
            JobKind::Check => "check",
            JobKind::Convert => "convert",
            JobKind::Apply => "apply",
            JobKind::MergePatches => "merge-patches",
            JobKind::Chain => "chain",
            JobKind::Restore => "restore",
            JobKind::Show => "show",
        }
    }

    /// Whether the job holds one side against another.
    pub fn compares(self) -> bool {
        matches!(self, JobKind::Verify | JobKind::Diff | JobKind::Convert | JobKind::Apply)
    }
}

/// The answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(tsify::Tsify), tsify(hashmap_as_object))]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Nothing was compared, and nothing is wrong.
    Done,
    /// The same bytes.
    SameBytes,
    /// The same points.
    Same,
    /// Different points, no more of them than the caller allowed.
    Tolerated,
    /// Different points.
    Different,
    /// The points themselves have faults.
    Faulty,
    /// No difference seen, but a source is damaged.
    Damaged,
    /// No difference seen in a sample.
    Sampled,
    /// No difference seen, but not all was read or compared.
    Incomplete,
}

/// A job's result but for the single differences, which go to a [`Differences`] as they are found.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "ts", derive(tsify::Tsify), tsify(hashmap_as_object))]
pub struct Report {
    /// What was asked.
    pub job: JobKind,
    /// The answer.
    pub verdict: Verdict,
    /// Why the answer is not a plain "same", one reason a line.
    pub reasons: Vec<String>,
    /// What else should be known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "ts", tsify(optional))]
    pub notes: Vec<String>,
    /// The profile that decided.
    #[serde(serialize_with = "name_of_profile")]
    #[cfg_attr(feature = "ts", tsify(type = "\"exact\" | \"f32\""))]
    pub profile: Profile,
    /// What was read; of a comparison, base before current.
    pub sides: Vec<Side>,
    /// What was compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compared: Option<Compared>,
    /// Files whose bytes are others than the manifest tells.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "ts", tsify(optional))]
    pub changed_files: Vec<ChangedFile>,
    /// Parts of merged manifests that contradict each other.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "ts", tsify(optional))]
    pub contradictions: Vec<String>,
    /// Totals of the manifest that was made of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merged: Option<SideTotals>,
    /// What is wrong with the points.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checked: Option<Checked>,
    /// What was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub converted: Option<Converted>,
    /// The patch that was written, or those that were applied, in their order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "ts", tsify(optional))]
    pub patches: Vec<PatchSummary>,
    /// Why patches do not lead from the base to the state that is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub misfit: Option<Misfit>,
    /// What a server has to change that holds the base.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rewritten: Option<Rewritten>,
    /// What a folder can restore.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chained: Option<Chained>,
    /// What was put on a server, or would be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restored: Option<Restored>,
    /// Version of this program.
    pub version: &'static str,
}

/// What stands on one side.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "ts", derive(tsify::Tsify), tsify(hashmap_as_object))]
pub struct Side {
    /// `source`, `manifest`, `base` or `current`.
    pub role: &'static str,
    /// What the user named.
    pub names: Vec<String>,
    /// Whether it is a manifest: its points are not at hand.
    pub is_manifest: bool,
    /// How deep its digests reach.
    #[serde(serialize_with = "name_of_depth")]
    #[cfg_attr(feature = "ts", tsify(type = "\"metric\" | \"series\" | \"day\" | \"hour\""))]
    pub depth: Depth,
    /// What it says of all its points.
    #[serde(flatten)]
    pub totals: SideTotals,
    /// The filters, as the statement binds them.
    pub scope: String,
    /// Points as they stood in the files, with repeats.
    pub points_read: u64,
    /// Points that stood there already.
    pub repeats: u64,
    /// Points that a later or earlier one of their instant replaced, as `--duplicates` says.
    pub replaced: u64,
    /// Instants of a series with several values.
    pub conflicts: u64,
    /// Conflicts that `--duplicates` could not decide, their writes being in several files.
    pub undecided: u64,
    /// Points that the filters left out.
    pub filtered: u64,
    /// The newest points, which `--settle` leaves out: they may still be written.
    #[serde(skip_serializing_if = "is_zero")]
    #[cfg_attr(feature = "ts", tsify(optional))]
    pub unsettled: u64,
    /// The files.
    pub files: Vec<File>,
    /// Faults, by kind.
    pub problems: Vec<ProblemGroup>,
    /// What could not be read.
    pub not_read: Vec<NotRead>,
    /// The snapshots of HBase that said which files are read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "ts", tsify(optional))]
    pub snapshots: Vec<SnapshotRead>,
    /// Of a manifest: the damage of its source, by kind; the root leaves it out.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(feature = "ts", tsify(optional))]
    pub left_out: BTreeMap<String, u64>,
    /// Hours (or whatever `depth` says) whose points may not be the stored ones, for what the way that
    /// they came could not carry, by what that is: `whole-seconds`, `wide-integers`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(feature = "ts", tsify(optional))]
    pub losses: BTreeMap<&'static str, u64>,
    /// Of a server, or a manifest of one: points that it would not give or can't be asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "ts", tsify(optional))]
    pub unread: Vec<NotRead>,
    /// Totals of each metric, where the job is to tell them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "ts", tsify(optional))]
    pub metrics: Vec<MetricTotals>,
    /// Points by day, where the job is to tell them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(feature = "ts", tsify(optional))]
    pub days: BTreeMap<String, u64>,
    /// Rows of a manifest at each depth, where the job is to tell them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(feature = "ts", tsify(optional))]
    pub rows: BTreeMap<&'static str, u64>,
}

/// Digests and counts of one side.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(tsify::Tsify), tsify(hashmap_as_object))]
pub struct SideTotals {
    /// Distinct points.
    pub points: u64,
    /// Distinct points in the `f32` profile.
    pub f32_points: u64,
    /// Metrics.
    pub metrics_count: u64,
    /// Series.
    pub series_count: u64,
    /// Hours of series that hold points.
    pub hours_count: u64,
    /// The first point's time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<String>,
    /// The last point's time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
    /// Root of the exact profile.
    pub exact_root: String,
    /// Root of the `f32` profile.
    pub f32_root: String,
    /// The statement.
    pub statement: String,
}

impl SideTotals {
    /// The totals of a finished tree. Counts of inner nodes are the caller's.
    pub(crate) fn new(totals: &Totals, scope: &str) -> Self {
        let Entry { exact, first_ms, last_ms, .. } = totals.all;
        let time = |ms| (exact.points > 0).then(|| time(ms));
        let root = |profile| RootText::Root(profile, totals.roots.of(profile)).to_string();
        SideTotals {
            points: exact.points,
            f32_points: totals.all.node(Profile::F32).points,
            metrics_count: exact.children,
            first: time(first_ms),
            last: time(last_ms),
            exact_root: root(Profile::Exact),
            f32_root: root(Profile::F32),
            statement: statement(scope, &totals.roots),
            ..SideTotals::default()
        }
    }
}

/// The written form of a statement.
pub(crate) fn statement(scope: &str, roots: &Roots) -> String {
    RootText::Statement(tsdbproof_core::digest::statement(scope, roots)).to_string()
}

/// A file that was read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(tsify::Tsify), tsify(hashmap_as_object))]
pub struct File {
    /// Its name, as the user named it.
    pub name: String,
    /// Bytes on disk.
    pub size_bytes: u64,
    /// How it is compressed.
    pub codec: &'static str,
    /// Its format.
    pub format: &'static str,
    /// Points in it, with repeats.
    pub points_read: u64,
    /// SHA-256 of its bytes, where asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// A snapshot of HBase that said which files are read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(tsify::Tsify), tsify(hashmap_as_object))]
pub struct SnapshotRead {
    /// Its name.
    pub name: String,
    /// Its table.
    pub table: String,
    /// When it was taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", tsify(optional))]
    pub taken: Option<String>,
    /// When times to live are counted to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", tsify(optional))]
    pub read_at: Option<String>,
    /// How long cells of points live, in seconds; left out: for ever.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", tsify(optional))]
    pub ttl_s: Option<u64>,
    /// Whether what stood in memory only was left out of it.
    pub skips_memory: bool,
    /// Regions with rows.
    pub regions: u64,
    /// Store files that it names.
    pub store_files: u64,
    /// Those of them that are not there.
    pub missing_files: u64,
}

/// Something that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(tsify::Tsify), tsify(hashmap_as_object))]
pub struct NotRead {
    /// Its name.
    pub name: String,
    /// Why.
    pub why: String,
}

/// The faults of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(tsify::Tsify), tsify(hashmap_as_object))]
pub struct ProblemGroup {
    /// The kind.
    pub kind: &'static str,
    /// Whether points are or may be lost.
    pub is_damage: bool,
    /// How many.
    pub count: u64,
    /// The first of them.
    pub first: Vec<PlacedProblem>,
}

/// A fault with its file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(tsify::Tsify), tsify(hashmap_as_object))]
pub struct PlacedProblem {
    /// The file.
    pub file: String,
    /// Line, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// Byte, from 0, of the unpacked file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub byte: Option<u64>,
    /// Byte, from 0, of the file as it lies on disk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub packed_byte: Option<u64>,
    /// What was found and expected.
    pub what: String,
}

impl PlacedProblem {
    /// The place as messages write it.
    pub fn position(&self) -> Option<Position> {
        match (self.line, self.byte, self.packed_byte) {
            (Some(line), Some(byte), _) => Some(Position::Line { line, byte }),
            (None, Some(byte), _) => Some(Position::Byte(byte)),
            (_, _, Some(byte)) => Some(Position::PackedByte(byte)),
            _ => None,
        }
    }
}

/// A file whose bytes are others than the manifest tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(tsify::Tsify), tsify(hashmap_as_object))]
pub struct ChangedFile {
    /// Its name.
    pub name: String,
    /// Stretches of bytes that are others, in blocks of 1 MiB; `[from, to)`.
    pub bytes: Vec<(u64, u64)>,
}

/// Totals of a metric.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(tsify::Tsify), tsify(hashmap_as_object))]
pub struct MetricTotals {
    /// The metric.
    pub metric: String,
    /// Its series.
    pub series: u64,
    /// Its distinct points.
    pub points: u64,
    /// Its first point's time.
    pub first: String,
    /// Its last point's time.
    pub last: String,
    /// Its digest in the exact profile.
    pub digest: String,
}

impl Report {
    /// Whether it holds what was found of base against what was found of current.
    pub(crate) fn is_comparison(&self) -> bool {
        match self.job {
            JobKind::Verify | JobKind::Diff => true,
            JobKind::Restore => self.compared.is_some(),
            _ => false,
        }
    }

    /// Whether a source is damaged.
    pub fn is_damaged(&self) -> bool {
        self.sides.iter().flat_map(|side| &side.problems).any(|group| group.is_damage)
    }
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

fn name_of_profile<S: serde::Serializer>(profile: &Profile, s: S) -> Result<S::Ok, S::Error> {
    s.serialize_str(profile.name())
}

fn name_of_depth<S: serde::Serializer>(depth: &Depth, s: S) -> Result<S::Ok, S::Error> {
    s.serialize_str(depth.name())
}
