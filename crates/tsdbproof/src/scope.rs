//! What was looked at: digest-v1, "Scope".

use tsdbproof_core::{Error, Kind, Point, Series, TIME_LIMIT_MS, sort};
use wildmatch::WildMatch;

use crate::Duplicates;

/// The filters of a job. The empty scope is everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// The first instant, in milliseconds.
    pub from_ms: Option<u64>,
    /// The first instant behind the last, in milliseconds.
    pub to_ms: Option<u64>,
    /// Metrics, as `*` and `?` patterns; any of them.
    pub metrics: Vec<String>,
    /// Tags, as `key=pattern`; every key needs one of its patterns.
    pub tags: Vec<String>,
    /// Which of several values of one instant stand.
    pub duplicates: Duplicates,
}

impl Scope {
    /// The text that a statement binds.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let mut line = |key: &str, value: &str| text.extend([key, " ", value, "\n"]);
        if let Some(from) = self.from_ms {
            line("from", &from.to_string());
        }
        if let Some(to) = self.to_ms {
            line("to", &to.to_string());
        }
        for (key, patterns) in [("metric", &self.metrics), ("tag", &self.tags)] {
            let mut patterns = patterns.clone();
            sort::all(&mut patterns);
            patterns.dedup();
            patterns.iter().for_each(|pattern| line(key, pattern));
        }
        match self.duplicates {
            Duplicates::Keep => {}
            Duplicates::Last => line("duplicates", "last"),
            Duplicates::First => line("duplicates", "first"),
        }
        text
    }

    /// The scope of this text, as [`Scope::text`] wrote it.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut scope = Scope::default();
        for line in text.split_terminator('\n') {
            let broken = || Error::new(Kind::Malformed, format!("scope line {line:?} is unknown"));
            let (key, value) = line.split_once(' ').ok_or_else(broken)?;
            match (key, value) {
                ("from", _) => scope.from_ms = Some(value.parse().map_err(|_| broken())?),
                ("to", _) => scope.to_ms = Some(value.parse().map_err(|_| broken())?),
                ("metric", _) => scope.metrics.push(value.to_owned()),
                ("tag", _) => scope.tags.push(value.to_owned()),
                ("duplicates", "last") => scope.duplicates = Duplicates::Last,
                ("duplicates", "first") => scope.duplicates = Duplicates::First,
                _ => return Err(broken()),
            }
        }
        if scope.text() == text {
            Ok(scope)
        } else {
            Err(Error::new(Kind::Malformed, "scope out of order"))
        }
    }

    /// Refuses filters that can hold nothing or have no text.
    pub fn check(&self) -> Result<(), Error> {
        if let (Some(from), Some(to)) = (self.from_ms, self.to_ms)
            && from >= to
        {
            return Err(Error::usage("the time window is empty: --from is not before --to")
                .help("--from is inclusive, --to exclusive"));
        }
        for tag in &self.tags {
            if tag.split_once('=').is_none_or(|(key, pattern)| key.is_empty() || pattern.is_empty())
            {
                return Err(Error::usage(format!("--tag {tag:?} is no key=pattern")));
            }
        }
        let mut patterns = self.metrics.iter().chain(&self.tags);
        match patterns.find(|pattern| pattern.is_empty() || pattern.contains('\n')) {
            Some(pattern) => Err(Error::usage(format!("{pattern:?} is no pattern of a name"))),
            None => Ok(()),
        }
    }

    /// This scope, as far as it lies in `part`. Errors: both choose names, which no scope can tell.
    pub(crate) fn narrowed(&self, part: &Scope) -> Result<Scope, Error> {
        let names = |own: &Vec<String>, part: &Vec<String>| match (own.is_empty(), part.is_empty())
        {
            (_, true) => Ok(own.clone()),
            (true, false) => Ok(part.clone()),
            (false, false) if own == part => Ok(own.clone()),
            (false, false) => Err(Error::usage("the patches are of chosen names only")
                .help("choose a part by --from and --to alone, or convert the result")),
        };
        if part.duplicates != Duplicates::Keep && part.duplicates != self.duplicates {
            return Err(Error::usage("the patches are of states with other duplicates")
                .help("leave --duplicates out"));
        }
        Ok(Scope {
            from_ms: self.from_ms.max(part.from_ms),
            to_ms: self.to_ms.into_iter().chain(part.to_ms).min(),
            metrics: names(&self.metrics, &part.metrics)?,
            tags: names(&self.tags, &part.tags)?,
            duplicates: self.duplicates,
        })
    }

    /// Whether series of this metric may be in scope.
    pub fn holds_metric(&self, metric: &str) -> bool {
        self.metrics.is_empty()
            || self.metrics.iter().any(|pattern| WildMatch::new(pattern).matches(metric))
    }

    /// Whether every point of this series may be in scope.
    pub fn holds_series(&self, series: &Series) -> bool {
        let metric = self.holds_metric(&series.metric);
        let pairs = self.tags.iter().filter_map(|tag| tag.split_once('='));
        metric
            && pairs.clone().all(|(key, _)| {
                let value = series.tags.value(key);
                let mut patterns = pairs.clone().filter(|(other, _)| *other == key);
                value.is_some_and(|value| patterns.any(|(_, p)| WildMatch::new(p).matches(&value)))
            })
    }

    /// Whether this point, of a series in scope, is in scope.
    pub fn holds_point(&self, point: Point) -> bool {
        let time = point.timestamp_ms;
        self.from_ms.is_none_or(|from| from <= time) && self.to_ms.is_none_or(|to| time < to)
    }

    /// Whether points are chosen by time at all.
    pub(crate) fn has_window(&self) -> bool {
        self.from_ms.is_some_and(|from| from > 0) || self.to_ms.is_some_and(|to| to < TIME_LIMIT_MS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tsdbproof_core::Tags;

    #[test]
    fn a_scope_is_read_back_from_its_text() {
        let scope = Scope {
            from_ms: Some(1),
            to_ms: Some(9),
            metrics: vec!["a*".into(), "b".into()],
            tags: vec!["host=web*".into()],
            duplicates: Duplicates::Last,
        };
        assert_eq!(
            scope.text(),
            "from 1\nto 9\nmetric a*\nmetric b\ntag host=web*\nduplicates last\n"
        );
        assert_eq!(Scope::parse(&scope.text()).unwrap(), scope);
        assert!(Scope::parse("to 9\nfrom 1\n").is_err());
        let odd = Scope { metrics: vec!["m*\r".into()], ..Scope::default() };
        assert_eq!(Scope::parse(&odd.text()).unwrap(), odd);
    }

    #[test]
    fn every_tag_key_needs_one_of_its_patterns() {
        let scope = Scope {
            tags: vec!["host=web*".into(), "host=db".into(), "dc=ams".into()],
            ..Scope::default()
        };
        let series = |tags: &[(&str, &str)]| Series {
            metric: "m".into(),
            tags: Tags::new(tags.iter().copied()).unwrap(),
        };
        assert!(scope.holds_series(&series(&[("host", "web01"), ("dc", "ams")])));
        assert!(scope.holds_series(&series(&[("host", "db"), ("dc", "ams")])));
        assert!(!scope.holds_series(&series(&[("host", "web01")])));
        assert!(!scope.holds_series(&series(&[("host", "x"), ("dc", "ams")])));
    }
}
