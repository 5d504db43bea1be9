//! One line, judged by the plain grammar.
//!
//! ```text
//! line = metric blanks time blanks value *( blanks key "=" value ) *blank
//! line = "put" blanks line          if the fourth word holds no "="
//! ```
//!
//! Source: OpenTSDB 2.4.1 `tools/TextImporter.java`, `importFile`; `tsd/PutDataPointRpc.java`;
//! `core/Tags.java`, `parse`.

use std::ops::Range;

use memchr::memchr;
use tsdbproof_core::{Point, ProblemKind, Tags, TagsError, quote};

use crate::number::{self, Fault};

/// A line that holds a point.
#[derive(Debug)]
pub(super) struct Line<'a> {
    pub(super) metric: &'a str,
    pub(super) tags: Tags,
    pub(super) point: Point,
    pub(super) fields: Fields,
}

/// Where the fields of a line lie in it; the tags are what is behind the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fields {
    pub(super) metric: Range<usize>,
    pub(super) time: Range<usize>,
    pub(super) value: Range<usize>,
    /// Blanks stand where `tsdb import` takes none: before the metric, or two in a row before the value.
    pub(super) irregular: bool,
    is_put: bool,
}

/// The line of this text, which is without its end.
pub(super) fn parse(text: &[u8]) -> Result<Line<'_>, Fault> {
    let names = checked_characters(text)?;
    if text.iter().all(|byte| *byte == b' ') {
        let what = "a blank line, which `tsdb import` refuses";
        return Err(Fault::new(ProblemKind::BlankLine, what));
    }
    let Some(fields) = Fields::cut(text) else {
        let what = format!("a line without a time or a value; found {}", quote(text));
        return Err(Fault::new(ProblemKind::MissingField, what + EXPECTED_LINE));
    };
    let point = fields.point(text)?;
    let metric = names.get(fields.metric.clone()).unwrap_or_default();
    let tags = parse_tags(names.get(fields.value.end..).unwrap_or_default())?;
    Ok(Line { metric, tags, point, fields })
}

const EXPECTED_LINE: &str = ", expected metric time value tag=value …";

/// The text, if it is UTF-8 without control characters.
fn checked_characters(text: &[u8]) -> Result<&str, Fault> {
    if let Some(index) = text.iter().position(u8::is_ascii_control) {
        let byte = part(text, &(index..index + 1));
        let hint = if byte == [0] { "; blocks of NULs come from torn writes" } else { "" };
        let what = format!(
            "a control character at byte {index} of the line; found {}, expected text{hint}",
            quote(byte)
        );
        return Err(Fault::new(ProblemKind::BadCharacter, what));
    }
    str::from_utf8(text).map_err(|error| {
        let index = error.valid_up_to();
        let bytes = part(text, &(index..text.len().min(index + 4)));
        let what =
            format!("no UTF-8 at byte {index} of the line; found {}, expected UTF-8", quote(bytes));
        Fault::new(ProblemKind::BadUtf8, what)
    })
}

impl Fields {
    /// The fields and the point of a line that holds one, but for its tags.
    pub(super) fn with_point(text: &[u8]) -> Option<(Self, Point)> {
        Self::with_plain_point(text).or_else(|| {
            let fields = Self::cut(text)?;
            let point = fields.point(text).ok()?;
            Some((fields, point))
        })
    }

    /// The same of a line with single blanks and numbers that are read fast.
    fn with_plain_point(text: &[u8]) -> Option<(Self, Point)> {
        let metric = 0..memchr(b' ', text)?;
        let is_other = metric.is_empty() || part(text, &metric) == b"put";
        let (_, rest) = text.split_at_checked(metric.end + 1).filter(|_| !is_other)?;
        let (timestamp_ms, rest) = number::leading_timestamp_ms(rest)?;
        let time = metric.end + 1..text.len() - rest.len();
        let (value, rest) = number::leading_value(rest.strip_prefix(b" ")?)?;
        let place = time.end + 1..text.len() - rest.len();
        let fields = Fields { metric, time, value: place, irregular: false, is_put: false };
        rest.starts_with(b" ").then_some((fields, Point { timestamp_ms, value }))
    }

    /// The fields of a line that has words enough.
    pub(super) fn cut(text: &[u8]) -> Option<Self> {
        let first = word(text, 0)?;
        let second = word(text, first.end)?;
        let third = word(text, second.end)?;
        let put_value = Some(&first)
            .filter(|first| part(text, first) == b"put")
            .and_then(|_| word(text, third.end))
            .filter(|word| !part(text, word).contains(&b'='));
        let gap = |left: &Range<usize>, right: &Range<usize>| right.start - left.end > 1;
        let irregular = first.start > 0 || gap(&first, &second) || gap(&second, &third);
        Some(match put_value {
            None => Fields { metric: first, time: second, value: third, irregular, is_put: false },
            Some(value) => {
                let irregular = irregular || gap(&third, &value);
                Fields { metric: second, time: third, value, irregular, is_put: true }
            }
        })
    }

    /// The point of the line of this text.
    pub(super) fn point(&self, text: &[u8]) -> Result<Point, Fault> {
        let time = part(text, &self.time);
        let timestamp_ms = number::timestamp_ms(time).map_err(|fault| self.explain(fault, time))?;
        Ok(Point { timestamp_ms, value: number::value(part(text, &self.value))? })
    }

    /// Adds what OpenTSDB makes of a time with dots in it.
    fn explain(&self, mut fault: Fault, time: &[u8]) -> Fault {
        let whole: Vec<u8> = time.iter().copied().filter(|byte| *byte != b'.').collect();
        if whole.len() < time.len() && !self.is_put {
            fault.what += "; `tsdb import` refuses it";
        } else if whole.len() < time.len()
            && let Ok(stored_ms) = number::timestamp_ms(&whole)
        {
            fault.what += &format!("; OpenTSDB drops dots and would store {stored_ms} ms");
        }
        fault
    }
}

fn part<'a>(text: &'a [u8], range: &Range<usize>) -> &'a [u8] {
    text.get(range.clone()).unwrap_or_default()
}

/// Where the first word at or behind `from` lies.
fn word(text: &[u8], from: usize) -> Option<Range<usize>> {
    let blanks = text.get(from..)?.iter().position(|byte| *byte != b' ')?;
    let start = from + blanks;
    let rest = text.get(start..)?;
    Some(start..start + memchr(b' ', rest).unwrap_or(rest.len()))
}

fn parse_tags(text: &str) -> Result<Tags, Fault> {
    let mut pairs = Vec::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        match word.split_once('=') {
            Some((key, value)) if !key.is_empty() && !value.is_empty() && !value.contains('=') => {
                pairs.push((key, value));
            }
            _ => {
                let what =
                    format!("a bad tag; found {}, expected key=value", quote(word.as_bytes()));
                return Err(Fault::new(ProblemKind::BadTag, what));
            }
        }
    }
    if pairs.is_empty() {
        let what = "a point without tags; expected key=value behind the value";
        return Err(Fault::new(ProblemKind::MissingTags, what));
    }
    Tags::new(pairs).map_err(|TagsError::Contradiction(key)| {
        let what =
            format!("a tag key with two values; found {}, expected one", quote(key.as_bytes()));
        Fault::new(ProblemKind::TagContradiction, what)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tsdbproof_core::Value;

    fn fault(text: &[u8]) -> Fault {
        parse(text).expect_err("a fault")
    }

    #[track_caller]
    fn check(text: &str, metric: &str, tags: &str, irregular: bool) {
        let line = parse(text.as_bytes()).unwrap();
        assert_eq!((line.metric, line.tags.as_str()), (metric, tags), "{text}");
        assert_eq!(line.fields.irregular, irregular, "{text}");
        assert_eq!(line.point.timestamp_ms, 1_700_000_000_000);
        assert_eq!(line.point.value, Value::integer(5));
    }

    #[test]
    fn import_and_put_lines_mean_the_same() {
        check("m 1700000000 5 b=2 a=1", "m", "a=1,b=2", false);
        check("put m 1700000000 5 a=1", "m", "a=1", false);
        check("put 1700000000 5 a=1", "put", "a=1", false);
        check("put put 1700000000 5 a=1", "put", "a=1", false);
        check("m?{,é 1700000000000 5.0 é=,}", "m?{,é", "é=\\,\\}", false);
    }

    #[test]
    fn blanks_are_irregular_before_the_value_alone() {
        check("m 1700000000 5   a=1  a=1 ", "m", "a=1", false);
        for text in [" m 1700000000 5 a=1", "m  1700000000 5 a=1", "m 1700000000  5 a=1"] {
            check(text, "m", "a=1", true);
        }
        for text in ["put  m 1700000000 5 a=1", "put m 1700000000  5 a=1"] {
            check(text, "m", "a=1", true);
        }
    }

    #[test]
    fn plain_points_are_what_the_plain_grammar_reads() {
        let mut plain = 0;
        for metric in ["", "m", "put", "put m", "a.b", "170", " m"] {
            for time in ["1700000000", "1700000000123", "17000", "-1700000000", "1700000000.5", "t"]
            {
                for value in ["5", "-5.25", "+1", "1e5", ".5", "5.", "123456789.123456789", "x", ""]
                {
                    for tags in [" a=1", "", " ", "  a=1", " 7", "a=1"] {
                        for blank in [" ", "  "] {
                            let text = format!("{metric} {time}{blank}{value}{tags}").into_bytes();
                            if let Some((fields, point)) = Fields::with_plain_point(&text) {
                                plain += 1;
                                assert_eq!(Fields::cut(&text), Some(fields.clone()), "{text:?}");
                                assert_eq!(fields.point(&text).unwrap(), point, "{text:?}");
                            }
                        }
                    }
                }
            }
        }
        assert!(plain > 100, "{plain}");
    }

    #[test]
    fn each_fault_has_its_kind() {
        use ProblemKind::*;
        for (text, kind) in [
            (&b""[..], BlankLine),
            (b"   ", BlankLine),
            (b"m", MissingField),
            (b"m 1", MissingField),
            (b"put m", MissingField),
            (b"m 1.5 5 a=1", BadTime),
            (b"m 9999999999999 5 a=1", TimeOutOfRange),
            (b"m 1 x a=1", BadValue),
            (b"m 1 1e999 a=1", ValueOutOfRange),
            (b"m 1 5", MissingTags),
            (b"m 1 5  ", MissingTags),
            (b"put m 1 5", MissingTags),
            (b"m 1 5 a", BadTag),
            (b"m 1 5 a=", BadTag),
            (b"m 1 5 =a", BadTag),
            (b"m 1 5 a=b=c", BadTag),
            (b"m 1 5 a=1 a=2", TagContradiction),
            (b"m\t1 5 a=1", BadCharacter),
            (b"m 1 5 a=\x7f", BadCharacter),
            (b"\0\0\0\0", BadCharacter),
            (b"m 1 5 a=\xe9", BadUtf8),
        ] {
            assert_eq!(fault(text).kind, kind, "{}", quote(text));
        }
        assert!(fault(b"ab\0 1 5 a=1").what.contains("byte 2 of the line"));
        assert!(fault(b"ab\0 1 5 a=1").what.contains("torn writes"));
        assert!(fault(b"m 1 5 a=\xff").what.contains("byte 8 of the line"));
    }

    #[test]
    fn what_opentsdb_makes_of_a_time_with_a_dot_is_said() {
        assert!(
            fault(b"put m 1700000000.123 5 a=1").what.ends_with("would store 1700000000123 ms")
        );
        assert!(fault(b"put m 1700000000.5 5 a=1").what.ends_with("would store 17000000005 ms"));
        assert!(fault(b"m 1700000000.123 5 a=1").what.ends_with("`tsdb import` refuses it"));
        assert!(!fault(b"put m .1x 5 a=1").what.contains("would store"));
    }
}
