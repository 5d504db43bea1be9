//! What other writers leave in a scan's output: logs on standard output, exceptions on the other.

use memchr::memmem;

/// A line that is no part of a scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Noise {
    /// A line of a log, about nothing worse than a warning.
    Log,
    /// A scan has died, or logged an error.
    Died,
    /// More of what the line before said.
    More,
}

/// What a line is that is none of a scan, if it is known.
pub(super) fn noise(line: &[u8]) -> Option<Noise> {
    let is_more = line.starts_with(b"\tat ")
        || line.starts_with(b"\t... ")
        || line.starts_with(b"Caused by:");
    if is_more {
        return Some(Noise::More);
    }
    if is_log(line) {
        let level = line.get(..LEVEL_BYTES).unwrap_or(line);
        let is_error = memmem::find(level, b" ERROR ").is_some();
        return Some(if is_error { Noise::Died } else { Noise::Log });
    }
    holds_exception(line).then_some(Noise::Died)
}

/// Whether words of Java's exceptions stand in a text.
pub(super) fn holds_exception(text: &[u8]) -> bool {
    let words: [&[u8]; 6] = [
        b"Exception",
        b"java.lang.",
        b"\tat ",
        b"Caused by:",
        b"net.opentsdb.uid.NoSuch",
        b"OutOfMemoryError",
    ];
    words.into_iter().any(|word| memmem::find(text, word).is_some())
}

/// Bytes within which a line of a log names its level, behind the time and the thread.
const LEVEL_BYTES: usize = 80;

/// `2023-11-14 22:00:00,123 INFO  [main] …`, as OpenTSDB's `logback.xml` has it, or logback's own
/// `22:00:00.123 [main] INFO …`.
fn is_log(line: &[u8]) -> bool {
    let shapes: [&[u8]; 2] = [b"0000-00-00 00:00:00,000 ", b"00:00:00.000 ["];
    let fits = |shape: &[u8]| {
        line.len() > shape.len()
            && line.iter().zip(shape).all(|(byte, like)| match like {
                b'0' => byte.is_ascii_digit(),
                _ => byte == like,
            })
    };
    shapes.into_iter().any(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_other_writers_are_known() {
        for (line, expected) in [
            ("2026-11-22 11:17:08,785 WARN  [HBaseClient.getIP] - Slow DNS", Some(Noise::Log)),
            ("11:17:08.785 [main] INFO  net.opentsdb.core.TSDB - x", Some(Noise::Log)),
            ("2026-11-22 11:17:08,785 ERROR [main] TSDB: x", Some(Noise::Died)),
            (
                "Exception in thread \"main\" net.opentsdb.core.IllegalDataException: x",
                Some(Noise::Died),
            ),
            ("java.lang.OutOfMemoryError: Java heap space", Some(Noise::Died)),
            ("net.opentsdb.uid.NoSuchUniqueName: No such name for 'metrics'", Some(Noise::Died)),
            ("\tat net.opentsdb.tools.DumpSeries.main(DumpSeries.java:85)", Some(Noise::More)),
            ("\t... 3 more", Some(Noise::More)),
            ("Caused by: java.io.IOException", Some(Noise::More)),
            ("words", None),
        ] {
            assert_eq!(noise(line.as_bytes()), expected, "{line}");
        }
    }
}
