//! Put objects, each on one line: what may be split at line ends.

use super::reader::Reader;
use super::writer::Writer;
use super::{Counts, begins_object, is_last_answer};
use crate::json::syntax::Shape;
use crate::{Access, Format, FormatReader, Limits, Score};

/// Put objects that end on the line on which they begin.
pub(crate) static FORMAT: Format = Format {
    name: "put-json-lines",
    about: "the same objects, each on a line of its own (JSON Lines)",
    extensions: &["jsonl", "ndjson"],
    example: r#"{"metric":"sys.cpu.user","timestamp":1700000000,"value":42,"tags":{"host":"web01"}}"#,
    score,
    access: Access::Stream {
        splits_at_lines: true,
        open: |options, at| Box::new(Reader::new(Shape::Lines, &options.limits, at)),
    },
    keeps_kind: true,
    write: Some(|_| Box::new(Writer::new())),
};

/// By the lines that end in the head.
fn score(head: &[u8]) -> Score {
    let mut reader = Reader::new(Shape::Lines, &Limits::default(), 0);
    let (mut good, mut bad) = (0, 0);
    let lines = head.split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n"));
    for line in lines {
        let mut counts = Counts::default();
        let read = reader.push(line, &mut counts);
        good += usize::from(read.is_ok() && counts.points > 0 && counts.faults == 0);
        bad += usize::from(counts.faults > 0);
    }
    match () {
        () if good > bad && !is_last_answer(head) => Score::Yes,
        () if good > 0 && begins_object(head) => Score::Maybe,
        () => Score::No,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POINT: &str = r#"{"metric":"m","timestamp":1,"value":5,"tags":{"a":"1"}}"#;

    #[test]
    fn lines_that_are_objects_are_sure() {
        assert_eq!(score(format!("{POINT}\n").as_bytes()), Score::Yes);
        assert_eq!(score(format!("{POINT}\r\n\n{POINT}\n{{\"metr").as_bytes()), Score::Yes);
        assert_eq!(score(format!("{POINT}\n{POINT}\nx\n").as_bytes()), Score::Yes);
    }

    #[test]
    fn what_goes_over_lines_is_not() {
        let pretty = POINT.replace(',', ",\n");
        for head in [
            POINT.to_owned(),
            format!("[{POINT},\n{POINT}]\n"),
            format!("[\n{POINT},\n{POINT}\n]\n"),
            format!("{pretty}\n{pretty}\n"),
            String::new(),
        ] {
            assert_ne!(score(head.as_bytes()), Score::Yes, "{head}");
        }
    }
}
