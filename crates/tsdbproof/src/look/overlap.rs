//! Which store files have to be read as one: a newer file hides cells of an older one, and a marker
//! in one hides cells of another, where their rows overlap.

use std::collections::BTreeMap;

use tsdbproof_core::{Position, Problem, ProblemKind, sort};

use super::{reading::Reading, tables::Input};

/// A use of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Placed {
    pub(super) index: usize,
    pub(super) use_index: usize,
}

/// The rows of a use of a store file.
struct Rows<'a> {
    first: &'a [u8],
    /// The last row, and whether it is only in front of that; `None`: nobody knows.
    last: Option<(&'a [u8], bool)>,
    place: Placed,
    /// Whether the file has to be read more than once, so that it can't be read alone.
    is_shared: bool,
}

/// The uses of store files of a table that have to be read as one, in groups. What is in none is read
/// by itself. Families are apart: no cell hides one of another.
pub(super) fn groups<'i>(
    inputs: impl Iterator<Item = &'i Input>,
    readings: &[Reading],
) -> Vec<Vec<Placed>> {
    let mut families: BTreeMap<(&str, Vec<&[u8]>), Vec<Rows<'_>>> = BTreeMap::new();
    for input in inputs {
        let Some(reading) = readings.get(input.index) else { continue };
        let Some(used) = reading.uses.get(input.use_index) else { continue };
        let Some(first) = input.sample.keys().next() else { continue };
        let place = Placed { index: input.index, use_index: input.use_index };
        let (last, is_shared) = (used.file.last_row(), reading.uses.len() > 1);
        let family = (input.table.as_str(), input.sample.families().collect());
        families.entry(family).or_default().push(Rows { first, last, place, is_shared });
    }
    families.into_values().flat_map(overlapping).collect()
}

fn overlapping(mut files: Vec<Rows<'_>>) -> Vec<Vec<Placed>> {
    sort::by(&mut files, |a, b| (a.first, a.place).cmp(&(b.first, b.place)));
    let mut groups: Vec<(Vec<Placed>, bool)> = Vec::new();
    // Behind the end of a group no row of it stands; `None`: it has no end that is known.
    let mut end: Option<(&[u8], bool)> = Some((&[], true));
    for Rows { first, last, place, is_shared } in files {
        let is_behind = end.is_some_and(|(row, is_open)| first > row || is_open && first == row);
        match groups.last_mut().filter(|_| !is_behind) {
            Some((group, shared)) => {
                group.push(place);
                *shared |= is_shared;
                end = end.zip(last).map(|(end, last)| later(end, last));
            }
            None => {
                groups.push((vec![place], is_shared));
                end = last;
            }
        }
    }
    let groups = groups.into_iter().filter(|(group, is_shared)| *is_shared || group.len() > 1);
    groups.map(|(group, _)| group).collect()
}

/// The later of two ends: at the same row the one that has it.
fn later<'r>(a: (&'r [u8], bool), b: (&'r [u8], bool)) -> (&'r [u8], bool) {
    if (a.0, !a.1) >= (b.0, !b.1) { a } else { b }
}

/// Store files with rows that their regions don't have.
pub(super) fn strays(inputs: &[Input], readings: &[Reading]) -> Vec<(usize, Problem)> {
    let mut problems = Vec::new();
    for input in inputs {
        let used = readings.get(input.index).and_then(|it| it.uses.get(input.use_index));
        let Some((used, planned)) = used.and_then(|it| Some((it, it.planned.as_ref()?))) else {
            continue;
        };
        let first = input.sample.keys().next();
        let last = used.file.last_row().filter(|(_, is_open)| !is_open).map(|(row, _)| row);
        // The last row of a file that is used by halves is not always one of this.
        let last = last.filter(|_| !planned.file.is_half());
        if first.into_iter().chain(last).any(|row| !planned.file.holds(row)) {
            let what = "rows that the region of the file does not have".to_owned();
            let kind = ProblemKind::Disagreement;
            problems.push((input.index, Problem { kind, at: Position::Byte(0), what }));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first row, the last one, and whether the file is shared.
    type File<'f> = (&'f [u8], Option<(&'f [u8], bool)>, bool);

    fn groups_of(files: &[File<'_>]) -> Vec<Vec<usize>> {
        let rows = files.iter().enumerate().map(|(index, &(first, last, is_shared))| Rows {
            first,
            last,
            place: Placed { index, use_index: 0 },
            is_shared,
        });
        let groups = overlapping(rows.collect());
        groups.iter().map(|group| group.iter().map(|place| place.index).collect()).collect()
    }

    #[test]
    fn files_whose_rows_overlap_are_a_group() {
        let closed = |row| Some((row, false));
        let open = |row| Some((row, true));
        let apart = [(&b"a"[..], closed(&b"b"[..]), false), (b"c", closed(b"d"), false)];
        assert_eq!(groups_of(&apart), Vec::<Vec<usize>>::new());
        let touching = [(&b"b"[..], closed(&b"d"[..]), false), (b"a", closed(b"b"), false)];
        assert_eq!(groups_of(&touching), [[1, 0]]);
        let halves = [(&b"a"[..], open(&b"b"[..]), false), (b"b", closed(b"c"), false)];
        assert_eq!(groups_of(&halves), Vec::<Vec<usize>>::new());
        // The first reaches over the second to the third; the fourth is alone.
        let chain = [
            (&b"a"[..], closed(&b"f"[..]), false),
            (b"b", open(b"c"), false),
            (b"f", closed(b"g"), false),
            (b"h", closed(b"i"), false),
        ];
        assert_eq!(groups_of(&chain), [[0, 1, 2]]);
        // Nobody knows where the first ends.
        assert_eq!(groups_of(&[(b"a", None, false), (b"x", closed(b"y"), false)]), [[0, 1]]);
        // A file that is used twice can't be read alone.
        assert_eq!(groups_of(&[(b"a", open(b"b"), true), (b"c", closed(b"d"), false)]), [[0]]);
    }
}
