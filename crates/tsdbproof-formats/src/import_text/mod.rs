//! Import text: what `tsdb import` reads and `tsdb scan --import` prints, and telnet `put` lines.
//!
//! | part | what it is |
//! | --- | --- |
//! | line | `metric time value tag=value …`, or `put` and the same |
//! | first line | a byte order mark may stand before it |
//! | between fields | blanks (U+0020); OpenTSDB wants exactly one up to the value |
//! | line end | LF, CR LF or CR; the last line may lack it |
//! | time, value | digest-v1, "Points"; below 2^32 a time counts seconds |
//! | names | UTF-8 without control characters |
//!
//! Source: OpenTSDB 2.4.1 `tools/TextImporter.java`, `tools/DumpSeries.java`,
//! `tsd/PutDataPointRpc.java`.

mod line;
mod line_end;
mod output;
mod reader;

mod templates;
mod writer;

use tsdbproof_core::Weight;

use crate::{Access, BYTE_ORDER_MARK, Format, Score};

/// Import text.
pub(crate) static FORMAT: Format = Format {
    name: "import-text",
    about: "lines of `metric time value tag=value …`, as `tsdb import` reads and `tsdb scan --import` prints; telnet `put` lines",
    extensions: &["txt", "import"],
    example: "sys.cpu.user 1700000000 42 host=web01 cpu=0",
    score,
    access: Access::Stream {
        splits_at_lines: true,
        open: |options, at| Box::new(reader::Reader::new(options, at)),
    },
    keeps_kind: true,
    write: Some(|_| Box::new(writer::Writer::new())),
};

/// Formats that hold words in their first bytes, and are no text.
const BINARY: [&[u8]; 4] = [b"ARROW1", b"SEQ", b"\x1f\x8b", b"\x28\xb5\x2f\xfd"];

/// By the lines themselves: half of them good is enough, for a backup may be damaged.
fn score(head: &[u8]) -> Score {
    let (mut points, mut faults) = (0, 0);
    let mut rest = head.strip_prefix(BYTE_ORDER_MARK).unwrap_or(head);
    while let Some((line, behind)) = line_end::split_line(rest) {
        count(line, &mut points, &mut faults);
        rest = behind;
    }
    // What is behind the last line end is cut, unless it is all there is.
    if points + faults == 0 {
        count(rest, &mut points, &mut faults);
    }
    match () {
        () if points > 0 && points >= faults => Score::Yes,
        () if points > 0 => Score::Maybe,
        () if BINARY.iter().any(|magic| head.starts_with(magic)) => Score::No,
        () if is_json(head) || !is_text(head) => Score::No,
        () => Score::Maybe,
    }
}

fn count(line: &[u8], points: &mut u32, faults: &mut u32) {
    match line::parse(line_end::without_end(line)) {
        Ok(_) => *points += 1,
        Err(fault) => *faults += u32::from(fault.kind.weight() == Weight::Damage),
    }
}

fn is_json(head: &[u8]) -> bool {
    let first = head.iter().find(|byte| !byte.is_ascii_whitespace());
    matches!(first, Some(b'{' | b'['))
}

/// Whether at most a quarter is no text; a file cut by a crash can hold a block of NULs.
fn is_text(head: &[u8]) -> bool {
    let strange = |chunk: std::str::Utf8Chunk<'_>| {
        let control = |byte: &u8| byte.is_ascii_control() && !byte.is_ascii_whitespace();
        chunk.invalid().len() + chunk.valid().bytes().filter(control).count()
    };
    head.utf8_chunks().map(strange).sum::<usize>() <= head.len() / 4
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_with_points_are_sure() {
        assert_eq!(score(b"m 1700000000 5 a=1\nm 1700000060 "), Score::Yes);
        assert_eq!(score(b"put m 1700000000 5 a=1"), Score::Yes);
        assert_eq!(score(b"\0\0\0\0\0\0\nm 1 5 a=1\r\nm 2 5 a=1\r\n"), Score::Yes);
        assert_eq!(score(b"\n\n# a comment\nm 1 5 a=1\n"), Score::Yes);
    }

    #[test]
    fn text_without_points_may_be_damaged() {
        for head in [&b""[..], b"m", b"some words\nand more\n", b"m 1700000000 5\n", b"caf\xe9 1\n"]
        {
            assert_eq!(score(head), Score::Maybe, "{}", tsdbproof_core::quote(head));
        }
        assert_eq!(score(b"a\nb\nc\nm 1 5 a=1\n"), Score::Maybe);
    }

    #[test]
    fn json_and_binary_files_are_not_import_text() {
        for head in [
            &b"[{\"metric\":\"m\",\"timestamp\":1}]\n"[..],
            b"  {\n",
            b"ARROW1\0\0 words words words words",
            b"SEQ\x06 org.apache.hadoop.io.Text words words words",
            b"\x1f\x8b\x08\0",
            &[0; 4096],
        ] {
            assert_eq!(score(head), Score::No, "{}", tsdbproof_core::quote(head));
        }
    }
}
