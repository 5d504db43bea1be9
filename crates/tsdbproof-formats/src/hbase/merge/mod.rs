//! What a scan shows of a row: cells of all store files put in order, then what hides some of them.
//!
//! | rule | hides |
//! | --- | --- |
//! | delete marker | cells of its column or family at its timestamp, or up to it: [`CellKind`] |
//! | newest version | others of a column; of one timestamp the one with the highest sequence counts |
//! | TTL | what is older, but for the newest `min_versions` |
//! | TTL tag of a cell | that cell; an older version then comes to light |
//!
//! A marker hides puts of its time or before it also if they were written after it.
//! KEEP_DELETED_CELLS is no rule here: it changes what a scan of an earlier range of time sees.
//!
//! Source: HBase 2.5.10 `CellComparatorImpl`, `regionserver/querymatcher/{NormalUserScanQueryMatcher,
//! ScanDeleteTracker,ScanWildcardColumnTracker}.java`.

use std::{
    cmp::{Ordering, Reverse},
    collections::HashSet,
};

use tsdbproof_core::sort;

use super::cell::{Cell, CellKind};
use crate::prefix;

#[cfg(test)]
mod tests;

/// What a family of a table shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FamilyRules {
    /// Versions of a column that are shown, the newest; a scan that is asked for no number shows one.
    pub(crate) max_versions: u32,
    /// Versions of a column that stay although their time is over.
    pub(crate) min_versions: u32,
    /// How long cells live, in milliseconds; `None`: for ever.
    pub(crate) ttl_ms: Option<i64>,
}

impl Default for FamilyRules {
    fn default() -> Self {
        FamilyRules { max_versions: 1, min_versions: 0, ttl_ms: None }
    }
}

impl FamilyRules {
    /// Whether a put that is all of its column, without tags, is shown whenever it was written.
    pub(crate) fn show_each_put(&self) -> bool {
        self.ttl_ms.is_none() && self.max_versions > 0
    }
}

/// What becomes of a cell. The first that holds, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is a delete marker, which no scan shows.
    Marker,
    /// A delete marker hides it.
    Deleted,
    /// A newer version stands in its place, or another write of its own timestamp.
    Older,
    /// It would be shown if its time were not over.
    Expired,
    Visible,
}

/// Cells that are not shown, by their fate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Hidden {
    /// Delete markers.
    pub markers: u64,
    /// Cells that a marker hides.
    pub deleted: u64,
    /// Older versions.
    pub older: u64,
    /// Cells whose time to live is over.
    pub expired: u64,
}

/// Leaves the cells that a scan at `now_ms` shows, ordered by family and qualifier, newest first.
///
/// `cells` are all cells of one row, in any order, of families with the same rules. Of cells that
/// are equal in all that is compared the first counts: those of the newer store file go first.
/// Without `now_ms` no time is over.
pub(crate) fn visible<'c>(
    cells: &mut Vec<Cell<'c>>,
    rules: &FamilyRules,
    now_ms: Option<i64>,
    hidden: &mut Hidden,
) {
    if rules.show_each_put() && are_columns_in_order(cells) {
        return;
    }
    // Most rows are one cell, or cells in order already: the sort then is a walk over them.
    sort::by(cells, order);
    let mut scan = Scan::new(rules, now_ms);
    cells.retain(|cell| {
        let fate = scan.fate(cell);
        match fate {
            Fate::Marker => hidden.markers += 1,
            Fate::Deleted => hidden.deleted += 1,
            Fate::Older => hidden.older += 1,
            Fate::Expired => hidden.expired += 1,
            Fate::Visible => {}
        }
        fate == Fate::Visible
    });
}

/// Whether these are puts of one family, one in a column, in order: nothing then hides another.
fn are_columns_in_order(cells: &[Cell<'_>]) -> bool {
    let is_plain = |cell: &Cell<'_>| cell.kind == CellKind::Put && cell.tags.is_empty();
    let is_before = |a: &[u8], b: &[u8]| match (a, b) {
        // A point of a second, as most are.
        (&[a, b], &[c, d]) => [a, b] < [c, d],
        _ => a < b,
    };
    cells.iter().all(is_plain)
        && cells.is_sorted_by(|a, b| {
            prefix::is_same(a.family, b.family) && is_before(a.qualifier, b.qualifier)
        })
}

/// The order of cells in a table: by row, family and qualifier; in a column the newest first.
pub(crate) fn order(a: &Cell<'_>, b: &Cell<'_>) -> Ordering {
    order_of_keys(a, b).then_with(|| b.sequence.cmp(&a.sequence))
}

/// The same without the sequence, in which a store file may hold cells in any order.
pub(crate) fn order_of_keys(a: &Cell<'_>, b: &Cell<'_>) -> Ordering {
    let version = |cell: &Cell<'_>| Reverse((cell.timestamp_ms, cell.kind));
    a.row
        .cmp(b.row)
        .then_with(|| a.family.cmp(b.family))
        .then_with(|| a.qualifier.cmp(b.qualifier))
        .then_with(|| version(a).cmp(&version(b)))
}

/// A walk over the cells of a row, in their [`order`].
#[derive(Debug)]
pub(crate) struct Scan<'r, 'c> {
    rules: &'r FamilyRules,
    now_ms: Option<i64>,
    deletes: Deletes<'c>,
    column: Option<Column<'c>>,
}

/// The column that the walk is in.
#[derive(Debug)]
struct Column<'c> {
    family: &'c [u8],
    qualifier: &'c [u8],
    /// Versions that no marker hides, so far.
    versions: u32,
    /// The timestamp of the last of them.
    last_ms: Option<i64>,
}

impl<'r, 'c> Scan<'r, 'c> {
    pub(crate) fn new(rules: &'r FamilyRules, now_ms: Option<i64>) -> Self {
        Scan { rules, now_ms, deletes: Deletes::default(), column: None }
    }

    /// The fate of the next cell.
    pub(crate) fn fate(&mut self, cell: &Cell<'c>) -> Fate {
        self.enter(cell);
        let is_over = self.is_over_by_tag(cell);
        if cell.kind != CellKind::Put {
            if !is_over {
                self.deletes.add(cell);
            }
            return Fate::Marker;
        }
        if self.deletes.hide(cell) {
            return Fate::Deleted;
        }
        let Some(column) = &mut self.column else { return Fate::Visible };
        let is_rewritten = column.last_ms == Some(cell.timestamp_ms);
        if is_rewritten || column.versions >= self.rules.max_versions {
            return Fate::Older;
        }
        if is_over {
            return Fate::Expired;
        }
        column.last_ms = Some(cell.timestamp_ms);
        column.versions += 1;
        let is_kept = column.versions <= self.rules.min_versions;
        if is_kept || !self.is_over_in_family(cell) { Fate::Visible } else { Fate::Expired }
    }

    fn enter(&mut self, cell: &Cell<'c>) {
        let family = self.column.as_ref().map(|column| (column.family, column.qualifier));
        if family == Some((cell.family, cell.qualifier)) {
            return;
        }
        if family.is_none_or(|(family, _)| family != cell.family) {
            self.deletes = Deletes::default();
        }
        let (family, qualifier) = (cell.family, cell.qualifier);
        self.column = Some(Column { family, qualifier, versions: 0, last_ms: None });
    }

    fn is_over_in_family(&self, cell: &Cell<'_>) -> bool {
        let oldest_ms = self.now_ms.zip(self.rules.ttl_ms);
        oldest_ms.is_some_and(|(now, ttl)| cell.timestamp_ms < now.saturating_sub(ttl))
    }

    fn is_over_by_tag(&self, cell: &Cell<'_>) -> bool {
        let Some((now_ms, ttl_ms)) = self.now_ms.zip(ttl_tag_ms(cell.tags)) else { return false };
        // Java's addition: a TTL of Long.MAX_VALUE is over at once in HBase too.
        cell.timestamp_ms.wrapping_add(ttl_ms) < now_ms
    }
}

/// The type of the tag that says how long a cell lives.
const TTL_TAG: u8 = 8;

/// How long a cell lives by its tags, in milliseconds.
fn ttl_tag_ms(tags: &[u8]) -> Option<i64> {
    let (_, ttl) = each_tag(tags).find(|(kind, _)| *kind == TTL_TAG)?;
    Some(i64::from_be_bytes(ttl.try_into().ok()?))
}

/// The type and the data of each tag, up to the first that is cut.
pub(crate) fn each_tag(mut tags: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    std::iter::from_fn(move || {
        let (length, rest) = tags.split_first_chunk::<2>()?;
        let (tag, rest) = rest.split_at_checked(u16::from_be_bytes(*length).into())?;
        tags = rest;
        let (kind, data) = tag.split_first()?;
        Some((*kind, data))
    })
}

/// The delete markers of a family that were met in a row so far.
#[derive(Debug, Default)]
struct Deletes<'c> {
    /// All up to this timestamp is deleted.
    family_ms: Option<i64>,
    /// All of these timestamps is deleted.
    family_versions_ms: HashSet<i64>,
    /// The marker of a column that hides what comes next.
    column: Option<Cell<'c>>,
}

impl<'c> Deletes<'c> {
    fn add(&mut self, marker: &Cell<'c>) {
        if self.family_ms.is_some_and(|family_ms| marker.timestamp_ms <= family_ms) {
            return;
        }
        match marker.kind {
            CellKind::Put => {}
            CellKind::DeleteFamily => self.family_ms = Some(marker.timestamp_ms),
            CellKind::DeleteFamilyVersion => {
                self.family_versions_ms.insert(marker.timestamp_ms);
            }
            CellKind::DeleteColumn | CellKind::Delete => {
                let is_covered = self.column.is_some_and(|column| {
                    column.qualifier == marker.qualifier && marker.kind < column.kind
                });
                if !is_covered {
                    self.column = Some(*marker);
                }
            }
        }
    }

    /// Whether a marker hides this put.
    fn hide(&self, put: &Cell<'_>) -> bool {
        let put_ms = put.timestamp_ms;
        let is_family = self.family_ms.is_some_and(|family_ms| put_ms <= family_ms);
        let is_column = self.column.is_some_and(|marker| {
            marker.qualifier == put.qualifier
                && (marker.kind == CellKind::DeleteColumn || marker.timestamp_ms == put_ms)
        });
        is_family || is_column || self.family_versions_ms.contains(&put_ms)
    }
}
