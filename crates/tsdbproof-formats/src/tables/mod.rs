//! Points in tables: which column holds what, whatever the container.

mod array;
pub(crate) mod arrow_ipc;
mod columns;
pub(crate) mod csv;
mod epoch;
mod growing;
mod names;
mod resolve;
mod rows;
mod text_time;

pub use columns::Columns;
