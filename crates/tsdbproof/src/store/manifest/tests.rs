//! Manifests written, read back, damaged and made up.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};
use tsdbproof_core::{
    Hour, Kind, Loss, Losses, Point, Series, Tags, Value,
    digest::{Entry, Hash, Name, OpenHour, Tree},
};

use super::*;
use crate::store::{
    FileReader, Own,
    file::{KEY, SHA256_KEY, VERSION_KEY},
    ipc, own,
};

type Row = (Series, Hour, Entry);

const MEMORY_BYTES: u64 = 1 << 24;

fn entry(hour: Hour, seed: u64) -> Entry {
    let time = |index: u64| u64::from(hour) * 3_600_000 + 1_000 * (seed % 7) + 30_000 * index;
    // Every third hour holds floats, which single precision rounds.
    let value = |index: u64| match seed % 3 {
        0 => Value::float(0.1 * (index + 1) as f64),
        _ => Value::integer((seed * index) as i64),
    };
    let points: Vec<_> =
        (0..3).map(|index| Point { timestamp_ms: time(index), value: value(index) }).collect();
    let mut open = OpenHour::default();
    points.iter().for_each(|point| open.push_instant(&[point.record()]));
    let (exact, f32) = open.close();
    Entry { exact, f32, first_ms: time(0), last_ms: time(2) }
}

/// Hours of `metrics` × 3 series, over a day's end.
fn hours(metrics: u64) -> Vec<Row> {
    let mut rows = Vec::new();
    for metric in 0..metrics {
        for host in 0..3 {
            let host_name = format!("w{host}");
            let tags = Tags::new([("host", host_name.as_str()), ("dc", "a,b")]).unwrap();
            let tags = if host == 0 { Tags::default() } else { tags };
            let series = Series { metric: format!("cpu.{metric:05}"), tags };
            for hour in 448_007..448_010 {
                let seed = metric * 9 + host * 3 + u64::from(hour);
                rows.push((series.clone(), hour, entry(hour, seed)));
            }
        }
    }
    rows
}

/// The rows of `depth` above these hours, and their totals.
fn fold(hours: &[Row], depth: Depth) -> (Vec<Row>, Totals) {
    let mut rows = if depth == Depth::Hour { hours.to_vec() } else { Vec::new() };
    let mut tree = Tree::new(Depth::Hour);
    let mut closed = |of: Depth, name: Name<'_>, entry: &Entry| {
        if of == depth {
            rows.push((name.series.clone(), name.hour, *entry));
        }
    };
    for (series, hour, entry) in hours {
        tree.push(Name { series, hour: *hour }, entry, &mut closed);
    }
    let totals = tree.finish(&mut closed);
    if depth == Depth::Metric {
        rows.iter_mut().for_each(|(series, ..)| series.tags = Tags::default());
    }
    (rows, totals)
}

fn losses() -> LossyRows {
    let mut lost = Losses::default();
    lost.add(Loss::WideIntegers);
    let mut losses = LossyRows::default();
    losses.push(1, lost);
    losses
}

fn meta(depth: Depth, totals: Totals) -> Meta {
    let file = FileMeta {
        name: "march \"1\".gz".to_owned(),
        size_bytes: (2 << 20) - 1,
        blocks: vec![[7; 32], [0xfe; 32]],
        sha256: Some([1; 32]),
    };
    let stdin = FileMeta { name: "-".to_owned(), ..FileMeta::default() };
    Meta {
        depth,
        totals,
        scope: "from 1\nmetric cpu*\n".to_owned(),
        left_out: vec![("bad-time".to_owned(), u64::MAX), ("annotation".to_owned(), 2)],
        losses: losses(),
        unread: Default::default(),
        files: vec![file, stdin],
    }
}

fn write(rows: &[Row], meta: &Meta) -> Vec<u8> {
    let mut writer = ManifestWriter::new(Vec::new(), meta.depth).unwrap();
    for (series, hour, entry) in rows {
        writer.push(series, *hour, entry).unwrap();
    }
    writer.finish(meta).unwrap()
}

fn sample(depth: Depth) -> (Vec<Row>, Meta, Vec<u8>) {
    let (rows, totals) = fold(&hours(2), depth);
    let meta = meta(depth, totals);
    let bytes = write(&rows, &meta);
    (rows, meta, bytes)
}

fn read_with(bytes: &[u8], piece: usize, memory: u64) -> Result<(Vec<Row>, Meta), Error> {
    let mut found = Vec::new();
    let mut rows = |series: &Series, (hour, entry)| {
        found.push((series.clone(), hour, entry));
        Ok(())
    };
    let mut reader = FileReader::<Nodes>::new(memory);
    for piece in bytes.chunks(piece) {
        reader.push(piece, &mut rows)?;
    }
    let meta = reader.finish()?;
    Ok((found, meta))
}

fn is_manifest(head: &[u8]) -> bool {
    own(head) == Some(Own::Manifest)
}

fn read(bytes: &[u8]) -> Result<(Vec<Row>, Meta), Error> {
    read_with(bytes, bytes.len().max(1), MEMORY_BYTES)
}

/// The file with its SHA-256 made right again: damage by somebody who knows the format.
fn reseal(mut bytes: Vec<u8>) -> Option<Vec<u8>> {
    let (body, trailer) = bytes.split_at(bytes.len() - 10);
    let length = u32::from_le_bytes(trailer[..4].try_into().unwrap()) as usize;
    let start = body.len().checked_sub(length)?;
    let place = ipc::Tail::read(&bytes[start..]).ok()?.place_of(SHA256_KEY)?;
    let place = start + place.start..start + place.end;
    let slot = bytes.get_mut(place.clone()).filter(|slot| slot.len() == 64)?;
    slot.fill(b'0');
    let digits = Hash(Sha256::digest(&bytes).into()).to_string();
    bytes[place].copy_from_slice(digits.as_bytes());
    Some(bytes)
}

#[track_caller]
fn refused(result: Result<(Vec<Row>, Meta), Error>, kind: Kind, says: &str) {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.to_string().contains(says), "{error}");
}

#[test]
fn every_depth_is_read_back_from_pieces_of_any_size() {
    for depth in Depth::ALL {
        let (rows, meta, bytes) = sample(depth);
        assert!(is_manifest(&bytes));
        for piece in [1, 2, 3, 7, 8, 64, 1000, bytes.len()] {
            let (found, found_meta) = read_with(&bytes, piece, MEMORY_BYTES).unwrap();
            assert_eq!(found, rows);
            assert_eq!(found_meta, meta);
        }
    }
}

#[test]
fn many_batches_are_read_back_in_order() {
    let (rows, totals) = fold(&hours(2_000), Depth::Hour);
    let meta = meta(Depth::Hour, totals);
    let bytes = write(&rows, &meta);
    let (found, found_meta) = read_with(&bytes, 4_099, MEMORY_BYTES).unwrap();
    assert!(found == rows);
    assert_eq!(found_meta, meta);
}

#[test]
fn a_manifest_without_rows_is_one() {
    for depth in Depth::ALL {
        let (_, totals) = fold(&[], depth);
        let losses = LossyRows::default();
        let meta = Meta { files: Vec::new(), losses, ..meta(depth, totals) };
        let bytes = write(&[], &meta);
        assert_eq!(read(&bytes).unwrap(), (Vec::new(), meta));
    }
}

#[test]
fn long_names_close_a_batch_early() {
    let names = [300_000, 600_000, 900_000, 2_000_000, 10].map(|length| "n".repeat(length));
    let mut names = BTreeMap::from(names.map(|name| (name, entry(448_007, 3))));
    names.insert("m".to_owned(), entry(448_007, 1));
    let series = |metric: &str| Series { metric: metric.to_owned(), tags: Tags::default() };
    let hours: Vec<Row> = names.iter().map(|(name, e)| (series(name), 448_007, *e)).collect();
    let (rows, totals) = fold(&hours, Depth::Hour);
    let bytes = write(&rows, &meta(Depth::Hour, totals));
    assert!(read(&bytes).unwrap().0 == rows);
    refused(read_with(&bytes, 4096, 1 << 20), Kind::Limit, "--memory");
}

#[test]
fn every_changed_byte_is_seen() {
    for depth in [Depth::Metric, Depth::Hour] {
        let (.., bytes) = sample(depth);
        for at in 0..bytes.len() {
            for flip in [0xff, 1 << (at % 8)] {
                let mut changed = bytes.clone();
                changed[at] ^= flip;
                assert!(read(&changed).is_err(), "byte {at} of {}", bytes.len());
            }
        }
    }
}

/// What the roots prove of a row: all but its first and last time, which no digest holds.
fn proven(rows: &[Row]) -> Vec<Row> {
    let times = Entry { first_ms: 0, last_ms: 0, ..rows[0].2 };
    let proven = |(series, hour, e): &Row| {
        (series.clone(), *hour, Entry { exact: e.exact, f32: e.f32, ..times })
    };
    rows.iter().map(proven).collect()
}

#[test]
fn a_changed_byte_under_a_right_sha256_changes_nothing_proven_and_panics_nowhere() {
    for depth in [Depth::Series, Depth::Hour] {
        let (rows, meta, bytes) = sample(depth);
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut changed = bytes.clone();
                changed[at] ^= 1 << bit;
                let read = reseal(changed).map(|changed| read(&changed));
                if let Some(Ok((found, found_meta))) = read {
                    assert!(proven(&found) == proven(&rows), "byte {at}");
                    assert_eq!(found_meta.totals, meta.totals);
                }
            }
        }
    }
}

#[test]
fn every_cut_is_seen() {
    let (.., bytes) = sample(Depth::Hour);
    for length in 0..bytes.len() {
        assert!(read(&bytes[..length]).is_err(), "cut to {length}");
    }
    assert!(read(&[&bytes[..], b"\0"].concat()).is_err());
    assert!(read(&[&bytes[..], &bytes[..]].concat()).is_err());
}

#[test]
fn rows_that_do_not_give_the_roots_are_refused() {
    let (rows, meta, _) = sample(Depth::Hour);
    let mut other = rows.clone();
    other[5].2.exact.digest.0[0] ^= 1;
    refused(read(&write(&other, &meta)), Kind::Malformed, "exact_root");
    let mut other = rows.clone();
    let f32 = other.iter_mut().find_map(|row| row.2.f32.as_mut()).unwrap();
    f32.digest.0[0] ^= 1;
    refused(read(&write(&other, &meta)), Kind::Malformed, "f32_root");
    let mut other = rows.clone();
    other.iter_mut().for_each(|row| row.2.first_ms += 1);
    refused(read(&write(&other, &meta)), Kind::Malformed, "first_ms");
}

#[test]
fn the_writer_refuses_what_no_reader_takes() {
    let (rows, meta, _) = sample(Depth::Hour);
    let (series, hour, entry) = &rows[0];
    let mut writer = ManifestWriter::new(Vec::new(), Depth::Hour).unwrap();
    writer.push(series, *hour, entry).unwrap();
    assert!(writer.push(series, *hour, entry).is_err());
    assert!(writer.push(series, hour + 1, entry).is_err());
    assert!(writer.finish(&meta).is_err());
    let mut writer = ManifestWriter::new(Vec::new(), Depth::Day).unwrap();
    assert!(writer.push(series, 448_007, entry).is_err());
}

#[test]
fn what_a_manifest_claims_is_held_against_the_memory() {
    let (.., bytes) = sample(Depth::Hour);
    refused(read_with(&bytes, 100, 1000), Kind::Limit, "--memory");
    refused(read_with(&bytes, 100, 4000), Kind::Limit, "quarter of the memory");
    let huge = [&ipc::HEAD[..], &ipc::CONTINUATION, &[0xff; 4]].concat();
    refused(read(&huge), Kind::Limit, "4294967295 bytes");
}

#[test]
fn other_files_and_newer_versions_are_told_apart() {
    let with = |changes: &[(&str, &str)]| {
        let schema = table::schema(Depth::Hour);
        let mut metadata: BTreeMap<_, _> =
            schema.metadata().iter().map(|(k, v)| (k.clone(), v.clone())).collect();
        metadata.extend(changes.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())));
        let schema = schema.with_metadata(std::collections::HashMap::from_iter(metadata));
        [&ipc::HEAD[..], &ipc::schema_message(&schema)].concat()
    };
    assert!(is_manifest(&with(&[])));
    assert!(is_manifest(&with(&[(VERSION_KEY, "2")])));
    refused(read(&with(&[(VERSION_KEY, "2")])), Kind::Unsupported, "update tsdbproof");
    refused(read(&with(&[(VERSION_KEY, "one")])), Kind::Malformed, "no version");
    refused(read(&with(&[(table::DEPTH_KEY, "day")])), Kind::Malformed, "other columns");
    assert!(!is_manifest(&with(&[(KEY, "patch")])));
    refused(read(&with(&[(KEY, "patch")])), Kind::Malformed, "other data");
    refused(read(b"put cpu 1 2 host=a\n"), Kind::Malformed, "no ARROW1");
    let whole = with(&[]);
    assert!((0..whole.len()).all(|length| !is_manifest(&whole[..length])));
}

#[test]
fn an_error_of_the_one_who_takes_rows_ends_the_reading() {
    let (.., bytes) = sample(Depth::Hour);
    let mut reader = FileReader::<Nodes>::new(MEMORY_BYTES);
    let mut rows = |_: &Series, _| Err(Error::new(Kind::Interrupted, "stopped"));
    assert_eq!(reader.push(&bytes, &mut rows).unwrap_err().kind(), Kind::Interrupted);
}
