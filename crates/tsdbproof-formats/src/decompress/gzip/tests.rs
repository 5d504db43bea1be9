//! gzip files made by flate2, whole, cut, flipped and with junk.

use std::io::Write as _;

use flate2::{Compression, GzBuilder, write::GzEncoder};
use tsdbproof_core::ProblemKind::{BadChecksum, BadFrame, Cut, StrayBytes};

use super::super::testing::{Unpacked, cuts, flips, lines, unpack};
use super::header::header_size;
use super::*;

fn pack(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("memory takes all");
    encoder.finish().expect("memory takes all")
}

/// A member with every optional field that there is.
fn pack_with_fields(bytes: &[u8]) -> Vec<u8> {
    let builder = GzBuilder::new().extra(b"BC\x02\x00\x1b\x00".to_vec());
    let mut encoder = builder.filename("march").comment("c").write(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("memory takes all");
    let mut member = encoder.finish().expect("memory takes all");
    member[3] |= 2;
    let size = header_size(&member, member[3]).expect("the header is whole") - 2;
    let mut crc = Crc::new();
    crc.update(&member[..size]);
    let crc = u16::try_from(crc.sum() & 0xffff).expect("16 bits");
    member.splice(size..size, crc.to_le_bytes());
    member
}

fn read(packed: &[u8]) -> Unpacked {
    unpack(Gzip::new(&Limits::default()), packed, 1 << 20)
}

/// Three members and padding, and what they hold.
fn small_file() -> (Vec<u8>, Vec<u8>) {
    let parts = [lines(9, 1), lines(0, 2), lines(12, 3)];
    let packed = [pack(&parts[0]), pack(&parts[1]), pack_with_fields(&parts[2])].concat();
    (packed, parts.concat())
}

#[test]
fn members_fields_and_padding_are_read() {
    let (mut packed, expected) = small_file();
    assert_eq!(read(&packed), Unpacked { bytes: expected.clone(), ..Default::default() });
    packed.extend([0; 700]);
    assert_eq!(read(&packed), Unpacked { bytes: expected, ..Default::default() });
    assert_eq!(read(&[]), Unpacked::default());
}

#[test]
fn pieces_of_any_size_give_the_same() {
    let mut packed = [pack(&lines(40_000, 4)), small_file().0].concat();
    let middle = packed.len() / 2;
    packed[middle] ^= 0xff;
    packed.extend([0, 0, 7]);
    let whole = read(&packed);
    assert_eq!(whole.kinds().last(), Some(&StrayBytes));
    for size in [1, 7, 4096, 65_537] {
        assert_eq!(unpack(Gzip::new(&Limits::default()), &packed, size), whole, "{size}");
    }
}

#[test]
fn a_file_longer_than_the_window_is_read() {
    let text: Vec<u8> = lines(200_000, 5);
    let stored = {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::none());
        encoder.write_all(&text).expect("memory takes all");
        encoder.finish().expect("memory takes all")
    };
    assert!(stored.len() > 4 << 20);
    let found = read(&[stored, pack(&text)].concat());
    assert_eq!(found, Unpacked { bytes: [text.clone(), text].concat(), ..Default::default() });
}

#[test]
fn a_cut_is_reported_with_its_place_wherever_it_is() {
    let (packed, expected) = small_file();
    let (first, second) = (pack(&lines(9, 1)).len(), pack(&[]).len());
    for cut in cuts(&packed) {
        let found = read(cut);
        assert!(expected.starts_with(&found.bytes));
        if [0, first, first + second].contains(&cut.len()) {
            assert_eq!(found.problems, [], "between members no cut can be seen");
            continue;
        }
        assert_eq!(found.kinds(), [Cut], "{}", found.texts());
        let place = format!("gap cut: packed byte {}: gzip member that began at", cut.len());
        assert!(found.texts().starts_with(&place), "{}", found.texts());
    }
}

#[test]
fn the_parts_of_a_cut_member_are_named() {
    let packed = pack(b"abc");
    let text = |cut: usize| read(&packed[..cut]).texts();
    assert_eq!(
        text(5),
        "gap cut: packed byte 5: gzip member that began at packed byte 0 is cut: the file ends in its header; no unpacked bytes came from it unchecked\n"
    );
    assert!(text(12).contains("the file ends in its data"), "{}", text(12));
    let end = packed.len() - 1;
    assert!(
        text(end).ends_with("in its checksum; unpacked bytes 0 to 2 came from it unchecked\n"),
        "{}",
        text(end)
    );
}

#[test]
fn a_flipped_byte_never_changes_data_in_silence() {
    let (packed, expected) = small_file();
    for (at, flipped) in flips(&packed) {
        let found = read(&flipped);
        assert_eq!(found.error, None);
        assert!(found.bytes == expected || !found.problems.is_empty(), "{at}");
        let pieces = unpack(Gzip::new(&Limits::default()), &flipped, 1);
        assert_eq!(pieces, found, "{at}");
    }
}

#[test]
fn a_wrong_checksum_costs_no_member() {
    let (mut packed, expected) = small_file();
    let first = pack(&lines(9, 1)).len();
    packed[first - 8] ^= 1;
    let found = read(&packed);
    assert_eq!((&found.bytes, found.kinds()), (&expected, vec![BadChecksum]));
    assert!(!found.problems[0].is_gap);
    let doubt = format!("unpacked bytes 0 to {} may be wrong\n", lines(9, 1).len() - 1);
    assert!(found.texts().ends_with(&doubt), "{}", found.texts());
    packed[first - 8] ^= 1;
    packed[first - 1] ^= 1;
    let text = read(&packed).texts();
    assert!(text.contains("packed byte 0: gzip member with a wrong length; found"), "{text}");
}

#[test]
fn reading_goes_on_behind_a_broken_member() {
    let (first, last) = (pack(&lines(200, 6)), lines(20, 7));
    let mut packed = [first.clone(), pack(&last)].concat();
    // Block type 3 is none.
    packed[10] |= 6;
    let found = read(&packed);
    assert_eq!(found.bytes, last);
    assert_eq!(
        found.texts(),
        format!(
            "gap bad-frame: packed byte 0: gzip member broken at packed byte 11: invalid block type; no unpacked bytes came from it unchecked; {} packed bytes passed over, reading goes on at the gzip member at packed byte {}\n",
            first.len() - 11,
            first.len(),
        )
    );
    packed.truncate(first.len());
    let passed = format!("{} packed bytes passed over, up to the end", first.len() - 11);
    assert!(read(&packed).texts().contains(&passed), "{}", read(&packed).texts());
}

#[test]
fn a_short_member_behind_a_broken_one_is_not_lost() {
    // Without its end-of-block code the inflater runs on into the next member.
    let (first, last) = (pack(&lines(50, 8)), lines(3, 9));
    let mut packed = first.clone();
    packed.drain(first.len() - 14..);
    packed.extend(pack(&last));
    let found = read(&packed);
    assert!(found.bytes.ends_with(&last), "{}", found.texts());
    assert!(!found.problems.is_empty());
}

#[test]
fn stray_bytes_are_counted_and_passed_over() {
    let (one, two) = (lines(5, 1), lines(6, 2));
    let stray = b"\x1fjunk \x1f\x8b\x08\xff more junk";
    let first = pack(&one);
    let found = read(&[&first[..], stray, &pack(&two)].concat());
    assert_eq!(found.bytes, [&one[..], &two].concat());
    assert_eq!(
        found.texts(),
        format!(
            "gap stray-bytes: packed byte {}: bytes that belong to no gzip member; {} packed bytes passed over, reading goes on at the gzip member at packed byte {}\n",
            first.len(),
            stray.len(),
            first.len() + stray.len(),
        )
    );
    let found = read(&[&first[..], &[0; 512], &first].concat());
    assert_eq!((found.bytes, found.problems.len()), ([&one[..], &one].concat(), 1));
    let found = read(&[&first[..], &[0; 5], b"x"].concat());
    assert_eq!((&found.bytes, found.problems.len()), (&one, 1));
    assert!(found.texts().contains("6 packed bytes passed over, up to the end"));
}

#[test]
fn a_header_that_cannot_be_is_told() {
    let mut packed = pack(b"abc");
    packed[2] = 7;
    let text = read(&packed).texts();
    assert!(text.contains("found method 7, expected 8 (deflate)"), "{text}");
    let mut endless = vec![0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3];
    endless.resize(3 << 20, b'n');
    let found = read(&endless);
    assert_eq!(found.kinds(), [BadFrame]);
    assert!(found.texts().contains("found no end within 131072 bytes"), "{}", found.texts());
    let mut packed = pack_with_fields(b"abc");
    packed[4] ^= 1;
    let found = read(&packed);
    assert_eq!((&found.bytes[..], found.kinds()), (&b"abc"[..], vec![BadChecksum]));
}

#[test]
fn headers_without_an_end_take_linear_time() {
    let endless = [0x1f, 0x8b, 8, 8, 1, 1, 1, 1, 2, 3].repeat(400_000);
    let found = read(&endless);
    assert_eq!(found.kinds()[0], BadFrame);
    assert!((1..1_000).contains(&found.problems.len()), "{}", found.problems.len());
}
