//! Series in the order of the tree, by the numbers that a sink gives them.

use tsdbproof_core::Series;

/// The order of as many series as there were when it was made.
pub(super) struct Ranks {
    /// The rank of each series.
    pub(super) of: Vec<u32>,
    /// The series of each rank.
    pub(super) sorted: Vec<u32>,
}

impl Ranks {
    /// The ranks of these series.
    pub(super) fn new(names: &[Series]) -> Self {
        let mut sorted: Vec<u32> = (0..).take(names.len()).collect();
        let name = |id: u32| names.get(id as usize);
        let metric = |id| name(id).map_or("", |series| series.metric.as_str());
        sort_by_text(&mut sorted, metric);
        for same in sorted.chunk_by_mut(|a, b| metric(*a) == metric(*b)) {
            sort_by_text(same, |id| name(id).map_or("", |series| series.tags.as_str()));
        }
        let mut of = vec![0; sorted.len()];
        for (rank, id) in (0..).zip(&sorted) {
            if let Some(slot) = of.get_mut(*id as usize) {
                *slot = rank;
            }
        }
        Ranks { of, sorted }
    }

    pub(super) fn of_series(&self, id: u32) -> u32 {
        self.of.get(id as usize).copied().unwrap_or_default()
    }
}

/// So few texts are compared whole.
const FEW: usize = 16;

/// Sorts ids by the bytes of their texts, eight at a time: the names of a million series begin alike, and
/// to compare two of them fetches both.
fn sort_by_text<'t>(ids: &mut [u32], text: impl Fn(u32) -> &'t str) {
    // Which of them, and how many bytes of them are equal.
    let mut open = vec![(0..ids.len(), 0)];
    let mut keyed = Vec::new();
    while let Some((which, equal)) = open.pop() {
        let start = which.start;
        let Some(ids) = ids.get_mut(which) else { continue };
        if ids.len() <= FEW {
            ids.sort_unstable_by_key(|id| text(*id));
            continue;
        }
        keyed.clear();
        keyed.extend(ids.iter().map(|id| (key(text(*id).as_bytes(), equal), *id)));
        keyed.sort_unstable();
        ids.iter_mut().zip(&keyed).for_each(|(to, (_, id))| *to = *id);
        let mut at = start;
        for same in keyed.chunk_by(|(a, _), (b, _)| a == b) {
            if let [((_, BEYOND), _), _, ..] = same {
                open.push((at..at + same.len(), equal + 8));
            }
            at += same.len();
        }
    }
}

/// As the length of a text: it goes on.
const BEYOND: usize = 9;

/// The eight bytes from `start` on, and how many there are.
fn key(text: &[u8], start: usize) -> (u64, usize) {
    let rest = text.get(start..).unwrap_or_default();
    let mut bytes = [0; 8];
    bytes.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
    (u64::from_be_bytes(bytes), rest.len().min(BEYOND))
}

#[cfg(test)]
mod tests {
    use tsdbproof_core::Tags;

    use super::*;

    #[test]
    fn ranks_are_in_the_order_of_series() {
        let ends = ["", "\0", "\0\0", "a", "a\0", "é", "b"];
        let mut names = Vec::new();
        for metric in ["m", "m\0", "metrics.m", "metrics.metrics.m"] {
            for start in ["", "host=", "host=web01,rack=", "host=web01,rack=east"] {
                for (middle, end) in ends.iter().flat_map(|a| ends.map(|b| (a, b))) {
                    let tags = Tags::from_canonical(format!("{start}{middle}{end}"));
                    names.push(Series { metric: metric.to_owned(), tags });
                }
            }
        }
        // In an order of their own.
        let count = names.len();
        let names: Vec<Series> = (0..count).map(|at| names[at * 37 % count].clone()).collect();
        let ranks = Ranks::new(&names);
        let sorted: Vec<&Series> = ranks.sorted.iter().map(|id| &names[*id as usize]).collect();
        assert!(sorted.is_sorted());
        assert!(
            ranks.sorted.iter().enumerate().all(|(rank, id)| ranks.of_series(*id) as usize == rank)
        );
    }
}
