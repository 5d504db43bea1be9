//! Tags behind the cells of an encoded block, where they are compressed (COMPRESS_TAGS, the default
//! of HBase): a tag that came before in the block is a number.
//!
//! | bytes | part of a tag |
//! | --- | --- |
//! | `ff`, 1.., n | length and bytes of a tag that is new, which gets a number |
//! | 2 | number of a tag that came before |
//!
//! There are 127 numbers; then the tag that was not met for the longest gives its own away.
//! Source: HBase 2.5.10 `io/TagCompressionContext.java`, `io/util/LRUDictionary.java`.

use super::super::input::Input;

/// Numbers that tags can have.
const CAPACITY: usize = 127;

/// The tags of a block so far.
#[derive(Debug, Default)]
pub(super) struct Dictionary {
    /// Tags by their number: type and data.
    tags: Vec<Vec<u8>>,
    /// Numbers, the one that was met last at the end.
    met: Vec<usize>,
}

impl Dictionary {
    /// Takes tags that are `length` bytes if plain, and appends them to `plain`, as they are stored
    /// elsewhere. `None`: they are more, or no tags.
    pub(super) fn unpack(
        &mut self,
        length: usize,
        input: &mut Input<'_>,
        plain: &mut Vec<u8>,
    ) -> Option<()> {
        while plain.len() < length {
            let tag = self.next(input)?;
            plain.extend_from_slice(&u16::try_from(tag.len()).ok()?.to_be_bytes());
            plain.extend_from_slice(tag);
        }
        (plain.len() == length).then_some(())
    }

    fn next(&mut self, input: &mut Input<'_>) -> Option<&[u8]> {
        if input.rest().first() != Some(&0xff) {
            let number = usize::from(input.u16()?);
            self.meet(number)?;
            return self.tags.get(number).map(Vec::as_slice);
        }
        input.u8()?;
        let length = input.compressed_length()?;
        let tag = input.take(length)?.to_vec();
        let number = self.add(tag)?;
        self.tags.get(number).map(Vec::as_slice)
    }

    /// Gives a tag a number.
    fn add(&mut self, tag: Vec<u8>) -> Option<usize> {
        if self.tags.len() < CAPACITY {
            self.met.push(self.tags.len());
            self.tags.push(tag);
            return self.tags.len().checked_sub(1);
        }
        let number = *self.met.first()?;
        self.meet(number)?;
        *self.tags.get_mut(number)? = tag;
        Some(number)
    }

    /// Makes a number the one that was met last. `None`: no tag has it.
    fn meet(&mut self, number: usize) -> Option<()> {
        let at = self.met.iter().position(|met| *met == number)?;
        self.met.get_mut(at..)?.rotate_left(1);
        Some(())
    }
}
