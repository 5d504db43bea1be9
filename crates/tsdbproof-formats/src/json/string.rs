//! Texts in quotes, and their escapes.

use std::borrow::Cow;

use tsdbproof_core::{ProblemKind, quote};

use crate::number::Fault;

/// What sound text between quotes says.
pub(crate) fn unescape(raw: &str) -> Result<Cow<'_, str>, Fault> {
    let Some((before, mut rest)) = raw.split_once('\\') else { return Ok(Cow::Borrowed(raw)) };
    let mut text = before.to_owned();
    loop {
        let mut behind = rest.chars();
        match behind.next() {
            Some('u') => {
                let (c, length) = escaped_char(rest).ok_or_else(|| lone_surrogate(rest))?;
                text.push(c);
                behind = rest.get(length..).unwrap_or_default().chars();
            }
            Some('b') => text.push('\u{8}'),
            Some('f') => text.push('\u{c}'),
            Some('n') => text.push('\n'),
            Some('r') => text.push('\r'),
            Some('t') => text.push('\t'),
            other => text.extend(other),
        }
        let Some((plain, next)) = behind.as_str().split_once('\\') else {
            text.push_str(behind.as_str());
            return Ok(Cow::Owned(text));
        };
        text.push_str(plain);
        rest = next;
    }
}

/// The character that `uXXXX` or `uXXXX\uXXXX` writes, and the length of that.
fn escaped_char(text: &str) -> Option<(char, usize)> {
    let unit = |at: usize| u16::from_str_radix(text.get(at..at + 4)?, 16).ok();
    let first = unit(1)?;
    if let Some(c) = char::from_u32(u32::from(first)) {
        return Some((c, 5));
    }
    let second = text.get(5..).filter(|rest| rest.starts_with("\\u")).and_then(|_| unit(7))?;
    let c = char::decode_utf16([first, second]).next()?.ok()?;
    Some((c, 11))
}

fn lone_surrogate(text: &str) -> Fault {
    let escape = text.get(..5).unwrap_or(text);
    let what = format!(
        "half of a surrogate pair, which is no character; found {}",
        quote(format!("\\{escape}").as_bytes())
    );
    Fault::new(ProblemKind::BadCharacter, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_what_serde_json_reads() {
        for raw in [
            "",
            "plain",
            "größe",
            r"\u00e9",
            r"\ud83d\ude00",
            r"a\ud83d\ude00b\u0041\\",
            r#"\"\/\b\f\n\r\t"#,
            r"\\u0041",
            r"\u0000",
        ] {
            let expected: String = serde_json::from_str(&format!("\"{raw}\"")).unwrap();
            assert_eq!(unescape(raw).unwrap(), expected, "{raw}");
        }
        assert!(matches!(unescape("plain"), Ok(Cow::Borrowed(_))));
    }

    #[test]
    fn half_a_surrogate_pair_is_a_fault() {
        for raw in
            [r"\ud83d", r"a\ude00b", r"\ud83d\u0041", r"\ud83dx", r"\ude00\ud83d", r"\ud83d\n"]
        {
            assert_eq!(unescape(raw).unwrap_err().kind, ProblemKind::BadCharacter, "{raw}");
        }
        assert!(unescape(r"x\uD83D").unwrap_err().what.ends_with("found \"\\\\uD83D\""));
    }
}
