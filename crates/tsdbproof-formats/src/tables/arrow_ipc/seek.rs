//! Finds the next message behind bytes that are none.

use memchr::memmem;

use super::frame::CONTINUATION;

/// Bytes of a message that is looked for at the most: real ones of batches are far shorter, and what
/// only looks like one should not cost much.
const MESSAGE_BYTES: usize = 64 << 10;
/// Bytes before a message.
const PREFIX_BYTES: usize = 8;

/// What is found in bytes that may go on.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// A message of a batch or a dictionary begins at this index.
    Message(usize),
    /// None begins before this index; from there on, more bytes are needed to tell.
    Unsure(usize),
}

/// Looks for a message of a batch or a dictionary.
pub(super) fn seek(bytes: &[u8]) -> Found {
    let mut from = 0;
    while let Some(rest) = bytes.get(from..)
        && let Some(index) = memmem::find(rest, &CONTINUATION)
    {
        let start = from + index;
        let Some(prefix) = bytes.get(start..start + PREFIX_BYTES) else {
            return Found::Unsure(start);
        };
        let length = prefix.last_chunk().map_or(0, |it| u32::from_le_bytes(*it)) as usize;
        if (1..=MESSAGE_BYTES).contains(&length) {
            let message = start + PREFIX_BYTES;
            match bytes.get(message..message + length) {
                Some(message) if is_batch(message) => return Found::Message(start),
                Some(_) => {}
                None => return Found::Unsure(start),
            }
        }
        from = start + 1;
    }
    Found::Unsure(from.max(bytes.len().saturating_sub(CONTINUATION.len() - 1)))
}

fn is_batch(message: &[u8]) -> bool {
    arrow_ipc::root_as_message(message).is_ok_and(|message| {
        let is_known = message.header_as_record_batch().is_some()
            || message.header_as_dictionary_batch().is_some();
        is_known && message.bodyLength() >= 0
    })
}
