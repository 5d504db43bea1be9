//! A batch of rows as Arrow columns.
//!
//! | column | type | |
//! | --- | --- | --- |
//! | `metric` | utf8 | |
//! | `tags` | utf8 | canonical text; left out at depth `metric` |
//! | `start` | timestamp[ms, UTC] | of the hour or day; left out above days |
//! | `points` | uint64 | |
//! | `children` | uint64 | left out at depth `hour`, whose children are its points |
//! | `first`, `last` | timestamp[ms, UTC] | the first and last point's time |
//! | `digest` | fixed_size_binary[32] | |
//! | `f32_points`, `f32_digest` | as above | null where the `f32` node is the exact one |
//!
//! Above hours both profiles have the same children, so that `f32_children` needs no column.

use std::collections::HashMap;

use arrow_schema::Schema;
use tsdbproof_core::digest::Depth;

use crate::store::{
    column::{Column, Kind},
    file::{KEY, VERSION_KEY},
};

/// A batch of rows of one depth.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) depth: Depth,
    pub(super) metric: Column,
    pub(super) tags: Column,
    pub(super) start: Column,
    pub(super) points: Column,
    pub(super) children: Column,
    pub(super) first: Column,
    pub(super) last: Column,
    pub(super) digest: Column,
    pub(super) f32_points: Column,
    pub(super) f32_digest: Column,
}

impl Table {
    pub(super) fn new(depth: Depth) -> Self {
        Table {
            depth,
            metric: Column::new("metric", Kind::Text),
            tags: Column::new("tags", Kind::Text),
            start: Column::new("start", Kind::Time),
            points: Column::new("points", Kind::Count),
            children: Column::new("children", Kind::Count),
            first: Column::new("first", Kind::Time),
            last: Column::new("last", Kind::Time),
            digest: Column::new("digest", Kind::Digest),
            f32_points: Column::nullable("f32_points", Kind::Count),
            f32_digest: Column::nullable("f32_digest", Kind::Digest),
        }
    }

    /// The columns that this depth has.
    pub(super) fn columns(&mut self) -> impl Iterator<Item = &mut Column> {
        let depth = self.depth;
        let all = [
            (true, &mut self.metric),
            (depth > Depth::Metric, &mut self.tags),
            (has_time(depth), &mut self.start),
            (true, &mut self.points),
            (depth < Depth::Hour, &mut self.children),
            (true, &mut self.first),
            (true, &mut self.last),
            (true, &mut self.digest),
            (true, &mut self.f32_points),
            (true, &mut self.f32_digest),
        ];
        all.into_iter().filter_map(|(held, column)| held.then_some(column))
    }

    pub(super) fn clear(&mut self) {
        self.columns().for_each(Column::clear);
    }
}

/// Whether rows of this depth have a time in their name.
pub(super) fn has_time(depth: Depth) -> bool {
    depth >= Depth::Day
}

/// What [`KEY`] says.
pub(crate) const WHAT: &str = "manifest";
/// The version that is written and read.
pub(super) const VERSION: &str = "1";
/// The depth of the rows, in the metadata of the schema and of the footer.
pub(super) const DEPTH_KEY: &str = "tsdbproof.depth";

/// The schema of manifests of one depth.
pub(super) fn schema(depth: Depth) -> Schema {
    let mut table = Table::new(depth);
    let fields: Vec<_> = table.columns().map(|column| column.field()).collect();
    let metadata = [(KEY, WHAT), (VERSION_KEY, VERSION), (DEPTH_KEY, depth.name())];
    let metadata = metadata.map(|(key, value)| (key.to_owned(), value.to_owned()));
    Schema::new_with_metadata(fields, HashMap::from(metadata))
}
