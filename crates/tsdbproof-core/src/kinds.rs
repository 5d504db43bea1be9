//! Which whole numbers of a leaf came as floats: a note beside its digest.

use crate::Record;

/// The kinds of a leaf's numbers, told by a sum that no order changes.
///
/// Numbers that can be only one kind add nothing, so of ordinary data the sum is 0 and costs nothing.
/// Two leaves of equal points whose sums differ hold a number of another kind; equal sums are no proof
/// of the contrary, which a note does not need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kinds {
    sum: u64,
    is_known: bool,
}

impl Default for Kinds {
    fn default() -> Self {
        Kinds { sum: 0, is_known: true }
    }
}

impl Kinds {
    /// Takes a record.
    #[inline]
    pub fn add(&mut self, record: Record) {
        let value = record.value();
        if value.is_whole_float() {
            let [a, b, c, d, bits @ ..] = record.to_hashed_bytes();
            let time = u64::from(u32::from_be_bytes([a, b, c, d]));
            self.sum = self.sum.wrapping_add(mix(u64::from_be_bytes(bits) ^ mix(time)));
        }
        self.is_known &= value.has_known_kind();
    }

    /// The sum; `None` if it is of a way that does not keep kinds.
    pub fn sum(self) -> Option<u64> {
        self.is_known.then_some(self.sum)
    }
}

/// Every bit of the result depends on every bit of `x`. Source: Steele and others, "Fast splittable
/// pseudorandom number generators", 2014, with the constants of SplittableRandom.
#[inline]
fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Point, Value};

    fn record(timestamp_ms: u64, value: Value) -> Record {
        Point { timestamp_ms, value }.record()
    }

    fn sum(records: &[Record]) -> Option<u64> {
        let mut kinds = Kinds::default();
        records.iter().for_each(|record| kinds.add(*record));
        kinds.sum()
    }

    #[test]
    fn only_whole_numbers_that_came_as_floats_count() {
        let (integer, half) = (record(1000, Value::integer(5)), record(2000, Value::float(0.5)));
        assert_eq!(sum(&[integer, half]), Some(0));
        let float = record(1000, Value::float(5.0));
        let other = record(2000, Value::float(5.0));
        assert_eq!(float, integer);
        assert_ne!(sum(&[float]), Some(0));
        assert_ne!(sum(&[float]), sum(&[other]));
        assert_ne!(sum(&[float]), sum(&[record(1000, Value::float(6.0))]));
        assert_eq!(sum(&[float, half, other]), sum(&[other, float, half]));
        assert_eq!(sum(&[half.of_unknown_kind(), float]), sum(&[float]));
        assert_eq!(sum(&[integer.of_unknown_kind(), float]), None);
    }

    #[test]
    fn of_equal_points_the_surer_kind_counts() {
        let (integer, float) = (record(0, Value::integer(5)), record(0, Value::float(5.0)));
        let joined = |a: Record, b: Record| {
            let mut joined = a;
            joined.join_kind(b);
            joined.value().spelled_with_kind()
        };
        for (a, b, expected) in [
            (integer, float, Some("5")),
            (float, float, Some("5.0")),
            (float, integer.of_unknown_kind(), Some("5.0")),
            (float.of_unknown_kind(), integer.of_unknown_kind(), None),
        ] {
            assert_eq!(joined(a, b).as_deref(), expected);
            assert_eq!(joined(b, a).as_deref(), expected);
        }
    }
}
