//! The judge: digest-v1 a second time, as plainly as it can be told.
//!
//! Written from `docs/spec/digest-v1.md` alone: all points at once, in sorted maps, by recursion. It
//! shares nothing with the program but SHA-256, and where the two disagree one of them is wrong.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

/// A number as a source holds it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Number {
    Integer(i64),
    Float(f64),
}

/// A point as a source holds it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Point {
    pub(crate) metric: String,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) timestamp_ms: u64,
    pub(crate) number: Number,
}

/// What the root of a profile covers, and every node below it.
#[derive(Debug)]
pub(crate) struct Verdict {
    pub(crate) root: [u8; 32],
    pub(crate) points: u64,
    /// Level, metric, series, time, points, digest.
    pub(crate) levels: BTreeSet<(String, String, String, String, u64, String)>,
}

type Hash = [u8; 32];

struct Node {
    points: u64,
    children: u64,
    digest: Hash,
}

/// Judges `points` in the profile of this name, `exact` or `f32`.
pub(crate) fn judge(points: &[Point], profile: &str) -> Verdict {
    type Records = BTreeSet<[u8; 12]>;
    type Days = BTreeMap<String, BTreeMap<String, Records>>;
    let mut all: BTreeMap<&str, BTreeMap<String, Days>> = BTreeMap::new();
    for point in points.iter().filter(|point| point.timestamp_ms < 4_294_967_296_000) {
        let hours = point.timestamp_ms / 3_600_000;
        let days =
            all.entry(&point.metric).or_default().entry(series_name(&point.tags)).or_default();
        let day = days.entry(day_name(hours / 24)).or_default();
        let hour = day.entry(format!("{:02}", hours % 24)).or_default();
        hour.insert(record(point.timestamp_ms % 3_600_000, canonical(point.number, profile)));
    }

    let mut levels = BTreeSet::new();
    let mut note = |level: &str, metric: &str, series: &str, time: &str, node: &Node| {
        let word = str::to_owned;
        let digest = hex(&node.digest);
        levels.insert((word(level), word(metric), word(series), word(time), node.points, digest));
    };
    let all = inner(all.iter().map(|(metric, of_metric)| {
        let node = inner(of_metric.iter().map(|(series, days)| {
            let node = inner(days.iter().map(|(day, hours)| {
                let node = inner(hours.iter().map(|(hour, records)| {
                    let node = leaf(records);
                    note("hour", metric, series, &format!("{day}T{hour}"), &node);
                    (hour.as_str(), node)
                }));
                note("day", metric, series, day, &node);
                (day.as_str(), node)
            }));
            note("series", metric, series, "", &node);
            (series.as_str(), node)
        }));
        note("metric", metric, "", "", &node);
        (*metric, node)
    }));
    let name = format!("tsdbproof/v1/{profile}");
    let (points, metrics) = (all.points.to_be_bytes(), all.children.to_be_bytes());
    let root = sha256(&[&[3], name.as_bytes(), &points, &metrics, &all.digest]);
    Verdict { root, points: all.points, levels }
}

/// The statement of both roots under a scope.
pub(crate) fn statement(scope: &str, exact: &Hash, f32: &Hash) -> Hash {
    sha256(&[&[4], &length(scope), scope.as_bytes(), exact, f32])
}

fn leaf(records: &BTreeSet<[u8; 12]>) -> Node {
    let mut bytes = vec![2];
    records.iter().for_each(|record| bytes.extend(record));
    let points = records.len() as u64;
    Node { points, children: points, digest: sha256(&[&bytes]) }
}

fn inner<'a>(children: impl Iterator<Item = (&'a str, Node)>) -> Node {
    let (mut points, mut entries) = (0, Vec::new());
    for (name, node) in children {
        points += node.points;
        let (below, count) = (node.points.to_be_bytes(), node.children.to_be_bytes());
        entries.push(sha256(&[&[0], &length(name), name.as_bytes(), &below, &count, &node.digest]));
    }
    Node { points, children: entries.len() as u64, digest: mth(&entries) }
}

fn mth(entries: &[Hash]) -> Hash {
    match entries {
        [] => sha256(&[]),
        [one] => *one,
        _ => {
            let mut first = 1;
            while first * 2 < entries.len() {
                first *= 2;
            }
            sha256(&[&[1], &mth(&entries[..first]), &mth(&entries[first..])])
        }
    }
}

fn sha256(parts: &[&[u8]]) -> Hash {
    Sha256::digest(parts.concat()).into()
}

fn length(text: &str) -> [u8; 4] {
    (text.len() as u32).to_be_bytes()
}

fn record(offset_ms: u64, (kind, value): (u8, [u8; 8])) -> [u8; 12] {
    let mut bytes = [0; 12];
    bytes[..4].copy_from_slice(&(offset_ms as u32 * 256 + u32::from(kind)).to_be_bytes());
    bytes[4..].copy_from_slice(&value);
    bytes
}

/// A number as a profile hashes it.
pub(crate) fn canonical(number: Number, profile: &str) -> (u8, [u8; 8]) {
    let exact = match number {
        Number::Integer(integer) => (0, integer.to_be_bytes()),
        Number::Float(float) if float.is_nan() => (1, 0x7ff8_0000_0000_0000_u64.to_be_bytes()),
        Number::Float(float)
            if float.fract() == 0.0 && float >= -(2f64.powi(63)) && float < 2f64.powi(63) =>
        {
            (0, (float as i64).to_be_bytes())
        }
        Number::Float(float) => (1, float.to_bits().to_be_bytes()),
    };
    if profile == "exact" || exact.0 == 0 {
        return exact;
    }
    let narrow = f64::from(f64::from_be_bytes(exact.1) as f32);
    canonical(Number::Float(narrow), "exact")
}

fn series_name(tags: &BTreeMap<String, String>) -> String {
    let escape = |word: &String| {
        let escaped = |c: char| if r"\,={}".contains(c) { format!("\\{c}") } else { c.to_string() };
        word.chars().map(escaped).collect::<String>()
    };
    let pairs: Vec<_> = tags.iter().map(|(k, v)| format!("{}={}", escape(k), escape(v))).collect();
    pairs.join(",")
}

fn day_name(mut days: u64) -> String {
    let divides = |number: u64, year: u64| year.is_multiple_of(number);
    let is_leap = |year| divides(4, year) && (!divides(100, year) || divides(400, year));
    let (mut year, mut month) = (1970, 0);
    while days >= 365 + u64::from(is_leap(year)) {
        days -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let february = 28 + u64::from(is_leap(year));
    let months = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    while days >= months[month] {
        days -= months[month];
        month += 1;
    }
    format!("{year:04}-{:02}-{:02}", month + 1, days + 1)
}

/// Bytes as digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The points of sound import text. What is no point is passed over: this reads what tests know.
pub(crate) fn read(text: &[u8]) -> Vec<Point> {
    text.split(|byte| *byte == b'\n').filter_map(read_line).collect()
}

fn read_line(line: &[u8]) -> Option<Point> {
    let line = str::from_utf8(line).ok()?.trim_end_matches('\r');
    let mut words = line.split(' ').filter(|word| !word.is_empty());
    let metric = words.next().filter(|word| *word != "put").or_else(|| words.next())?;
    let time: u64 = words.next()?.parse().ok()?;
    let text = words.next()?;
    let number = match text.parse() {
        Ok(integer) => Number::Integer(integer),
        Err(_) => Number::Float(text.parse().ok()?),
    };
    let mut tags = BTreeMap::new();
    for word in words {
        let (key, value) = word.split_once('=')?;
        tags.insert(key.to_owned(), value.to_owned());
    }
    let timestamp_ms = if time < 1 << 32 { time * 1000 } else { time };
    Some(Point { metric: metric.to_owned(), tags, timestamp_ms, number })
}
