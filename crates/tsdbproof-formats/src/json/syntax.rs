//! The syntax of JSON, judged byte by byte, so that a value may come in pieces of any size.
//!
//! Source: RFC 8259. A stack of 32 bits is all that nesting takes.

/// How deep containers may lie in each other; a point needs two levels.
const DEPTH_MAX: u32 = 32;

/// Whether a value may go on behind a line end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Values, or arrays of them, one behind the other, broken into lines or not.
    Stream,
    /// Each line is complete in itself.
    Lines,
}

/// A value of which some bytes were seen.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scanner {
    shape: Shape,
    state: State,
    /// The open containers, the innermost in the lowest bit: 1 for an object.
    open: u32,
    depth: u32,
    is_key: bool,
}

/// What bytes made of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
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

/// Where in a container, or before one, the next byte stands, outside of keys and values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
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
}

/// What a byte at a place is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// A blank, a comma or a colon; where the next byte stands.
    Passed(Place),
    /// The first byte of a key.
    Key,
    /// The first byte of a value, if it is one.
    Value,
    /// The container's last.
    Close,
    /// What can't stand there, and what could.
    Broken(&'static str),
}

impl Place {
    /// Judges the byte at this place.
    pub(crate) fn judge(self, byte: u8, is_in_object: bool) -> Mark {
        match (self, byte) {
            (place, b' ' | b'\t' | b'\n' | b'\r') => Mark::Passed(place),
            (Place::FirstKey, b'}') | (Place::FirstItem, b']') => Mark::Close,
            (Place::FirstKey | Place::Key, b'"') => Mark::Key,
            (Place::FirstKey | Place::Key, _) => Mark::Broken("a key in quotes"),
            (Place::Colon, b':') => Mark::Passed(Place::Value),
            (Place::Colon, _) => Mark::Broken("a colon"),
            (Place::Value | Place::FirstItem, _) => Mark::Value,
            (Place::After, b',') if is_in_object => Mark::Passed(Place::Key),
            (Place::After, b',') => Mark::Passed(Place::Value),
            (Place::After, b'}') if is_in_object => Mark::Close,
            (Place::After, b']') if !is_in_object => Mark::Close,
            (Place::After, _) if is_in_object => Mark::Broken("a comma or the end of the object"),
            (Place::After, _) => Mark::Broken("a comma or the end of the array"),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Between(Place),
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
    pub(crate) fn new(shape: Shape) -> Self {
        Scanner { shape, state: State::Between(Place::Value), open: 0, depth: 0, is_key: false }
    }

    /// Takes the next bytes, up to the value's end.
    pub(crate) fn feed(&mut self, text: &[u8]) -> Progress {
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
            (State::Between(place), byte) => match place.judge(byte, self.is_in_object()) {
                Mark::Passed(place) => State::Between(place),
                Mark::Key => {
                    self.is_key = true;
                    State::Text
                }
                Mark::Value => return self.begin_value(byte),
                Mark::Close => return self.close(),
                Mark::Broken(expected) => return Step::Broken(expected),
            },
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
                State::Between(if byte == b'{' { Place::FirstKey } else { Place::FirstItem })
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
            self.state = State::Between(Place::Colon);
            return Step::More;
        }
        self.end_value()
    }

    fn end_value(&mut self) -> Step {
        self.state = State::Between(Place::After);
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
        let mut random = crate::json::testing::Random(7);
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
