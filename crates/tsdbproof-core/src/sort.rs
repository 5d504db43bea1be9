//! Sorts of what no point passes through.
//!
//! The standard library's sorts are compiled anew for each type and order, 4 to 9 kB each time: all of
//! them were a tenth of the page's wasm. These are one sort of places, whatever stands there.

use std::{cmp::Ordering, mem};

/// Sorts items. Equal ones keep their order.
pub fn all<T: Ord>(items: &mut [T]) {
    by(items, T::cmp);
}

/// Sorts items by an order. Equal ones keep their order.
pub fn by<T>(items: &mut [T], order: impl Fn(&T, &T) -> Ordering) {
    if items.is_sorted_by(|a, b| order(a, b).is_le()) {
        return;
    }
    let mut from = places(items.len(), &|a, b| order(&items[a], &items[b]));
    // Each circle of items that change places: a place that is done names itself.
    for start in 0..from.len() {
        let mut at = start;
        loop {
            let next = mem::replace(&mut from[at], at);
            if next == start {
                break;
            }
            items.swap(at, next);
            at = next;
        }
    }
}

/// The places of `count` items in their order.
fn places(count: usize, order: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut places: Vec<usize> = (0..count).collect();
    places.sort_by(|a, b| order(*a, *b));
    places
}

/// What `collect` makes of items. A map or a set that is collected sorts them first, by a sort of its own.
pub fn gathered<T, C: Default + Extend<T>>(items: impl IntoIterator<Item = T>) -> C {
    let mut all = C::default();
    all.extend(items);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_sort_as_the_standard_library_does() {
        let mut seed = 1_u32;
        for count in 0..200 {
            let items = (0..count).map(|at| {
                seed = seed.wrapping_mul(0x9e37_79b1) ^ at;
                // Few keys, so that many are equal: `at` tells whether they keep their order.
                ((seed >> 13) % (count / 3 + 1), at)
            });
            let items: Vec<(u32, u32)> = items.collect();
            let (mut ours, mut theirs) = (items.clone(), items);
            by(&mut ours, |a, b| a.0.cmp(&b.0));
            theirs.sort_by_key(|item| item.0);
            assert_eq!(ours, theirs);
            all(&mut ours);
            theirs.sort();
            assert_eq!(ours, theirs);
        }
    }
}
