//! The syntax of JSON, judged byte by byte, so that a value may come in pieces of any size.
//!
//! Source: RFC 8259. A stack of 32 bits is all that nesting takes.

/// How deep containers may lie in each other; a point needs two levels.
const DEPTH_MAX: u32 = 32;

/// Whether a value may go on behind a line end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// Values, or arrays of them, one behind the other, broken into lines or not.
    Stream,
    /// Each line is complete in itself.
    Lines,
}

/// A value of which some bytes were seen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scanner {
    shape: Shape,
    state: State,
    /// The open containers, the innermost in the lowest bit: 1 for an object.
    open: u32,
    depth: u32,
    is_key: bool,
}

/// What bytes made of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    /// It goes on.
    More,
    /// It ends behind so many of the bytes.
    End(usize),
    /// At this index stands what can't.
    Broken {
        /// From the first of the bytes.
        index: usize,
        /// What could stand there.
        expected: &'static str,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Value,
    /// Behind `[`.
    FirstItem,
    /// Behind `{`.
    FirstKey,
    /// Behind `,` in an object.
    Key,
    Colon,
    /// Behind a value.
    After,
    Text,
    Escape,
    /// So many digits of `\uXXXX` are to come.
    Hex(u8),
    /// What is to come of `true`, `false` or `null`.
    Literal(&'static [u8]),
    Minus,
    Zero,
    Whole,
    Point,
    Fraction,
    Exponent,
    ExponentSign,
    ExponentDigits,
}

enum Step {
    More,
    End,
    /// The value ended with the byte before.
    EndBefore,
    Broken(&'static str),
}

impl Scanner {
    /// A value whose first byte comes next.
    pub(super) fn new(shape: Shape) -> Self {
        Scanner { shape, state: State::Value, open: 0, depth: 0, is_key: false }
    }

    /// Takes the next bytes, up to the value's end.
    pub(super) fn feed(&mut self, text: &[u8]) -> Progress {
        for (index, byte) in text.iter().enumerate() {
            match self.step(*byte) {
                Step::More => {}
                Step::End => return Progress::End(index + 1),
                Step::EndBefore => return Progress::End(index),
                Step::Broken(expected) => return Progress::Broken { index, expected },
            }
        }
        Progress::More
    }

    fn step(&mut self, byte: u8) -> Step {
        self.state = match (self.state, byte) {
            (State::Text, b'"') => return self.end_text(),
            (State::Text, b'\\') => State::Escape,
            (State::Text, 0..=0x1f) => return Step::Broken("the end of a text"),
            (State::Text, _) => return Step::More,
            (State::Escape, b'u') => State::Hex(4),
            (State::Escape, b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => State::Text,
            (State::Escape, _) => return Step::Broken("an escape of JSON"),
            (State::Hex(left), b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => match left {
                1 => State::Text,
                _ => State::Hex(left - 1),
            },
            (State::Hex(_), _) => return Step::Broken("a hexadecimal digit"),
            (State::Literal([next, rest @ ..]), byte) if *next == byte => match rest {
                [] => return self.end_value(),
                _ => State::Literal(rest),
            },
            (State::Literal(_), _) => return Step::Broken(VALUE),
            (State::Minus, b'0') => State::Zero,
            (State::Minus, b'1'..=b'9') => State::Whole,
            (State::Zero | State::Whole, b'.') => State::Point,
            (State::Zero | State::Whole | State::Fraction, b'e' | b'E') => State::Exponent,
            (State::Whole, b'0'..=b'9') => State::Whole,
            (State::Point | State::Fraction, b'0'..=b'9') => State::Fraction,
            (State::Exponent, b'+' | b'-') => State::ExponentSign,
            (State::Exponent | State::ExponentSign | State::ExponentDigits, b'0'..=b'9') => {
                State::ExponentDigits
            }
            (State::Minus | State::Point | State::Exponent | State::ExponentSign, _) => {
                return Step::Broken("a digit");
            }
            (State::Zero | State::Whole | State::Fraction | State::ExponentDigits, _) => {
                return self.end_number(byte);
            }
            (_, b'\n') if self.shape == Shape::Lines => {
                return Step::Broken("the end of the value on its line");
            }
            (state, b' ' | b'\t' | b'\n' | b'\r') => state,
            (State::FirstKey, b'}') | (State::FirstItem, b']') => return self.close(),
            (State::FirstKey | State::Key, b'"') => {
                self.is_key = true;
                State::Text
            }
            (State::FirstKey | State::Key, _) => return Step::Broken("a key in quotes"),
            (State::Colon, b':') => State::Value,
            (State::Colon, _) => return Step::Broken("a colon"),
            (State::Value | State::FirstItem, byte) => return self.begin_value(byte),
            (State::After, b',') if self.is_in_object() => State::Key,
            (State::After, b',') => State::Value,
            (State::After, b'}') if self.is_in_object() => return self.close(),
            (State::After, b']') if !self.is_in_object() => return self.close(),
            (State::After, _) if self.is_in_object() => {
                return Step::Broken("a comma or the end of the object");
            }
            (State::After, _) => return Step::Broken("a comma or the end of the array"),
        };
        Step::More
    }

    fn begin_value(&mut self, byte: u8) -> Step {
        self.state = match byte {
            b'{' | b'[' if self.depth == DEPTH_MAX => {
                return Step::Broken("at most 32 levels");
            }
            b'{' | b'[' => {
                self.depth += 1;
                self.open = self.open << 1 | u32::from(byte == b'{');
                if byte == b'{' { State::FirstKey } else { State::FirstItem }
            }
            b'"' => {
                self.is_key = false;
                State::Text
            }
            b'-' => State::Minus,
            b'0' => State::Zero,
            b'1'..=b'9' => State::Whole,
            b't' => State::Literal(b"rue"),
            b'f' => State::Literal(b"alse"),
            b'n' => State::Literal(b"ull"),
            _ => return Step::Broken(VALUE),
        };
        Step::More
    }

    fn is_in_object(&self) -> bool {
        self.open & 1 == 1
    }

    fn close(&mut self) -> Step {
        self.depth -= 1;
        self.open >>= 1;
        self.end_value()
    }

    fn end_text(&mut self) -> Step {
        if self.is_key {
            self.state = State::Colon;
            return Step::More;
        }
        self.end_value()
    }

    fn end_value(&mut self) -> Step {
        self.state = State::After;
        if self.depth == 0 { Step::End } else { Step::More }
    }

    /// A number has no end of its own: the byte behind it tells.
    fn end_number(&mut self, byte: u8) -> Step {
        match self.end_value() {
            Step::End => Step::EndBefore,
            _ => self.step(byte),
        }
    }
}

const VALUE: &str = "a value of JSON";

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether text, with a line end behind it, is one value.
    fn is_value(text: &[u8]) -> bool {
        let text = [text, b"\n"].concat();
        Scanner::new(Shape::Stream).feed(&text) == Progress::End(text.len() - 1)
    }

    #[test]
    fn what_is_json_is_what_serde_json_reads() {
        let words: [&[u8]; 30] = [
            b"{",
            b"}",
            b"[",
            b"]",
            b",",
            b":",
            b"\"",
            b"\\",
            b"\"a\"",
            b"\"a\":",
            b"1",
            b"0",
            b"-",
            b".",
            b"e",
            b"E+",
            b"true",
            b"null",
            b"fals",
            b" ",
            b"\t",
            b"\\u00e9",
            b"\\n",
            b"\\x",
            b"{\"a\":1}",
            b"[1,2]",
            b"\x01",
            b"12.50",
            b"\"b\\\"\"",
            b"\xc3\xa9",
        ];
        let mut random = crate::put_json::testing::Random(7);
        let mut sound = 0;
        for _ in 0..400_000 {
            let count = 1 + random.below(7);
            let mut text: Vec<u8> =
                (0..count).flat_map(|_| words[random.below(words.len())]).copied().collect();
            if random.below(2) == 0 {
                text = [b"{\"a\":", &text[..], b"}"].concat();
            }
            let text = text.trim_ascii();
            let read = serde_json::from_slice::<serde_json::Value>(text);
            if read.as_ref().is_err_and(|error| error.to_string().contains("out of range")) {
                continue;
            }
            sound += usize::from(read.is_ok());
            assert_eq!(is_value(text), read.is_ok(), "{}", text.escape_ascii());
        }
        assert!(sound > 10_000, "{sound}");
    }

    #[test]
    fn pieces_change_nothing() {
        let text = br#"{"a":[1,-2.5e+3,{"b":"\u00e9\n"}],"c":null}"#;
        for cut in 0..text.len() {
            let mut scanner = Scanner::new(Shape::Lines);
            assert_eq!(scanner.feed(&text[..cut]), Progress::More);
            assert_eq!(scanner.feed(&text[cut..]), Progress::End(text.len() - cut));
        }
    }

    #[test]
    fn nesting_has_a_bound() {
        let nested = |depth| [vec![b'['; depth], vec![b']'; depth]].concat();
        assert!(is_value(&nested(32)));
        assert!(!is_value(&nested(33)));
        assert!(!is_value(&vec![b'['; 1 << 20]));
    }

    #[test]
    fn a_line_end_breaks_a_value_in_lines_alone() {
        let text = b"{\"a\":1,\n\"b\":2}";
        assert!(matches!(Scanner::new(Shape::Stream).feed(text), Progress::End(14)));
        let broken = Scanner::new(Shape::Lines).feed(text);
        assert!(matches!(broken, Progress::Broken { index: 7, .. }), "{broken:?}");
    }
}
