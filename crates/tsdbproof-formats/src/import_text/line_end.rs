//! Where lines end: LF, CR LF or CR, as Java's `BufferedReader.readLine` has it.

use memchr::memchr2;

/// The first line of `text`, with its end, and what is behind it.
///
/// `None` while the end may be missing or cut: a CR that is the last byte may be half of a CR LF.
#[inline]
pub(super) fn split_line(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let length = memchr2(b'\n', b'\r', text)?;
    let end_length = match text.get(length..)? {
        [b'\n', ..] => 1,
        [b'\r', b'\n', ..] => 2,
        [b'\r', _, ..] => 1,
        _ => return None,
    };
    text.split_at_checked(length + end_length)
}

/// A line without its end, if it has one.
#[inline]
pub(super) fn without_end(line: &[u8]) -> &[u8] {
    match line {
        [text @ .., b'\r', b'\n'] | [text @ .., b'\n' | b'\r'] => text,
        _ => line,
    }
}
