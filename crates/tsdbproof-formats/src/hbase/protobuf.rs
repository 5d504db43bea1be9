//! Protocol buffers as they stand on the wire: a message is fields, one behind the other.
//!
//! | bytes | part of a field |
//! | --- | --- |
//! | varint | number of the field << 3 \| wire type |
//! | varint, 8, varint + n, 4 | value of wire type 0, 1, 2, 5; fixed ones are little endian |
//!
//! A message has no length and no checksum of its own; fields come in any order, and whoever reads
//! passes over numbers that it does not know. Wire types 3 and 4 (groups) stand in no message of
//! HBase's. Source: protobuf.dev, "Encoding".

/// A value of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    /// An integer, a boolean or an enum's number.
    Varint(u64),
    /// Eight bytes.
    Fixed64(u64),
    /// Bytes, text or a message.
    Bytes(&'a [u8]),
    /// Four bytes.
    Fixed32(u32),
}

impl<'a> Value<'a> {
    /// The bytes, if it is some.
    pub(crate) fn bytes(self) -> Option<&'a [u8]> {
        match self {
            Value::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The integer, if it is a varint.
    pub(crate) fn varint(self) -> Option<u64> {
        match self {
            Value::Varint(number) => Some(number),
            _ => None,
        }
    }
}

/// A field of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Field<'a> {
    pub(crate) number: u64,
    pub(crate) value: Value<'a>,
}

/// Bytes that are no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed {
    /// The first byte, from the message's start, of the field that can't be read.
    pub(crate) at: usize,
}

/// The fields of a message, in the order of its bytes. Ends behind the first that is malformed.
#[derive(Debug, Clone)]
pub(crate) struct Fields<'a> {
    rest: &'a [u8],
    at: usize,
}

impl<'a> Fields<'a> {
    /// The fields of a message, given without its length.
    pub(crate) fn of(message: &'a [u8]) -> Self {
        Fields { rest: message, at: 0 }
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<Field<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let before = self.rest.len();
        let Some(field) = field(&mut self.rest) else {
            self.rest = &[];
            return Some(Err(Malformed { at: self.at }));
        };
        self.at += before - self.rest.len();
        Some(Ok(field))
    }
}

fn field<'a>(rest: &mut &'a [u8]) -> Option<Field<'a>> {
    let key = varint(rest)?;
    let value = match key & 7 {
        0 => Value::Varint(varint(rest)?),
        1 => Value::Fixed64(u64::from_le_bytes(array(rest)?)),
        2 => Value::Bytes(delimited(rest)?),
        5 => Value::Fixed32(u32::from_le_bytes(array(rest)?)),
        _ => return None,
    };
    // No field has number 0: such bytes are zeros that something else left.
    (key >> 3 > 0).then_some(Field { number: key >> 3, value })
}

/// Takes a varint off the front: groups of seven bits, the lowest first. `None` if the bytes end in
/// it or it has more than 64 bits; `bytes` is then of no use.
pub(crate) fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        let bits = u64::from(byte & 0x7f);
        if bits << shift >> shift != bits {
            return None;
        }
        number |= bits << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

/// Takes a varint and as many bytes off the front. `None` if there are fewer.
pub(crate) fn delimited<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::try_from(varint(bytes)?).ok()?;
    let (taken, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(taken)
}

fn array<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, rest) = bytes.split_first_chunk::<N>()?;
    *bytes = rest;
    Some(*taken)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The example of `hbase-export.md` section 6, without tags: a cell of a Result.
    pub(crate) const CELL: [u8; 36] =
        *b"\x0a\x0d\x00\x00\x01\x56\xa9\xf5\x00\x00\x00\x01\x00\x00\x01\
        \x12\x01t\x1a\x02\x00\x00\x20\xfb\xd0\x95\xff\xbc\x31\x28\x04\x32\x01\x2a\x3a\x00";

    #[test]
    fn a_cell_is_read_field_by_field() {
        let fields: Vec<_> = Fields::of(&CELL).map(|field| field.unwrap()).collect();
        let numbers: Vec<_> = fields.iter().map(|field| field.number).collect();
        assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(fields[1].value, Value::Bytes(b"t"));
        assert_eq!(fields[3].value.varint(), Some(1_700_000_000_123));
        assert_eq!(fields[6].value.bytes(), Some(&[][..]));
    }

    #[test]
    fn every_wire_type_is_passed_over_and_a_group_is_malformed() {
        let message = b"\x09\x01\0\0\0\0\0\0\0\x15\x02\0\0\0\x80\x01\x05\x1b";
        let fields: Vec<_> = Fields::of(message).collect();
        let [Ok(eight), Ok(four), Ok(far), Err(wrong)] = fields.as_slice() else {
            panic!("{fields:?}")
        };
        assert_eq!((eight.value, four.value), (Value::Fixed64(1), Value::Fixed32(2)));
        assert_eq!((far.number, far.value), (16, Value::Varint(5)));
        assert_eq!(*wrong, Malformed { at: 17 });
    }

    #[test]
    fn a_cut_message_is_whole_fields_or_malformed() {
        let ends = [0, 15, 18, 22, 29, 31, 34, 36];
        for cut in 0..CELL.len() {
            let is_sound = Fields::of(&CELL[..cut]).all(|field| field.is_ok());
            assert_eq!(is_sound, ends.contains(&cut), "{cut}");
        }
    }

    #[test]
    fn a_varint_has_64_bits_and_ends() {
        assert_eq!(varint(&mut &[0xff; 9][..]), None);
        let most = b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01";
        assert_eq!(varint(&mut &most[..]), Some(u64::MAX));
        assert_eq!(varint(&mut &b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"[..]), None);
        assert_eq!(delimited(&mut &b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01a"[..]), None);
    }
}
