//! Thrift's compact protocol, as far as it takes to find some numbers in a struct.
//!
//! Source: <https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md>.

/// How deep structs, lists and maps may stand in each other.
const DEPTH: usize = 16;

const BYTE: u8 = 3;
const NUMBERS: std::ops::RangeInclusive<u8> = 4..=6;
const DOUBLE: u8 = 7;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const SET: u8 = 10;
const MAP: u8 = 11;
/// A struct in a struct.
pub(super) const STRUCT: u8 = 12;

/// What is left of the bytes of a struct. `None` from any function: they are no such thing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Compact<'a> {
    rest: &'a [u8],
}

impl<'a> Compact<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Compact { rest: bytes }
    }

    pub(super) fn rest(self) -> &'a [u8] {
        self.rest
    }

    /// The number and the kind of the next field; the inner `None` at the end of the struct. `last`
    /// is the number of the field before, 0 at first.
    pub(super) fn field(&mut self, last: &mut i64) -> Option<Option<(i64, u8)>> {
        let header = self.byte()?;
        if header == 0 {
            return Some(None);
        }
        *last = match header >> 4 {
            0 => self.number()?,
            step => last.checked_add(step.into())?,
        };
        Some(Some((*last, header & 15)))
    }

    /// The number in a field of this kind; the inner `None` where it holds something else, which is
    /// passed over.
    pub(super) fn number_of(&mut self, kind: u8) -> Option<Option<i64>> {
        match NUMBERS.contains(&kind) {
            true => self.number().map(Some),
            false => self.pass(kind, 0).map(|()| None),
        }
    }

    /// Goes on behind a field of this kind.
    pub(super) fn pass(&mut self, kind: u8, depth: usize) -> Option<()> {
        let below = depth + 1;
        if below > DEPTH {
            return None;
        }
        match kind {
            // A field says by its kind whether it is true.
            1 | 2 => Some(()),
            BYTE => self.skip(1),
            _ if NUMBERS.contains(&kind) => self.number().map(drop),
            DOUBLE => self.skip(8),
            BINARY => {
                let length = self.varint()?;
                self.skip(length)
            }
            LIST | SET => {
                let header = self.byte()?;
                let count = if header >> 4 == 15 { self.varint()? } else { (header >> 4).into() };
                (0..count).try_for_each(|_| self.pass_item(header & 15, below))
            }
            MAP => {
                let count = self.varint()?;
                let kinds = if count == 0 { 0 } else { self.byte()? };
                (0..count).try_for_each(|_| {
                    self.pass_item(kinds >> 4, below)?;
                    self.pass_item(kinds & 15, below)
                })
            }
            STRUCT => {
                let mut last = 0;
                while let Some((_, kind)) = self.field(&mut last)? {
                    self.pass(kind, below)?;
                }
                Some(())
            }
            _ => None,
        }
    }

    /// In lists and maps a boolean takes a byte: no item takes none, so no count runs away.
    fn pass_item(&mut self, kind: u8, depth: usize) -> Option<()> {
        if matches!(kind, 1 | 2) { self.skip(1) } else { self.pass(kind, depth) }
    }

    fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*byte)
    }

    fn skip(&mut self, count: u64) -> Option<()> {
        self.rest = self.rest.get(usize::try_from(count).ok()?..)?;
        Some(())
    }

    fn varint(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    /// Signs stand in the lowest bit.
    fn number(&mut self) -> Option<i64> {
        self.varint().map(|number| (number >> 1) as i64 ^ -((number & 1) as i64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_every_kind_are_passed_over() {
        let bytes = [
            0x15, 0x02, // 1: i32 1
            0x11, 0x12, // 2: true, 3: false
            0x13, 0x7f, // 4: i8
            0x17, 0, 0, 0, 0, 0, 0, 0, 0, // 5: double
            0x18, 0x02, b'a', b'b', // 6: binary
            0x19, 0x21, 0x01, 0x02, // 7: list of two booleans
            0x1b, 0x01, 0x58, 0x02, 0x01, b'x', // 8: map of i32 to binary
            0x1c, 0x16, 0x03, 0x00, // 9: struct of i64 -2
            0x06, 0x64, 0xd0, 0x0f, // 50: i64 1000
            0x00, 0xee,
        ];
        let (mut compact, mut last, mut found) = (Compact::new(&bytes), 0, Vec::new());
        while let Some((id, kind)) = compact.field(&mut last).unwrap() {
            found.push((id, compact.number_of(kind).unwrap()));
        }
        let expected: Vec<_> = (1..=9).map(|id| (id, (id == 1).then_some(1))).collect();
        assert_eq!(found, [expected, vec![(50, Some(1000))]].concat());
        assert_eq!(compact.rest(), [0xee]);
    }

    #[test]
    fn what_runs_out_or_away_is_none() {
        let deep = [[0x1c; 40], [0; 40]].concat();
        let far = [&[0x18][..], &[0xff; 9], &[1]].concat();
        let many = [0x19, 0xf1, 0xff, 0xff, 0xff, 0xff, 0x7f, 1];
        let endless = [0x15; 12].map(|byte: u8| byte | 0x80);
        for bytes in [&[][..], &[0x15], &deep, &far, &many, &[0x1d, 0], &endless] {
            let mut compact = Compact::new(bytes);
            assert_eq!(compact.pass(STRUCT, 0), None, "{bytes:?}");
        }
    }
}
