//! Points in tables: which column holds what, whatever the container.

mod columns;
#[allow(dead_code)] // Until tables are registered.
mod resolve;

pub use columns::Columns;
