//! Which states are kept, and what they need.

use std::{collections::BTreeSet, str::FromStr};

use tsdbproof_core::{Error, digest::civil};

use super::{ChainFile, ChainState, graph::Graph};
use crate::Expect;

/// The states that are to stay, by the times of their newest points. A state stays if one rule wants it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keep(Vec<Rule>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Rule {
    /// The newest, so many.
    Last(usize),
    /// The newest of each period, of so many periods.
    Newest(Period, usize),
    /// The one with this root.
    Root(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Period {
    Day,
    Week,
    Month,
    Year,
}

const DAY_MS: u64 = 24 * tsdbproof_core::HOUR_MS;

impl Period {
    /// The number of the period that this instant lies in, of the calendar in UTC.
    fn of(self, time_ms: u64) -> u64 {
        let days = time_ms / DAY_MS;
        let (year, month, _) = civil(u32::try_from(days).unwrap_or(u32::MAX));
        match self {
            Period::Day => days,
            // 1970 began on a Thursday.
            Period::Week => (days + 3) / 7,
            Period::Month => u64::from(year) * 12 + u64::from(month),
            Period::Year => u64::from(year),
        }
    }
}

impl FromStr for Keep {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let rule = |text: &str| {
            let (what, value) = text.split_once('=')?;
            let count = || value.parse().ok().filter(|count| *count > 0);
            Some(match what {
                "last" => Rule::Last(count()?),
                "daily" => Rule::Newest(Period::Day, count()?),
                "weekly" => Rule::Newest(Period::Week, count()?),
                "monthly" => Rule::Newest(Period::Month, count()?),
                "yearly" => Rule::Newest(Period::Year, count()?),
                "root" => Rule::Root(value.parse::<Expect>().ok()?.0.to_string()),
                _ => return None,
            })
        };
        text.split(',').map(rule).collect::<Option<_>>().map(Keep).ok_or_else(|| {
            Error::usage(format!("{text:?} does not tell what to keep")).help(
                "last=7, daily=7, weekly=4, monthly=12, yearly=3 or root=ROOT; several with commas",
            )
        })
    }
}

impl Keep {
    /// Marks the states that stay, and the files that none of them needs. Of a folder that is not sound
    /// everything stays. Gives whether each rule found a state: else nobody said what may go.
    pub(super) fn apply(
        &self,
        is_sound: bool,
        states: &mut [(usize, ChainState)],
        files: &mut [ChainFile],
        graph: &Graph,
    ) -> bool {
        let restorable = states.iter().filter(|(_, state)| state.is_restorable);
        let mut newest: Vec<usize> = restorable.map(|(node, _)| *node).collect();
        newest.reverse();
        let last_ms = |node: &usize| graph.nodes.get(*node).map_or(0, |node| node.last_ms);
        newest.sort_by_key(|node| std::cmp::Reverse(last_ms(node)));
        let (mut kept, mut is_found) = (BTreeSet::new(), !newest.is_empty());
        for rule in &self.0 {
            match rule {
                Rule::Last(count) => kept.extend(newest.iter().take(*count)),
                Rule::Newest(period, count) => {
                    let mut periods = BTreeSet::new();
                    let first = |node: &&usize| periods.insert(period.of(last_ms(node)));
                    kept.extend(newest.iter().filter(first).take(*count));
                }
                Rule::Root(root) => {
                    let is_root = |(_, state): &&(usize, ChainState)| {
                        state.is_restorable && state.root == *root
                    };
                    let found = states.iter().find(is_root);
                    is_found &= found.is_some();
                    kept.extend(found.map(|(node, _)| *node));
                }
            }
        }
        let mut needed = BTreeSet::new();
        for (node, state) in states {
            state.is_kept = kept.contains(node);
            let Some(found) = graph.nodes.get(*node).filter(|_| state.is_kept) else { continue };
            needed.extend(found.manifests.iter().copied());
            needed.extend(found.proven.iter().flat_map(super::Way::items));
        }
        for (index, file) in files.iter_mut().enumerate() {
            file.can_go = is_sound && is_found && !needed.contains(&index);
        }
        is_found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_read_and_others_refused() {
        let keep: Keep = "last=2,weekly=4".parse().unwrap();
        assert_eq!(keep.0, [Rule::Last(2), Rule::Newest(Period::Week, 4)]);
        for text in ["", "last", "last=0", "last=x", "hourly=2", "root=x", "last=1,"] {
            assert!(text.parse::<Keep>().is_err(), "{text}");
        }
    }

    #[test]
    fn weeks_begin_on_monday() {
        let week = |day: u64| Period::Week.of(day * DAY_MS);
        // 1970-01-04 was a Sunday.
        assert_eq!((week(3), week(4), week(10)), (0, 1, 1));
        assert_eq!(Period::Month.of(31 * DAY_MS) - Period::Month.of(0), 1);
    }
}
