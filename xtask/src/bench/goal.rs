//! How well a row should do, and whether it did.

use super::measure::Sample;
use super::report::Pair;

/// What is held against a peer or a clock, and the two bounds of it.
#[derive(Clone, Copy)]
pub(super) struct Goal {
    pub(super) of: Measure,
    pub(super) target: Bound,
    pub(super) least: Bound,
}

/// How far time and peak memory may go.
#[derive(Clone, Copy)]
pub(super) struct Bound {
    time: Time,
    peak: Peak,
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Measure {
    Cpu,
    Wall,
}

#[derive(Clone, Copy)]
pub(super) enum Time {
    Any,
    /// By the peer's.
    Ratio(f64),
    Seconds(f64),
}

#[derive(Clone, Copy)]
pub(super) enum Peak {
    Any,
    Mib(f64),
    BytesAPoint(f64),
    /// By the peer's.
    OfPeer(f64),
}

pub(super) const fn bound(time: Time, peak: Peak) -> Bound {
    Bound { time, peak }
}

const ANY: Bound = bound(Time::Any, Peak::Any);
pub(super) const CPU: Goal = Goal { of: Measure::Cpu, target: ANY, least: ANY };
pub(super) const WALL: Goal = Goal { of: Measure::Wall, ..CPU };

impl Goal {
    pub(super) const fn target(self, target: Bound) -> Self {
        Self { target, ..self }
    }

    pub(super) const fn least(self, least: Bound) -> Self {
        Self { least, ..self }
    }

    /// Which of its bounds hold.
    pub(super) fn verdict(&self, pairs: &[Pair], points: u64) -> &'static str {
        let [target, least] =
            [self.target, self.least].map(|bound| bound.holds(self.of, pairs, points));
        match (target, least) {
            (None, None) => "–",
            (Some(true), _) => "target",
            (Some(false), Some(true)) => "at least",
            (Some(false), None) => "target missed",
            (_, Some(false)) => "MISSED",
            (None, Some(true)) => "at least",
        }
    }
}

impl Measure {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Cpu => "CPU",
            Self::Wall => "wall",
        }
    }

    pub(super) fn of(self, sample: &Sample) -> f64 {
        match self {
            Self::Cpu => sample.cpu_s,
            Self::Wall => sample.wall_s,
        }
    }
}

impl Bound {
    /// Whether the medians of these pairs keep to it; `None` where there is nothing to keep to.
    fn holds(self, of: Measure, pairs: &[Pair], points: u64) -> Option<bool> {
        let ours = |part: fn(&Sample) -> f64| median(pairs.iter().map(|p| part(&p.ours)));
        let ratio = |part: &dyn Fn(&Sample) -> f64| {
            let ratio = |pair: &Pair| Some(part(&pair.ours) / part(pair.peer.as_ref()?));
            median(pairs.iter().filter_map(ratio))
        };
        let time = match self.time {
            Time::Any => None,
            Time::Ratio(most) => Some(ratio(&|it| of.of(it))? <= most),
            Time::Seconds(most) => Some(median(pairs.iter().map(|p| of.of(&p.ours)))? <= most),
        };
        let bytes = f64::from(1 << 20);
        let peak = match self.peak {
            Peak::Any => None,
            Peak::Mib(most) => Some(ours(|it| it.peak_mib)? <= most),
            Peak::BytesAPoint(most) => {
                Some(ours(|it| it.peak_mib)? * bytes <= most * points as f64)
            }
            Peak::OfPeer(most) => Some(ratio(&|it| it.peak_mib)? <= most),
        };
        [time, peak].into_iter().flatten().reduce(|a, b| a && b)
    }

    /// In words, as `CPU ≤ 0.75, peak ≤ 32 MiB`.
    pub(super) fn text(self, of: Measure) -> String {
        let time = match self.time {
            Time::Any => None,
            Time::Ratio(most) => Some(format!("{} ≤ {most}", of.name())),
            Time::Seconds(most) => Some(format!("{} ≤ {most} s", of.name())),
        };
        let peak = match self.peak {
            Peak::Any => None,
            Peak::Mib(most) => Some(format!("peak ≤ {most:.0} MiB")),
            Peak::BytesAPoint(most) => Some(format!("peak ≤ {most} B a point")),
            Peak::OfPeer(most) => Some(format!("peak ≤ 1/{:.0} of its", 1.0 / most)),
        };
        time.into_iter().chain(peak).collect::<Vec<_>>().join(", ")
    }
}

pub(super) fn median(numbers: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut numbers: Vec<f64> = numbers.into_iter().collect();
    numbers.sort_by(f64::total_cmp);
    let upper = *numbers.get(numbers.len() / 2)?;
    Some(if numbers.len() % 2 == 1 {
        upper
    } else {
        (numbers[numbers.len() / 2 - 1] + upper) / 2.0
    })
}
