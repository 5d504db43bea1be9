//! The line of a row: `[key bytes] METRIC BASETIME (DATE) {tag=value, …}`.
//!
//! Source: OpenTSDB 2.4.1 `tools/DumpSeries.java`, `doDump`.

use memchr::memmem;
use tsdbproof_core::{ProblemKind, Tags, TagsError, quote};

use super::{bytes, noise};
use crate::number::Fault;

/// What the line of a row says of its cells.
#[derive(Debug)]
pub(super) struct Header<'a> {
    pub(super) metric: &'a str,
    pub(super) tags: Tags,
    pub(super) base_s: u32,
}

/// The parts of such a line.
struct Parts<'a> {
    key: Vec<u8>,
    metric: &'a [u8],
    base_s: u32,
    /// What stands in the place of the tags.
    tags: &'a [u8],
}

/// Whether a text is laid out as the line of a row.
pub(super) fn is_header(text: &[u8]) -> bool {
    Parts::cut(text).is_some()
}

/// The row of the line of this text.
pub(super) fn parse(text: &[u8]) -> Result<Header<'_>, Fault> {
    let Some(parts) = Parts::cut(text) else {
        let what = format!("a row whose line can't be read; {}{EXPECTED}", bytes::found(text));
        return Err(Fault::new(ProblemKind::BadRow, what));
    };
    let Some(map) = parts.tags.strip_prefix(b"{").and_then(|text| text.strip_suffix(b"}")) else {
        return Err(parts.no_map());
    };
    if map.is_empty() {
        let what = "a row without tags; expected {key=value, …}";
        return Err(Fault::new(ProblemKind::MissingTags, what));
    }
    let map = text_of(map, "tags")?;
    let mut pairs = Vec::new();
    for pair in map.split(", ") {
        match pair.split_once('=') {
            Some((key, value)) if !key.is_empty() && !value.is_empty() && !value.contains('=') => {
                pairs.push((key, value));
            }
            _ => {
                let what = format!("{}, expected {{key=value, …}}", bytes::found(pair.as_bytes()));
                let what = format!("tags that can't be told apart; {what}");
                return Err(Fault::new(ProblemKind::BadTag, what));
            }
        }
    }
    parts.check_key(pairs.len())?;
    let metric = text_of(parts.metric, "metric")?;
    let tags = Tags::new(pairs).map_err(|TagsError::Contradiction(key)| {
        let what = format!("a tag key with two values; {}", bytes::found(key.as_bytes()));
        Fault::new(ProblemKind::TagContradiction, what)
    })?;
    Ok(Header { metric, tags, base_s: parts.base_s })
}

const EXPECTED: &str = ", expected [key] metric time (date) {key=value, …}";

impl<'a> Parts<'a> {
    fn cut(text: &'a [u8]) -> Option<Self> {
        let (key, rest) = bytes::leading(text)?;
        let rest = rest.strip_prefix(b" ")?;
        let (metric, rest) = rest.split_at_checked(memchr::memchr(b' ', rest)?)?;
        let (base_s, rest) = bytes::leading_number(rest.strip_prefix(b" ")?)?;
        let rest = rest.strip_prefix(b" (")?;
        let tags = rest.get(memmem::find(rest, b") ")? + 2..)?;
        let base_s = u32::try_from(base_s).ok()?;
        (!metric.is_empty()).then_some(Parts { key, metric, base_s, tags })
    }

    /// What is wrong with text in the place of tags.
    fn no_map(&self) -> Fault {
        if noise::holds_exception(self.tags) {
            let what = "a row whose tags could not be named, so its points have no series";
            let what = format!("{what}; the scan says {}", quote(self.tags));
            return Fault::new(ProblemKind::UnresolvedNames, what);
        }
        let what = format!("a row without its tags; {}{EXPECTED}", bytes::found(self.tags));
        Fault::new(ProblemKind::BadRow, what)
    }

    /// The key holds a salt, the metric, the base time and as many pairs as there are tags. How many
    /// bytes each takes is a setting of the database.
    fn check_key(&self, tags_count: usize) -> Result<(), Fault> {
        let base = self.base_s.to_be_bytes();
        let mut ends = self.key.windows(4).enumerate().skip(1).filter(|(_, four)| *four == base);
        let mut has_base = false;
        let fits = ends.any(|(index, _)| {
            has_base = true;
            let pairs_bytes = self.key.len() - index - 4;
            pairs_bytes.is_multiple_of(tags_count) && pairs_bytes / tags_count >= 2
        });
        let what = match (has_base, fits) {
            (true, true) => return Ok(()),
            (true, false) => format!("a row key without room for {tags_count} tags"),
            (false, _) => format!("a base time of {} that the row key does not hold", self.base_s),
        };
        let what = format!("{what}; found {}", bytes::shown(&self.key));
        Err(Fault::new(ProblemKind::Disagreement, what))
    }
}

/// Text in UTF-8 without control characters.
fn text_of<'a>(text: &'a [u8], what: &str) -> Result<&'a str, Fault> {
    let fault = |kind, wrong: &str| {
        Err(Fault::new(kind, format!("a row whose {what} {wrong}; found {}", quote(text))))
    };
    match str::from_utf8(text) {
        Err(_) => fault(ProblemKind::BadUtf8, "are no UTF-8"),
        Ok(text) if text.bytes().any(|byte| byte.is_ascii_control()) => {
            fault(ProblemKind::BadCharacter, "hold a control character")
        }
        Ok(text) => Ok(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "[0, 0, 1, 101, 83, -19, -32, 0, 0, 1, 0, 0, 1]";
    const DATE: &str = "(Tue Nov 14 22:00:00 UTC 2023)";

    #[track_caller]
    fn check(text: &str, expected: Result<&str, ProblemKind>) {
        let found = parse(text.as_bytes());
        let found = found.as_ref().map(|row| format!("{}{{{}}}", row.metric, row.tags.as_str()));
        assert_eq!(found.as_deref().map_err(|fault| fault.kind), expected, "{text}");
    }

    #[test]
    fn rows_are_named_as_the_scan_names_them() {
        use ProblemKind::*;
        let line = |rest: &str| format!("{KEY} m 1699999200 {DATE} {rest}");
        check(&line("{host=a}"), Ok("m{host=a}"));
        check(&line("{dc=x/y, host=größe}"), Ok("m{dc=x/y,host=größe}"));
        check(&line("{host=a, host=a}"), Ok("m{host=a}"));
        check(&line("{}"), Err(MissingTags));
        check(&line("{host=a, b}"), Err(BadTag));
        check(&line("{host=a=b}"), Err(BadTag));
        check(&line("{host=}"), Err(BadTag));
        check(&line("{a=1, b=2, c=3, d=4}"), Err(Disagreement));
        check(&line("{host=a"), Err(BadRow));
        check(&line("{a=1, a=2}"), Err(TagContradiction));
        check(&line("java.lang.ArrayIndexOutOfBoundsException: null"), Err(UnresolvedNames));
        check(&line("net.opentsdb.uid.NoSuchUniqueId: No such"), Err(UnresolvedNames));
        check(&format!("{KEY} m 1699999201 {DATE} {{host=a}}"), Err(Disagreement));
        check(&format!("{KEY} m 01699999200 {DATE} {{host=a}}"), Err(BadRow));
        check(&format!("{KEY}  1699999200 {DATE} {{host=a}}"), Err(BadRow));
        check("[0, 0, 1", Err(BadRow));
    }
}
