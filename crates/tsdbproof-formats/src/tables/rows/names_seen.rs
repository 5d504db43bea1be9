//! Series that were seen, by the bytes that name them in a row.

use std::collections::HashMap;

use tsdbproof_core::Tags;

use crate::{PointSink, SeriesId, number::Fault};

/// Bytes of names that are kept; a table with more asks for some of its series again.
const KEPT_BYTES: usize = 8 << 20;
/// What a kept name takes besides its bytes, roughly.
const ENTRY_BYTES: usize = 48;

/// The ids of series. Rows of one series usually stand together, so the last is looked at first.
#[derive(Debug, Clone, Default)]
pub(in crate::tables) struct NamesSeen {
    last: Option<(Vec<u8>, SeriesId)>,
    ids: HashMap<Box<[u8]>, SeriesId>,
    ids_bytes: usize,
    key: Vec<u8>,
}

impl NamesSeen {
    /// The id of a row's series: `spell` appends what names it, `names` are asked where it is new.
    pub(in crate::tables) fn series(
        &mut self,
        spell: impl FnOnce(&mut Vec<u8>),
        names: impl FnOnce() -> Result<(String, Tags), Fault>,
        sink: &mut dyn PointSink,
    ) -> Result<SeriesId, Fault> {
        spell(self.begin());
        self.spelled(names, sink)
    }

    /// Where to append what names the next row's series.
    pub(super) fn begin(&mut self) -> &mut Vec<u8> {
        self.key.clear();
        &mut self.key
    }

    /// The id of the series that was named.
    pub(super) fn spelled(
        &mut self,
        names: impl FnOnce() -> Result<(String, Tags), Fault>,
        sink: &mut dyn PointSink,
    ) -> Result<SeriesId, Fault> {
        if let Some((last, id)) = &self.last
            && *last == self.key
        {
            return Ok(*id);
        }
        let id = match self.ids.get(self.key.as_slice()) {
            Some(id) => *id,
            None => {
                let (metric, tags) = names()?;
                let id = sink.series(&metric, &tags);
                self.keep(id);
                id
            }
        };
        let mut last = self.last.take().map(|(last, _)| last).unwrap_or_default();
        std::mem::swap(&mut last, &mut self.key);
        self.last = Some((last, id));
        Ok(id)
    }

    fn keep(&mut self, id: SeriesId) {
        if self.ids_bytes > KEPT_BYTES {
            self.ids.clear();
            self.ids_bytes = 0;
        }
        self.ids_bytes += self.key.len() + ENTRY_BYTES;
        self.ids.insert(self.key.as_slice().into(), id);
    }

    pub(in crate::tables) fn memory_bytes(&self) -> usize {
        self.ids_bytes + self.ids.capacity() * ENTRY_BYTES
    }
}
