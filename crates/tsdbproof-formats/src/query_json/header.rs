//! What an object of an answer says of its points: whose they are, and whether they are stored ones.

use tsdbproof_core::{ProblemKind, Series, Tags, quote};

use crate::json::field::{self, quoted};
use crate::json::string::unescape;
use crate::json::walk::{Items, Members};
use crate::number::Fault;

/// The fields of an object that matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Metric,
    Tags,
    AggregateTags,
    Query,
    Error,
    /// The points.
    Points,
    Notes,
    GlobalNotes,
    Other,
}

/// What is known of an object.
#[derive(Debug, Default)]
pub(super) struct Header {
    metric: Option<String>,
    tags: Option<Tags>,
    has_aggregate_tags: bool,
    /// Whether the query stands beside the answer.
    pub(super) shows_query: bool,
    /// How its values were computed.
    computed: Option<String>,
    /// The first that is wrong.
    fault: Option<Fault>,
    /// Points stand in the object.
    pub(super) has_points: bool,
    error: Option<Fault>,
    /// What else it may be.
    is_summary: bool,
    is_expression: bool,
    is_last: bool,
    is_put: bool,
    is_put_answer: bool,
}

impl Header {
    /// The field that a key, without its quotes, names.
    pub(super) fn field(&mut self, key: &[u8]) -> Field {
        let key = str::from_utf8(key).unwrap_or_default();
        match unescape(key).unwrap_or_default().as_ref() {
            "metric" => return Field::Metric,
            "tags" => return Field::Tags,
            "aggregateTags" => return Field::AggregateTags,
            "query" => return Field::Query,
            "error" => return Field::Error,
            "dps" => return Field::Points,
            "annotations" => return Field::Notes,
            "globalAnnotations" => return Field::GlobalNotes,
            "statsSummary" => self.is_summary = true,
            "outputs" => self.is_expression = true,
            "tsuid" => self.is_last = true,
            "timestamp" => self.is_put = true,
            "failed" | "success" => self.is_put_answer = true,
            _ => {}
        }
        Field::Other
    }

    /// Takes the value of a field.
    pub(super) fn take(&mut self, field: Field, text: &[u8]) {
        let taken = field::utf8(text).and_then(|raw| match field {
            Field::Metric => keep(&mut self.metric, field::metric(raw)?.into_owned(), "metric"),
            Field::Tags => keep(&mut self.tags, field::tags(raw)?, "tags"),
            Field::AggregateTags => self.take_aggregate_tags(raw),
            Field::Query => {
                self.shows_query = true;
                self.computed = self.computed.take().or_else(|| computed(raw));
                Ok(())
            }
            Field::Error => {
                self.error = Some(field::answered_error(raw));
                Ok(())
            }
            Field::Points | Field::Notes | Field::GlobalNotes | Field::Other => Ok(()),
        });
        if let Err(fault) = taken {
            self.fault.get_or_insert(fault);
        }
    }

    fn take_aggregate_tags(&mut self, raw: &str) -> Result<(), Fault> {
        self.has_aggregate_tags = true;
        if raw == "null" {
            return Ok(());
        }
        if !raw.starts_with('[') {
            let what = format!("aggregateTags that are no array; found {}", quote(raw.as_bytes()));
            return Err(Fault::new(ProblemKind::BadTag, what));
        }
        let items = Items::new(raw.as_bytes(), 0).filter_map(|item| raw.get(item));
        let keys: Vec<&str> = items.map(|item| quoted(item).unwrap_or(item)).collect();
        if !keys.is_empty() {
            let keys = quote(keys.join(", ").as_bytes());
            self.computed = Some(format!("several series as one, aggregated over the tags {keys}"));
        }
        Ok(())
    }

    /// Whether all is known that decides about the points.
    pub(super) fn is_complete(&self) -> bool {
        self.fault.is_some()
            || self.metric.is_some() && self.tags.is_some() && self.has_aggregate_tags
    }

    /// How the values were computed, as far as can be seen.
    fn computed(&self) -> Option<Fault> {
        let expression = || {
            let metric = self.metric.as_deref().filter(|metric| metric.ends_with(')'))?;
            Some(format!("values of an expression, named {}", quote(metric.as_bytes())))
        };
        let how = self.computed.clone().or_else(expression)?;
        let what =
            format!("{how}: none that are stored; --allow-aggregated takes them as they are");
        Some(Fault::new(ProblemKind::Aggregated, what))
    }

    /// The series of the points, or why they are no stored points of any.
    pub(super) fn series(&self, allow_aggregated: bool) -> Result<Series, Fault> {
        if let Some(fault) = &self.fault {
            return Err(fault.clone());
        }
        let computed = self.computed();
        if let Some(fault) = computed.clone().filter(|_| !allow_aggregated) {
            return Err(fault);
        }
        let missing = |what: &str| Fault::new(ProblemKind::MissingField, what.to_owned());
        let metric = self.metric.clone().ok_or_else(|| missing("points without a `metric`"))?;
        let tags = self.tags.clone().unwrap_or_default();
        if tags == Tags::default() && computed.is_none() {
            let what = "points without tags; expected an object of them in `tags`";
            return Err(Fault::new(ProblemKind::MissingTags, what));
        }
        Ok(Series { metric, tags })
    }

    /// Why an object without points has none; `None` where it needs none.
    pub(super) fn stranger(&self) -> Option<Fault> {
        let what = match () {
            () if self.error.is_some() => return self.error.clone(),
            () if self.is_summary => return None,
            () if self.is_expression => {
                let what = "an answer of /api/query/exp: computed values, none that are stored";
                return Some(Fault::new(ProblemKind::Aggregated, what));
            }
            () if self.is_last => {
                "an answer of /api/query/last: the newest point of a series alone; --format put-json reads it"
            }
            () if self.is_put => "an object of /api/put; --format put-json reads it",
            () if self.is_put_answer => "an answer of /api/put, which counts points and holds none",
            () if self.fault.is_some() => return self.fault.clone(),
            () => "an object without `dps`",
        };
        Some(Fault::new(ProblemKind::NoPoints, what))
    }
}

fn keep<T: PartialEq>(slot: &mut Option<T>, value: T, name: &str) -> Result<(), Fault> {
    match slot.replace(value) {
        Some(first) if slot.as_ref() != Some(&first) => {
            let what = format!("`{name}` twice, and not the same");
            Err(Fault::new(ProblemKind::RepeatedField, what))
        }
        _ => Ok(()),
    }
}

/// Aggregators that give the points of a single series as they are.
///
/// Source: OpenTSDB 2.4.1 `core/Aggregators.java`.
const SINGLE: [&str; 12] = [
    "none", "sum", "min", "max", "avg", "zimsum", "mimmin", "mimmax", "pfsum", "mult", "first",
    "last",
];

/// How a query, shown with its answer, had values computed.
///
/// Source: OpenTSDB 2.4.1 `core/TSSubQuery.java`.
fn computed(raw: &str) -> Option<String> {
    let text = |range| raw.get(range).unwrap_or_default();
    let word = |raw: &str| quote(quoted(raw).unwrap_or(raw).as_bytes());
    let how = |key: &str, value: &str| match (key, value) {
        (_, "null" | "false") => None,
        ("aggregator", name) => {
            let is_other = quoted(name).is_some_and(|name| !SINGLE.contains(&name));
            is_other.then(|| format!("values of the aggregator {}", word(name)))
        }
        ("rate", _) => Some("rates".to_owned()),
        ("downsample", value) => Some(format!("downsampled values, {}", word(value))),
        ("percentiles" | "showHistogramBuckets", _) => Some("values of histograms".to_owned()),
        ("preAggregate", _) => Some("pre-aggregated values".to_owned()),
        ("rollupTable", table) if table != "\"raw\"" => Some("values of a rollup".to_owned()),
        _ => None,
    };
    let mut members = Members::new(raw.as_bytes(), 0);
    members.find_map(|member| how(text(member.key), text(member.value)))
}
