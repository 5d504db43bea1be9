//! How each input is read: its format, what in it belongs to which table, the parts it is read in.

use std::sync::Arc;

use tsdbproof_core::{Error, Kind};
use tsdbproof_formats::{
    Access, Format, FormatReader, NoPoints, ReadOptions, SNAPSHOT, SnapshotFile, StoreFile,
    TableRules,
    decompress::{Codec, Decompressor},
};

use super::{
    asked,
    digests::BLOCK_BYTES,
    indexed::{self, InParts},
};
use crate::{Input, Options, host};

/// How an input is read.
#[derive(Clone)]
pub(crate) struct Reading {
    pub(crate) codec: Codec,
    pub(crate) format: &'static Format,
    pub(crate) options: Arc<ReadOptions>,
    /// The parts that its index tells of, where it has one.
    pub(crate) parts: Arc<[tsdbproof_formats::Part]>,
    /// What a snapshot takes it for, by the snapshot's index. Of a split region each half is one.
    pub(crate) planned: Vec<Planned>,
    /// What tables take it for, if it is a store file.
    pub(crate) uses: Vec<Use>,
    pub(crate) holds: Holds,
    /// The input that has its sums.
    pub(crate) sums: Option<usize>,
    /// It is a server, and no file that lies somewhere unprotected.
    is_live: bool,
}

/// What a snapshot takes a store file for.
#[derive(Clone)]
pub(crate) struct Planned {
    pub(crate) table: Arc<str>,
    pub(crate) rules: TableRules,
    pub(crate) file: SnapshotFile,
}

/// What a table takes a store file for.
#[derive(Clone)]
pub(crate) struct Use {
    /// What a snapshot says of it.
    pub(crate) planned: Option<Planned>,
    pub(crate) file: StoreFile,
}

/// What is to be found in an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Holds {
    /// Points.
    Points,
    /// Points or names that were read before it is looked at; whether checksums protect them.
    ReadBefore {
        /// Whether they do.
        is_protected: bool,
    },
    /// Cells that are no points, of a table that is this.
    Others(Arc<str>),
    /// What a snapshot is made of.
    Snapshot,
    /// Nothing that can be read.
    Nothing,
    /// Nothing of the source: sums of another file, a file that the snapshot does not name.
    NoFile,
}

impl Reading {
    fn new(input: &Input, format: &'static Format, options: &Arc<ReadOptions>) -> Self {
        Reading {
            codec: input.probe.codec,
            format,
            options: Arc::clone(options),
            parts: Arc::default(),
            planned: Vec::new(),
            uses: Vec::new(),
            holds: Holds::Points,
            sums: None,
            is_live: input.is_live(),
        }
    }

    /// How an input is read by what its first bytes say, and its name.
    fn of(input: &Input, options: &Options, read: &Arc<ReadOptions>) -> Result<Self, Error> {
        if let Some(part) = input.part {
            let holds = match part {
                host::Part::Snapshot => Holds::Snapshot,
                host::Part::Sums | host::Part::Unknown => Holds::NoFile,
            };
            let codec = Codec::Plain;
            return Ok(Reading { holds, codec, ..Reading::new(input, &SNAPSHOT, read) });
        }
        // To a reader of Arrow files it is a table like others.
        if input.is_manifest() && options.format.is_none() {
            return Err(Error::usage("is a manifest, which holds no points")
                .in_file(&input.name)
                .help("`verify` and `diff` hold it against a backup; `show` tells what it holds"));
        }
        // What a server answers is no question of flags for files.
        let given = options.format.filter(|_| !input.is_live());
        let format = given.or(input.probe.format).ok_or_else(|| {
            Error::new(Kind::Unsupported, "its bytes are of no format that is known here")
                .in_file(&input.name)
                .help("`--format NAME` reads it as that format all the same")
        })?;
        match input.is_live() {
            true => Ok(Reading::new(input, format, &Arc::new(asked::options(read)))),
            false => Ok(Reading::new(input, format, read)),
        }
    }

    /// A reader whose first byte will be the unpacked file's byte `at`.
    pub(super) fn open(&self, at: u64) -> Box<dyn FormatReader> {
        match (&self.holds, &self.format.access, &self.options.tables) {
            (Holds::Points, Access::Stream { open, .. }, _) => open(&self.options, at),
            (Holds::Points | Holds::Others(_), Access::Indexed { .. }, _) => {
                Box::new(InParts::new(&self.parts, at))
            }
            (Holds::Points, Access::Cells { open }, Some(tables)) => {
                open(&self.options).points(tables, &self.options.limits)
            }
            (Holds::Others(what), Access::Cells { open }, _) => open(&self.options).count(what),
            _ => Box::new(NoPoints),
        }
    }

    pub(crate) fn unpack(&self) -> Box<dyn Decompressor> {
        self.codec.open(&self.options.limits)
    }

    /// Whether checksums protect what decides about points in it, where its reader and a side file
    /// say this of themselves.
    pub(super) fn is_protected(&self, by_reader: bool, has_sums: bool) -> bool {
        has_sums
            || self.is_live
            || match self.holds {
                Holds::Points => by_reader,
                Holds::ReadBefore { is_protected } => is_protected,
                Holds::Snapshot => false,
                Holds::Others(_) | Holds::Nothing | Holds::NoFile => true,
            }
    }

    /// The parts that an input is read in side by side.
    pub(super) fn split(&self, size: Option<u64>, part_bytes: u64) -> Vec<Part> {
        let splits = matches!(self.format.access, Access::Stream { splits_at_lines: true, .. })
            && self.codec == Codec::Plain;
        let (cuts_lines, starts): (bool, Vec<u64>) = match size.filter(|size| *size > part_bytes) {
            Some(size) if splits => {
                (true, (0..size.div_ceil(part_bytes)).map(|index| index * part_bytes).collect())
            }
            Some(_) => (false, self.starts(part_bytes)),
            None => (false, vec![0]),
        };
        let ends = starts.iter().skip(1).copied().map(Some).chain([None]);
        let part = |(from, to): (&u64, Option<u64>)| Part { from: *from, to, cuts_lines };
        starts.iter().zip(ends).map(part).collect()
    }

    /// Where parts of an indexed file begin, the first at its start, none smaller than `part_bytes`.
    fn starts(&self, part_bytes: u64) -> Vec<u64> {
        let mut starts = vec![0];
        for part in self.parts.iter() {
            if starts.last().is_some_and(|last| part.range.start - last >= part_bytes) {
                starts.push(part.range.start);
            }
        }
        starts
    }
}

/// How each input is read, as far as their first bytes and names tell.
pub(super) fn readings(inputs: &[Input], options: &Options) -> Result<Vec<Reading>, Error> {
    let read = Arc::new(options.read.clone());
    inputs.iter().map(|input| Reading::of(input, options, &read)).collect()
}

/// The codec and the format of each input, as they will be read. Errors: one can't be.
pub(crate) fn recognise(
    inputs: &[Input],
    options: &Options,
) -> Result<Vec<(&'static str, &'static str)>, Error> {
    let named = |(input, reading): (&Input, Reading)| {
        indexed::check(input, &reading)?;
        let format = match input.part {
            Some(host::Part::Sums) => "crc",
            Some(host::Part::Unknown) => "unknown",
            Some(host::Part::Snapshot) | None => reading.format.name,
        };
        Ok((reading.codec.name(), format))
    };
    inputs.iter().zip(readings(inputs, options)?).map(named).collect()
}

/// The bytes of an input that a part answers for: lines that begin in them, blocks that do.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part {
    pub(crate) from: u64,
    /// `None`: to the input's end.
    pub(crate) to: Option<u64>,
    /// It was cut without regard to lines: one may go over its borders.
    pub(crate) cuts_lines: bool,
}

impl Part {
    /// All of an input.
    pub(crate) const WHOLE: Part = Part { from: 0, to: None, cuts_lines: false };

    /// The first byte to read: a line begins in the part if the byte before it ends one.
    pub(crate) fn first_byte(self) -> u64 {
        if self.cuts_lines { self.from.saturating_sub(1) } else { self.from }
    }
}

/// Bytes of a part: as many parts as threads, unless they would be too small to be worth it.
pub(super) fn part_bytes(total: u64, threads: usize, options: &Options) -> u64 {
    let least = Options::default().split_bytes;
    if options.split_bytes < least {
        return options.split_bytes.max(1);
    }
    let share = total.div_ceil(threads as u64).max(options.split_bytes);
    share.div_ceil(BLOCK_BYTES) * BLOCK_BYTES
}
