//! The roots of points that come in the order of the tree, as they pass by.

use tsdbproof_core::{
    Hour, Point, Record, Series,
    digest::{Depth, Name, Totals, Tree},
};

use super::fold::Leaf;

/// Takes points in the order of the tree. Memory is one open hour.
pub(crate) struct InOrder {
    tree: Tree,
    series: Series,
    leaf: Option<Leaf>,
}

impl InOrder {
    pub(crate) fn new() -> Self {
        InOrder { tree: Tree::new(Depth::Hour), series: Series::default(), leaf: None }
    }

    /// The points that come belong to this series, which stands behind all before.
    pub(crate) fn series(&mut self, series: &Series) {
        self.close();
        self.series.clone_from(series);
    }

    /// The distinct points of the next instant of the series, in any order.
    pub(crate) fn instant(&mut self, points: &[Point]) {
        let Some(hour) = points.first().map(|point| point.hour()) else { return };
        if self.leaf.as_ref().is_some_and(|leaf| leaf.hour() != hour) {
            self.close();
        }
        let mut records: Vec<Record> = points.iter().map(|point| point.record()).collect();
        records.sort_unstable();
        self.leaf.get_or_insert_with(|| Leaf::new(hour)).push(&records);
    }

    fn close(&mut self) {
        if let Some(leaf) = self.leaf.take() {
            let hour: Hour = leaf.hour();
            let name = Name { series: &self.series, hour };
            self.tree.push(name, &leaf.close().entry, &mut |_, _, _| ());
        }
    }

    /// The roots of all points.
    pub(crate) fn finish(mut self) -> Totals {
        self.close();
        self.tree.finish(&mut |_, _, _| ())
    }
}
