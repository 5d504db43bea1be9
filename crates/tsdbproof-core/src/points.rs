//! A point and its canonical form: digest-v1, "Points".

use std::{
    cmp::Ordering,
    collections::BTreeMap,
    fmt,
    hash::{Hash, Hasher},
};

use crate::sort;

/// Milliseconds of an hour, the length of a leaf.
pub const HOUR_MS: u64 = 3_600_000;
/// The first instant, in milliseconds, that no row of OpenTSDB can hold.
pub const TIME_LIMIT_MS: u64 = 4_294_967_296_000;

/// Whole hours since 1970-01-01T00:00:00Z: the name of a leaf below its series.
pub type Hour = u32;

/// What a digest distinguishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Profile {
    /// Every number as it is.
    Exact,
    /// Numbers that are no whole numbers, rounded to single precision.
    F32,
}

impl Profile {
    /// The profile's name, as it is hashed and written.
    pub fn name(self) -> &'static str {
        match self {
            Profile::Exact => "exact",
            Profile::F32 => "f32",
        }
    }
}

/// A number in canonical form: one form for one number, whatever it was stored or spelled as.
///
/// It remembers whether it came as a float, and whether that can be relied on. Neither is part of the
/// number: equality, order and digests do not see it.
#[derive(Debug, Clone, Copy)]
pub struct Value {
    kind: u8,
    bits: u64,
}

const WHOLE: u8 = 0;
const FLOAT: u8 = 1;
/// A whole number that came as a float.
const WHOLE_FROM_FLOAT: u8 = 2;
/// Set where the way of the number does not keep whether it was an integer or a float.
const UNKNOWN: u8 = 4;
/// The bits of a kind that belong to the number.
const NUMBER: u8 = 1;
const NAN_BITS: u64 = 0x7ff8_0000_0000_0000;
/// 2^63, the first float that is too large for an i64.
const TWO_63: f64 = 9_223_372_036_854_775_808.0;

impl Value {
    /// A whole number.
    #[inline]
    pub fn integer(number: i64) -> Self {
        Value { kind: WHOLE, bits: number as u64 }
    }

    /// A float; one that is a whole number in [-2^63, 2^63) is that integer.
    #[inline]
    pub fn float(number: f64) -> Self {
        // The cast drops a fraction: what survives it is whole.
        if (-TWO_63..TWO_63).contains(&number) && number as i64 as f64 == number {
            return Value { kind: WHOLE_FROM_FLOAT, bits: number as i64 as u64 };
        }
        let bits = if number.is_nan() { NAN_BITS } else { number.to_bits() };
        Value { kind: FLOAT, bits }
    }

    /// The value that the `f32` profile puts in place of this one.
    #[inline]
    pub fn to_f32(self) -> Self {
        match self.as_float() {
            Some(number) => Value::float(f64::from(number as f32)),
            None => self,
        }
    }

    /// The number, if it is kept as an integer.
    #[inline]
    pub fn as_integer(self) -> Option<i64> {
        (self.kind & NUMBER == WHOLE).then_some(self.bits as i64)
    }

    /// The number, if it is kept as a float.
    #[inline]
    pub fn as_float(self) -> Option<f64> {
        (self.kind & NUMBER == FLOAT).then(|| f64::from_bits(self.bits))
    }

    /// Whether it came as a float, be it a whole number or not.
    #[inline]
    pub fn came_as_float(self) -> bool {
        self.kind & !UNKNOWN != WHOLE
    }

    /// Whether it is a whole number that came as a float.
    #[inline]
    pub fn is_whole_float(self) -> bool {
        self.kind & !UNKNOWN == WHOLE_FROM_FLOAT
    }

    /// Whether the way that it came keeps if it was an integer or a float.
    #[inline]
    pub fn has_known_kind(self) -> bool {
        self.kind & UNKNOWN == 0
    }

    /// The number, spelled so that its kind shows: `5`, `5.0`. `None` where its way does not keep that.
    pub fn spelled_with_kind(self) -> Option<String> {
        match self.as_integer() {
            _ if !self.has_known_kind() => None,
            Some(number) if self.came_as_float() => Some(format!("{number}.0")),
            _ => Some(self.to_string()),
        }
    }

    /// Whether `other`, as a number, is this number in single precision.
    ///
    /// Wider than equality under [`Profile::F32`]: 16777217 stored by a path that keeps binary32
    /// comes back as 16777216, a whole number too.
    pub fn narrows_to(self, other: Value) -> bool {
        let narrow = match (self.as_integer(), self.as_float()) {
            (Some(number), _) => number as f32,
            (None, Some(number)) => number as f32,
            (None, None) => return false,
        };
        Value::float(f64::from(narrow)) == other
    }
}

impl PartialEq for Value {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        (self.kind ^ other.kind) & NUMBER == 0 && self.bits == other.bits
    }
}

impl Eq for Value {}

impl Hash for Value {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.kind & NUMBER, self.bits).hash(state);
    }
}

impl Ord for Value {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        (self.kind & NUMBER, self.bits).cmp(&(other.kind & NUMBER, other.bits))
    }
}

impl PartialOrd for Value {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.as_integer(), self.as_float()) {
            (Some(number), _) => write!(f, "{number}"),
            (None, Some(number)) => write!(f, "{number:?}"),
            (None, None) => Ok(()),
        }
    }
}

/// One value of one series at one instant, in milliseconds since 1970 and below [`TIME_LIMIT_MS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Point {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub timestamp_ms: u64,
    /// The canonical value.
    pub value: Value,
}

impl Point {
    /// The leaf that holds this point.
    #[inline]
    pub fn hour(self) -> Hour {
        (self.timestamp_ms / HOUR_MS) as Hour
    }

    /// This point as its leaf hashes it.
    #[inline]
    pub fn record(self) -> Record {
        let offset_ms = (self.timestamp_ms % HOUR_MS) as u32;
        Record { time_and_kind: offset_ms << 8 | u32::from(self.value.kind), bits: self.value.bits }
    }
}

/// A point below its hour. The order of records is the order of the bytes that are hashed.
#[derive(Debug, Clone, Copy)]
pub struct Record {
    time_and_kind: u32,
    bits: u64,
}

/// The bits of time and kind that belong to the point.
const TIME_AND_NUMBER: u32 = !0xff | NUMBER as u32;

impl Record {
    /// Bytes of a record.
    pub const SIZE: usize = 12;

    /// The twelve bytes that are hashed.
    #[inline]
    pub fn to_hashed_bytes(self) -> [u8; Self::SIZE] {
        Record { time_and_kind: self.time_and_kind & TIME_AND_NUMBER, ..self }.to_bytes()
    }

    /// Twelve bytes that keep all of it.
    #[inline]
    pub fn to_bytes(self) -> [u8; Self::SIZE] {
        let [a, b, c, d] = self.time_and_kind.to_be_bytes();
        let [e, f, g, h, i, j, k, l] = self.bits.to_be_bytes();
        [a, b, c, d, e, f, g, h, i, j, k, l]
    }

    /// The record of these bytes, as [`Record::to_bytes`] wrote them.
    #[inline]
    pub fn from_bytes(bytes: [u8; Self::SIZE]) -> Self {
        let [a, b, c, d, bits @ ..] = bytes;
        Record { time_and_kind: u32::from_be_bytes([a, b, c, d]), bits: u64::from_be_bytes(bits) }
    }

    /// The same of a way that does not keep whether a number was an integer or a float.
    #[inline]
    pub fn of_unknown_kind(self) -> Self {
        let is_whole = self.time_and_kind & u32::from(NUMBER) == 0;
        let unknown = if is_whole { u32::from(UNKNOWN) } else { 0 };
        Record { time_and_kind: self.time_and_kind | unknown, ..self }
    }

    /// Takes the kind of another record of the same point, if it is surer: an integer before a float
    /// before what is not known, so that no order of copies changes a kind.
    #[inline]
    pub fn join_kind(&mut self, other: Record) {
        self.time_and_kind = self.time_and_kind.min(other.time_and_kind);
    }

    /// Leaves one of each point in sorted records, of the surest kind.
    pub fn dedup(records: &mut Vec<Record>) {
        records.dedup_by(|later, first| {
            let is_same = later == first;
            if is_same {
                first.join_kind(*later);
            }
            is_same
        });
    }

    /// Milliseconds from the start of the hour.
    #[inline]
    pub fn offset_ms(self) -> u32 {
        self.time_and_kind >> 8
    }

    /// The value of the point.
    #[inline]
    pub fn value(self) -> Value {
        Value { kind: self.time_and_kind as u8, bits: self.bits }
    }

    /// The record that the `f32` profile hashes in place of this one.
    #[inline]
    pub fn to_f32(self) -> Self {
        if self.time_and_kind as u8 & NUMBER != FLOAT {
            return self;
        }
        let value = self.value().to_f32();
        Record {
            time_and_kind: self.time_and_kind & !0xff | u32::from(value.kind),
            bits: value.bits,
        }
    }

    /// The point that this record is in `hour`.
    #[inline]
    pub fn in_hour(self, hour: Hour) -> Point {
        Point {
            timestamp_ms: u64::from(hour) * HOUR_MS + u64::from(self.offset_ms()),
            value: self.value(),
        }
    }
}

impl PartialEq for Record {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        (self.time_and_kind ^ other.time_and_kind) & TIME_AND_NUMBER == 0 && self.bits == other.bits
    }
}

impl Eq for Record {}

impl Ord for Record {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        let key = |it: &Self| (it.time_and_kind & TIME_AND_NUMBER, it.bits);
        key(self).cmp(&key(other))
    }
}

impl PartialOrd for Record {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The tags of a series in canonical text: `key=value` joined by `,`, sorted, escaped.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Tags(String);

/// Why a list of tags names no series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TagsError {
    /// The key stands twice, with two values.
    Contradiction(String),
}

impl Tags {
    /// The canonical text of `pairs`, given in any order; a pair that stands twice counts once.
    pub fn new<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, TagsError> {
        let pairs = distinct(pairs);
        match repeated_key(&pairs) {
            Some(key) => Err(TagsError::Contradiction(key.to_owned())),
            None => Ok(Tags::of_distinct(&pairs)),
        }
    }

    /// The same of pairs among which a key may stand with several values, as in a row key of HBase.
    /// Gives such a key too.
    pub fn of_row_key<'a>(
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> (Self, Option<&'a str>) {
        let pairs = distinct(pairs);
        (Tags::of_distinct(&pairs), repeated_key(&pairs))
    }

    fn of_distinct(pairs: &[(&str, &str)]) -> Self {
        let mut text = String::new();
        for (key, value) in pairs {
            if !text.is_empty() {
                text.push(',');
            }
            escape(key, &mut text);
            text.push('=');
            escape(value, &mut text);
        }
        Tags(text)
    }

    /// Tags from text that is canonical already, as a manifest holds it.
    pub fn from_canonical(text: impl Into<String>) -> Self {
        Tags(text.into())
    }

    /// The canonical text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The value of `key`, unescaped.
    pub fn value(&self, key: &str) -> Option<String> {
        self.pairs().into_iter().find(|(k, _)| k == key).map(|(_, value)| value)
    }

    /// The value of each key, unescaped.
    pub fn pairs_by_key(&self) -> BTreeMap<String, String> {
        sort::gathered(self.pairs())
    }

    /// Every key with its value, unescaped, in canonical order.
    pub fn pairs(&self) -> Vec<(String, String)> {
        let mut pairs = Vec::new();
        let mut words = (String::new(), None::<String>);
        let mut chars = self.0.chars();
        while let Some(c) = chars.next() {
            match c {
                ',' => push_pair(&mut pairs, std::mem::take(&mut words)),
                '=' => words.1 = Some(String::new()),
                _ => {
                    let c = if c == '\\' { chars.next().unwrap_or(c) } else { c };
                    words.1.as_mut().unwrap_or(&mut words.0).push(c);
                }
            }
        }
        push_pair(&mut pairs, words);
        pairs
    }
}

fn distinct<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<(&'a str, &'a str)> {
    let mut pairs: Vec<_> = pairs.into_iter().collect();
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

/// A key that stands with several values in distinct, sorted pairs.
fn repeated_key<'a>(pairs: &[(&'a str, &'a str)]) -> Option<&'a str> {
    pairs.windows(2).find(|two| two[0].0 == two[1].0).map(|two| two[0].0)
}

fn push_pair(pairs: &mut Vec<(String, String)>, (key, value): (String, Option<String>)) {
    if let Some(value) = value {
        pairs.push((key, value));
    }
}

fn escape(word: &str, text: &mut String) {
    for c in word.chars() {
        if matches!(c, '\\' | ',' | '=' | '{' | '}') {
            text.push('\\');
        }
        text.push(c);
    }
}

/// A metric with its tags: the name of a series. Ordered as the digest tree orders its children.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Series {
    /// The metric's name.
    pub metric: String,
    /// The tags in canonical text.
    pub tags: Tags,
}

impl fmt::Display for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{{{}}}", self.metric, self.tags.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_has_one_form() {
        assert_eq!(Value::float(1.0), Value::integer(1));
        assert_eq!(Value::float(-0.0), Value::integer(0));
        assert_eq!(Value::float(-TWO_63), Value::integer(i64::MIN));
        assert_eq!(Value::float(TWO_63).as_float(), Some(TWO_63));
        assert_eq!(Value::float(-f64::NAN), Value::float(f64::NAN));
    }

    #[test]
    fn single_precision_keeps_whole_numbers_and_rounds_the_rest() {
        assert_eq!(Value::integer(16_777_217).to_f32(), Value::integer(16_777_217));
        assert_eq!(Value::float(0.1).to_f32(), Value::float(f64::from(0.1f32)));
        assert_eq!(Value::float(1e300).to_f32(), Value::float(f64::INFINITY));
        assert_eq!(Value::float(0.999_999_999_9).to_f32(), Value::integer(1));
        assert!(Value::integer(16_777_217).narrows_to(Value::integer(16_777_216)));
    }

    #[test]
    fn tags_are_sorted_escaped_and_read_back() {
        let tags = Tags::new([("b", "x,y"), ("a", "1"), ("a", "1"), ("c=", "{\\}")]).unwrap();
        assert_eq!(tags.as_str(), r"a=1,b=x\,y,c\==\{\\\}");
        let pairs = tags.pairs();
        assert_eq!(pairs[2], ("c=".to_owned(), r"{\}".to_owned()));
        assert_eq!(tags.value("b").as_deref(), Some("x,y"));
        assert!(Tags::new([("a", "1"), ("a", "2")]).is_err());
        let (tags, repeated) = Tags::of_row_key([("b", "1"), ("a", "2"), ("a", "1"), ("b", "1")]);
        assert_eq!((tags.as_str(), repeated), ("a=1,a=2,b=1", Some("a")));
    }

    #[test]
    fn records_keep_points() {
        let point = Point { timestamp_ms: 1_617_152_000_123, value: Value::float(0.85) };
        let record = Record::from_bytes(point.record().to_bytes());
        assert_eq!(record.in_hour(point.hour()), point);
    }
}
