//! A sample of what one side holds, for a server that is asked for no more: some days of each metric,
//! with all its series.
//!
//! Which days depends on the seed alone. What a loss of 1 % has to look like to stay unseen is told
//! with it: a sample finds what is spread, and may miss a single day.

use std::collections::{BTreeMap, BTreeSet};

use tsdbproof_core::{Error, HOUR_MS, Hour, digest::Depth, sort};

use crate::{look::Leaves, report::Sampled};

/// One of so many days of a metric is drawn, and at least one.
const ONE_IN: u64 = 20;
/// Days of series that are drawn if there are so many: 1 % lost at random stays unseen in 1 of 23,000.
const LEAST: u64 = 1000;
const DAY_MS: u64 = 24 * HOUR_MS;
const HOURS: Hour = 24;

/// The days that were drawn, by metric, and what they are a sample of.
pub(crate) struct Sample {
    days: BTreeMap<String, BTreeSet<Hour>>,
    pub(crate) told: Sampled,
}

/// The days of a metric, with their numbers of series.
type Days = BTreeMap<String, BTreeMap<Hour, u64>>;

impl Sample {
    /// Draws from these leaves. Errors: they tell no days.
    pub(crate) fn draw(leaves: &Leaves, seed: u64) -> Result<Self, Error> {
        if leaves.depth < Depth::Day {
            return Err(Error::usage("a manifest without days can't say what to sample")
                .help("leave out --quick, or make the manifest with --depth day or hour"));
        }
        let mut all = Days::new();
        leaves.survey(&mut |depth, name, _, _| {
            if depth == Depth::Day {
                let days = all.entry(name.series.metric.clone()).or_default();
                *days.entry(day_of(name.hour)).or_default() += 1;
            }
            Ok(())
        })?;
        let total: u64 = all.values().flat_map(BTreeMap::values).sum();
        let days =
            all.iter().map(|(metric, days)| (metric.clone(), drawn(metric, days, total, seed)));
        let mut sample = Sample { days: sort::gathered(days), told: Sampled { seed, ..nothing() } };
        sample.tell(leaves, &all, total)?;
        Ok(sample)
    }

    /// Whether a node that begins with this hour is part of it.
    pub(crate) fn holds(&self, metric: &str, hour: Hour) -> bool {
        self.days.get(metric).is_some_and(|days| days.contains(&day_of(hour)))
    }

    /// The times of a metric, in milliseconds.
    pub(crate) fn times(&self, metric: &str) -> Vec<std::ops::Range<u64>> {
        let days = self.days.get(metric).into_iter().flatten();
        days.map(|day| u64::from(*day) * HOUR_MS).map(|from| from..from + DAY_MS).collect()
    }

    /// Counts what was drawn, and what may hide.
    fn tell(&mut self, leaves: &Leaves, all: &Days, total: u64) -> Result<(), Error> {
        let mut series = (0, 0);
        let mut has_drawn = false;
        leaves.survey(&mut |depth, name, _, _| {
            match depth {
                Depth::Day => has_drawn |= self.holds(&name.series.metric, name.hour),
                Depth::Series => {
                    series = (series.0 + u64::from(std::mem::take(&mut has_drawn)), series.1 + 1);
                }
                Depth::Hour | Depth::Metric => {}
            }
            Ok(())
        })?;
        let of_day = |(metric, days): (&String, &BTreeMap<Hour, u64>)| -> u64 {
            let held = days.iter().filter(|(day, _)| self.holds(metric, **day));
            held.map(|(_, count)| count).sum()
        };
        let series_days = (all.iter().map(of_day).sum(), total);
        let count = |days: BTreeSet<&Hour>| days.len() as u64;
        let all_days = count(sort::gathered(all.values().flat_map(BTreeMap::keys)));
        let days = (count(sort::gathered(self.days.values().flatten())), all_days);
        self.told = Sampled {
            seed: self.told.seed,
            series_days,
            days,
            series,
            unseen_series_days_ppm: unseen_ppm(series_days),
            unseen_days_ppm: unseen_ppm(days),
            unseen_series_ppm: unseen_ppm(series),
        };
        Ok(())
    }
}

fn nothing() -> Sampled {
    Sampled {
        seed: 0,
        series_days: (0, 0),
        days: (0, 0),
        series: (0, 0),
        unseen_series_days_ppm: 0,
        unseen_days_ppm: 0,
        unseen_series_ppm: 0,
    }
}

fn day_of(hour: Hour) -> Hour {
    hour / HOURS * HOURS
}

/// The days of a metric that come first in an order that only the seed tells.
fn drawn(metric: &str, days: &BTreeMap<Hour, u64>, total: u64, seed: u64) -> BTreeSet<Hour> {
    let share = |count: u64| count.div_ceil(ONE_IN).max((count * LEAST).div_ceil(total.max(1)));
    let count = usize::try_from(share(days.len() as u64)).unwrap_or(usize::MAX);
    let rank = |day: &Hour| {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&seed.to_le_bytes()).update(&day.to_le_bytes()).update(metric.as_bytes());
        *hasher.finalize().as_bytes()
    };
    let mut ranked: Vec<_> = days.keys().map(|day| (rank(day), *day)).collect();
    sort::all(&mut ranked);
    sort::gathered(ranked.into_iter().take(count).map(|(_, day)| day))
}

/// The probability, in millionths, that none of 1 % of all, at least one, is among those drawn: without
/// putting back.
fn unseen_ppm((drawn, all): (u64, u64)) -> u64 {
    let lost = all.div_ceil(100);
    if all == 0 || drawn + lost > all {
        return 0;
    }
    // Symmetric in both; in whole numbers, so that every machine says the same.
    let (few, many) = (drawn.min(lost), drawn.max(lost));
    let mut unseen = 1u128 << 80;
    for index in 0..few {
        unseen = unseen * u128::from(all - many - index) / u128::from(all - index);
        if unseen == 0 {
            return 0;
        }
    }
    u64::try_from((unseen * 1_000_000) >> 80).unwrap_or(1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_hide_is_what_drawing_without_putting_back_says() {
        // 459 of very many: 0.99^459 is a little less than 1 %.
        assert_eq!(unseen_ppm((459, 1_000_000_000)) / 10, 992);
        assert_eq!(unseen_ppm((1, 100)), 990_000 - 1);
        assert_eq!((unseen_ppm((100, 100)), unseen_ppm((0, 0))), (0, 0));
        assert_eq!(unseen_ppm((0, 100)), 1_000_000);
        assert_eq!(unseen_ppm((1_000_000, 100_000_000)), 0);
        assert_eq!(unseen_ppm((9, 10)), 100_000 - 1);
    }

    #[test]
    fn days_are_drawn_by_the_seed_and_no_metric_goes_without() {
        let days: BTreeMap<Hour, u64> = (0..400).map(|day| (day * HOURS, 10)).collect();
        let first = drawn("a", &days, 1_000_000, 1);
        assert_eq!(first.len(), 20);
        assert_eq!(first, drawn("a", &days, 1_000_000, 1));
        assert_ne!(first, drawn("b", &days, 1_000_000, 1));
        assert_ne!(first, drawn("a", &days, 1_000_000, 2));
        assert_eq!(drawn("a", &days, 4000, 1).len(), 100);
        let one: BTreeMap<Hour, u64> = [(0, 1)].into();
        assert_eq!(drawn("a", &one, 1_000_000, 1).len(), 1);
    }
}
