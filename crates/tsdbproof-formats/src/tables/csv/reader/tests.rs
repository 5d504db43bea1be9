//! The reader against itself: pieces, cuts and flips; and what each fault costs.

use std::collections::BTreeSet;

use tsdbproof_core::{Point, Position, ProblemKind, Series};

use super::super::{FORMAT, tsv};
use crate::writing::testing::{Read, open, read_pieces};
use crate::{Format, Limits, ReadOptions, TimeUnit};

/// Points with their series.
type Found = BTreeSet<(Series, Point)>;

fn points(read: &Read) -> Found {
    let all = read.points.iter();
    all.flat_map(|(series, points)| points.iter().map(|point| (series.clone(), *point))).collect()
}

fn read_with(format: &Format, text: &[u8], piece: usize, options: &ReadOptions) -> Read {
    read_pieces(format, text.chunks(piece.max(1)), options).unwrap()
}

fn read(text: &[u8]) -> Read {
    read_with(&FORMAT, text, text.len(), &ReadOptions::default())
}

fn kinds(read: &Read) -> Vec<(ProblemKind, u64, u64)> {
    let place = |at: Position| match at {
        Position::Line { line, byte } => (line, byte),
        other => panic!("{other} is no place in text"),
    };
    let problems = read.problems.iter();
    problems.map(|it| (it.kind, place(it.at).0, place(it.at).1)).collect()
}

fn shown(read: &Read) -> Vec<String> {
    let one = |(series, point): (Series, Point)| {
        format!("{series} {} {}", point.timestamp_ms, point.value)
    };
    points(read).into_iter().map(one).collect()
}

/// A byte order mark, each line end, quotes where none are needed, and a line end between quotes.
const SOUND: &[u8] = b"\xef\xbb\xbfmetric,time,value,host,dc,\"tag\"\"q\"\r\n\
    m,1700000000,1,web01,ams,\r\n\
    \"m\",1700000060,2.5,\"web01\",ams,\n\
    m,1700000120000,-3e-7,web02,,\"a\"\"b\"\r\n\
    \"n,n\",2023-11-14 22:13:20Z,4,\"web,02\",ams,x\n\
    m,1700000180,5,web01,ams,\n";

#[test]
fn every_form_of_a_cell_is_read() {
    let found = read(SOUND);
    assert_eq!(kinds(&found), []);
    let expected = [
        "m{dc=ams,host=web01} 1700000000000 1",
        "m{dc=ams,host=web01} 1700000060000 2.5",
        "m{dc=ams,host=web01} 1700000180000 5",
        "m{host=web02,tag\"q=a\"b} 1700000120000 -3e-7",
        "n,n{dc=ams,host=web\\,02,tag\"q=x} 1700000000000 4",
    ];
    assert_eq!(shown(&found), expected);
}

#[test]
fn pieces_of_any_size_give_the_same() {
    let damaged = [SOUND, b"m,1,\"2\n", SOUND, b"m,1\n\n\"a\nb\",1,2,c,d,e\n", SOUND].concat();
    // The same between semicolons, where the header has quotes that no comma follows.
    let semicolons = str::from_utf8(SOUND).unwrap().replace(',', ";");
    let semicolons = semicolons.replacen("metric", "\"metric\"", 1).into_bytes();
    for text in [SOUND, &semicolons, &damaged, &damaged[..damaged.len() - 3]] {
        let options = ReadOptions {
            limits: Limits { line_bytes: 80, ..Limits::default() },
            ..ReadOptions::default()
        };
        let whole = read_with(&FORMAT, text, text.len(), &options);
        for piece in 1..60 {
            let parts = read_with(&FORMAT, text, piece, &options);
            assert_eq!(parts.problems, whole.problems, "{piece}");
            assert!(parts.points == whole.points && parts.lines == whole.lines, "{piece}");
        }
    }
}

#[test]
fn a_cut_anywhere_is_told_and_costs_one_record() {
    let (whole, header) =
        (points(&read(SOUND)), SOUND.iter().position(|byte| *byte == b'\n').unwrap());
    for length in 0..SOUND.len() {
        let Ok(cut) = read_pieces(&FORMAT, [&SOUND[..length]], &ReadOptions::default()) else {
            assert!(length < header, "{length}");
            continue;
        };
        let found = points(&cut);
        let records =
            SOUND[..length].iter().filter(|byte| **byte == b'\n').count().saturating_sub(1);
        assert!(found.intersection(&whole).count() >= records, "{length}");
        let is_at_end = length > 0 && SOUND[length - 1] == b'\n';
        assert_eq!(cut.problems.is_empty(), is_at_end, "{length}");
        assert!(found.len() <= records + usize::from(!is_at_end), "{length}");
    }
}

#[test]
fn a_changed_byte_costs_its_record_or_the_next_too() {
    let text = SOUND;
    let whole = points(&read(text));
    let header = text.iter().position(|byte| *byte == b'\n').unwrap();
    let mut silent = 0;
    for at in 0..text.len() {
        for byte in [text[at] ^ 1, text[at] ^ 0x80, b'"', b',', b'\n', b'\r', 0] {
            let mut changed = text.to_vec();
            changed[at] = byte;
            let whole_read = read_pieces(&FORMAT, [&changed[..]], &ReadOptions::default());
            let pieces = read_pieces(&FORMAT, changed.chunks(7), &ReadOptions::default());
            let (Ok(found), Ok(pieces)) = (whole_read, pieces) else {
                assert!(at <= header, "only a header ends a job");
                continue;
            };
            assert_eq!(found.problems, pieces.problems);
            if at > header && byte != text[at] {
                let lost = whole.difference(&points(&found)).count();
                assert!(lost <= 2, "{at} {byte}: {lost} points lost");
                silent += usize::from(lost > 0 && found.problems.is_empty());
            }
        }
    }
    // A digit or a letter that becomes another is another point: no format of text can tell.
    assert!(silent > 0);
}

#[track_caller]
fn check(text: &str, problems: &[(ProblemKind, u64, u64)], points: usize) -> Read {
    let found = read(text.as_bytes());
    assert_eq!(kinds(&found), problems, "{text}");
    assert_eq!(shown(&found).len(), points, "{text}");
    found
}

const HEADER: &str = "metric,ts,value,host\n";

#[test]
fn each_fault_has_its_kind_and_place_and_costs_its_row() {
    use ProblemKind::*;
    for (row, kind, offset) in [
        ("m,1,5", RaggedRow, 0),
        ("m,1,5,a,b", RaggedRow, 0),
        ("m,,5,a", MissingField, 0),
        (",1,5,a", MissingField, 0),
        ("m,1,,a", MissingField, 0),
        ("m,1,5,", MissingTags, 0),
        ("m,x,5,a", BadTime, 0),
        ("m,4294967296000,5,a", TimeOutOfRange, 0),
        ("m,1,NaN,a", BadValue, 0),
        ("m,1, 5,a", BadValue, 0),
        ("m,1,1e999,a", ValueOutOfRange, 0),
        ("m\u{1},1,5,a", BadCharacter, 0),
        ("m,1,5,\"a\tb\"", BadCharacter, 0),
        ("m,1,5,a\"b\"", BadQuotes, 7),
        ("m,1,5,\"a\"b", BadQuotes, 9),
        ("m,1,5, \"a\"", BadQuotes, 7),
        ("", BlankLine, 0),
    ] {
        let text = format!("{HEADER}m,1,1,a\n{row}\nm,2,1,a\n");
        check(&text, &[(kind, 3, 29 + offset)], 2);
    }
    let no_utf8 = [HEADER.as_bytes(), b"m,1,5,\xff\nm,1,5,a\n"].concat();
    assert_eq!(kinds(&read(&no_utf8)), [(BadUtf8, 2, 21)]);
}

#[test]
fn a_lost_quote_costs_its_line() {
    use ProblemKind::*;
    // The next quote closes it, and more is behind that.
    let text = format!("{HEADER}m,1,5,\"a\nm,2,5,b\nm,3,5,\"c\"\nm,4,5,d\n");
    check(&text, &[(BadQuotes, 4, 45)], 3);
    // The next quote closes it at the end of a line.
    let text = format!("{HEADER}m,1,5,\"a\nm,2,5,b\nm,3,5,c\"\nm,4,5,d\n");
    let found = check(&text, &[(BadCharacter, 2, 21), (BadQuotes, 4, 45)], 2);
    assert!(found.problems[0].what.ends_with("quotes took 3 lines together"));
    // No quote is behind it.
    let text = format!("{HEADER}m,1,5,\"a\nm,2,5,b\nm,3,5,c\n");
    check(&text, &[(Cut, 2, 21)], 2);
    // A line end between quotes is fine where nothing is read.
    let text = format!("note,{HEADER}\"a\nb\",m,1,5,tag\nx,m,2,5,tag\n").replace("host", "tag_h");
    check(&text, &[(UnreadColumn, 1, 0)], 2);
}

#[test]
fn a_record_beyond_the_limit_is_passed_over() {
    let options = ReadOptions {
        limits: Limits { line_bytes: 40, ..Limits::default() },
        ..ReadOptions::default()
    };
    for (long, lost) in
        [("x".repeat(100), 1), (format!("\"{}\n{}\"", "x".repeat(30), "y".repeat(100)), 2)]
    {
        let text = format!("{HEADER}m,1,5,a\nm,2,5,{long}\nm,3,5,a\n");
        for piece in [1, 7, 1000] {
            let found = read_with(&FORMAT, text.as_bytes(), piece, &options);
            assert_eq!(found.problems[0].kind, ProblemKind::LineTooLong);
            assert_eq!((found.problems.len(), shown(&found).len()), (lost, 2), "{long} {piece}");
        }
    }
    let header = format!("metric,{}", "x".repeat(100));
    let error = read_pieces(&FORMAT, header.as_bytes().chunks(9), &options).unwrap_err();
    assert!(error.to_string().starts_with("line 1 (byte 0): no header"), "{error}");
}

/// What is read of pieces with lost bytes between them.
fn read_with_gaps(pieces: &[&str]) -> (Vec<ProblemKind>, usize) {
    let (mut reader, mut found) = (open(&FORMAT, &ReadOptions::default()), Read::default());
    for (index, piece) in pieces.iter().enumerate() {
        if index > 0 {
            reader.gap(&mut found);
        }
        reader.push(piece.as_bytes(), &mut found).unwrap();
    }
    reader.finish(&mut found).unwrap();
    (found.problems.iter().map(|it| it.kind).collect(), points(&found).len())
}

#[test]
fn records_go_on_behind_lost_bytes() {
    use ProblemKind::Cut;
    let begun = format!("{HEADER}m,1,5,a\nm,2");
    assert_eq!(read_with_gaps(&[&begun, "5,a\nm,3,5,a\n"]), (vec![Cut, Cut], 2));
    let quoted = format!("{HEADER}m,1,5,\"a\nm,2,5,b\nm,");
    assert_eq!(read_with_gaps(&[&quoted, "x\nm,3,5,a\n"]), (vec![Cut, Cut, Cut], 2));
    let whole = format!("{HEADER}m,1,5,a\n");
    assert_eq!(read_with_gaps(&[&whole, "x", "\nm,3,5,a\n"]), (vec![Cut, Cut], 2));
    assert_eq!(read_with_gaps(&["metric,ti", "m,1,5,a\n", "m,2,5,a\n"]), (vec![Cut], 0));
}

#[test]
fn a_file_without_a_header_or_of_one_alone_is_told() {
    check("", &[(ProblemKind::Cut, 1, 0)], 0);
    check("\u{feff}metric,ts,value,host", &[(ProblemKind::NoFinalNewline, 1, 0)], 0);
    check(HEADER, &[], 0);
    // An index of rows has no name.
    check(",metric,ts,value,host\n0,m,1,5,a\n", &[(ProblemKind::UnreadColumn, 1, 0)], 1);
    let error = |text: &str| {
        read_pieces(&FORMAT, [text.as_bytes()], &ReadOptions::default()).unwrap_err().to_string()
    };
    assert!(error("a;b;c,d\n1;2;3\n").contains("found the columns \"a\", \"b\", \"c,d\""));
    assert!(error("metric,ts,value,host\"\n").contains("a quote inside a cell"));
    assert!(error("metric,ts,value,\"host\n").contains("no header"));
    assert!(error("\n").contains("--columns"));
}

#[test]
fn options_say_what_a_header_does_not() {
    let text = b"when;what;how much\n1700000000;cpu;5\n1700000000000;mem;6\n";
    let columns =
        crate::Columns::parse("metric=what,timestamp=when,value=how much,tag.dc='ams'").unwrap();
    let mut options = ReadOptions { columns, ..ReadOptions::default() };
    let found = read_with(&FORMAT, text, 100, &options);
    let expected = ["cpu{dc=ams} 1700000000000 5", "mem{dc=ams} 1700000000000 6"];
    assert_eq!(shown(&found), expected);
    options.unit = Some(TimeUnit::Milliseconds);
    assert_eq!(shown(&read_with(&FORMAT, text, 100, &options))[0], "cpu{dc=ams} 1700000000 5");
}

#[test]
fn tabs_and_one_column_of_tags_are_read() {
    let text = b"name\ttime_ms\tval\ttags\nm\t1700000000000\t5\thost=a,dc=b\nm\t5\t6\t\"{dc=b, host=a}\"\n";
    let found = read_with(&tsv::FORMAT, text, 100, &ReadOptions::default());
    let expected = ["m{dc=b,host=a} 5 6", "m{dc=b,host=a} 1700000000000 5"];
    assert_eq!((kinds(&found), shown(&found)), (vec![], expected.map(str::to_owned).to_vec()));
}

#[test]
fn two_columns_of_values_tell_one_number() {
    let text = "metric,ts,value_int,value_float,host\nm,1,5,,a\nm,2,,0.5,a\nm,3,5,5.0,a\nm,4,5,6.0,a\nm,5,,,a\n";
    let problems = [(ProblemKind::Disagreement, 5, 69), (ProblemKind::MissingField, 6, 81)];
    check(text, &problems, 3);
}
