//! Numbers from the front of a longer text, as JSON may write them.

use tsdbproof_core::Value;

use crate::number;

/// The value at the front of `text`, where that is a number of JSON, and what follows it.
#[inline(always)]
pub(crate) fn leading_value(text: &[u8]) -> Option<(Value, &[u8])> {
    let (value, rest) = number::leading_value(text)?;
    let word = text.get(..text.len() - rest.len())?;
    is_strict(word).then_some((value, rest))
}

/// Whether a number of our grammar is one of JSON too.
#[inline(always)]
fn is_strict(word: &[u8]) -> bool {
    let digits = word.strip_prefix(b"-").unwrap_or(word);
    match digits {
        [b'0'] | [b'0', b'.' | b'e' | b'E', ..] | [b'1'..=b'9', ..] => {}
        _ => return false,
    }
    // A point has digits behind it: no exponent, and not the end.
    let has_bare_point = |word: &[u8]| {
        let point = word.iter().position(|byte| *byte == b'.');
        point.is_some_and(|at| !word.get(at + 1).is_some_and(u8::is_ascii_digit))
    };
    !has_bare_point(digits)
}
