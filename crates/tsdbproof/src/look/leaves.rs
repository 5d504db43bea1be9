//! The nodes of one depth of a side, in the order of the tree, read as often as needed.

use std::{cell::Cell, collections::BTreeMap, sync::Arc};

use tsdbproof_core::{
    Error, HOUR_MS, Hour, Loss, Losses, Series,
    digest::{Depth, Entry, Name, Totals, Tree},
};

use super::{
    row::Row,
    runs::{Merge, Run, RunWriter, Spill},
};

/// The nodes of one depth of a side.
#[derive(Clone)]
pub(crate) struct Leaves {
    pub(crate) spill: Arc<Spill>,
    pub(crate) run: Run,
    pub(crate) depth: Depth,
}

/// What a walk over all leaves tells.
pub(crate) struct Survey {
    pub(crate) totals: Totals,
    /// Nodes by depth: metrics, series, days, hours.
    pub(crate) nodes: [u64; 4],
    /// Leaves by what the way of their points could not carry.
    pub(crate) losses: BTreeMap<&'static str, u64>,
}

/// Takes the nodes of a tree, children first, with what the way of their points could not carry.
pub(crate) type Visit<'a> = dyn FnMut(Depth, Name<'_>, &Entry, Losses) -> Result<(), Error> + 'a;

impl Leaves {
    /// The leaves, from the first on.
    pub(crate) fn rows(&self) -> Result<Merge<Row>, Error> {
        Merge::open(&self.spill, std::slice::from_ref(&self.run))
    }

    /// Folds the leaves up to the roots. Every node below goes to `visit`.
    pub(crate) fn survey(&self, visit: &mut Visit<'_>) -> Result<Survey, Error> {
        let mut tree = Tree::new(self.depth);
        let mut nodes = [0; 4];
        let mut failed = None;
        let mut losses = BTreeMap::new();
        // By depth: of the leaves since the last node of that depth.
        let lost = Cell::new([Losses::default(); 4]);
        let mut count = |depth: Depth, name: Name<'_>, entry: &Entry| {
            if let Some(count) = nodes.get_mut(depth as usize) {
                *count += 1;
            }
            let mut all = lost.get();
            let losses = all.get_mut(depth as usize).map(std::mem::take).unwrap_or_default();
            lost.set(all);
            if failed.is_none() {
                failed = visit(depth, name, entry, losses).err();
            }
        };
        let mut rows = self.rows()?;
        while let Some(series) = rows.next_series()? {
            while let Some(row) = rows.next()? {
                let name = Name { series: &series, hour: row.hour };
                tree.push(name, &row.entry, &mut count);
                let mut all = lost.get();
                all.iter_mut().for_each(|lost| lost.join(row.losses));
                lost.set(all);
                count_losses(&mut losses, row.losses);
                count(self.depth, name, &row.entry);
            }
        }
        let totals = tree.finish(&mut count);
        failed.map_or(Ok(Survey { totals, nodes, losses }), Err)
    }

    /// The same of a tree whose totals are known, such as a manifest's: no digest is made again.
    pub(crate) fn survey_known(&self, totals: Totals) -> Result<Survey, Error> {
        let mut nodes = [0; 4];
        let mut losses = BTreeMap::new();
        let mut last = None::<(Series, Hour)>;
        let mut rows = self.rows()?;
        while let Some(series) = rows.next_series()? {
            while let Some(row) = rows.next()? {
                let same_metric = last.as_ref().is_some_and(|it| it.0.metric == series.metric);
                let same_series = same_metric && last.as_ref().is_some_and(|it| it.0 == series);
                let same_day =
                    same_series && last.as_ref().is_some_and(|it| it.1 / 24 == row.hour / 24);
                let is_same = [same_metric, same_series, same_day, false];
                for ((depth, is_same), count) in Depth::ALL.iter().zip(is_same).zip(&mut nodes) {
                    let is_new = *depth == self.depth || *depth < self.depth && !is_same;
                    *count += u64::from(is_new);
                }
                count_losses(&mut losses, row.losses);
                if same_series {
                    last.as_mut().into_iter().for_each(|it| it.1 = row.hour);
                } else {
                    last = Some((series.clone(), row.hour));
                }
            }
        }
        Ok(Survey { totals, nodes, losses })
    }

    /// The nodes above at `depth`; the leaves themselves if they reach no deeper.
    pub(crate) fn at_depth(&self, depth: Depth) -> Result<Leaves, Error> {
        if depth >= self.depth {
            return Ok(self.clone());
        }
        let mut writer = RunWriter::new(&self.spill);
        self.survey(&mut |found, name, entry, losses| {
            if found != depth {
                return Ok(());
            }
            writer.series(&series_at(depth, name.series));
            writer.push(&Row::of_node(name.hour, *entry, losses))
        })?;
        Ok(Leaves { spill: Arc::clone(&self.spill), run: writer.finish()?, depth })
    }
}

fn count_losses(counts: &mut BTreeMap<&'static str, u64>, losses: Losses) {
    for loss in Loss::ALL.iter().filter(|loss| losses.holds(**loss)) {
        *counts.entry(loss.name()).or_default() += 1;
    }
}

/// The name of a node at `depth`: above series, the metric alone.
pub(crate) fn series_at(depth: Depth, series: &Series) -> Series {
    match depth {
        Depth::Metric => Series { metric: series.metric.clone(), ..Series::default() },
        Depth::Series | Depth::Day | Depth::Hour => series.clone(),
    }
}

/// Milliseconds that a node of this depth spans; `None` where it has no time of its own.
fn span_ms(depth: Depth) -> Option<u64> {
    match depth {
        Depth::Hour => Some(HOUR_MS),
        Depth::Day => Some(24 * HOUR_MS),
        Depth::Series | Depth::Metric => None,
    }
}

/// The milliseconds of the node of this depth that begins with an hour.
pub(crate) fn window_ms(depth: Depth, hour: Hour) -> Option<(u64, u64)> {
    let from = u64::from(hour) * HOUR_MS;
    span_ms(depth).map(|span| (from, from + span))
}
