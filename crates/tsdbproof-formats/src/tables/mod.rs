//! Points in tables: which column holds what, whatever the container.

mod array;
pub(crate) mod arrow_ipc;
mod columns;
pub(crate) mod csv;
mod epoch;
mod growing;
mod names;
pub(crate) mod parquet;
mod resolve;
mod rows;
#[cfg(test)]
mod testing;
mod text_time;

pub use columns::Columns;
