//! Whether JSON came to its end: a body without a length may break off anywhere, unseen.

/// The brackets and quotes of a text that are open.
#[derive(Debug, Default)]
pub(super) struct Whole {
    depth: u64,
    in_text: bool,
    is_escaped: bool,
    has_begun: bool,
}

impl Whole {
    /// Takes the next bytes.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        for byte in bytes {
            match (self.in_text, byte) {
                (true, _) if self.is_escaped => self.is_escaped = false,
                (true, b'\\') => self.is_escaped = true,
                (true, b'"') => self.in_text = false,
                (true, _) => {}
                (false, b'"') => self.in_text = true,
                (false, b'[' | b'{') => {
                    self.depth += 1;
                    self.has_begun = true;
                }
                (false, b']' | b'}') => self.depth = self.depth.saturating_sub(1),
                (false, _) => {}
            }
        }
    }

    /// Whether an array or an object came, and all of it. What stands in it others judge.
    pub(super) fn is_whole(&self) -> bool {
        self.has_begun && self.depth == 0 && !self.in_text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_all_of_an_answer_is_whole() {
        let text = br#"[{"metric":"a]}\"","tags":{"k":"\\"},"aggregateTags":[],"dps":{"1":2}}]"#;
        for cut in 0..text.len() {
            let mut whole = Whole::default();
            text[..cut].chunks(3).for_each(|piece| whole.push(piece));
            assert!(!whole.is_whole(), "{cut}");
        }
        let mut whole = Whole::default();
        whole.push(text);
        whole.push(b"\n");
        assert!(whole.is_whole());
    }
}
