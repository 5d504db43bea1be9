//! The rows of the table: one entry is one comparison.

use super::data::{Data, Packing, SCAN, SHUFFLED, TIME};
use super::job::Job;
use super::measure::Sample;
use super::ours::FileDigests;

/// A task of ours, what it is measured against, and how well it should do.
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) ours: Job,
    pub(super) peer: Option<Job>,
    pub(super) goal: Goal,
}

/// What the ratio to the peer is of, and how far it and the peak memory may go.
pub(super) struct Goal {
    pub(super) of: Measure,
    pub(super) ratio: Option<f64>,
    pub(super) peak_mib: Option<f64>,
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Measure {
    Cpu,
    Wall,
}

impl Measure {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Cpu => "CPU",
            Self::Wall => "wall",
        }
    }

    pub(super) fn of(self, sample: &Sample) -> f64 {
        match self {
            Self::Cpu => sample.cpu_s,
            Self::Wall => sample.wall_s,
        }
    }
}

const CPU: Goal = Goal { of: Measure::Cpu, ratio: None, peak_mib: None };
const WALL: Goal = Goal { of: Measure::Wall, ratio: None, peak_mib: None };

const EXPORT: Data = SCAN.packed(Packing::Export);
const EXPORT_ZLIB: Data = SCAN.packed(Packing::ExportZlib);

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "manifest-scan",
        ours: Job::manifest(SCAN),
        peer: Some(Job::OpensslSha256(SCAN)),
        goal: Goal { ratio: Some(1.5), peak_mib: Some(64.0), ..CPU },
    },
    Row {
        name: "manifest-sha256sum",
        ours: Job::manifest(SCAN),
        peer: Some(Job::Sha256sum(SCAN)),
        goal: CPU,
    },
    Row {
        name: "manifest-file-digests",
        ours: Job::Manifest { of: SCAN, threads: 1, file_digests: FileDigests::With },
        peer: Some(Job::OpensslSha256(SCAN)),
        goal: CPU,
    },
    Row {
        name: "manifest-2-threads",
        ours: Job::Manifest { of: SCAN, threads: 2, file_digests: FileDigests::Without },
        peer: Some(Job::manifest(SCAN)),
        goal: WALL,
    },
    Row {
        name: "manifest-time-order",
        ours: Job::manifest(TIME),
        peer: Some(Job::OpensslSha256(TIME)),
        goal: CPU,
    },
    Row {
        name: "manifest-shuffled",
        ours: Job::manifest(SHUFFLED),
        peer: Some(Job::Sha256sum(SHUFFLED)),
        goal: CPU,
    },
    Row {
        name: "manifest-zst",
        ours: Job::manifest(SCAN.packed(Packing::Zst)),
        peer: Some(Job::ZstdDecompress(SCAN.packed(Packing::Zst))),
        goal: CPU,
    },
    Row {
        name: "manifest-gz",
        ours: Job::manifest(SCAN.packed(Packing::Gz)),
        peer: Some(Job::GzipTest(SCAN.packed(Packing::Gz))),
        goal: CPU,
    },
    Row {
        name: "manifest-export",
        ours: Job::manifest(EXPORT),
        peer: Some(Job::OpensslSha256(EXPORT)),
        goal: CPU,
    },
    Row {
        name: "manifest-export-hbase",
        ours: Job::manifest(EXPORT),
        peer: Some(Job::HBaseRead(EXPORT)),
        goal: WALL,
    },
    Row {
        name: "manifest-export-zlib",
        ours: Job::manifest(EXPORT_ZLIB),
        peer: Some(Job::OpensslSha256(EXPORT_ZLIB)),
        goal: CPU,
    },
    Row {
        name: "manifest-export-zlib-hbase",
        ours: Job::manifest(EXPORT_ZLIB),
        peer: Some(Job::HBaseRead(EXPORT_ZLIB)),
        goal: WALL,
    },
    Row {
        name: "diff-scan",
        ours: Job::Diff { base: SCAN, current: SCAN.edited() },
        peer: Some(Job::DuckDbJoin { base: SCAN, current: SCAN.edited() }),
        goal: Goal { ratio: Some(0.25), ..CPU },
    },
    Row {
        name: "diff-other-spelling",
        ours: Job::Diff { base: SCAN, current: TIME.edited().mixed() },
        peer: Some(Job::DuckDbCanonicalJoin { base: SCAN, current: TIME.edited().mixed() }),
        goal: CPU,
    },
    Row {
        name: "diff-shuffled",
        ours: Job::Diff { base: SHUFFLED, current: SHUFFLED.edited() },
        peer: Some(Job::DuckDbJoin { base: SHUFFLED, current: SHUFFLED.edited() }),
        goal: CPU,
    },
    Row {
        name: "diff-manifests",
        ours: Job::Diff {
            base: SCAN.packed(Packing::Manifest),
            current: SCAN.edited().packed(Packing::Manifest),
        },
        peer: None,
        goal: CPU,
    },
];
