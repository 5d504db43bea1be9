//! `convert`: the same points in another format, proven by reading what was written.

use std::{collections::BTreeSet, io::Write};

use tsdbproof_core::{Error, Point, Series};
use tsdbproof_formats::{
    Format, FormatWriter, ReadOptions, WriteOptions, compress::Compressor, decompress::Codec,
    writer_for,
};

use super::{Source, by_day, manifest::write_of, side, verdict};
use crate::{
    Host, Options, Outputs, Scope,
    look::{Item, Looked, Manner, Merge, Survey, look, look_as},
    report::{Converted, JobKind, LeftOut, Report, Side},
};

/// What is to be written.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// The format of every file.
    pub format: &'static Format,
    /// How every file is compressed.
    pub codec: Codec,
    /// Whether points go to a file for each metric and day, in folders as Hive names them.
    pub is_partitioned: bool,
}

impl Target {
    /// What an output of this name is to be: in `format`, else as its ending says.
    pub fn of(
        name: &str,
        format: Option<&'static Format>,
        is_partitioned: bool,
    ) -> Result<Self, Error> {
        let format = format.or_else(|| writer_for(name)).ok_or_else(|| {
            Error::usage("the name of the output tells no format that can be written")
                .help("name one by --write")
                .in_file(name)
        })?;
        // A folder's name says nothing of its files.
        let codec = if is_partitioned { Codec::Plain } else { Codec::of_name(name).0 };
        Ok(Target { format, codec, is_partitioned })
    }
}

/// Writes the points of `source` to `outputs`, reads them back, and holds both against each other.
///
/// The host's inputs are those of `source`, in its order.
pub async fn convert<H: Host, O: Outputs>(
    host: &H,
    source: &Source,
    target: Target,
    options: &Options,
    outputs: &mut O,
) -> Result<Report, Error> {
    convert_with_manifest(host, source, target, options, (outputs, None)).await
}

/// The same, and writes the manifest of `source`, which also tells what of it could not be read.
pub async fn convert_with_manifest<H: Host, O: Outputs>(
    host: &H,
    source: &Source,
    target: Target,
    options: &Options,
    (outputs, manifest): (&mut O, Option<&mut (dyn Write + Send)>),
) -> Result<Report, Error> {
    options.check_scope()?;
    let options =
        &Options { memory_bytes: options.memory_bytes / 2, ..options.without_file_digests() };
    let manner = Manner { keeps_points: true, ..Manner::default() };
    let looked = look_as(host, source, 0, options, manner).await?;
    let survey = match manifest {
        Some(out) => write_of(&looked, options, out)?,
        None => side::survey(&looked.leaves)?,
    };
    let mut writing =
        Writing::new(target, tag_keys(looked.leaves.rows()?, &Scope::default())?, outputs)?;
    match target.is_partitioned {
        true => by_day::write(&looked, host, options, &mut writing)?,
        false => write(&looked, options, |point| point, &mut writing)?,
    }
    let converted = writing.finish()?;
    let (written, found) = read_back(outputs, target, "written", options).await?;
    let sides = vec![
        side::of_source("source", source, &looked, &survey, &options.settled().text()),
        written,
    ];
    let mut report = verdict::report(JobKind::Convert, sides, options);
    report.notes.extend_from_slice(&looked.beside.notes);
    report.converted = Some(converted);
    verdict::decide(&mut report, survey.totals.roots != found.totals.roots, options);
    Ok(report)
}

/// What was written, as it is read back, in this role; all of it, whatever the filters of the source.
pub(super) async fn read_back<O: Outputs>(
    outputs: &mut O,
    target: Target,
    role: &'static str,
    options: &Options,
) -> Result<(Side, Survey), Error> {
    let (back, written) = outputs.read_back().await?;
    let reading = Options {
        scope: Scope::default(),
        format: Some(target.format),
        read: ReadOptions { limits: options.read.limits, ..ReadOptions::default() },
        ..options.clone()
    };
    let again = look(&back, &written, 0, &reading).await?;
    let survey = side::survey(&again.leaves)?;
    Ok((side::of_source(role, &written, &again, &survey, ""), survey))
}

/// All points into one file, series by series, each as `stored` makes it.
pub(super) fn write<O: Outputs>(
    looked: &Looked,
    options: &Options,
    stored: impl Fn(Point) -> Point,
    writing: &mut Writing<'_, O>,
) -> Result<(), Error> {
    writing.begin("")?;
    let mut walk = looked.walk(options.scope.duplicates)?;
    while let Some(series) = walk.next_series()? {
        writing.series(&series)?;
        while let Some(instant) = walk.next()? {
            instant.points().try_for_each(|point| writing.push(stored(point)))?;
        }
    }
    Ok(())
}

/// Points that go to a writer at a time.
const POINTS: usize = 4096;
/// Bytes that go to an output at a time.
const BYTES: usize = 256 << 10;

/// Points on their way into files.
pub(super) struct Writing<'a, O> {
    target: Target,
    options: WriteOptions,
    outputs: &'a mut O,
    /// The open file's.
    writer: Option<Box<dyn FormatWriter>>,
    compressor: Box<dyn Compressor>,
    series: Series,
    /// Why the series can't be written.
    refused: Option<&'static str>,
    points: Vec<Point>,
    bytes: Vec<u8>,
    packed: Vec<u8>,
    converted: Converted,
}

impl<'a, O: Outputs> Writing<'a, O> {
    /// Files of these points, whose tags have these keys.
    pub(super) fn new(
        target: Target,
        tag_keys: BTreeSet<String>,
        outputs: &'a mut O,
    ) -> Result<Self, Error> {
        if target.format.write.is_none() {
            return Err(Error::usage(format!("{} can be read, not written", target.format.name))
                .help("see `tsdbproof formats` for those that can"));
        }
        Ok(Writing {
            target,
            options: WriteOptions { tag_keys: tag_keys.into_iter().collect() },
            outputs,
            writer: None,
            compressor: target.codec.compressor()?,
            series: Series::default(),
            refused: None,
            points: Vec::new(),
            bytes: Vec::new(),
            packed: Vec::new(),
            converted: Converted { format: target.format.name, ..Converted::default() },
        })
    }

    /// Ends the open file and begins the only one of a folder below what the user named.
    pub(super) fn begin_in(&mut self, folder: &str) -> Result<(), Error> {
        let extension = self.target.format.extensions.first().copied().unwrap_or_default();
        self.begin(&format!("{folder}/part-0.{extension}"))
    }

    /// Ends the open file and begins the next.
    pub(super) fn begin(&mut self, path: &str) -> Result<(), Error> {
        self.end()?;
        self.outputs.begin(path)?;
        self.converted.files += 1;
        self.writer = self.target.format.write.map(|open| open(&self.options));
        self.compressor = self.target.codec.compressor()?;
        Ok(())
    }

    /// The points that come belong to this series.
    pub(super) fn series(&mut self, series: &Series) -> Result<(), Error> {
        self.flush()?;
        self.series.clone_from(series);
        self.refused = self.writer.as_ref().and_then(|writer| writer.refuses_series(series));
        Ok(())
    }

    /// Writes a point of the series, or counts it where the format can't hold it.
    pub(super) fn push(&mut self, point: Point) -> Result<(), Error> {
        let writer = self.writer.as_ref();
        let why = self.refused.or_else(|| writer.and_then(|it| it.refuses_point(point)));
        match why {
            Some(why) => self.leave_out(point, why),
            None => self.points.push(point),
        }
        if self.points.len() == POINTS { self.flush() } else { Ok(()) }
    }

    fn leave_out(&mut self, point: Point, why: &'static str) {
        let group = match self.converted.left_out.iter_mut().find(|group| group.why == why) {
            Some(group) => group,
            None => self.converted.left_out.push_mut(LeftOut::new(why)),
        };
        group.add(&self.series, point);
    }

    fn flush(&mut self) -> Result<(), Error> {
        if let Some(writer) = &mut self.writer
            && !self.points.is_empty()
        {
            writer.points(&self.series, &self.points, &mut self.bytes)?;
            self.converted.points += self.points.len() as u64;
            self.points.clear();
        }
        if self.bytes.len() >= BYTES { self.write() } else { Ok(()) }
    }

    fn write(&mut self) -> Result<(), Error> {
        self.compressor.push(&self.bytes, &mut self.packed)?;
        self.bytes.clear();
        self.outputs.write(&self.packed)?;
        self.packed.clear();
        Ok(())
    }

    fn end(&mut self) -> Result<(), Error> {
        self.flush()?;
        if let Some(mut writer) = self.writer.take() {
            writer.finish(&mut self.bytes)?;
            self.compressor.push(&self.bytes, &mut self.packed)?;
            self.bytes.clear();
            self.compressor.finish(&mut self.packed)?;
            self.write()?;
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<Converted, Error> {
        self.end()?;
        Ok(self.converted)
    }
}

/// The keys of all tags of the series in scope.
pub(super) fn tag_keys<T: Item>(
    mut items: Merge<T>,
    scope: &Scope,
) -> Result<BTreeSet<String>, Error> {
    let mut keys = BTreeSet::new();
    while let Some(series) = items.next_series()? {
        if scope.holds_series(&series) {
            keys.extend(series.tags.pairs().into_iter().map(|(key, _)| key));
        }
    }
    Ok(keys)
}
