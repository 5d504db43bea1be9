//! Hadoop's primitive encodings, taken off the front of a slice.
//!
//! | name | bytes |
//! | --- | --- |
//! | int | 4, big endian |
//! | VInt | 1: −112 to 127 is the number itself; −113 to −120, −121 to −128 tell the sign and that 1 to 8 bytes follow, big endian |
//! | Text | VInt of a length, UTF-8 |
//!
//! `None` stands for a slice that ends too early, which is then of no use.
//! Source: Hadoop 3.3.6 `io/WritableUtils.java`, `io/Text.java`.

/// Takes an int.
pub(in crate::hbase) fn int(bytes: &mut &[u8]) -> Option<i32> {
    let (int, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(i32::from_be_bytes(*int))
}

/// Takes an int that counts bytes or things; a negative one is as good as one that is too large.
pub(in crate::hbase) fn count(bytes: &mut &[u8]) -> Option<usize> {
    int(bytes).map(|int| usize::try_from(int).unwrap_or(usize::MAX))
}

/// Takes so many bytes.
pub(in crate::hbase) fn slice<'a>(bytes: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (slice, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(slice)
}

/// Takes a VInt.
pub(in crate::hbase) fn vint(bytes: &mut &[u8]) -> Option<i64> {
    let (first, mut rest) = bytes.split_first()?;
    let (more, is_negative) = match first.cast_signed() {
        first @ -112.. => {
            *bytes = rest;
            return Some(i64::from(first));
        }
        first @ -120..=-113 => (-112 - first, false),
        first => (-120 - first, true),
    };
    let magnitude = slice(&mut rest, usize::try_from(more).ok()?)?;
    *bytes = rest;
    let number = magnitude.iter().fold(0, |number, byte| number << 8 | i64::from(*byte));
    Some(if is_negative { !number } else { number })
}

/// Takes a VInt that counts bytes or things; a negative one is as good as one that is too large.
pub(in crate::hbase) fn vcount(bytes: &mut &[u8]) -> Option<usize> {
    vint(bytes).map(|number| usize::try_from(number).unwrap_or(usize::MAX))
}

/// Takes a text.
pub(in crate::hbase) fn text<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = vcount(bytes)?;
    slice(bytes, length)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `hbase-export.md` section 1.
    #[test]
    fn a_vint_is_read_as_hadoop_writes_it() {
        let samples: [(i64, &[u8]); 13] = [
            (0, b"\x00"),
            (127, b"\x7f"),
            (-1, b"\xff"),
            (-112, b"\x90"),
            (-113, b"\x87\x70"),
            (-128, b"\x87\x7f"),
            (128, b"\x8f\x80"),
            (255, b"\x8f\xff"),
            (256, b"\x8e\x01\x00"),
            (65_535, b"\x8e\xff\xff"),
            (65_536, b"\x8d\x01\x00\x00"),
            (1 << 31, b"\x8c\x80\x00\x00\x00"),
            (i64::MIN, b"\x80\x7f\xff\xff\xff\xff\xff\xff\xff"),
        ];
        for (number, bytes) in samples {
            assert_eq!(vint(&mut &bytes[..]), Some(number));
            for cut in 0..bytes.len() {
                assert_eq!(vint(&mut &bytes[..cut]), None, "{number}");
            }
        }
    }

    #[test]
    fn a_length_below_zero_is_never_there() {
        assert_eq!(text(&mut &b"\xffab"[..]), None);
        assert_eq!(text(&mut &b"\x02ab"[..]), Some(&b"ab"[..]));
        assert_eq!(count(&mut &b"\xff\xff\xff\xff"[..]), Some(usize::MAX));
    }
}
