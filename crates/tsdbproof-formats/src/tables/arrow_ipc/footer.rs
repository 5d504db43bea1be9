//! The end of a file, held against the messages before it.

use std::ops::Range;

use arrow_ipc::{Block, Footer, root_as_footer};
use tsdbproof_core::{ProblemKind, sort};

use super::Flaw;
use super::fields::{Field, fields};
use super::frame::MAGIC;

/// A message in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    at: i64,
    /// With its prefix.
    message_bytes: i32,
    body_bytes: i64,
}

impl Place {
    /// The place of a message that was read. What no block can say equals none.
    pub(super) fn new(at: u64, message_bytes: u64, body_bytes: u64) -> Self {
        Place {
            at: i64::try_from(at).unwrap_or(-1),
            message_bytes: i32::try_from(message_bytes).unwrap_or(-1),
            body_bytes: i64::try_from(body_bytes).unwrap_or(-1),
        }
    }

    /// The bytes of the message with its prefix, and of both with the body; `None` where they lie
    /// outside of a file of this size.
    pub(super) fn ranges(self, size: u64) -> Option<(Range<u64>, Range<u64>)> {
        let start = u64::try_from(self.at).ok()?;
        let body = start.checked_add(u64::try_from(self.message_bytes).ok()?)?;
        let end = body.checked_add(u64::try_from(self.body_bytes).ok()?)?;
        (end <= size).then_some((start..body, start..end))
    }

    fn of(block: &Block) -> Self {
        let (at, body_bytes) = (block.offset(), block.bodyLength());
        Place { at, message_bytes: block.metaDataLength(), body_bytes }
    }
}

/// The messages of a file, in their order.
#[derive(Debug, Default)]
pub(super) struct Places {
    batches: Vec<Place>,
    dictionaries: Vec<Place>,
}

impl Places {
    pub(super) fn add(&mut self, place: Place, is_dictionary: bool) {
        if is_dictionary {
            self.dictionaries.push(place);
        } else {
            self.batches.push(place);
        }
    }

    pub(super) fn memory_bytes(&self) -> usize {
        (self.batches.capacity() + self.dictionaries.capacity()) * size_of::<Place>()
    }
}

/// How a footer fails.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The file ends before it does.
    Cut,
    Broken(Flaw),
    /// It tells of another file; tools that go by it read something else.
    Disagrees(Flaw),
}

impl Failure {
    /// What kind of problem it is.
    pub(super) fn kind(&self) -> ProblemKind {
        match self {
            Failure::Cut => ProblemKind::Cut,
            Failure::Broken(_) => ProblemKind::BadRecord,
            Failure::Disagrees(_) => ProblemKind::Disagreement,
        }
    }

    /// It, in a few words.
    pub(super) fn what(&self) -> Flaw {
        match self {
            Failure::Cut => "the file ends before its footer does",
            Failure::Broken(what) | Failure::Disagrees(what) => what,
        }
    }
}

/// A footer, taken out of the last bytes of a file.
pub(super) fn footer(bytes: &[u8]) -> Result<Footer<'_>, Failure> {
    root_as_footer(bytes).map_err(|_| Failure::Broken("a footer that is no flatbuffer"))
}

/// Bytes of the footer that these bytes end with, and the bytes behind it; `None` where the file
/// does not end so.
pub(super) fn ends(bytes: &[u8]) -> Option<(&[u8], u64)> {
    let (before, length) = bytes.strip_suffix(&MAGIC)?.split_last_chunk()?;
    Some((before, u64::from(u32::from_le_bytes(*length))))
}

/// Holds what is behind the end of the stream against what was read; `places` is none where
/// messages were lost.
pub(super) fn check(bytes: &[u8], read: &[Field], places: Option<Places>) -> Result<(), Failure> {
    let (bytes, length) = ends(bytes).ok_or(Failure::Cut)?;
    if bytes.len() as u64 != length {
        return Err(Failure::Broken("a footer of another length than it tells"));
    }
    let footer = footer(bytes)?;
    let schema = footer.schema().ok_or(Failure::Broken("a footer without a schema"))?;
    if fields(schema, footer.version()).as_deref() != Ok(read) {
        return Err(Failure::Disagrees(
            "a footer with other columns than the file's; other tools go by it",
        ));
    }
    let Some(Places { mut batches, mut dictionaries }) = places else { return Ok(()) };
    sort::all(&mut batches);
    sort::all(&mut dictionaries);
    let told = |places: Vec<Place>| {
        let mut places = places;
        // The order of rows is no part of the data.
        sort::all(&mut places);
        places
    };
    if told(places_of(footer.recordBatches())) != batches
        || told(places_of(footer.dictionaries())) != dictionaries
    {
        return Err(Failure::Disagrees(
            "a footer that tells of other batches than the file's; other tools go by it",
        ));
    }
    Ok(())
}

/// The places that a footer tells, in its order.
pub(super) fn places_of(blocks: Option<flatbuffers::Vector<'_, Block>>) -> Vec<Place> {
    blocks.into_iter().flatten().map(Place::of).collect()
}
