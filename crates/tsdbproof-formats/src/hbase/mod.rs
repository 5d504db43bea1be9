//! Backups as HBase writes them, taken apart into cells.
//!
//! | file | what |
//! | --- | --- |
//! | `cell` | a cell, and where readers put cells |
//! | `codec` | buffers, unpacked |
//! | `crc_file` | the side file of sums beside a file of Export |
//! | `hex` | keys in messages |
//! | `merge` | what a scan shows of the cells of a row |
//! | `protobuf` | messages as fields |
//! | `sequence_file` | files of Export |

pub(crate) mod cell;
pub(crate) mod codec;
pub(crate) mod crc_file;
pub(crate) mod hex;
pub(crate) mod merge;
pub(crate) mod protobuf;
pub(crate) mod sequence_file;
