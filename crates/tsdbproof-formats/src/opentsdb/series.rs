//! The series of a row: names of the UIDs in its key.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use tsdbproof_core::{ProblemKind, Series, Tags, quote, sort};

use super::row_key::RowKey;
use super::uid::{MAX_WIDTH, UidKind, UidTable};
use crate::hbase::hex::hex;
use crate::number::Fault;
use crate::{PointSink, SeriesId};

/// What a name begins with that stands for a UID without one. OpenTSDB takes no name with a `:`, but
/// where its settings say so.
const STAND_IN: &str = "uid:";

/// Whether a word stands for a UID without a name, be it in text that was made of such rows.
pub fn is_stand_in(word: &str) -> bool {
    let is_uid = |digits: &str| {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        (2..=2 * MAX_WIDTH).contains(&digits.len())
            && digits.len().is_multiple_of(2)
            && digits.bytes().all(is_digit)
    };
    word.strip_prefix(STAND_IN).is_some_and(is_uid)
}

/// Whether a part of a series' name stands for a UID without a name.
pub fn has_stand_in(series: &Series) -> bool {
    // Nothing in a stand-in is escaped, so it would show before the tags are taken apart.
    if !series.tags.as_str().contains(STAND_IN) {
        return is_stand_in(&series.metric);
    }
    let mut tags = series.tags.pairs().into_iter();
    is_stand_in(&series.metric) || tags.any(|(key, value)| is_stand_in(&key) || is_stand_in(&value))
}

/// Series by the UIDs that name them.
#[derive(Debug)]
pub(super) struct SeriesOfRows {
    uids: Arc<UidTable>,
    /// As the sink knows them, by metric and tags in a row's key.
    known: HashMap<Box<[u8]>, Known>,
    known_bytes: usize,
    tsuid: Vec<u8>,
}

#[derive(Debug, Clone, Copy)]
struct Known {
    id: SeriesId,
    /// Its name is told with a fault, for each of its rows.
    is_faulty: bool,
}

/// Bytes of an entry of a table beside its key, roughly.
const ENTRY_BYTES: usize = 48;

impl SeriesOfRows {
    pub(super) fn new(uids: Arc<UidTable>) -> Self {
        SeriesOfRows { uids, known: HashMap::new(), known_bytes: 0, tsuid: Vec::new() }
    }

    /// The names of UIDs.
    pub(super) fn uids(&self) -> &UidTable {
        &self.uids
    }

    /// The series of a row, and what is wrong with its name.
    pub(super) fn of(
        &mut self,
        row: &RowKey<'_>,
        sink: &mut dyn PointSink,
    ) -> (SeriesId, Vec<Fault>) {
        self.tsuid.clear();
        self.tsuid.extend(row.tsuid());
        if let Some(known) = self.known.get(&self.tsuid[..]) {
            return (known.id, if known.is_faulty { self.faults(row) } else { Vec::new() });
        }
        let Name { metric, tags, faults } = Name::of(row, &self.uids);
        let known = Known { id: sink.series(&metric, &tags), is_faulty: !faults.is_empty() };
        self.known_bytes += self.tsuid.len() + ENTRY_BYTES;
        self.known.insert(self.tsuid.as_slice().into(), known);
        (known.id, faults)
    }

    /// What is wrong with the name of a row's series.
    pub(super) fn faults(&self, row: &RowKey<'_>) -> Vec<Fault> {
        Name::of(row, &self.uids).faults
    }

    /// Every id is void.
    pub(super) fn forget(&mut self) {
        self.known = HashMap::new();
        self.known_bytes = 0;
    }

    /// Bytes of memory, roughly.
    pub(super) fn memory_bytes(&self) -> usize {
        self.known_bytes
    }
}

/// The name of a metric, or its stand-in.
pub(super) fn name_of_metric(uid: &[u8], uids: &UidTable) -> String {
    let stand_in = || format!("{STAND_IN}{}", hex(uid));
    uids.name(UidKind::Metric, uid).map_or_else(stand_in, str::to_owned)
}

/// The name of a row's series.
struct Name<'u> {
    metric: Cow<'u, str>,
    tags: Tags,
    faults: Vec<Fault>,
}

impl<'u> Name<'u> {
    fn of(row: &RowKey<'_>, uids: &'u UidTable) -> Self {
        let mut unnamed = Vec::new();
        let mut name = |kind: UidKind, uid: &[u8]| match uids.name(kind, uid) {
            Some(name) => Cow::Borrowed(name),
            None => {
                unnamed.push(format!("{} {}", kind.name(), hex(uid)));
                Cow::Owned(format!("{STAND_IN}{}", hex(uid)))
            }
        };
        let metric = name(UidKind::Metric, row.metric);
        let words: Vec<_> = row
            .tags()
            .map(|(key, value)| (name(UidKind::TagKey, key), name(UidKind::TagValue, value)))
            .collect();
        let (tags, repeated) =
            Tags::of_row_key(words.iter().map(|(key, value)| (key.as_ref(), value.as_ref())));
        let mut faults = Vec::new();
        if !unnamed.is_empty() {
            sort::all(&mut unnamed);
            unnamed.dedup();
            let what = format!(
                "a row of UIDs without a name, whose points stand under stand-ins; no name has {}",
                unnamed.join(", ")
            );
            faults.push(Fault::new(ProblemKind::UnresolvedNames, what));
        }
        if let Some(key) = repeated {
            let what = format!(
                "a row with several values of one tag, of which OpenTSDB shows one; found {}",
                quote(key.as_bytes())
            );
            faults.push(Fault::new(ProblemKind::TagContradiction, what));
        }
        Name { metric, tags, faults }
    }
}
