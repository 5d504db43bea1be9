//! `restore`: points on their way into an OpenTSDB, as far as it will keep them as they are.
//!
//! What it would refuse, lose or change is found before anything is written: then nothing is.

use tsdbproof_core::{Error, Point, Series};
use tsdbproof_formats::{FormatWriter, WriteOptions, by_name, name_fault};

use super::{
    Source, Target,
    check::stored,
    convert::{Writing, read_back, tag_keys, write},
    side, verdict,
};
use crate::{
    Host, Options, Outputs,
    look::{Instant, Looked, Manner, look_as},
    report::{Acknowledged, JobKind, LeftOut, Report, Restored, root},
};

/// A server that points are put into.
pub trait Puts {
    /// Begins to restore points of this root, and tells how many of them, from the first on, are
    /// acknowledged already.
    fn begin(&mut self, root: &str) -> Result<u64, Error>;
    /// Puts points: an object on each line.
    fn put(&mut self, lines: Vec<u8>, points: u64) -> Result<(), Error>;
    /// Waits until all are stored or refused.
    fn finish(&mut self) -> Result<Acknowledged, Error>;
}

/// Bytes of points that go to a server at a time.
const BATCH_BYTES: usize = 48 << 10;
/// The first time that does not fit into a row key.
const END_MS: u64 = (1 << 32) * 1000;

/// Puts the points of `source` into a server; without one tells what would be put.
///
/// The host's inputs are those of `source`, in its order. Whether the server then holds them is for
/// [`diff()`](crate::diff) to say, and [`Report::restored_as`] joins both.
pub async fn restore<H: Host>(
    host: &H,
    source: &Source,
    puts: Option<&mut dyn Puts>,
    options: &Options,
) -> Result<Report, Error> {
    let Read { looked, mut report, options } = read(host, source, options).await?;
    let foreseen = foresee(&looked, &options, Way::Put)?;
    let may_write = foreseen.refused.is_empty() && is_whole(&report);
    let mut told = Restored { points: foreseen.points, ..Restored::default() };
    if let (Some(puts), true) = (puts, may_write) {
        let roots = side::survey(&looked.leaves)?.totals.roots;
        let done = puts.begin(&root(&roots))?;
        told.points_before = done;
        put_all(&looked, &options, done, puts)?;
        let acknowledged = puts.finish()?;
        if acknowledged.refused > 0 {
            report.reasons.push(format!("{} points were refused", acknowledged.refused));
        }
        told.acknowledged = Some(acknowledged);
    }
    told.refused = foreseen.refused;
    Ok(decided(report, told, &options))
}

/// Writes a file for `tsdb import` that it stores as it stands: sorted, floats in single precision.
///
/// Outputs are to be kept only if the verdict is [`Verdict::Done`](crate::report::Verdict). Points that
/// single precision changes are refused unless `accept_float32` says that they may be.
pub async fn restore_by_import<H: Host, O: Outputs>(
    host: &H,
    source: &Source,
    (target, accept_float32): (Target, bool),
    options: &Options,
    outputs: &mut O,
) -> Result<Report, Error> {
    let Read { looked, mut report, options } = read(host, source, options).await?;
    let foreseen = foresee(&looked, &options, Way::Import)?;
    let Foreseen { points, narrowed, mut refused } = foreseen;
    let mut told = Restored { points, narrowed: narrowed.points, ..Restored::default() };
    if narrowed.points > 0 && !accept_float32 {
        refused.push(narrowed);
    }
    if refused.is_empty() && is_whole(&report) {
        let mut writing =
            Writing::new(target, tag_keys(looked.leaves.rows()?, &options.scope)?, outputs)?;
        // The points as they will be stored.
        let narrow = |Point { timestamp_ms, value }| Point {
            timestamp_ms,
            value: stored(value).unwrap_or(value),
        };
        write(&looked, &options, narrow, &mut writing)?;
        let converted = writing.finish()?;
        let (written, _) = read_back(outputs, target, "stored", &options).await?;
        if converted.points != points || written.totals.points != points {
            report.reasons.push("the file, read back, does not hold every point".to_owned());
        }
        report.sides.push(written);
        report.converted = Some(converted);
    }
    told.refused = refused;
    Ok(decided(report, told, &options))
}

struct Read {
    looked: Looked,
    report: Report,
    options: Options,
}

async fn read<H: Host>(host: &H, source: &Source, options: &Options) -> Result<Read, Error> {
    options.scope.check()?;
    let options =
        Options { memory_bytes: options.memory_bytes / 2, ..options.without_file_digests() };
    let manner = Manner { keeps_points: true, ..Manner::default() };
    let looked = look_as(host, source, 0, &options, manner).await?;
    let survey = side::survey(&looked.leaves)?;
    let side = side::of_source("source", source, &looked, &survey, &options.scope.text());
    let mut report = verdict::report(JobKind::Restore, vec![side], &options);
    report.notes.extend_from_slice(&looked.beside.notes);
    Ok(Read { looked, report, options })
}

/// Whether all of the source could be read as it was stored.
fn is_whole(report: &Report) -> bool {
    !report.is_damaged()
        && report.sides.iter().all(|side| {
            side.not_read.is_empty() && side.losses.is_empty() && side.unread.is_empty()
        })
}

fn decided(mut report: Report, told: Restored, options: &Options) -> Report {
    if !is_whole(&report) {
        report.reasons.push("nothing is written of a source that is not whole".to_owned());
    }
    let differs = !told.refused.is_empty() || !report.reasons.is_empty();
    report.restored = Some(told);
    verdict::decide(&mut report, differs, options);
    report
}

/// How points come into OpenTSDB.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// By `/api/put`, which keeps integers and doubles.
    Put,
    /// By `tsdb import`, which keeps integers and floats in single precision.
    Import,
}

/// What would become of points.
struct Foreseen {
    points: u64,
    narrowed: LeftOut,
    refused: Vec<LeftOut>,
}

impl Foreseen {
    fn refuse(&mut self, why: &'static str, series: &Series, point: Point) {
        let group = match self.refused.iter_mut().find(|group| group.why == why) {
            Some(group) => group,
            None => self.refused.push_mut(LeftOut::new(why)),
        };
        group.add(series, point);
    }
}

const NARROWS: &str =
    "`tsdb import` keeps floats in single precision; --accept-float32 takes that as fine";

fn foresee(looked: &Looked, options: &Options, way: Way) -> Result<Foreseen, Error> {
    let format = match way {
        Way::Put => "put-json-lines",
        Way::Import => "import-text",
    };
    let writer = writer(format)?;
    let mut foreseen = Foreseen { points: 0, narrowed: LeftOut::new(NARROWS), refused: Vec::new() };
    let mut walk = looked.walk(options.scope.duplicates)?;
    while let Some(series) = walk.next_series()? {
        let of_series = name_fault(&series)
            .map(|_| "OpenTSDB does not take the name, or keeps another")
            .or_else(|| writer.refuses_series(&series));
        while let Some(instant) = walk.next()? {
            let of_instant = of_series.or_else(|| refuses_instant(&instant));
            for point in instant.points() {
                foreseen.points += 1;
                let why = of_instant.or_else(|| writer.refuses_point(point));
                match (why, way, stored(point.value)) {
                    (Some(why), ..) => foreseen.refuse(why, &series, point),
                    (None, Way::Import, None) => {
                        foreseen.refuse("beyond what single precision holds", &series, point);
                    }
                    (None, Way::Import, Some(value)) if value != point.value => {
                        foreseen.narrowed.add(&series, point);
                    }
                    _ => {}
                }
            }
        }
    }
    Ok(foreseen)
}

/// Why OpenTSDB does not keep what stands at an instant.
fn refuses_instant(instant: &Instant) -> Option<&'static str> {
    match instant.timestamp_ms {
        0 => Some("OpenTSDB takes no time of 0"),
        END_MS.. => Some("OpenTSDB has no row for times from 2106-02-07T06:28:16Z on"),
        _ if instant.records.len() > 1 => {
            Some("several values of an instant, of which a server keeps one; --duplicates chooses")
        }
        _ => None,
    }
}

fn writer(format: &str) -> Result<Box<dyn FormatWriter>, Error> {
    let open = by_name(format).and_then(|format| format.write);
    let open = open.ok_or_else(|| Error::usage(format!("{format} can't be written")))?;
    Ok(open(&WriteOptions::default()))
}

/// Puts all points behind those that are acknowledged.
fn put_all(
    looked: &Looked,
    options: &Options,
    done: u64,
    puts: &mut dyn Puts,
) -> Result<(), Error> {
    let mut writer = writer("put-json-lines")?;
    let (mut lines, mut points, mut to_skip) = (Vec::new(), 0, done);
    let mut walk = looked.walk(options.scope.duplicates)?;
    while let Some(series) = walk.next_series()? {
        while let Some(instant) = walk.next()? {
            for point in instant.points() {
                if to_skip > 0 {
                    to_skip -= 1;
                    continue;
                }
                writer.points(&series, &[point], &mut lines)?;
                points += 1;
            }
            if lines.len() >= BATCH_BYTES {
                puts.put(std::mem::take(&mut lines), std::mem::take(&mut points))?;
            }
        }
    }
    if points > 0 { puts.put(lines, points) } else { Ok(()) }
}
