//! A time and a value: a member of `dps`, or an item of it where it is an array.

use tsdbproof_core::{ProblemKind, Value, quote};

use super::answer::Keyed;
use crate::json::field::{self, quoted};
use crate::json::number::leading_value;
use crate::json::string::unescape;
use crate::json::walk::Items;
use crate::number::{self, Fault};

/// What stands at a time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Held {
    Value(Value),
    /// Nothing: a query filled in a gap.
    Gap,
}

/// A member at the front of `text` as nearly all are, and what is behind it: a comma, or the end.
#[inline]
pub(super) fn leading_member(text: &[u8]) -> Option<(Keyed, &[u8])> {
    let (key, rest) = number::leading_time_number(text.strip_prefix(b"\"")?)?;
    let (value, rest) = leading_value(rest.strip_prefix(b"\":")?)?;
    matches!(rest.first(), Some(b',' | b'}')).then_some(((key, value), rest))
}

/// The same for an item of an array.
#[inline]
pub(super) fn leading_item(text: &[u8]) -> Option<(Keyed, &[u8])> {
    let text = text.strip_prefix(b"[")?;
    let (key, rest) = number::leading_time_number(text).filter(|_| text.first() != Some(&b'0'))?;
    let (value, rest) = leading_value(rest.strip_prefix(b",")?)?;
    let rest = rest.strip_prefix(b"]")?;
    matches!(rest.first(), Some(b',' | b']')).then_some(((key, value), rest))
}

/// The number that a key, without its quotes, writes.
pub(super) fn key(word: &[u8]) -> Result<u64, Fault> {
    number::time_number(unescape(field::utf8(word)?)?.as_bytes())
}

/// What a sound value stands for.
pub(super) fn held(text: &[u8]) -> Result<Held, Fault> {
    match field::utf8(text)? {
        // What fill policies write: OpenTSDB 2.4.1 `tsd/HttpJsonSerializer.java`, Jackson.
        "null" | "\"NaN\"" => Ok(Held::Gap),
        raw => field::value(raw).map(Held::Value),
    }
}

/// A sound item of an array.
pub(super) fn item(text: &[u8]) -> Result<(u64, Held), Fault> {
    let mut items = Items::new(text, 0);
    let of = |range| text.get(range).unwrap_or_default();
    match (text.first(), items.next(), items.next(), items.next()) {
        (Some(b'['), Some(time), Some(value), None) => {
            let time = of(time);
            let word = quoted(field::utf8(time)?).map_or(time, str::as_bytes);
            Ok((number::time_number(word)?, held(of(value))?))
        }
        _ => {
            let found = quote(text);
            let what = format!("no pair of a time and a value; found {found}");
            Err(Fault::new(ProblemKind::BadValue, what))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_and_items_are_read_from_the_front() {
        let value = Value::float(5.5);
        let member = leading_member(br#""1700000000":5.5,"1700"#);
        assert_eq!(member, Some(((1_700_000_000, value), &b",\"1700"[..])));
        let item = leading_item(b"[1700000000000,5.5]]");
        assert_eq!(item, Some(((1_700_000_000_000, value), &b"]"[..])));
        for text in [
            r#""1700000000":5.5"#,
            r#""1700000000":5.5 ,"#,
            r#""1700000000":05,"#,
            r#""1700000000":+5,"#,
            r#""1700000000":5.,"#,
            r#""1700000000":"NaN","#,
            r#""1700000000x":5,"#,
            r#""17":5,"#,
            "1700000000:5,",
        ] {
            assert_eq!(leading_member(text.as_bytes()), None, "{text}");
        }
        for text in ["[1700000000,5]", "[01700000000,5],", "[1700000000,5,6],", "[1700000000],"] {
            assert_eq!(leading_item(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn a_pair_is_judged() {
        assert_eq!(item(b"[ 5 , \"NaN\" ]"), Ok((5, Held::Gap)));
        assert_eq!(item(b"[\"5\",null]"), Ok((5, Held::Gap)));
        assert_eq!(item(b"[5,1E3]"), Ok((5, Held::Value(Value::integer(1000)))));
        assert_eq!(key(br"\u00315"), Ok(15));
        for (text, kind) in [
            (&b"[5]"[..], ProblemKind::BadValue),
            (b"[5,6,7]", ProblemKind::BadValue),
            (b"5", ProblemKind::BadValue),
            (b"{\"a\":5}", ProblemKind::BadValue),
            (b"[5.5,6]", ProblemKind::BadTime),
            (b"[-5,6]", ProblemKind::TimeOutOfRange),
            (b"[5,\"x\"]", ProblemKind::BadValue),
            (b"[5,true]", ProblemKind::BadValue),
            (b"[5,99999999999999999999]", ProblemKind::ValueOutOfRange),
        ] {
            let fault = item(text).expect_err("no pair");
            assert_eq!(fault.kind, kind, "{}", text.escape_ascii());
        }
    }
}
