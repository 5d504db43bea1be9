//! The only door to the machine: a host feeds bytes to work, and lends scratch space.

use std::{ops::Range, sync::Arc};

use tsdbproof_core::{Error, Kind, quote};
use tsdbproof_formats::{Format, Limits, Probe, is_crc_file, probe};

use crate::{
    Hand, Made, Scope, Unread,
    store::{Own, own},
};

mod found;

pub use found::{is_passed_over, is_sums, sums_beside};
pub use tsdbproof_formats::{SNAPSHOTS, is_part_of_snapshot};

/// A file or a stream that a job may read, as its host found it.
#[derive(Debug, Clone)]
pub struct Input {
    /// The name, as the user gave or would give it.
    pub name: String,
    /// Bytes; `None` for a stream, which can be read only once.
    pub size: Option<u64>,
    /// What its first bytes say. The bytes themselves are not kept: a folder has many files.
    pub(crate) probe: Probe,
    /// What it is to the backups that it stands among, if it is none itself.
    pub(crate) part: Option<Part>,
    own: Option<Own>,
    is_live: bool,
    beginning: Vec<u8>,
}

/// What an input is that is no backup itself, but belongs to one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// It says what a snapshot is made of.
    Snapshot,
    /// It has the sums of the file beside it.
    Sums,
    /// No format claims it; a snapshot that it stands beside may name it all the same.
    Unknown,
}

/// Bytes of a head that messages may show.
const BEGINNING_BYTES: usize = 16;

impl Input {
    /// An input that begins with `head`: [`HEAD_BYTES`], or all if there are fewer.
    pub fn new(name: String, size: Option<u64>, head: &[u8], limits: &Limits) -> Self {
        let beginning = head.get(..BEGINNING_BYTES).unwrap_or(head).to_vec();
        let part = match () {
            // Its bytes tell nothing: they are a message without a mark of what it is.
            () if is_part_of_snapshot(&name) => Some(Part::Snapshot),
            () if is_sums(&name) && is_crc_file(head) => Some(Part::Sums),
            () => None,
        };
        let probe = probe(head, limits);
        Input { name, size, probe, part, own: own(head), is_live: false, beginning }
    }

    /// The same input where a folder brought it along. Errors: why it is not read.
    ///
    /// Where the folder holds a snapshot, what no format claims may still be a damaged file of it.
    pub fn found(mut self, beside_snapshot: bool) -> Result<Self, String> {
        match self.own {
            Some(Own::Manifest) => return Err("a manifest, which holds no points".to_owned()),
            Some(Own::Patch) => return Err("a patch; `tsdbproof apply` takes it".to_owned()),
            None => {}
        }
        if !self.is_recognised() && beside_snapshot {
            self.part = Some(Part::Unknown);
        }
        match self.refusal() {
            Some(why) => Err(why),
            None => Ok(self),
        }
    }

    /// Why nothing here reads it.
    pub fn refusal(&self) -> Option<String> {
        let is_read = self.is_recognised() || self.own.is_some();
        let begins = || quote(&self.beginning);
        (!is_read).then(|| format!("no format recognises it; it begins with {}", begins()))
    }

    /// A server that answers queries: its bytes are answers of `/api/query` with times in
    /// milliseconds, one behind the other, and come once.
    pub fn live(name: String, limits: &Limits) -> Self {
        Input { is_live: true, ..Input::new(name, None, b"[]", limits) }
    }

    /// Whether it is a server, of which a host has to know what is sought: [`Host::seek`].
    pub fn is_live(&self) -> bool {
        self.is_live
    }

    /// Its first few bytes, for messages.
    pub fn beginning(&self) -> &[u8] {
        &self.beginning
    }

    /// Whether it is a manifest, of whatever version.
    pub fn is_manifest(&self) -> bool {
        self.own == Some(Own::Manifest)
    }

    /// Whether it is a patch, of whatever version.
    pub fn is_patch(&self) -> bool {
        self.own == Some(Own::Patch)
    }

    /// The format that claims it for points.
    pub fn format(&self) -> Option<&'static Format> {
        self.probe.format
    }

    /// How it is compressed.
    pub fn codec(&self) -> &'static str {
        self.probe.codec.name()
    }

    /// Whether it has the sums of the file beside it.
    pub fn is_sums(&self) -> bool {
        self.part == Some(Part::Sums)
    }

    /// Whether a format claims it for points, or it belongs to files that are.
    pub fn is_recognised(&self) -> bool {
        self.part.is_some() || self.probe.format.is_some()
    }
}

/// Bytes of a head that a host should give: more than the largest block of a zstd frame.
pub const HEAD_BYTES: usize = 160 << 10;

/// Whether work wants more bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// It does.
    More,
    /// It has all that it needs.
    Enough,
}

/// Something that is fed the bytes of an input, from one place on, in pieces of any size.
pub trait Work: Send {
    /// Takes the next bytes.
    fn push(&mut self, bytes: &[u8]) -> Result<Flow, Error>;
    /// The bytes are over, or enough. Called once.
    fn finish(&mut self) -> Result<(), Error>;

    /// Takes what is to be known beside the bytes, of a live input.
    fn tell(&mut self, _: Told) -> Result<Flow, Error> {
        Err(Error::new(Kind::Unsupported, "a server can't be read for this"))
    }

    /// The part of it that may run ahead on a thread of its own, if one is worth it. It takes the
    /// input's bytes in place of this work, to its end, and hands what it makes of them to `hand`, for
    /// [`take`](Work::take). Asked for before any byte.
    fn ahead(&mut self, _hand: Hand) -> Option<Box<dyn Work>> {
        None
    }

    /// Takes what was made ahead, in the order in which it was handed over.
    fn take(&mut self, _: Made) -> Result<Flow, Error> {
        Err(Error::usage("nothing of this work is done ahead"))
    }

    /// What is to be done, for [`help`](crate::help) in a process that shares no memory with this one;
    /// `None` where only this process can do it, and once it has begun.
    fn order(&self) -> Option<Vec<u8>> {
        None
    }

    /// Takes a piece of what was found there, in place of the input's bytes.
    fn receive(&mut self, _piece: &[u8]) -> Result<(), Error> {
        Err(Error::usage("this work is not done elsewhere"))
    }
}

/// What a host says of the bytes of a live input.
#[derive(Debug, Clone)]
pub enum Told {
    /// The bytes that come, up to the next word, answer for this metric and these times, in
    /// milliseconds, both inclusive. What else stands in them is a lie.
    Answer {
        /// The metric.
        metric: Arc<str>,
        /// The first instant.
        from_ms: u64,
        /// The last instant.
        to_ms: u64,
    },
    /// All answers for this metric and these times came, but for what is told to be unread.
    /// [`Flow::Enough`]: nothing more has to be asked for.
    Came {
        /// The metric.
        metric: Arc<str>,
        /// From the first to before the last instant, in milliseconds.
        times_ms: Range<u64>,
    },
    /// All answers for this metric came. [`Flow::Enough`]: no other has to be asked for.
    Ended(Arc<str>),
    /// Points could not be had.
    Unread(Unread),
    /// What else should be known.
    Note(String),
}

/// A metric that stands on the other side of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownMetric {
    /// Its name.
    pub metric: String,
    /// Its first instant there, in milliseconds.
    pub first_ms: u64,
    /// Its last instant there, in milliseconds.
    pub last_ms: u64,
    /// The times that are sought of it, in milliseconds, if not all.
    pub only_ms: Option<Vec<Range<u64>>>,
}

/// What is sought in a live input.
#[derive(Debug, Clone, Default)]
pub struct Sought {
    /// Only this; more may come.
    pub scope: Scope,
    /// What stands on the other side.
    pub known: Vec<KnownMetric>,
    /// Whether nothing else is sought; if not, what stands only in the input is.
    pub is_sample: bool,
}

/// Work with the place where its bytes begin.
#[derive(Debug)]
pub struct Task<W> {
    /// Index of the input, in the order in which the job was given them.
    pub input: usize,
    /// The first byte to push. The last is the input's, unless the work has enough before.
    pub from: u64,
    /// Who takes the bytes.
    pub work: W,
}

/// Space for what does not fit into memory; gone when it is dropped.
pub trait Scratch: Send + Sync {
    /// Writes at this byte. Places never overlap.
    fn write_at(&self, bytes: &[u8], at: u64) -> Result<(), Error>;
    /// Fills `bytes` from this byte on.
    fn read_at(&self, bytes: &mut [u8], at: u64) -> Result<(), Error>;
}

/// What differs between the machines that run a job.
pub trait Host {
    /// Feeds every task, in any order or side by side, and gives them back in the order they came.
    ///
    /// An input that is another than when the job began ends in [`Kind::Changed`](crate::Kind).
    fn read<W: Work>(
        &self,
        tasks: Vec<Task<W>>,
    ) -> impl Future<Output = Result<Vec<Task<W>>, Error>>;

    /// Says what is sought in an input that [`Input::is_live`], before it is read.
    fn seek(&self, _input: usize, _sought: Sought) -> Result<(), Error> {
        Err(Error::new(Kind::Unsupported, "this host reads no servers"))
    }

    /// New scratch space; `None` where a host has none.
    fn scratch(&self) -> Result<Option<Arc<dyn Scratch>>, Error>;

    /// How many tasks may run side by side.
    fn threads(&self) -> usize;
}

/// Where the files of a job go. They get their names only when the job has come to its end.
pub trait Outputs {
    /// What reads them back.
    type Host: Host;

    /// Begins the next file: its path, with `/`, below a folder that was named; empty for a file that
    /// was named itself.
    fn begin(&mut self, path: &str) -> Result<(), Error>;

    /// Adds bytes to the file.
    fn write(&mut self, bytes: &[u8]) -> Result<(), Error>;

    /// All files, as they lie there.
    fn read_back(&mut self) -> impl Future<Output = Result<(Self::Host, crate::Source), Error>>;
}
