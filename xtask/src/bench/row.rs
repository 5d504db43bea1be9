//! The rows of the table: one entry is one comparison.

use super::data::{
    Blocks, Cells, Data, JSON_LINES, MANY_SERIES, Packing, SCAN, SHUFFLED, State, TIME,
};
use super::goal::{CPU, Goal, Peak, Time, WALL, bound};
use super::job::Job;
use super::ours::{DEFAULT, FileDigests, Way};

/// A task of ours, what it is measured against, and how well it should do.
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) ours: Job,
    pub(super) peer: Option<Job>,
    pub(super) goal: Goal,
    /// More points than these it is not measured on.
    pub(super) most_points: u64,
}

/// A row without a goal, on any number of points.
const fn row(name: &'static str, ours: Job, peer: Option<Job>) -> Row {
    Row { name, ours, peer, goal: CPU, most_points: u64::MAX }
}

impl Row {
    const fn goal(self, goal: Goal) -> Self {
        Self { goal, ..self }
    }

    const fn on_at_most(self, most_points: u64) -> Self {
        Self { most_points, ..self }
    }
}

const ZST: Data = SCAN.packed(Packing::Zst);
const GZ: Data = SCAN.packed(Packing::Gz);
const EXPORT: Data = SCAN.packed(Packing::Export(Cells::Compacted, Blocks::None));
const EXPORT_ZLIB: Data = SCAN.packed(Packing::Export(Cells::Compacted, Blocks::Zlib));
const EXPORT_CELLS: Data = SCAN.packed(Packing::Export(Cells::Single, Blocks::None));
const EXPORT_CELLS_ZLIB: Data = SCAN.packed(Packing::Export(Cells::Single, Blocks::Zlib));
const MANIFEST: Data = SCAN.packed(Packing::Manifest);
const OTHER_SPELLING: Data = TIME.edited().mixed();

const TWO_THREADS: Way = Way { threads: 2, ..DEFAULT };
/// Memory that a job on files of any size has to do with.
const IN_64_MIB: Way = Way { memory_mib: Some(64), ..DEFAULT };
const IN_256_MIB: Way = Way { memory_mib: Some(256), ..DEFAULT };

const fn diff(base: Data, current: Data) -> Job {
    Job::Diff { base, current, way: DEFAULT }
}

const EXPORT_GOAL: Goal =
    CPU.target(bound(Time::Ratio(1.0), Peak::Any)).least(bound(Time::Ratio(2.0), Peak::Any));
const EXPORT_ZLIB_GOAL: Goal =
    CPU.target(bound(Time::Ratio(1.3), Peak::Any)).least(bound(Time::Ratio(2.0), Peak::Any));
/// A diff in which nothing is equal, against one in which everything is.
const WORST_GOAL: Goal = CPU
    .target(bound(Time::Ratio(3.0), Peak::Mib(256.0 * 1.1)))
    .least(bound(Time::Ratio(5.0), Peak::Mib(256.0 * 1.1)));

pub(super) const ROWS: &[Row] = &[
    row("manifest-scan", Job::manifest(SCAN), Some(Job::OpensslSha256(SCAN))).goal(
        CPU.target(bound(Time::Ratio(0.75), Peak::Mib(32.0)))
            .least(bound(Time::Ratio(1.0), Peak::Any)),
    ),
    row(
        "manifest-file-digests",
        Job::Manifest { of: SCAN, way: Way { file_digests: FileDigests::With, ..DEFAULT } },
        Some(Job::OpensslSha256(SCAN)),
    )
    .goal(CPU.target(bound(Time::Ratio(1.0), Peak::Mib(32.0)))),
    row(
        "manifest-2-threads",
        Job::Manifest { of: SCAN, way: TWO_THREADS },
        Some(Job::manifest(SCAN)),
    )
    .goal(
        WALL.target(bound(Time::Ratio(0.6), Peak::Mib(32.0)))
            .least(bound(Time::Ratio(1.0), Peak::Any)),
    ),
    row("manifest-sha256sum", Job::manifest(SCAN), Some(Job::Sha256sum(SCAN))),
    row("manifest-polars", Job::manifest(SCAN), Some(Job::PolarsSum(SCAN))),
    row("manifest-time-order", Job::manifest(TIME), Some(Job::OpensslSha256(TIME))).goal(
        CPU.target(bound(Time::Ratio(0.9), Peak::Mib(48.0)))
            .least(bound(Time::Ratio(1.2), Peak::Any)),
    ),
    row("manifest-shuffled", Job::manifest(SHUFFLED), Some(Job::Sha256sum(SHUFFLED))).goal(
        CPU.target(bound(Time::Ratio(0.6), Peak::BytesAPoint(12.0)))
            .least(bound(Time::Ratio(1.2), Peak::Any)),
    ),
    row(
        "manifest-shuffled-64-mib",
        Job::Manifest { of: SHUFFLED, way: IN_64_MIB },
        Some(Job::manifest(SHUFFLED)),
    )
    .goal(WALL.target(bound(Time::Ratio(1.5), Peak::Mib(64.0 * 1.1)))),
    row(
        "manifest-zst",
        Job::Manifest { of: ZST, way: TWO_THREADS },
        Some(Job::ZstdDecompress(ZST)),
    )
    .goal(
        WALL.target(bound(Time::Ratio(1.1), Peak::Any)).least(bound(Time::Ratio(1.5), Peak::Any)),
    ),
    row("manifest-gz", Job::manifest(GZ), Some(Job::GzipTest(GZ))).goal(
        CPU.target(bound(Time::Ratio(0.6), Peak::Any)).least(bound(Time::Ratio(1.0), Peak::Any)),
    ),
    row("manifest-json-lines", Job::manifest(JSON_LINES), Some(Job::manifest(SCAN))).goal(
        CPU.target(bound(Time::Ratio(1.3), Peak::Any)).least(bound(Time::Ratio(2.0), Peak::Any)),
    ),
    row("manifest-export", Job::manifest(EXPORT), Some(Job::OpensslSha256(EXPORT)))
        .goal(EXPORT_GOAL),
    row(
        "manifest-export-cells",
        Job::manifest(EXPORT_CELLS),
        Some(Job::OpensslSha256(EXPORT_CELLS)),
    )
    .goal(EXPORT_GOAL),
    row("manifest-export-zlib", Job::manifest(EXPORT_ZLIB), Some(Job::Inflate(EXPORT_ZLIB)))
        .goal(EXPORT_ZLIB_GOAL),
    row(
        "manifest-export-cells-zlib",
        Job::manifest(EXPORT_CELLS_ZLIB),
        Some(Job::Inflate(EXPORT_CELLS_ZLIB)),
    )
    .goal(EXPORT_ZLIB_GOAL),
    row("manifest-export-hbase", Job::manifest(EXPORT), Some(Job::HBaseRead(EXPORT))).goal(WALL),
    row(
        "manifest-export-cells-hbase",
        Job::manifest(EXPORT_CELLS),
        Some(Job::HBaseRead(EXPORT_CELLS)),
    )
    .goal(WALL),
    row(
        "diff-scan",
        diff(SCAN, SCAN.edited()),
        Some(Job::DuckDbJoin { base: SCAN, current: SCAN.edited() }),
    )
    .goal(
        CPU.target(bound(Time::Ratio(0.10), Peak::OfPeer(1.0 / 30.0)))
            .least(bound(Time::Ratio(0.25), Peak::OfPeer(1.0 / 8.0))),
    ),
    row(
        "diff-scan-polars",
        diff(SCAN, SCAN.edited()),
        Some(Job::PolarsJoin { base: SCAN, current: SCAN.edited() }),
    )
    // It takes 16 GB for four times as many.
    .on_at_most(5_000_000),
    row(
        "diff-other-spelling",
        diff(SCAN, OTHER_SPELLING),
        Some(Job::DuckDbCanonicalJoin { base: SCAN, current: OTHER_SPELLING }),
    )
    .goal(
        CPU.target(bound(Time::Ratio(0.05), Peak::Mib(128.0)))
            .least(bound(Time::Ratio(0.2), Peak::OfPeer(1.0 / 8.0))),
    ),
    row(
        "diff-shuffled",
        diff(SHUFFLED, SHUFFLED.edited()),
        Some(Job::DuckDbJoin { base: SHUFFLED, current: SHUFFLED.edited() }),
    )
    .goal(
        CPU.target(bound(Time::Ratio(0.25), Peak::OfPeer(1.0 / 8.0)))
            .least(bound(Time::Ratio(0.5), Peak::OfPeer(1.0 / 4.0))),
    ),
    row("diff-manifests", diff(MANIFEST, MANIFEST.edited()), None).goal(
        WALL.target(bound(Time::Seconds(0.05), Peak::Mib(32.0)))
            .least(bound(Time::Seconds(0.2), Peak::Any)),
    ),
    row("manifest-many-series", Job::manifest(MANY_SERIES), Some(Job::Sha256sum(MANY_SERIES)))
        .goal(
            CPU.target(bound(Time::Ratio(1.3), Peak::Mib(320.0)))
                .least(bound(Time::Ratio(2.5), Peak::Any)),
        )
        // A million series.
        .on_at_most(10_000_000),
    row(
        "diff-all-different",
        Job::Diff { base: SCAN, current: SCAN.in_state(State::Other), way: IN_256_MIB },
        Some(Job::Diff { base: SCAN, current: SCAN, way: IN_256_MIB }),
    )
    .goal(WORST_GOAL),
    row(
        "diff-one-side-empty",
        Job::Diff { base: SCAN, current: SCAN.in_state(State::Empty), way: IN_256_MIB },
        Some(Job::Diff { base: SCAN, current: SCAN, way: IN_256_MIB }),
    )
    .goal(WORST_GOAL),
];

/// What is measured at every size of a growth, and how far it may go.
pub(super) const GROWTH: Row = row("growth", Job::manifest(SCAN), None);
