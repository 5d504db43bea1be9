//! What a fault costs, in bytes.

use tsdbproof_core::{Position, ProblemKind};

use crate::hbase::cell::CellSink;
use crate::number::Fault;

/// A fault behind which bytes are passed over.
#[derive(Debug)]
pub(super) struct Lost {
    fault: Fault,
    /// Where the first byte stands that is passed over.
    from: u64,
    /// Bytes were lost just before, which is said elsewhere: it is worth a word only if something
    /// follows.
    is_gap: bool,
}

impl Lost {
    pub(super) fn new(fault: Fault, from: u64) -> Self {
        Lost { fault, from, is_gap: false }
    }

    /// Nothing is known of what stands behind lost bytes.
    pub(super) fn behind_gap(from: u64) -> Self {
        let what = "what stands behind lost bytes";
        Lost { fault: Fault::new(ProblemKind::Cut, what), from, is_gap: true }
    }

    /// The one report of the fault, once it is known that bytes before `to` are passed over.
    pub(super) fn report(self, to: u64, up_to: &str, sink: &mut dyn CellSink) {
        let Lost { fault, from, is_gap } = self;
        if !is_gap || from < to {
            let what = format!("{}; {} passed over, {up_to}", fault.what, span(from, to));
            sink.problem(Fault::new(fault.kind, what).at(Position::Byte(from)));
        }
    }
}

/// The bytes from `from` up to, not with, `to`, in words.
pub(super) fn span(from: u64, to: u64) -> String {
    match to.saturating_sub(from) {
        0 => "no bytes".into(),
        1 => format!("byte {from}"),
        _ => format!("bytes {from} to {}", to - 1),
    }
}
