//! Cut, changed, huge and broken answers.

use super::*;

/// A small answer of two series.
fn small() -> String {
    let one = series(A, r#"{"1699999200":1,"1699999260":2.5,"1699999320":3}"#);
    let two = series(B, "[[1699999200,1],[1699999260,2.5],[1699999320,3]]");
    format!("[{one},{two},{}]", series(r#""h":"c""#, r#"{"1699999200":7}"#))
}

#[test]
fn a_cut_costs_what_is_behind_it() {
    let text = small();
    let whole = read(&text);
    for length in 1..text.len() {
        let log = read(&text[..length]);
        assert_eq!(log.kinds(), [Cut], "{}", &text[..length]);
        assert!(whole.points.starts_with(&log.points), "{}", &text[..length]);
    }
    assert_eq!((whole.points.len(), whole.kinds()), (7, vec![]));
}

#[test]
fn a_turned_byte_costs_little_and_never_goes_unseen() {
    let text = small();
    let whole = read(&text);
    let mut failed = Vec::new();
    for at in 0..text.len() {
        for byte in 0..=255 {
            let mut bytes = text.clone().into_bytes();
            if bytes[at] == byte {
                continue;
            }
            bytes[at] = byte;
            let log = read_with(&asked(), 0, bytes.chunks(11));
            let shown = bytes.escape_ascii();
            let known = log.points.iter().filter(|point| whole.points.contains(point)).count();
            // A digit or a letter that became another can't be seen; nothing else gets lost so.
            if log.problems.is_empty() {
                assert_eq!(log.points.len(), 7, "{shown}");
            }
            // Points of one series at the most are no more what they were, unless the first time of
            // all says that the answer counts milliseconds.
            let lost = whole.points.iter().filter(|point| !log.points.contains(point));
            let hurt: BTreeSet<&String> = lost.map(|(name, _)| name).collect();
            let first = text.find("1699").unwrap();
            let is_first_time = (first..first + 10).contains(&at);
            if !is_first_time && (hurt.len() > 1 || known + 3 < log.points.len()) {
                failed.push(format!("{shown}\n  {hurt:?} {:?}", log.problems));
            }
        }
    }
    assert!(failed.is_empty(), "{} times:\n{}", failed.len(), failed.join("\n"));
}

#[test]
fn a_large_answer_takes_little_memory() {
    for unit in ["", "000"] {
        let mut reader = Reader::new(&asked(), 0);
        let mut count = Count::default();
        let head = series(A, "{");
        reader.push(head.strip_suffix('}').unwrap().as_bytes(), &mut count).unwrap();
        for second in 0..200_000 {
            let pair = format!(
                "{}\"{}{unit}\":{second}",
                ["", ","][usize::from(second > 0)],
                1_600_000_000 + second
            );
            reader.push(pair.as_bytes(), &mut count).unwrap();
            assert!(reader.memory_bytes() < 16 << 10, "{}", reader.memory_bytes());
        }
        reader.push(b"}}", &mut count).unwrap();
        reader.finish(&mut count).unwrap();
        assert_eq!((count.points, count.problems), (200_000, 0));
    }
}

/// Counts alone.
#[derive(Debug, Default)]
struct Count {
    points: usize,
    problems: usize,
}

impl PointSink for Count {
    fn series(&mut self, _: &str, _: &Tags) -> SeriesId {
        SeriesId(0)
    }

    fn points(&mut self, _: SeriesId, points: &[Point], _: Range<u64>) {
        self.points += points.len();
    }

    fn loss(&mut self, _: SeriesId, _: Hour, _: Loss) {}

    fn problem(&mut self, _: Problem) {
        self.problems += 1;
    }
}

#[test]
fn broken_text_comes_to_an_end_in_time() {
    let header = series(A, "{").strip_suffix('}').unwrap().to_owned();
    let array = series(A, "[").strip_suffix('}').unwrap().to_owned();
    for tail in ["{", "[", "\"", "\",", "[[1,", ",\"1\":[", "{\"a\":", "},{", "]", "[1,\"", "1,"] {
        for head in ["", &header, &array] {
            let text = format!("{head}{}", tail.repeat(1 << 17));
            for size in [1, 1 << 16] {
                let log = read_with(&asked(), 0, text.as_bytes().chunks(size));
                assert!(log.points.is_empty() && !log.problems.is_empty(), "{head}{tail}");
            }
        }
    }
}

#[test]
fn a_gap_drops_the_object_that_it_hits() {
    let mut reader = Reader::new(&asked(), 0);
    let mut log = Log::default();
    let text = small();
    let (before, behind) = text.split_once("\"1699999260\"").unwrap();
    reader.push(before.as_bytes(), &mut log).unwrap();
    reader.gap(&mut log);
    reader.push(behind.as_bytes(), &mut log).unwrap();
    reader.finish(&mut log).unwrap();
    assert_eq!(log.kinds(), [Cut, Cut]);
    assert_eq!(
        log.points.iter().map(|point| point.0.as_str()).collect::<Vec<_>>(),
        ["m{h=a}", "m{h=b}", "m{h=b}", "m{h=b}", "m{h=c}"]
    );
}

#[test]
fn places_of_problems_are_bytes_of_the_file() {
    let text = format!("\n\n{}", series(A, r#"{"1699999200":1,"1699999260":x}"#));
    let log = read(&text);
    let byte = text.find('x').unwrap() as u64;
    assert_eq!(log.problems[0].at, Position::Line { line: 3, byte });
    assert_eq!((log.kinds(), log.points.len()), (vec![BadJson], 1));
}

#[test]
fn series_are_named_again_when_they_are_forgotten() {
    let mut reader = Reader::new(&asked(), 0);
    let mut log = Log::default();
    for piece in small().as_bytes().chunks(30) {
        reader.push(piece, &mut log).unwrap();
        reader.forget_series();
        // What was known of them is gone.
        log.points.iter_mut().for_each(|point| point.0.push('!'));
        log.names.clear();
    }
    reader.finish(&mut log).unwrap();
    assert_eq!(log.points.len(), 7);
    assert!(log.points.iter().all(|point| point.0.starts_with("m{h=")));
}
