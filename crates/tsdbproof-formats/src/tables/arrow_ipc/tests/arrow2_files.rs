//! arrow2, which shares no code with arrow-rs, reads what we write and writes what we read.

use std::io::Cursor;

use arrow2::{
    array::{
        Array, DictionaryArray, Float64Array, Int64Array, MapArray, MutableDictionaryArray,
        MutableUtf8Array, PrimitiveArray, StructArray, TryExtend, Utf8Array,
    },
    chunk::Chunk,
    datatypes::{DataType, Field, Schema, TimeUnit},
    io::ipc::{read::FileReader, read::read_file_metadata, write},
    offset::OffsetsBuffer,
};
use tsdbproof_core::{Point, Series, Tags, Value};

use super::{FORMAT, Points, scan};
use crate::writing::testing;

type Columns = Vec<Box<dyn Array>>;

fn column<A: 'static>(columns: &Columns, index: usize) -> &A {
    columns[index].as_any().downcast_ref().unwrap()
}

/// The points of columns that we wrote.
fn points_of(columns: &Columns, points: &mut Points) {
    let metrics: &Utf8Array<i32> = column(columns, 0);
    let tags: &MapArray = column(columns, 1);
    let times: &Int64Array = column(columns, 2);
    let floats: &Float64Array = column(columns, 3);
    let integers: &Int64Array = column(columns, 4);
    for row in 0..metrics.len() {
        let entries = tags.value(row);
        let entries: &StructArray = entries.as_any().downcast_ref().unwrap();
        let words = |index: usize| -> Vec<String> {
            let words: &Utf8Array<i32> = entries.values()[index].as_any().downcast_ref().unwrap();
            words.values_iter().map(str::to_owned).collect()
        };
        let (keys, values) = (words(0), words(1));
        let pairs = keys.iter().zip(&values).map(|(key, value)| (key.as_str(), value.as_str()));
        let tags = Tags::new(pairs).unwrap();
        let value = match integers.get(row) {
            Some(number) => {
                assert_eq!(number as f64, floats.value(row));
                Value::integer(number)
            }
            None => Value::float(floats.value(row)),
        };
        let series = Series { metric: metrics.value(row).to_owned(), tags };
        let point = Point { timestamp_ms: times.value(row) as u64, value };
        points.entry(series).or_default().insert(point);
    }
}

#[test]
fn arrow2_reads_what_we_write() {
    let scan = scan();
    let mut file = Cursor::new(testing::write(&FORMAT, &scan));
    let metadata = read_file_metadata(&mut file).unwrap();
    let mut points = Points::new();
    for chunk in FileReader::new(file, metadata, None, None) {
        points_of(&chunk.unwrap().into_arrays(), &mut points);
    }
    assert!(points == scan);
}

/// A dictionary of metrics, a map of tags, times in microseconds, and one kind of value.
fn table(points: &Points) -> (Schema, Columns) {
    let mut metrics = MutableDictionaryArray::<i32, MutableUtf8Array<i32>>::new();
    let (mut keys, mut values, mut ends) = (Vec::new(), Vec::new(), vec![0]);
    let (mut times, mut integers, mut floats) = (Vec::new(), Vec::new(), Vec::new());
    for (series, points) in points {
        for point in points {
            metrics.try_extend([Some(&series.metric)]).unwrap();
            let pairs = series.tags.pairs();
            keys.extend(pairs.iter().map(|(key, _)| key.clone()));
            values.extend(pairs.into_iter().map(|(_, value)| Some(value)));
            ends.push(keys.len() as i32);
            times.push(point.timestamp_ms as i64 * 1000);
            integers.push(point.value.as_integer());
            floats.push(point.value.as_float());
        }
    }
    let fields =
        vec![Field::new("keys", DataType::Utf8, false), Field::new("values", DataType::Utf8, true)];
    let entries = DataType::Struct(fields);
    let parts: Columns =
        vec![Utf8Array::<i32>::from_slice(&keys).boxed(), Utf8Array::<i32>::from(values).boxed()];
    let map = DataType::Map(Box::new(Field::new("entries", entries.clone(), false)), false);
    let entries = StructArray::new(entries, parts, None).boxed();
    let tags = MapArray::new(map, OffsetsBuffer::try_from(ends).unwrap(), entries, None);
    let metrics: DictionaryArray<i32> = metrics.into();
    let zone = Some("+01:00".to_owned());
    let times =
        PrimitiveArray::from_vec(times).to(DataType::Timestamp(TimeUnit::Microsecond, zone));
    let columns: Columns = vec![
        metrics.boxed(),
        tags.boxed(),
        times.boxed(),
        Int64Array::from(integers).boxed(),
        Float64Array::from(floats).boxed(),
    ];
    let names = ["metric", "tags", "ts", "value_int", "value_float"];
    let types = columns.iter().map(|column| column.data_type().clone());
    let fields = names.into_iter().zip(types).map(|(name, kind)| Field::new(name, kind, true));
    (Schema::from(fields.collect::<Vec<_>>()), columns)
}

#[test]
fn what_arrow2_writes_is_read() {
    let scan = scan();
    let (schema, columns) = table(&scan);
    let chunk = Chunk::new(columns);
    for compression in [None, Some(write::Compression::LZ4), Some(write::Compression::ZSTD)] {
        let options = write::WriteOptions { compression };
        let mut file =
            write::FileWriter::try_new(Vec::new(), schema.clone(), None, options).unwrap();
        file.write(&chunk, None).unwrap();
        file.finish().unwrap();
        let mut stream = write::StreamWriter::new(Vec::new(), options);
        stream.start(&schema, None).unwrap();
        stream.write(&chunk, None).unwrap();
        stream.finish().unwrap();
        for bytes in [file.into_inner(), stream.into_inner()] {
            let found = testing::read(&FORMAT, &bytes);
            assert_eq!(found.problems, []);
            assert!(found.points == scan, "{compression:?}");
        }
    }
}
