//! Times without points, by the interval that a series should keep or mostly keeps.

use tsdbproof_core::Series;

use super::{Found, Interval, Place};
use crate::{report::FindingKind, time::time};

/// Points of a series that its rhythm is learned from.
const SAMPLE: usize = 1024;
/// Fewer points have no rhythm.
const LEAST: usize = 8;

/// Looks for gaps in the ascending times of a series.
pub(super) struct Gaps {
    rhythm: Rhythm,
    last_ms: Option<u64>,
}

enum Rhythm {
    /// Gaps are not looked for.
    None,
    /// Times wait until it is known.
    Learning(Vec<u64>),
    /// Milliseconds from point to point.
    Known(u64),
}

impl Gaps {
    pub(super) fn new(interval: Interval) -> Self {
        let rhythm = match interval {
            Interval::Unknown => Rhythm::None,
            Interval::Auto => Rhythm::Learning(Vec::new()),
            Interval::Ms(ms) => Rhythm::Known(ms.max(1)),
        };
        Gaps { rhythm, last_ms: None }
    }

    pub(super) fn take(&mut self, timestamp_ms: u64, series: &Series, found: &mut Found<'_>) {
        match &mut self.rhythm {
            Rhythm::None => {}
            Rhythm::Known(interval_ms) => {
                let interval_ms = *interval_ms;
                self.step(timestamp_ms, interval_ms, series, found);
            }
            Rhythm::Learning(times) => {
                times.push(timestamp_ms);
                if times.len() == SAMPLE {
                    self.learn(series, found);
                }
            }
        }
    }

    pub(super) fn finish(mut self, series: &Series, found: &mut Found<'_>) {
        self.learn(series, found);
    }

    /// Ends learning; the times that waited are looked at.
    fn learn(&mut self, series: &Series, found: &mut Found<'_>) {
        let Rhythm::Learning(times) = &mut self.rhythm else { return };
        let times = std::mem::take(times);
        self.rhythm = usual_step(&times).map_or(Rhythm::None, Rhythm::Known);
        for timestamp_ms in times {
            self.take(timestamp_ms, series, found);
        }
    }

    fn step(
        &mut self,
        timestamp_ms: u64,
        interval_ms: u64,
        series: &Series,
        found: &mut Found<'_>,
    ) {
        let last_ms = self.last_ms.replace(timestamp_ms);
        let Some(last_ms) = last_ms else { return };
        let apart_ms = timestamp_ms - last_ms;
        // Half an interval of jitter is none.
        if apart_ms.saturating_mul(2) > interval_ms.saturating_mul(3) {
            let missing = (apart_ms + interval_ms / 2) / interval_ms - 1;
            let place = Place { series, timestamp_ms: Some(last_ms) };
            let what = format!(
                "nothing until {}: {} at an interval of {} s",
                time(timestamp_ms),
                match missing.max(1) {
                    1 => "1 point missing".to_owned(),
                    missing => format!("{missing} points missing"),
                },
                interval_ms as f64 / 1000.0
            );
            found.add(FindingKind::Gap, &place, what);
        }
    }
}

/// The step that at least half of all steps are.
fn usual_step(times: &[u64]) -> Option<u64> {
    let pairs = times.iter().zip(times.iter().skip(1));
    let mut steps: Vec<u64> = pairs.map(|(a, b)| b - a).collect();
    steps.sort_unstable();
    let longest = steps.chunk_by(|a, b| a == b).max_by_key(|same| same.len())?;
    let is_usual = times.len() >= LEAST && longest.len() * 2 >= steps.len();
    longest.first().copied().filter(|_| is_usual)
}
