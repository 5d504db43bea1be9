//! Times in seconds among times in milliseconds: they lie in January or February 1970.

use tsdbproof_core::Series;

use super::{Found, Place};
use crate::report::FindingKind;

/// Times below are seconds to OpenTSDB, wherever text is read.
const SECONDS_BELOW_MS: u64 = 1 << 32;
/// Times that are told one by one.
const TOLD: usize = 100;

/// Early times of a series, and its last.
#[derive(Default)]
pub(super) struct Units {
    early: Vec<u64>,
    more_early: u64,
    /// The first time that is not early, and the last.
    late: Option<(u64, u64)>,
}

impl Units {
    /// Takes the next time of the series; times ascend.
    pub(super) fn take(&mut self, timestamp_ms: u64) {
        match timestamp_ms {
            0..SECONDS_BELOW_MS if self.early.len() < TOLD => self.early.push(timestamp_ms),
            0..SECONDS_BELOW_MS => self.more_early += 1,
            _ => {
                let first = self.late.map_or(timestamp_ms, |(first, _)| first);
                self.late = Some((first, timestamp_ms));
            }
        }
    }

    pub(super) fn tell(self, series: &Series, found: &mut Found<'_>) {
        let Some((first, last)) = self.late else { return };
        // A day more on each side: what was mixed up may lie at the edge.
        const DAY_MS: u64 = 24 * tsdbproof_core::HOUR_MS;
        let span = first.saturating_sub(DAY_MS)..=last + DAY_MS;
        let fits = |early_ms: &&u64| span.contains(&(**early_ms * 1000));
        for timestamp_ms in self.early.iter().filter(fits) {
            let place = Place { series, timestamp_ms: Some(*timestamp_ms) };
            let what =
                format!("as seconds it would be {}", crate::time::time(*timestamp_ms * 1000));
            found.add(FindingKind::UnitMixUp, &place, what);
        }
        if self.more_early > 0 && self.early.last().is_some_and(|early| fits(&early)) {
            let place = Place { series, timestamp_ms: None };
            found.add(FindingKind::UnitMixUp, &place, format!("{} more", self.more_early));
        }
    }
}
