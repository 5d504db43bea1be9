//! The columns of one table, found by what `--columns` says and else by their names.
//!
//! | holds | found by the name (in any case) |
//! | --- | --- |
//! | metric | `metric`, `name` |
//! | timestamp | `timestamp`, `time`, `ts`, also with the unit: `_s`, `_ms`, `_us`, `_ns` |
//! | value | `value`, `val`; beside it or alone `value_int`, `value_float` |
//! | tags | `tags`: all of them; `tag_KEY`, `tags.KEY`; without any of these, every other column of text |

use tsdbproof_core::{Error, ProblemKind, quote};

use super::columns::{Columns, EXAMPLE, Source, Unit};
use crate::number::Fault;

/// A column as its table's header tells it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Header<'a> {
    pub(crate) name: &'a str,
    pub(crate) holds: Holds,
}

/// What a column can hold, by its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holds {
    /// Text that may spell anything: the container has no types.
    Anything,
    Text,
    /// Bytes that may be text.
    Bytes,
    Numbers,
    Times,
    /// A map or a struct.
    Pairs,
    Other,
}

impl Holds {
    fn name(self) -> &'static str {
        match self {
            Holds::Anything | Holds::Text => "text",
            Holds::Bytes => "bytes",
            Holds::Numbers => "numbers",
            Holds::Times => "times",
            Holds::Pairs => "pairs",
            Holds::Other => "what is neither text nor a number",
        }
    }

    fn is_text(self) -> bool {
        matches!(self, Holds::Anything | Holds::Text)
    }

    fn may_be_text(self) -> bool {
        matches!(self, Holds::Anything | Holds::Text | Holds::Bytes)
    }

    fn may_be_a_number(self) -> bool {
        matches!(self, Holds::Anything | Holds::Text | Holds::Numbers)
    }

    fn may_be_a_tag(self) -> bool {
        self.may_be_text() || self == Holds::Numbers
    }
}

/// Which columns of a table hold what, by their indices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Resolved {
    pub(crate) metric: Source<usize>,
    pub(crate) timestamp: usize,
    /// What whole numbers in `timestamp` count, where that is said.
    pub(crate) unit: Option<Unit>,
    /// One or more, of which a row sets one; what it sets besides must tell the same number.
    pub(crate) values: Vec<usize>,
    /// By their keys; without text in a row, the point has no such tag.
    pub(crate) tags: Vec<(String, Source<usize>)>,
    /// Columns that hold several tags each: maps, structs, or text like `host=web01,dc=ams`.
    pub(crate) pairs: Vec<usize>,
    /// Columns that are read as nothing, though nobody said that they should not be.
    pub(crate) unread: Vec<usize>,
}

impl Resolved {
    /// A note for each column that is read as nothing though nobody said so.
    pub(super) fn unread<'a>(
        &'a self,
        name: impl Fn(usize) -> &'a str + 'a,
    ) -> impl Iterator<Item = Fault> + 'a {
        self.unread.iter().map(move |index| {
            let name = quote(name(*index).as_bytes());
            let what = format!("column {name} is read as nothing; --columns can say what it holds");
            Fault::new(ProblemKind::UnreadColumn, what)
        })
    }
}

/// Finds the columns of a table. Errors: `Usage`, with the columns that there are.
pub(crate) fn resolve(columns: &Columns, headers: &[Header<'_>]) -> Result<Resolved, Error> {
    let table = Table { headers };
    let metric = match &columns.metric {
        Some(source) => table.source(source)?,
        None => Source::Column(table.by_names("metric", &["metric", "name"])?),
    };
    if let Source::Column(index) = metric {
        table.check(index, "the text of a metric", Holds::may_be_text)?;
    }
    let timestamp = match &columns.timestamp {
        Some(name) => table.named(name)?,
        None => table.timestamp()?,
    };
    let is_time = |holds: Holds| holds == Holds::Times || holds.may_be_a_number();
    table.check(timestamp, "times", is_time)?;
    let values = table.values(&columns.value)?;
    let mut resolved = Resolved {
        metric,
        timestamp,
        // What is said of the unit stands, and else what the name says.
        unit: columns.unit.or_else(|| time_name(table.name(timestamp)).flatten()),
        values,
        tags: Vec::new(),
        pairs: Vec::new(),
        unread: Vec::new(),
    };
    match columns.names_tags() {
        true => table.said_tags(columns, &mut resolved)?,
        false => table.found_tags(&mut resolved),
    }
    if resolved.tags.is_empty() && resolved.pairs.is_empty() {
        return Err(table.error("no column of tags", "tags"));
    }
    Ok(resolved)
}

/// Whether this is the name of a column of times; with the unit that it names.
fn time_name(name: &str) -> Option<Option<Unit>> {
    let name = name.to_ascii_lowercase();
    let base = ["timestamp", "time", "ts"].into_iter().find_map(|base| name.strip_prefix(base))?;
    if base.is_empty() {
        return Some(None);
    }
    let sign = base.strip_prefix('_')?;
    Unit::ALL.into_iter().find(|(known, _)| *known == sign).map(|(_, unit)| Some(unit))
}

/// The key in the name of a column that says it is a tag.
fn tag_key(name: &str) -> Option<&str> {
    let prefix = ["tag_", "tags."].into_iter().find(|prefix| {
        name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    })?;
    name.get(prefix.len()..).filter(|key| !key.is_empty())
}

/// The header, and errors that tell it.
struct Table<'a> {
    headers: &'a [Header<'a>],
}

impl<'a> Table<'a> {
    fn name(&self, index: usize) -> &'a str {
        self.headers.get(index).map_or("", |header| header.name)
    }

    fn holds(&self, index: usize) -> Holds {
        self.headers.get(index).map_or(Holds::Other, |header| header.holds)
    }

    fn error(&self, what: &str, role: &str) -> Error {
        const SHOWN: usize = 30;
        let mut names: Vec<_> =
            self.headers.iter().take(SHOWN).map(|header| quote(header.name.as_bytes())).collect();
        if self.headers.len() > SHOWN {
            names.push(format!("{} more", self.headers.len() - SHOWN));
        }
        let found = match names.is_empty() {
            true => "no column".to_owned(),
            false => format!("the columns {}", names.join(", ")),
        };
        let help = match role {
            "metric" => {
                format!("{EXAMPLE}; or, where every row has one metric, metric='cpu.usage'")
            }
            "tags" => format!("{EXAMPLE}; or, where every row has one tag, tag.host='web01'"),
            _ => EXAMPLE.to_owned(),
        };
        Error::usage(format!("{what}; found {found}")).help(help)
    }

    fn check(&self, index: usize, what: &str, fits: fn(Holds) -> bool) -> Result<(), Error> {
        let holds = self.holds(index);
        if fits(holds) {
            return Ok(());
        }
        let name = quote(self.name(index).as_bytes());
        let what = format!("column {name} holds {}, expected {what}", holds.name());
        Err(self.error(&what, ""))
    }

    /// The one column with a name that `fits`.
    fn only(&self, role: &str, fits: impl Fn(&str) -> bool) -> Result<Option<usize>, Error> {
        let mut found = (0..self.headers.len()).filter(|index| fits(self.name(*index)));
        match (found.next(), found.next()) {
            (Some(first), Some(second)) => {
                let (first, second) = (self.name(first), self.name(second));
                let (first, second) = (quote(first.as_bytes()), quote(second.as_bytes()));
                Err(self.error(&format!("both {first} and {second} may be the {role}"), role))
            }
            (found, _) => Ok(found),
        }
    }

    fn by_names(&self, role: &str, names: &[&str]) -> Result<usize, Error> {
        let found =
            self.only(role, |name| names.iter().any(|known| known.eq_ignore_ascii_case(name)))?;
        found.ok_or_else(|| self.error(&format!("no column is named {}", names.join(" or ")), role))
    }

    /// The column of exactly this name.
    fn named(&self, name: &str) -> Result<usize, Error> {
        let found = self.only(name, |known| known == name)?;
        let what = || format!("no column is named {}, as --columns says", quote(name.as_bytes()));
        found.ok_or_else(|| self.error(&what(), ""))
    }

    fn source(&self, source: &Source<String>) -> Result<Source<usize>, Error> {
        Ok(match source {
            Source::Column(name) => Source::Column(self.named(name)?),
            Source::Constant(text) => Source::Constant(text.clone()),
        })
    }

    fn timestamp(&self) -> Result<usize, Error> {
        let found = self.only("timestamp", |name| time_name(name).is_some())?;
        let what = "no column is named timestamp, time or ts";
        found.ok_or_else(|| self.error(what, "timestamp"))
    }

    fn values(&self, said: &[String]) -> Result<Vec<usize>, Error> {
        let mut values = said.iter().map(|name| self.named(name)).collect::<Result<Vec<_>, _>>()?;
        if said.is_empty() {
            for names in [&["value", "val"][..], &["value_int"], &["value_float"]] {
                let is_one = |name: &str| names.iter().any(|it| it.eq_ignore_ascii_case(name));
                values.extend(self.only("value", is_one)?);
            }
        }
        if values.is_empty() {
            return Err(self.error("no column is named value or val", "value"));
        }
        for index in &values {
            self.check(*index, "numbers", Holds::may_be_a_number)?;
        }
        Ok(values)
    }

    /// The tags that `--columns` names: these and no others.
    fn said_tags(&self, columns: &Columns, resolved: &mut Resolved) -> Result<(), Error> {
        for name in &columns.tags {
            let index = self.named(name)?;
            if self.holds(index) == Holds::Pairs || name.eq_ignore_ascii_case("tags") {
                resolved.pairs.push(index);
                continue;
            }
            let key = tag_key(name).unwrap_or(name).to_owned();
            resolved.tags.push((key, Source::Column(index)));
        }
        for (key, source) in &columns.named_tags {
            resolved.tags.push((key.clone(), self.source(source)?));
        }
        for (_, source) in &resolved.tags {
            if let Source::Column(index) = source {
                self.check(*index, "the text of a tag", Holds::may_be_a_tag)?;
            }
        }
        for name in &columns.pairs {
            resolved.pairs.push(self.named(name)?);
        }
        let is_pairs = |holds: Holds| holds == Holds::Pairs || holds.may_be_text();
        resolved.pairs.iter().try_for_each(|index| self.check(*index, "pairs of tags", is_pairs))
    }

    /// The tags that names tell; without any, every other column of text.
    fn found_tags(&self, resolved: &mut Resolved) {
        let is_metric = |index: usize| resolved.metric == Source::Column(index);
        let is_used = |index: usize| {
            is_metric(index) || index == resolved.timestamp || resolved.values.contains(&index)
        };
        let mut others: Vec<usize> =
            (0..self.headers.len()).filter(|index| !is_used(*index)).collect();
        others.retain(|&index| {
            let (name, holds) = (self.name(index), self.holds(index));
            let is_all =
                name.eq_ignore_ascii_case("tags") && (holds.is_text() || holds == Holds::Pairs);
            match tag_key(name).filter(|_| holds.may_be_a_tag()) {
                Some(key) => resolved.tags.push((key.to_owned(), Source::Column(index))),
                None if is_all => resolved.pairs.push(index),
                None => return true,
            }
            false
        });
        if resolved.tags.is_empty() && resolved.pairs.is_empty() {
            others.retain(|&index| {
                // What has no name is an index of rows, as pandas and R write it.
                let is_tag = self.holds(index).is_text() && !self.name(index).is_empty();
                if is_tag {
                    let key = self.name(index).to_owned();
                    resolved.tags.push((key, Source::Column(index)));
                }
                !is_tag
            });
        }
        resolved.unread = others;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `#` stands behind the names of numbers, `@` of times, `*` of maps, `?` of other columns.
    fn header(word: &str) -> Header<'_> {
        let holds = match word.chars().last() {
            Some('#') => Holds::Numbers,
            Some('@') => Holds::Times,
            Some('*') => Holds::Pairs,
            Some('?') => Holds::Other,
            _ => Holds::Text,
        };
        Header { name: word.trim_end_matches(['#', '@', '*', '?']), holds }
    }

    fn found(said: &str, names: &str) -> Result<Resolved, String> {
        let columns = match said {
            "" => Columns::default(),
            said => Columns::parse(said).unwrap(),
        };
        let headers: Vec<_> = names.split_whitespace().map(header).collect();
        resolve(&columns, &headers).map_err(|error| error.to_string())
    }

    fn tag(key: &str, index: usize) -> (String, Source<usize>) {
        (key.to_owned(), Source::Column(index))
    }

    #[test]
    fn columns_are_found_by_their_names() {
        let ours = found("", "metric tags* timestamp@ value# value_int#").unwrap();
        assert_eq!(ours.metric, Source::Column(0));
        assert_eq!((ours.pairs, ours.timestamp, ours.values), (vec![1], 2, vec![3, 4]));
        assert!(ours.tags.is_empty() && ours.unread.is_empty());
        let prefixed = found("", "tag_host TS_us# Name VAL# tags.dc note count#").unwrap();
        assert_eq!(prefixed.unit, Some(Unit::Microseconds));
        assert_eq!(prefixed.tags, [tag("host", 0), tag("dc", 4)]);
        assert_eq!(prefixed.unread, [5, 6]);
        let plain = found("", "host metric time# value# dc count#").unwrap();
        assert_eq!((plain.unit, plain.tags), (None, vec![tag("host", 0), tag("dc", 4)]));
        assert_eq!(plain.unread, [5]);
    }

    #[test]
    fn what_is_said_goes_before_names() {
        let said =
            "metric='cpu',timestamp:ms=time_s,value=a+b,tags=tag_host+shard,tag.dc='ams',pairs=x";
        let columns = found(said, "time_s# a# b# tag_host shard# x tags* value#").unwrap();
        assert_eq!(columns.metric, Source::Constant("cpu".to_owned()));
        assert_eq!((columns.unit, columns.values), (Some(Unit::Milliseconds), vec![1, 2]));
        let dc = ("dc".to_owned(), Source::Constant("ams".to_owned()));
        assert_eq!(columns.tags, [tag("host", 3), tag("shard", 4), dc]);
        assert_eq!((columns.pairs, columns.unread), (vec![5], vec![]));
        let maps = found("tags=labels", "metric ts# value# labels* host").unwrap();
        assert_eq!((maps.pairs, maps.tags), (vec![3], vec![]));
    }

    #[test]
    fn what_is_missing_or_may_be_two_is_told_with_the_columns_there_are() {
        for (said, names, what) in [
            ("", "", "no column is named metric or name; found no column"),
            ("", "time# value# host", "no column is named metric or name; found the columns"),
            ("", "metric value# host", "no column is named timestamp, time or ts"),
            ("", "metric ts# host", "no column is named value or val"),
            ("", "metric ts# value#", "no column of tags"),
            ("", "metric name ts# value# host", "both \"metric\" and \"name\" may be the metric"),
            ("", "metric ts# time# value# host", "both \"ts\" and \"time\" may be the timestamp"),
            ("", "metric ts# value# Value# host", "both \"value\" and \"Value\" may be the value"),
            ("", "metric# ts# value# host", "column \"metric\" holds numbers, expected"),
            ("", "metric ts* value# host", "column \"ts\" holds pairs, expected times"),
            ("", "metric ts# value? host", "column \"value\" holds what is neither"),
            ("value=v", "metric ts# value# host", "no column is named \"v\", as --columns says"),
            ("tags=x", "metric ts# value# x x", "both \"x\" and \"x\" may be the x"),
            ("pairs=value", "metric ts# value#", "column \"value\" holds numbers, expected pairs"),
        ] {
            let error = found(said, names).unwrap_err();
            assert!(error.contains(what) && error.contains("--columns"), "{names}: {error}");
        }
        let wide = vec!["c"; 99].join(" ");
        assert!(found("", &wide).unwrap_err().contains("69 more"));
    }
}
