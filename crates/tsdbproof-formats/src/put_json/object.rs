//! One sound value of JSON, judged: the points it holds, or why it holds none.
//!
//! Source: OpenTSDB 2.4.1 `core/IncomingDataPoint.java`, `tsd/PutDataPointRpc.java`; Jackson takes
//! numbers and booleans as their literal text where a text is wanted, and cuts fractions of times.

use std::borrow::Cow;
use std::ops::Range;

use tsdbproof_core::{Point, ProblemKind, Tags, quote};

use crate::json::field::{self, is_number, no_points, quoted};
use crate::json::string::unescape;
use crate::json::time::whole_time_ms;
use crate::json::walk::{Items, Member, Members};
use crate::number::{self, Fault};

/// What a value holds.
#[derive(Debug)]
pub(super) enum Found<'a> {
    One(One<'a>),
    Many(Many<'a>),
}

/// An object of one point.
#[derive(Debug)]
pub(super) struct One<'a> {
    pub(super) metric: Cow<'a, str>,
    pub(super) tags: Tags,
    pub(super) point: Point,
    /// No field of a point stands in it twice.
    pub(super) is_plain: bool,
}

/// An object of parallel arrays: a point for each pair.
#[derive(Debug)]
pub(super) struct Many<'a> {
    pub(super) tags: Tags,
    pub(super) pairs: Vec<Result<(Cow<'a, str>, Point), Fault>>,
}

/// The points of this text, which is one sound value of JSON.
pub(super) fn judge(text: &[u8]) -> Result<Found<'_>, Fault> {
    let text = field::utf8(text)?;
    if !text.starts_with('{') {
        return Err(no_points("no object", text));
    }
    let fields = Fields::of(text)?;
    match (fields.metric.is_some() || fields.value.is_some(), fields.is_many()) {
        (true, true) => {
            let what = "an object with `metric` or `value` and with `metrics` or `values`";
            Err(Fault::new(ProblemKind::RepeatedField, format!("{what}; expected one form")))
        }
        (_, true) => fields.many(text).map(Found::Many),
        _ if fields.is_query() => Err(fields.no_points(text)),
        (true, false) => fields.one(text).map(Found::One),
        (false, false) => Err(fields.no_points(text)),
    }
}

fn part<'a>(text: &'a [u8], range: &Range<usize>) -> &'a [u8] {
    text.get(range.clone()).unwrap_or_default()
}

/// Where an object's fields have their values.
#[derive(Debug, Default)]
struct Fields {
    metric: Option<Range<usize>>,
    timestamp: Option<Range<usize>>,
    value: Option<Range<usize>>,
    tags: Option<Range<usize>>,
    metrics: Option<Range<usize>>,
    values: Option<Range<usize>>,
    /// Fields of what OpenTSDB answers.
    dps: Option<Range<usize>>,
    counts: Option<Range<usize>>,
    error: Option<Range<usize>>,
    is_repeated: bool,
}

impl Fields {
    fn of(text: &str) -> Result<Self, Fault> {
        let mut fields = Fields::default();
        for Member { key, value } in Members::new(text.as_bytes(), 0) {
            let key = text.get(key).unwrap_or_default();
            // What can't be unescaped is no field of a point.
            let key = unescape(key).unwrap_or_default();
            if key == "error" {
                fields.error = Some(value);
                continue;
            }
            let Some(field) = fields.named(&key) else { continue };
            if let Some(first) = field.replace(value.clone()) {
                // The same text means the same; other text may, but that is not for a guess.
                if text.get(first.clone()) != text.get(value.clone()) {
                    return Err(repeated(text.as_bytes(), &key, &first, &value));
                }
                fields.is_repeated = true;
            }
        }
        Ok(fields)
    }

    fn named(&mut self, key: &str) -> Option<&mut Option<Range<usize>>> {
        Some(match key {
            "metric" => &mut self.metric,
            "timestamp" => &mut self.timestamp,
            "value" => &mut self.value,
            "tags" => &mut self.tags,
            "metrics" => &mut self.metrics,
            "values" => &mut self.values,
            _ => {
                // Whatever these hold, they may stand twice.
                match key {
                    "dps" => self.dps = Some(0..0),
                    "failed" | "success" => self.counts = Some(0..0),
                    _ => {}
                }
                return None;
            }
        })
    }

    fn is_many(&self) -> bool {
        self.metrics.is_some() || self.values.is_some()
    }

    fn is_query(&self) -> bool {
        self.dps.is_some() && (self.timestamp.is_none() || self.value.is_none())
    }

    /// Why an object holds no points at all.
    fn no_points(&self, text: &str) -> Fault {
        let what = if self.is_query() {
            "an answer of /api/query, which is another format"
        } else if self.counts.is_some() {
            "an answer of /api/put, which counts points and holds none"
        } else if let Some(error) = &self.error {
            return field::answered_error(raw(text, error.clone()));
        } else {
            return missing(text, "metric");
        };
        no_points(what, text)
    }

    fn one<'a>(&self, text: &'a str) -> Result<One<'a>, Fault> {
        let metric = field::metric(raw(text, needed(text, &self.metric, "metric")?))?;
        let value = needed(text, &self.value, "value")?;
        let point =
            Point { timestamp_ms: self.time(text)?, value: field::value(raw(text, value))? };
        let tags = self.tags(text)?;
        Ok(One { metric, tags, point, is_plain: !self.is_repeated })
    }

    fn many<'a>(&self, text: &'a str) -> Result<Many<'a>, Fault> {
        let metrics = array(text, needed(text, &self.metrics, "metrics")?)?;
        let values = array(text, needed(text, &self.values, "values")?)?;
        if metrics.len() != values.len() {
            let (metrics, values) = (metrics.len(), values.len());
            let what = format!("{metrics} metrics and {values} values; expected as many of both");
            return Err(Fault::new(ProblemKind::UnequalArrays, what));
        }
        let timestamp_ms = self.time(text)?;
        let tags = self.tags(text)?;
        let pair = |(name, value)| {
            let value = field::value(raw(text, value))?;
            Ok((field::metric(raw(text, name))?, Point { timestamp_ms, value }))
        };
        Ok(Many { tags, pairs: metrics.into_iter().zip(values).map(pair).collect() })
    }

    fn time(&self, text: &str) -> Result<u64, Fault> {
        let raw = raw(text, needed(text, &self.timestamp, "timestamp")?);
        match quoted(raw) {
            Some(word) => number::timestamp_ms(unescape(word)?.as_bytes()),
            None if is_number(raw) => whole_time_ms(raw),
            None => number::timestamp_ms(raw.as_bytes()),
        }
    }

    fn tags(&self, text: &str) -> Result<Tags, Fault> {
        let missing = || {
            let what = "a point without tags; expected an object of them in `tags`";
            Fault::new(ProblemKind::MissingTags, what)
        };
        let tags = field::tags(raw(text, self.tags.clone().ok_or_else(missing)?))?;
        if tags == Tags::default() { Err(missing()) } else { Ok(tags) }
    }
}

fn repeated(text: &[u8], key: &str, first: &Range<usize>, last: &Range<usize>) -> Fault {
    let (first, last) = (quote(part(text, first)), quote(part(text, last)));
    let what = format!("`{key}` twice; found {first} and {last}; OpenTSDB takes the last");
    Fault::new(ProblemKind::RepeatedField, what)
}

fn missing(text: &str, name: &str) -> Fault {
    let what = format!("an object without `{name}`; found {}", quote(text.as_bytes()));
    Fault::new(ProblemKind::MissingField, what)
}

fn needed(text: &str, range: &Option<Range<usize>>, name: &str) -> Result<Range<usize>, Fault> {
    range.clone().ok_or_else(|| missing(text, name))
}

fn array(text: &str, range: Range<usize>) -> Result<Vec<Range<usize>>, Fault> {
    let raw = raw(text, range.clone());
    if !raw.starts_with('[') {
        let what = format!("parallel arrays that are none; found {}", quote(raw.as_bytes()));
        return Err(Fault::new(ProblemKind::MissingField, what));
    }
    Ok(Items::new(text.as_bytes(), range.start).collect())
}

fn raw(text: &str, range: Range<usize>) -> &str {
    text.get(range).unwrap_or_default()
}

#[cfg(test)]
mod tests;
