//! Raw scan: what `tsdb scan` prints without `--import`, rows and columns as they stand in HBase.
//!
//! | line | what it is |
//! | --- | --- |
//! | `[key] METRIC BASETIME (DATE) {tag=value, …}` | a row; `[…]` are signed bytes in decimal |
//! | `  [q]⇥[v]⇥OFFSET⇥l or f⇥TIME⇥(DATE)` | a column of one point; ⇥ is a tab |
//! | `  [q]⇥[v] = N values:` | a compacted or an append column; N lines follow, indented by four |
//! | `  [1, …]⇥[v]⇥OFFSET⇥JSON⇥TIME⇥(DATE)` | an annotation; offset and time are wrong |
//! | `  [v]⇥[Not a data point]` | a histogram or another object |
//!
//! Points are read from the bytes, and what is printed beside them has to agree. What stands but
//! once has no such witness: names, DATE, and the value of a column of one point.
//! Log lines and exceptions of the same terminal are known as such. That a scan died between two
//! columns can't be seen if nothing says so.
//!
//! `tsdb scan` 2.4.1 misreads columns whose qualifier begins with 05, which are those that begin at
//! second 80 to 95 of an hour. Compacted ones are read from their bytes ([`column`]). A single point
//! is printed as another: that is seen by its form, or by the order of columns ([`row`]), or, if it
//! happens to fit there, not at all.
//!
//! Source: OpenTSDB 2.4.1 `tools/DumpSeries.java`; `src/logback.xml`.

mod bytes;
mod cell;
mod column;
mod header;
mod noise;
mod reader;
mod row;

use crate::{Access, BYTE_ORDER_MARK, Format, Score};

/// Raw scan.
pub(crate) static FORMAT: Format = Format {
    name: "raw-scan",
    about: "rows and columns with their bytes, as `tsdb scan` prints without `--import`",
    extensions: &["txt", "scan"],
    example: "[0, 0, 1, 101, 83, -19, -32, 0, 0, 1, 0, 0, 1] sys.cpu.user 1699999200 (Tue Nov 14 22:00:00 UTC 2023) {host=web01}",
    score,
    access: Access::Stream {
        splits_at_lines: false,
        open: |options, at| Box::new(reader::Reader::new(&options.limits, at)),
    },
    keeps_kind: true,
    write: None,
};

/// By a row's line or a point's, behind whatever else was printed.
fn score(head: &[u8]) -> Score {
    let head = head.strip_prefix(BYTE_ORDER_MARK).unwrap_or(head);
    let mut lines = head.split(|byte| *byte == b'\n');
    let is_ours = |line: &[u8]| match line.strip_prefix(b"  ") {
        Some(cell) => cell.trim_ascii_start().starts_with(b"[") && column::fields(cell).is_some(),
        None => line.starts_with(b"[") && header::is_header(line),
    };
    if lines.any(is_ours) { Score::Yes } else { Score::No }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_or_a_point_is_enough() {
        let row = "[0, 0, 1, 101, 83, -19, -32, 0, 0, 1, 0, 0, 1] m 1699999200 (Tue) {host=a}";
        let point = "  [0, 1]\t[1, 41]\t0\tl\t1699999200\t(Tue Nov 14 22:00:00 UTC 2023)";
        for head in [row, point, &format!("words\n\n{row}\n  ["), &format!("x\n  {point}\nx")] {
            assert_eq!(score(head.as_bytes()), Score::Yes, "{head}");
        }
        for head in ["", "[", "[1, 2]", "[{\"metric\": 1}]", "m 1 5 a=1\n", "Exception in thread\n"]
        {
            assert_eq!(score(head.as_bytes()), Score::No, "{head}");
        }
    }
}
