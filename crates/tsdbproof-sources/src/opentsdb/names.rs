//! The metrics of a server: those that stand on the other side, and those that it lists itself.

use std::{collections::BTreeMap, io::BufReader, path::Path, sync::Arc};

use tsdbproof::{Error, KnownMetric, Scope, Sought, Unread};

use super::{
    ask::{self, Refusal},
    client::Client,
};

/// A metric that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Metric {
    pub(super) name: Arc<str>,
    /// The first and the last instant on the other side.
    pub(super) known_ms: Option<(u64, u64)>,
}

/// All metrics, by name, and why there may be more.
pub(super) fn metrics(
    client: &Client,
    sought: &Sought,
    temp_dir: &Path,
) -> Result<(Vec<Metric>, Option<Unread>), Error> {
    let mut listed = List::default();
    let prefixes = std::iter::once(String::new()).chain(ask::other_prefixes());
    for prefix in prefixes {
        listed.ask(client, &prefix, temp_dir)?;
        if listed.why_not_all.is_some() {
            break;
        }
    }
    let gap = listed.why_not_all.map(Unread::unlisted);
    Ok((join(&sought.known, listed.names, &sought.scope), gap))
}

#[derive(Default)]
struct List {
    names: Vec<String>,
    why_not_all: Option<String>,
}

impl List {
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
    let mut all: BTreeMap<String, Option<(u64, u64)>> = BTreeMap::new();
    all.extend(listed.into_iter().map(|name| (name, None)));
    all.extend(known.iter().map(|it| (it.metric.clone(), Some((it.first_ms, it.last_ms)))));
    let all = all.into_iter().filter(|(name, _)| scope.holds_metric(name));
    all.map(|(name, known_ms)| Metric { name: name.into(), known_ms }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_and_what_is_listed_are_one_list_in_scope() {
        let known = |metric: &str| KnownMetric { metric: metric.into(), first_ms: 1, last_ms: 2 };
        let scope = Scope { metrics: vec!["a*".into()], ..Scope::default() };
        let known = [known("ab"), known("b")];
        let all = join(&known, vec!["ac".into(), "ab".into(), "c".into()], &scope);
        let all: Vec<_> = all.iter().map(|it| (&*it.name, it.known_ms)).collect();
        assert_eq!(all, [("ab", Some((1, 2))), ("ac", None)]);
    }
}
