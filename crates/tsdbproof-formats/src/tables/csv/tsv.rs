//! The same tables with tabs.

use super::{reader::Reader, score, writer::Writer};
use crate::{Access, Format};

/// What stands between cells.
const DELIMITERS: &[u8] = b"\t";

/// Tab-separated values.
pub(crate) static FORMAT: Format = Format {
    name: "tsv",
    about: "the same tables with tabs between their cells",
    extensions: &["tsv", "tab"],
    example: "metric\ttimestamp_ms\tvalue\thost",
    score: |head| score(head, DELIMITERS),
    access: Access::Stream {
        splits_at_lines: false,
        open: |options, _| Box::new(Reader::new(options, DELIMITERS)),
    },
    keeps_kind: false,
    write: Some(|options| Box::new(Writer::new(b'\t', options))),
};
