//! What a job is asked to do, apart from its inputs.

use std::str::FromStr;

use tsdbproof_core::{
    Error, Profile, Tolerance,
    digest::{Depth, RootText},
};
use tsdbproof_formats::{Format, ReadOptions};

use crate::Scope;

/// Which of several values of one instant stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Duplicates {
    /// All: the instant is counted as a conflict.
    #[default]
    Keep,
    /// The one written last.
    Last,
    /// The one written first.
    First,
}

/// Which digests of the input files a manifest holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileDigests {
    /// BLAKE3 of each block of 1 MiB.
    pub blocks: bool,
    /// SHA-256 of the whole file.
    pub sha256: bool,
}

/// What may differ in a comparison that still passes. The default lets nothing differ.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Allowed {
    /// How far a changed value may lie from the other side's.
    pub tolerance: Tolerance,
    /// Points that may differ beside those that the tolerance covers.
    pub different_points: Option<u64>,
    /// Series of base that current may lack as a whole; their points are then no different points.
    pub missing_series: Option<u64>,
}

impl Allowed {
    /// Whether it lets anything differ.
    pub fn is_any(&self) -> bool {
        self.tolerance.is_any() || self.different_points.is_some() || self.missing_series.is_some()
    }
}

/// How much of a comparison is done. Only the whole of it can say "same".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Effort {
    /// All of it.
    #[default]
    Whole,
    /// Up to the first series that differs.
    FirstDifference,
    /// Of a server, some days of each metric, drawn by this seed.
    Sample(u64),
}

/// What a job is asked to do, apart from its inputs.
#[derive(Debug, Clone)]
pub struct Options {
    /// What is looked at.
    pub scope: Scope,
    /// Points from this instant on, in milliseconds, may still be written: they are counted, and
    /// nothing else.
    pub settle_ms: Option<u64>,
    /// The profile that decides.
    pub profile: Profile,
    /// How deep a manifest reaches.
    pub depth: Depth,
    /// The format of every input; `None` where their bytes decide.
    pub format: Option<&'static Format>,
    /// Digests of files.
    pub file_digests: FileDigests,
    /// The first bad line ends the job.
    pub strict: bool,
    /// Comparing nothing is fine.
    pub allow_empty: bool,
    /// What may differ in a comparison.
    pub allowed: Allowed,
    /// How much of a comparison is done.
    pub effort: Effort,
    /// Bytes of memory, over all threads.
    pub memory_bytes: u64,
    /// When times to live are counted to, in milliseconds since 1970; `None`: when the snapshot was taken.
    pub now_ms: Option<u64>,
    /// How inputs are read where their bytes can't tell.
    pub read: ReadOptions,
    /// Bytes of a part of a file that one task reads; tests force it down.
    pub split_bytes: u64,
}

/// Least bytes of a part of a file, so that parts stay worth a task.
const SPLIT_BYTES: u64 = 8 << 20;

impl Options {
    /// The scope without what may still be written.
    pub(crate) fn settled(&self) -> Scope {
        let to_ms = self.scope.to_ms.into_iter().chain(self.settle_ms).min();
        Scope { to_ms, ..self.scope.clone() }
    }

    /// Refuses a scope that can hold nothing.
    pub(crate) fn check_scope(&self) -> Result<(), Error> {
        self.scope.check()?;
        match self.settled().check() {
            Ok(()) => Ok(()),
            Err(_) => Err(Error::usage("all of the time window may still be written")
                .help("an earlier --from, or a shorter --settle")),
        }
    }

    /// The same, for a job that has nothing to hold the bytes of files against.
    pub(crate) fn without_file_digests(&self) -> Self {
        let file_digests = FileDigests { blocks: false, sha256: false };
        Options { file_digests, ..self.clone() }
    }
}

impl Default for Options {
    fn default() -> Self {
        Options {
            scope: Scope::default(),
            settle_ms: None,
            profile: Profile::Exact,
            depth: Depth::Hour,
            format: None,
            file_digests: FileDigests { blocks: true, sha256: false },
            strict: false,
            allow_empty: false,
            allowed: Allowed::default(),
            effort: Effort::Whole,
            memory_bytes: 1 << 30,
            now_ms: None,
            read: ReadOptions::default(),
            split_bytes: SPLIT_BYTES,
        }
    }
}

/// What a source is held against where there is no manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expect(pub RootText);

impl FromStr for Expect {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        text.parse().map(Expect).map_err(|_| {
            Error::usage(format!("{text:?} is no root and no statement"))
                .help("a root reads tsdbproof:v1:exact:<64 hex digits>; see `tsdbproof show`")
        })
    }
}
