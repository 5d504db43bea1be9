//! Backups as HBase writes them, taken apart into cells.
//!
//! | file | what |
//! | --- | --- |
//! | `cell` | a cell, and where readers put cells |
//! | `protobuf` | messages as fields |

pub(crate) mod cell;
pub(crate) mod protobuf;
