//! Points to lines that `tsdb import` takes.
//!
//! `tsdb import` keeps floats in single precision: what is written here is read back exactly by our
//! reader, and by OpenTSDB as far as 32 bits hold it.

use tsdbproof_core::{Error, Point, Series};

use crate::{
    FormatWriter,
    writing::{self, Lines},
};

/// Writes `metric time value key=value …`, the keys in their order.
#[derive(Debug)]
pub(super) struct Writer {
    lines: Lines,
}

impl Writer {
    pub(super) fn new() -> Self {
        Writer { lines: Lines::new(writing::push_time, b" ") }
    }
}

impl FormatWriter for Writer {
    fn refuses_series(&self, series: &Series) -> Option<&'static str> {
        let pairs = series.tags.pairs();
        let mut tag_words = pairs.iter().flat_map(|(key, value)| [key, value]);
        match () {
            () if tag_words.any(|word| word.contains([' ', '='])) => {
                Some("a blank or `=` stands in a tag: they end a word in import text")
            }
            () if series.metric.contains(' ') => {
                Some("a blank stands in the metric: it ends a word in import text")
            }
            () if series.metric.starts_with('\u{feff}') => {
                Some("a byte order mark begins the metric: it is nothing before the first line")
            }
            () => writing::refuses_series(series),
        }
    }

    fn refuses_point(&self, point: Point) -> Option<&'static str> {
        writing::refuses_value(point).or_else(|| writing::refuses_time(point))
    }

    fn points(
        &mut self,
        series: &Series,
        points: &[Point],
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let frame = |before: &mut Vec<u8>, behind: &mut Vec<u8>| {
            before.extend_from_slice(series.metric.as_bytes());
            before.push(b' ');
            for (key, value) in series.tags.pairs() {
                for part in [" ", &key, "=", &value] {
                    behind.extend_from_slice(part.as_bytes());
                }
            }
            behind.push(b'\n');
        };
        self.lines.push(series, points, frame, out);
        Ok(())
    }

    fn finish(&mut self, _: &mut Vec<u8>) -> Result<(), Error> {
        Ok(())
    }

    fn memory_bytes(&self) -> usize {
        self.lines.memory_bytes()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use tsdbproof_core::Tags;

    use super::super::FORMAT;
    use super::*;
    use crate::writing::testing::{extremes, read, round_trip};

    const MAIN: &[u8] = include_bytes!("../../../../tests/data/opentsdb/main-import.txt");

    /// The words of a line, the tags in order.
    fn words(line: &str) -> Vec<&str> {
        let mut words: Vec<&str> = line.split(' ').filter(|word| !word.is_empty()).collect();
        words[3..].sort_unstable();
        words
    }

    #[test]
    fn a_scan_is_written_as_opentsdb_printed_it() {
        let scan = read(&FORMAT, MAIN);
        let written = String::from_utf8(round_trip(&FORMAT, &scan.points)).unwrap();
        let text = str::from_utf8(MAIN).unwrap();
        let (ours, theirs): (BTreeSet<_>, BTreeSet<_>) =
            (written.lines().map(words).collect(), text.lines().map(words).collect());
        // A store also tells that a second came in milliseconds.
        let is_in_ms = |words: &&Vec<&str>| words[1].parse::<u64>().is_ok_and(|it| it >= 1 << 32);
        let (in_ms, others): (Vec<_>, Vec<_>) = theirs.difference(&ours).partition(is_in_ms);
        assert!(in_ms.iter().all(|words| words[1].ends_with("000")) && ours.len() > 9000);
        // The Java of that time gives some floats a digit too many; and 0 has no sign here.
        let odd: BTreeSet<_> = others.iter().map(|words| words[2]).collect();
        assert_eq!(odd, BTreeSet::from(["-0.0", "4.9E-324", "9.9999998430674944E16"]));
    }

    #[test]
    fn extremes_and_odd_names_come_back() {
        let odd = ["put", "a,b", r"\{}", "#", "[1]", "x\u{feff}", "日本"];
        let written = round_trip(&FORMAT, &extremes(&odd));
        assert_eq!(round_trip(&FORMAT, &read(&FORMAT, &written).points), written);
    }

    #[test]
    fn lines_are_what_is_said() {
        let tags = Tags::new([("host", "a"), ("dc", "b")]).unwrap();
        let series = Series { metric: "put".to_owned(), tags };
        let point = |timestamp_ms, value| Point { timestamp_ms, value };
        let points = [
            point(1_700_000_000_000, tsdbproof_core::Value::float(-0.0)),
            point(1_700_000_000_001, tsdbproof_core::Value::float(1e-7)),
        ];
        let (mut writer, mut out) = (Writer::new(), Vec::new());
        writer.points(&series, &points, &mut out).unwrap();
        writer.finish(&mut out).unwrap();
        let expected = "put 1700000000 0.0 dc=b host=a\nput 1700000000001 1.0E-7 dc=b host=a\n";
        assert_eq!(str::from_utf8(&out), Ok(expected));
    }

    #[test]
    fn what_a_line_cannot_say_is_refused() {
        let writer = Writer::new();
        let refused = |metric: &str, key: &str, value: &str| {
            let tags = Tags::new([(key, value)]).unwrap();
            writer.refuses_series(&Series { metric: metric.to_owned(), tags })
        };
        assert_eq!(refused("m=1", "k", "v"), None);
        for (metric, key, value) in [
            ("m m", "k", "v"),
            ("m", "k k", "v"),
            ("m", "k", " v"),
            ("m", "k=", "v"),
            ("m", "k", "v=v"),
            ("m", "k\r", "v"),
            ("", "k", "v"),
        ] {
            assert!(refused(metric, key, value).is_some(), "{metric:?} {key:?} {value:?}");
        }
        assert!(writer.refuses_series(&Series::default()).is_some());
    }
}
