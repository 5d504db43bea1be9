//! Backups as HBase writes them, taken apart into cells.
//!
//! | file | what |
//! | --- | --- |
//! | `cell` | a cell, and where readers put cells |
//! | `codec` | buffers, unpacked |
//! | `counted` | cells of tables that hold no points |
//! | `crc_file` | the side file of sums beside a file of Export |
//! | `export`, `store_file` | both as formats |
//! | `hex` | keys in messages |
//! | `hfile` | store files |
//! | `merge` | what a scan shows of the cells of a row |
//! | `protobuf` | messages as fields |
//! | `sample` | the first cells, which say what a table is for |
//! | `sequence_file` | files of Export |
//! | `snapshot` | which store files a table had, and where they lie |
//! | `table` | cells of a table as points, or as names of UIDs |
//! | `writable` | Hadoop's numbers and texts |

pub(crate) mod cell;
pub(crate) mod codec;
pub(crate) mod counted;
pub(crate) mod crc_file;
pub(crate) mod export;
pub(crate) mod hex;
pub(crate) mod hfile;
pub(crate) mod merge;
pub(crate) mod protobuf;
pub(crate) mod sample;
pub(crate) mod sequence_file;
pub(crate) mod snapshot;
pub(crate) mod store_file;
pub(crate) mod table;
mod writable;
