//! Tables in text: CSV with commas or semicolons, and TSV.
//!
//! | part | what it is |
//! | --- | --- |
//! | file | a header, then a record for each point; a byte order mark may stand before it |
//! | record | cells between delimiters, LF or CR LF behind it; the last record may lack it |
//! | cell | text, or text in quotes with each quote in it twice; lines may end between quotes |
//! | columns | by `--columns` or by their names: a metric, a time, a value, tags |
//! | time | a number that counts since 1970, or ISO 8601, in UTC unless it has a zone |
//! | value | digest-v1, "Values" |
//! | tags | a column for each, where an empty cell is no tag; or one column like `host=web01,dc=ams` |
//!
//! Blanks belong to cells. A quote inside a cell that does not begin with one is a fault: RFC 4180
//! forbids it, and it is what a lost quote looks like.
//!
//! Source: RFC 4180; the IANA's text/tab-separated-values has no quotes, but what pandas and DuckDB
//! write with tabs has.

mod output;
mod reader;
mod record;
mod table;
pub(crate) mod tsv;
mod writer;

use self::{
    reader::Reader,
    record::{Record, cut},
    table::{Front, header},
    writer::Writer,
};
use crate::{Access, BYTE_ORDER_MARK, Format, ReadOptions, Score, number};

/// What may stand between cells.
const DELIMITERS: &[u8] = b",;";

/// Comma-separated values.
pub(crate) static FORMAT: Format = Format {
    name: "csv",
    about: "tables with commas or semicolons between their cells: a header, then a row for each point",
    extensions: &["csv"],
    example: "metric,timestamp_ms,value,host",
    score: |head| score(head, DELIMITERS),
    access: Access::Stream {
        splits_at_lines: false,
        open: |options, _| Box::new(Reader::new(options, DELIMITERS)),
    },
    keeps_kind: false,
    write: Some(|options| Box::new(Writer::new(b',', options))),
};

/// By the header. A table whose columns only `--columns` can tell is known by its regular rows.
fn score(head: &[u8], delimiters: &[u8]) -> Score {
    let text = head.strip_prefix(BYTE_ORDER_MARK).unwrap_or(head);
    // A file may be no more than its header, without a line end.
    let ended = [text, b"\n"].concat();
    match header(&ended, delimiters, &ReadOptions::default()) {
        Ok(Front::Header(..)) => Score::Yes,
        _ if delimiters.iter().any(|delimiter| is_regular(text, *delimiter)) => Score::Yes,
        _ => Score::No,
    }
}

/// Columns that a table has at least: a metric, a time, a value; one tag might be told otherwise.
const COLUMNS: usize = 3;
/// Rows that are looked at.
const ROWS: usize = 100;

/// Whether the first line is names, and every row behind it has as many cells.
fn is_regular(text: &[u8], delimiter: u8) -> bool {
    let (mut cells, mut rest, mut rows, mut width) = (Vec::new(), text, 0, 0);
    while rows <= ROWS {
        let Ok(Some((record, behind))) =
            cut(rest, delimiter, &mut cells).map(|it| rest.split_at_checked(it?))
        else {
            break;
        };
        let record = Record::new(record, &cells);
        match rows {
            0 if !are_names(record) => return false,
            0 => width = record.width(),
            _ if record.width() != width => return false,
            _ => {}
        }
        (rows, rest) = (rows + 1, behind);
    }
    rows > 1 && width >= COLUMNS
}

/// Whether cells are words of their own, none of them a number or the beginning of JSON.
fn are_names(record: Record<'_>) -> bool {
    let names: Vec<_> = (0..record.width()).map(|index| record.cell(index)).collect();
    let is_name = |name: &[u8]| {
        !name.is_empty()
            && !name.starts_with(b"{")
            && !name.starts_with(b"[")
            && !name.iter().any(u8::is_ascii_control)
            && number::value(name.trim_ascii()).is_err()
    };
    let is_new = |index: usize| {
        let name = names.get(index);
        !names.iter().take(index).any(|other| Some(other) == name)
    };
    names.iter().all(|name| is_name(name)) && (0..names.len()).all(is_new)
}
