//! Problems of one input, counted by kind, the first of each kept.

use std::collections::BTreeMap;

use tsdbproof_core::{Error, Kind, Position, Problem, ProblemKind, Weight};

use crate::report::{PlacedProblem, ProblemGroup};

/// Problems of a kind that are told with their place.
const SHOWN: usize = 10;

/// Problems of one part of an input, or of all inputs of a side.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    kinds: BTreeMap<ProblemKind, Group>,
}

#[derive(Debug, Default)]
struct Group {
    count: u64,
    /// With the input's index.
    first: Vec<(usize, Problem)>,
}

impl Problems {
    pub(crate) fn add(&mut self, problem: Problem) {
        let group = self.kinds.entry(problem.kind).or_default();
        group.count += 1;
        if group.first.len() < SHOWN {
            group.first.push((0, problem));
        }
    }

    /// Each kind with its count and the first of it.
    pub(crate) fn parts(&self) -> Vec<(ProblemKind, u64, Vec<&Problem>)> {
        let mut parts = Vec::new();
        for (kind, group) in &self.kinds {
            parts.push((*kind, group.count, group.first.iter().map(|(_, it)| it).collect()));
        }
        parts
    }

    /// Adds so many of a kind, as [`Problems::parts`] told them.
    pub(crate) fn add_part(&mut self, kind: ProblemKind, count: u64, first: Vec<Problem>) {
        let first = first.into_iter().map(|problem| (0, problem)).collect();
        let mut part = Problems::default();
        part.kinds.insert(kind, Group { count, first });
        self.join(part, 0, 0);
    }

    /// Adds one of this input.
    pub(crate) fn add_to(&mut self, input: usize, problem: Problem) {
        let mut one = Problems::default();
        one.add(problem);
        self.join(one, input, 0);
    }

    /// Adds others, each of the input that it is of.
    pub(crate) fn join_all(&mut self, others: Problems) {
        for (kind, found) in others.kinds {
            let group = self.kinds.entry(kind).or_default();
            group.count += found.count;
            let free = SHOWN - group.first.len();
            group.first.extend(found.first.into_iter().take(free));
        }
    }

    /// Adds those of a part of `input` that begins behind `lines` lines; parts come in order.
    pub(crate) fn join(&mut self, part: Problems, input: usize, lines: u64) {
        for (kind, found) in part.kinds {
            let group = self.kinds.entry(kind).or_default();
            group.count += found.count;
            let free = SHOWN - group.first.len();
            group.first.extend(found.first.into_iter().take(free).map(|(_, mut problem)| {
                if let Position::Line { line, .. } = &mut problem.at {
                    *line += lines;
                }
                (input, problem)
            }));
        }
    }

    /// The first damage, as the error that ends a strict job.
    pub(crate) fn strict_error(&self, name: impl Fn(usize) -> String) -> Option<Error> {
        let damage = self.kinds.iter().filter(|(kind, _)| kind.weight() == Weight::Damage);
        let first = damage.flat_map(|(_, group)| &group.first);
        let (input, problem) = first.min_by_key(|(input, problem)| (*input, problem.at))?;
        let error = Error::new(Kind::Malformed, format!("{}: {}", problem.kind, problem.what));
        Some(
            error
                .at(problem.at)
                .in_file(name(*input))
                .help("without --strict reading goes on behind it"),
        )
    }

    pub(crate) fn has_damage(&self) -> bool {
        self.kinds.keys().any(|kind| kind.weight() == Weight::Damage)
    }

    /// How many there are of a kind.
    pub(crate) fn count(&self, kind: ProblemKind) -> u64 {
        self.kinds.get(&kind).map_or(0, |group| group.count)
    }

    /// Counts of damage by kind: what a root leaves out.
    pub(crate) fn left_out(&self) -> Vec<(String, u64)> {
        let damage = self.kinds.iter().filter(|(kind, _)| kind.weight() == Weight::Damage);
        damage.map(|(kind, group)| (kind.name().to_owned(), group.count)).collect()
    }

    pub(crate) fn report(&self, name: impl Fn(usize) -> String) -> Vec<ProblemGroup> {
        let group = |(kind, group): (&ProblemKind, &Group)| ProblemGroup {
            kind: kind.name(),
            is_damage: kind.weight() == Weight::Damage,
            count: group.count,
            first: group
                .first
                .iter()
                .map(|(input, problem)| place(problem, name(*input)))
                .collect(),
        };
        self.kinds.iter().map(group).collect()
    }
}

fn place(problem: &Problem, file: String) -> PlacedProblem {
    let (line, byte, packed_byte) = match problem.at {
        Position::Line { line, byte } => (Some(line), Some(byte), None),
        Position::Byte(byte) => (None, Some(byte), None),
        Position::PackedByte(byte) => (None, None, Some(byte)),
    };
    PlacedProblem { file, line, byte, packed_byte, what: problem.what.clone() }
}
