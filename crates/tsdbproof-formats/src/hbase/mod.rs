//! Backups as HBase writes them, taken apart into cells.
//!
//! | file | what |
//! | --- | --- |
//! | `cell` | a cell, and where readers put cells |

pub(crate) mod cell;
