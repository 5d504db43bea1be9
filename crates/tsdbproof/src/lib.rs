//! The façade: a job reads backups and gives a report; a renderer turns the report into bytes.
//!
//! A job does no I/O of its own: the [`Host`] feeds it bytes and lends it scratch space, so that
//! the command and the browser run the same code and give the same report.

pub mod host;
mod job;
mod look;
mod options;
pub mod render;
pub mod report;
mod scope;
mod store;
pub mod time;
mod unread;

pub use host::{Flow, Host, Input, KnownMetric, Outputs, Scratch, Sought, Task, Told, Work};
pub use job::{
    Against, Asked, Course, Interval, Keep, Means, Patched, Puts, Source, Target, Until, apply,
    chain, check, convert, convert_with_manifest, diff, diff_with_patch, explain, manifest, merge,
    merge_patches, points, prove, restore, restore_by_import, rewrite, show, verify,
};
pub use look::{Hand, Helped, Made, help};
pub use options::{Allowed, Duplicates, Effort, Expect, FileDigests, Options};
pub use report::Acknowledged;
pub use scope::Scope;
pub use store::rows::RowHour;
pub use tsdbproof_core::{
    Error, Kind, Profile, Series, Tags, Tolerance,
    digest::{Depth, RootText},
    quote, shown,
};
pub use tsdbproof_formats::{
    Columns, FORMATS, Format, Limits, ReadOptions, TimeUnit, by_name as format_by_name,
    decompress::Codec, writer_for,
};
pub use unread::Unread;
