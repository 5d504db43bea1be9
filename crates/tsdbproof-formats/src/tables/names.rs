//! Names of series in a row of a table, and what is wrong with them.

use tsdbproof_core::{ProblemKind, Tags, TagsError, quote};

use crate::number::Fault;

/// A name that may stand in a series.
pub(super) fn checked(bytes: &[u8]) -> Result<&str, Fault> {
    if bytes.iter().any(u8::is_ascii_control) {
        let what = format!("a control character in a name; found {}, expected text", quote(bytes));
        return Err(Fault::new(ProblemKind::BadCharacter, what));
    }
    str::from_utf8(bytes).map_err(|_| {
        let what = format!("a name that is no UTF-8; found {}, expected UTF-8", quote(bytes));
        Fault::new(ProblemKind::BadUtf8, what)
    })
}

/// The metric of a row.
pub(super) fn metric(found: Option<&[u8]>) -> Result<&str, Fault> {
    let missing = || Fault::new(ProblemKind::MissingField, "a row without a metric");
    found.filter(|name| !name.is_empty()).ok_or_else(missing).and_then(checked)
}

/// The tags of a row.
pub(super) fn tags<'a>(
    pairs: impl IntoIterator<Item = (&'a [u8], &'a [u8])>,
) -> Result<Tags, Fault> {
    let mut named = Vec::new();
    for (key, value) in pairs {
        if key.is_empty() || value.is_empty() {
            let found = quote(&[key, b"=", value].concat());
            let what = format!("a tag without a key or a value; found {found}, expected text");
            return Err(Fault::new(ProblemKind::BadTag, what));
        }
        named.push((checked(key)?, checked(value)?));
    }
    if named.is_empty() {
        return Err(Fault::new(
            ProblemKind::MissingTags,
            "a point without tags; expected one or more",
        ));
    }
    Tags::new(named).map_err(|TagsError::Contradiction(key)| {
        let found = quote(key.as_bytes());
        let what = format!("a tag key with two values; found {found}, expected one");
        Fault::new(ProblemKind::TagContradiction, what)
    })
}

/// A key and its value.
pub(super) type Pair = (Vec<u8>, Vec<u8>);

/// The tags in text like `host=web01,dc=ams`, unescaped.
///
/// Pairs stand between `,`, `;` or `|`, or else between blanks; braces may stand around all of them.
/// A `\` takes the character behind it as it is, as in the canonical text of tags.
/// Errors: `BadTag` where a word is no pair, or where several separators leave it open what is one.
pub(super) fn pairs_of_text(text: &[u8]) -> Result<Vec<Pair>, Fault> {
    let bad = |what: &str| {
        let expected = "expected text like host=web01,dc=ams";
        Err(Fault::new(ProblemKind::BadTag, format!("{what}; found {}, {expected}", quote(text))))
    };
    let inner = text.trim_ascii();
    let inner = inner.strip_prefix(b"{").and_then(|it| it.strip_suffix(b"}")).unwrap_or(inner);
    let mut separators = unescaped(inner).filter(|byte| b",;|".contains(byte));
    let separator = separators.next();
    if separators.any(|other| Some(other) != separator) {
        return bad("tags with several separators");
    }
    let mut pairs = Vec::new();
    for word in split(inner, separator.unwrap_or(b' ')) {
        let word = word.trim_ascii_start();
        if word.trim_ascii().is_empty() {
            continue;
        }
        let mut sides = split(word, b'=');
        match (sides.next(), sides.next(), sides.next()) {
            (Some(key), Some(value), None) => {
                pairs.push((
                    unescape(key.trim_ascii_end()),
                    unescape(trim_end(value.trim_ascii_start())),
                ));
            }
            _ => return bad("a tag that is no pair"),
        }
    }
    Ok(pairs)
}

/// Without blanks at the end, but for one that is escaped.
fn trim_end(word: &[u8]) -> &[u8] {
    let trimmed = word.trim_ascii_end();
    let slashes = trimmed.iter().rev().take_while(|byte| **byte == b'\\').count();
    let kept = trimmed.len() + usize::from(slashes % 2 == 1);
    word.get(..kept).unwrap_or(trimmed)
}

/// The bytes behind no `\`.
fn unescaped(text: &[u8]) -> impl Iterator<Item = u8> {
    let mut is_escaped = false;
    text.iter().copied().filter(move |byte| {
        let is_free = !is_escaped;
        is_escaped = is_free && *byte == b'\\';
        is_free
    })
}

fn split(text: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let mut is_escaped = false;
    text.split(move |byte| {
        let is_free = !is_escaped;
        is_escaped = is_free && *byte == b'\\';
        is_free && *byte == separator
    })
}

fn unescape(word: &[u8]) -> Vec<u8> {
    let mut is_escaped = false;
    let is_kept = |byte: &u8| {
        let is_free = !is_escaped;
        is_escaped = is_free && *byte == b'\\';
        !is_escaped
    };
    let mut bytes = word.to_vec();
    bytes.retain(is_kept);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, ProblemKind> {
        let pairs = pairs_of_text(text.as_bytes()).map_err(|fault| fault.kind)?;
        let pairs = pairs.iter().map(|(key, value)| (key.as_slice(), value.as_slice()));
        tags(pairs).map(|tags| tags.as_str().to_owned()).map_err(|fault| fault.kind)
    }

    #[test]
    fn pairs_are_read_with_each_separator() {
        for text in [
            "host=a,dc=b",
            "dc=b;host=a",
            "host=a|dc=b",
            " host=a  dc=b ",
            "{host=a, dc=b}",
            "host = a , dc = b,",
            "host=a,dc=b,dc=b",
        ] {
            assert_eq!(read(text).as_deref(), Ok("dc=b,host=a"), "{text}");
        }
        assert_eq!(read("host=a b, dc=c").as_deref(), Ok("dc=c,host=a b"));
    }

    #[test]
    fn canonical_text_is_read_as_it_is() {
        for pairs in [[("a", "x,y"), ("c=", "{\\}")], [("k;", " "), ("é |", "v=\\")]] {
            let canonical = Tags::new(pairs).unwrap();
            let escaped = canonical.as_str().replace(';', "\\;").replace('|', "\\|");
            let escaped = escaped.replace(' ', "\\ ");
            assert_eq!(read(&escaped).as_deref(), Ok(canonical.as_str()), "{escaped}");
        }
    }

    #[test]
    fn what_is_no_tag_is_a_fault() {
        for (text, kind) in [
            ("", ProblemKind::MissingTags),
            ("{}", ProblemKind::MissingTags),
            ("host", ProblemKind::BadTag),
            ("host=a b", ProblemKind::BadTag),
            ("host=a=b", ProblemKind::BadTag),
            ("host=", ProblemKind::BadTag),
            ("=a", ProblemKind::BadTag),
            ("a=1,2;b=3", ProblemKind::BadTag),
            ("host=a,host=b", ProblemKind::TagContradiction),
            ("host=a\u{1}", ProblemKind::BadCharacter),
        ] {
            assert_eq!(read(text), Err(kind), "{text}");
        }
        assert_eq!(checked(b"\xff").unwrap_err().kind, ProblemKind::BadUtf8);
        assert_eq!(metric(Some(b"")).unwrap_err().kind, ProblemKind::MissingField);
        assert_eq!(metric(None).unwrap_err().kind, ProblemKind::MissingField);
    }
}
