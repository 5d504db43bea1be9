//! Which rows came with a loss: runs of rows, in the footer.
//!
//! `tsdbproof.losses` holds `[{"from":"0","to":"100","losses":["whole-seconds"]}]`, rows counted from
//! 0, `to` behind the last; runs ascend. It is absent where nothing was lost.

use serde::{Deserialize, Serialize};
use tsdbproof_core::{Error, Kind, Loss, Losses};

/// The rows of a manifest that came with a loss.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct LossyRows {
    /// First row, the row behind the last, and what was lost; ascending.
    runs: Vec<(u64, u64, Losses)>,
}

/// A run of rows, as JSON.
#[derive(Serialize, Deserialize)]
struct Run {
    from: String,
    to: String,
    losses: Vec<String>,
}

impl LossyRows {
    /// Runs that are kept apart; of more, all rows from the first to the last count as lossy.
    const RUNS: usize = 1 << 16;

    /// Adds a row behind all that were added.
    pub(crate) fn push(&mut self, row: u64, losses: Losses) {
        if losses.is_empty() {
            return;
        }
        match self.runs.last_mut() {
            Some((_, to, of_run)) if *to == row && *of_run == losses => *to = row + 1,
            _ => self.runs.push((row, row + 1, losses)),
        }
        if self.runs.len() > Self::RUNS {
            let first = self.runs.first().map_or(0, |(from, ..)| *from);
            let mut all = Losses::default();
            self.runs.drain(..).for_each(|(.., losses)| all.join(losses));
            self.runs.push((first, row + 1, all));
        }
    }

    /// Whether nothing was lost.
    pub(crate) fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// What a row lost.
    pub(crate) fn of(&self, row: u64) -> Losses {
        let behind = self.runs.partition_point(|(from, ..)| *from <= row);
        let run = behind.checked_sub(1).and_then(|index| self.runs.get(index));
        run.filter(|(_, to, _)| row < *to).map(|(.., losses)| *losses).unwrap_or_default()
    }

    /// The runs as JSON.
    pub(super) fn to_text(&self) -> Result<String, Error> {
        let names = |losses: Losses| {
            let lost = Loss::ALL.iter().filter(|loss| losses.holds(**loss));
            lost.map(|loss| loss.name().to_owned()).collect()
        };
        let run = |&(from, to, losses): &(u64, u64, Losses)| Run {
            from: from.to_string(),
            to: to.to_string(),
            losses: names(losses),
        };
        let runs: Vec<Run> = self.runs.iter().map(run).collect();
        serde_json::to_string(&runs).map_err(|error| Error::new(Kind::Io, error.to_string()))
    }

    /// The runs of this JSON, of a manifest of so many rows; `None` if it says nothing of those.
    pub(super) fn from_text(text: &str, rows: u64) -> Option<Self> {
        let mut lossy = LossyRows::default();
        let mut last = 0;
        for run in serde_json::from_str::<Vec<Run>>(text).ok()? {
            let (from, to) = (run.from.parse().ok()?, run.to.parse().ok()?);
            let mut losses = Losses::default();
            for name in &run.losses {
                losses.add(*Loss::ALL.iter().find(|loss| loss.name() == name)?);
            }
            if from < last || to <= from || to > rows || losses.is_empty() {
                return None;
            }
            lossy.runs.push((from, to, losses));
            last = to;
        }
        (!lossy.is_empty()).then_some(lossy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(losses: &[Loss]) -> Losses {
        let mut set = Losses::default();
        losses.iter().for_each(|loss| set.add(*loss));
        set
    }

    #[test]
    fn rows_are_read_back() {
        let rows = [
            of(&[]),
            of(&[Loss::WholeSeconds]),
            of(&[Loss::WholeSeconds]),
            of(&[Loss::WholeSeconds, Loss::WideIntegers]),
            of(&[]),
            of(&[Loss::WideIntegers]),
        ];
        let mut lossy = LossyRows::default();
        (0..).zip(rows).for_each(|(row, losses)| lossy.push(row, losses));
        let text = lossy.to_text().unwrap();
        let read = LossyRows::from_text(&text, 6).unwrap();
        assert_eq!(read, lossy);
        assert!((0..).zip(rows).all(|(row, losses)| read.of(row) == losses));
        assert_eq!(read.of(6), Losses::default());
        assert_eq!(LossyRows::from_text(&text, 5), None);
    }

    #[test]
    fn runs_that_say_nothing_of_the_rows_are_refused() {
        let run = |from: &str, to: &str, loss: &str| {
            format!(r#"{{"from":"{from}","to":"{to}","losses":["{loss}"]}}"#)
        };
        let good = run("1", "2", "whole-seconds");
        assert!(LossyRows::from_text(&format!("[{good}]"), 2).is_some());
        for text in [
            "[]".to_owned(),
            "x".to_owned(),
            format!("[{good},{good}]"),
            format!("[{}]", run("2", "2", "whole-seconds")),
            format!("[{}]", run("1", "x", "whole-seconds")),
            format!("[{}]", run("1", "2", "time")),
            r#"[{"from":"1","to":"2","losses":[]}]"#.to_owned(),
        ] {
            assert_eq!(LossyRows::from_text(&text, 2), None, "{text}");
        }
    }

    #[test]
    fn many_runs_become_one() {
        let mut lossy = LossyRows::default();
        for row in 0..200_000 {
            lossy.push(row, if row % 2 == 1 { of(&[Loss::WideIntegers]) } else { of(&[]) });
        }
        assert!(lossy.runs.len() <= LossyRows::RUNS);
        assert!((1..200_000).step_by(2).all(|row| lossy.of(row).holds(Loss::WideIntegers)));
    }
}
