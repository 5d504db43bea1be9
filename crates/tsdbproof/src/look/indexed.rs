//! Files whose end says where their parts lie: the end is read first, then the parts.

use std::sync::Arc;

use tsdbproof_core::{Error, Kind};
use tsdbproof_formats::{Access, FormatReader, Index, Part, PointSink, decompress::Codec};

use super::{
    reading::{Holds, Planned, Reading, Use},
    refused::Refused,
};
use crate::{Flow, Host, Input, Task, Work};

/// Bytes of an end that are read before it is known how many are needed.
const TAIL_BYTES: u64 = 64 << 10;
/// What a file costs whose end can't be read.
const LOST: &str = "nothing of the file is read";

/// Fills in the parts of every input that has an index. One whose end is damaged, or of a kind that
/// is not read, costs that file, unless it is the only one.
pub(super) async fn read_indexes<H: Host>(
    host: &H,
    inputs: &[Input],
    first_input: usize,
    readings: &mut [Reading],
) -> Result<Refused, Error> {
    let mut refused = Refused::default();
    let mut wanted: Vec<(usize, u64)> = Vec::new();
    let is_only = readings.iter().filter(|reading| reading.holds == Holds::Points).count() == 1;
    for (index, (input, reading)) in inputs.iter().zip(readings.iter_mut()).enumerate() {
        if reading.holds != Holds::Points {
            continue;
        }
        match check(input, reading) {
            Ok(None) => {}
            Ok(Some(size)) => wanted.push((index, size.saturating_sub(TAIL_BYTES))),
            Err(error) if is_only => return Err(error),
            Err(error) => {
                refused.take((index, &input.name), error, LOST)?;
                reading.holds = Holds::Nothing;
            }
        }
    }
    while !wanted.is_empty() {
        let task = |&(index, from)| {
            let limit = readings.get(index).map_or(0, |it: &Reading| it.options.limits.index_bytes);
            let work = Collect { bytes: Vec::new(), limit };
            Task { input: first_input + index, from, work }
        };
        let tails = host.read(wanted.iter().map(task).collect()).await?;
        let asked = std::mem::take(&mut wanted);
        for ((index, from), tail) in asked.into_iter().zip(tails) {
            let (Some(input), Some(reading)) = (inputs.get(index), readings.get_mut(index)) else {
                continue;
            };
            match read_end(input, reading, &tail.work.bytes, from) {
                Ok(earlier) => wanted.extend(earlier.map(|earlier| (index, earlier))),
                Err(error) if is_only && reading.planned.is_empty() => {
                    return Err(error.in_file(&input.name));
                }
                Err(error) => {
                    refused.take((index, &input.name), error, LOST)?;
                    reading.holds = Holds::Nothing;
                }
            }
        }
    }
    Ok(refused)
}

/// Reads the end of a file; gives the earlier byte from which on it is wanted first, if it is.
fn read_end(
    input: &Input,
    reading: &mut Reading,
    tail: &[u8],
    from: u64,
) -> Result<Option<u64>, Error> {
    match parts(reading, tail, input.size.unwrap_or(0))? {
        Index::Parts(parts) => reading.parts = parts.into(),
        Index::Cells(file) if reading.planned.is_empty() => {
            let file = file.named(input.name.rsplit('/').next().unwrap_or_default());
            reading.uses = vec![Use { planned: None, file }];
        }
        Index::Cells(file) => {
            let use_of = |planned: &Planned| Use {
                file: file.clone().used_as(&planned.file),
                planned: Some(planned.clone()),
            };
            reading.uses = reading.planned.iter().map(use_of).collect();
        }
        Index::Wanted(earlier) if earlier < from => return Ok(Some(earlier)),
        Index::Wanted(_) => return Err(Error::new(Kind::Malformed, "its index has no beginning")),
    }
    Ok(None)
}

fn parts(reading: &Reading, tail: &[u8], size: u64) -> Result<Index, Error> {
    match reading.format.access {
        Access::Indexed { index } => index(&reading.options, tail, size),
        Access::Stream { .. } | Access::Cells { .. } => Ok(Index::Parts(Vec::new())),
    }
}

/// The size of an input that is read by an index. Errors: it can't be read from any place on.
pub(super) fn check(input: &Input, reading: &Reading) -> Result<Option<u64>, Error> {
    match reading.format.access {
        Access::Indexed { .. } => {
            whole_file(input, reading).map(Some).map_err(|error| error.in_file(&input.name))
        }
        Access::Stream { .. } | Access::Cells { .. } => Ok(None),
    }
}

/// The size of a file that can be read from any place on.
fn whole_file(input: &Input, reading: &Reading) -> Result<u64, Error> {
    let format = reading.format.name;
    let what = match input.size {
        Some(size) if reading.codec == Codec::Plain => return Ok(size),
        Some(_) => "it is compressed as a whole",
        None => "it is a stream",
    };
    Err(Error::new(
        Kind::Unsupported,
        format!("a {format} file tells at its end how to read it, and {what}"),
    )
    .help("unpack or write it to a file first, and name that"))
}

/// Collects the bytes of a file that is needed whole, or of its end.
pub(super) struct Collect {
    pub(super) bytes: Vec<u8>,
    pub(super) limit: usize,
}

impl Work for Collect {
    fn push(&mut self, bytes: &[u8]) -> Result<Flow, Error> {
        if self.bytes.len() + bytes.len() > self.limit {
            return Err(Error::new(
                Kind::Limit,
                format!("its index takes more than {} bytes", self.limit),
            ));
        }
        self.bytes.extend_from_slice(bytes);
        Ok(Flow::More)
    }

    fn finish(&mut self) -> Result<(), Error> {
        Ok(())
    }
}

/// Parts as one reader: bytes between them are passed over.
pub(super) struct InParts {
    parts: Arc<[Part]>,
    /// The next byte that will be pushed.
    at: u64,
    /// The part that bytes are fed to, by its index.
    part: usize,
    reader: Option<Box<dyn FormatReader>>,
    is_protected: bool,
}

impl InParts {
    pub(super) fn new(parts: &Arc<[Part]>, at: u64) -> Self {
        let part = parts.partition_point(|part| part.range.end <= at);
        InParts { parts: Arc::clone(parts), at, part, reader: None, is_protected: true }
    }

    fn close(&mut self, sink: &mut dyn PointSink) -> Result<(), Error> {
        let Some(mut reader) = self.reader.take() else { return Ok(()) };
        reader.finish(sink)?;
        self.is_protected &= reader.is_protected();
        Ok(())
    }
}

impl FormatReader for InParts {
    fn push(&mut self, mut bytes: &[u8], sink: &mut dyn PointSink) -> Result<(), Error> {
        while let Some(part) = self.parts.get(self.part) {
            let skip = usize::try_from(part.range.start.saturating_sub(self.at));
            let Some(inside) = bytes.get(skip.unwrap_or(usize::MAX)..) else { break };
            let start = self.at + (bytes.len() - inside.len()) as u64;
            let length = usize::try_from(part.range.end - start).unwrap_or(usize::MAX);
            let taken = inside.get(..length).unwrap_or(inside);
            if !taken.is_empty() {
                let reader = self.reader.get_or_insert_with(|| (part.open)(start));
                reader.push(taken, sink)?;
            }
            bytes = inside.get(taken.len()..).unwrap_or_default();
            self.at = start + taken.len() as u64;
            if self.at < part.range.end {
                return Ok(());
            }
            self.close(sink)?;
            self.part += 1;
        }
        self.at += bytes.len() as u64;
        Ok(())
    }

    fn gap(&mut self, sink: &mut dyn PointSink) {
        if let Some(reader) = &mut self.reader {
            reader.gap(sink);
        }
    }

    fn finish(&mut self, sink: &mut dyn PointSink) -> Result<(), Error> {
        self.close(sink)
    }

    fn forget_series(&mut self) {
        if let Some(reader) = &mut self.reader {
            reader.forget_series();
        }
    }

    fn memory_bytes(&self) -> usize {
        self.reader.as_ref().map_or(0, |reader| reader.memory_bytes())
    }

    fn lines(&self) -> u64 {
        0
    }

    fn is_protected(&self) -> bool {
        self.is_protected
    }
}
