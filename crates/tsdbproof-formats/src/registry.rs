//! All formats, and the choice among them by the bytes of a file.

use crate::{FormatReader, Limits, decompress::Codec, import_text, put_json, raw_scan};

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
    /// Whether a reader may start behind any line end of an uncompressed file.
    pub splits_at_lines: bool,
    /// Judges the first bytes of an unpacked file.
    pub score: fn(head: &[u8]) -> Score,
    /// A reader whose first byte will be the unpacked file's byte `at`.
    pub open: fn(limits: &Limits, at: u64) -> Box<dyn FormatReader>,
}

/// All formats; one line each. The highest score wins, then the earlier line.
pub static FORMATS: &[&Format] =
    &[&import_text::FORMAT, &raw_scan::FORMAT, &put_json::lines::FORMAT, &put_json::FORMAT];

/// The format of this name.
pub fn by_name(name: &str) -> Option<&'static Format> {
    FORMATS.iter().copied().find(|format| format.name == name)
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
