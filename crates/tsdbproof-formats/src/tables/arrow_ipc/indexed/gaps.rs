//! What lies between the batches that a footer tells of: a schema, padding, or batches it hides.

use std::{ops::Range, sync::Arc};

use tsdbproof_core::{Error, Position, Problem, ProblemKind, sort};

use crate::{
    FormatReader, Part, PointSink,
    tables::arrow_ipc::{
        frame::HEAD,
        seek::{Found, seek},
    },
};

/// What none of these ranges holds, up to the footer.
pub(super) fn between(mut told: Vec<Range<u64>>, footer_at: u64) -> Vec<Range<u64>> {
    sort::by(&mut told, |a, b| a.start.cmp(&b.start));
    let mut at = HEAD.len() as u64;
    let mut gaps = Vec::new();
    for range in told {
        gaps.push(at..range.start);
        at = at.max(range.end);
    }
    gaps.push(at..footer_at);
    gaps.retain(|gap| !gap.is_empty());
    gaps
}

/// A part that holds no points, or else that is a problem.
pub(super) fn part(range: Range<u64>) -> Part {
    let start = range.start;
    let open = move |_| -> Box<dyn FormatReader> { Box::new(Gap { at: start, held: Vec::new() }) };
    Part { range, open: Arc::new(open) }
}

/// Looks for batches.
#[derive(Debug)]
struct Gap {
    at: u64,
    held: Vec<u8>,
}

impl Gap {
    fn pass(&mut self, count: usize) {
        self.held.drain(..count);
        self.at += count as u64;
    }

    /// Goes on to the next batch, or to where one may begin.
    fn finds_batch(&mut self) -> bool {
        let found = seek(&self.held);
        let (Found::Message(index) | Found::Unsure(index)) = found;
        self.pass(index);
        matches!(found, Found::Message(_))
    }
}

impl FormatReader for Gap {
    fn push(&mut self, bytes: &[u8], sink: &mut dyn PointSink) -> Result<(), Error> {
        self.held.extend_from_slice(bytes);
        while self.finds_batch() {
            let what = "a batch that the footer does not tell of; other tools do not read it";
            let (kind, at) = (ProblemKind::Disagreement, Position::Byte(self.at));
            sink.problem(Problem { kind, at, what: what.to_owned() });
            self.pass(1);
        }
        Ok(())
    }

    fn gap(&mut self, _: &mut dyn PointSink) {
        self.held.clear();
    }

    fn finish(&mut self, _: &mut dyn PointSink) -> Result<(), Error> {
        Ok(())
    }

    fn forget_series(&mut self) {}

    fn memory_bytes(&self) -> usize {
        self.held.capacity()
    }

    fn lines(&self) -> u64 {
        0
    }
}
