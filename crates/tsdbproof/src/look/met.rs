//! What was met in the rows of the data tables of a side.

use std::collections::BTreeMap;

use tsdbproof_formats::{RowSummary, Weight};

use super::Looked;
use crate::Source;

/// What was met in the rows of the data tables of a side.
#[derive(Debug, Default)]
pub(crate) struct Met {
    pub(crate) rows: RowSummary,
    /// What lies in each region.
    pub(crate) regions: BTreeMap<String, Weight>,
}

impl Met {
    /// Adds what was met in rows of a region.
    fn add(&mut self, region: &str, met: RowSummary) {
        self.regions.entry(region.to_owned()).or_default().join(met.weight());
        self.rows.join(met);
    }
}

impl Looked {
    /// Adds what was met in rows that an input is told of.
    pub(super) fn add_met(&mut self, source: &Source, index: usize, met: Option<RowSummary>) {
        let (Some(met), Some(input)) = (met, source.inputs.get(index)) else { return };
        let is_store_file = self.side.readings.get(index).is_some_and(|it| !it.uses.is_empty());
        let region = region_of(&input.name, is_store_file);
        self.met.get_or_insert_default().add(region, met);
    }
}

/// The region whose rows a file holds: of a store file the folder above that of its family; Export
/// writes a file for each.
fn region_of(name: &str, is_store_file: bool) -> &str {
    let above = |name: &str| name.rsplit_once('/').map(|(folder, _)| folder.len());
    let region = above(name).and_then(|family| above(name.get(..family)?));
    region.filter(|_| is_store_file).and_then(|end| name.get(..end)).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_file_tells_its_region_by_its_folders() {
        let file = "snapshot/archive/data/default/tsdb/0a1b/t/77";
        assert_eq!(region_of(file, true), "snapshot/archive/data/default/tsdb/0a1b");
        assert_eq!(region_of("t/77", true), "t/77");
        assert_eq!(region_of("main/part-m-00000", false), "main/part-m-00000");
    }
}
