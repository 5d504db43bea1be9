//! Records that go to the decoder as rows come to the same as their cells one by one.

use super::*;
use crate::hbase::cell::Puts;
use crate::hbase::sequence_file::SequenceFileReader;
use crate::json::testing::Random;
use crate::{Limits, RowSummary};

/// All that a sink is told, in its order.
#[derive(Debug, Default, PartialEq)]
struct Told(Vec<String>);

impl PointSink for Told {
    fn series(&mut self, metric: &str, tags: &Tags) -> SeriesId {
        self.0.push(format!("{metric} {}", tags.as_str()));
        SeriesId(self.0.len() as u32)
    }

    fn points(&mut self, series: SeriesId, points: &[Point], at: Range<u64>) {
        self.0.push(format!("{} {at:?} {points:?}", series.0));
    }

    fn loss(&mut self, _: SeriesId, _: Hour, _: Loss) {}

    fn problem(&mut self, problem: Problem) {
        self.0.push(format!("{problem:?}"));
    }

    fn rows(&mut self, rows: RowSummary) {
        self.0.push(format!("{rows:?}"));
    }
}

/// Counts rows that are taken as a whole, or lets none be.
struct Watched<'s> {
    sink: &'s mut dyn CellSink,
    is_by_cell: bool,
    taken: &'s mut u64,
}

impl CellSink for Watched<'_> {
    fn cell(&mut self, cell: Cell<'_>, at: Range<u64>) {
        self.sink.cell(cell, at);
    }

    fn row(&mut self, puts: &Puts<'_>, at: &Range<u64>) -> bool {
        let is_taken = !self.is_by_cell && self.sink.row(puts, at);
        *self.taken += u64::from(is_taken);
        is_taken
    }

    fn problem(&mut self, problem: Problem) {
        self.sink.problem(problem);
    }
}

/// What a file comes to, in pieces of such a size; by cells or as it is read. And how many rows were
/// taken as a whole.
fn told(file: &[u8], piece: usize, row_bytes: usize, is_by_cell: bool) -> (Told, u64) {
    let mut reader = SequenceFileReader::new(&Limits::default());
    let options = RowOptions::new(Widths::default(), row_bytes);
    let mut taken = 0;
    let (mut decoder, mut told) = (RowDecoder::new(Arc::default(), options), Told::default());
    for piece in file.chunks(piece) {
        let sink = &mut decoder.reading(&mut told);
        let mut sink = Watched { sink, is_by_cell, taken: &mut taken };
        if reader.push(piece, &mut sink).is_err() {
            break;
        }
    }
    reader.finish(&mut decoder.reading(&mut told)).unwrap();
    decoder.finish(&mut told);
    (told, taken)
}

/// Holds what a file comes to against its cells; gives how many of its rows are taken as a whole.
#[track_caller]
fn check(file: &[u8], row_bytes: usize) -> u64 {
    let (by_cell, _) = told(file, file.len(), row_bytes, true);
    for piece in [1, 700] {
        assert_eq!(told(file, piece, row_bytes, false).0, by_cell, "{piece}");
    }
    let (whole, taken) = told(file, file.len(), row_bytes, false);
    assert_eq!(whole, by_cell);
    taken
}

const KEY: &[u8] = b"\x31org.apache.hadoop.hbase.io.ImmutableBytesWritable";
const VALUE: &[u8] = b"\x25org.apache.hadoop.hbase.client.Result";
const SYNC: &[u8] = b"\xf0sixteen bytes.\xf1";

fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let low = (bytes.len() & 0x7f) as u8;
    let length = match bytes.len() {
        0..0x80 => vec![low],
        length => vec![low | 0x80, (length >> 7) as u8],
    };
    [&[number << 3 | 2][..], &length, bytes].concat()
}

/// A column, mostly of the point of a second.
fn column(random: &mut Random, second: usize) -> (Vec<u8>, Vec<u8>) {
    let value = |length: usize| vec![1 + (second % 250) as u8; length];
    let flags = [0u8, 1, 3, 7, 0xb, 0xf][random.below(6)];
    let point = ((second as u16) << 4 | u16::from(flags)).to_be_bytes();
    let length = usize::from(flags & 7) + 1;
    let millis = (0xf000_0000 | (second as u32 * 1000 + 7) << 6 | u32::from(flags)).to_be_bytes();
    match random.below(150) {
        0 => (point.to_vec(), value(length - 1)),
        1 => (point.to_vec(), [vec![0; 4], value(4)].concat()),
        2 => (vec![point[0], point[1] ^ 2], value(length)),
        3 => (b"\xf0\0".to_vec(), value(1)),
        4 => (b"\x01\0\x07".to_vec(), b"{}".to_vec()),
        5 => (b"\x05\0\0".to_vec(), [&point[..], &value(length)].concat()),
        6..10 => (millis.to_vec(), value(length)),
        10..14 => {
            let flag = [value(length), value(length), vec![random.below(3) as u8]].concat();
            ([point, (u16::from_be_bytes(point) + 16).to_be_bytes()].concat(), flag)
        }
        14 => ([millis, millis].concat(), [value(2 * length), vec![0]].concat()),
        _ => (point.to_vec(), value(length)),
    }
}

/// A cell of a Result, mostly a put.
fn cell(random: &mut Random, row: &[u8], second: usize) -> Vec<u8> {
    let row = if random.below(150) == 0 { &row[..4] } else { row };
    let family = if random.below(150) == 0 { &b"u"[..] } else { b"t" };
    let (qualifier, value) = column(random, second);
    let kind = if random.below(150) == 0 { 8 } else { 4 };
    let (time, tags): (&[u8], &[u8]) = match random.below(150) {
        0 => (b"\x20\x05", b"\x3a\0"),
        1 => (b"\x20\x80\x80\x80\x80\x80\x80\x80\x80\x02", b""),
        2 => (b"\x20\xfb\xd0\x95\xff\xbc\x31", b"\x3a\x04\0\x02\x08\x05"),
        3 => (b"\x20\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f", b""),
        4..20 => (b"\x20\xfb\xd0\x95\xff\xbc\x31", b""),
        _ => (b"\x20\xfb\xd0\x95\xff\xbc\x31", b"\x3a\0"),
    };
    let fields = [field(1, row), field(2, family), field(3, &qualifier), time.to_vec()].concat();
    [fields, vec![5 << 3, kind], field(6, &value), tags.to_vec()].concat()
}

/// Records of some rows, mostly one each.
fn records(random: &mut Random) -> Vec<u8> {
    let mut file = Vec::new();
    let (mut hour, mut second) = (0, 0);
    for _ in 0..1 + random.below(8) {
        if random.below(5) > 0 {
            (hour, second) = (hour + 1, 0);
        }
        let base = [b"\0\0\x01", &(1_699_999_200 + 3600 * hour as u32).to_be_bytes()[..]].concat();
        let row = [base, b"\0\0\x02\0\0\x03".to_vec()].concat();
        let mut message = Vec::new();
        for _ in 0..random.below(7) {
            second += [0, 1, 1, 1, 1, 1, 2, 60][random.below(8)];
            message.extend(field(1, &cell(random, &row, second % 3700)));
        }
        match random.below(12) {
            0 => message.extend(b"\x10\x01"),
            1 => message.extend(b"\x10\0"),
            2..6 => message.extend(b"\x20\0\x28\0"),
            _ => {}
        }
        let value = &field(1, &message)[1..];
        let length = |length: usize| (length as u32).to_be_bytes();
        if random.below(4) == 0 {
            file.extend([&[0xff; 4], SYNC].concat());
        }
        let lengths = [row.len() + 4 + value.len(), row.len() + 4, row.len()].map(length).concat();
        file.extend([&lengths, &row[..], value].concat());
    }
    file
}

#[test]
fn rows_of_any_records_come_to_what_their_cells_come_to() {
    let head = [&b"SEQ\x06"[..], KEY, VALUE, &[0; 6], SYNC].concat();
    let (mut random, mut rows) = (Random(7), 0);
    for round in 0..3000 {
        let mut file = [&head[..], &records(&mut random)].concat();
        rows += check(&file, 1 << 20);
        check(&file, 200 + random.below(400));
        if round % 2 == 0 {
            let at = head.len() + random.below(file.len() - head.len());
            file[at] = random.below(256) as u8;
            check(&file, 1 << 20);
        }
    }
    assert!(rows > 1500, "{rows}");
}

#[test]
fn rows_of_the_real_tables_come_to_what_their_cells_come_to() {
    for name in ["main-none", "main-block-deflate", "main-record-deflate", "append-versions3"] {
        check(&file(&format!("seq/{name}/part-m-00000")), 1 << 20);
    }
    check(&file("seq/main-raw-deleted/part-m-00000.gz"), 1 << 20);
    check(&file("corrupted/seq/data-none/part-m-00000"), 1 << 20);
}
