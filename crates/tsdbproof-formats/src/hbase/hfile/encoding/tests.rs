//! The four cells of `hbase-hfile-snapshot.md` section 6, as HBase's encoders wrote them.

use super::*;

const BOTH: Behind = Behind { tags: TagForm::Plain, mvcc: true };

/// Bytes of hex digits; blanks count for nothing.
fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let byte = |pair: &[u8]| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

/// The encodings with a block of each, without its id.
fn blocks() -> Vec<(Encoding, Vec<u8>)> {
    const R1: &str = "00000156a9f500000001000001";
    const R2: &str = "00000156a9f510000001000001";
    let key = |row: &str, qualifier: &str, time: &str| {
        format!("000d {row} 01 74 {qualifier} 0000018bcfe568{time} 04")
    };
    let (k1, k4) = (key(R1, "0000", "7b"), key(R2, "0000", "7d"));
    let (k2, k3) = (key(R1, "00a0", "7c"), key(R1, "0143", "7d"));
    let plain = format!(
        "0000001c 00000001 {k1} 2a 0000 07 0000001c 00000001 {k2} 2b 0000 08
         0000001c 00000004 {k3} 7fffffff 0000 09 0000001c 00000004 {k4} 7fffffff 0000 0a"
    );
    let prefix = format!(
        "000000a6 1c 01 00 {k1} 2a 00 07 0a 01 12 a0 0000018bcfe5687c 04 2b 00 08
         0b 04 11 0143 0000018bcfe5687d 04 7fffffff 00 09
         14 04 08 10000001000001 01 74 0000 0000018bcfe5687d 04 7fffffff 00 0a"
    );
    let diff = format!(
        "000000a6 01 74 50 1c 01 00 000d {R1} 0000 7b68e5cf8b01 04 2a 00 07
         8f 12 a0 01 2b 00 08 8d 04 11 0143 01 7fffffff 00 09
         0f 08 10000001000001 0000 00 7fffffff 00 0a"
    );
    let fast_diff = format!(
        "000000a6 00 1c 01 00 {k1} 2a 00 07 3f 12 a0 7c 2b 00 08
         2f 04 11 0143 7d 7fffffff 00 09 7f 08 10000001000001 0000 7d 00 0a"
    );
    let row_index = format!("{plain} 00000002 00000000 0000007b 000000a6");
    vec![
        (Encoding::None, hex(&plain)),
        (Encoding::Prefix, hex(&prefix)),
        (Encoding::Diff, hex(&diff)),
        (Encoding::FastDiff, hex(&fast_diff)),
        (Encoding::RowIndexV1, hex(&row_index)),
    ]
}

type Told = (Vec<u8>, Vec<u8>, Vec<u8>, i64, u8, Vec<u8>, i64);

fn read(encoding: Encoding, bytes: &[u8], behind: Behind) -> (Vec<Told>, Result<(), Fault>) {
    let mut cells = Vec::new();
    let read = decode(encoding, bytes, behind, &mut |cell| {
        let Column { row, family, qualifier } = cell.column;
        let (row, family, qualifier) = (row.to_vec(), family.to_vec(), qualifier.to_vec());
        let (value, mvcc) = (cell.value.to_vec(), cell.mvcc);
        cells.push((row, family, qualifier, cell.timestamp_ms, cell.kind, value, mvcc));
    });
    (cells, read)
}

fn expected() -> Vec<Told> {
    let cell = |row: &str, qualifier: &str, time: i64, value: &str, mvcc| {
        (hex(row), b"t".to_vec(), hex(qualifier), 1_700_000_000_000 + time, 4, hex(value), mvcc)
    };
    let (r1, r2) = ("00000156a9f500000001000001", "00000156a9f510000001000001");
    vec![
        cell(r1, "0000", 123, "2a", 7),
        cell(r1, "00a0", 124, "2b", 8),
        cell(r1, "0143", 125, "7fffffff", 9),
        cell(r2, "0000", 125, "7fffffff", 10),
    ]
}

#[test]
fn every_encoding_gives_the_cells_that_were_written() {
    for (encoding, bytes) in blocks() {
        assert_eq!(read(encoding, &bytes, BOTH), (expected(), Ok(())), "{}", encoding.name());
    }
}

#[test]
fn a_block_that_is_cut_anywhere_gives_whole_cells_and_a_fault() {
    for (encoding, bytes) in blocks() {
        for cut in 0..bytes.len() {
            let (cells, fault) = read(encoding, &bytes[..cut], BOTH);
            assert!(expected().starts_with(&cells), "{} {cut}", encoding.name());
            // Plain cells have no size that tells how many they are.
            let is_whole = encoding == Encoding::None && fault.is_ok();
            assert!(fault.is_err() || is_whole, "{} {cut}", encoding.name());
        }
    }
}

#[test]
fn changed_bytes_never_panic() {
    for (encoding, mut bytes) in blocks() {
        for at in 0..bytes.len() {
            for change in 1..=255 {
                bytes[at] ^= change;
                let _ = read(encoding, &bytes, BOTH);
                bytes[at] ^= change;
            }
        }
    }
}
