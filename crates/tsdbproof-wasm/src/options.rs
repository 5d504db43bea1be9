//! What JavaScript may ask for: the names of the command's flags, in camel case.

use serde::Deserialize;
use tsdbproof::{
    Allowed, Columns, Course, Depth, Duplicates, Error, FORMATS, FileDigests, Format, Interval,
    Options, Profile, Scope, TimeUnit, Tolerance, Until, time::parse_time,
};
use tsify::{Ts, Tsify};
use wasm_bindgen::prelude::*;

use crate::outcome::failure;

/// What a job is asked to do. Everything has the default that the command has, but for memory.
#[derive(Debug, Default, Deserialize, Tsify)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct JobOptions {
    /// The first instant: ISO 8601 (UTC without a zone), seconds or milliseconds since 1970, `1d-ago`.
    #[tsify(optional)]
    pub from: Option<String>,
    /// The first instant that is left out again.
    #[tsify(optional)]
    pub to: Option<String>,
    /// Only metrics like these, with `*` and `?`.
    #[tsify(optional)]
    pub metric: Vec<String>,
    /// Only series with such tags, `key=pattern`.
    #[tsify(optional)]
    pub tag: Vec<String>,
    /// Which of several values of one instant stand.
    #[tsify(optional, type = "\"keep\" | \"last\" | \"first\"")]
    pub duplicates: Option<String>,
    /// The profile that decides.
    #[tsify(optional, type = "\"exact\" | \"f32\"")]
    pub profile: Option<String>,
    /// How deep a manifest reaches.
    #[tsify(optional, type = "\"hour\" | \"day\" | \"series\" | \"metric\"")]
    pub depth: Option<String>,
    /// The format of every input, whatever its bytes say.
    #[tsify(optional)]
    pub format: Option<String>,
    /// Which columns of a table hold what, where their names don't tell, like
    /// `metric=name,timestamp:ms=time,value=reading,tags=host+dc`.
    #[tsify(optional)]
    pub columns: Option<String>,
    /// What times count, where nothing beside them tells: keys of answers of /api/query, columns of
    /// tables of text.
    #[tsify(optional, type = "\"s\" | \"ms\"")]
    pub unit: Option<String>,
    /// Take the values of an answer of /api/query as they are, though they were computed.
    #[tsify(optional)]
    pub allow_aggregated: bool,
    /// When times to live of HBase's cells are counted to; left out: when the snapshot was taken.
    #[tsify(optional)]
    pub now: Option<String>,
    /// Leave out the digests of the files' bytes.
    #[tsify(optional)]
    pub no_file_digests: bool,
    /// Add the SHA-256 of each file.
    #[tsify(optional)]
    pub sha256: bool,
    /// End at the first bad line.
    #[tsify(optional)]
    pub strict: bool,
    /// Inputs without any point are fine.
    #[tsify(optional)]
    pub allow_empty: bool,
    /// How far a changed value may lie off.
    #[tsify(optional)]
    pub abs_tol: Option<f64>,
    /// How far a changed value may lie off, as a part of the greater of both.
    #[tsify(optional)]
    pub rel_tol: Option<f64>,
    /// Of patches, the state to stop at: its root.
    #[tsify(optional)]
    pub root: Option<String>,
    /// Of patches, the last state without a point behind this instant, in place of a root.
    #[tsify(optional)]
    pub at: Option<String>,
    /// Take back what patches did: the base is the state that they yield.
    #[tsify(optional)]
    pub reverse: bool,
    /// How many points may differ, beside those within the tolerance.
    #[tsify(optional)]
    pub max_different_points: Option<u64>,
    /// How many series may be missing as a whole.
    #[tsify(optional)]
    pub max_missing_series: Option<u64>,
    /// Of `check`: how far apart the points of a series should be, `10s`, or `auto`.
    #[tsify(optional)]
    pub interval: Option<String>,
    /// Of `convert`: the format that is written, where the name of the output does not tell.
    #[tsify(optional)]
    pub write: Option<String>,
    /// Of `convert`: a file for each metric and day.
    #[tsify(optional)]
    pub partition: bool,
    /// Bytes of the longest line that is read.
    #[tsify(optional)]
    pub max_line: Option<u32>,
    /// Bytes of memory.
    #[tsify(optional)]
    pub memory: Option<u32>,
    /// Differences of a metric, or findings of a kind, in the text; 0 for all.
    #[tsify(optional)]
    pub limit: Option<u32>,
}

/// The same, as the façade takes it.
#[cfg_attr(not(feature = "scripts"), expect(dead_code, reason = "only scripts ask for some of it"))]
pub(crate) struct Asked {
    pub(crate) options: Options,
    pub(crate) limit: Option<usize>,
    pub(crate) interval: Interval,
    pub(crate) course: Course,
    pub(crate) write: Option<&'static Format>,
    pub(crate) is_partitioned: bool,
}

impl Asked {
    pub(crate) fn new(options: Option<Ts<JobOptions>>) -> Result<Self, JsValue> {
        let asked = match options {
            Some(options) => JobOptions::read(&options.js_value())?,
            None => JobOptions::default(),
        };
        asked.read_all().map_err(failure)
    }
}

/// The time now; before 1970 it is 1970.
fn now_ms() -> u64 {
    js_sys::Date::now() as u64
}

/// The value of this name; the first of them where none is given.
fn named<T: Copy>(what: &str, name: Option<&str>, values: &[(&str, T)]) -> Result<T, Error> {
    let mut found = values.iter().filter(|(known, _)| name.is_none_or(|name| name == *known));
    found.next().map(|(_, value)| *value).ok_or_else(|| {
        let known: Vec<_> = values.iter().map(|(known, _)| *known).collect();
        let name = name.unwrap_or_default();
        Error::usage(format!("{name:?} is no {what}"))
            .help(format!("it is one of {}", known.join(", ")))
    })
}

impl JobOptions {
    /// By way of JSON: the direct way passes over fields that it does not know, and a filter whose
    /// name is mistyped must not go unseen.
    fn read(options: &JsValue) -> Result<Self, JsValue> {
        let json = js_sys::JSON::stringify(options)?.as_string().unwrap_or_default();
        serde_json::from_str(&json)
            .map_err(|error| failure(Error::usage(format!("options: {error}"))))
    }

    fn read_all(self) -> Result<Asked, Error> {
        let interval = self.interval.as_deref().map(str::parse).transpose()?;
        let written = FORMATS.iter().filter(|format| format.write.is_some());
        let written: Vec<_> = written.map(|format| (format.name, *format)).collect();
        let format = |name| named("format that can be written", Some(name), &written);
        let now_ms = now_ms();
        let until = match (&self.root, &self.at) {
            (Some(root), None) => Some(Until::Root(root.parse()?)),
            (None, Some(at)) => Some(Until::At(parse_time(at, now_ms)?)),
            (None, None) => None,
            _ => return Err(Error::usage("a state is chosen by its root or by a time, not both")),
        };
        Ok(Asked {
            limit: self.limit.map(|limit| limit as usize),
            interval: interval.unwrap_or_default(),
            write: self.write.as_deref().map(format).transpose()?,
            is_partitioned: self.partition,
            course: Course { until, is_reverse: self.reverse },
            options: self.options(now_ms)?,
        })
    }

    fn options(self, now_ms: u64) -> Result<Options, Error> {
        let defaults = Options::default();
        let time = |text: Option<String>| text.map(|text| parse_time(&text, now_ms)).transpose();
        let mut depths = Depth::ALL.map(|depth| (depth.name(), depth));
        depths.reverse();
        let profiles = [Profile::Exact, Profile::F32].map(|profile| (profile.name(), profile));
        let duplicates =
            [("keep", Duplicates::Keep), ("last", Duplicates::Last), ("first", Duplicates::First)];
        let formats: Vec<_> = FORMATS.iter().map(|format| (format.name, *format)).collect();
        let format = |name: String| named("format", Some(&name), &formats);
        let mut read = defaults.read;
        read.columns = self.columns.as_deref().map(Columns::parse).transpose()?.unwrap_or_default();
        let units = [("s", TimeUnit::Seconds), ("ms", TimeUnit::Milliseconds)];
        let unit = |name: String| named("unit", Some(&name), &units);
        read.unit = self.unit.map(unit).transpose()?;
        read.allow_aggregated = self.allow_aggregated;
        let tolerance = |name, given: Option<f64>| match given {
            Some(given) if !given.is_finite() || given < 0.0 => {
                Err(Error::usage(format!("{name} is a number from 0 on")))
            }
            given => Ok(given.unwrap_or_default()),
        };
        let tolerance = Tolerance {
            absolute: tolerance("absTol", self.abs_tol)?,
            relative: tolerance("relTol", self.rel_tol)?,
        };
        let memory_bytes = self.memory.map_or(defaults.memory_bytes, u64::from);
        let mut limits = read.limits.within(memory_bytes);
        limits.line_bytes = self.max_line.map_or(limits.line_bytes, |bytes| bytes as usize);
        read.limits = limits;
        Ok(Options {
            scope: Scope {
                from_ms: time(self.from)?,
                to_ms: time(self.to)?,
                metrics: self.metric,
                tags: self.tag,
                duplicates: named("choice of duplicates", self.duplicates.as_deref(), &duplicates)?,
            },
            profile: named("profile", self.profile.as_deref(), &profiles)?,
            depth: named("depth", self.depth.as_deref(), &depths)?,
            format: self.format.map(format).transpose()?,
            file_digests: FileDigests { blocks: !self.no_file_digests, sha256: self.sha256 },
            strict: self.strict,
            allow_empty: self.allow_empty,
            allowed: Allowed {
                tolerance,
                different_points: self.max_different_points,
                missing_series: self.max_missing_series,
            },
            memory_bytes,
            now_ms: time(self.now)?,
            read,
            ..defaults
        })
    }
}
