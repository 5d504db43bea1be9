//! Real answers and made ones, whole, in pieces, cut and with turned bytes.

mod damage;

use std::collections::BTreeSet;
use std::fs;
use std::ops::Range;

use ProblemKind::*;
use tsdbproof_core::{Hour, Loss, Point, Position, Problem, Series, Tags, Value};

use super::*;
use crate::{Limits, SeriesId, TimeUnit};

/// Points, losses and problems, wherever they lie.
type Outline<'a> = (&'a Vec<(String, Point)>, &'a Vec<(String, Hour, Loss)>, &'a Vec<Problem>);

/// Keeps all it is given.
#[derive(Debug, Default, PartialEq)]
struct Log {
    names: Vec<Series>,
    points: Vec<(String, Point)>,
    /// Series, points, and where they lie.
    runs: Vec<(String, Vec<Point>, Range<u64>)>,
    losses: Vec<(String, Hour, Loss)>,
    problems: Vec<Problem>,
}

impl Log {
    fn name(&self, series: SeriesId) -> String {
        self.names[series.0 as usize].to_string()
    }

    /// Seconds since 1970, or with a fraction.
    fn times(&self) -> Vec<f64> {
        self.points.iter().map(|(_, point)| point.timestamp_ms as f64 / 1000.0).collect()
    }

    fn kinds(&self) -> Vec<ProblemKind> {
        self.problems.iter().map(|problem| problem.kind).collect()
    }

    /// What stays the same however pieces are cut.
    fn outline(&self) -> Outline<'_> {
        (&self.points, &self.losses, &self.problems)
    }
}

impl PointSink for Log {
    fn series(&mut self, metric: &str, tags: &Tags) -> SeriesId {
        let series = Series { metric: metric.to_owned(), tags: tags.clone() };
        let known = self.names.iter().position(|name| *name == series);
        let id = known.unwrap_or(self.names.len());
        self.names.extend(known.is_none().then_some(series));
        SeriesId(id as u32)
    }

    fn points(&mut self, series: SeriesId, points: &[Point], at: Range<u64>) {
        assert!(!points.is_empty() && points.len() <= 256);
        let name = self.name(series);
        self.points.extend(points.iter().map(|point| (name.clone(), *point)));
        self.runs.push((name, points.to_vec(), at));
    }

    fn loss(&mut self, series: SeriesId, hour: Hour, loss: Loss) {
        let lost = (self.name(series), hour, loss);
        if !self.losses.contains(&lost) {
            self.losses.push(lost);
        }
    }

    fn problem(&mut self, problem: Problem) {
        self.problems.push(problem);
    }
}

fn read_with<'a>(
    options: &ReadOptions,
    at: u64,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Log {
    let mut reader = Reader::new(options, at);
    let mut log = Log::default();
    for piece in pieces {
        reader.push(piece, &mut log).unwrap();
    }
    reader.finish(&mut log).unwrap();
    log
}

fn read(text: &str) -> Log {
    read_with(&asked(), 0, [text.as_bytes()])
}

/// As one reads who asked for stored points.
fn asked() -> ReadOptions {
    ReadOptions { knows_query: true, ..ReadOptions::default() }
}

fn allowing() -> ReadOptions {
    ReadOptions { allow_aggregated: true, ..asked() }
}

/// Every saved answer of the real OpenTSDB, with its name.
fn answers() -> Vec<(String, Vec<u8>)> {
    let folder = format!("{}/../../tests/data/opentsdb/http", env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for set in ["main", "append", "salt"] {
        for entry in fs::read_dir(format!("{folder}/{set}")).expect("the answers") {
            let path = entry.expect("an entry").path();
            files.push((path.display().to_string(), fs::read(&path).expect("an answer")));
        }
    }
    files.sort();
    assert_eq!(files.len(), 80 + 3);
    files
}

/// An object of an answer.
fn series(tags: &str, dps: &str) -> String {
    format!(r#"{{"metric":"m","tags":{{{tags}}},"aggregateTags":[],"dps":{dps}}}"#)
}

const A: &str = r#""h":"a""#;
const B: &str = r#""h":"b""#;

#[test]
fn pieces_change_nothing() {
    let made = format!(
        "[{},\n {},{}]\n[{}]",
        series(A, r#"{ "17" : 5 , "1699999200":5.5,"1699999200":6 }"#),
        series(B, r#"[[1699999200,9.007199254740992E15], [ 1699999260 , "7"],[1,null]]"#),
        r#"{"statsSummary":{"a":[1,{"dps":{}}]}}"#,
        series(A, r#"{"4294967296":1,"1699999200":2 , "1699999260": 3,"1699999320":4}"#),
    );
    for options in [asked(), allowing()] {
        for (name, text) in answers().into_iter().chain([("made".to_owned(), made.clone().into())])
        {
            let whole = read_with(&options, 0, [&text[..]]);
            let whole_text = text.escape_ascii().to_string();
            for size in [1, 2, 3, 7, 19, 64, 1000] {
                let log = read_with(&options, 0, text.chunks(size));
                assert_eq!(log.outline(), whole.outline(), "{name} by {size}: {whole_text}");
            }
        }
    }
}

#[test]
fn points_are_found_again_at_their_places() {
    let two = format!("[{}] [{}]", series(A, r#"{"5":1,"1699999200":2}"#), series(A, r#"{"7":1}"#));
    let broken = two.replace("\"m\",\"tags\"", "\"m\"\"tags\"");
    let more = [two.clone(), format!("{broken},{}", series(B, r#"{"1699999200000":2}"#))];
    let made = more.map(|text| ("made".to_owned(), text.into_bytes()));
    for (name, text) in answers().into_iter().chain(made) {
        for size in [50, 5000] {
            let log = read_with(&asked(), 0, text.chunks(size));
            for (series, points, at) in &log.runs {
                let end = text.len().min(at.end as usize);
                let bytes = &text[at.start as usize..end];
                let again = read_with(&asked(), at.start, [bytes]);
                let found = again.runs.iter().filter(|run| run.0 == *series);
                let found: Vec<Point> = found.flat_map(|run| run.1.clone()).collect();
                let all = points.iter().all(|point| found.contains(point));
                assert!(all, "{name}: {at:?} has {points:?}, found {found:?}");
            }
        }
    }
}

#[test]
fn every_shape_of_points_is_read() {
    let member = series(A, r#"{"1699999200":1,"1699999200":2.5}"#);
    let pretty = member.replace(':', " : ").replace(',', " ,\n").replace('}', "\n}\n");
    for text in [
        format!("[{member}]"),
        format!("\u{feff}\r\n[ {member} ]\n"),
        member.clone(),
        format!("{member}\n{{\"statsSummary\":{{}}}}"),
        pretty,
        series(A, "[[1699999200,1],[1699999200,2.5]]"),
        series(A, r#"[["1699999200","1"], [ 1699999200 , 2.5 ] ]"#),
        series(A, r#"{"16\u00399999200":1,"1699999200":"2.5"}"#),
        series(r#""\u0068":"a""#, r#"{"01699999200":1,"1699999200":25E-1}"#),
        r#"{"dps":{"1699999200":1,"1699999200":2.5},"aggregateTags":[],"tags":{"h":"a"},"metric":"m"}"#
            .to_owned(),
        r#"{"tsuids":["01"],"dps":[[1699999200,1],[1699999200,2.5]],"tags":{"h":"a"},"metric":"m"}"#
            .to_owned(),
    ] {
        let log = read(&text);
        assert_eq!(log.problems, [], "{text}");
        let point = |value| ("m{h=a}".to_owned(), Point { timestamp_ms: 1_699_999_200_000, value });
        let expected = [point(Value::integer(1)), point(Value::float(2.5))];
        assert_eq!(log.points, expected, "{text}");
        assert_eq!(log.losses, [("m{h=a}".to_owned(), 472_222, Loss::WholeSeconds)], "{text}");
    }
    assert_eq!(read(&series(A, "{}")).outline(), Log::default().outline());
    assert_eq!(read("[]").outline(), Log::default().outline());
}

#[test]
fn a_unit_holds_for_an_answer() {
    let times = |options: &ReadOptions, text: &str| {
        let log = read_with(options, 0, [text.as_bytes()]);
        (log.times(), log.kinds(), log.losses.len())
    };
    let plain = asked();
    let early = series(A, r#"{"1000":1,"3600000":2}"#);
    let later = series(B, r#"{"946684800123":3}"#);
    let cases = [
        (format!("[{early},{later}]"), vec![1.0, 3600.0, 946_684_800.123], vec![], 0),
        (format!("[{later},{early}]"), vec![946_684_800.123, 1.0, 3600.0], vec![], 0),
        (format!("[{early}]"), vec![1000.0, 3_600_000.0], vec![], 2),
        (format!("[{early}][{later}]"), vec![1000.0, 3_600_000.0, 946_684_800.123], vec![], 2),
        (format!("{early}{later}"), vec![1.0, 3600.0, 946_684_800.123], vec![], 0),
        (
            series(A, r#"{"1699999200":1,"1699999260000":2,"1699999320":3}"#),
            vec![1_699_999_200.0, 1_699_999_320.0],
            vec![BadTime],
            1,
        ),
        (
            series(A, r#"{"1699999200000":1,"1699999260":2}"#),
            vec![1_699_999_200.0],
            vec![BadTime],
            0,
        ),
        (
            series(A, r#"{"9699999200000":1,"-5":1,"5.5":1}"#),
            vec![],
            vec![TimeOutOfRange, TimeOutOfRange, BadTime],
            0,
        ),
    ];
    for (text, expected, kinds, losses) in cases {
        assert_eq!(times(&plain, &text), (expected, kinds, losses), "{text}");
    }
    let given = |unit| ReadOptions { unit: Some(unit), ..asked() };
    let both = series(A, r#"{"1699999200":1,"1699999260000":2}"#);
    let seconds = times(&given(TimeUnit::Seconds), &both);
    assert_eq!(seconds, (vec![1_699_999_200.0], vec![TimeOutOfRange], 1));
    let milliseconds = times(&given(TimeUnit::Milliseconds), &both);
    assert_eq!(milliseconds, (vec![1_699_999.2, 1_699_999_260.0], vec![], 0));
}

#[test]
fn points_that_wait_have_a_bound() {
    let limits = Limits { line_bytes: 1000, ..Limits::default() };
    let options = ReadOptions { limits, ..asked() };
    let many: Vec<String> = (1..100).map(|second| format!("\"{second}\":1")).collect();
    let many = format!("{{{}}}", many.join(","));
    // Too many to wait: seconds, as without any key that tells.
    let text = format!("[{},{}]", series(A, &many), series(B, r#"{"1699999200000":1}"#));
    let log = read_with(&options, 0, [text.as_bytes()]);
    assert_eq!((log.points.len(), log.times()[98], log.kinds()), (99, 99.0, vec![BadTime]));
    // Too many to wait for their tags.
    let text =
        format!(r#"[{{"dps":{many},"metric":"m","tags":{{{A}}}}},{}]"#, series(B, "{\"5\":1}"));
    let log = read_with(&options, 0, [text.as_bytes()]);
    assert_eq!((log.points.len(), log.kinds()), (1, vec![LineTooLong]));
}

#[test]
fn losses_are_told_for_their_hours() {
    let log = read(&format!(
        "[{},{}]",
        series(A, r#"{"1699999200000":9.007199254740992E15,"1700002800000":9007199254740993}"#),
        series(B, r#"[[1700002800000,-9.223372036854775808E18],[1700006400000,1.0E300]]"#)
    ));
    let wide = |name: &str, hour| (name.to_owned(), hour, Loss::WideIntegers);
    assert_eq!(log.losses, [wide("m{h=a}", 472_222), wide("m{h=b}", 472_223)]);
    assert_eq!((log.points.len(), log.problems.len()), (4, 0));
}

#[test]
fn what_was_computed_is_refused_where_it_can_be_seen() {
    let query = |field: &str| {
        format!(
            r#"{{"metric":"m","tags":{{{A}}},"aggregateTags":[],"query":{{{field}}},"dps":{{"1699999200":1}}}}"#
        )
    };
    let aggregated = series(A, r#"{"1699999200":1}"#).replace("[]", r#"["host","cpu"]"#);
    for (text, part) in [
        (aggregated.as_str(), "aggregated over the tags \"host, cpu\""),
        (&aggregated.replace(A, ""), "aggregated"),
        (&query(r#""rate":true"#), "rates"),
        (&query(r#""aggregator":"none","downsample":"10m-avg-nan""#), "\"10m-avg-nan\""),
        (&query(r#""percentiles":[50]"#), "histograms"),
        (&query(r#""showHistogramBuckets":true"#), "histograms"),
        (&query(r#""preAggregate":true"#), "pre-aggregated"),
        (&query(r#""rollupTable":"tsdb-1h""#), "rollup"),
        (&query(r#""aggregator":"count""#), "the aggregator \"count\""),
        (&series(A, r#"{"1699999200":1}"#).replace("\"m\"", "\"scale(m,2)\""), "an expression"),
    ] {
        let log = read(text);
        assert_eq!((log.points.len(), log.kinds()), (0, vec![Aggregated]), "{text}");
        let what = &log.problems[0].what;
        assert!(what.contains(part) && what.contains("--allow-aggregated"), "{what}");
        let log = read_with(&allowing(), 0, [text.as_bytes()]);
        assert_eq!((log.points.len(), log.kinds()), (1, vec![]), "{text}");
    }
    let plain = r#""aggregator":"sum","rate":false,"downsample":null,"rollupTable":"raw""#;
    assert_eq!(read(&query(plain)).kinds(), []);
    let late = series(A, r#"{"1699999200":1},"query":{"rate":true}"#);
    let log = read(&late);
    assert_eq!((log.points.len(), log.kinds()), (1, vec![Aggregated]));
}

#[test]
fn gaps_that_a_query_filled_in_are_no_points() {
    let gaps = series(A, r#"{"1699999200":"NaN","1699999260":null,"1699999320":5}"#);
    let log = read(&gaps);
    assert_eq!((log.points.len(), log.kinds()), (1, vec![Aggregated, Aggregated]));
    let log = read_with(&allowing(), 0, [gaps.as_bytes()]);
    assert_eq!((log.points.len(), log.kinds()), (1, vec![FilledGap, FilledGap]));
    let bad = r#"{"1699999200":"Infinity","1699999260":true,"1699999320":[5],"x":5,"1":"","2":{}}"#;
    let log = read(&series(A, bad));
    let kinds = vec![BadValue, BadValue, BadValue, BadTime, BadValue, BadValue];
    assert_eq!((log.points.len(), log.kinds()), (0, kinds));
}

#[test]
fn what_is_no_answer_of_points_is_told() {
    for (text, kind, part) in [
        (r#"{"error":{"code":400,"message":"No such \"name\""}}"#, NoPoints, r#"400 "No such"#),
        (r#"{"error":5}"#, NoPoints, "an error"),
        (
            r#"[{"metric":"m","timestamp":1,"value":"5","tags":{"h":"a"},"tsuid":"01"}]"#,
            NoPoints,
            "/api/query/last",
        ),
        (
            r#"{"metric":"m","timestamp":1,"value":5,"tags":{"h":"a"}}"#,
            NoPoints,
            "/api/put; --format put-json",
        ),
        (r#"{"outputs":[{"id":"e","dps":[[1,2]]}],"query":{}}"#, Aggregated, "/api/query/exp"),
        (r#"{"failed":0,"success":2}"#, NoPoints, "/api/put"),
        (r#"[{"metric":"m","tags":{"h":"a"}}]"#, NoPoints, "without `dps`"),
        ("{}", NoPoints, "without `dps`"),
        ("[5 ]", NoPoints, "no object"),
        ("\"x\"", NoPoints, "no object"),
        (r#"{"metric":"m","aggregateTags":[],"dps":{"1":2}}"#, MissingTags, "tags"),
        (r#"{"tags":{"h":"a"},"aggregateTags":[],"dps":{"1":2}}"#, MissingField, "metric"),
        (r#"{"metric":"","tags":{"h":"a"},"aggregateTags":[],"dps":{"1":2}}"#, MissingField, ""),
        (r#"{"metric":"m","tags":[],"aggregateTags":[],"dps":{"1":2}}"#, BadTag, "object"),
        (r#"{"metric":"m","tags":{"h":"a"},"aggregateTags":5,"dps":{"1":2}}"#, BadTag, "array"),
        (
            r#"{"metric":"m","metric":"n","tags":{"h":"a"},"aggregateTags":[],"dps":{"1":2}}"#,
            RepeatedField,
            "metric",
        ),
    ] {
        let log = read(text);
        assert_eq!((log.points.len(), log.kinds()), (0, vec![kind]), "{text}");
        assert!(log.problems[0].what.contains(part), "{}", log.problems[0].what);
    }
    let twice = series(A, r#"{"1699999200":1},"dps":{"1699999260":1}"#);
    let log = read(&twice);
    assert_eq!((log.points.len(), log.kinds()), (1, vec![RepeatedField]));
}

#[test]
fn annotations_are_counted_and_global_ones_once_an_answer() {
    let noted = |tags: &str| {
        series(tags, r#"{"1699999200":1}"#).replace(
            "\"dps\"",
            r#""annotations":[{"a":"}"},{}],"globalAnnotations":[{"x":[1]}],"dps""#,
        )
    };
    let log = read(&format!("[{},{}] [{}]", noted(A), noted(B), noted(A)));
    assert_eq!((log.points.len(), log.kinds()), (3, vec![Annotation; 3 + 2 + 3]));
}

#[test]
fn an_answer_whose_query_nobody_sees_is_told_of_once() {
    let object = |more: &str, at: u32| {
        format!(
            r#"{{"metric":"m","tags":{{"a":"{at}"}},"aggregateTags":[]{more},"dps":{{"1700000000":1}}}}"#
        )
    };
    let shown = r#","query":{"aggregator":"none","metric":"m"}"#;
    let told = |options: &ReadOptions, objects: &[String]| {
        let text = format!("[{}]", objects.join(","));
        let log = read_with(options, 0, [text.as_bytes()]);
        assert_eq!(log.points.len(), objects.len());
        log.problems.into_iter().map(|it| it.kind).collect::<Vec<_>>()
    };
    let unseen = [object("", 1), object(shown, 2), object("", 3)];
    assert_eq!(told(&ReadOptions::default(), &unseen), [ProblemKind::QueryUnseen]);
    assert_eq!(told(&ReadOptions::default(), &[object(shown, 1)]), []);
    assert_eq!(told(&asked(), &unseen), []);
    assert_eq!(told(&allowing(), &unseen), []);
}
