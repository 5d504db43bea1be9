//! The vectors of digest-v1, made by an implementation that shares nothing with this project's:
//! every level, count, root and statement, once through core's tree and once through the judge.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;
use tsdbproof_core::{
    HOUR_MS, Hour, Point, Profile, Record, Series, TIME_LIMIT_MS, Tags, Value,
    digest::{Depth, Entry, Name, OpenHour, RootText, Roots, Tree, civil, statement},
};

use crate::judge::{self, Number, hex};

const VECTORS: &str = include_str!("vectors/digest-v1-vectors.jsonl");

type Level = (String, String, String, String, u64, String);

/// One line of the file.
struct Vector {
    name: String,
    points: Vec<judge::Point>,
    line: Json,
}

fn vectors() -> Vec<Vector> {
    let vectors = VECTORS.lines().map(|line| {
        let line: Json = serde_json::from_str(line).expect("a vector is JSON");
        let points = line["points"].as_array().expect("points").iter().filter_map(point).collect();
        Vector { name: text(&line["name"]), points, line }
    });
    let vectors: Vec<_> = vectors.collect();
    assert_eq!(vectors.len(), 21, "a vector is lost");
    vectors
}

fn text(json: &Json) -> String {
    json.as_str().expect("text").to_owned()
}

/// A point; one at a time before 1970 is out of range.
fn point(json: &Json) -> Option<judge::Point> {
    let tags = json["tags"].as_object().expect("tags");
    let value = text(&json["value"]);
    Some(judge::Point {
        metric: text(&json["metric"]),
        tags: tags.iter().map(|(key, value)| (key.clone(), text(value))).collect(),
        timestamp_ms: json["timestamp"].as_u64()?,
        number: match json["kind"].as_str() {
            Some("int") => Number::Integer(value.parse().expect("an integer")),
            _ => Number::Float(value.parse().expect("a float")),
        },
    })
}

impl Vector {
    fn levels(&self, profile: &str) -> Option<BTreeSet<Level>> {
        let levels = self.line[profile]["levels"].as_array()?;
        let level = |level: &Json| {
            let word = |index: usize| text(&level[index]);
            let points = level[4].as_u64().expect("a count");
            (word(0), word(1), word(2), word(3), points, word(5))
        };
        Some(levels.iter().map(level).collect())
    }

    fn root(&self, profile: &str) -> String {
        text(&self.line[profile]["root"])
    }

    fn points(&self, profile: &str) -> u64 {
        self.line[profile]["points"].as_u64().expect("a count")
    }

    fn statement(&self) -> String {
        text(&self.line["statement"])
    }

    fn scope(&self) -> String {
        text(&self.line["scope"])
    }
}

#[test]
fn the_judge_finds_every_digest_of_the_vectors() {
    for vector in vectors() {
        let [exact, f32] = ["exact", "f32"].map(|profile| {
            let verdict = judge::judge(&vector.points, profile);
            let root = format!("tsdbproof:v1:{profile}:{}", hex(&verdict.root));
            assert_eq!(root, vector.root(profile), "{}", vector.name);
            assert_eq!(verdict.points, vector.points(profile), "{}", vector.name);
            if let Some(levels) = vector.levels(profile) {
                assert_eq!(verdict.levels, levels, "{}", vector.name);
            }
            verdict.root
        });
        let statement = judge::statement(&vector.scope(), &exact, &f32);
        let statement = format!("tsdbproof:v1:statement:{}", hex(&statement));
        assert_eq!(statement, vector.statement(), "{}", vector.name);
    }
}

/// Leaves of core's tree: the points as records, by series and hour.
type Leaves = BTreeMap<(Series, Hour), Vec<Record>>;

fn leaves(points: &[judge::Point]) -> Leaves {
    let mut leaves = Leaves::new();
    for point in points.iter().filter(|point| point.timestamp_ms < TIME_LIMIT_MS) {
        let pairs = point.tags.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        let tags = Tags::new(pairs).expect("a key stands once");
        let series = Series { metric: point.metric.clone(), tags };
        let value = match point.number {
            Number::Integer(integer) => Value::integer(integer),
            Number::Float(float) => Value::float(float),
        };
        let point = Point { timestamp_ms: point.timestamp_ms, value };
        leaves.entry((series, point.hour())).or_default().push(point.record());
    }
    leaves
}

/// The finished leaf of these records.
fn close(
    mut records: Vec<Record>,
) -> (tsdbproof_core::digest::Node, Option<tsdbproof_core::digest::Node>) {
    records.sort_unstable();
    records.dedup();
    let mut open = OpenHour::default();
    for instant in records.chunk_by(|a, b| a.offset_ms() == b.offset_ms()) {
        open.push_instant(instant);
    }
    open.close()
}

fn level(depth: Depth, name: Name<'_>, entry: &Entry, profile: Profile) -> Level {
    let (year, month, day) = civil(name.hour / 24);
    let day = format!("{year:04}-{month:02}-{day:02}");
    let node = entry.node(profile);
    let time = match depth {
        Depth::Hour => format!("{day}T{:02}", name.hour % 24),
        Depth::Day => day,
        Depth::Series | Depth::Metric => String::new(),
    };
    let series = if depth == Depth::Metric { "" } else { name.series.tags.as_str() };
    let metric = name.series.metric.clone();
    (depth.name().to_owned(), metric, series.to_owned(), time, node.points, node.digest.to_string())
}

#[test]
fn the_tree_finds_every_digest_of_the_vectors() {
    for vector in vectors() {
        let mut levels = [Profile::Exact, Profile::F32].map(|profile| (profile, BTreeSet::new()));
        let mut note = |depth: Depth, name: Name<'_>, entry: &Entry| {
            for (profile, levels) in &mut levels {
                levels.insert(level(depth, name, entry, *profile));
            }
        };
        let mut tree = Tree::new(Depth::Hour);
        for ((series, hour), records) in leaves(&vector.points) {
            let time = |record: Option<&Record>| record.expect("a leaf has points").in_hour(hour);
            let first_ms = time(records.iter().min()).timestamp_ms;
            let last_ms = time(records.iter().max()).timestamp_ms;
            let (exact, f32) = close(records);
            let entry = Entry { exact, f32, first_ms, last_ms };
            let name = Name { series: &series, hour };
            assert!(first_ms / HOUR_MS == u64::from(hour) && first_ms <= last_ms);
            note(Depth::Hour, name, &entry);
            tree.push(name, &entry, &mut note);
        }
        let totals = tree.finish(&mut note);
        check(&vector, &totals.roots, &levels);
        for (profile, _) in levels {
            let points = totals.all.node(profile).points;
            assert_eq!(points, vector.points(profile.name()), "{}", vector.name);
        }
    }
}

fn check(vector: &Vector, roots: &Roots, levels: &[(Profile, BTreeSet<Level>); 2]) {
    for (profile, levels) in levels {
        let root = RootText::Root(*profile, roots.of(*profile)).to_string();
        assert_eq!(root, vector.root(profile.name()), "{}", vector.name);
        if let Some(expected) = vector.levels(profile.name()) {
            assert_eq!(*levels, expected, "{}", vector.name);
        }
    }
    let statement = RootText::Statement(statement(&vector.scope(), roots)).to_string();
    assert_eq!(statement, vector.statement(), "{}", vector.name);
}
