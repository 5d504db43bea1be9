//! Keys in hex, for messages.

/// Bytes that a message may show of a key at most: eight tags of wide UIDs, and a salt.
const SHOWN_BYTES: usize = 64;

/// The first bytes in hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let shown = bytes.get(..SHOWN_BYTES).unwrap_or(bytes);
    let more = if shown.len() < bytes.len() { "…" } else { "" };
    let digits: String = shown.iter().map(|byte| format!("{byte:02x}")).collect();
    digits + more
}
