//! A compressed buffer of an Arrow batch: its size as an i64, then one LZ4 frame; or −1, then its bytes.
//!
//! Not by the `lz4` feature of arrow-ipc, for two reasons. Its frames differ between 32 and 64 bit
//! machines, and one manifest shall be the same bytes from the page and the command; blocks below
//! 65,535 bytes don't. And it takes memory by what the input claims, with room to panic.

use lz4_flex::block::{compress_into, decompress_into, get_maximum_output_size};

/// Writes a buffer behind others.
pub type Pack = fn(data: &[u8], out: &mut Vec<u8>);

/// Bytes of a block before compression: below 65,535, a multiple of a digest's 32.
const BLOCK: usize = 65_504;
/// Magic number, version 1 with independent blocks, blocks of up to 64 KiB, checksum of these two.
const HEAD: [u8; 7] = [0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82];
const END: [u8; 4] = [0; 4];
/// In a block's size: its bytes are not compressed.
const STORED: u32 = 1 << 31;
/// In place of a buffer's size: its bytes are not compressed.
const PLAIN: i64 = -1;

/// Appends `data` as a compressed buffer, or as its bytes where that is shorter; nothing for no bytes.
pub fn pack(data: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    pack_frame(data, out);
    if out.len() - start > size_of::<i64>() + data.len() {
        out.truncate(start);
        out.extend_from_slice(&PLAIN.to_le_bytes());
        out.extend_from_slice(data);
    }
}

/// Appends `data` as a compressed buffer in any case, which every reader knows; nothing for no bytes.
pub fn pack_frame(data: &[u8], out: &mut Vec<u8>) {
    if data.is_empty() {
        return;
    }
    out.extend_from_slice(&(data.len() as u64).to_le_bytes());
    out.extend_from_slice(&HEAD);
    let mut scratch = vec![0; get_maximum_output_size(BLOCK.min(data.len()))];
    for block in data.chunks(BLOCK) {
        let packed =
            compress_into(block, &mut scratch).ok().and_then(|length| scratch.get(..length));
        let (size, bytes) = match packed {
            Some(packed) if packed.len() < block.len() => (packed.len() as u32, packed),
            _ => (block.len() as u32 | STORED, block),
        };
        out.extend_from_slice(&size.to_le_bytes());
        out.extend_from_slice(bytes);
    }
    out.extend_from_slice(&END);
}

/// Bytes that a compressed buffer says it unpacks to; `None` for less than none.
pub fn claimed_bytes(packed: &[u8]) -> Option<u64> {
    match packed.split_first_chunk() {
        Some((size, rest)) => match i64::from_le_bytes(*size) {
            PLAIN => Some(rest.len() as u64),
            size => u64::try_from(size).ok(),
        },
        None => packed.is_empty().then_some(0),
    }
}

/// Unpacks a buffer that must hold `length` bytes; `None` where it does not.
pub fn unpack(packed: &[u8], length: usize, out: &mut Vec<u8>) -> Option<()> {
    out.clear();
    if claimed_bytes(packed)? != length as u64 {
        return None;
    }
    let Some((size, rest)) = packed.split_first_chunk() else { return Some(()) };
    if i64::from_le_bytes(*size) == PLAIN {
        out.extend_from_slice(rest);
        return Some(());
    }
    out.resize(length, 0);
    let mut rest = rest.strip_prefix(&HEAD)?;
    for block in out.chunks_mut(BLOCK) {
        let (size, bytes) = rest.split_first_chunk()?;
        let size = u32::from_le_bytes(*size);
        let (bytes, behind) = bytes.split_at_checked(usize::try_from(size & !STORED).ok()?)?;
        rest = behind;
        if size & STORED != 0 {
            (bytes.len() == block.len()).then(|| block.copy_from_slice(bytes))?;
        } else if decompress_into(bytes, block).ok()? != block.len() {
            return None;
        }
    }
    (rest == END).then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data() -> [Vec<u8>; 5] {
        let mut state = 1u64;
        let mut random = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 56) as u8
        };
        let noise: Vec<u8> = (0..3 * BLOCK + 5).map(|_| random()).collect();
        let text = b"host=web01,dc=ams;".repeat(20_000);
        let mixed = [&text[..BLOCK + 9], &noise[..2 * BLOCK], &text].concat();
        [Vec::new(), b"x".to_vec(), noise, text, mixed]
    }

    #[test]
    fn what_was_packed_is_unpacked() {
        for data in data() {
            let (mut packed, mut back) = (Vec::new(), Vec::new());
            pack(&data, &mut packed);
            assert!(packed.len() <= data.len() + 8);
            assert_eq!(claimed_bytes(&packed), Some(data.len() as u64));
            unpack(&packed, data.len(), &mut back).unwrap();
            assert!(back == data);
            assert!(unpack(&packed, data.len() + 1, &mut back).is_none());
        }
    }

    #[test]
    fn packed_bytes_are_the_same_on_every_machine_and_with_every_version() {
        use sha2::{Digest, Sha256};
        let mut packed = Vec::new();
        data().iter().for_each(|data| pack(data, &mut packed));
        let digest = tsdbproof_core::digest::Hash(Sha256::digest(&packed).into()).to_string();
        assert_eq!(digest, "fdfbe5e43205fa23a8df196d8784ddd8d96e7c897c3301ed74dbfa51f0ff1b20");
    }

    #[test]
    fn a_cut_or_changed_buffer_never_panics() {
        let mut packed = Vec::new();
        let data = b"host=web01,dc=ams;".repeat(20);
        pack(&data, &mut packed);
        let mut back = Vec::new();
        for cut in 0..packed.len() {
            assert!(unpack(&packed[..cut], data.len(), &mut back).is_none());
        }
        for at in 0..packed.len() {
            for bit in 0..8 {
                let mut changed = packed.clone();
                changed[at] ^= 1 << bit;
                let _ = unpack(&changed, data.len(), &mut back);
            }
        }
    }
}
