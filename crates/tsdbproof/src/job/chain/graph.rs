//! States and the ways between them.

use std::collections::VecDeque;

use tsdbproof_core::{Error, digest::Roots};

use super::{ChainFile, ChainState, ChainStep, Item, ReadPatch, root, side, time};

/// A way from a full backup over patches; items by their indices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Way {
    pub(super) full: usize,
    pub(super) steps: Vec<Step>,
}

/// A patch that is applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) patch: usize,
    pub(super) is_reverse: bool,
}

impl Way {
    fn with(&self, step: Step) -> Self {
        let mut way = self.clone();
        way.steps.push(step);
        way
    }

    /// The items that it needs.
    pub(super) fn items(&self) -> impl Iterator<Item = usize> {
        [self.full].into_iter().chain(self.steps.iter().map(|step| step.patch))
    }
}

/// A state.
pub(super) struct Node {
    pub(super) roots: Roots,
    points: u64,
    pub(super) last_ms: u64,
    fulls: Vec<usize>,
    pub(super) manifests: Vec<usize>,
    /// The shortest way to it, not proven yet.
    way: Option<Way>,
    /// A way to it that was gone, and gave its root.
    pub(super) proven: Option<Way>,
}

/// A patch between two states.
struct Edge {
    patch: usize,
    from: usize,
    to: usize,
    can_reverse: bool,
    is_proven: bool,
}

/// All states and patches.
pub(super) struct Graph {
    pub(super) nodes: Vec<Node>,
    edges: Vec<Edge>,
}

impl Graph {
    pub(super) fn new(items: &[Item]) -> Result<Self, Error> {
        let mut graph = Graph { nodes: Vec::new(), edges: Vec::new() };
        for (index, item) in items.iter().enumerate() {
            match item {
                Item::Full(looked) => {
                    let totals = side::survey(&looked.leaves)?.totals;
                    let node =
                        graph.node(totals.roots, totals.all.exact.points, totals.all.last_ms);
                    graph.nodes.get_mut(node).into_iter().for_each(|it| it.fulls.push(index));
                }
                Item::Manifest(manifest) => {
                    let totals = manifest.meta.totals;
                    let node =
                        graph.node(totals.roots, totals.all.exact.points, totals.all.last_ms);
                    graph.nodes.get_mut(node).into_iter().for_each(|it| it.manifests.push(index));
                }
                Item::Patch(patch) => graph.edge(index, patch),
                Item::Faulty => {}
            }
        }
        graph.find_ways();
        Ok(graph)
    }

    fn node(&mut self, roots: Roots, points: u64, last_ms: u64) -> usize {
        let found = self.nodes.iter().position(|node| node.roots == roots);
        found.unwrap_or_else(|| {
            let (fulls, manifests) = (Vec::new(), Vec::new());
            let node = Node { roots, points, last_ms, fulls, manifests, way: None, proven: None };
            self.nodes.push(node);
            self.nodes.len() - 1
        })
    }

    fn edge(&mut self, patch: usize, read: &ReadPatch) {
        let [from, to] = [&read.meta.base, &read.meta.result]
            .map(|state| self.node(state.roots, state.points, state.last_ms));
        let can_reverse = read.meta.counts.cleared_hours == 0;
        self.edges.push(Edge { patch, from, to, can_reverse, is_proven: false });
    }

    /// Finds the shortest ways: forward, and from there backward to what is not reached otherwise.
    fn find_ways(&mut self) {
        for node in &mut self.nodes {
            let full = node.fulls.first().copied();
            node.way = full.map(|full| Way { full, steps: Vec::new() });
        }
        for goes_back in [false, true] {
            let mut queue: VecDeque<usize> = (0..self.nodes.len()).collect();
            while let Some(at) = queue.pop_front() {
                let Some(way) = self.nodes.get(at).and_then(|node| node.way.clone()) else {
                    continue;
                };
                for edge in &self.edges {
                    let (to, is_reverse) = match edge {
                        Edge { from, to, .. } if *from == at => (*to, false),
                        Edge { from, to, can_reverse: true, .. } if *to == at && goes_back => {
                            (*from, true)
                        }
                        _ => continue,
                    };
                    if let Some(next) = self.nodes.get_mut(to)
                        && next.way.is_none()
                    {
                        next.way = Some(way.with(Step { patch: edge.patch, is_reverse }));
                        queue.push_back(to);
                    }
                }
            }
        }
    }

    /// Ways that go over every patch that can be reached, none of them the beginning of another.
    pub(super) fn ways(&self) -> Vec<Way> {
        let way_to = |node: usize| self.nodes.get(node).and_then(|node| node.way.as_ref());
        let mut ways: Vec<Way> = self.nodes.iter().filter_map(|node| node.way.clone()).collect();
        for edge in &self.edges {
            let goes = |way: &Way| way.steps.iter().any(|step| step.patch == edge.patch);
            if ways.iter().any(goes) {
                continue;
            }
            let (patch, back) = (edge.patch, way_to(edge.to).filter(|_| edge.can_reverse));
            let forward = way_to(edge.from).map(|way| way.with(Step { patch, is_reverse: false }));
            ways.extend(
                forward.or_else(|| back.map(|way| way.with(Step { patch, is_reverse: true }))),
            );
        }
        let begins = |short: &Way, long: &Way| {
            short.full == long.full
                && short.steps.len() < long.steps.len()
                && long.steps.starts_with(&short.steps)
        };
        let is_part = |way: &Way| ways.iter().any(|other| begins(way, other));
        ways.iter().filter(|way| !is_part(way)).cloned().collect()
    }

    /// The states on a way, the full backup's first.
    pub(super) fn states_of(&self, way: &Way) -> Vec<usize> {
        let full = self.nodes.iter().position(|node| node.fulls.contains(&way.full));
        let steps = way.steps.iter().filter_map(|step| {
            let edge = self.edges.iter().find(|edge| edge.patch == step.patch)?;
            Some(if step.is_reverse { edge.from } else { edge.to })
        });
        full.into_iter().chain(steps).collect()
    }

    /// Notes that the first `count` states of a way came out with their roots.
    pub(super) fn came_out(&mut self, way: &Way, count: usize) {
        for (index, state) in self.states_of(way).into_iter().take(count).enumerate() {
            let steps = way.steps.get(..index).unwrap_or_default().to_vec();
            if let Some(step) = steps.last()
                && let Some(edge) = self.edges.iter_mut().find(|edge| edge.patch == step.patch)
            {
                edge.is_proven = true;
            }
            if let Some(node) = self.nodes.get_mut(state) {
                let is_longer = |other: &Way| other.steps.len() > steps.len();
                if node.proven.as_ref().is_none_or(is_longer) {
                    node.proven = Some(Way { full: way.full, steps });
                }
            }
        }
    }

    /// Patches that nothing here could be applied to, in sentences.
    pub(super) fn unproven_patches(&self, items: &[Item]) -> Vec<String> {
        let unproven = self.edges.iter().filter(|edge| !edge.is_proven);
        let told = unproven.filter_map(|edge| match items.get(edge.patch) {
            Some(Item::Patch(patch)) => Some(format!(
                "{} was not applied: no full backup here leads to {}, which it starts from",
                patch.name,
                root(&patch.meta.base.roots)
            )),
            _ => None,
        });
        told.collect()
    }

    /// The states in an order in which each stands behind those that patches lead from.
    pub(super) fn told(&self, files: &[ChainFile]) -> Vec<(usize, ChainState)> {
        let mut left: Vec<usize> = (0..self.nodes.len()).collect();
        left.sort_by_key(|index| self.nodes.get(*index).map(|node| (node.last_ms, node.points)));
        let mut told = Vec::new();
        while !left.is_empty() {
            let waits = |node: usize| {
                let is_left = |edge: &Edge| edge.from != node && left.contains(&edge.from);
                self.edges.iter().any(|edge| edge.to == node && is_left(edge))
            };
            // In a circle nobody is first.
            let next = left.iter().position(|node| !waits(*node)).unwrap_or(0);
            let index = left.remove(next);
            told.extend(self.nodes.get(index).map(|node| (index, state(node, files))));
        }
        told
    }
}

fn state(node: &Node, files: &[ChainFile]) -> ChainState {
    let name = |index: usize| files.get(index).map(|file| file.name.clone()).unwrap_or_default();
    let mut steps = Vec::new();
    if let Some(way) = &node.proven {
        steps.push(ChainStep { name: name(way.full), is_reverse: false });
        let step = |step: &Step| ChainStep { name: name(step.patch), is_reverse: step.is_reverse };
        steps.extend(way.steps.iter().map(step));
    }
    ChainState {
        root: root(&node.roots),
        points: node.points,
        last: (node.points > 0).then(|| time(node.last_ms)),
        is_restorable: node.proven.is_some(),
        steps,
        manifests: node.manifests.iter().map(|index| name(*index)).collect(),
        is_kept: false,
    }
}
