//! Makes backups to measure on: the same bytes on every machine.
//!
//! A point is a pure function of (series, step), so each layout, spelling and format holds the very
//! same points. Series are servers' metrics of 10 to 60 s intervals: gauges, counters, decimals and
//! full doubles, two to four tags, one point in 997 never written, one in 101 a second late.

mod line;
mod series;

use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};

use self::line::Lines;
use self::series::{Series, Value, hash};
use super::data::{Data, Layout, SeriesCount, State};

/// 2024-06-01T00:00:00Z, the start of an hour.
const START_S: u64 = 1_717_200_000;
const HOUR_S: u64 = 3600;
const SEED: u64 = 1;
/// Of each kind: a point lost, changed, added. Two whole series lost and two added come on top.
const EDITS: u64 = 100;

/// Writes the text of one backup to standard output.
pub(super) fn to_stdout(data: &Data, points: u64) -> Result<(), String> {
    let mut out = BufWriter::with_capacity(8 << 20, io::stdout().lock());
    write(data, points, &mut out)
        .and_then(|()| out.flush())
        .map_err(|e| format!("{}: {e}", data.file_name()))
}

fn write(data: &Data, points: u64, out: &mut impl Write) -> io::Result<()> {
    if data.state == State::Empty {
        return Ok(());
    }
    let fleet = Fleet::new(data, points);
    match data.layout {
        Layout::Scan => fleet.in_scan_order(&mut Lines::new(data, out)),
        Layout::Time => fleet.in_time_order(&mut Lines::new(data, out)),
        Layout::Shuffled => {
            let mut text = Vec::new();
            fleet.one_by_one(&mut Lines::new(data, &mut text))?;
            shuffle(&text, out)
        }
    }
}

/// The series of one backup, and what was done to their points.
struct Fleet {
    series: Vec<Series>,
    span_s: u64,
    state: State,
    points: u64,
}

impl Fleet {
    fn new(data: &Data, points: u64) -> Self {
        let points_per_series = match data.series {
            SeriesCount::Usual => 2000,
            SeriesCount::Many => 10,
        };
        let count = points / points_per_series;
        let metric_count = (count / 40).clamp(1, 240);
        let make = |id, host_mark| Series::new(SEED, id, metric_count, host_mark, data.spelling);
        let mut series: Vec<Series> = (0..count).map(|id| make(id, "")).collect();
        let points_per_second: f64 = series.iter().map(|s| 1.0 / s.interval_s as f64).sum();
        let span_s = (points as f64 / points_per_second * 1.001).ceil() as u64;
        if data.state == State::Edited {
            series.retain(|s| s.id != count / 3 && s.id != count / 2);
            series.extend((0..2).map(|i| Series { id: count + i, ..make(count / 5 + i, "x") }));
        }
        Self { series, span_s, state: data.state, points }
    }

    /// Metric, hour, tags, time: rows of HBase, as `tsdb scan --import` prints them.
    fn in_scan_order(mut self, lines: &mut Lines<impl Write>) -> io::Result<()> {
        self.series.sort_by(|a, b| (a.metric_index, &a.tags).cmp(&(b.metric_index, &b.tags)));
        for metric in self.series.chunk_by(|a, b| a.metric_index == b.metric_index) {
            for hour_s in (0..self.span_s).step_by(HOUR_S as usize) {
                let end_s = self.span_s.min(hour_s + HOUR_S);
                for series in metric {
                    self.points(series, hour_s, end_s, lines)?;
                }
            }
        }
        Ok(())
    }

    /// Second by second, as a log of puts.
    fn in_time_order(&self, lines: &mut Lines<impl Write>) -> io::Result<()> {
        let mut rhythms = BTreeMap::<(u64, u64), Vec<&Series>>::new();
        for series in &self.series {
            rhythms.entry((series.interval_s, series.phase_s)).or_default().push(series);
        }
        for now_s in 0..self.span_s {
            for ((interval_s, phase_s), together) in &rhythms {
                if now_s >= *phase_s && (now_s - phase_s) % interval_s == 0 {
                    for series in together {
                        self.point(series, (now_s - phase_s) / interval_s, lines)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn one_by_one(&self, lines: &mut Lines<impl Write>) -> io::Result<()> {
        self.series.iter().try_for_each(|series| self.points(series, 0, self.span_s, lines))
    }

    /// The points of one series whose turn is in `from_s..to_s` of the span.
    fn points(
        &self,
        series: &Series,
        from_s: u64,
        to_s: u64,
        lines: &mut Lines<impl Write>,
    ) -> io::Result<()> {
        let first = from_s.saturating_sub(series.phase_s).div_ceil(series.interval_s);
        (first..)
            .take_while(|step| series.phase_s + step * series.interval_s < to_s)
            .try_for_each(|step| self.point(series, step, lines))
    }

    fn point(&self, series: &Series, step: u64, lines: &mut Lines<impl Write>) -> io::Result<()> {
        let fate = hash(SEED ^ 0x33, series.id, step);
        if fate.is_multiple_of(997) {
            return Ok(()); // never written: the agent was restarting
        }
        let on_time_s = START_S + series.phase_s + step * series.interval_s;
        // Late by a second, but never into the next hour: the scan order would no longer be one.
        let late = fate % 101 == 7 && !(on_time_s + 1).is_multiple_of(HOUR_S);
        let time_s = on_time_s + u64::from(late);
        let value = series.value(SEED, step);
        match self.edit(series, step) {
            Edit::Lost => Ok(()),
            Edit::Changed => lines.write(series, time_s, value.next()),
            Edit::Added if (time_s + 2) / HOUR_S == time_s / HOUR_S => {
                lines.write(series, time_s, value)?;
                lines.write(series, time_s + 2, Value::Integer(7))
            }
            Edit::Added | Edit::None => lines.write(series, time_s, value),
        }
    }

    fn edit(&self, series: &Series, step: u64) -> Edit {
        match self.state {
            State::Backup | State::Empty => return Edit::None,
            State::Other => return Edit::Changed,
            State::Edited => {}
        }
        match hash(SEED ^ 0x77, series.id, step) % self.points / EDITS {
            0 => Edit::Lost,
            1 => Edit::Changed,
            2 => Edit::Added,
            _ => Edit::None,
        }
    }
}

enum Edit {
    None,
    Lost,
    Changed,
    Added,
}

/// Writes the lines of `text` in an order that nothing can predict (Fisher and Yates).
fn shuffle(text: &[u8], out: &mut impl Write) -> io::Result<()> {
    let mut lines: Vec<&[u8]> = text.split_inclusive(|&byte| byte == b'\n').collect();
    let mut random = SEED ^ 0x5151;
    for last in (1..lines.len()).rev() {
        random = series::mix(random);
        lines.swap(last, (random % (last as u64 + 1)) as usize);
    }
    lines.into_iter().try_for_each(|line| out.write_all(line))
}
