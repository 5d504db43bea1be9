//! Series under stand-ins: which series of the other side may be one of them.
//!
//! A UID without a name may be that of any name. So a series that only one side has is no difference
//! where the other side has a series of which all that is known agrees with it.

use std::collections::HashMap;

use tsdbproof_core::{Error, Loss, Series, sort};
use tsdbproof_formats::{has_stand_in, is_stand_in};

use crate::look::Leaves;

/// Series under stand-ins that are told apart; of more, any series may be one.
const MASKS: usize = 4096;

/// The series under stand-ins of a side, by what is known of them.
#[derive(Debug, Default)]
pub(super) struct Unnamed {
    /// By metric; `None` where that is not known.
    masks: HashMap<Option<String>, Vec<Mask>>,
    count: usize,
}

/// The tags of a series, as far as they are known.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Mask(Vec<(Option<String>, Option<String>)>);

impl Unnamed {
    /// Those of a side, of which is known whether it has any.
    pub(super) fn of(leaves: &Leaves, has_any: bool) -> Result<Self, Error> {
        let mut unnamed = Unnamed::default();
        if !has_any {
            return Ok(unnamed);
        }
        let mut rows = leaves.rows()?;
        while let Some(series) = rows.next_series()? {
            let is_lost = rows.peek().is_some_and(|row| row.losses.holds(Loss::UnnamedUids));
            if is_lost && has_stand_in(&series) && unnamed.count <= MASKS {
                unnamed.add(&series);
            }
        }
        Ok(unnamed)
    }

    fn add(&mut self, series: &Series) {
        let known = |word: String| Some(word).filter(|word| !is_stand_in(word));
        let tags = series.tags.pairs().into_iter();
        let mut tags: Vec<_> = tags.map(|(key, value)| (known(key), known(value))).collect();
        // What is known best is matched first.
        sort::by(&mut tags, |a, b| b.cmp(a));
        let masks = self.masks.entry(known(series.metric.clone())).or_default();
        if let Err(place) = masks.binary_search(&Mask(tags.clone())) {
            masks.insert(place, Mask(tags));
            self.count += 1;
        }
    }

    /// Whether a series of the other side may be one of these.
    pub(super) fn may_hold(&self, series: &Series) -> bool {
        if self.count == 0 || self.count > MASKS {
            return self.count > MASKS;
        }
        let pairs = series.tags.pairs();
        let of_metric = |metric| self.masks.get(&metric).into_iter().flatten();
        let masks = of_metric(Some(series.metric.clone())).chain(of_metric(None));
        masks.into_iter().any(|mask| mask.fits(&pairs))
    }
}

impl Mask {
    /// Whether each tag may be one of these pairs, and each pair one of the tags.
    fn fits(&self, pairs: &[(String, String)]) -> bool {
        let mut rest: Vec<_> = pairs.iter().collect();
        let is = |known: &Option<String>, word: &str| known.as_deref().is_none_or(|it| it == word);
        self.0.len() == pairs.len()
            && self.0.iter().all(|(key, value)| {
                let place = rest.iter().position(|(k, v)| is(key, k) && is(value, v));
                place.map(|place| rest.swap_remove(place)).is_some()
            })
    }
}

#[cfg(test)]
mod tests {
    use tsdbproof_core::Tags;

    use super::*;

    fn series(text: &str) -> Series {
        let (metric, tags) = text.split_once(' ').unwrap();
        let tags = tags.split(',').map(|tag| tag.split_once('=').unwrap());
        Series { metric: metric.to_owned(), tags: Tags::new(tags).unwrap() }
    }

    #[test]
    fn a_series_may_be_one_that_agrees_in_all_that_is_known() {
        #[track_caller]
        fn check(unnamed: &str, named: &str, expected: bool) {
            let mut all = Unnamed::default();
            all.add(&series(unnamed));
            assert_eq!(all.may_hold(&series(named)), expected, "{unnamed} {named}");
        }
        check("cpu host=uid:000005,dc=ams", "cpu host=web02,dc=ams", true);
        check("cpu host=uid:000005,dc=ams", "cpu host=web02,dc=fra", false);
        check("cpu host=uid:000005,dc=ams", "cpu rack=web02,dc=ams", false);
        check("cpu host=uid:000005", "cpu host=web02,dc=ams", false);
        check("cpu host=uid:000005", "mem host=web02", false);
        check("uid:000001 host=web02", "mem host=web02", true);
        check("uid:000001 host=web02", "mem host=web01", false);
        check("cpu uid:000007=ams,host=uid:000005", "cpu dc=ams,host=web02", true);
        check("cpu uid:000007=ams,host=uid:000005", "cpu dc=fra,host=web02", false);
        check("cpu uid:000007=ams,uid:000008=uid:000005", "cpu a=ams,b=c", true);
        check("cpu uid:000007=uid:000001,uid:000008=ams", "cpu a=ams,b=c", true);
        // A name that only looks like a stand-in is one.
        check("cpu host=uid:xyz", "cpu host=web02", false);
    }

    #[test]
    fn of_very_many_any_series_may_be_one() {
        let mut all = Unnamed::default();
        for number in 0..=MASKS {
            all.add(&series(&format!("cpu host=uid:000005,n={number}")));
        }
        assert!(all.may_hold(&series("mem host=web02")));
    }
}
