//! Reads a manifest: rows fold up to the roots in its footer.

use std::collections::BTreeMap;

use arrow_schema::Schema;
use tsdbproof_core::{
    Error, Hour,
    digest::{Depth, Entry, Name, Node, Totals, Tree},
};

use super::{
    Meta, damaged,
    meta::from_text,
    rules::{Rules, hour_of_start},
    table::{DEPTH_KEY, Table, VERSION, WHAT, has_time, schema},
};
use crate::store::{
    column::Column,
    file::{self, Content, KEY, Rows, VERSION_KEY},
};

/// The rows of a manifest, folded up to the roots. The file's tail takes 64 bytes for each MiB of inputs.
#[derive(Debug)]
pub(crate) struct Nodes {
    table: Table,
    rules: Rules,
    tree: Tree,
    rows: u64,
}

impl Content for Nodes {
    const NOUN: &'static str = "manifest";
    type Row = (Hour, Entry);
    type Meta = Meta;

    fn open(found: &Schema) -> Result<Self, Error> {
        let get = |key| found.metadata().get(key).map(String::as_str);
        if get(KEY) != Some(WHAT) {
            return Err(damaged("found a schema of other data, expected a manifest's"));
        }
        file::check_version(Self::NOUN, VERSION, get(VERSION_KEY))?;
        let depth = Depth::ALL.into_iter().find(|depth| get(DEPTH_KEY) == Some(depth.name()));
        let depth = match depth {
            Some(depth) if schema(depth) == *found => depth,
            _ => return Err(damaged("found other columns, expected those of a manifest")),
        };
        let (table, rules, tree) = (Table::new(depth), Rules::new(depth), Tree::new(depth));
        Ok(Nodes { table, rules, tree, rows: 0 })
    }

    fn columns(&mut self) -> impl Iterator<Item = &mut Column> {
        self.table.columns()
    }

    fn batch(&mut self, rows: usize, sink: &mut Rows<'_, (Hour, Entry)>) -> Result<(), Error> {
        for row in 0..rows {
            let number = self.rows;
            let place = |flaw: String| damaged(format!("row {number}: {flaw}"));
            let (hour, entry) = self.row(row).map_err(place)?;
            let series = self.rules.series();
            self.tree.push(Name { series, hour }, &entry, &mut |_, _, _| ());
            sink(series, (hour, entry))?;
            self.rows += 1;
        }
        Ok(())
    }

    fn end(self, metadata: &BTreeMap<&str, &str>) -> Result<Meta, Error> {
        file::check_version(Self::NOUN, VERSION, metadata.get(VERSION_KEY).copied())?;
        let totals: Totals = self.tree.finish(&mut |_, _, _| ());
        from_text(metadata, self.table.depth, self.rows, totals)
    }
}

impl Nodes {
    fn row(&mut self, row: usize) -> Result<(Hour, Entry), String> {
        let cut = || "its columns are cut".to_owned();
        let (table, depth) = (&self.table, self.table.depth);
        let metric = table.metric.text(row).ok_or_else(cut)?;
        let tags = if depth == Depth::Metric { Some(&[][..]) } else { table.tags.text(row) };
        let hour = match has_time(depth) {
            true => hour_of_start(depth, table.start.number(row).ok_or_else(cut)?)?,
            false => 0,
        };
        self.rules.name(metric, tags.ok_or_else(cut)?, hour)?;
        let entry = entry(table, row).ok_or_else(cut)?;
        self.rules.entry(&entry)?;
        Ok((hour, entry))
    }
}

fn entry(table: &Table, row: usize) -> Option<Entry> {
    let node = |points: u64, digest| {
        let children =
            if table.depth == Depth::Hour { points } else { table.children.number(row)? };
        Some(Node { points, children, digest })
    };
    let f32 = match (table.f32_points.is_null(row), table.f32_digest.is_null(row)) {
        (true, true) => None,
        (false, false) => Some(node(table.f32_points.number(row)?, table.f32_digest.digest(row)?)?),
        _ => return None,
    };
    Some(Entry {
        exact: node(table.points.number(row)?, table.digest.digest(row)?)?,
        f32,
        first_ms: table.first.number(row)?,
        last_ms: table.last.number(row)?,
    })
}
