//! Points in the order of metric, day and series, each day of a metric in a file of its own.
//!
//! A walk gives a series with all its days, a partition wants a day with all its series: points are
//! sorted once more, in runs whose series are named by their day first.

use tsdbproof_core::{Error, HOUR_MS, Series, Tags};

use super::convert::Writing;
use crate::{
    Duplicates, Host, Options, Outputs,
    look::{Kept, Looked, Merge, Run, RunWriter, Spill, Walk, spills},
    time::time,
};
use std::sync::Arc;

/// What stands between the day and the tags in a name; no name holds it.
const BEHIND_DAY: char = '\0';

/// Writes every point into the file of its metric and day.
pub(super) fn write<H: Host, O: Outputs>(
    looked: &Looked,
    host: &H,
    options: &Options,
    writing: &mut Writing<'_, O>,
) -> Result<(), Error> {
    let (_, spill) = spills(host, options.memory_bytes)?;
    let bytes = usize::try_from(options.memory_bytes / 8).unwrap_or(usize::MAX);
    let mut sorter =
        Sorter { spill: Arc::clone(&spill), bytes, held: Vec::new(), runs: Vec::new() };
    sorter.take_all(looked.walk(options.scope.duplicates)?)?;
    let runs = spill.reduce::<Kept>(sorter.runs)?;
    let mut walk = Walk::over(Merge::open(&spill, &runs)?, Duplicates::Keep);
    let mut open = None;
    while let Some(named) = walk.next_series()? {
        let (day, series) = unnamed(&named);
        let folder = format!("metric={}/day={day}", escaped(&series.metric));
        if open.as_ref() != Some(&folder) {
            writing.begin_in(&folder)?;
            open = Some(folder);
        }
        writing.series(&series)?;
        while let Some(instant) = walk.next()? {
            instant.points().try_for_each(|point| writing.push(point))?;
        }
    }
    Ok(())
}

/// Points of a series and a day, and what they are sorted by.
struct Held {
    named: Series,
    points: Vec<Kept>,
}

struct Sorter {
    spill: Arc<Spill>,
    /// Bytes that may be held.
    bytes: usize,
    held: Vec<Held>,
    runs: Vec<Run>,
}

impl Sorter {
    fn take_all(&mut self, mut walk: Walk) -> Result<(), Error> {
        let mut bytes = 0;
        while let Some(series) = walk.next_series()? {
            let mut day = None;
            while let Some(instant) = walk.next()? {
                let hour = (instant.timestamp_ms / HOUR_MS) as u32;
                if day != Some(hour / 24) {
                    day = Some(hour / 24);
                    self.held.push(Held { named: named(hour / 24, &series), points: Vec::new() });
                    bytes += size_of::<Held>() + series.metric.len() + series.tags.as_str().len();
                }
                let kept = |record| Kept { hour, record, input: 0, at: 0 };
                if let Some(held) = self.held.last_mut() {
                    held.points.extend(instant.records.iter().copied().map(kept));
                    bytes += instant.records.len() * size_of::<Kept>();
                }
                if bytes > self.bytes {
                    self.flush()?;
                    (bytes, day) = (0, None);
                }
            }
        }
        self.flush()
    }

    fn flush(&mut self) -> Result<(), Error> {
        let mut held = std::mem::take(&mut self.held);
        held.sort_by(|a, b| a.named.cmp(&b.named));
        let mut writer = RunWriter::new(&self.spill);
        for Held { named, points } in held {
            writer.series(&named);
            points.iter().try_for_each(|point| writer.push(point))?;
        }
        self.runs.push(writer.finish()?);
        Ok(())
    }
}

/// A series as it is named among those of its day.
fn named(day: u32, series: &Series) -> Series {
    let tags = format!("{day:06}{BEHIND_DAY}{}", series.tags.as_str());
    Series { metric: series.metric.clone(), tags: Tags::from_canonical(tags) }
}

/// The day and the series that are named so.
fn unnamed(named: &Series) -> (String, Series) {
    let (day, tags) = named.tags.as_str().split_once(BEHIND_DAY).unwrap_or_default();
    let start_ms = day.parse::<u64>().unwrap_or(0) * 24 * HOUR_MS;
    let day = time(start_ms).get(..10).unwrap_or_default().to_owned();
    let tags = Tags::from_canonical(tags.to_owned());
    (day, Series { metric: named.metric.clone(), tags })
}

/// A value as Hive writes it in the name of a folder.
fn escaped(value: &str) -> String {
    let mut text = String::new();
    for c in value.chars() {
        if c.is_ascii_control() || "\"#%'*/:=?\\{}[]^".contains(c) || text.is_empty() && c == '.' {
            text.push_str(&format!("%{:02X}", c as u32));
        } else {
            text.push(c);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_is_the_name_of_one_folder() {
        assert_eq!(escaped("cpu.usage"), "cpu.usage");
        assert_eq!(escaped("a/b=c%"), "a%2Fb%3Dc%25");
        assert_eq!(escaped(".."), "%2E.");
        assert_eq!(escaped("größe"), "größe");
    }

    #[test]
    fn a_day_comes_before_the_tags_and_both_come_back() {
        let tags = Tags::from_canonical("a=1".to_owned());
        let series = Series { metric: "m".to_owned(), tags };
        let (early, late) = (named(9, &series), named(10, &series));
        assert!(early < late);
        assert_eq!(unnamed(&late), ("1970-01-11".to_owned(), series));
    }
}
