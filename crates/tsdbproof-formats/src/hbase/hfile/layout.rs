//! What the end of an HFile says of it: how its blocks are read, and which bytes hold cells.
//!
//! | part of the file | what |
//! | --- | --- |
//! | blocks | cells; between them leaves of the index and chunks of Bloom filters |
//! | blocks | meta blocks, the index between root and leaves |
//! | load-on-open section | root of the index, of the meta blocks; the file's info; Bloom filters |
//! | trailer | where that is: [`trailer`](super::trailer) |
//!
//! Only the file's info is needed to read cells. What else stands in that section is held against
//! its checksums, for HBase opens no file in which it is damaged.

use std::ops::Range;

use tsdbproof_core::{Error, Kind, Position, Problem, ProblemKind, quote};

use super::block::{Block, BlockKind, ChecksumKind, Checksums, Header};
use super::encoding::{Behind, Encoding};
use super::index;
use super::info::Info;
use super::trailer::{self, Trailer};
use crate::Limits;
use crate::hbase::codec::{Compression, Unpacker};

/// What the end of a file says, or how much of it is needed first.
#[derive(Debug)]
pub(crate) enum LayoutStep {
    /// The bytes from here to the end are needed.
    Need {
        /// The first of them.
        from: u64,
    },
    /// All is known.
    Ready(Box<Layout>),
}

/// How a file is read.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    /// Major and minor.
    pub(crate) version: (u32, u32),
    pub(crate) compression: Compression,
    pub(crate) encoding: Encoding,
    /// Whether cells have tags and MVCC numbers.
    pub(crate) behind: Behind,
    /// `None` in files of version 2.0.
    pub(crate) checksums: Option<Checksums>,
    pub(crate) entry_count: u64,
    /// First bytes of the first and the last block of cells; `None` if there are no cells.
    pub(crate) first_data_at: Option<u64>,
    pub(crate) last_data_at: Option<u64>,
    /// The bytes that hold all cells.
    pub(crate) data: Range<u64>,
    /// The highest sequence of what was written when the file was; bulk loads may have none.
    pub(crate) max_sequence_id: Option<i64>,
    /// When the file was loaded, in milliseconds since 1970, if it was loaded in bulk.
    pub(crate) bulk_load_ms: Option<i64>,
    /// Whether cells keep their MVCC numbers although the file was loaded in bulk.
    pub(crate) keeps_sequences: bool,
    /// The last key of the file.
    pub(crate) last_key: Option<Vec<u8>>,
    /// Bytes of the file.
    pub(crate) size: u64,
    /// Faults in what stands at the end, but for what is needed to read cells.
    pub(crate) problems: Vec<Problem>,
    /// Where blocks begin, ascending; not all of them.
    borders: Vec<u64>,
}

impl Layout {
    /// Reads the last bytes of a file of `size` bytes. Without any it says how many to begin with.
    ///
    /// Errors: `Malformed` if the trailer or the file's info can't be read: without them nobody
    /// knows how the cells are written. `Unsupported`, `Limit`.
    pub(crate) fn read(tail: &[u8], size: u64, limits: &Limits) -> Result<LayoutStep, Error> {
        let from = size.saturating_sub(tail.len() as u64);
        let wanted = size.saturating_sub(trailer::MAX_BYTES);
        if from > wanted {
            return Ok(LayoutStep::Need { from: wanted });
        }
        let trailer = trailer::parse(tail, size)?;
        if trailer.at.saturating_sub(trailer.load_on_open_at) > limits.index_bytes as u64 {
            let what = "an index and Bloom filters of more bytes than the limit";
            let what = format!("{what}; expected at most {}", limits.index_bytes);
            return Err(Error::new(Kind::Limit, what).at(Position::Byte(trailer.load_on_open_at)));
        }
        if from > trailer.load_on_open_at {
            return Ok(LayoutStep::Need { from: trailer.load_on_open_at });
        }
        let until = |at: u64| usize::try_from(at.saturating_sub(from)).unwrap_or(usize::MAX);
        let section = tail.get(until(trailer.load_on_open_at)..until(trailer.at));
        let section = Section::new(section.unwrap_or_default(), &trailer, limits)?;
        section.layout(&trailer, size).map(|layout| LayoutStep::Ready(Box::new(layout)))
    }

    /// Whether checksums protect the cells.
    pub(crate) fn is_protected(&self) -> bool {
        self.checksums.is_some_and(|checksums| checksums.kind != ChecksumKind::None)
    }

    /// The bytes with cells in parts that begin at blocks and have so many bytes or more, ascending
    /// and without gaps. They are one part if the index is damaged, or has three levels.
    pub(crate) fn parts(&self, at_least_bytes: u64) -> Vec<Range<u64>> {
        let mut parts = Vec::new();
        let mut from = self.data.start;
        for border in &self.borders {
            let is_long = border.saturating_sub(from) >= at_least_bytes.max(1);
            if is_long && self.data.end.saturating_sub(*border) >= at_least_bytes.max(1) {
                parts.push(from..*border);
                from = *border;
            }
        }
        parts.push(from..self.data.end);
        parts
    }
}

/// The load-on-open section.
struct Section<'s> {
    bytes: &'s [u8],
    /// Its first byte in the file.
    at: u64,
    has_checksums: bool,
    checksums: Option<Checksums>,
    compression: Compression,
    limits: &'s Limits,
}

impl<'s> Section<'s> {
    /// Errors: the headers of the file's info and of the root don't agree on the checksums.
    fn new(bytes: &'s [u8], trailer: &Trailer, limits: &'s Limits) -> Result<Self, Error> {
        let mut section = Section {
            bytes,
            at: trailer.load_on_open_at,
            has_checksums: trailer.has_checksums(),
            checksums: None,
            compression: trailer.compression,
            limits,
        };
        let info = section.header(trailer.file_info_at).filter(|it| it.kind == BlockKind::FileInfo);
        let Some(info) = info else { return Err(no_info("no block of it", trailer)) };
        section.checksums = info.checksums;
        let is_unprotected = |header: &Header| {
            header.checksums.is_some_and(|checksums| checksums.kind == ChecksumKind::None)
        };
        // A header that says that nothing is summed has to be believed, unless another does not.
        let root = section.header(trailer.load_on_open_at);
        if is_unprotected(&info) && root.is_some_and(|root| root.checksums != info.checksums) {
            return Err(no_info("a block without checksums, as no other is,", trailer));
        }
        Ok(section)
    }

    /// The bytes from this byte of the file on.
    fn from(&self, at: u64) -> &'s [u8] {
        let from = usize::try_from(at.saturating_sub(self.at)).ok();
        from.and_then(|from| self.bytes.get(from..)).unwrap_or_default()
    }

    fn header(&self, at: u64) -> Option<Header> {
        Header::parse(self.from(at), self.has_checksums)
    }

    /// What a block holds, unpacked. Errors: why that can't be told.
    fn unpack(&self, at: u64) -> Result<Vec<u8>, String> {
        let block = self.header(at).and_then(|header| Block::of(header, self.from(at)));
        let block = block.ok_or_else(|| "no block".to_owned())?;
        if !block.is_whole(self.checksums) {
            return Err("a block whose checksum is another".to_owned());
        }
        let mut unpacked = Vec::new();
        let unpacker = &mut Unpacker::new(self.compression, self.limits);
        block.unpack(unpacker, self.limits.index_bytes, &mut unpacked)?;
        Ok(unpacked)
    }

    fn layout(&self, trailer: &Trailer, size: u64) -> Result<Layout, Error> {
        let bytes = self.unpack(trailer.file_info_at);
        let bytes = bytes.map_err(|why| no_info(&why, trailer))?;
        let info = Info::parse(&bytes).ok_or_else(|| no_info("no map of names", trailer))?;
        let (encoding, behind) = (encoding(&info)?, info.behind());
        let mut problems = Vec::new();
        let borders = self.borders(trailer, &mut problems);
        self.check_blocks(trailer, &mut problems);
        Ok(Layout {
            version: trailer.version,
            compression: trailer.compression,
            encoding,
            behind,
            checksums: self.checksums,
            entry_count: trailer.entry_count,
            first_data_at: trailer.first_data_at,
            last_data_at: trailer.last_data_at,
            data: 0..trailer.load_on_open_at,
            max_sequence_id: info.number("MAX_SEQ_ID_KEY"),
            bulk_load_ms: info.number("BULKLOAD_TIMESTAMP"),
            keeps_sequences: info.is_set("SKIP_RESET_SEQ_ID"),
            last_key: info.get("hfile.LASTKEY").map(<[u8]>::to_vec),
            size,
            problems,
            borders,
        })
    }

    /// Where blocks begin, as the root of the index says.
    fn borders(&self, trailer: &Trailer, problems: &mut Vec<Problem>) -> Vec<u64> {
        let root = self.unpack(trailer.load_on_open_at);
        let offsets = root.and_then(|root| {
            index::offsets(&root, trailer.index_count).ok_or_else(|| "no index".to_owned())
        });
        match offsets {
            // The root of three levels names blocks behind all cells.
            Ok(_) if trailer.index_levels > 2 => Vec::new(),
            Ok(offsets) => offsets,
            Err(why) => {
                let what = format!("the root of the index is {why}; cells are read without it");
                problems.push(problem(trailer.load_on_open_at, what));
                Vec::new()
            }
        }
    }

    /// Holds every other block of the section against its checksums.
    fn check_blocks(&self, trailer: &Trailer, problems: &mut Vec<Problem>) {
        let mut at = self.at;
        while at < trailer.at {
            let bytes = self.from(at);
            let header = Header::parse(bytes, self.has_checksums);
            let Some(block) = header.and_then(|header| Block::of(header, bytes)) else {
                let what = "no block of the load-on-open section begins where one should; \
                    no cell is lost, but HBase can't open the file";
                problems.push(problem(at, what));
                return;
            };
            let is_told = at == trailer.load_on_open_at || at == trailer.file_info_at;
            if !is_told && !block.is_whole(self.checksums) {
                let kind = block.header.kind.words();
                let what = format!(
                    "{kind} whose checksum is another; no cell is lost, but HBase can't open the file"
                );
                problems.push(problem(at, what));
            }
            at = at.saturating_add(block.header.size as u64);
        }
    }
}

fn problem(at: u64, what: impl Into<String>) -> Problem {
    Problem { kind: ProblemKind::BadChecksum, at: Position::Byte(at), what: what.into() }
}

fn no_info(found: &str, trailer: &Trailer) -> Error {
    let what = format!("{found} where the file's info should be, without which no cell is read");
    Error::new(Kind::Malformed, what)
        .at(Position::Byte(trailer.file_info_at))
        .help("the file was damaged: copy it again")
}

/// Errors: an encoding that is not read.
fn encoding(info: &Info) -> Result<Encoding, Error> {
    let Some(name) = info.get("DATA_BLOCK_ENCODING") else { return Ok(Encoding::None) };
    Encoding::of_name(name).ok_or_else(|| {
        let what = format!("an HFile with data block encoding {}", quote(name));
        let help = "rewrite the table by `major_compact` with another encoding, or use Export";
        Error::new(Kind::Unsupported, what).help(help)
    })
}
