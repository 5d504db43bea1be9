//! What every row of a manifest obeys. The writer asks too, so that what it wrote can be read.

use tsdbproof_core::{
    HOUR_MS, Hour, Series, TIME_LIMIT_MS, Tags,
    digest::{Depth, Entry, Node},
};

use super::{shown, table::has_time};
use crate::store::file::is_canonical;

const DAY_MS: u64 = 24 * HOUR_MS;

/// The rows so far, as far as the next one depends on them.
#[derive(Debug)]
pub(super) struct Rules {
    depth: Depth,
    series: Series,
    hour: Hour,
    started: bool,
    points: u64,
}

/// What is wrong with a row: found and expected.
type Flaw = String;

impl Rules {
    pub(super) fn new(depth: Depth) -> Self {
        Rules { depth, series: Series::default(), hour: 0, started: false, points: 0 }
    }

    /// The series of the last row.
    pub(super) fn series(&self) -> &Series {
        &self.series
    }

    /// Points of all rows.
    pub(super) fn points(&self) -> u64 {
        self.points
    }

    /// Takes the name of the next row; `tags` are empty where the depth has none.
    pub(super) fn name(&mut self, metric: &[u8], tags: &[u8], hour: Hour) -> Result<(), Flaw> {
        let last = (self.series.metric.as_bytes(), self.series.tags.as_str().as_bytes());
        let same_series = self.started && last == (metric, tags);
        if same_series && hour <= self.hour {
            let order = if hour == self.hour { "stands twice" } else { "is out of order" };
            return Err(format!(
                "{} {order}; expected ascending names",
                shown(&self.series.to_string())
            ));
        }
        if !same_series {
            let ascending = !self.started || last < (metric, tags);
            self.series = series(metric, tags)?;
            if !ascending {
                let found = self.series.to_string();
                return Err(format!("{} is out of order; expected ascending names", shown(&found)));
            }
        }
        (self.hour, self.started) = (hour, true);
        Ok(())
    }

    /// Takes the entry of the row just named.
    pub(super) fn entry(&mut self, entry: &Entry) -> Result<(), Flaw> {
        let Entry { exact, f32, first_ms, last_ms } = entry;
        self.node(exact)?;
        if let Some(f32) = f32 {
            self.node(f32)?;
            if f32.points > exact.points || f32.digest == exact.digest {
                return Err("f32 columns; found the exact ones again or more points".to_owned());
            }
            if self.depth != Depth::Hour && f32.children != exact.children {
                let (found, expected) = (f32.children, exact.children);
                return Err(format!("f32 children; found {found}, expected {expected}"));
            }
        }
        let (from, to) = self.span();
        if !(from <= *first_ms && first_ms <= last_ms && *last_ms < to) {
            let found = format!("found {first_ms} to {last_ms}");
            return Err(format!("the time of the points; {found}, expected within [{from}, {to})"));
        }
        let sum = self.points.checked_add(exact.points);
        self.points = sum.ok_or("more points than a 64-bit number counts")?;
        Ok(())
    }

    fn node(&self, node: &Node) -> Result<(), Flaw> {
        let (points, children) = (node.points, node.children);
        let fits = match self.depth {
            Depth::Hour => children == points,
            Depth::Day => children <= 24,
            Depth::Series | Depth::Metric => true,
        };
        if points == 0 || children == 0 || children > points || !fits {
            let depth = self.depth.name();
            return Err(format!("{points} points in {children} children are no {depth}"));
        }
        Ok(())
    }

    /// The instants that the last row may hold.
    fn span(&self) -> (u64, u64) {
        let from = u64::from(self.hour) * HOUR_MS;
        match self.depth {
            Depth::Hour => (from, (from + HOUR_MS).min(TIME_LIMIT_MS)),
            Depth::Day => (from, (from + DAY_MS).min(TIME_LIMIT_MS)),
            Depth::Series | Depth::Metric => (0, TIME_LIMIT_MS),
        }
    }
}

fn series(metric: &[u8], tags: &[u8]) -> Result<Series, Flaw> {
    let text = |bytes: &[u8]| {
        let text = String::from_utf8(bytes.to_vec());
        text.map_err(|error| {
            let found = String::from_utf8_lossy(error.as_bytes()).into_owned();
            format!("{} is no UTF-8", shown(&found))
        })
    };
    let series = Series { metric: text(metric)?, tags: Tags::from_canonical(text(tags)?) };
    match is_canonical(&series.tags) {
        true => Ok(series),
        false => Err(format!("{}; expected tags in canonical form", shown(series.tags.as_str()))),
    }
}

/// The hour in which a row of this depth starts, if it may start there.
pub(super) fn hour_of_start(depth: Depth, start_ms: u64) -> Result<Hour, Flaw> {
    let length = if depth == Depth::Hour { HOUR_MS } else { DAY_MS };
    if start_ms >= TIME_LIMIT_MS || !start_ms.is_multiple_of(length) {
        let depth = depth.name();
        return Err(format!("start; found {start_ms}, expected the first instant of a {depth}"));
    }
    Ok((start_ms / HOUR_MS) as Hour)
}

/// The start of a row with this hour in its name.
pub(super) fn start_of_hour(depth: Depth, hour: Hour) -> Result<u64, Flaw> {
    let start_ms = u64::from(hour) * HOUR_MS;
    if has_time(depth) {
        hour_of_start(depth, start_ms)?;
    }
    Ok(start_ms)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tsdbproof_core::digest::Hash;

    #[test]
    fn names_ascend() {
        let mut rules = Rules::new(Depth::Hour);
        rules.name(b"a", b"", 5).unwrap();
        assert!(rules.name(b"a", b"", 5).unwrap_err().contains("twice"));
        assert!(rules.name(b"a", b"", 4).is_err());
        rules.name(b"a", b"", 6).unwrap();
        rules.name(b"a", b"k=v", 1).unwrap();
        assert!(rules.name(b"a", b"", 9).is_err());
    }

    #[test]
    fn impossible_entries_are_refused() {
        let node = Node { points: 3, children: 3, digest: Hash([1; 32]) };
        let other = Node { points: 2, children: 2, digest: Hash([2; 32]) };
        let good = Entry { exact: node, f32: Some(other), first_ms: HOUR_MS, last_ms: HOUR_MS + 9 };
        let check = |entry: Entry| {
            let mut rules = Rules::new(Depth::Hour);
            rules.name(b"m", b"", 1).unwrap();
            rules.entry(&entry)
        };
        check(good).unwrap();
        let none = Node { points: 0, children: 0, ..node };
        assert!(check(Entry { exact: none, f32: None, ..good }).is_err());
        assert!(check(Entry { exact: Node { children: 2, ..node }, ..good }).is_err());
        assert!(check(Entry { f32: Some(node), ..good }).is_err());
        assert!(
            check(Entry { f32: Some(Node { points: 4, children: 4, ..other }), ..good }).is_err()
        );
        assert!(check(Entry { first_ms: HOUR_MS - 1, ..good }).is_err());
        assert!(check(Entry { first_ms: HOUR_MS + 10, ..good }).is_err());
        assert!(check(Entry { last_ms: 2 * HOUR_MS, ..good }).is_err());
    }

    #[test]
    fn a_start_is_a_boundary_below_the_limit() {
        assert_eq!(hour_of_start(Depth::Hour, 7 * HOUR_MS), Ok(7));
        assert_eq!(hour_of_start(Depth::Day, 48 * HOUR_MS), Ok(48));
        assert!(hour_of_start(Depth::Hour, 1).is_err());
        assert!(hour_of_start(Depth::Day, 7 * HOUR_MS).is_err());
        assert!(hour_of_start(Depth::Hour, 1_193_046 * HOUR_MS).is_ok());
        assert!(hour_of_start(Depth::Hour, 1_193_047 * HOUR_MS).is_err());
    }
}
