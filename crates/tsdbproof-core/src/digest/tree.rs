//! The tree above the leaves, folded from children in name order: memory is what is open.

use super::{Hash, Mth, hash};
use crate::{Hour, Profile, Series};

/// A node of the tree in one profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node {
    /// Points below it.
    pub points: u64,
    /// Children that hold points; of an hour, its points.
    pub children: u64,
    /// Its digest.
    pub digest: Hash,
}

/// A node in both profiles, with the time that its points span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The node in the exact profile.
    pub exact: Node,
    /// The node in the `f32` profile, where it is another.
    pub f32: Option<Node>,
    /// The first point's time, in milliseconds.
    pub first_ms: u64,
    /// The last point's time, in milliseconds.
    pub last_ms: u64,
}

impl Entry {
    /// The node in `profile`.
    pub fn node(&self, profile: Profile) -> &Node {
        match profile {
            Profile::Exact => &self.exact,
            Profile::F32 => self.f32.as_ref().unwrap_or(&self.exact),
        }
    }
}

/// How far down the tree something reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Depth {
    /// Metrics.
    Metric,
    /// Series.
    Series,
    /// Days of a series.
    Day,
    /// Hours of a series: the leaves.
    Hour,
}

impl Depth {
    /// Every depth, the shallowest first.
    pub const ALL: [Depth; 4] = [Depth::Metric, Depth::Series, Depth::Day, Depth::Hour];

    /// The depth's name in options and files.
    pub fn name(self) -> &'static str {
        match self {
            Depth::Metric => "metric",
            Depth::Series => "series",
            Depth::Day => "day",
            Depth::Hour => "hour",
        }
    }
}

/// The place of a node: a series (above `Series`, its metric alone counts) and its first hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name<'a> {
    /// The series.
    pub series: &'a Series,
    /// The hour; of a day, its first; above days, 0.
    pub hour: Hour,
}

/// Both roots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Roots {
    /// The root of the exact profile.
    pub exact: Hash,
    /// The root of the `f32` profile.
    pub f32: Hash,
}

impl Roots {
    /// The root of `profile`.
    pub fn of(&self, profile: Profile) -> Hash {
        match profile {
            Profile::Exact => self.exact,
            Profile::F32 => self.f32,
        }
    }
}

/// What a finished tree says of all points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Totals {
    /// Both roots.
    pub roots: Roots,
    /// The node above all metrics; `first_ms` and `last_ms` are 0 without points.
    pub all: Entry,
}

/// An inner node whose children still arrive.
#[derive(Debug, Clone, Default)]
struct Open {
    exact: Mth,
    /// Set once a child differs between the profiles, with the points counted there.
    f32: Option<(Mth, u64)>,
    points: u64,
    first_ms: u64,
    last_ms: u64,
}

impl Open {
    fn push(&mut self, name: &str, child: &Entry) {
        if child.f32.is_some() && self.f32.is_none() {
            self.f32 = Some((self.exact.clone(), self.points));
        }
        match (&mut self.f32, &child.f32) {
            (None, _) => self.exact.push(hash::entry(name, &child.exact)),
            (Some((mth, points)), narrow) => {
                let entries = match narrow {
                    Some(narrow) => hash::entries(name, [&child.exact, narrow]),
                    None => [hash::entry(name, &child.exact); 2],
                };
                Mth::push_both([&mut self.exact, mth], entries);
                *points += child.node(Profile::F32).points;
            }
        }
        if self.points == 0 {
            self.first_ms = child.first_ms;
        }
        self.first_ms = self.first_ms.min(child.first_ms);
        self.last_ms = self.last_ms.max(child.last_ms);
        self.points += child.exact.points;
    }

    fn close(self) -> Entry {
        let node = |mth: &Mth, points| Node { points, children: mth.count(), digest: mth.finish() };
        Entry {
            exact: node(&self.exact, self.points),
            f32: self.f32.map(|(mth, points)| node(&mth, points)),
            first_ms: self.first_ms,
            last_ms: self.last_ms,
        }
    }
}

const HOURS_A_DAY: Hour = 24;

/// Folds nodes of one depth, pushed in ascending order of their names, up to the roots.
#[derive(Debug)]
pub struct Tree {
    depth: Depth,
    /// The last name pushed.
    series: Series,
    hour: Hour,
    started: bool,
    day: Open,
    of_series: Open,
    metric: Open,
    all: Open,
}

impl Tree {
    /// A tree that takes nodes of `depth`.
    pub fn new(depth: Depth) -> Self {
        let empty = Open::default;
        Tree {
            depth,
            series: Series::default(),
            hour: 0,
            started: false,
            day: empty(),
            of_series: empty(),
            metric: empty(),
            all: empty(),
        }
    }

    /// Adds the next node. Each node above that is now complete goes to `closed`, with its depth.
    pub fn push(
        &mut self,
        name: Name<'_>,
        entry: &Entry,
        closed: &mut impl FnMut(Depth, Name<'_>, &Entry),
    ) {
        if self.started {
            let metric = self.series.metric != name.series.metric;
            let series = metric || self.series.tags != name.series.tags;
            let day = series || self.hour / HOURS_A_DAY != name.hour / HOURS_A_DAY;
            self.close(metric, series, day, closed);
            if series {
                self.series.clone_from(name.series);
            }
        } else {
            self.series.clone_from(name.series);
            self.started = true;
        }
        self.hour = name.hour;
        match self.depth {
            Depth::Hour => self.day.push(hour_name(name.hour), entry),
            Depth::Day => self.of_series.push(&day_name(name.hour), entry),
            Depth::Series => self.metric.push(name.series.tags.as_str(), entry),
            Depth::Metric => self.all.push(&name.series.metric, entry),
        }
    }

    fn close(
        &mut self,
        metric: bool,
        series: bool,
        day: bool,
        closed: &mut impl FnMut(Depth, Name<'_>, &Entry),
    ) {
        let name = |hour| Name { series: &self.series, hour };
        if day && self.depth >= Depth::Hour {
            let entry = std::mem::take(&mut self.day).close();
            closed(Depth::Day, name(self.hour / HOURS_A_DAY * HOURS_A_DAY), &entry);
            self.of_series.push(&day_name(self.hour), &entry);
        }
        if series && self.depth >= Depth::Day {
            let entry = std::mem::take(&mut self.of_series).close();
            closed(Depth::Series, name(0), &entry);
            self.metric.push(self.series.tags.as_str(), &entry);
        }
        if metric && self.depth >= Depth::Series {
            let entry = std::mem::take(&mut self.metric).close();
            closed(Depth::Metric, name(0), &entry);
            self.all.push(&self.series.metric, &entry);
        }
    }

    /// Closes what is open and gives the roots.
    pub fn finish(mut self, closed: &mut impl FnMut(Depth, Name<'_>, &Entry)) -> Totals {
        if self.started {
            self.close(true, true, true, closed);
        }
        let all = self.all.close();
        let root = |profile| hash::root(profile, all.node(profile));
        Totals { roots: Roots { exact: root(Profile::Exact), f32: root(Profile::F32) }, all }
    }
}

/// Names of hours: there is one for each leaf.
const HOURS: [&str; HOURS_A_DAY as usize] = [
    "00", "01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12", "13", "14", "15",
    "16", "17", "18", "19", "20", "21", "22", "23",
];

fn hour_name(hour: Hour) -> &'static str {
    HOURS.get((hour % HOURS_A_DAY) as usize).copied().unwrap_or_default()
}

/// `YYYY-MM-DD` of the day that holds `hour`, in UTC.
fn day_name(hour: Hour) -> String {
    let (year, month, day) = civil(hour / HOURS_A_DAY);
    format!("{year:04}-{month:02}-{day:02}")
}

/// Year, month and day of a day counted from 1970-01-01, in the Gregorian calendar.
pub fn civil(days: u32) -> (u32, u32, u32) {
    // Years are counted from March, so that the leap day is a year's last.
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (400 * era + year_of_era + u32::from(month <= 2), month, day)
}
