//! Turns bytes into points: decompressors, one file for each format, and the registry of them.
//!
//! Bytes are pushed in pieces of any size, so one implementation serves files, parts of files,
//! pipes and a browser's streams. Nothing here does I/O, and nothing here knows digests or reports.

pub mod compress;
/// Arrow's framing, of every file of ours that is Arrow's.
pub mod arrow {
    pub use crate::tables::arrow_ipc::frame::*;

    /// Its compressed buffers.
    pub mod lz4 {
        pub use crate::tables::arrow_ipc::lz4::*;
    }
}
pub mod decompress;
#[allow(dead_code)] // Beside what is read, readers tell what only tests ask for.
mod hbase;
mod import_text;
mod json;
mod limits;
mod number;
#[allow(dead_code)] // Until sources of cells are registered.
mod opentsdb;
mod options;
mod prefix;
mod put_json;
mod query_json;
mod raw_scan;
mod registry;
mod source;
mod spellings;
mod tables;
mod writing;

pub use hbase::merge::Hidden;
pub use hbase::{
    crc_file::{CrcCheck, is_crc_file},
    sample::{Sample, Sampler},
    snapshot::{
        SNAPSHOT, SNAPSHOTS, Snapshot, SnapshotFile, SnapshotFolder, TableRules,
        UNFINISHED_SNAPSHOTS, find as find_snapshots, is_part_of_snapshot,
    },
    store_file::{FORMAT as STORE_FILE, FileAge, StoreFile},
    table::{
        Cells, EachCell, EachCellSink, GivenKeyWidths, Names, NamesReader, NoPoints, OwnedCell,
        RowPoints, TableKind, Tables,
    },
};
pub use limits::Limits;
pub use opentsdb::names::{NameFault, name_fault};
pub use opentsdb::{
    findings::{Repeats, RowFindings},
    series::{has_stand_in, is_stand_in},
    summary::{RowSummary, Weight},
};
pub use options::{ReadOptions, TimeUnit, WriteOptions};
pub use registry::{
    Access, FORMATS, Format, Index, OpenWriter, Part, Probe, Score, by_name, probe, writer_for,
};
pub use source::{FormatReader, FormatWriter, PointSink, SeriesId};
pub use tables::Columns;

/// What some programs put in front of text, to say that it is UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
