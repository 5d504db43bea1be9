//! Parquet: groups of rows, in each group column by column, and a footer that tells where.
//!
//! | bytes | |
//! | --- | --- |
//! | `PAR1` | |
//! | group of rows | for each column its pages, each compressed on its own |
//! | footer | Thrift: the columns, and for each group and column where its pages lie |
//! | end | u32 length of the footer, `PAR1`, or `PARE` where the footer is encrypted |
//!
//! The footer is read first, then the groups side by side, each as a part with its columns' bytes in
//! memory. The crate `parquet` decodes pages; what their headers claim is checked before. It is for
//! the command alone: in WebAssembly it would be three quarters of all code.
//!
//! Source: <https://parquet.apache.org/docs/file-format/>.

#[cfg(not(target_arch = "wasm32"))]
mod native;
#[cfg(target_arch = "wasm32")]
mod refused;

#[cfg(not(target_arch = "wasm32"))]
use native as host;
#[cfg(target_arch = "wasm32")]
use refused as host;

use crate::{Format, Score};

/// Parquet files.
pub(crate) static FORMAT: Format = Format {
    name: "parquet",
    about: "Parquet files, with columns as --columns says; read and written by the command alone",
    extensions: &["parquet", "pq"],
    example: "(a table of metric, tags, timestamp, value)",
    score,
    access: host::ACCESS,
    keeps_kind: false,
    write: Some(host::open_writer),
};

/// The first bytes of a file.
const MAGIC: [u8; 4] = *b"PAR1";
/// The same where the footer is encrypted.
const ENCRYPTED: [u8; 4] = *b"PARE";

fn score(head: &[u8]) -> Score {
    let is_parquet = head.starts_with(&MAGIC) || head.starts_with(&ENCRYPTED);
    if is_parquet { Score::Yes } else { Score::No }
}
