//! The reader against the plainest one: split at line ends, judge each line.

use std::collections::HashMap;
use std::ops::Range;

use ProblemKind::*;
use tsdbproof_core::{Hour, Loss, Point, Position, Problem, ProblemKind, Series, Tags};

use super::*;
use crate::{Limits, SeriesId};

#[derive(Debug, PartialEq, Eq, Clone)]
enum Event {
    Point(Series, Point),
    Problem(ProblemKind, Position),
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
        self.events.push(Event::Problem(problem.kind, problem.at));
        self.problems.push(problem);
    }
}

fn limits(line_bytes: usize) -> ReadOptions {
    let limits = Limits { line_bytes, ..Limits::default() };
    ReadOptions { limits, ..ReadOptions::default() }
}

fn read_pieces<'a>(pieces: impl IntoIterator<Item = &'a [u8]>, line_bytes: usize, at: u64) -> Log {
    let (mut log, mut reader) = (Log::default(), Reader::new(&limits(line_bytes), at));
    for piece in pieces {
        reader.push(piece, &mut log).unwrap();
    }
    reader.finish(&mut log).unwrap();
    log
}

fn read(text: &[u8]) -> Log {
    read_pieces([text], 1 << 20, 0)
}

/// Reads again with no state between lines.
fn judge(mut text: &[u8], line_bytes: usize) -> Vec<Event> {
    let (mut events, mut line, mut byte) = (Vec::new(), 0, 0);
    while !text.is_empty() {
        line += 1;
        let length = text.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
        let end = match length.map(|length| &text[length..]) {
            None => 0,
            Some([b'\r', b'\n', ..]) => 2,
            Some(_) => 1,
        };
        let (found, behind) = text.split_at(length.unwrap_or(text.len()));
        let mut report = |kind| events.push(Event::Problem(kind, Position::Line { line, byte }));
        match line::parse(found) {
            _ if found.len() > line_bytes => report(LineTooLong),
            Err(fault) if end == 0 && fault.kind != BlankLine => report(Cut),
            parsed => {
                if end == 0 {
                    report(NoFinalNewline);
                }
                match parsed {
                    Err(fault) => report(fault.kind),
                    Ok(line) => {
                        if line.fields.irregular {
                            report(IrregularBlanks);
                        }
                        let series = Series { metric: line.metric.to_owned(), tags: line.tags };
                        events.push(Event::Point(series, line.point));
                    }
                }
            }
        }
        byte += (found.len() + end) as u64;
        text = &behind[end..];
    }
    events
}

struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % bound
    }

    fn one_of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len())]
    }

    /// Mostly the first.
    fn mostly<'a>(&mut self, words: &[&'a str]) -> &'a str {
        if self.below(12) > 0 { words[0] } else { self.one_of(words) }
    }

    fn lines(&mut self) -> Vec<u8> {
        let mut text = String::new();
        let end = self.one_of(&["\n", "\n", "\r\n", "\r"]);
        for _ in 0..self.below(40) {
            let put = self.one_of(&["", "", "", "put "]);
            let metric = self.one_of(&["m", "m", "sys.cpu.user", "put", "mé"]);
            let time = match self.below(4) {
                0 => self.one_of(&[
                    "1",
                    "1700000000123",
                    "+1700000000",
                    "17.5",
                    "99999999999999",
                    "x",
                ]),
                _ => self.one_of(&["1700000000", "1700000060", "1700003599"]),
            };
            let value = match self.below(3) {
                0 => self.one_of(&[
                    "-1",
                    "12345678",
                    "123456789012",
                    "1e3",
                    "1.5f",
                    "NaN",
                    "+5",
                    "0.1234567890123456789",
                    "99999999999999999999",
                    "-0.0",
                    ".5",
                    "5.",
                    "97.86675529542534",
                    "1.5e",
                    "0x1p",
                ]),
                _ => self.one_of(&["5", "79.182", "42"]),
            };
            let tags = self.one_of(&[
                "h=1",
                "h=1 dc=ams",
                "dc=ams h=1",
                "h=1  h=1",
                "h=1 h=2",
                "h",
                "",
                "h=1 ",
            ]);
            let (a, b, c) =
                (self.mostly(&[" ", "  "]), self.mostly(&[" ", "   "]), self.mostly(&[" ", "  "]));
            let line = format!("{put}{metric}{a}{time}{b}{value}{c}{tags}");
            for _ in 0..1 + self.below(3) {
                text += &line;
                text += if self.below(30) > 0 {
                    end
                } else {
                    self.one_of(&["\n", "\r", "\r\n", "\n\n", ""])
                };
            }
        }
        let mut bytes = text.into_bytes();
        for _ in 0..self.below(4) {
            if !bytes.is_empty() {
                let index = self.below(bytes.len());
                match self.below(4) {
                    0 => drop(bytes.remove(index)),
                    1 => bytes.insert(index, b" \n\r=05.-e\xff\0"[self.below(11)]),
                    2 => bytes[index] = b" \n\r=05.-e\xff\0"[self.below(11)],
                    _ => bytes.truncate(index.max(bytes.len().saturating_sub(20))),
                }
            }
        }
        bytes
    }
}

#[test]
fn every_piece_size_reads_what_the_plain_judge_reads() {
    let mut random = Random(0x1234_5678_9abc_def1);
    for round in 0..4000 {
        let text = random.lines();
        let line_bytes = if round % 4 == 0 { 20 + random.below(40) } else { 1 << 20 };
        let expected = judge(&text, line_bytes);
        for size in [1, 2, 3, 7, 19, 64, 1000, 1 << 20] {
            let log = read_pieces(text.chunks(size), line_bytes, 0);
            assert_eq!(log.events, expected, "pieces of {size}: {:?}", text.as_bstr());
            for (series, points, at) in &log.runs {
                let lines = &text[at.start as usize..at.end as usize];
                let again = read_pieces([lines], line_bytes, at.start);
                let name = &log.names[series.0 as usize];
                let runs = again.runs.iter().flat_map(|(_, points, _)| points);
                assert!(runs.eq(points) && again.names == [name.clone()], "{:?}", lines.as_bstr());
            }
        }
    }
}

trait AsText {
    fn as_bstr(&self) -> String;
}

impl AsText for [u8] {
    fn as_bstr(&self) -> String {
        self.escape_ascii().to_string()
    }
}

#[test]
fn points_of_one_series_come_together_with_their_bytes() {
    let log = read(b"m 1 1 h=1\nm 2 2 h=1\n\nm 3 3 h=1\nm 3 3 h=2\n");
    let at: Vec<_> = log.runs.iter().map(|(_, points, at)| (points.len(), at.clone())).collect();
    assert_eq!(at, [(2, 0..20), (1, 21..31), (1, 31..41)]);
    assert_eq!(log.series_calls, 2);
    let many = b"m 1 1 h=1\n".repeat(600);
    assert_eq!(read(&many).runs.iter().map(|run| run.1.len()).collect::<Vec<_>>(), [256, 256, 88]);
}

#[test]
fn places_are_those_of_the_whole_file() {
    let log = read_pieces([&b"m 1 1 h=1\nx\n"[..]], 100, 5000);
    assert_eq!(log.runs[0].2, 5000..5010);
    assert_eq!(log.problems[0].at, Position::Line { line: 2, byte: 5010 });
}

#[test]
fn a_last_line_that_is_no_point_is_cut() {
    let log = read(b"m 1 1 h=1\nm 2");
    assert_eq!(log.problems[0].kind, Cut);
    assert!(log.problems[0].what.starts_with("the file ends in the middle of a line: "));
    let log = read(b"m 1 1 h=1\nm 2 2 h=1");
    assert_eq!(
        (log.problems[0].kind, log.problems.len(), log.events.len()),
        (NoFinalNewline, 1, 3)
    );
}

#[test]
fn a_line_of_many_pieces_that_is_too_long_takes_no_memory() {
    let (mut log, mut reader) = (Log::default(), Reader::new(&limits(100), 0));
    reader.push(b"m 1 1 h=1\nm 2 2 h=", &mut log).unwrap();
    for _ in 0..1000 {
        reader.push(&[b'x'; 1000], &mut log).unwrap();
    }
    assert!(reader.memory_bytes() < 10_000);
    reader.push(b"x\r", &mut log).unwrap();
    reader.push(b"\nm 3 3 h=1\n", &mut log).unwrap();
    reader.finish(&mut log).unwrap();
    assert_eq!(log.problems.len(), 1);
    assert_eq!(log.events[1], Event::Problem(LineTooLong, Position::Line { line: 2, byte: 10 }));
    assert_eq!(log.runs[1].2, 1_000_021..1_000_031);
    assert_eq!(reader.lines(), 3);
}

#[test]
fn a_gap_drops_the_half_lines_on_both_sides() {
    let (mut log, mut reader) = (Log::default(), Reader::new(&limits(100), 0));
    reader.push(b"m 1 1 h=1\nm 2 2 h=12", &mut log).unwrap();
    reader.gap(&mut log);
    reader.push(b"m 3 3 h=1", &mut log).unwrap();
    reader.push(b"\nm 4 4 h=1\n", &mut log).unwrap();
    reader.gap(&mut log);
    reader.gap(&mut log);
    reader.finish(&mut log).unwrap();
    let places: Vec<_> = log.problems.iter().map(|problem| (problem.kind, problem.at)).collect();
    let at = |line, byte| Position::Line { line, byte };
    assert_eq!(places, [(Cut, at(2, 10)), (Cut, at(3, 20))]);
    let times: Vec<_> = log.runs.iter().map(|(_, points, _)| points[0].timestamp_ms).collect();
    assert_eq!(times, [1000, 4000]);
    assert_eq!(reader.lines(), 4);
}

#[test]
fn forgotten_series_are_asked_for_again() {
    let (mut log, mut reader) = (Log::default(), Reader::new(&limits(100), 0));
    for _ in 0..2 {
        reader.push(b"m 1 1 h=1\nm 2 2 h=1\n", &mut log).unwrap();
        reader.forget_series();
    }
    assert_eq!(log.series_calls, 2);
}
