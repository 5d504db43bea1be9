//! JSON as formats of points need it: its syntax byte by byte, its parts, names and numbers in them.

pub(crate) mod context;
pub(crate) mod cursor;
pub(crate) mod field;
pub(crate) mod number;
pub(crate) mod open;
pub(crate) mod seek;
pub(crate) mod string;
pub(crate) mod syntax;
#[cfg(test)]
pub(crate) mod testing;
pub(crate) mod time;
pub(crate) mod walk;
