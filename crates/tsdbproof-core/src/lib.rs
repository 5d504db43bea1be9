//! Points, the digest tree and the comparison of points, as pure functions of values.
//!
//! The meaning of every byte that is hashed here is fixed by `docs/spec/digest-v1.md`. This crate
//! knows no file, format, clock, thread or host.

pub mod cause;
pub mod digest;
mod error;
mod iso8601;
mod kinds;
mod loss;
mod points;
mod problem;
pub mod sort;
mod tolerance;

pub use error::{Error, Kind};
pub use iso8601::parse_iso8601;
pub use kinds::Kinds;
pub use loss::{Loss, Losses};
pub use points::{
    HOUR_MS, Hour, Point, Profile, Record, Series, TIME_LIMIT_MS, Tags, TagsError, Value,
};
pub use problem::{Position, Problem, ProblemKind, Weight, quote, shown};
pub use tolerance::Tolerance;
