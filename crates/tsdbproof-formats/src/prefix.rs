//! What templates ask of each line: whether it begins with bytes that are known.

/// What is behind `prefix` in `text`: `strip_prefix`, without a call for each comparison.
#[inline(always)]
pub(crate) fn strip<'t>(text: &'t [u8], prefix: &[u8]) -> Option<&'t [u8]> {
    let (front, behind) = text.split_at_checked(prefix.len())?;
    is_same(front, prefix).then_some(behind)
}

/// Whether these are the same bytes.
#[inline(always)]
pub(crate) fn is_same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len()
        && are_same::<16>(a, b)
            .or_else(|| are_same::<8>(a, b))
            .or_else(|| are_same::<4>(a, b))
            .unwrap_or_else(|| a.iter().eq(b))
}

/// Whether these are the same, if they are not shorter than `N` bytes; both have one length.
#[inline(always)]
fn are_same<const N: usize>(a: &[u8], b: &[u8]) -> Option<bool> {
    // The last bytes may be looked at twice.
    let last = a.last_chunk::<N>()? == b.last_chunk::<N>()?;
    let (a, _) = a.as_chunks::<N>();
    let (b, _) = b.as_chunks::<N>();
    Some(last && a.iter().zip(b).all(|(a, b)| a == b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_strip_prefix() {
        let text: Vec<u8> = (0..100).collect();
        for length in 0..=100 {
            let prefix = &text[..length];
            assert_eq!(strip(&text, prefix), text.strip_prefix(prefix));
            assert_eq!(strip(&text[..length.saturating_sub(1)], prefix).is_some(), length == 0);
            for at in 0..length {
                let mut other = prefix.to_vec();
                other[at] ^= 1 << (at % 8);
                assert_eq!(strip(&text, &other), None, "byte {at} of {length}");
            }
        }
    }
}
