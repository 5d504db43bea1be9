//! What `--columns` says: which columns of a table hold what.
//!
//! ```text
//! columns = item *( "," item )
//! item    = "metric=" ( column / constant )
//!         / "timestamp" [ ":" ( "s" / "ms" / "us" / "ns" ) ] "=" column
//!         / "value=" column *( "+" column )      of several, the one that is set
//!         / "tags=" column *( "+" column )       its name is the tag's key, without tag_ or tags.
//!         / "tag." key "=" ( column / constant )
//!         / "pairs=" column                      a map, or text like host=web01,dc=ams
//! column  = name without "," "+" or quotes / DQUOTE name DQUOTE
//! constant = "'" text "'"                        within quotes, a quote stands twice
//! ```

use tsdbproof_core::{Error, quote};

/// Which columns of a table hold what, as `--columns` says it. What is not said is found by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Columns {
    pub(super) metric: Option<Source<String>>,
    pub(super) timestamp: Option<String>,
    /// What the times of `timestamp` count, where that is said.
    pub(super) unit: Option<Unit>,
    pub(super) value: Vec<String>,
    pub(super) tags: Vec<String>,
    /// By their keys.
    pub(super) named_tags: Vec<(String, Source<String>)>,
    pub(super) pairs: Vec<String>,
}

/// Where a text comes from: a column, by name or by index, or it is the same in every row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source<C> {
    Column(C),
    Constant(String),
}

/// What whole numbers count since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Seconds,
    Milliseconds,
    Microseconds,
    Nanoseconds,
}

impl Unit {
    /// Every unit with its sign, the coarsest first.
    pub(super) const ALL: [(&'static str, Unit); 4] = [
        ("s", Unit::Seconds),
        ("ms", Unit::Milliseconds),
        ("us", Unit::Microseconds),
        ("ns", Unit::Nanoseconds),
    ];

    fn of(sign: &str) -> Option<Self> {
        Unit::ALL.into_iter().find(|(known, _)| *known == sign).map(|(_, unit)| unit)
    }
}

/// What to write instead.
pub(super) const EXAMPLE: &str =
    "say it like --columns metric=name,timestamp:ms=time,value=reading,tags=host+dc";

impl Columns {
    /// What this text says. Errors: `Usage`, with the part that can't be read.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut columns = Columns::default();
        let mut rest = text;
        loop {
            let (role, behind) =
                rest.split_once('=').ok_or_else(|| bad(rest, "expected role=column"))?;
            let (words, behind) = words(behind)?;
            columns.add(role.trim(), words)?;
            match behind.strip_prefix(',') {
                Some(next) => rest = next,
                None if behind.is_empty() => return Ok(columns),
                None => return Err(bad(behind, "expected a comma")),
            }
        }
    }

    fn add(&mut self, role: &str, words: Vec<Source<String>>) -> Result<(), Error> {
        let is_new = match role.split_once([':', '.']) {
            None if role == "metric" => self.metric.replace(one(role, words)?).is_none(),
            None if role == "timestamp" => self.timestamp.replace(column(role, words)?).is_none(),
            Some(("timestamp", sign)) => {
                let unit = Unit::of(sign).ok_or_else(|| bad(sign, "expected s, ms, us or ns"))?;
                self.unit = Some(unit);
                self.timestamp.replace(column(role, words)?).is_none()
            }
            None if role == "value" => all_new(&mut self.value, columns_of(role, words)?),
            None if role == "tags" => all_new(&mut self.tags, columns_of(role, words)?),
            None if role == "pairs" => all_new(&mut self.pairs, columns_of(role, words)?),
            _ => match role.strip_prefix("tag.") {
                Some(key) if !key.is_empty() => {
                    let is_new = self.named_tags.iter().all(|(known, _)| known != key);
                    self.named_tags.push((key.to_owned(), one(role, words)?));
                    is_new
                }
                _ => {
                    let roles = "metric, timestamp, value, tags, tag.KEY or pairs";
                    return Err(bad(role, &format!("expected {roles}")));
                }
            },
        };
        if is_new { Ok(()) } else { Err(bad(role, "it stands twice")) }
    }

    /// Whether it says which tags there are.
    pub(super) fn names_tags(&self) -> bool {
        !(self.tags.is_empty() && self.named_tags.is_empty() && self.pairs.is_empty())
    }
}

fn bad(found: &str, expected: &str) -> Error {
    Error::usage(format!(
        "columns that can't be read; found {}, {expected}",
        quote(found.as_bytes())
    ))
    .help(EXAMPLE)
}

fn one(role: &str, words: Vec<Source<String>>) -> Result<Source<String>, Error> {
    match <[_; 1]>::try_from(words) {
        Ok([word]) => Ok(word),
        Err(_) => Err(bad(role, "it takes one column")),
    }
}

fn column(role: &str, words: Vec<Source<String>>) -> Result<String, Error> {
    match one(role, words)? {
        Source::Column(name) => Ok(name),
        Source::Constant(text) => Err(bad(&text, "expected the name of a column")),
    }
}

fn columns_of(role: &str, words: Vec<Source<String>>) -> Result<Vec<String>, Error> {
    words.into_iter().map(|word| column(role, vec![word])).collect()
}

/// Adds names; whether none of them stood there.
fn all_new(names: &mut Vec<String>, more: Vec<String>) -> bool {
    more.into_iter().all(|name| {
        let is_new = !names.contains(&name);
        names.push(name);
        is_new
    })
}

/// Words joined by `+`, and what is behind them.
fn words(text: &str) -> Result<(Vec<Source<String>>, &str), Error> {
    let mut words = Vec::new();
    let mut rest = text;
    loop {
        let (word, behind) = word(rest)?;
        words.push(word);
        match behind.strip_prefix('+') {
            Some(next) => rest = next,
            None => return Ok((words, behind)),
        }
    }
}

fn word(text: &str) -> Result<(Source<String>, &str), Error> {
    if let Some(quoted) = text.strip_prefix('\'') {
        let (constant, behind) = unquote(quoted, '\'')?;
        return match constant.is_empty() {
            false => Ok((Source::Constant(constant), behind)),
            true => Err(bad(text, "expected text between the quotes")),
        };
    }
    if let Some(quoted) = text.strip_prefix('"') {
        let (name, behind) = unquote(quoted, '"')?;
        return Ok((Source::Column(name), behind));
    }
    let (name, behind) = text.split_at(text.find([',', '+']).unwrap_or(text.len()));
    match name.trim() {
        "" => Err(bad(text, "expected the name of a column")),
        name => Ok((Source::Column(name.to_owned()), behind)),
    }
}

/// The text up to a quote that stands alone, and what is behind that.
fn unquote(text: &str, quote: char) -> Result<(String, &str), Error> {
    let mut word = String::new();
    let mut rest = text;
    while let Some((part, behind)) = rest.split_once(quote) {
        word.push_str(part);
        match behind.strip_prefix(quote) {
            Some(next) => {
                word.push(quote);
                rest = next;
            }
            None => return Ok((word, behind)),
        }
    }
    Err(bad(text, "expected a quote at its end"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn constant(text: &str) -> Source<String> {
        Source::Constant(text.to_owned())
    }

    #[test]
    fn every_role_is_read() {
        let text = r#"metric='it''s, =',timestamp:us=at,value=i+f,tags=host+"a,b+c=""",tag.dc='ams',tag.rack=r,pairs=labels"#;
        let columns = Columns::parse(text).unwrap();
        assert_eq!(columns.metric, Some(constant("it's, =")));
        assert_eq!((columns.timestamp.as_deref(), columns.unit), (Some("at"), Unit::of("us")));
        assert_eq!(columns.value, ["i", "f"]);
        assert_eq!(columns.tags, ["host", "a,b+c=\""]);
        let rack = Source::Column("r".to_owned());
        let tags = [("dc".to_owned(), constant("ams")), ("rack".to_owned(), rack)];
        assert_eq!(columns.named_tags, tags);
        assert_eq!(columns.pairs, ["labels"]);
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_an_example() {
        for (text, what) in [
            ("", "expected role=column"),
            ("metric", "expected role=column"),
            ("metric=", "expected the name of a column"),
            ("metric=a+b", "it takes one column"),
            ("metric=''", "expected text"),
            ("metric='a", "expected a quote"),
            ("metric='a'b", "expected a comma"),
            ("metric=a,", "expected role=column"),
            ("metric=a,metric=b", "it stands twice"),
            ("tags=a+a", "it stands twice"),
            ("tag.=a", "expected metric, timestamp"),
            ("tag.a=b,tag.a=c", "it stands twice"),
            ("timestamp:m=a", "expected s, ms, us or ns"),
            ("timestamp='1'", "expected the name of a column"),
            ("label=a", "expected metric, timestamp"),
        ] {
            let error = Columns::parse(text).unwrap_err().to_string();
            assert!(error.contains(what) && error.contains(EXAMPLE), "{text}: {error}");
        }
    }
}
