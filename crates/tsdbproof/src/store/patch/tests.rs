//! Patches written, read back and damaged.

use tsdbproof_core::{Kind, Series, Tags, digest::Hash};

use super::*;
use crate::store::{FileReader, Own, own};

const MEMORY_BYTES: u64 = 1 << 22;

fn series(host: &str) -> Series {
    Series { metric: "m".to_owned(), tags: Tags::new([("host", host)]).unwrap() }
}

fn changes() -> Vec<(Series, Change)> {
    let (int, float) = (Value::integer, Value::float);
    let rows = [
        ("a", 1, None, Some(int(5))),
        ("a", 1, Some(float(0.5)), None),
        ("a", 2, Some(int(i64::MIN)), Some(float(f64::NAN))),
        ("b", 1, Some(float(5.0)), Some(float(1e300))),
        ("b", 7, None, Some(float(-0.0))),
    ];
    let change = |(host, timestamp_ms, old, new)| (series(host), Change { timestamp_ms, old, new });
    rows.map(change).to_vec()
}

fn state(digit: u8, points: u64) -> State {
    let roots = Roots { exact: Hash([digit; 32]), f32: Hash([digit + 1; 32]) };
    let source = PatchSource {
        names: vec![format!("state {digit} \"x\"")],
        files: u64::from(digit),
        size_bytes: u64::MAX,
        blake3: (digit == 1).then(|| "7".repeat(64)),
    };
    State { roots, points, last_ms: 7, source }
}

fn write(changes: &[(Series, Change)]) -> Vec<u8> {
    let mut writer = PatchWriter::new(Vec::new()).unwrap();
    changes.iter().for_each(|(series, change)| writer.push(series, *change).unwrap());
    writer.finish(state(1, 10), state(3, 11), "from 5".to_owned()).unwrap().0
}

fn read(bytes: &[u8]) -> Result<(Vec<(Series, Change)>, Meta), Error> {
    let mut found = Vec::new();
    let mut reader = FileReader::<Changes>::new(MEMORY_BYTES);
    for piece in bytes.chunks(777) {
        reader.push(piece, &mut |series: &Series, change| {
            found.push((series.clone(), change));
            Ok(())
        })?;
    }
    reader.finish().map(|meta| (found, meta))
}

#[test]
fn what_is_written_is_read_with_its_kinds() {
    let bytes = write(&changes());
    assert_eq!(own(&bytes), Some(Own::Patch));
    let (found, meta) = read(&bytes).unwrap();
    assert_eq!(found, changes());
    let kinds = |changes: &[(Series, Change)]| -> Vec<_> {
        changes.iter().map(|(_, it)| it.new.map(Value::came_as_float)).collect()
    };
    assert_eq!(kinds(&found), kinds(&changes()));
    assert_eq!((&meta.base, &meta.result), (&state(1, 10), &state(3, 11)));
    assert_eq!(
        meta.counts,
        ChangeCounts { added: 2, replaced: 2, deleted: 1, ..ChangeCounts::default() }
    );
    assert_eq!(meta.scope, "from 5");
    assert_eq!(write(&changes()), bytes, "the same changes are the same bytes");
}

/// The first cells of the table of the specification that begins with this head, in their order.
fn told(head: &str) -> Vec<Vec<String>> {
    let text = include_str!("../../../../../docs/spec/patch.md");
    let lines = text.lines().skip_while(|line| !line.starts_with(head)).skip(2);
    let cells = |line: &str| line.split('|').map(|it| it.trim().replace('`', "")).collect();
    lines.take_while(|line| line.starts_with('|')).map(cells).collect()
}

#[test]
fn the_specification_tells_the_columns_and_keys_that_are_written() {
    let kind = |field: &arrow_schema::Field| match field.data_type().to_string().as_str() {
        "Timestamp(ms, \"UTC\")" => "timestamp[ms, UTC]".to_owned(),
        other => other.to_lowercase(),
    };
    let column = |field: &std::sync::Arc<arrow_schema::Field>| {
        (field.name().clone(), kind(field), field.is_nullable())
    };
    let columns: Vec<_> = table::schema().fields().iter().map(column).collect();
    let rows = told("| column |");
    let rows = rows.iter().map(|row| (row[1].clone(), row[2].clone(), row[3] != "never"));
    assert_eq!(rows.collect::<Vec<_>>(), columns);
    let meta = read(&write(&changes())).unwrap().1;
    let mut keys: Vec<_> = meta::to_text(&meta).unwrap().into_keys().collect();
    let rows = told("| key |");
    let mut found: Vec<_> =
        rows.iter().flat_map(|row| row[1].split(", ")).map(str::to_owned).collect();
    keys.sort_unstable();
    found.sort_unstable();
    assert_eq!(found, keys);
    let operations: Vec<_> = told("| operation |").into_iter().map(|row| row[1].clone()).collect();
    let [put, delete] = [changes()[0].1, changes()[1].1];
    let written = [put, delete, Change::clear(0)].map(|change| table::operation(&change));
    assert_eq!(operations, written);
}

#[test]
fn any_flipped_bit_and_any_cut_is_refused() {
    let bytes = write(&changes());
    let mut other = bytes.clone();
    for at in 0..bytes.len() {
        for bit in 0..8 {
            other[at] ^= 1 << bit;
            if let Ok(found) = read(&other) {
                panic!("bit {bit} of byte {at} of {}: {found:?}", bytes.len());
            }
            other[at] = bytes[at];
        }
        assert!(read(&bytes[..at]).is_err(), "cut at {at}");
    }
}

#[test]
fn what_is_out_of_order_or_makes_no_sense_is_refused() {
    let refused = |changes: Vec<(Series, Change)>, says: &str| {
        let error = read(&write(&changes)).unwrap_err();
        assert_eq!(error.kind(), Kind::Malformed);
        assert!(error.to_string().contains(says), "{error}");
    };
    let mut swapped = changes();
    swapped.swap(0, 2);
    refused(swapped, "ascending times");
    let mut swapped = changes();
    swapped.swap(0, 4);
    refused(swapped, "ascending names");
    let same =
        Change { timestamp_ms: 1, old: Some(Value::integer(1)), new: Some(Value::integer(1)) };
    refused(vec![(series("a"), same)], "its own place");
    let one = Change { timestamp_ms: 1, old: None, new: Some(Value::integer(1)) };
    refused(vec![(series("a"), one); 2], "do not lead");
    let clear = Change::clear(0);
    let put = Change { timestamp_ms: 0, ..one };
    let replace = Change { timestamp_ms: 7, old: Some(Value::integer(2)), ..one };
    let of_a = |changes: [Change; 2]| changes.map(|change| (series("a"), change)).to_vec();
    refused(of_a([put, clear]), "behind a change");
    refused(of_a([clear, clear]), "behind a change");
    refused(of_a([clear, replace]), "goes from an hour");
    let late = Change { timestamp_ms: u64::MAX, ..one };
    refused(vec![(series("a"), late)], "can't hold");
}
