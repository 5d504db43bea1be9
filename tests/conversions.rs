//! `docs/spec/conversions.md` against the registry, the suite and the writers.

use std::{collections::BTreeMap, fs, path::Path};

use tsdbproof::{FORMATS, Format, Input, Limits, Series, Tags, host::HEAD_BYTES};
use tsdbproof_core::{Point, Value};
use tsdbproof_formats::{FormatWriter, WriteOptions};

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The rows of the table whose head begins with this cell, the head first.
fn table(head: &str) -> Vec<Vec<String>> {
    let text = read("docs/spec/conversions.md");
    let lines = text.lines().skip_while(|line| !line.starts_with(&format!("| {head}")));
    let rows = lines.take_while(|line| line.starts_with('|')).filter(|line| !line.contains("---"));
    let cells = |line: &str| line.split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    rows.map(|line| cells(line.trim_matches('|'))).collect()
}

fn written() -> impl Iterator<Item = &'static Format> {
    FORMATS.iter().copied().filter(|format| format.write.is_some())
}

#[test]
fn the_table_has_every_pair_that_there_is() {
    let rows = table("A \\ B");
    let heads: Vec<_> = rows[0].iter().skip(1).cloned().collect();
    assert_eq!(heads, written().map(|format| format.name).collect::<Vec<_>>());
    let sides: Vec<_> = rows.iter().skip(1).map(|row| row[0].clone()).collect();
    assert_eq!(sides, FORMATS.iter().map(|format| format.name).collect::<Vec<_>>());
    for (row, from) in rows.iter().skip(1).zip(FORMATS) {
        for (cell, to) in row.iter().skip(1).zip(written()) {
            let is_native = [from.name, to.name].contains(&"parquet");
            assert_eq!(cell, if is_native { "native =" } else { "=" }, "{} {}", from.name, to.name);
        }
    }
}

/// What is converted in a case of the suite: output to inputs. Every line has to have kept its root.
fn conversions(case: &str) -> BTreeMap<String, Vec<String>> {
    let folder = format!("tests/suite/commands/{case}");
    let transcript = read(&format!("{folder}/expect.txt"));
    let codes: Vec<_> = transcript.lines().filter(|it| it.starts_with("[exit code")).collect();
    let cmd = read(&format!("{folder}/cmd"));
    assert_eq!(codes, vec!["[exit code 0]"; cmd.lines().count()], "{case}");
    let line = |line: &str| {
        let (inputs, output) = line.split_once(" -o ").expect("every line names an output");
        let inputs = inputs.split(' ').skip(2).map(str::to_owned).collect();
        (output.split(' ').next().unwrap_or_default().to_owned(), inputs)
    };
    cmd.lines().map(line).collect()
}

/// The format of an input: by its bytes, or of what an earlier line wrote by its name.
fn format_of(input: &str) -> &'static str {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(input);
    let Ok(bytes) = fs::read(path) else {
        return tsdbproof::writer_for(input).expect("an earlier line wrote it").name;
    };
    let head = &bytes[..bytes.len().min(HEAD_BYTES)];
    let found = Input::new(input.to_owned(), Some(bytes.len() as u64), head, &Limits::default());
    found.format().expect("it is a format's").name
}

#[test]
fn the_suite_converts_every_pair_on_real_data() {
    let (everywhere, native) = (conversions("conversions"), conversions("conversions-parquet"));
    for from in FORMATS {
        for to in written() {
            let is_native = [from.name, to.name].contains(&"parquet");
            let case = if is_native { &native } else { &everywhere };
            let output = format!("{}.{}", from.name, to.extensions[0]);
            let inputs = case.get(&output).unwrap_or_else(|| panic!("nothing makes {output}"));
            assert_eq!(format_of(&inputs[0]), from.name, "{output}");
            assert_eq!(tsdbproof::writer_for(&output).map(|it| it.name), Some(to.name));
        }
    }
}

/// Series and points that some format can't hold; beside each, that all others can.
fn awkward() -> Vec<(Series, Point)> {
    let point = |timestamp_ms, value| Point { timestamp_ms, value };
    let series = |metric: &str, pairs: &[(&str, &str)]| Series {
        metric: metric.to_owned(),
        tags: Tags::new(pairs.iter().copied()).expect("no key stands twice"),
    };
    let sound = series("m", &[("a", "1")]);
    let usual = point(1_700_000_000_000, Value::integer(1));
    let twice = Tags::from_canonical("a=1,a=2".to_owned());
    vec![
        (series("m", &[]), usual),
        (series("", &[("a", "1")]), usual),
        (series("m", &[("a\n", "1")]), usual),
        (series(&"m".repeat(Limits::default().line_bytes), &[("a", "1")]), usual),
        (Series { metric: "m".to_owned(), tags: twice }, usual),
        (series("m m", &[("a", "1")]), usual),
        (series("\u{feff}m", &[("a", "1")]), usual),
        (series("m", &[("a", "1 1")]), usual),
        (sound.clone(), point(5, Value::integer(1))),
        (sound.clone(), point(1_700_000_000_000, Value::float(f64::NAN))),
        (sound.clone(), point(1_700_000_000_000, Value::float(f64::INFINITY))),
        (sound, usual),
    ]
}

#[test]
fn the_table_of_refusals_is_what_writers_refuse() {
    let rows = table("words of the report");
    let told: BTreeMap<String, Vec<String>> = rows
        .iter()
        .skip(1)
        .map(|row| (row[0].clone(), row[1].split(", ").map(str::to_owned).collect()))
        .collect();
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (series, point) in awkward() {
        for format in written() {
            let options = WriteOptions { tag_keys: vec!["a".to_owned(), "a\n".to_owned()] };
            let writer: Box<dyn FormatWriter> = format.write.expect("it is written")(&options);
            let why = writer.refuses_series(&series).or_else(|| writer.refuses_point(point));
            if let Some(why) = why {
                let formats = found.entry(why.to_owned()).or_default();
                if !formats.iter().any(|name| name == format.name) {
                    formats.push(format.name.to_owned());
                }
            }
        }
    }
    assert_eq!(found, told);
}
