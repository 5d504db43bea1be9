//! The order in which patches follow on each other: each is a link from one state to another.

use std::collections::VecDeque;

/// Why there is no order in which each link is gone over once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Break<S> {
    /// No link starts from here, and these are left.
    Gap { at: S, behind: Option<usize>, left: Vec<usize> },
    /// Several links start from here, and not all of them lead back.
    Fork { at: S, links: [usize; 2] },
}

/// The order in which all links are gone over, each once, from a state on: as they are given if they follow on
/// each other so, else any. A state may come back, and wherever such an order ends, every other does.
pub(super) fn order<S: Copy + PartialEq>(
    from: S,
    links: &[[S; 2]],
) -> Result<Vec<usize>, Break<S>> {
    let given: Vec<usize> = (0..links.len()).collect();
    [given, trail(from, links)]
        .into_iter()
        .find(|order| order.len() == links.len() && follow(from, links, order))
        .ok_or_else(|| first_break(from, links))
}

/// Whether each link of an order starts where the one before ends.
fn follow<S: Copy + PartialEq>(from: S, links: &[[S; 2]], order: &[usize]) -> bool {
    let mut at = from;
    order.iter().filter_map(|index| links.get(*index)).all(|[start, end]| {
        let follows = *start == at;
        at = *end;
        follows
    })
}

/// Hierholzer's way: it goes on while it can, then takes up what was left at the states behind it. It is the order of all
/// links if there is one.
fn trail<S: Copy + PartialEq>(from: S, links: &[[S; 2]]) -> Vec<usize> {
    let mut left: Vec<(usize, &[S; 2])> = links.iter().enumerate().collect();
    let (mut open, mut order) = (vec![(from, None)], Vec::new());
    while let Some(&(at, link)) = open.last() {
        match left.iter().position(|(_, [start, _])| *start == at) {
            Some(next) => {
                let (index, [_, end]) = left.remove(next);
                open.push((*end, Some(index)));
            }
            None => {
                order.extend(link);
                open.pop();
            }
        }
    }
    order.reverse();
    order
}

/// Where a walk without a choice ends.
fn first_break<S: Copy + PartialEq>(from: S, links: &[[S; 2]]) -> Break<S> {
    let mut left: Vec<(usize, &[S; 2])> = links.iter().enumerate().collect();
    let (mut at, mut behind) = (from, None);
    loop {
        let fits = |(_, [start, _]): &(usize, &[S; 2])| *start == at;
        // What leads nowhere is no fork.
        let idle = left.iter().position(|link| fits(link) && link.1[1] == at);
        let mut fitting = left.iter().enumerate().filter(|(_, link)| fits(link));
        let next = match (idle, fitting.next(), fitting.next()) {
            (Some(next), ..) | (None, Some((next, _)), None) => next,
            (None, None, _) => {
                let left = left.into_iter().map(|(index, _)| index).collect();
                return Break::Gap { at, behind, left };
            }
            (None, Some((_, (one, _))), Some((_, (other, _)))) => {
                return Break::Fork { at, links: [*one, *other] };
            }
        };
        let (index, [_, end]) = left.remove(next);
        (at, behind) = (*end, Some(index));
    }
}

/// The shortest way from a state to one that is sought; `None` if there is none.
pub(super) fn way<S: Copy + PartialEq>(
    from: S,
    links: &[[S; 2]],
    is_sought: impl Fn(&S) -> bool,
) -> Option<Vec<usize>> {
    let mut queue = VecDeque::from([(from, Vec::new())]);
    let mut seen = vec![from];
    while let Some((at, way)) = queue.pop_front() {
        if is_sought(&at) {
            return Some(way);
        }
        for (index, [start, end]) in links.iter().enumerate() {
            if *start == at && !seen.contains(end) {
                seen.push(*end);
                queue.push_back((*end, [way.as_slice(), &[index]].concat()));
            }
        }
    }
    None
}

/// Where the links begin: the first that starts where fewer end, or that the given order begins with. `None` where
/// they lead in a circle.
pub(super) fn start<S: Copy + PartialEq>(links: &[[S; 2]]) -> Option<S> {
    let count =
        |side: usize, at: S| links.iter().filter(|link| link.get(side) == Some(&at)).count();
    let given: Vec<usize> = (0..links.len()).collect();
    let first = links.first().map(|[start, _]| *start)?;
    match follow(first, links, &given) {
        true => Some(first),
        false => links.iter().map(|[start, _]| *start).find(|at| count(0, *at) > count(1, *at)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_have_an_order_whatever_the_order_of_arguments() {
        assert_eq!(order('a', &[]), Ok(vec![]));
        assert_eq!(order('a', &[['b', 'c'], ['a', 'b']]), Ok(vec![1, 0]));
        // A day without a change.
        assert_eq!(order('a', &[['b', 'b'], ['b', 'c'], ['a', 'b']]), Ok(vec![2, 0, 1]));
    }

    #[test]
    fn a_state_may_come_back() {
        let history = [['a', 'b'], ['b', 'a'], ['a', 'c']];
        for indices in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            let links = indices.map(|index| history[index]);
            let found = order('a', &links).unwrap();
            assert_eq!(found.iter().map(|index| links[*index]).collect::<Vec<_>>(), history);
        }
        // Two circles: as they are given.
        let circles = [['a', 'c'], ['c', 'a'], ['a', 'b'], ['b', 'a']];
        assert_eq!(order('a', &circles), Ok(vec![0, 1, 2, 3]));
    }

    #[test]
    fn a_gap_and_a_fork_are_told() {
        let gap = |at, behind, left: &[usize]| Err(Break::Gap { at, behind, left: left.to_vec() });
        assert_eq!(order('a', &[['a', 'b'], ['c', 'd']]), gap('b', Some(0), &[1]));
        assert_eq!(order('x', &[['a', 'b']]), gap('x', None, &[0]));
        // Off the way there is a circle of its own.
        assert_eq!(order('a', &[['a', 'b'], ['c', 'd'], ['d', 'c']]), gap('b', Some(0), &[1, 2]));
        let fork = Err(Break::Fork { at: 'b', links: [1, 3] });
        assert_eq!(order('a', &[['a', 'b'], ['b', 'c'], ['b', 'b'], ['b', 'd']]), fork);
    }

    #[test]
    fn a_way_is_the_shortest_and_needs_no_other_link() {
        let links = [['a', 'b'], ['b', 'c'], ['a', 'c'], ['c', 'a'], ['a', 'd']];
        assert_eq!(way('a', &links, |at| *at == 'c'), Some(vec![2]));
        assert_eq!(way('a', &links, |at| *at == 'a'), Some(vec![]));
        assert_eq!(way('d', &links, |at| *at == 'a'), None);
    }

    #[test]
    fn the_start_is_where_fewer_links_end() {
        assert_eq!(start(&[['b', 'a'], ['a', 'c'], ['a', 'b']]), Some('a'));
        assert_eq!(start(&[['b', 'a'], ['a', 'b']]), Some('b'), "they follow as they are given");
        assert_eq!(start(&[['a', 'b'], ['c', 'a'], ['b', 'c']]), None);
        assert_eq!(start::<char>(&[]), None);
    }
}
