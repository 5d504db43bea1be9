//! A stretch of neighbouring hours in which a series differs, and what explains it.

use std::collections::HashSet;

use tsdbproof_core::{
    Hour, Point, Profile, Record, Series, Tolerance, Value,
    cause::{Change, Pattern, change, pattern, whole_shift},
};

use super::{lacking::Lacking, unprinted::Unprinted};
use crate::{
    look::Row,
    report::{Cause, Counts, Difference, PointDifference},
    time::time,
};

/// Points that differ and are told one by one.
const EXAMPLES: usize = 10;
/// Points of a series that are kept to find a pattern in them; of more, none is looked for.
const PATTERN_POINTS: usize = 1 << 15;

/// A stretch while its nodes are compared.
pub(super) struct Stretch {
    window_ms: Option<(u64, u64)>,
    base_points: u64,
    current_points: u64,
    pub(super) counts: Counts,
    tolerance: Tolerance,
    lacking: Lacking,
    /// Those of `counts.lost` by what was lost, in the order of [`Loss::ALL`].
    lost: [u64; 2],
    examples: Vec<PointDifference>,
}

/// The points of a series that the sides differ in, in order of time, as far as they are few.
#[derive(Default)]
pub(super) struct Sample {
    missing: Vec<Point>,
    extra: Vec<Point>,
    /// All points of the differing hours: a shifted series differs at instants that both sides have.
    base: Vec<Point>,
    current: Vec<Point>,
    is_full: bool,
}

impl Sample {
    fn keep(&mut self, points: fn(&mut Self) -> &mut Vec<Point>, hour: Hour, records: &[Record]) {
        if self.is_full {
            return;
        }
        points(self).extend(records.iter().map(|record| record.in_hour(hour)));
        if points(self).len() > PATTERN_POINTS {
            *self = Sample { is_full: true, ..Sample::default() };
        }
    }
}

impl Stretch {
    /// An empty stretch; `lacking` counts what a side can't have.
    pub(super) fn new(
        window_ms: Option<(u64, u64)>,
        tolerance: Tolerance,
        lacking: Lacking,
    ) -> Self {
        Stretch {
            window_ms,
            base_points: 0,
            current_points: 0,
            counts: Counts::default(),
            tolerance,
            lacking,
            lost: [0; 2],
            examples: Vec::new(),
        }
    }

    /// Whether a node with this window goes on where the stretch ends.
    pub(super) fn is_followed_by(&self, window_ms: Option<(u64, u64)>) -> bool {
        self.window_ms.zip(window_ms).is_some_and(|((_, end), (start, _))| end == start)
    }

    /// Whether a node with this window is the last that was taken.
    pub(super) fn ends_with(&self, window_ms: Option<(u64, u64)>) -> bool {
        self.window_ms.zip(window_ms).is_some_and(|((_, end), (_, to))| end == to)
    }

    /// Takes another node.
    pub(super) fn extend(&mut self, window_ms: Option<(u64, u64)>, base: u64, current: u64) {
        if let (Some((_, to)), Some((_, end))) = (&mut self.window_ms, window_ms) {
            *to = end;
        }
        self.base_points += base;
        self.current_points += current;
    }

    /// Counts points that differ only by what was lost on their way, in the order of [`Loss::ALL`].
    pub(super) fn lose(&mut self, lost: [u64; 2]) {
        self.counts.lost += lost.iter().sum::<u64>();
        self.lost.iter_mut().zip(lost).for_each(|(sum, lost)| *sum += lost);
    }

    /// Takes points of both sides that differ, of any instants in order.
    pub(super) fn differ(
        &mut self,
        hour: Hour,
        mut base: &[Record],
        mut current: &[Record],
        sample: &mut Sample,
    ) {
        loop {
            let next = |records: &[Record]| records.first().map(|record| record.offset_ms());
            let Some(offset) = next(base).into_iter().chain(next(current)).min() else { return };
            let (of_base, later) = split_instant(base, offset);
            base = later;
            let (of_current, later) = split_instant(current, offset);
            current = later;
            match (of_base.is_empty(), of_current.is_empty()) {
                (false, true) => self.only_in_base(hour, of_base, sample),
                (true, _) => self.only_in_current(hour, of_current, sample),
                (false, false) => self.on_both(hour, of_base, of_current, sample),
            }
        }
    }

    pub(super) fn only_in_base(&mut self, hour: Hour, records: &[Record], sample: &mut Sample) {
        self.counts.missing += records.len() as u64;
        self.lacking.lacks(1, hour, records);
        self.example('-', hour, records, &[]);
        sample.keep(|it| &mut it.missing, hour, records);
        sample.keep(|it| &mut it.base, hour, records);
    }

    pub(super) fn only_in_current(&mut self, hour: Hour, records: &[Record], sample: &mut Sample) {
        self.counts.extra += records.len() as u64;
        self.lacking.lacks(0, hour, records);
        self.example('+', hour, &[], records);
        sample.keep(|it| &mut it.extra, hour, records);
        sample.keep(|it| &mut it.current, hour, records);
    }

    /// Takes an hour that only one side has, whose points are not at hand; gives how many they are.
    pub(super) fn only_on_one(&mut self, rows: &[Option<Row>; 2], profile: Profile) -> [u64; 2] {
        let mut points = [0, 0];
        for ((row, lacking), points) in rows.iter().zip([1, 0]).zip(&mut points) {
            let Some(Row { hour, entry, .. }) = row else { continue };
            *points = entry.node(profile).points;
            self.lacking.lacks_hour(lacking, *hour, (entry.first_ms, entry.last_ms), *points);
        }
        let [missing, extra] = points;
        self.counts.missing += missing;
        self.counts.extra += extra;
        points
    }

    pub(super) fn on_both(
        &mut self,
        hour: Hour,
        base: &[Record],
        current: &[Record],
        sample: &mut Sample,
    ) {
        sample.keep(|it| &mut it.base, hour, base);
        sample.keep(|it| &mut it.current, hour, current);
        if base == current {
            return;
        }
        self.counts.changed += 1;
        self.counts.within_tolerance += u64::from(self.tolerance.covers(base, current));
        match change(base, current) {
            Change::Narrowed => self.counts.narrowed += 1,
            Change::Resolved => self.counts.resolved += 1,
            Change::Other => {}
        }
        self.example('~', hour, base, current);
    }

    fn counts(&self) -> Counts {
        let Unprinted { at_fault, beyond_end, .. } = self.lacking.unprinted;
        let expired = self.lacking.expired;
        Counts { unprinted: at_fault + beyond_end, expired, ..self.counts }
    }

    /// The points that lie in the stretch; they are sorted by time.
    fn of<'a>(&self, points: &'a [Point]) -> &'a [Point] {
        let Some((from, to)) = self.window_ms else { return &[] };
        let before = |ms| points.partition_point(|point| point.timestamp_ms < ms);
        points.get(before(from)..before(to)).unwrap_or_default()
    }

    fn example(&mut self, sign: char, hour: Hour, base: &[Record], current: &[Record]) {
        let Some(first) = base.iter().chain(current).next() else { return };
        if self.examples.len() < EXAMPLES {
            let values = |records: &[Record]| {
                records.iter().map(|record| record.value().to_string()).collect()
            };
            self.examples.push(PointDifference {
                sign,
                time: time(first.in_hour(hour).timestamp_ms),
                base: values(base),
                current: values(current),
            });
        }
    }
}

/// The records of an instant that the first may have, and those behind them.
fn split_instant(records: &[Record], offset_ms: u32) -> (&[Record], &[Record]) {
    let end = records.partition_point(|record| record.offset_ms() <= offset_ms);
    records.split_at(end)
}

/// The differences of a series, with the pattern that explains them.
pub(super) fn emit(
    series: &Series,
    whole_series: bool,
    stretches: Vec<Stretch>,
    sample: &Sample,
) -> Vec<Difference> {
    let explained = Explained::find(sample);
    let difference = |stretch: Stretch| {
        let causes = causes(&stretch, sample, explained.as_ref());
        Difference {
            metric: series.metric.clone(),
            tags: series.tags.pairs_by_key(),
            from: stretch.window_ms.map(|(from, _)| time(from)),
            to: stretch.window_ms.map(|(_, to)| time(to)),
            base_points: stretch.base_points,
            current_points: stretch.current_points,
            counts: stretch.counts(),
            whole_series,
            causes,
            examples: stretch.examples,
            series: series.clone(),
            window_ms: stretch.window_ms,
        }
    };
    stretches.into_iter().map(difference).collect()
}

/// A pattern of a whole series, with the points of current that it accounts for.
struct Explained {
    pattern: Pattern,
    landed: HashSet<(u64, Value)>,
    /// Whether it accounts for every point, not only for those of one side.
    is_whole: bool,
}

fn key(point: Point) -> (u64, Value) {
    (point.timestamp_ms, point.value)
}

impl Explained {
    fn find(sample: &Sample) -> Option<Self> {
        let Sample { missing, extra, base, current, .. } = sample;
        let set = |points: &[Point]| points.iter().copied().map(key).collect();
        if let Some(pattern) = whole_shift(base, current) {
            return Some(Explained { pattern, landed: set(current), is_whole: true });
        }
        let pattern = pattern(missing, extra)?;
        let extra: HashSet<_> = set(extra);
        let images = missing.iter().filter_map(|point| pattern.apply(*point)).map(key);
        let landed = images.filter(|point| extra.contains(point)).collect();
        Some(Explained { pattern, landed, is_whole: false })
    }

    /// Points of the stretch that the pattern accounts for: those that left it, or came to it.
    fn points(&self, stretch: &Stretch, sample: &Sample) -> u64 {
        let (base, current) = match self.is_whole {
            true => (&sample.base, &sample.current),
            false => (&sample.missing, &sample.extra),
        };
        let landed = |point: Point| self.landed.contains(&key(point));
        let left = stretch.of(base).iter();
        let left = left.filter(|point| self.pattern.apply(**point).is_some_and(landed)).count();
        let came = stretch.of(current).iter().filter(|point| landed(**point)).count();
        left.max(came) as u64
    }
}

fn causes(stretch: &Stretch, sample: &Sample, explained: Option<&Explained>) -> Vec<Cause> {
    let Counts { narrowed, resolved, f32_equal_nodes, expired, .. } = stretch.counts();
    let mut causes = Vec::new();
    if let Some(explained) = explained {
        let points = explained.points(stretch, sample);
        causes.extend((points > 0).then_some(match explained.pattern {
            Pattern::Shifted(by_ms) => Cause::Shifted { by_ms, points },
            Pattern::SecondsTakenForMilliseconds => {
                Cause::Unit { taken: "seconds-for-milliseconds", points }
            }
            Pattern::MillisecondsTakenForSeconds => {
                Cause::Unit { taken: "milliseconds-for-seconds", points }
            }
        }));
    }
    causes.extend((expired > 0).then_some(Cause::Expired { points: expired }));
    if narrowed > 0 {
        causes.push(Cause::Float32Narrowed { points: narrowed });
    }
    if resolved > 0 {
        causes.push(Cause::DuplicateResolved { points: resolved });
    }
    let [seconds, integers] = stretch.lost;
    causes.extend((seconds > 0).then_some(Cause::WholeSeconds { points: seconds }));
    causes.extend((integers > 0).then_some(Cause::WideIntegers { points: integers }));
    let Unprinted { at_fault, beyond_end, .. } = stretch.lacking.unprinted;
    causes.extend((at_fault > 0).then_some(Cause::ScanStops { points: at_fault }));
    causes.extend((beyond_end > 0).then_some(Cause::ScanEnds { points: beyond_end }));
    if f32_equal_nodes > 0 {
        causes.push(Cause::EqualInF32 { nodes: f32_equal_nodes });
    }
    causes
}
