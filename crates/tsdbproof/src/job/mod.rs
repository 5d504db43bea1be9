//! The jobs. Each reads its sources through a [`Host`](crate::Host) and gives a report.

use std::ops::Range;

use tsdbproof_core::{HOUR_MS, Hour, Series, digest::Depth};

use crate::{Expect, Input, report::NotRead, time::time};

mod allowed;
mod apply;
mod by_day;
mod chain;
mod changes;
mod check;
mod compare;
mod convert;
mod effort;
mod explain;
mod kinds;
mod lacking;
mod links;
mod manifest;
mod manifests;
mod merge_patches;
mod own_files;
mod pairs;
mod patch;
mod patches;
mod points;
mod prove;
mod reconcile;
mod replay;
mod restore;
mod rewriting;
mod sample;
mod show;
mod side;
mod stretch;
mod unnamed;
mod unprinted;
mod verdict;
mod verify;

pub use apply::{Course, Patched, Until, apply, rewrite};
pub use chain::{Keep, chain};
pub use check::{Interval, check};
pub use convert::{Target, convert, convert_with_manifest};
pub use explain::{Asked, Means, explain};
pub use manifest::{manifest, merge};
pub use merge_patches::merge_patches;
pub use points::points;
pub use prove::prove;
pub use restore::{Puts, restore, restore_by_import};
pub use show::show;
pub use verify::{diff, diff_with_patch, verify};

/// What stands on one side of a job: the files and streams behind what a user named.
#[derive(Debug, Clone, Default)]
pub struct Source {
    /// What the user named.
    pub names: Vec<String>,
    /// The files and streams, in an order that does not depend on the machine.
    pub inputs: Vec<Input>,
    /// Which of the inputs are the table of UIDs, where the user chose one; else it is looked for.
    pub uids: Option<Range<usize>>,
    /// What belongs to the source but can't be read, with the reason.
    pub not_read: Vec<NotRead>,
}

/// What a source is held against.
#[derive(Debug, Clone)]
pub enum Against {
    /// A manifest, written by [`manifest()`].
    Manifest(Input),
    /// A root or a statement.
    Expect(Expect),
}

/// A node as messages name it: `cpu.usage{host=web01} 2026-03-02T14:00:00Z`.
fn place_of(series: &Series, depth: Depth, hour: Hour) -> String {
    match depth {
        Depth::Metric => series.metric.clone(),
        Depth::Series => series.to_string(),
        Depth::Day | Depth::Hour => format!("{series} {}", time(u64::from(hour) * HOUR_MS)),
    }
}
