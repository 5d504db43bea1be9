//! Whether rows name the same series, without a look at what they name.

use super::{Array, Kind, VIEW_BYTES};

impl Array {
    /// Whether two rows surely have the same text, label or tags. What can't be read is not the same.
    pub(in crate::tables) fn is_same(&self, one: usize, other: usize) -> bool {
        self.are_same(one, other, 1)
    }

    /// The same of so many rows, from two rows on.
    fn are_same(&self, one: usize, other: usize, count: usize) -> bool {
        let end = one.max(other).checked_add(count);
        if end.is_none_or(|end| end > self.length) {
            return false;
        }
        if self.validity.is_some() {
            // Nulls are rare among names; a row with one is looked at in full.
            let is_valid = |row: usize| self.is_valid(one + row) && self.is_valid(other + row);
            if !(0..count).all(is_valid) {
                return false;
            }
        }
        match &self.kind {
            Kind::Text(bytes) => self.are_same_texts(*bytes, one, other, count),
            // Short text stands in the view; the same view is the same text in any case.
            Kind::Views => self.are_same_bytes(VIEW_BYTES, one, other, count),
            Kind::Integer(integer) | Kind::Dictionary(integer) => {
                self.are_same_bytes(integer.bytes, one, other, count)
            }
            Kind::Struct(_) => self.children.iter().all(|it| it.are_same(one, other, count)),
            Kind::Map(bytes) => {
                (0..count).all(|row| self.is_same_map(*bytes, one + row, other + row))
            }
            _ => false,
        }
    }

    fn are_same_bytes(&self, bytes: usize, one: usize, other: usize, count: usize) -> bool {
        let of = |row: usize| {
            let start = row.checked_mul(bytes)?;
            self.buffer(0).get(start..start.checked_add(count.checked_mul(bytes)?)?)
        };
        of(one).is_some_and(|found| of(other) == Some(found))
    }

    /// Texts that lie one behind the other are compared at once, if each is as long as its match.
    fn are_same_texts(&self, bytes: usize, one: usize, other: usize, count: usize) -> bool {
        let ends = |row: usize| Some((self.offset(bytes, row)?, self.offset(bytes, row + count)?));
        let (Some(one_ends), Some(other_ends)) = (ends(one), ends(other)) else { return false };
        let text = |(start, end): (usize, usize)| self.buffer(1).get(start..end);
        let are_same = text(one_ends).is_some_and(|found| text(other_ends) == Some(found));
        are_same
            && (1..count).all(|row| {
                let from = |first: usize, start: usize| {
                    self.offset(bytes, first + row).and_then(|offset| offset.checked_sub(start))
                };
                let length = from(one, one_ends.0);
                length.is_some() && length == from(other, other_ends.0)
            })
    }

    fn is_same_map(&self, bytes: usize, one: usize, other: usize) -> bool {
        match (self.map_range(bytes, one), self.map_range(bytes, other)) {
            (Ok(one), Ok(other)) if one.len() == other.len() => {
                let mut sides = self.children.iter().flat_map(|entries| &entries.children);
                sides.all(|side| side.are_same(one.start, other.start, one.len()))
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Bits, Integer};
    use super::*;

    fn array(kind: Kind, length: usize, buffers: &[&[u8]], children: Vec<Array>) -> Array {
        let buffers = buffers.iter().map(|bytes| (*bytes).into()).collect();
        Array { kind, length, validity: None, buffers, children, dictionary: None }
    }

    fn texts(words: &[&str]) -> Array {
        let ends = words.iter().scan(0, |end, word| {
            *end += word.len() as i32;
            Some(*end)
        });
        let offsets: Vec<u8> = std::iter::once(0).chain(ends).flat_map(i32::to_le_bytes).collect();
        array(Kind::Text(4), words.len(), &[&offsets, words.concat().as_bytes()], Vec::new())
    }

    #[test]
    fn texts_are_the_same_word_by_word() {
        let texts = texts(&["ab", "c", "a", "bc", "ab", "c"]);
        assert!(texts.is_same(0, 4) && !texts.is_same(0, 2));
        assert!(texts.are_same(0, 4, 2));
        // The same letters, cut elsewhere.
        assert!(!texts.are_same(0, 2, 2));
        assert!(!texts.are_same(0, 5, 2));
        assert!(!texts.is_same(0, 6));
    }

    #[test]
    fn a_null_or_a_broken_offset_is_not_the_same() {
        let mut nulls = texts(&["a", "a", "a"]);
        nulls.validity = Some(Bits { buffer: [0b101].as_slice().into(), first: 0 });
        assert!(nulls.is_same(0, 2) && !nulls.is_same(0, 1) && !nulls.is_same(1, 1));
        let offsets = [0, 1, 9].map(i32::to_le_bytes).concat();
        let broken = array(Kind::Text(4), 2, &[&offsets, b"aa"], Vec::new());
        assert!(!broken.is_same(0, 1) && !broken.is_same(1, 1));
    }

    #[test]
    fn maps_are_the_same_by_their_entries() {
        let map = |keys: &[&str], values: &[&str], ends: &[i32]| {
            let names: [String; 2] = ["key".to_owned(), "value".to_owned()];
            let parts = vec![texts(keys), texts(values)];
            let entries = array(Kind::Struct(names.into()), keys.len(), &[], parts);
            let offsets: Vec<u8> = ends.iter().flat_map(|end| end.to_le_bytes()).collect();
            array(Kind::Map(4), ends.len() - 1, &[&offsets], vec![entries])
        };
        let tags =
            map(&["a", "b", "a", "b", "a", "b"], &["1", "2", "1", "2", "12", ""], &[0, 2, 4, 6]);
        assert!(tags.is_same(0, 1) && !tags.is_same(0, 2));
        let counts = map(&["a", "a", "b"], &["1", "1", "2"], &[0, 1, 3]);
        assert!(!counts.is_same(0, 1));
    }

    #[test]
    fn numbers_and_indices_are_the_same_by_their_bytes() {
        let integer = Integer { bytes: 2, is_signed: true };
        let numbers = [1i16, 257, 1].map(i16::to_le_bytes).concat();
        for kind in [Kind::Integer(integer), Kind::Dictionary(integer)] {
            let numbers = array(kind, 3, &[&numbers], Vec::new());
            assert!(numbers.is_same(0, 2) && !numbers.is_same(0, 1));
        }
    }
}
