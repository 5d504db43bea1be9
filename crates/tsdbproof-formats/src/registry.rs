//! All formats, and the choice among them by the bytes of a file.

use std::{fmt, ops::Range, sync::Arc};

use tsdbproof_core::Error;

use crate::{
    FormatReader, FormatWriter, Limits, ReadOptions, WriteOptions,
    decompress::Codec,
    hbase::{export, store_file, store_file::StoreFile, table::Cells},
    import_text, put_json, query_json, raw_scan,
    tables::{arrow_ipc, csv, parquet},
};

/// How sure a format is that bytes are its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Score {
    /// Not this format.
    No,
    /// Could be: damaged, or too short to tell.
    Maybe,
    /// This format.
    Yes,
}

/// A format that can be read.
#[derive(Debug)]
pub struct Format {
    /// Its name in `--format`, reports and the suite's folder.
    pub name: &'static str,
    /// What it is, in a line.
    pub about: &'static str,
    /// Usual endings of file names. A hint only: bytes decide.
    pub extensions: &'static [&'static str],
    /// How such a file begins; of a binary one what it holds, in `(…)`.
    pub example: &'static str,
    /// Judges the first bytes of an unpacked file.
    pub score: fn(head: &[u8]) -> Score,
    /// How its bytes are read.
    pub access: Access,
    /// Whether it keeps if a number was an integer or a float.
    pub keeps_kind: bool,
    /// A writer of it; `None` where it is only read.
    pub write: Option<OpenWriter>,
}

/// Opens a writer of a format.
pub type OpenWriter = fn(options: &WriteOptions) -> Box<dyn FormatWriter>;

/// How the bytes of a format are read.
#[derive(Debug, Clone, Copy)]
pub enum Access {
    /// From front to back.
    Stream {
        /// Whether a reader may start behind any line end of an uncompressed file.
        splits_at_lines: bool,
        /// A reader whose first byte will be the unpacked file's byte `at`.
        open: fn(options: &ReadOptions, at: u64) -> Box<dyn FormatReader>,
    },
    /// From front to back, as cells of a table.
    Cells {
        /// A reader whose first byte will be the unpacked file's first.
        open: fn(options: &ReadOptions) -> Cells,
    },
    /// By an index at the file's end.
    Indexed {
        /// Takes the last bytes of a file of `size` bytes; asks for more of them, or gives the parts.
        index: fn(options: &ReadOptions, tail: &[u8], size: u64) -> Result<Index, Error>,
    },
}

/// What the end of a file says.
#[derive(Debug, Clone)]
pub enum Index {
    /// The index begins at this byte: it is wanted from there to the file's end.
    Wanted(u64),
    /// The parts of the file that hold points, ascending and disjoint.
    Parts(Vec<Part>),
    /// Where cells of a table are.
    Cells(StoreFile),
}

/// A part of a file that is read on its own.
#[derive(Clone)]
pub struct Part {
    /// Its bytes.
    pub range: Range<u64>,
    /// A reader that is fed these bytes, or those from a place on that it gave for points.
    pub open: Arc<dyn Fn(u64) -> Box<dyn FormatReader> + Send + Sync>,
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Part({:?})", self.range)
    }
}

/// All formats; one line each. The highest score wins, then the earlier line.
pub static FORMATS: &[&Format] = &[
    &import_text::FORMAT,
    &raw_scan::FORMAT,
    &put_json::lines::FORMAT,
    &put_json::FORMAT,
    &query_json::FORMAT,
    &export::FORMAT,
    &store_file::FORMAT,
    &csv::FORMAT,
    &csv::tsv::FORMAT,
    &arrow_ipc::FORMAT,
    &arrow_ipc::indexed::FORMAT,
    &parquet::FORMAT,
];

/// The format of this name.
pub fn by_name(name: &str) -> Option<&'static Format> {
    FORMATS.iter().copied().find(|format| format.name == name)
}

/// The format that a file of this name is written in: by its ending, before that of a compression.
pub fn writer_for(name: &str) -> Option<&'static Format> {
    let (_, inner) = Codec::of_name(name);
    let (_, ending) = inner.rsplit_once('.')?;
    let is_of = |format: &&Format| {
        format.write.is_some() && format.extensions.iter().any(|it| it.eq_ignore_ascii_case(ending))
    };
    FORMATS.iter().copied().find(is_of)
}

/// What the first bytes of a file say of it.
#[derive(Debug, Clone, Copy)]
pub struct Probe {
    /// How it is compressed.
    pub codec: Codec,
    /// The format of what is inside, if one is sure or may be; `None` if no format claims it.
    pub format: Option<&'static Format>,
}

/// Judges a file by its first bytes; 160 KiB hold a block of every codec.
pub fn probe(head: &[u8], limits: &Limits) -> Probe {
    let codec = Codec::of(head);
    let unpacked = codec.unpack_head(head, limits);
    let scored = FORMATS.iter().copied().map(|format| ((format.score)(&unpacked), format));
    // `max_by_key` keeps the last of equals, and the earlier line shall win.
    let best = scored.rev().max_by_key(|(score, _)| *score);
    Probe { codec, format: best.filter(|(score, _)| *score > Score::No).map(|(_, format)| format) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ending_of_a_name_tells_what_is_written() {
        for (name, format) in [
            ("points.txt", Some("import-text")),
            ("a.b/points.IMPORT.gz", Some("import-text")),
            ("points.jsonl.zst", Some("put-json-lines")),
            ("points.gz", None),
            ("txt", None),
            ("points.unknown", None),
        ] {
            assert_eq!(writer_for(name).map(|format| format.name), format, "{name}");
        }
    }

    #[test]
    fn an_example_is_recognised_as_what_it_is_of() {
        for format in FORMATS.iter().filter(|format| !format.example.starts_with('(')) {
            let head = format!("{}\n", format.example);
            let found = probe(head.as_bytes(), &Limits::default()).format;
            assert_eq!(found.map(|format| format.name), Some(format.name));
        }
    }
}
