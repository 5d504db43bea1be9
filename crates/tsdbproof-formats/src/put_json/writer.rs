//! Points to put objects, one a line, in the order of fields that OpenTSDB documents.

use tsdbproof_core::{Error, Point, Series};

use crate::{
    FormatWriter,
    writing::{self, Lines},
};

/// Writes `{"metric":…,"timestamp":…,"value":…,"tags":{…}}`.
#[derive(Debug)]
pub(super) struct Writer {
    lines: Lines,
}

impl Writer {
    pub(super) fn new() -> Self {
        Writer { lines: Lines::new(writing::push_time, b",\"value\":") }
    }
}

impl FormatWriter for Writer {
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
            before.extend_from_slice(b"{\"metric\":");
            push_text(&series.metric, before);
            before.extend_from_slice(b",\"timestamp\":");
            behind.extend_from_slice(b",\"tags\":{");
            for (index, (key, value)) in series.tags.pairs().iter().enumerate() {
                behind.extend((index > 0).then_some(b','));
                push_text(key, behind);
                behind.push(b':');
                push_text(value, behind);
            }
            behind.extend_from_slice(b"}}\n");
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

/// Appends a name, which holds no control character, in quotes.
fn push_text(name: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for byte in name.bytes() {
        out.extend(matches!(byte, b'"' | b'\\').then_some(b'\\'));
        out.push(byte);
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use tsdbproof_core::{Tags, Value};

    use super::super::lines::FORMAT;
    use super::*;
    use crate::writing::testing::{extremes, read, round_trip};
    use crate::{by_name, probe};

    const MAIN: &[u8] = include_bytes!("../../../../tests/data/opentsdb/main-import.txt");

    #[test]
    fn a_scan_is_written_and_read_back() {
        let scan = read(by_name("import-text").unwrap(), MAIN);
        let written = round_trip(&FORMAT, &scan.points);
        for line in str::from_utf8(&written).unwrap().lines() {
            let object: serde_json::Value = serde_json::from_str(line).unwrap();
            assert!(object["tags"].is_object() && object["value"].is_number(), "{line}");
        }
        assert_eq!(probe(&written, &Default::default()).format.unwrap().name, "put-json-lines");
    }

    #[test]
    fn extremes_and_odd_names_come_back() {
        let odd = ["\"", "a b=c", r"\u0041", "{}", "\u{feff}x", "日本", "\u{2028}"];
        let written = round_trip(&FORMAT, &extremes(&odd));
        assert_eq!(round_trip(&FORMAT, &read(&FORMAT, &written).points), written);
    }

    #[test]
    fn lines_are_what_is_said() {
        let tags = Tags::new([("host", "a\"b"), ("dc", r"\")]).unwrap();
        let series = Series { metric: "m".to_owned(), tags };
        let point = Point { timestamp_ms: 1_700_000_000_000, value: Value::float(1e-7) };
        let (mut writer, mut out) = (Writer::new(), Vec::new());
        writer.points(&series, &[point], &mut out).unwrap();
        writer.finish(&mut out).unwrap();
        let expected = r#"{"metric":"m","timestamp":1700000000,"value":1.0E-7,"tags":{"dc":"\\","host":"a\"b"}}"#;
        assert_eq!(str::from_utf8(&out).unwrap(), format!("{expected}\n"));
    }
}
