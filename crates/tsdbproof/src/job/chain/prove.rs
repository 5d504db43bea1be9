//! Goes a way over patches in memory, and holds the root of every state against what is promised.

use std::sync::Arc;

use tsdbproof_core::{Error, Kind, Point, Series, Value, digest::Roots};

use super::{
    ChainFile, Item, ReadPatch,
    graph::{Graph, Way},
    root,
};
use crate::{
    Options,
    job::replay::{States, replay},
    look::{InOrder, Spill},
};

/// Goes `way`; notes the states that came out, and the patch that did not do what it promises.
pub(super) fn prove(
    way: &Way,
    items: &[Item],
    graph: &mut Graph,
    (spill, options): (&Arc<Spill>, &Options),
    files: &mut [ChainFile],
) -> Result<(), Error> {
    let Some(Item::Full(looked)) = items.get(way.full) else { return Ok(()) };
    let mut patches = Vec::new();
    for step in &way.steps {
        let Some(Item::Patch(patch)) = items.get(step.patch) else { continue };
        let mut patch = ReadPatch::clone(patch);
        if step.is_reverse {
            patch.reverse()?;
        }
        patches.push(patch);
    }
    let promised: Vec<Roots> = graph
        .states_of(way)
        .into_iter()
        .filter_map(|state| graph.nodes.get(state).map(|node| node.roots))
        .collect();
    let mut count = patches.len();
    // A patch that takes away what is not there ends the way before it.
    let (found, fault) = loop {
        let mut states = AllStates((0..=count).map(|_| InOrder::new()).collect());
        let chain = patches.iter().take(count);
        match replay((looked, options.scope.duplicates), chain, spill, &mut states) {
            Ok(()) => break (states.finish(), (count < patches.len()).then_some(count)),
            Err(error) if error.kind() == Kind::Malformed && count > 0 => count -= 1,
            Err(error) => return Err(error),
        }
    };
    let sound = found.iter().zip(&promised).take_while(|(found, promised)| found == promised);
    let sound = sound.count();
    graph.came_out(way, sound);
    let wrong = (sound < found.len()).then(|| sound.saturating_sub(1)).or(fault);
    if let Some(step) = wrong.and_then(|index| way.steps.get(index))
        && let Some(file) = files.get_mut(step.patch)
    {
        file.fault = Some(match found.get(sound).zip(promised.get(sound)) {
            Some((found, promised)) => {
                format!("it leads to {}, and promises {}", root(found), root(promised))
            }
            None => "it changes values that are not there".to_owned(),
        });
    }
    Ok(())
}

/// Digests every state.
struct AllStates(Vec<InOrder>);

impl AllStates {
    fn finish(self) -> Vec<Roots> {
        self.0.into_iter().map(|state| state.finish().roots).collect()
    }
}

impl States for AllStates {
    fn series(&mut self, series: &Series) -> Result<(), Error> {
        self.0.iter_mut().for_each(|state| state.series(series));
        Ok(())
    }

    fn instant(&mut self, state: usize, timestamp_ms: u64, values: &[Value]) -> Result<(), Error> {
        let point = |value: &Value| Point { timestamp_ms, value: *value };
        let mut points: Vec<Point> = values.iter().map(point).collect();
        points.sort_unstable_by_key(|point| point.record());
        self.0.get_mut(state).into_iter().for_each(|it| it.instant(&points));
        Ok(())
    }
}
