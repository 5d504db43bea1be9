//! What `tsdb scan` prints of a point's qualifier beside its bytes.

use crate::opentsdb::qualifier::Qualifier;

/// The time that a scan prints: seconds or milliseconds, as the qualifier counts.
pub(super) fn printed_time(qualifier: Qualifier, base_s: u32) -> u64 {
    match qualifier.is_ms {
        true => u64::from(base_s) * 1000 + u64::from(qualifier.offset_ms()),
        false => u64::from(base_s) + u64::from(qualifier.offset_ms() / 1000),
    }
}

/// The offset that a scan prints, which takes a time below 2^32 for one in seconds.
pub(super) fn printed_offset(qualifier: Qualifier, base_s: u32) -> u64 {
    let is_ms = printed_time(qualifier, base_s) >> 32 != 0;
    u64::from(if is_ms { qualifier.offset_ms() } else { qualifier.offset_ms() / 1000 })
}

/// The least and the greatest column that a scan prints as this single point, by their first four
/// bytes: of second points it corrects the length.
pub(super) fn columns(qualifier: Qualifier) -> (u32, u32) {
    let bits = qualifier.bits();
    match qualifier.is_ms {
        true => (bits, bits),
        false => ((bits & !7) << 16, (bits | 7) << 16 | 0xffff),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_millisecond_of_early_1970_has_its_offset_printed_in_seconds() {
        let qualifier = Qualifier::of(&[0xf0, 0x00, 0xfa, 0x00]).unwrap();
        assert_eq!((printed_time(qualifier, 0), printed_offset(qualifier, 0)), (1000, 1));
        assert_eq!(printed_offset(qualifier, 1_699_999_200), 1000);
    }
}
