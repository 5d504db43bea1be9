//! Put objects: what `/api/put` takes, as one object, an array, a stream or lines.
//!
//! | part | what it is |
//! | --- | --- |
//! | point | `{"metric":…,"timestamp":…,"value":…,"tags":{…}}`, its fields in any order |
//! | points | `{"metrics":[…],"timestamp":…,"tags":{…},"values":[…]}`: a point for each pair |
//! | file | objects one behind the other, in arrays or not, blanks and line ends between them |
//! | time, value | numbers, also in quotes: digest-v1, "Points"; below 2^32 a time counts seconds |
//! | names | text without control characters; numbers and booleans as they are spelled |
//!
//! Other fields are passed over. A field of a point twice with other text is a problem and no point,
//! though OpenTSDB takes the last: who wrote both can't be asked. A time with a fraction or an
//! exponent counts if it is a whole number; OpenTSDB cuts any other.
//!
//! A place is the line and the byte of the object itself. What is broken is passed over up to an
//! object at the start of a line or behind `},`.
//!
//! Source: OpenTSDB 2.4.1 `tsd/PutDataPointRpc.java`, `core/IncomingDataPoint.java`; RFC 8259.

pub(crate) mod lines;
mod object;
mod output;
mod reader;
mod templates;
mod writer;

use std::ops::Range;

use tsdbproof_core::{Hour, Loss, Point, Problem, ProblemKind, Tags, Weight};

use self::reader::Reader;
use crate::json::syntax::Shape;
use crate::{Access, Format, FormatReader, Limits, PointSink, Score, SeriesId};

/// Put objects in any arrangement.
pub(crate) static FORMAT: Format = Format {
    name: "put-json",
    about: "JSON objects as /api/put takes them, also in arrays, or with parallel arrays of metrics and values",
    extensions: &["json"],
    example: r#"[{"metric":"sys.cpu.user","timestamp":1700000000,"value":42,"tags":{"host":"web01"}}]"#,
    score,
    access: Access::Stream {
        splits_at_lines: false,
        open: |options, at| Box::new(Reader::new(Shape::Stream, &options.limits, at)),
    },
    keeps_kind: true,
    write: None,
};

/// By the objects themselves: half of them good is enough, for a backup may be damaged.
fn score(head: &[u8]) -> Score {
    let mut counts = Counts::default();
    let mut reader = Reader::new(Shape::Stream, &Limits::default(), 0);
    // What is open at the end of the head is cut, and no fault.
    let read = reader.push(head, &mut counts);
    match () {
        () if is_last_answer(head) && counts.points > 0 => Score::Maybe,
        () if read.is_ok() && counts.points > 0 && counts.points >= counts.faults => Score::Yes,
        () if counts.points > 0 || counts.answers > 0 => Score::Maybe,
        () if begins_object(head) => Score::Maybe,
        () => Score::No,
    }
}

/// Whether no more than the beginning of a large or damaged object is to be seen.
fn begins_object(head: &[u8]) -> bool {
    let holds = |word: &[u8]| memchr::memmem::find(head, word).is_some();
    let first = head.iter().find(|byte| !byte.is_ascii_whitespace());
    matches!(first, Some(b'{' | b'['))
        && holds(b"\"metric")
        && !holds(b"\"dps\"")
        && !holds(b"\"aggregateTags\"")
}

/// Whether these may be answers of `/api/query/last`: such points too, but no backup.
fn is_last_answer(head: &[u8]) -> bool {
    memchr::memmem::find(head, b"\"tsuid\"").is_some()
}

/// Counts what a reader finds.
#[derive(Debug, Default)]
struct Counts {
    points: usize,
    faults: usize,
    /// Of these, what OpenTSDB answered to a put.
    answers: usize,
}

impl PointSink for Counts {
    fn series(&mut self, _: &str, _: &Tags) -> SeriesId {
        SeriesId(0)
    }

    fn points(&mut self, _: SeriesId, points: &[Point], _: Range<u64>) {
        self.points += points.len();
    }

    fn loss(&mut self, _: SeriesId, _: Hour, _: Loss) {}

    fn problem(&mut self, problem: Problem) {
        self.faults += usize::from(problem.kind.weight() == Weight::Damage);
        let is_answer =
            !problem.what.contains("/api/query") && !problem.what.starts_with("no object");
        self.answers += usize::from(problem.kind == ProblemKind::NoPoints && is_answer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_of_points_are_sure() {
        for head in [
            &br#"{"metric":"m","timestamp":1,"value":5,"tags":{"a":"1"}}"#[..],
            br#" [ {"tags":{"a":"1"},"metric":"m","timestamp":1,"value":"5"}, {"metric":"m"#,
            b"\xef\xbb\xbf{\"metric\":\"m\",\"timestamp\":1,\"value\":5,\"tags\":{\"a\":\"1\"}}\n",
            br#"{"metrics":["m"],"timestamp":1,"tags":{"a":"1"},"values":[5]}"#,
        ] {
            assert_eq!(score(head), Score::Yes, "{}", head.escape_ascii());
        }
    }

    #[test]
    fn what_may_be_damaged_may_be_put_objects() {
        for head in [
            &br#"[{"metric":"m","timest"#[..],
            br#"{"metrics":["a","b","c"#,
            br#"{"failed":0,"success":2}"#,
            br#"[{"metric":"m","timestamp":1,"value":"5","tags":{"a":"1"},"tsuid":"01"}]"#,
            br#"{"error":{"code":400,"message":"No datapoints found in content"}}"#,
        ] {
            assert_eq!(score(head), Score::Maybe, "{}", head.escape_ascii());
        }
    }

    #[test]
    fn other_json_and_other_files_are_not_put_objects() {
        for head in [
            &b""[..],
            b"[]",
            b"{}",
            b"m 1700000000 5 a=1\n",
            br#"[{"metric":"m","tags":{"a":"1"},"aggregateTags":[],"dps":{"1":5}}]"#,
            br#"[{"metric":"m","tags":{"a":"1"},"aggregateTags":[],"dps":{"1":5,"#,
            br#"{"name":"tsdbproof","version":"1"}"#,
            &[0; 4096],
        ] {
            assert_eq!(score(head), Score::No, "{}", head.escape_ascii());
        }
    }
}
