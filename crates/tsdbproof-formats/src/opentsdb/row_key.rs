//! The key of a row of the data table.
//!
//! | bytes | what |
//! | --- | --- |
//! | salt width | bucket; zeros before a global annotation |
//! | metric width | UID of the metric; zeros for a global annotation, which has no tags |
//! | 4 | base time in seconds, unsigned |
//! | n × (key width + value width) | UIDs of tags |
//!
//! Nothing in a table says how wide its UIDs are.
//!
//! Source: OpenTSDB 2.4.1 `core/RowKey.java`; `meta/Annotation.java`, `getRowKey`;
//! `tools/Fsck.java`, `fsckKey`.

/// How many bytes each part of a row key takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Widths {
    /// 0 to 8.
    pub(crate) salt: u8,
    /// 1 to 8, as the next two.
    pub(crate) metric: u8,
    pub(crate) tag_key: u8,
    pub(crate) tag_value: u8,
}

/// The widths that OpenTSDB has unless it is told otherwise.
impl Default for Widths {
    fn default() -> Self {
        Widths { salt: 0, metric: 3, tag_key: 3, tag_value: 3 }
    }
}

/// Bytes of the base time.
const BASE_BYTES: usize = 4;

/// The key of a row, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RowKey<'k> {
    pub(crate) salt: &'k [u8],
    pub(crate) metric: &'k [u8],
    pub(crate) base_s: u32,
    /// Whole pairs, one behind the other.
    tags: &'k [u8],
    widths: Widths,
}

impl<'k> RowKey<'k> {
    /// The row of this key. Errors: what is wrong with it.
    pub(crate) fn of(key: &'k [u8], widths: Widths) -> Result<Self, &'static str> {
        let short = "a row key that is too short for a metric and a time";
        let (salt, rest) = key.split_at_checked(widths.salt.into()).ok_or(short)?;
        let (metric, rest) = rest.split_at_checked(widths.metric.into()).ok_or(short)?;
        let (base, tags) = rest.split_first_chunk::<BASE_BYTES>().ok_or(short)?;
        let row = RowKey { salt, metric, base_s: u32::from_be_bytes(*base), tags, widths };
        if !tags.len().is_multiple_of(row.pair_bytes()) {
            return Err("a row key with a part of a tag");
        }
        if tags.is_empty() && !row.is_global() {
            return Err("a row key without tags");
        }
        Ok(row)
    }

    fn pair_bytes(&self) -> usize {
        // Never zero, whatever widths are given.
        usize::from(self.widths.tag_key.max(1)) + usize::from(self.widths.tag_value)
    }

    /// Whether only annotations that belong to no series may stand in this row.
    pub(crate) fn is_global(&self) -> bool {
        self.tags.is_empty() && self.metric.iter().chain(self.salt).all(|byte| *byte == 0)
    }

    /// The UIDs of each tag, its key's and its value's.
    pub(crate) fn tags(&self) -> impl Iterator<Item = (&'k [u8], &'k [u8])> + Clone + use<'k> {
        let key_bytes = usize::from(self.widths.tag_key.max(1));
        self.tags
            .chunks_exact(self.pair_bytes())
            .filter_map(move |pair| pair.split_at_checked(key_bytes))
    }

    /// What is the same in all rows of a series, the metric's UID and those of the tags.
    pub(crate) fn tsuid(&self) -> impl Iterator<Item = u8> + use<'k> {
        self.metric.iter().chain(self.tags).copied()
    }

    pub(crate) fn is_aligned(&self) -> bool {
        self.base_s.is_multiple_of(3600)
    }

    /// Whether tags stand in the order in which OpenTSDB writes them.
    pub(crate) fn has_ordered_tags(&self) -> bool {
        self.tags().is_sorted()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(hex: &str) -> Vec<u8> {
        let hex: Vec<u8> = hex.bytes().filter(|byte| *byte != b' ').collect();
        let byte = |pair: &[u8]| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap();
        hex.chunks(2).map(byte).collect()
    }

    #[test]
    fn keys_are_taken_apart() {
        let bytes = key("000001 6553ede0 000002000003 000001000004");
        let row = RowKey::of(&bytes, Widths::default()).unwrap();
        assert_eq!((row.metric, row.base_s), (&[0, 0, 1][..], 1_699_999_200));
        assert!(row.is_aligned() && !row.is_global() && !row.has_ordered_tags());
        let tags: Vec<_> = row.tags().collect();
        let [(key_uid, value), second] = tags[..] else { panic!("{tags:?}") };
        assert_eq!((key_uid, value, second.1), (&[0, 0, 2][..], &[0, 0, 3][..], &[0, 0, 4][..]));
        assert_eq!(row.tsuid().count(), 15);

        let widths = Widths { salt: 1, metric: 2, tag_key: 1, tag_value: 4 };
        let bytes = key("07 0102 6553ede1 05 00000006");
        let row = RowKey::of(&bytes, widths).unwrap();
        assert_eq!((row.salt, row.metric), (&[7][..], &[1, 2][..]));
        assert!(!row.is_aligned() && row.has_ordered_tags());
        assert_eq!(row.tags().next(), Some((&[5][..], &[0, 0, 0, 6][..])));
    }

    #[test]
    fn what_is_no_key_of_a_series_is_refused() {
        for (hex, expected) in [
            ("", Err("too short")),
            ("000001 6553ed", Err("too short")),
            ("000001 6553ede0", Err("without tags")),
            ("000001 6553ede0 000001", Err("part of a tag")),
            ("000000 6553ede0", Ok(true)),
            ("000000 6553ede0 000001000001", Ok(false)),
        ] {
            let bytes = key(hex);
            match (RowKey::of(&bytes, Widths::default()), expected) {
                (Err(what), Err(part)) => assert!(what.contains(part), "{what}"),
                (row, expected) => assert_eq!(row.map(|row| row.is_global()), expected, "{hex}"),
            }
        }
        let none = Widths { salt: 0, metric: 0, tag_key: 0, tag_value: 0 };
        assert!(RowKey::of(&[1, 2, 3, 4, 5], none).is_ok_and(|row| row.tags().count() == 1));
    }
}
