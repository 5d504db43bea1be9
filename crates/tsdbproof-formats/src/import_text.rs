//! Import text.
use crate::{Format, Score};

/// Import text.
pub static FORMAT: Format = Format {
    name: "import-text",
    about: "lines of `metric time value tag=value …`, as `tsdb import` reads and `tsdb scan --import` prints; telnet `put` lines",
    extensions: &["txt", "import"],
    splits_at_lines: true,
    score: |_| Score::Maybe,
    open: |_, _| unimplemented!(),
};
