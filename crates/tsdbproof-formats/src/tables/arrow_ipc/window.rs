//! Bytes that came and are not read yet.

/// Bytes of a word: of half a prefix, since Arrow 0.15.
pub(super) const WORD_BYTES: usize = 4;

/// Bytes between what was read and what is to come.
#[derive(Debug, Default)]
pub(super) struct Window {
    came: Vec<u8>,
    /// How many of these are read.
    read: usize,
    /// Where the rest begins.
    at: u64,
}

impl Window {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.came.drain(..self.read);
        self.read = 0;
        self.came.extend_from_slice(bytes);
    }

    pub(super) fn at(&self) -> u64 {
        self.at
    }

    pub(super) fn rest(&self) -> &[u8] {
        self.came.get(self.read..).unwrap_or_default()
    }

    pub(super) fn word(&self, index: usize) -> Option<u32> {
        let start = index * WORD_BYTES;
        let word = self.rest().get(start..start + WORD_BYTES)?;
        word.first_chunk().map(|word| u32::from_le_bytes(*word))
    }

    /// Goes on behind so many bytes, or behind all of them; gives what was passed.
    pub(super) fn pass(&mut self, count: usize) -> &[u8] {
        let start = self.read;
        self.read = start.saturating_add(count).min(self.came.len());
        self.at += (self.read - start) as u64;
        self.came.get(start..self.read).unwrap_or_default()
    }

    pub(super) fn pass_all(&mut self) {
        self.pass(usize::MAX);
    }

    /// Takes bytes back that were passed last.
    pub(super) fn unread(&mut self, bytes: Vec<u8>) {
        self.at = self.at.saturating_sub(bytes.len() as u64);
        self.came.splice(..self.read, bytes);
        self.read = 0;
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.came.capacity()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_passed_and_taken_back() {
        let mut window = Window::default();
        window.push(&[1, 0, 0, 0, 2]);
        assert_eq!((window.word(0), window.word(1)), (Some(1), None));
        assert_eq!(window.pass(3).to_vec(), [1, 0, 0]);
        window.push(&[3]);
        assert_eq!((window.at(), window.rest()), (3, &[0, 2, 3][..]));
        assert_eq!(window.pass(2).to_vec(), [0, 2]);
        window.unread(vec![0, 2]);
        assert_eq!((window.at(), window.rest()), (3, &[0, 2, 3][..]));
        window.pass_all();
        assert_eq!((window.at(), window.rest()), (6, &[][..]));
    }
}
