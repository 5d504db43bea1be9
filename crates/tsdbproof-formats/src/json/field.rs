//! The fields that objects of points have in common, each from the text of its value.
//!
//! Source: OpenTSDB 2.4.1 `core/IncomingDataPoint.java`; Jackson takes numbers and booleans as their
//! literal text where a text is wanted.

use std::borrow::Cow;

use tsdbproof_core::{ProblemKind, Tags, TagsError, Value, quote};

use super::string::unescape;
use super::walk::Members;
use crate::number::{self, Fault};

/// The name of a metric.
pub(crate) fn metric(raw: &str) -> Result<Cow<'_, str>, Fault> {
    let name = match (is_scalar(raw), quoted(raw)) {
        (true, Some(word)) => name(word)?,
        (true, None) => Cow::Borrowed(raw),
        (false, _) => Cow::Borrowed(""),
    };
    if name.is_empty() {
        let what = format!("a metric without a name; found {}", quote(raw.as_bytes()));
        return Err(Fault::new(ProblemKind::MissingField, what));
    }
    Ok(name)
}

/// Tags; none where they are `null` or an empty object.
pub(crate) fn tags(raw: &str) -> Result<Tags, Fault> {
    match raw {
        "null" => return Ok(Tags::default()),
        object if object.starts_with('{') => {}
        other => return Err(bad_tag("tags that are no object", other)),
    }
    let text = |range| raw.get(range).unwrap_or_default();
    let mut pairs = Vec::new();
    for member in Members::new(raw.as_bytes(), 0) {
        let whole = member.key.start.saturating_sub(1)..member.value.end;
        let (key, raw) = (name(text(member.key))?, text(member.value));
        let value = match (is_scalar(raw), quoted(raw)) {
            (true, Some(word)) => name(word)?,
            (true, None) => Cow::Borrowed(raw),
            (false, _) => return Err(bad_tag("a tag value that is no text", raw)),
        };
        if key.is_empty() || value.is_empty() {
            return Err(bad_tag("a tag without a key or a value", text(whole)));
        }
        pairs.push((key, value));
    }
    let pairs = pairs.iter().map(|(key, value)| (key.as_ref(), value.as_ref()));
    Tags::new(pairs).map_err(|TagsError::Contradiction(key)| {
        let found = quote(key.as_bytes());
        let what = format!("a tag key with two values; found {found}, expected one");
        Fault::new(ProblemKind::TagContradiction, what)
    })
}

fn bad_tag(wrong: &str, raw: &str) -> Fault {
    let what = format!("{wrong}; found {}, expected text", quote(raw.as_bytes()));
    Fault::new(ProblemKind::BadTag, what)
}

/// The value of a point, also in quotes.
pub(crate) fn value(raw: &str) -> Result<Value, Fault> {
    match quoted(raw) {
        Some(word) => number::value(unescape(word)?.as_bytes()),
        None => number::value(raw.as_bytes()),
    }
}

/// A name that sound text between quotes writes.
fn name(word: &str) -> Result<Cow<'_, str>, Fault> {
    let name = unescape(word)?;
    if name.bytes().any(|byte| byte.is_ascii_control()) {
        let found = quote(word.as_bytes());
        let what = format!("a control character in a name; found {found}, expected text");
        return Err(Fault::new(ProblemKind::BadCharacter, what));
    }
    Ok(name)
}

/// What is between the quotes.
pub(crate) fn quoted(raw: &str) -> Option<&str> {
    raw.strip_prefix('"')?.strip_suffix('"')
}

/// Whether a sound value is a number.
pub(crate) fn is_number(raw: &str) -> bool {
    raw.starts_with(|c: char| c == '-' || c.is_ascii_digit())
}

/// Whether Jackson takes a sound value for a text.
fn is_scalar(raw: &str) -> bool {
    raw != "null" && !raw.starts_with(['{', '['])
}

/// Sound JSON as text: it may still be no UTF-8.
pub(crate) fn utf8(text: &[u8]) -> Result<&str, Fault> {
    str::from_utf8(text).map_err(|error| {
        let index = error.valid_up_to();
        let bytes = text.get(index..text.len().min(index + 4)).unwrap_or_default();
        let found = quote(bytes);
        let what = format!("no UTF-8 at byte {index} of the object; found {found}, expected UTF-8");
        Fault::new(ProblemKind::BadUtf8, what)
    })
}

/// A fault for an object of another kind than was expected.
pub(crate) fn no_points(what: &str, text: &str) -> Fault {
    Fault::new(ProblemKind::NoPoints, format!("{what}; found {}", quote(text.as_bytes())))
}

/// What stands in `{"error":{"code":…,"message":…}}`, from the text of the inner object.
pub(crate) fn answered_error(raw: &str) -> Fault {
    let mut fields = Members::new(raw.as_bytes(), 0);
    let mut field = |name: &str| {
        let member = fields.find(|member| raw.get(member.key.clone()) == Some(name))?;
        raw.get(member.value)
    };
    let found = match (field("code"), field("message").and_then(quoted)) {
        (Some(code), Some(message)) => {
            let message = unescape(message).unwrap_or_default();
            format!("{} {}", quote(code.as_bytes()).trim_matches('"'), quote(message.as_bytes()))
        }
        _ => quote(raw.as_bytes()),
    };
    let what = format!("an error that OpenTSDB answered with; found {found}");
    Fault::new(ProblemKind::NoPoints, what)
}
