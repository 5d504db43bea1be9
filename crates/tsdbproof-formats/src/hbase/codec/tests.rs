//! Every framing, sound and damaged. Samples in hex were packed by other programs.

use super::*;

const TEXT: &[u8] = b"tsdb tsdb tsdb tsdb tsdb tsdb";

/// Hadoop 3.3.6 wrote the first three (`hbase-export.md` section 5), Python's bz2 and gzip and
/// zstd 1.5.4 (with and without a checksum) the others.
const SAMPLES: [(Compression, &str, bool); 7] = [
    (Compression::Zlib, "789c2b294e495228c1410000a11e0aaf", true),
    (Compression::Snappy, "0000001d0000000a1d1074736462205e0500", false),
    (Compression::Lz4, "0000001d0000000f5f7473646220050000502074736462", false),
    (Compression::Bzip2, BZIP2, true),
    (Compression::Gzip, GZIP, true),
    (Compression::Zstd, ZSTD, true),
    (Compression::Zstd, ZSTD_UNCHECKED, false),
];
const BZIP2: &str = "425a6839314159265359d98d596a00000b9180400014000c00200030cd008a31c9e3068ca985dc914e14243663565a80";
const GZIP: &str = "1f8b08000000000002032b294e495228c14100009edca2ec1d000000";
const ZSTD: &str = "28b52ffd04585d00002874736462200100008b16d8773dbe";
const ZSTD_UNCHECKED: &str = "28b52ffd00585d00002874736462200100008b16";

fn bytes(hex: &str) -> Vec<u8> {
    let digits = hex.as_bytes().chunks(2).map(|pair| str::from_utf8(pair).unwrap());
    digits.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}

fn unpack(compression: Compression, packed: &[u8], limit: usize) -> Result<Vec<u8>, String> {
    let mut out = b"what was there before".to_vec();
    let mut unpacker = Unpacker::new(compression, &Limits::default());
    unpacker.unpack(packed, limit, &mut out).map(|()| out)
}

/// Puts a buffer into a block of Hadoop's.
fn block(size: usize, chunks: &[&[u8]]) -> Vec<u8> {
    let mut block = u32::try_from(size).unwrap().to_be_bytes().to_vec();
    for chunk in chunks {
        block.extend_from_slice(&u32::try_from(chunk.len()).unwrap().to_be_bytes());
        block.extend_from_slice(chunk);
    }
    block
}

#[test]
fn every_codec_unpacks_what_others_packed_and_says_whether_it_is_protected() {
    for (compression, hex, is_protected) in SAMPLES {
        let mut unpacker = Unpacker::new(compression, &Limits::default());
        let mut out = Vec::new();
        // A second buffer is unpacked as the first.
        for _ in 0..2 {
            unpacker.unpack(&bytes(hex), TEXT.len(), &mut out).unwrap();
            assert_eq!((out.as_slice(), unpacker.is_protected()), (TEXT, is_protected), "{hex}");
        }
    }
    assert_eq!(unpack(Compression::None, TEXT, TEXT.len()).unwrap(), TEXT);
}

#[test]
fn a_buffer_may_hold_several_streams() {
    for (compression, hex, _) in SAMPLES {
        let twice = bytes(hex).repeat(2);
        assert_eq!(unpack(compression, &twice, 58).unwrap(), TEXT.repeat(2), "{compression:?}");
    }
}

#[test]
fn zstd_in_blocks_of_hadoops_is_unpacked_too() {
    for (hex, is_protected) in [(ZSTD, true), (ZSTD_UNCHECKED, false)] {
        let packed = block(58, &[&bytes(hex), &bytes(hex)]);
        let mut unpacker = Unpacker::new(Compression::Zstd, &Limits::default());
        let mut out = Vec::new();
        unpacker.unpack(&packed, 58, &mut out).unwrap();
        assert_eq!((out, unpacker.is_protected()), (TEXT.repeat(2), is_protected));
    }
}

#[test]
fn a_block_may_have_many_chunks_and_an_empty_block_ends_a_buffer() {
    for (compression, hex) in
        [(Compression::Snappy, SAMPLES[1].1), (Compression::Lz4, SAMPLES[2].1)]
    {
        let sample = bytes(hex);
        let chunk = &sample[8..];
        let mut packed = block(87, &[chunk; 3]);
        packed.extend_from_slice(&block(29, &[chunk]));
        assert_eq!(unpack(compression, &packed, 116).unwrap(), TEXT.repeat(4));
        packed.extend_from_slice(&[0; 4]);
        assert_eq!(unpack(compression, &packed, 116).unwrap(), TEXT.repeat(4));
        packed.push(0);
        unpack(compression, &packed, 116).unwrap_err();
        assert_eq!(unpack(compression, &[], 116).unwrap(), b"");
        assert_eq!(unpack(compression, &[0; 4], 116).unwrap(), b"");
        unpack(compression, &block(88, &[chunk; 3]), 116).unwrap_err();
        unpack(compression, &block(86, &[chunk; 3]), 116).unwrap_err();
    }
}

#[test]
fn more_than_the_limit_is_an_error_and_takes_no_memory() {
    for (compression, hex, _) in SAMPLES {
        let found = unpack(compression, &bytes(hex), TEXT.len() - 1).unwrap_err();
        assert!(found.contains("more than 28 bytes"), "{compression:?}: {found}");
    }
    unpack(Compression::None, TEXT, TEXT.len() - 1).unwrap_err();
    // These 64 MiB are some 64 KiB of deflate data.
    let mut bomb = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::copy(&mut std::io::Read::take(std::io::repeat(0), 64 << 20), &mut bomb).unwrap();
    let mut out = Vec::new();
    let mut unpacker = Unpacker::new(Compression::Zlib, &Limits::default());
    unpacker.unpack(&bomb.finish().unwrap(), 1 << 20, &mut out).unwrap_err();
    assert!(out.capacity() < 3 << 20, "{}", out.capacity());
}

#[test]
fn a_size_that_lies_takes_no_memory() {
    let claims = block(1 << 30, &[&bytes("ffffffff03")]);
    for compression in [Compression::Snappy, Compression::Lz4, Compression::Zstd] {
        let mut out = Vec::new();
        let mut unpacker = Unpacker::new(compression, &Limits::default());
        unpacker.unpack(&claims, 1 << 30, &mut out).unwrap_err();
        assert!(out.capacity() < 1 << 20, "{compression:?}: {}", out.capacity());
    }
}

#[test]
fn a_cut_buffer_is_an_error() {
    for (compression, hex, _) in SAMPLES {
        let packed = bytes(hex);
        for cut in 0..packed.len() {
            let found = unpack(compression, &packed[..cut], 1 << 20);
            // No block at all holds nothing, as Hadoop has it.
            let is_empty = cut == 0 && found == Ok(Vec::new());
            assert!(is_empty || found.is_err(), "{compression:?} {cut}: {found:?}");
        }
    }
}

#[test]
fn a_flipped_bit_is_an_error_or_harmless_where_a_checksum_protects() {
    for (compression, hex, is_protected) in SAMPLES {
        let packed = bytes(hex);
        for bit in 0..packed.len() * 8 {
            let mut flipped = packed.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let Ok(found) = unpack(compression, &flipped, 1 << 20) else { continue };
            assert!(!is_protected || found == TEXT, "{compression:?} {bit}");
        }
    }
}

#[test]
fn a_class_is_known_by_its_last_name() {
    let of = |class| Compression::of_class(class);
    assert_eq!(of("org.apache.hadoop.io.compress.DefaultCodec"), Some(Compression::Zlib));
    assert_eq!(of("org.apache.hadoop.io.compress.ZStandardCodec"), Some(Compression::Zstd));
    assert_eq!(of("org.apache.hadoop.hbase.io.compress.zstd.ZstdCodec"), Some(Compression::Zstd));
    assert_eq!(of("com.hadoop.compression.lzo.LzoCodec"), None);
    assert_eq!(of("DefaultCodec"), None);
}
