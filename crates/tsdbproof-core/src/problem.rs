//! A fault in a backup, with its place. Reading goes on behind it.

use std::fmt;

/// A place in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Position {
    /// A line (from 1) and a byte (from 0) of the unpacked text.
    Line {
        /// The line, from 1.
        line: u64,
        /// The first byte, from 0, of the line or of what is wrong in it.
        byte: u64,
    },
    /// A byte (from 0) of the unpacked file.
    Byte(u64),
    /// A byte (from 0) of the file as it lies on disk, where that is compressed.
    PackedByte(u64),
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Position::Line { line, byte } => write!(f, "line {line} (byte {byte})"),
            Position::Byte(byte) => write!(f, "byte {byte}"),
            Position::PackedByte(byte) => write!(f, "packed byte {byte}"),
        }
    }
}

/// A fault in a backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What kind of fault.
    pub kind: ProblemKind,
    /// Where.
    pub at: Position,
    /// What was found and expected, in the format's words.
    pub what: String,
}

/// What a problem means for a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Points are or may be lost: the source is damaged.
    Damage,
    /// No point is lost; a reader of another tool may stumble.
    Note,
}

macro_rules! problem_kinds {
    ($($(#[doc = $doc:literal])+ $kind:ident = $name:literal, $weight:ident;)+) => {
        /// Every kind of fault; problems are counted by kind.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum ProblemKind { $($(#[doc = $doc])+ $kind,)+ }

        impl ProblemKind {
            /// Every kind, in the order of reports.
            pub const ALL: &[ProblemKind] = &[$(ProblemKind::$kind),+];

            /// The kind's name in reports.
            pub fn name(self) -> &'static str {
                match self { $(ProblemKind::$kind => $name),+ }
            }

            /// What it means for a verdict.
            pub fn weight(self) -> Weight {
                match self { $(ProblemKind::$kind => Weight::$weight),+ }
            }
        }
    };
}

problem_kinds! {
    /// A field that a line needs is not there.
    MissingField = "missing-field", Damage;
    /// A time that is no number of seconds or milliseconds.
    BadTime = "bad-time", Damage;
    /// A time that no row of OpenTSDB can hold.
    TimeOutOfRange = "time-out-of-range", Damage;
    /// A value that is no number of the grammar.
    BadValue = "bad-value", Damage;
    /// A number beyond what 64 bits hold.
    ValueOutOfRange = "value-out-of-range", Damage;
    /// A point without tags.
    MissingTags = "missing-tags", Damage;
    /// A word that is no `key=value`.
    BadTag = "bad-tag", Damage;
    /// A tag key twice, with two values.
    TagContradiction = "tag-contradiction", Damage;
    /// A NUL or another control character in a name.
    BadCharacter = "bad-character", Damage;
    /// Bytes that are no UTF-8.
    BadUtf8 = "bad-utf8", Damage;
    /// A line, or a value of JSON, longer than the limit.
    LineTooLong = "line-too-long", Damage;
    /// The file ends in the middle of something.
    Cut = "cut", Damage;
    /// Compressed data that can't be unpacked.
    BadFrame = "bad-frame", Damage;
    /// Unpacked data whose checksum is another.
    BadChecksum = "bad-checksum", Damage;
    /// A record or a block of a container that can't be taken apart.
    BadRecord = "bad-record", Damage;
    /// A record or a block longer than the limit.
    RecordTooLong = "record-too-long", Damage;
    /// A cell that sorts in front of the one before it in its file.
    KeyOrder = "key-order", Damage;
    /// A file that another names is not there.
    MissingFile = "missing-file", Damage;
    /// A file of another length than another says.
    FileLength = "file-length", Damage;
    /// A file that the snapshot it stands beside does not name.
    NotInSnapshot = "not-in-snapshot", Note;
    /// Bytes between or behind compressed parts that belong to none.
    StrayBytes = "stray-bytes", Damage;
    /// The last line has no end: it may be cut.
    NoFinalNewline = "no-final-newline", Note;
    /// A stream that does not say where it ends: it may be cut.
    NoEnd = "no-end", Note;
    /// A line without a character.
    BlankLine = "blank-line", Note;
    /// A mark before the first line that says that it is UTF-8.
    ByteOrderMark = "byte-order-mark", Note;
    /// More blanks than the format allows.
    IrregularBlanks = "irregular-blanks", Note;
    /// The line or the key of a row that can't be read: its points have no series.
    BadRow = "bad-row", Damage;
    /// A row whose names were not known to who wrote it, so its points have no series; or a row of
    /// UIDs without names, whose points stand under stand-ins.
    UnresolvedNames = "unresolved-names", Damage;
    /// A column or a point whose bytes can't be taken apart.
    BadCell = "bad-cell", Damage;
    /// One thing written twice, and not as the same.
    Disagreement = "disagreement", Damage;
    /// Columns of a row that are out of order: one of them stands there as another.
    ColumnOrder = "column-order", Damage;
    /// A tool ended before its work did.
    ScanDied = "scan-died", Damage;
    /// A line that is no part of the format.
    StrayLine = "stray-line", Damage;
    /// A column that a tool printed wrongly, read from its bytes.
    Misprint = "misprint", Note;
    /// A row whose base time is no full hour.
    UnalignedRow = "unaligned-row", Note;
    /// A line of a log.
    LogLine = "log-line", Note;
    /// An annotation, which is no point.
    Annotation = "annotation", Note;
    /// A histogram, which is no point.
    Histogram = "histogram", Note;
    /// A value of a rollup, which is no stored point.
    Rollup = "rollup", Note;
    /// Another object that is no point.
    NotAPoint = "not-a-point", Note;
    /// Text that is no JSON where JSON is expected.
    BadJson = "bad-json", Damage;
    /// A field of a point twice, and not with the same text.
    RepeatedField = "repeated-field", Damage;
    /// Arrays that should hold as much as each other, and do not.
    UnequalArrays = "unequal-arrays", Damage;
    /// A column of a table that is read as nothing.
    UnreadColumn = "unread-column", Note;
    /// Quotes around a cell of a table that are broken.
    BadQuotes = "bad-quotes", Damage;
    /// A row that has not as many cells as the header.
    RaggedRow = "ragged-row", Damage;
    /// A value that is something else than points: an answer, an error, no object.
    NoPoints = "no-points", Damage;
    /// Values that were computed from points, and are no stored ones.
    Aggregated = "aggregated", Damage;
    /// An answer whose query nobody can see: its values may be computed ones.
    QueryUnseen = "query-unseen", Note;
    /// A gap between points that a query filled in.
    FilledGap = "filled-gap", Note;
    /// A cell that no scan shows any more: it is older than its family, or it says itself, lets it be.
    Expired = "expired", Note;
    /// A value whose length is at fault, put right as OpenTSDB does it when it reads.
    RepairedValue = "repaired-value", Note;
    /// A row of more bytes than the limit.
    RowTooLarge = "row-too-large", Damage;
    /// A cell of the table of UIDs that can't be read.
    BadUid = "bad-uid", Damage;
    /// A UID with two names.
    UidTwoNames = "uid-two-names", Damage;
    /// A name with two UIDs.
    NameTwoUids = "name-two-uids", Damage;
    /// A name whose UID has no name.
    UidWithoutName = "uid-without-name", Damage;
    /// A UID whose name has no UID.
    NameWithoutUid = "name-without-uid", Note;
    /// A name that OpenTSDB would refuse today.
    RefusedName = "refused-name", Note;
    /// A counter of UIDs below the greatest that is given.
    UidCounter = "uid-counter", Note;
}

impl fmt::Display for ProblemKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Bytes of the input that a message may quote at most.
const QUOTE_BYTES: usize = 64;

/// Input bytes as a message may show them: escaped, in quotes, cut to 64 bytes.
pub fn quote(bytes: &[u8]) -> String {
    let shown = bytes.get(..QUOTE_BYTES).unwrap_or(bytes);
    let more = if shown.len() < bytes.len() { "…" } else { "" };
    let mut text = String::new();
    escape(shown, &['"', '\\'], &mut text);
    format!("\"{text}{more}\"")
}

/// A name as a line of text may show it: escaped, cut to so many characters.
pub fn shown(name: impl AsRef<[u8]>, chars: usize) -> String {
    let mut text = String::new();
    escape(name.as_ref(), &[], &mut text);
    if let Some((end, _)) = text.char_indices().nth(chars) {
        text.truncate(end);
        text.push('…');
    }
    text
}

/// Writes bytes without anything that moves a cursor, hides or turns text.
fn escape(bytes: &[u8], also: &[char], text: &mut String) {
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            if c.is_control() || is_invisible(c) || also.contains(&c) {
                text.extend(c.escape_default());
            } else {
                text.push(c);
            }
        }
        text.extend(chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")));
    }
}

/// Characters that have no width, end a line, turn the direction of the text behind them, or are none
/// (XML and HTML can't hold those).
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{fdd0}'..='\u{fdef}')
        || u32::from(c) & 0xfffe == 0xfffe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_shown_can_steer_a_terminal() {
        assert_eq!(shown("cpu.\u{1b}[2Jusage\u{202e}\n", 99), "cpu.\\u{1b}[2Jusage\\u{202e}\\n");
        assert_eq!(shown(b"a\\b\xff", 99), "a\\b\\xff");
        assert_eq!(shown("größer", 4), "größ…");
        assert_eq!(quote(b"a\"b"), "\"a\\\"b\"");
        assert_eq!(quote(&[b'x'; 70]), format!("\"{}…\"", "x".repeat(64)));
    }
}
