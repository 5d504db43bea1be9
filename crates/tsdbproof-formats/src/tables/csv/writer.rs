//! Points to rows, the tags in columns.

use tsdbproof_core::{Error, Point, Series};

use crate::{
    FormatWriter, WriteOptions,
    tables::{
        columns::{Columns, Source},
        resolve::{Header, Holds, resolve},
    },
    writing::{self, Lines},
};

/// Writes `metric,timestamp_ms,value` and a column for each tag key; where a point has no such tag,
/// its cell is empty.
#[derive(Debug)]
pub(super) struct Writer {
    delimiter: u8,
    tag_keys: Vec<String>,
    is_begun: bool,
    lines: Lines,
}

/// The columns before those of tags.
const COLUMNS: [&str; 3] = ["metric", "timestamp_ms", "value"];

impl Writer {
    pub(super) fn new(delimiter: u8, options: &WriteOptions) -> Self {
        let between = if delimiter == b'\t' { b"\t" } else { b"," };
        let tag_keys = options.tag_keys.clone();
        Writer { delimiter, tag_keys, is_begun: false, lines: Lines::new(push_ms, between) }
    }

    /// Appends the header, if nothing is written so far.
    fn begin(&mut self, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.is_begun, true) {
            return;
        }
        let names = header(&self.tag_keys);
        for (index, name) in names.iter().enumerate() {
            out.extend((index > 0).then_some(self.delimiter));
            push_cell(name, self.delimiter, out);
        }
        out.push(b'\n');
    }
}

/// The names of all columns: tags under their keys, unless a key would be taken for something else.
fn header(tag_keys: &[String]) -> Vec<String> {
    let names = |prefix: &str| {
        let tags = tag_keys.iter().map(|key| format!("{prefix}{key}"));
        COLUMNS.iter().map(ToString::to_string).chain(tags).collect::<Vec<_>>()
    };
    match tag_keys.is_empty() {
        // Without a tag there is no point; but a table without tags would not be read.
        true => names("").into_iter().chain(["tags".to_owned()]).collect(),
        false => {
            Some(names("")).filter(|it| is_found(it, tag_keys)).unwrap_or_else(|| names("tag_"))
        }
    }
}

/// Whether a reader finds in columns of these names what they hold.
fn is_found(names: &[String], tag_keys: &[String]) -> bool {
    let headers: Vec<_> =
        names.iter().map(|name| Header { name, holds: Holds::Anything }).collect();
    let tags = tag_keys.iter().cloned().zip((COLUMNS.len()..).map(Source::Column));
    resolve(&Columns::default(), &headers).is_ok_and(|found| {
        found.tags == tags.collect::<Vec<_>>() && found.pairs.is_empty() && found.values == [2]
    })
}

/// The time in milliseconds.
fn push_ms(point: Point, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(point.timestamp_ms).as_bytes());
}

/// Appends a cell, in quotes where it needs them. An empty text would need them too, but none comes.
fn push_cell(text: &str, delimiter: u8, out: &mut Vec<u8>) {
    let is_special = |byte: u8| byte == delimiter || matches!(byte, b'"' | b'\n' | b'\r');
    if !text.bytes().any(is_special) {
        return out.extend_from_slice(text.as_bytes());
    }
    out.push(b'"');
    for byte in text.bytes() {
        out.extend((byte == b'"').then_some(b'"'));
        out.push(byte);
    }
    out.push(b'"');
}

impl FormatWriter for Writer {
    fn refuses_series(&self, series: &Series) -> Option<&'static str> {
        let has_column = |(key, _): (String, String)| self.tag_keys.contains(&key);
        match writing::refuses_series(series) {
            None if !series.tags.pairs().into_iter().all(has_column) => {
                Some("no column is there for one of its tags")
            }
            why => why,
        }
    }

    fn refuses_point(&self, point: Point) -> Option<&'static str> {
        writing::refuses_value(point)
    }

    fn points(
        &mut self,
        series: &Series,
        points: &[Point],
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        self.begin(out);
        let (delimiter, tag_keys) = (self.delimiter, &self.tag_keys);
        let frame = |before: &mut Vec<u8>, behind: &mut Vec<u8>| {
            push_cell(&series.metric, delimiter, before);
            before.push(delimiter);
            for key in tag_keys {
                behind.push(delimiter);
                push_cell(&series.tags.value(key).unwrap_or_default(), delimiter, behind);
            }
            behind.push(b'\n');
        };
        self.lines.push(series, points, frame, out);
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), Error> {
        self.begin(out);
        Ok(())
    }

    fn memory_bytes(&self) -> usize {
        self.lines.memory_bytes()
    }
}

#[cfg(test)]
mod tests {
    use tsdbproof_core::{Tags, Value};

    use super::super::{FORMAT, tsv};
    use super::*;
    use crate::writing::testing::{extremes, read, round_trip, write};
    use crate::{Limits, by_name, probe};

    const MAIN: &[u8] = include_bytes!("../../../../../tests/data/opentsdb/main-import.txt");

    #[test]
    fn a_scan_is_written_and_read_back() {
        let scan = read(by_name("import-text").unwrap(), MAIN);
        for format in [&FORMAT, &tsv::FORMAT] {
            let written = round_trip(format, &scan.points);
            let found = probe(&written, &Limits::default()).format;
            assert_eq!(found.map(|it| it.name), Some(format.name));
        }
    }

    #[test]
    fn extremes_and_odd_names_come_back() {
        let odd = ["\"", "a,b", "a;b", " ", "=", "\u{feff}x", "日本", "\u{2028}", "-1", "''", "5"];
        for format in [&FORMAT, &tsv::FORMAT] {
            let written = round_trip(format, &extremes(&odd));
            assert_eq!(round_trip(format, &read(format, &written).points), written);
        }
    }

    #[test]
    fn keys_that_a_reader_would_take_for_something_else_come_back() {
        for key in [
            "time",
            "Metric",
            "value",
            "VAL",
            "tags",
            "tag_x",
            "tags.x",
            "ts_ms",
            "name",
            "value_int",
        ] {
            let tags = Tags::new([(key, "v"), ("k", "w")]).unwrap();
            let series = Series { metric: "m".to_owned(), tags };
            let point = Point { timestamp_ms: 5, value: Value::integer(1) };
            let written = round_trip(&FORMAT, &[(series, [point].into())].into());
            assert!(written.starts_with(b"metric,timestamp_ms,value,"), "{key}");
            assert!(String::from_utf8(written).unwrap().contains(&format!("tag_{key}")), "{key}");
        }
    }

    #[test]
    fn rows_are_what_is_said() {
        let series = |metric: &str, tags: &[(&str, &str)]| Series {
            metric: metric.to_owned(),
            tags: Tags::new(tags.iter().copied()).unwrap(),
        };
        let point = |timestamp_ms, value| Point { timestamp_ms, value };
        let points = [
            (
                series("m", &[("host", "a,b"), ("q\"", "x")]),
                [point(1000, Value::integer(5))].into(),
            ),
            (series("n", &[("dc", "c")]), [point(1_700_000_000_001, Value::float(5.0))].into()),
        ];
        let written = write(&FORMAT, &points.into());
        let expected = "metric,timestamp_ms,value,dc,host,\"q\"\"\"\nm,1000,5,,\"a,b\",x\nn,1700000000001,5.0,c,,\n";
        assert_eq!(str::from_utf8(&written), Ok(expected));
    }

    #[test]
    fn a_table_without_points_is_a_header() {
        let written = write(&FORMAT, &[].into());
        assert_eq!(written, b"metric,timestamp_ms,value,tags\n");
        assert_eq!(read(&FORMAT, &written).problems, []);
    }

    #[test]
    fn what_a_row_cannot_say_is_refused() {
        let writer = Writer::new(b',', &WriteOptions { tag_keys: vec!["k".to_owned()] });
        let refused = |key: &str, value: &str| {
            let tags = Tags::new([(key, value)]).unwrap();
            writer.refuses_series(&Series { metric: "m".to_owned(), tags })
        };
        assert_eq!(refused("k", "a\"b"), None);
        assert!(refused("k", "a\nb").is_some());
        assert!(refused("other", "v").unwrap().contains("no column"));
        let nan = Point { timestamp_ms: 1, value: Value::float(f64::NAN) };
        assert!(writer.refuses_point(nan).is_some());
        // The header says what times count.
        let early = Point { timestamp_ms: 1, value: Value::integer(1) };
        assert_eq!(writer.refuses_point(early), None);
    }
}
