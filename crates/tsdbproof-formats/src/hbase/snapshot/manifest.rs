//! `data.manifest`: the schema of a table, its regions and their store files.

use std::collections::BTreeMap;

use tsdbproof_core::{Error, Position, Problem, ProblemKind, shown, sort};

use super::{Region, Schema, malformed, span};
use crate::hbase::hex::hex;
use crate::hbase::hfile::Side;
use crate::hbase::protobuf::Fields;

/// What a table consisted of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Manifest {
    /// `None` if the manifests of regions were never joined: nobody knows when cells expire.
    pub(crate) schema: Option<Schema>,
    pub(crate) regions: Vec<Region>,
}

impl Manifest {
    /// Reads the bytes of a `data.manifest`: schema (1), regions (2).
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let what = "a manifest of a snapshot (data.manifest) that can't be read";
        let mut manifest = Manifest { schema: None, regions: Vec::new() };
        for field in Fields::of(bytes) {
            let field =
                field.map_err(|wrong| malformed(what).at(Position::Byte(wrong.at as u64)))?;
            match (field.number, field.value.bytes()) {
                (1, Some(message)) => manifest.schema = Schema::of_message(message),
                (2, Some(message)) => manifest.regions.push(region(message, what)?),
                _ => return Err(malformed(what)),
            }
        }
        if manifest.schema.is_none() {
            return Err(malformed(format!("{what}: it has no schema")));
        }
        Ok(manifest)
    }

    /// Reads the bytes of every `region-manifest.…` of a snapshot without a `data.manifest`.
    pub(crate) fn parse_parts<'p>(
        parts: impl IntoIterator<Item = &'p [u8]>,
    ) -> Result<Self, Error> {
        let what = "a manifest of a region (region-manifest) that can't be read";
        let regions = parts.into_iter().map(|part| region(part, what));
        Ok(Manifest { schema: None, regions: regions.collect::<Result<_, _>>()? })
    }

    /// What contradicts itself in it: rows that no region has, or more than one; references that
    /// don't fit their region. It has no checksum, so this is what tells changed bytes.
    pub(crate) fn check(&self) -> Vec<Problem> {
        let mut regions: Vec<_> = self.regions.iter().filter(|region| region.has_rows()).collect();
        sort::by(&mut regions, |a, b| a.start_key.cmp(&b.start_key));
        let mut problems = check_borders(&regions);
        problems.extend(check_references(&regions));
        problems
    }
}

/// Rows that no region has, or more than one. The regions are in the order of their rows.
fn check_borders(regions: &[&Region]) -> Vec<Problem> {
    let mut problems = Vec::new();
    // Behind the last row, which has no key, nothing can begin.
    let mut end: Option<&[u8]> = Some(&[]);
    for region in regions {
        let start = region.start_key.as_slice();
        match end {
            Some(end) if start == end => {}
            Some(end) if start > end => problems.push(rows(NO_REGION, end, start)),
            Some(end) => problems.push(rows(TWO_REGIONS, start, end)),
            None => problems.push(rows(TWO_REGIONS, start, &[])),
        }
        let own_end = Some(region.end_key.as_slice()).filter(|key| !key.is_empty());
        end = end.and_then(|end| own_end.map(|own_end| own_end.max(end)));
    }
    problems.extend(end.map(|end| rows(NO_REGION, end, &[])));
    problems
}

/// References whose half is not what their region has of the parent.
fn check_references(regions: &[&Region]) -> Vec<Problem> {
    let mut split_rows: BTreeMap<&str, &[u8]> = BTreeMap::new();
    let mut problems = Vec::new();
    for region in regions {
        for file in &region.files {
            let Some(half) = &file.half else { continue };
            let parent = file.name.rsplit_once('.').map_or("", |(_, parent)| parent);
            let row = half.split_row.as_slice();
            let is_in_region = match half.side {
                Side::Bottom => row == region.end_key,
                // A region that was merged has its second parent from that one's first row on.
                Side::Top => region.holds(row),
            };
            let is_as_others = *split_rows.entry(parent).or_insert(row) == row;
            if !is_in_region || !is_as_others {
                let (row, name) = (hex(row), shown(&file.name, 200));
                let what = "a reference that fits neither its region nor the others of its parent";
                let what = format!("{what}: {name} from row {row}");
                problems.push(problem(what));
            }
        }
    }
    problems
}

const NO_REGION: &str = "no region of the manifest has the rows";
const TWO_REGIONS: &str = "two regions of the manifest have the rows";

fn rows(what: &str, from: &[u8], to: &[u8]) -> Problem {
    problem(format!("{what} {}", span(from, to)))
}

fn problem(what: String) -> Problem {
    Problem { kind: ProblemKind::Disagreement, at: Position::Byte(0), what }
}

fn region(message: &[u8], what: &str) -> Result<Region, Error> {
    Region::of_message(message).ok_or_else(|| malformed(what))
}
