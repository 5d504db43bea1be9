//! The parts of a container, found without judging its syntax.
//!
//! On sound text they are what they are; on any other text some walk comes to some end, and what it
//! found is not to be trusted.

use std::ops::Range;

use memchr::memchr2;

/// A key and its value in an object's text; the key is without its quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) key: Range<usize>,
    pub(crate) value: Range<usize>,
}

/// The members of the object that begins at `at`; then `at` is where its last byte lies.
#[derive(Debug)]
pub(crate) struct Members<'a> {
    pub(crate) text: &'a [u8],
    pub(crate) at: usize,
}

impl<'a> Members<'a> {
    /// Those of the object whose first byte is at `at`.
    pub(crate) fn new(text: &'a [u8], at: usize) -> Self {
        Members { text, at: at + 1 }
    }

    /// Behind the last member: the key of one whose value is cut off.
    pub(crate) fn cut_key(&self) -> Option<Range<usize>> {
        let end = text_end(self.text, self.at)?;
        Some(self.at + 1..end - 1)
    }
}

impl Iterator for Members<'_> {
    type Item = Member;

    fn next(&mut self) -> Option<Member> {
        self.at = skip(self.text, self.at, b',');
        let key_end = text_end(self.text, self.at)?;
        let start = skip(self.text, key_end, b':');
        let end = value_end(self.text, start)?;
        let key = self.at + 1..key_end - 1;
        self.at = skip(self.text, end, b' ');
        Some(Member { key, value: start..end })
    }
}

/// The items of the array that begins at `at`.
#[derive(Debug)]
pub(crate) struct Items<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Items<'a> {
    pub(crate) fn new(text: &'a [u8], at: usize) -> Self {
        Items { text, at: at + 1 }
    }
}

impl Iterator for Items<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        let start = skip(self.text, self.at, b',');
        self.at = value_end(self.text, start)?;
        Some(start..self.at)
    }
}

/// Behind blanks, and `mark`s among them.
fn skip(text: &[u8], at: usize, mark: u8) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r') || *byte == mark;
    at + rest.iter().position(|byte| !is_blank(byte)).unwrap_or(rest.len())
}

/// Behind the text in quotes that begins at `at`.
fn text_end(text: &[u8], at: usize) -> Option<usize> {
    let mut at = (text.get(at) == Some(&b'"')).then_some(at + 1)?;
    loop {
        at += memchr2(b'"', b'\\', text.get(at..)?)?;
        if text.get(at) == Some(&b'"') {
            return Some(at + 1);
        }
        at += 2;
    }
}

/// Behind the value that begins at `at`.
fn value_end(text: &[u8], at: usize) -> Option<usize> {
    match text.get(at)? {
        b'"' => text_end(text, at),
        b'{' | b'[' => container_end(text, at),
        _ => {
            let rest = text.get(at..)?;
            let is_end = |byte: &u8| {
                matches!(byte, b',' | b':' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r')
            };
            let length = rest.iter().position(is_end).filter(|length| *length > 0)?;
            Some(at + length)
        }
    }
}

fn container_end(text: &[u8], mut at: usize) -> Option<usize> {
    let mut depth = 0_usize;
    loop {
        match text.get(at)? {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            b'"' => {
                at = text_end(text, at)?;
                continue;
            }
            _ => {}
        }
        at += 1;
        if depth == 0 {
            return Some(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_and_items_are_found() {
        let text = br#"{ "a" : [1, {"x":"]}\""}] ,"b":"\"","c":-1e3}"#;
        let mut members = Members::new(text, 0);
        let found: Vec<_> = members
            .by_ref()
            .map(|it| (text[it.key].escape_ascii().to_string(), text[it.value].to_vec()))
            .collect();
        let expected: [(&str, &[u8]); 3] =
            [("a", br#"[1, {"x":"]}\""}]"#), ("b", br#""\"""#), ("c", b"-1e3")];
        assert!(found.iter().map(|(key, value)| (key.as_str(), value.as_slice())).eq(expected));
        assert_eq!((members.at, members.cut_key()), (text.len() - 1, None));
        let mut cut = Members::new(br#"{"a":1, "b":[2"#, 0);
        assert_eq!((cut.by_ref().count(), cut.cut_key()), (1, Some(9..10)));
        let items: Vec<_> = Items::new(b"[1 , \"a,\",[2]]", 0).collect();
        assert_eq!(items, [1..2, 5..9, 10..13]);
        assert_eq!(Items::new(b"[ ]", 0).count(), 0);
    }

    #[test]
    fn any_text_comes_to_an_end() {
        for text in
            [&b"{"[..], b"{\"a", b"{\"a\\", b"{\"a\":", b"{\"a\":[", b"{\"a\":]", b"{{", b""]
        {
            assert_eq!(Members::new(text, 0).count(), 0, "{}", text.escape_ascii());
        }
    }
}
