//! The reader against a printer that writes what `tsdb scan` would write of known points.

use std::ops::Range;

use tsdbproof_core::{Hour, Loss, Point, Problem, Tags, Value};

use super::*;
use crate::SeriesId;

/// A number as it is stored.
#[derive(Debug, Clone, Copy)]
enum Number {
    Byte(i8),
    Short(i16),
    Long(i64),
    Single(f32),
    Double(f64),
}

use Number::*;

impl Number {
    fn bytes(self) -> Vec<u8> {
        match self {
            Byte(number) => number.to_be_bytes().to_vec(),
            Short(number) => number.to_be_bytes().to_vec(),
            Long(number) => number.to_be_bytes().to_vec(),
            Single(number) => number.to_be_bytes().to_vec(),
            Double(number) => number.to_be_bytes().to_vec(),
        }
    }

    fn value(self) -> Value {
        match self {
            Byte(number) => Value::integer(number.into()),
            Short(number) => Value::integer(number.into()),
            Long(number) => Value::integer(number),
            Single(number) => Value::float(number.into()),
            Double(number) => Value::float(number),
        }
    }

    fn flags(self) -> u32 {
        let is_float = matches!(self, Single(_) | Double(_));
        u32::from(is_float) * 8 + self.bytes().len() as u32 - 1
    }
}

/// A point of a row: an offset, in seconds or milliseconds, and a number.
#[derive(Debug, Clone, Copy)]
struct Cell {
    offset: u32,
    is_ms: bool,
    number: Number,
}

fn s(offset: u32, number: Number) -> Cell {
    Cell { offset, is_ms: false, number }
}

fn ms(offset: u32, number: Number) -> Cell {
    Cell { offset, is_ms: true, number }
}

impl Cell {
    fn qualifier(self) -> Vec<u8> {
        match self.is_ms {
            true => (0xf000_0000 | self.offset << 6 | self.number.flags()).to_be_bytes().to_vec(),
            false => ((self.offset << 4 | self.number.flags()) as u16).to_be_bytes().to_vec(),
        }
    }

    fn offset_ms(self) -> u32 {
        if self.is_ms { self.offset } else { self.offset * 1000 }
    }

    fn point(self) -> Point {
        let timestamp_ms = u64::from(BASE_S) * 1000 + u64::from(self.offset_ms());
        Point { timestamp_ms, value: self.number.value() }
    }

    fn print(self) -> String {
        let time = u64::from(BASE_S) * if self.is_ms { 1000 } else { 1 } + u64::from(self.offset);
        let kind = if self.number.flags() & 8 == 0 { "l" } else { "f" };
        let (qualifier, value) = (java(&self.qualifier()), java(&self.number.bytes()));
        format!("{qualifier}\t{value}\t{}\t{kind}\t{time}\t({DATE})\n", self.offset)
    }
}

const BASE_S: u32 = 1_699_999_200;
const DATE: &str = "Tue Nov 14 22:00:00 UTC 2023";

fn java(bytes: &[u8]) -> String {
    let words: Vec<String> = bytes.iter().map(|byte| byte.cast_signed().to_string()).collect();
    format!("[{}]", words.join(", "))
}

fn row(host: u8) -> String {
    let key = [&[0, 0, 1][..], &BASE_S.to_be_bytes(), &[0, 0, 1, 0, 0, host]].concat();
    format!("{} sys.cpu {BASE_S} ({DATE}) {{host=web{host}}}\n", java(&key))
}

fn single(cell: Cell) -> String {
    format!("  {}", cell.print())
}

fn many(qualifier: &[u8], value: &[u8], below: &[Cell]) -> String {
    let (qualifier, value) = (java(qualifier), java(value));
    let mut text = format!("  {qualifier}\t{value} = {} values:\n", below.len());
    for cell in below {
        text += &format!("    {}", cell.print());
    }
    text
}

fn compacted(cells: &[Cell]) -> String {
    let (qualifier, value) = compacted_bytes(cells);
    many(&qualifier, &value, cells)
}

fn compacted_bytes(cells: &[Cell]) -> (Vec<u8>, Vec<u8>) {
    let qualifier = cells.iter().flat_map(|cell| cell.qualifier()).collect();
    let value = cells.iter().flat_map(|cell| cell.number.bytes()).chain([0]).collect();
    (qualifier, value)
}

fn appended(cells: &[Cell], below: &[Cell]) -> String {
    let pair = |cell: &Cell| [cell.qualifier(), cell.number.bytes()].concat();
    many(&[5, 0, 0], &cells.iter().flat_map(pair).collect::<Vec<_>>(), below)
}

/// Keeps all it is given.
#[derive(Debug, Default, PartialEq, Clone)]
struct Log {
    names: Vec<String>,
    points: Vec<(String, Point)>,
    runs: Vec<(String, Vec<Point>, Range<u64>)>,
    problems: Vec<Problem>,
}

impl PointSink for Log {
    fn series(&mut self, metric: &str, tags: &Tags) -> SeriesId {
        self.names.push(format!("{metric}{{{}}}", tags.as_str()));
        SeriesId(self.names.len() as u32 - 1)
    }

    fn points(&mut self, series: SeriesId, points: &[Point], at: Range<u64>) {
        assert!(!points.is_empty() && points.len() <= 256);
        let name = &self.names[series.0 as usize];
        self.points.extend(points.iter().map(|point| (name.clone(), *point)));
        self.runs.push((name.clone(), points.to_vec(), at));
    }

    fn loss(&mut self, _: SeriesId, _: Hour, _: Loss) {}

    fn problem(&mut self, problem: Problem) {
        self.problems.push(problem);
    }
}

impl Log {
    fn has_damage(&self) -> bool {
        self.problems.iter().any(|problem| problem.kind.weight() == Weight::Damage)
    }

    fn kinds(&self) -> Vec<ProblemKind> {
        self.problems.iter().map(|problem| problem.kind).collect()
    }

    /// The points of one row of `web1`.
    fn cells(&self) -> Vec<Point> {
        assert!(self.points.iter().all(|(name, _)| name == "sys.cpu{host=web1}"), "{self:?}");
        self.points.iter().map(|(_, point)| *point).collect()
    }
}

fn read_pieces<'a>(pieces: impl IntoIterator<Item = &'a [u8]>, line_bytes: usize, at: u64) -> Log {
    let limits = Limits { line_bytes, ..Limits::default() };
    let (mut log, mut reader) = (Log::default(), Reader::new(&limits, at));
    for piece in pieces {
        reader.push(piece, &mut log).unwrap();
    }
    reader.finish(&mut log).unwrap();
    log
}

fn read(text: impl AsRef<[u8]>) -> Log {
    read_pieces([text.as_ref()], 1 << 20, 0)
}

fn points(cells: &[Cell]) -> Vec<Point> {
    cells.iter().map(|cell| cell.point()).collect()
}

/// Two rows with each kind of column.
fn sample() -> String {
    let late = [s(0, Byte(1)), ms(500, Double(0.85)), s(7, Short(300))];
    let append = [s(60, Byte(1)), s(30, Single(4.2)), s(60, Short(-3)), ms(9, Long(1 << 40))];
    let kept = [append[3], append[1], append[2]];
    let annotation = "  [1, 0, 30]\t[123, 125]\t0\t{}\t1699999216000\t(Tue Nov 14 22:00:16)\n";
    [
        row(1),
        compacted(&late),
        annotation.to_owned(),
        "  [42, 0]\t[Not a data point]\n".to_owned(),
        single(s(200, Short(-2))),
        single(ms(3_599_999, Double(-1e300))),
        row(2),
        single(s(1, Byte(5))),
        appended(&append, &kept),
        single(s(2000, Single(0.5))),
    ]
    .concat()
}

#[test]
fn every_kind_of_column_is_read() {
    let log = read(sample());
    assert_eq!(log.kinds(), [ProblemKind::Annotation, ProblemKind::NotAPoint]);
    let first = [s(0, Byte(1)), ms(500, Double(0.85)), s(7, Short(300)), s(200, Short(-2))];
    let second = [s(1, Byte(5)), ms(9, Long(1 << 40)), s(30, Single(4.2)), s(60, Short(-3))];
    let named = |host: u8, cells: &[Cell]| {
        let name = format!("sys.cpu{{host=web{host}}}");
        cells.iter().map(|cell| (name.clone(), cell.point())).collect::<Vec<_>>()
    };
    let expected = [
        named(1, &first),
        named(1, &[ms(3_599_999, Double(-1e300))]),
        named(2, &second),
        named(2, &[s(2000, Single(0.5))]),
    ];
    assert_eq!(log.points, expected.concat());
}

#[test]
fn every_piece_size_reads_the_same() {
    let damaged = sample().replace("\t7\tl", "\t8\tl") + "Exception in thread \"main\" x\n\tat x\n";
    let stray = sample().replace("  [0, 1", "x [0, 1");
    for text in [sample(), damaged, stray, sample().replace('\n', "\r\n")] {
        for line_bytes in [40, 100, 1 << 20] {
            let whole = read_pieces([text.as_bytes()], line_bytes, 0);
            for size in 1..80 {
                let log = read_pieces(text.as_bytes().chunks(size), line_bytes, 0);
                assert_eq!(log, whole, "pieces of {size}");
            }
        }
    }
}

#[test]
fn points_are_found_again_where_they_are_said_to_be() {
    let cells: Vec<Cell> = (0..700).map(|index| s(index * 5, Short(index as i16))).collect();
    let long = row(1) + &compacted(&cells) + &row(2) + &single(s(1, Byte(1)));
    for text in [sample(), long] {
        let log = read_pieces([text.as_bytes()], 1 << 20, 5000);
        assert!(log.runs.len() >= 2);
        for (name, points, at) in &log.runs {
            let bytes = &text.as_bytes()[at.start as usize - 5000..at.end as usize - 5000];
            let again = read_pieces([bytes], 1 << 20, at.start);
            let again: Vec<_> = again.points.iter().map(|(name, point)| (name, point)).collect();
            let wanted: Vec<_> = points.iter().map(|point| (name, point)).collect();
            assert!(again.ends_with(&wanted), "{at:?}");
        }
    }
}

#[test]
fn a_cut_anywhere_but_between_columns_is_reported() {
    let text = sample();
    let whole = read(&text).points;
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let mut borders = vec![0];
    for (index, line) in lines.iter().enumerate() {
        let end: usize = lines[..=index].iter().map(|line| line.len()).sum();
        let goes_on = lines.get(index + 1).is_some_and(|next| next.starts_with("    "));
        if line.starts_with(' ') && !goes_on {
            borders.push(end);
        }
    }
    for end in 0..=text.len() {
        let log = read(&text[..end]);
        assert!(whole.starts_with(&log.points), "cut at {end}");
        let is_silent = borders.contains(&end) || borders.contains(&(end + 1));
        assert_eq!(log.has_damage(), !is_silent, "cut at {end}: {:?}", log.problems);
        let is_noted = log.kinds().contains(&ProblemKind::NoFinalNewline);
        assert!(!borders.contains(&(end + 1)) || is_noted, "cut at {end}");
    }
}

#[test]
fn a_flipped_bit_is_reported_unless_it_stands_where_nothing_is_said_twice() {
    let text = sample().into_bytes();
    let whole = read(&text).points;
    let mut alone = vec![false; text.len()];
    let mut at = 0;
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let end = at + line.len();
        let find = |byte: u8, from: usize| {
            from + text[from..].iter().position(|it| *it == byte).expect("a byte")
        };
        if line.starts_with(b"[") {
            let metric = find(b']', at) + 2;
            alone[metric..find(b' ', metric)].fill(true);
            alone[find(b'{', metric)..end - 2].fill(true);
        } else if line.starts_with(b"  [") && !line.ends_with(b"values:\n") {
            let value = find(b'\t', at) + 1;
            alone[value..find(b'\t', value)].fill(true);
        }
        at = end;
    }
    let mut unseen = 0;
    for index in 0..text.len() {
        for bit in 0..8 {
            let mut flipped = text.clone();
            flipped[index] ^= 1 << bit;
            let log = read(&flipped);
            if log.points != whole && !log.has_damage() {
                assert!(alone[index], "{}", flipped.escape_ascii());
                unseen += 1;
            }
            assert!(log.points.len() <= whole.len());
        }
    }
    assert!(unseen > 0);
}

#[test]
fn a_column_that_scan_misreads_is_read_from_its_bytes() {
    // As OpenTSDB 2.4.1 printed it: `bug05-raw.txt.gz` of the archives.
    let cells = [s(90, Short(1000)), s(150, Short(1001)), s(211, Short(1002)), s(270, Short(1003))];
    let (mut qualifier, value) = compacted_bytes(&cells);
    assert_eq!(qualifier[0], 5);
    let bytes = format!("  {}\t{}", java(&qualifier), java(&value));
    let below = "    [3, -24]\t[3]\t62\tf\t1699999262\t(x)\n    [-23, 3]\t[-22, 3, -21, 0]\t3728\tl\t1700002928\t(x)\n";
    let text = format!("{}{bytes} = 2 values:\n{below}", row(1));
    let log = read(&text);
    assert_eq!((log.cells(), log.kinds()), (points(&cells), vec![ProblemKind::Misprint]));
    let log = read(text.replace("\t62\t", "\t63\t"));
    assert_eq!((log.points.len(), log.kinds()[0]), (0, ProblemKind::Disagreement));
    // Earlier versions print it as it is.
    let log = read(row(1) + &compacted(&cells));
    assert_eq!((log.cells(), log.kinds()), (points(&cells), vec![]));
    qualifier.truncate(6);
    let log =
        read(format!("{}  {}\t{} = 2 values:\n{below}", row(1), java(&qualifier), java(&value)));
    assert!(log.has_damage() && log.problems[0].what.contains("2.4.1"), "{:?}", log.problems);
}

#[test]
fn a_point_that_scan_misreads_is_out_of_order() {
    // What 2.4.1 makes of the integer 65793 at second 90: a point of second 0.
    let log = read([row(1), single(s(60, Byte(1))), single(s(0, Short(257)))].concat());
    assert_eq!(log.kinds(), [ProblemKind::ColumnOrder]);
    assert_eq!(log.cells(), points(&[s(60, Byte(1))]));
    // What stands too late is the wrong one, and not what follows.
    let cells = [s(60, Byte(1)), s(1019, Short(9)), s(120, Byte(2)), s(180, Byte(3))];
    let text: Vec<String> = cells.iter().map(|cell| single(*cell)).collect();
    let log = read(row(1) + &text.concat());
    assert_eq!(log.kinds(), [ProblemKind::ColumnOrder]);
    assert_eq!(log.problems[0].at, Position::Line { line: 3, byte: 171 });
    assert_eq!(log.cells(), points(&[cells[0], cells[2], cells[3]]));
    // Conflicting points of an instant, a corrected length, and a second before a millisecond.
    let cells =
        [s(60, Byte(1)), s(60, Short(300)), s(60, Byte(2)), s(61, Double(0.1)), ms(5, Byte(1))];
    let text: Vec<String> = cells.iter().map(|cell| single(*cell)).collect();
    let log = read(row(1) + &text.concat());
    assert_eq!((log.cells(), log.kinds()), (points(&cells), vec![]));
}

#[test]
fn a_scan_that_died_is_told_from_one_that_ended() {
    let trace = "Exception in thread \"main\" net.opentsdb.core.IllegalDataException: x\n\tat a.b(c:1)\nCaused by: x\n\t... 2 more\n";
    let whole = row(1) + &single(s(1, Byte(1)));
    let many = compacted(&[s(1, Byte(1)), s(2, Byte(2))]);
    let (half, _) = many.split_at(many.trim_end().rfind('\n').unwrap() + 1);
    for (text, points, kinds) in [
        (whole.clone(), 1, vec![]),
        (whole.clone() + trace, 1, vec![ProblemKind::ScanDied]),
        (row(1) + trace, 0, vec![ProblemKind::ScanDied]),
        (row(1) + &whole, 1, vec![ProblemKind::ScanDied]),
        (row(1) + half, 1, vec![ProblemKind::ScanDied, ProblemKind::Cut]),
        (row(1) + half + trace, 1, vec![ProblemKind::Cut, ProblemKind::ScanDied]),
        (row(1) + half + &whole, 2, vec![ProblemKind::Cut]),
        (whole.clone() + "  [0, 1" + trace + &whole, 2, vec![ProblemKind::ScanDied; 2]),
    ] {
        let log = read(&text);
        assert_eq!((log.points.len(), log.kinds()), (points, kinds), "{text}\n{:?}", log.problems);
    }
    let log = "2026-11-22 11:17:08,785 WARN  [HBaseClient.getIP] - Slow DNS lookup!\n";
    let log = read([log, &row(1), log, &many, log].concat());
    assert_eq!((log.points.len(), log.kinds()), (2, vec![ProblemKind::LogLine; 3]));
}

#[test]
fn a_row_without_names_is_counted() {
    let lost = row(1).replace("{host=web1}", "net.opentsdb.uid.NoSuchUniqueId: No such unique ID");
    let cells = [compacted(&[s(1, Byte(1)), s(2, Byte(2))]), single(s(9, Byte(1)))].concat();
    let log = read(format!("{lost}{cells}{}{cells}", row(2)));
    assert_eq!((log.points.len(), log.kinds()), (3, vec![ProblemKind::UnresolvedNames]));
    assert!(log.problems[0].what.ends_with("; 3 points up to the next row left out"));
    assert_eq!(log.problems[0].at, Position::Line { line: 1, byte: 0 });
    let log = read(format!("{cells}{}{cells}", row(2)));
    assert_eq!((log.points.len(), log.kinds()), (3, vec![ProblemKind::BadRow]));
}

#[test]
fn a_gap_leaves_out_all_up_to_the_next_row() {
    let (mut log, mut reader) = (Log::default(), Reader::new(&Limits::default(), 0));
    reader.push((row(1) + &single(s(1, Byte(1))) + "  [0, 3").as_bytes(), &mut log).unwrap();
    reader.gap(&mut log);
    reader.push(b"web2}\n", &mut log).unwrap();
    reader
        .push((single(s(2, Byte(1))) + &row(3) + &single(s(3, Byte(1)))).as_bytes(), &mut log)
        .unwrap();
    reader.gap(&mut log);
    reader.gap(&mut log);
    reader.finish(&mut log).unwrap();
    assert_eq!(log.kinds(), [ProblemKind::Cut, ProblemKind::Cut]);
    assert!(log.problems[1].what.ends_with("; 1 point up to the next row left out"));
    assert_eq!(log.points.len(), 2);
    assert_eq!(reader.lines(), 7);
}

#[test]
fn a_line_that_is_too_long_takes_no_memory() {
    let limits = Limits { line_bytes: 200, ..Limits::default() };
    let (mut log, mut reader) = (Log::default(), Reader::new(&limits, 0));
    reader.push((row(1) + &single(s(1, Byte(1))) + "  [").as_bytes(), &mut log).unwrap();
    for _ in 0..1000 {
        reader.push(&[b'1'; 1000], &mut log).unwrap();
    }
    assert!(reader.memory_bytes() < 10_000);
    reader.push(b"\n", &mut log).unwrap();
    reader
        .push((single(s(2, Byte(1))) + &row(2) + &single(s(3, Byte(1)))).as_bytes(), &mut log)
        .unwrap();
    reader.finish(&mut log).unwrap();
    assert_eq!(log.kinds(), [ProblemKind::LineTooLong]);
    assert_eq!((log.points.len(), reader.lines()), (2, 6));
}

#[test]
fn forgotten_series_are_asked_for_again() {
    let (mut log, mut reader) = (Log::default(), Reader::new(&Limits::default(), 0));
    let cells: Vec<Cell> = (0..600).map(|index| s(index, Byte(1))).collect();
    let text = row(1) + &compacted(&cells);
    for piece in text.as_bytes().chunks(7) {
        reader.push(piece, &mut log).unwrap();
        reader.forget_series();
    }
    reader.finish(&mut log).unwrap();
    assert_eq!((log.cells().len(), log.names.len()), (600, 3));
}
