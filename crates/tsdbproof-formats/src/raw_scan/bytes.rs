//! Bytes as Java's `Arrays.toString` writes them: `[0, 12, -128]`.

use tsdbproof_core::quote;

/// The bytes that `text` begins with, and what is behind their `]`.
///
/// Only what Java writes is read: no blank too many, no leading zero, nothing beyond a byte.
pub(super) fn leading(text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut rest = text.strip_prefix(b"[")?;
    let mut bytes = Vec::new();
    if let Some(behind) = rest.strip_prefix(b"]") {
        return Some((bytes, behind));
    }
    loop {
        let (byte, behind) = leading_byte(rest)?;
        bytes.push(byte);
        if let Some(behind) = behind.strip_prefix(b"]") {
            return Some((bytes, behind));
        }
        rest = behind.strip_prefix(b", ")?;
    }
}

/// The bytes that all of `text` writes.
pub(super) fn all(text: &[u8]) -> Option<Vec<u8>> {
    leading(text).filter(|(_, rest)| rest.is_empty()).map(|(bytes, _)| bytes)
}

fn leading_byte(text: &[u8]) -> Option<(u8, &[u8])> {
    let (is_negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        _ => (false, text),
    };
    let (number, rest) = leading_number(digits)?;
    match (is_negative, number) {
        (false, 0..=127) => Some((number as u8, rest)),
        (true, 1..=128) => Some(((number as u8).wrapping_neg(), rest)),
        _ => None,
    }
}

/// The number that `text` begins with, as Java writes one that is not negative.
pub(super) fn leading_number(text: &[u8]) -> Option<(u64, &[u8])> {
    let (first, mut rest) = text.split_first().filter(|(byte, _)| byte.is_ascii_digit())?;
    let mut number = u64::from(first - b'0');
    while let [digit @ b'0'..=b'9', behind @ ..] = rest {
        if number == 0 {
            return None;
        }
        number = number.checked_mul(10)?.checked_add(u64::from(digit - b'0'))?;
        rest = behind;
    }
    Some((number, rest))
}

/// The number that all of `text` writes.
pub(super) fn number(text: &[u8]) -> Option<u64> {
    leading_number(text).filter(|(_, rest)| rest.is_empty()).map(|(number, _)| number)
}

/// Bytes as the scan writes them, for a message.
pub(super) fn shown(bytes: &[u8]) -> String {
    let words: Vec<String> =
        bytes.iter().take(16).map(|byte| byte.cast_signed().to_string()).collect();
    let more = if bytes.len() > 16 { ", …" } else { "" };
    format!("[{}{more}]", words.join(", "))
}

/// Text, or bytes as text, for a message that says what was found.
pub(super) fn found(text: &[u8]) -> String {
    format!("found {}", quote(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_read_as_java_writes_them() {
        assert_eq!(all(b"[]"), Some(vec![]));
        assert_eq!(all(b"[0, 127, -1, -128]"), Some(vec![0, 127, 255, 128]));
        assert_eq!(leading(b"[1]\t[2]"), Some((vec![1], &b"\t[2]"[..])));
        for text in [
            "",
            "[",
            "[1",
            "[1,2]",
            "[1, ]",
            "[01]",
            "[-0]",
            "[128]",
            "[-129]",
            "[1 ]",
            "[+1]",
            "1]",
            "[1, 2",
            "[1;2]",
            "[-]",
            "[99999999999999999999999]",
        ] {
            assert_eq!(all(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn numbers_have_one_form() {
        assert_eq!(number(b"0"), Some(0));
        assert_eq!(number(b"1700000000123"), Some(1_700_000_000_123));
        for text in ["", "00", "01", "-1", "1 ", "99999999999999999999"] {
            assert_eq!(number(text.as_bytes()), None, "{text}");
        }
    }
}
