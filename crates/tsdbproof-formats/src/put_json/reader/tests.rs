//! The reader against the plainest one: the whole text at once, and no templates.

use std::collections::HashMap;
use std::fs;
use std::ops::Range;

use ProblemKind::*;
use tsdbproof_core::{Hour, Loss, Point, Position, Problem, ProblemKind, Series, Tags};

mod generate;
mod judge;

use super::*;
use crate::SeriesId;
use crate::json::testing::Random;

use self::generate::file;
use self::judge::judge;

#[derive(Debug, PartialEq, Eq, Clone)]
enum Event {
    Point(Series, Point),
    Problem(Problem),
}

/// Keeps all it is given.
#[derive(Debug, Default)]
struct Log {
    ids: HashMap<Series, u32>,
    names: Vec<Series>,
    series_calls: usize,
    events: Vec<Event>,
    runs: Vec<(SeriesId, Vec<Point>, Range<u64>)>,
    problems: Vec<Problem>,
}

impl PointSink for Log {
    fn series(&mut self, metric: &str, tags: &Tags) -> SeriesId {
        self.series_calls += 1;
        let series = Series { metric: metric.to_owned(), tags: tags.clone() };
        let id = *self.ids.entry(series.clone()).or_insert_with(|| {
            self.names.push(series);
            self.names.len() as u32 - 1
        });
        SeriesId(id)
    }

    fn points(&mut self, series: SeriesId, points: &[Point], at: Range<u64>) {
        assert!(!points.is_empty() && points.len() <= 256);
        let name = &self.names[series.0 as usize];
        self.events.extend(points.iter().map(|point| Event::Point(name.clone(), *point)));
        self.runs.push((series, points.to_vec(), at));
    }

    fn loss(&mut self, _: SeriesId, _: Hour, _: Loss) {}

    fn problem(&mut self, problem: Problem) {
        self.events.push(Event::Problem(problem.clone()));
        self.problems.push(problem);
    }
}

fn reader(shape: Shape, line_bytes: usize, at: u64) -> Reader {
    Reader::new(shape, &Limits { line_bytes, ..Limits::default() }, at)
}

fn read_pieces<'a>(mut reader: Reader, pieces: impl IntoIterator<Item = &'a [u8]>) -> Log {
    let mut log = Log::default();
    for piece in pieces {
        reader.push(piece, &mut log).unwrap();
    }
    reader.finish(&mut log).unwrap();
    assert_eq!(reader.open.held().len(), 0);
    log
}

fn read(shape: Shape, text: &[u8]) -> Log {
    read_pieces(reader(shape, 1 << 20, 0), [text])
}

const SHAPES: [Shape; 2] = [Shape::Stream, Shape::Lines];

/// Points and kinds of problems with their places; in no order, where an object can hold many points.
fn outline(text: &[u8], events: &[Event]) -> Vec<Event> {
    let mut events = events.to_vec();
    for event in &mut events {
        if let Event::Problem(problem) = event {
            problem.what.clear();
        }
    }
    if memchr::memmem::find(text, b"\"metrics\"").is_some() {
        events.sort_by_key(|event| format!("{event:?}"));
    }
    events
}

/// Points by name, in an order that is no matter.
fn sorted(log: &Log) -> Vec<(String, Point)> {
    let named = log.runs.iter().flat_map(|(series, points, _)| {
        let name = log.names[series.0 as usize].to_string();
        points.iter().map(move |point| (name.clone(), *point))
    });
    let mut points: Vec<_> = named.collect();
    points.sort();
    points
}

#[test]
fn every_piece_size_reads_what_the_plain_judge_reads() {
    let mut random = Random(0x1234_5678);
    let mut points = 0;
    for round in 0..2500 {
        let text = file(&mut random);
        let limit = if round % 4 == 0 { 60 + random.below(60) } else { 1 << 20 };
        for shape in SHAPES {
            let whole = read_pieces(reader(shape, limit, 0), [&text[..]]);
            let shown = text.escape_ascii();
            let judged = judge(shape, &text, limit);
            assert_eq!(outline(&text, &whole.events), outline(&text, &judged), "{shown}");
            points += whole.runs.len();
            for size in [1, 2, 3, 7, 19, 64, 200, 1000] {
                let log = read_pieces(reader(shape, limit, 0), text.chunks(size));
                assert_eq!(log.events, whole.events, "pieces of {size}: {shown}");
            }
            check_places(shape, limit, &text, &whole);
        }
    }
    assert!(points > 15_000, "{points}");
}

/// Each run, and any stretch from one to another, is found again from its bytes alone.
fn check_places(shape: Shape, limit: usize, text: &[u8], log: &Log) {
    for (index, (series, points, at)) in log.runs.iter().enumerate() {
        let again = |to: u64| {
            let bytes = &text[at.start as usize..to as usize];
            read_pieces(reader(shape, limit, at.start), bytes.chunks(50))
        };
        let name = log.names[series.0 as usize].to_string();
        let own = again(at.end);
        let expected: Vec<_> = points.iter().map(|point| (name.clone(), *point)).collect();
        let found = sorted(&own);
        let shown = text.escape_ascii();
        assert!(expected.iter().all(|point| found.contains(point)), "{at:?} of {shown}");
        let later = log.runs.get(index..(index + 6).min(log.runs.len())).unwrap_or_default();
        let to = later.iter().map(|(_, _, at)| at.end).max().unwrap_or(at.end);
        let inside = log.runs.iter().filter(|run| run.2.start >= at.start && run.2.end <= to);
        let count: usize = inside.map(|(_, points, _)| points.len()).sum();
        assert_eq!(sorted(&again(to)).len(), count, "{at:?} to {to} of {shown}");
    }
}

/// The lines of import text as put objects.
fn objects(text: &str) -> Vec<[String; 4]> {
    let object = |line: &str| {
        let words: Vec<&str> = line.split(' ').collect();
        let quoted = |word: &str| serde_json::to_string(word).expect("text");
        let tag = |tag: &&str| {
            let (key, value) = tag.split_once('=').expect("a tag");
            format!("{}:{}", quoted(key), quoted(value))
        };
        let tags: Vec<_> = words[3..].iter().filter(|word| !word.is_empty()).map(tag).collect();
        [quoted(words[0]), words[1].to_owned(), words[2].to_owned(), tags.join(",")]
    };
    text.lines().map(object).collect()
}

#[test]
fn a_real_archive_has_the_same_points_in_every_form() {
    let path = "/../../tests/data/opentsdb/main-import.txt";
    let path = format!("{}{path}", env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(path).expect("the archive");
    let mut log = Log::default();
    let format = crate::by_name("import-text").expect("it is one");
    let crate::Access::Stream { open, .. } = format.access else { panic!("it is a text") };
    let mut plain = open(&crate::ReadOptions::default(), 0);
    plain.push(text.as_bytes(), &mut log).unwrap();
    plain.finish(&mut log).unwrap();
    let expected = sorted(&log);
    assert_eq!(expected.len(), 9864);

    let objects = objects(&text);
    let each = |form: &dyn Fn(&[String; 4]) -> String| objects.iter().map(form).collect::<Vec<_>>();
    let one = each(&|[metric, time, value, tags]| {
        format!(r#"{{"metric":{metric},"timestamp":{time},"value":{value},"tags":{{{tags}}}}}"#)
    });
    let pretty = each(&|[metric, time, value, tags]| {
        format!(
            "  {{\n    \"tags\": {{ {tags} }},\n    \"value\": \"{value}\",\n    \"timestamp\": \"{time}\",\n    \"metric\": {metric}\n  }}"
        )
    });
    let many = each(&|[metric, time, value, tags]| {
        format!(
            r#"{{"metrics":[{metric}],"timestamp":{time},"tags":{{{tags}}},"values":[{value}]}}"#
        )
    });
    for (form, shape, text) in [
        ("lines", Shape::Lines, one.join("\n") + "\n"),
        ("lines as a stream", Shape::Stream, one.join("\n") + "\n"),
        ("lines of a PC", Shape::Lines, one.join("\r\n")),
        ("concatenated", Shape::Stream, one.concat()),
        ("an array", Shape::Stream, format!("[{}]", one.join(","))),
        ("an array over lines", Shape::Stream, format!("[\n{}\n]\n", pretty.join(",\n"))),
        ("a body a line", Shape::Stream, pretty.iter().map(|it| format!("[{it}]\n")).collect()),
        ("parallel arrays", Shape::Lines, many.join("\n")),
    ] {
        let log = read_pieces(reader(shape, 1 << 20, 0), text.as_bytes().chunks(50_000));
        assert_eq!(
            (log.problems.len(), sorted(&log).len()),
            (0, 9864),
            "{form}: {:?}",
            log.problems.first()
        );
        assert!(sorted(&log) == expected, "{form}");
    }
}

fn kinds(log: &Log) -> Vec<(ProblemKind, u64, u64)> {
    let place = |problem: &Problem| match problem.at {
        Position::Line { line, byte } => (problem.kind, line, byte),
        other => panic!("{other:?}"),
    };
    log.problems.iter().map(place).collect()
}

fn times(log: &Log) -> Vec<u64> {
    let mut times: Vec<_> = log
        .runs
        .iter()
        .flat_map(|run| run.1.iter().map(|point| point.timestamp_ms / 1000))
        .collect();
    times.sort_unstable();
    times
}

fn point(time: u32) -> String {
    format!(r#"{{"metric":"m","timestamp":{time},"value":5,"tags":{{"a":"1"}}}}"#)
}

#[test]
fn a_torn_object_costs_itself_alone() {
    let (torn, good) = (point(1), [point(2), point(3), point(4)]);
    for length in 1..torn.len() {
        let cut = &torn[..length];
        let text = format!("{cut}\n{}\n", good.join("\n"));
        for shape in SHAPES {
            let log = read(shape, text.as_bytes());
            assert_eq!(times(&log), [2, 3, 4], "{text}");
            let kind = log.problems[0].kind;
            assert!(matches!(kind, BadJson | Cut), "{text}");
            assert_eq!(
                (log.problems.len(), kinds(&log)[0].2),
                (1, 0),
                "{text}: {:?}",
                log.problems
            );
        }
        if length + 1 < torn.len() {
            let text = format!("[{cut}}},{}]", good.join(","));
            let log = read(Shape::Stream, text.as_bytes());
            assert_eq!((times(&log), log.problems.len()), (vec![2, 3, 4], 1), "{text}");
        }
    }
}

#[test]
fn what_stands_around_objects_is_checked() {
    let (a, b) = (point(1), point(2));
    for (text, expected, count) in [
        (format!("[{a},{b}]"), None, 2),
        (format!("[{a}]\n[{b}]\n[]"), None, 2),
        (format!("{a}{b}"), None, 2),
        (format!("\u{feff}{a}"), None, 1),
        (format!("[{a},{b}"), Some(Cut), 2),
        (format!("[{a},"), Some(Cut), 1),
        ("[".to_owned(), Some(Cut), 0),
        (format!("{a},{b}]"), Some(BadJson), 2),
        (format!("[{a} {b}]"), Some(BadJson), 2),
        (format!("[{a},]"), Some(BadJson), 1),
        (format!("[{a},,{b}]"), Some(BadJson), 2),
        (format!("[[{a}],{b}]"), Some(BadJson), 2),
        (format!("[null,{b}]"), Some(NoPoints), 1),
        (format!("[\"x\",{b}]"), Some(NoPoints), 1),
        (format!("[{a},1.5,{b}]"), Some(NoPoints), 2),
    ] {
        let log = read(Shape::Stream, text.as_bytes());
        assert_eq!(log.problems.first().map(|problem| problem.kind), expected, "{text}");
        assert_eq!((times(&log).len(), log.problems.len() <= 1), (count, true), "{text}");
    }
}

#[test]
fn places_are_those_of_the_whole_file() {
    let text = format!("{}\n {} x\n{}", point(1), point(2), point(3));
    let log = read_pieces(reader(Shape::Lines, 1 << 20, 5000), [text.as_bytes()]);
    let length = point(1).len() as u64;
    assert_eq!(log.runs[0].2, 5000..5000 + 2 * length + 2);
    assert_eq!(kinds(&log), [(BadJson, 2, 5000 + 2 * length + 3)]);
    assert_eq!(log.runs[1].2, 5000 + 2 * length + 5..5000 + 3 * length + 5);
}

#[test]
fn a_long_value_takes_no_memory() {
    let mut log = Log::default();
    let mut reader = reader(Shape::Stream, 100, 0);
    reader.push(point(1).as_bytes(), &mut log).unwrap();
    reader.push(b"\n{\"metric\":\"", &mut log).unwrap();
    for _ in 0..1000 {
        reader.push(&[b'x'; 1000], &mut log).unwrap();
    }
    assert!(reader.memory_bytes() < 10_000);
    reader.push(b"\"}\n", &mut log).unwrap();
    reader.push(point(3).as_bytes(), &mut log).unwrap();
    reader.finish(&mut log).unwrap();
    assert_eq!(kinds(&log), [(LineTooLong, 2, point(1).len() as u64 + 1)]);
    assert_eq!((times(&log), reader.lines()), (vec![1, 3], 2));
}

#[test]
fn a_gap_drops_the_halves_on_both_sides() {
    for shape in SHAPES {
        let mut log = Log::default();
        let mut reader = reader(shape, 1 << 20, 0);
        reader.push(format!("{}\n{{\"metric\":", point(1)).as_bytes(), &mut log).unwrap();
        reader.gap(&mut log);
        reader.push(b"\"a\":\"1\"}}\n", &mut log).unwrap();
        reader.push(point(4).as_bytes(), &mut log).unwrap();
        reader.gap(&mut log);
        reader.gap(&mut log);
        reader.finish(&mut log).unwrap();
        let length = point(1).len() as u64;
        assert_eq!(kinds(&log), [(Cut, 2, length + 1), (Cut, 2, length + 11)]);
        assert_eq!(times(&log), [1, 4]);
    }
}

#[test]
fn nesting_and_torn_lines_take_no_time() {
    let mut texts =
        vec![b"[".repeat(1 << 20), b"{\"a\":".repeat(1 << 17), b"{\"a\":[{},\n".repeat(1 << 16)];
    texts.extend([
        b"{\n".repeat(1 << 19),
        b"{\"a\":[\n{\"b\":[},\n".repeat(1 << 16),
        b"\"},{".repeat(1 << 18),
    ]);
    texts.push(
        [&b"{\"a\":[\n"[..], &b"{\"a\":[1,\n"[..].repeat(20), &b"1,".repeat(1 << 18)].concat(),
    );
    for text in texts {
        for shape in SHAPES {
            for size in [1, 1 << 16] {
                let log = read_pieces(reader(shape, 1 << 20, 0), text.chunks(size));
                assert!(log.runs.is_empty() && !log.problems.is_empty());
            }
        }
    }
}

#[test]
fn series_are_asked_for_once_and_again_when_forgotten() {
    let text: String = (0..600).map(|time| point(1_700_000_000 + time) + "\n").collect();
    let mut log = Log::default();
    let mut reader = reader(Shape::Lines, 1 << 20, 0);
    for _ in 0..2 {
        reader.push(text.as_bytes(), &mut log).unwrap();
        reader.forget_series();
    }
    assert_eq!(log.series_calls, 2);
    assert_eq!(
        log.runs.iter().map(|run| run.1.len()).collect::<Vec<_>>(),
        [256, 256, 88, 256, 256, 88]
    );
}

#[test]
fn a_field_that_always_changes_fills_no_memory() {
    let mut log = Log::default();
    let mut reader = reader(Shape::Lines, 1 << 20, 0);
    for id in 0..20_000 {
        let line = point(1_700_000_000).replacen('{', &format!("{{\"id\":{id},"), 1) + "\n";
        reader.push(line.as_bytes(), &mut log).unwrap();
    }
    assert!(reader.memory_bytes() < 1 << 20, "{}", reader.memory_bytes());
    assert_eq!(times(&log).len(), 20_000);
}
