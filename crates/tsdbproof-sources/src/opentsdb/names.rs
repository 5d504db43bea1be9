//! The metrics of a server: those that stand on the other side, and those that it lists itself.

use std::{
    collections::BTreeMap, io::BufReader, num::NonZeroUsize, ops::Range, path::Path, sync::Arc,
    thread,
};

use tsdbproof::{Error, KnownMetric, Scope, Sought, Unread};

use super::{
    ask::{self, Refusal},
    client::Client,
    died,
};

/// A metric that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Metric {
    pub(super) name: Arc<str>,
    /// The first and the last instant on the other side.
    pub(super) known_ms: Option<(u64, u64)>,
    /// The times that are asked for, if not all.
    pub(super) only_ms: Option<Vec<Range<u64>>>,
}

/// All metrics, by name, and what of them can't be asked for.
pub(super) fn metrics(
    client: &Client,
    sought: &Sought,
    side_by_side: NonZeroUsize,
    temp_dir: &Path,
) -> Result<(Vec<Metric>, Vec<Unread>), Error> {
    if sought.is_sample {
        return Ok(without_ambiguous(join(&sought.known, Vec::new(), &sought.scope)));
    }
    let mut listed = List::default();
    listed.ask(client, "", temp_dir)?;
    if listed.why_not_all.is_none() {
        let prefixes: Vec<String> = ask::other_prefixes().collect();
        let parts = prefixes.chunks(prefixes.len().div_ceil(side_by_side.get()));
        at_once(parts, |part| List::of(client, part, temp_dir))?
            .into_iter()
            .for_each(|list| listed.join(list));
    }
    let metrics = join(&sought.known, listed.names, &sought.scope);
    let (metrics, mut gaps) = without_ambiguous(metrics);
    gaps.extend(listed.why_not_all.map(Unread::unlisted));
    Ok((metrics, gaps))
}

/// Leaves out what OpenTSDB can't tell apart: it stores names as Latin-1, with `?` for all else, so
/// that one name may stand for another.
fn without_ambiguous(metrics: Vec<Metric>) -> (Vec<Metric>, Vec<Unread>) {
    let is_beyond = |metric: &Metric| metric.name.chars().any(|c| c > '\u{ff}');
    if !metrics.iter().any(is_beyond) {
        return (metrics, Vec::new());
    }
    let is_clear = |metric: &Metric| !is_beyond(metric) && !metric.name.contains('?');
    let (clear, ambiguous): (Vec<_>, Vec<_>) = metrics.into_iter().partition(is_clear);
    let gap = |metric: Metric| Unread {
        metric: Some(metric.name.to_string()),
        tags: None,
        from_ms: 0,
        to_ms: u64::MAX,
        why: "OpenTSDB stores characters outside Latin-1 as ?, so this may be another metric"
            .into(),
    };
    (clear, ambiguous.into_iter().map(gap).collect())
}

#[derive(Default)]
struct List {
    names: Vec<String>,
    why_not_all: Option<String>,
}

/// What is done of each part, all of them at the same time.
fn at_once<P: Send, T: Send>(
    parts: impl Iterator<Item = P>,
    work: impl Fn(P) -> Result<T, Error> + Sync,
) -> Result<Vec<T>, Error> {
    let work = &work;
    thread::scope(|scope| {
        let start = |part| thread::Builder::new().spawn_scoped(scope, move || work(part));
        let threads = parts.map(start).collect::<Result<Vec<_>, _>>()?;
        threads.into_iter().map(|thread| thread.join().unwrap_or_else(|_| Err(died()))).collect()
    })
}

impl List {
    /// The names that begin in one of these ways.
    fn of(client: &Client, prefixes: &[String], temp_dir: &Path) -> Result<Self, Error> {
        let mut list = List::default();
        for prefix in prefixes {
            list.ask(client, prefix, temp_dir)?;
            if list.why_not_all.is_some() {
                break;
            }
        }
        Ok(list)
    }

    fn join(&mut self, other: List) {
        self.names.extend(other.names);
        self.why_not_all = self.why_not_all.take().or(other.why_not_all);
    }

    /// Adds the names that begin so.
    fn ask(&mut self, client: &Client, prefix: &str, temp_dir: &Path) -> Result<(), Error> {
        let answer = match client.ask(&ask::suggest(prefix), None, temp_dir)? {
            Ok(answer) => answer,
            Err(Refusal::Final(error)) => return Err(error),
            Err(refusal) => {
                self.why_not_all = Some(match refusal {
                    Refusal::TooMuch(why) | Refusal::Broken(why) | Refusal::Later(why) => {
                        format!("the server did not list its metrics: {why}")
                    }
                    Refusal::Unknown | Refusal::Final(_) => {
                        "the server did not list its metrics".to_owned()
                    }
                });
                return Ok(());
            }
        };
        let Ok(names) = serde_json::from_reader::<_, Vec<String>>(BufReader::new(answer.body))
        else {
            self.why_not_all = Some("the list of metrics is no list of names".to_owned());
            return Ok(());
        };
        if names.len() >= ask::NAMES {
            self.why_not_all = Some(format!("the list of metrics ends at {} names", ask::NAMES));
        }
        self.names.extend(names);
        Ok(())
    }
}

/// Both lists as one, without what is out of scope.
fn join(known: &[KnownMetric], listed: Vec<String>, scope: &Scope) -> Vec<Metric> {
    let mut all: BTreeMap<String, Option<&KnownMetric>> = BTreeMap::new();
    all.extend(listed.into_iter().map(|name| (name, None)));
    all.extend(known.iter().map(|it| (it.metric.clone(), Some(it))));
    let all = all.into_iter().filter(|(name, _)| scope.holds_metric(name));
    let metric = |(name, known): (String, Option<&KnownMetric>)| Metric {
        name: name.into(),
        known_ms: known.map(|known| (known.first_ms, known.last_ms)),
        only_ms: known.and_then(|known| known.only_ms.clone()),
    };
    all.map(metric).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_may_stand_for_another_are_not_asked_for() {
        let metric = |name: &str| Metric { name: name.into(), known_ms: None, only_ms: None };
        let all = ["??", "a", "ü"].map(metric).to_vec();
        assert_eq!(without_ambiguous(all.clone()), (all.clone(), Vec::new()));
        let (clear, gaps) = without_ambiguous([all, vec![metric("日本")]].concat());
        assert_eq!(clear, ["a", "ü"].map(metric));
        let gaps: Vec<_> = gaps.iter().filter_map(|gap| gap.metric.as_deref()).collect();
        assert_eq!(gaps, ["??", "日本"]);
    }

    #[test]
    fn what_is_known_and_what_is_listed_are_one_list_in_scope() {
        let known = |metric: &str| KnownMetric {
            metric: metric.into(),
            first_ms: 1,
            last_ms: 2,
            only_ms: None,
        };
        let scope = Scope { metrics: vec!["a*".into()], ..Scope::default() };
        let known = [known("ab"), known("b")];
        let all = join(&known, vec!["ac".into(), "ab".into(), "c".into()], &scope);
        let all: Vec<_> = all.iter().map(|it| (&*it.name, it.known_ms)).collect();
        assert_eq!(all, [("ab", Some((1, 2))), ("ac", None)]);
    }
}
