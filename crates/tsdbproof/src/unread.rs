//! Points that are known not to have been read: what a server would not give, or can't be asked for.
//!
//! Who asks for points metric by metric and window by window knows what it did not get. Whatever
//! such a gap may have held is neither missing nor the same: it is not compared.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tsdbproof_core::{Series, Tags, digest::Depth};

use crate::{report::NotRead, time::window};

/// Points that could not be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// Of this metric; `None`: of any.
    pub metric: Option<String>,
    /// Of the series with these tags; `None`: of all of the metric.
    pub tags: Option<Tags>,
    /// The first instant, in milliseconds.
    pub from_ms: u64,
    /// The first instant behind, in milliseconds; `u64::MAX` where there is none.
    pub to_ms: u64,
    /// Why.
    pub why: String,
}

/// All gaps of a side, neighbours as one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Gaps(BTreeMap<Option<String>, Vec<Unread>>);

/// What was said of live inputs beside their bytes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Beside {
    pub(crate) unread: Gaps,
    /// What else should be known.
    pub(crate) notes: Vec<String>,
}

impl Beside {
    /// Adds what was said of others.
    pub(crate) fn join(&mut self, other: Beside) {
        other.unread.0.into_values().flatten().for_each(|gap| self.unread.add(gap));
        self.notes.extend(other.notes);
    }
}

/// Gaps of a metric that are kept apart; more of them are one gap around all.
const GAPS_OF_METRIC: usize = 4096;
/// The same where there are this many metrics with gaps.
const MANY_METRICS: usize = 256;
const GAPS_OF_MANY: usize = 16;

impl Gaps {
    /// Adds a gap.
    pub(crate) fn add(&mut self, gap: Unread) {
        let most = if self.0.len() < MANY_METRICS { GAPS_OF_METRIC } else { GAPS_OF_MANY };
        let gaps = self.0.entry(gap.metric.clone()).or_default();
        let joins = |it: &&mut Unread| {
            it.tags == gap.tags
                && it.why == gap.why
                && it.from_ms <= gap.to_ms
                && gap.from_ms <= it.to_ms
        };
        if let Some(last) = gaps.iter_mut().rev().take(2).find(joins) {
            (last.from_ms, last.to_ms) = (last.from_ms.min(gap.from_ms), last.to_ms.max(gap.to_ms));
            return;
        }
        gaps.push(gap);
        if gaps.len() > most {
            let all = |around: Unread, gap: Unread| Unread {
                tags: None,
                from_ms: around.from_ms.min(gap.from_ms),
                to_ms: around.to_ms.max(gap.to_ms),
                ..around
            };
            let around = std::mem::take(gaps).into_iter().reduce(all);
            gaps.extend(around);
        }
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Every gap, by metric.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Unread> {
        self.0.values().flatten()
    }

    /// The gaps that a series may lie in. At the depth of metrics, that any series of it may.
    pub(crate) fn of<'a>(&'a self, series: &Series, depth: Depth) -> Vec<&'a Unread> {
        let of_metric = self.0.get(&Some(series.metric.clone()));
        let all = of_metric.into_iter().chain(self.0.get(&None)).flatten();
        let is_of = |gap: &&Unread| {
            depth == Depth::Metric || gap.tags.as_ref().is_none_or(|tags| *tags == series.tags)
        };
        all.filter(is_of).collect()
    }

    /// The gaps as a report lists them.
    pub(crate) fn told(&self) -> Vec<NotRead> {
        self.iter().map(|gap| NotRead { name: gap.name(), why: gap.why.clone() }).collect()
    }
}

impl FromIterator<Unread> for Gaps {
    fn from_iter<I: IntoIterator<Item = Unread>>(all: I) -> Self {
        let mut gaps = Gaps::default();
        all.into_iter().for_each(|gap| gaps.add(gap));
        gaps
    }
}

impl Unread {
    /// Metrics beside those that were read: a server does not list them all.
    pub fn unlisted(why: String) -> Self {
        Unread { metric: None, tags: None, from_ms: 0, to_ms: 0, why }
    }

    /// A series whose name a server can't hold, or does not tell.
    pub(crate) fn of_lost_name(series: &Series) -> Self {
        let why = "OpenTSDB stores characters outside Latin-1 as ?, so this may be another series";
        let (metric, tags) = (Some(series.metric.clone()), Some(series.tags.clone()));
        Unread { metric, tags, from_ms: 0, to_ms: u64::MAX, why: why.to_owned() }
    }

    /// Values beside those that were read: a server shows one of each instant.
    pub fn hidden(why: String) -> Self {
        Unread { metric: None, tags: None, from_ms: u64::MAX, to_ms: u64::MAX, why }
    }

    /// Whether it touches a time, in milliseconds; `None`: all times.
    pub(crate) fn touches(&self, window_ms: Option<(u64, u64)>) -> bool {
        let is_near = |(from, to)| self.from_ms < to && from < self.to_ms;
        self.from_ms < self.to_ms && window_ms.is_none_or(is_near)
    }

    /// What it is, for a report.
    fn name(&self) -> String {
        let series = match (&self.metric, &self.tags) {
            (Some(metric), Some(tags)) => {
                Series { metric: metric.clone(), tags: tags.clone() }.to_string()
            }
            (Some(metric), None) => metric.clone(),
            (None, _) => "every metric".to_owned(),
        };
        match (self.from_ms, self.to_ms) {
            (0, 0) => "metrics that are not listed".to_owned(),
            (u64::MAX, _) => "values of instants with several".to_owned(),
            (0, u64::MAX) => series,
            (from, u64::MAX) => format!("{series} from {}", crate::time::time(from)),
            (from, to) => format!("{series} {}", window(from, to)),
        }
    }
}

/// A gap as a manifest holds it, in JSON.
#[derive(Serialize, Deserialize)]
struct Written {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    metric: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tags: Option<Vec<(String, String)>>,
    from_ms: u64,
    to_ms: u64,
    why: String,
}

impl Gaps {
    /// As JSON.
    pub(crate) fn to_text(&self) -> Result<String, serde_json::Error> {
        let written = |gap: &Unread| {
            let Unread { metric, tags, from_ms, to_ms, why } = gap.clone();
            let tags = tags.map(|tags| {
                let pairs = tags.pairs().into_iter();
                pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
            });
            Written { metric, tags, from_ms, to_ms, why }
        };
        serde_json::to_string(&self.iter().map(written).collect::<Vec<_>>())
    }

    /// What `to_text` wrote; `None`: it did not.
    pub(crate) fn from_text(text: &str) -> Option<Self> {
        let written: Vec<Written> = serde_json::from_str(text).ok()?;
        let read = |gap: Written| {
            let Written { metric, tags, from_ms, to_ms, why } = gap;
            let pairs = |tags: Vec<(String, String)>| {
                Tags::new(tags.iter().map(|(key, value)| (key.as_str(), value.as_str()))).ok()
            };
            let tags = match tags {
                Some(tags) => Some(pairs(tags)?),
                None => None,
            };
            Some(Unread { metric, tags, from_ms, to_ms, why })
        };
        written.into_iter().map(read).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gap(tags: Option<&str>, from_ms: u64, to_ms: u64) -> Unread {
        let tags = tags.map(|host| Tags::new([("host", host)]).unwrap());
        Unread { metric: Some("m".into()), tags, from_ms, to_ms, why: "refused".into() }
    }

    fn series(metric: &str, host: &str) -> Series {
        Series { metric: metric.into(), tags: Tags::new([("host", host)]).unwrap() }
    }

    #[test]
    fn neighbours_are_one_gap_and_text_brings_all_back() {
        let all =
            [gap(Some("a"), 0, 9), gap(Some("a"), 9, 20), gap(Some("b"), 9, 20), gap(None, 30, 40)];
        let gaps: Gaps = all.into_iter().collect();
        assert_eq!(gaps.iter().count(), 3);
        assert_eq!(gaps.told()[0].name, "m{host=a} 1970-01-01 00:00–00:00");
        assert_eq!(Gaps::from_text(&gaps.to_text().unwrap()), Some(gaps));
        assert_eq!(Gaps::from_text("[{}]"), None);
    }

    #[test]
    fn a_gap_holds_for_its_series_and_times_alone() {
        let any =
            Unread { metric: None, tags: None, from_ms: 90, to_ms: u64::MAX, why: String::new() };
        let gaps: Gaps = [gap(Some("a"), 0, 9), any].into_iter().collect();
        let touched = |metric, host, depth, window| {
            gaps.of(&series(metric, host), depth).iter().any(|gap| gap.touches(window))
        };
        assert!(touched("m", "a", Depth::Hour, Some((8, 10))));
        assert!(!touched("m", "a", Depth::Hour, Some((9, 10))));
        assert!(!touched("m", "b", Depth::Hour, Some((8, 10))));
        assert!(!touched("n", "a", Depth::Hour, Some((8, 10))));
        assert!(touched("n", "a", Depth::Hour, Some((88, 100))));
        assert!(touched("m", "b", Depth::Metric, Some((8, 10))));
        assert!(touched("m", "b", Depth::Series, None));
    }

    #[test]
    fn too_many_gaps_are_one_that_holds_them_all() {
        let all = (0..=GAPS_OF_METRIC as u64).map(|at| gap(Some("a"), at * 10, at * 10 + 1));
        let gaps: Gaps = all.collect();
        let [around] = gaps.iter().collect::<Vec<_>>()[..] else { panic!("one gap") };
        assert_eq!((around.from_ms, around.to_ms), (0, GAPS_OF_METRIC as u64 * 10 + 1));
        assert_eq!(around.tags, None);
    }
}
