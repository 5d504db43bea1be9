//! zstd files made by the C library, whole, cut, flipped and with junk; read by both decoders.

use std::io::Write as _;

use tsdbproof_core::ProblemKind::{BadChecksum, BadFrame, Cut, StrayBytes};
use zstd::stream::write::Encoder;

use super::super::testing::{Unpacked, cuts, flips, lines, unpack};
use super::*;

const SKIPPABLE: &[u8] = b"\x5a\x2a\x4d\x18\x05\x00\x00\x00hello";

/// A frame with a checksum, its length told as `zstd FILE` or left open as `zstd < PIPE`.
fn pack(bytes: &[u8], is_length_told: bool) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::new(), 3).expect("level 3 is one");
    encoder.include_checksum(true).expect("before the first byte");
    if is_length_told {
        let length = Some(bytes.len() as u64);
        encoder.set_pledged_src_size(length).expect("before the first byte");
    }
    encoder.write_all(bytes).expect("memory takes all");
    encoder.finish().expect("memory takes all")
}

fn by<D: BlockDecoder>(packed: &[u8], piece_size: usize) -> Unpacked {
    unpack(Walked::<Frames<D>>::new(&Limits::default()), packed, piece_size)
}

/// What both decoders make of it.
fn read(packed: &[u8]) -> Unpacked {
    let found = by::<libzstd::LibZstd>(packed, 1 << 20);
    assert_eq!(by::<portable::Portable>(packed, 1 << 20), found);
    found
}

/// Frames of all kinds, and what they hold.
fn small_file() -> (Vec<u8>, Vec<u8>) {
    let parts = [lines(9, 1), lines(0, 2), vec![b'n'; 3000], lines(12, 3)];
    let packed = [
        SKIPPABLE,
        &pack(&parts[0], true),
        &pack(&parts[1], false),
        SKIPPABLE,
        &pack(&parts[2], false),
        &pack(&parts[3], false),
        SKIPPABLE,
    ];
    (packed.concat(), parts.concat())
}

#[test]
fn frames_and_skippable_frames_are_read() {
    let (packed, expected) = small_file();
    assert_eq!(read(&packed), Unpacked { bytes: expected, ..Default::default() });
    assert_eq!(read(&[]), Unpacked::default());
    let plain = zstd::encode_all(&b"no checksum"[..], 1).expect("memory takes all");
    let expected = Unpacked { bytes: b"no checksum".to_vec(), ..Default::default() };
    assert_eq!(read(&plain), expected);
}

#[test]
fn frames_longer_than_their_window_are_read() {
    let text = lines(120_000, 5);
    let small_window = {
        let mut encoder = Encoder::new(Vec::new(), 1).expect("level 1 is one");
        encoder.window_log(12).expect("before the first byte");
        encoder.include_checksum(true).expect("before the first byte");
        encoder.write_all(&text).expect("memory takes all");
        encoder.finish().expect("memory takes all")
    };
    let found = read(&[small_window, pack(&text, true), pack(&text, false)].concat());
    let expected = [text.clone(), text.clone(), text].concat();
    assert_eq!(found, Unpacked { bytes: expected, ..Default::default() });
}

#[test]
fn pieces_of_any_size_give_the_same() {
    let mut packed = [pack(&lines(40_000, 4), true), small_file().0].concat();
    let middle = packed.len() / 2;
    packed[middle] ^= 0xff;
    packed.extend(b"(junk");
    let whole = read(&packed);
    assert!(whole.kinds().ends_with(&[StrayBytes]), "{}", whole.texts());
    for size in [1, 7, 4096, 131_072] {
        assert_eq!(by::<libzstd::LibZstd>(&packed, size), whole, "{size}");
        assert_eq!(by::<portable::Portable>(&packed, size), whole, "{size}");
    }
}

#[test]
fn a_cut_is_reported_with_its_place_wherever_it_is() {
    let (packed, expected) = small_file();
    let mut unseen = 0;
    for cut in cuts(&packed) {
        let found = read(cut);
        assert!(expected.starts_with(&found.bytes));
        if found.problems.is_empty() {
            unseen += 1;
            continue;
        }
        assert_eq!(found.kinds(), [Cut], "{}", found.texts());
        let place = format!("gap cut: packed byte {}: ", cut.len());
        assert!(found.texts().starts_with(&place), "{}", found.texts());
    }
    assert_eq!(unseen, 7, "cuts between frames, which can't be seen");
}

/// The places inside of compressed blocks, where the decoders alone judge.
fn is_in_block(packed: &[u8]) -> Vec<bool> {
    let mut marks = vec![false; packed.len()];
    let mut at = 0;
    loop {
        match frame::start(&packed[at..]) {
            Start::Nothing => return marks,
            Start::Skippable { length } => at += usize::try_from(length).expect("small"),
            Start::Frame(header) => {
                at += header.size;
                while {
                    let block = BlockHeader::read(&packed[at..]).expect("a block follows");
                    let end = at + BlockHeader::SIZE + block.packed_size();
                    let is_compressed = block.block_type == BlockType::Compressed;
                    marks[at + BlockHeader::SIZE..end].fill(is_compressed);
                    at = end;
                    !block.is_last
                } {}
                at += 4;
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_flipped_byte_never_changes_data_in_silence() {
    let (packed, expected) = small_file();
    let is_in_block = is_in_block(&packed);
    for (at, flipped) in flips(&packed) {
        let found = by::<libzstd::LibZstd>(&flipped, 1 << 20);
        let portable = by::<portable::Portable>(&flipped, 1 << 20);
        for found in [&found, &portable] {
            let is_seen = !found.problems.is_empty() || found.error.is_some();
            assert!(found.bytes == expected || is_seen, "{at}: {}", found.texts());
        }
        // The C library lets some broken bit streams pass that ruzstd refuses, and a few the
        // other way round. The checksum catches them, with another kind.
        assert!(is_in_block[at] || portable == found, "{at}: {}", found.texts());
        assert_eq!(by::<libzstd::LibZstd>(&flipped, 1), found, "{at}");
        assert_eq!(by::<portable::Portable>(&flipped, 1), portable, "{at}");
    }
}

#[test]
fn a_wrong_checksum_costs_no_frame() {
    let (mut packed, expected) = small_file();
    let end = SKIPPABLE.len() + pack(&lines(9, 1), true).len();
    packed[end - 1] ^= 1;
    let found = read(&packed);
    assert_eq!((&found.bytes, found.kinds()), (&expected, vec![BadChecksum]));
    assert!(!found.problems[0].is_gap);
    let text = found.texts();
    assert!(
        text.starts_with(
            "problem bad-checksum: packed byte 13: zstd frame with a wrong checksum; found "
        ),
        "{text}"
    );
    let doubt = format!("unpacked bytes 0 to {} may be wrong\n", lines(9, 1).len() - 1);
    assert!(text.ends_with(&doubt), "{text}");
}

#[test]
fn reading_goes_on_behind_a_broken_frame() {
    let (first, last) = (pack(&lines(9_000, 6), true), lines(20, 7));
    let mut packed = [&first[..], SKIPPABLE, &pack(&last, true)].concat();
    let header = match frame::start(&packed) {
        Start::Frame(header) => header.size,
        other => panic!("{other:?}"),
    };
    let block = BlockHeader::read(&packed[header..]).expect("a block follows");
    let second = header + 3 + block.packed_size();
    packed[second] |= 6;
    let found = read(&packed);
    assert!(found.bytes.ends_with(&last));
    assert_eq!(found.bytes.len(), BLOCK_BYTES_IN_TESTS + last.len());
    assert_eq!(
        found.texts(),
        format!(
            "gap bad-frame: packed byte 0: zstd frame broken at packed byte {second}: found a block of a reserved type; unpacked bytes 0 to 131071 came from it unchecked; {} packed bytes passed over, reading goes on at the zstd frame at packed byte {}\n",
            first.len() + SKIPPABLE.len() - second,
            first.len() + SKIPPABLE.len(),
        )
    );
}

const BLOCK_BYTES_IN_TESTS: usize = 131_072;

#[test]
fn a_block_that_claims_too_much_does_not_hide_the_next_frame() {
    let (first, last) = (pack(&lines(200, 6), false), lines(20, 7));
    let mut packed = [&first[..], &pack(&last, true)].concat();
    let block = BlockHeader::read(&packed[6..]).expect("a block follows");
    let grown = block.size + 40;
    packed[6..9].copy_from_slice(&((grown << 3) | 5).to_le_bytes()[..3]);
    let found = read(&packed);
    assert_eq!((found.bytes, found.problems.len()), (last, 1));
}

#[test]
fn stray_bytes_are_counted_and_passed_over() {
    let (one, two) = (lines(5, 1), lines(6, 2));
    let (first, last) = (pack(&one, true), pack(&two, true));
    let stray = b"\x28\xb5\x2f\xfd\xff junk";
    let found = read(&[&first[..], &stray[..3], &stray[..], &last].concat());
    assert_eq!(found.bytes, [&one[..], &two].concat());
    assert_eq!(found.kinds(), [StrayBytes]);
    let passed = format!("; {} packed bytes passed over, reading goes on", stray.len() + 3);
    assert!(found.texts().contains(&passed), "{}", found.texts());
    let found = read(&[&first[..], b"\0\0\0"].concat());
    assert!(found.texts().ends_with("; 3 packed bytes passed over, up to the end of the file\n"));
}

#[test]
fn a_length_that_the_header_denies_is_told() {
    let text = lines(9, 1);
    let mut packed = [pack(&text, true), pack(b"next", true)].concat();
    // Descriptor: single segment, a length of two bytes, which stands at byte 5.
    assert_eq!(packed[4] & 0xe0, 0x60);
    packed[5] += 1;
    let found = read(&packed);
    assert_eq!((found.kinds(), found.bytes.len()), (vec![BadFrame], text.len() + 4));
    assert!(found.texts().contains("zstd frame with a wrong length; found"));
    packed[5] -= 2;
    let found = read(&packed);
    assert_eq!((found.kinds(), &found.bytes[..]), (vec![BadFrame], &b"next"[..]));
    assert!(found.texts().contains("that its header tells of"), "{}", found.texts());
}

#[test]
fn a_window_beyond_the_limit_is_an_error_that_names_it() {
    let mut packed = vec![0x28, 0xb5, 0x2f, 0xfd, 0, 18 << 3, 1, 0, 0];
    let text = read(&packed).texts();
    assert!(
        text.starts_with("packed byte 0: zstd frame needs a window of 268435456 bytes; the window limit is 134217728"),
        "{text}"
    );
    packed[5] = 0xff;
    assert_eq!(read(&packed).kinds(), [BadFrame], "no zstd writes such a window");
}

#[test]
fn a_dictionary_is_told() {
    let packed = [0x28, 0xb5, 0x2f, 0xfd, 1, 0, 9, 1, 0, 0];
    let found = read(&[&packed[..], &pack(b"next", true)].concat());
    assert_eq!((found.kinds(), &found.bytes[..]), (vec![BadFrame], &b"next"[..]));
    assert!(found.texts().contains("it needs dictionary 9"), "{}", found.texts());
}

#[test]
fn heads_of_frames_without_bodies_take_linear_time() {
    let mut candidate = vec![0x28, 0xb5, 0x2f, 0xfd, 0, 0x48, 0x04, 0, 0x10];
    candidate.extend([0x0c, 0, 0x10]);
    let packed = candidate.repeat(100_000);
    let found = by::<libzstd::LibZstd>(&packed, 4096);
    assert!(!found.problems.is_empty());
}
