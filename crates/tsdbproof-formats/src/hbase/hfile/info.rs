//! The file's info: a map of names to bytes, in a block of its own.
//!
//! | bytes | part, as it is written today |
//! | --- | --- |
//! | 4 | magic `PBUF` |
//! | n | length and message: pairs (1), each of name (1) and value (2) |
//!
//! Older: i32 count, then VInt and name, a byte, VInt and value of each.
//! Source: HBase 2.5.10 `io/hfile/HFileInfo.java`, `regionserver/HStoreFile.java`.

use super::encoding::{Behind, TagForm};
use super::input::Input;
use crate::hbase::protobuf::{self, Fields};

/// What a file's info tells, as it stands there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Info {
    pairs: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Info {
    /// The info of these bytes. `None`: they are none.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let pairs = match bytes.strip_prefix(b"PBUF") {
            Some(message) => message_pairs(message),
            None => writable_pairs(bytes),
        };
        pairs.map(|pairs| Info { pairs })
    }

    pub(super) fn get(&self, name: &str) -> Option<&[u8]> {
        let is_it = |pair: &&(Vec<u8>, Vec<u8>)| pair.0 == name.as_bytes();
        self.pairs.iter().find(is_it).map(|pair| pair.1.as_slice())
    }

    /// A number of eight bytes.
    pub(super) fn number(&self, name: &str) -> Option<i64> {
        self.get(name)?.try_into().ok().map(i64::from_be_bytes)
    }

    /// A boolean: any byte but zero.
    pub(super) fn is_set(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| value.first().is_some_and(|byte| *byte != 0))
    }

    /// What stands behind each cell.
    pub(super) fn behind(&self) -> Behind {
        let tags = match self.get("hfile.MAX_TAGS_LEN") {
            None => TagForm::None,
            Some(_) if self.is_set("hfile.TAGS_COMPRESSED") => TagForm::Compressed,
            Some(_) => TagForm::Plain,
        };
        let mvcc = self.get("KEY_VALUE_VERSION") == Some(&[0, 0, 0, 1]);
        Behind { tags, mvcc }
    }
}

fn message_pairs(mut bytes: &[u8]) -> Option<Vec<(Vec<u8>, Vec<u8>)>> {
    let mut pairs = Vec::new();
    for field in Fields::of(protobuf::delimited(&mut bytes)?) {
        let field = field.ok()?;
        if field.number == 1 {
            pairs.push(pair(field.value.bytes()?)?);
        }
    }
    Some(pairs)
}

/// The name and the value of a pair of bytes.
pub(in crate::hbase) fn pair(message: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for field in Fields::of(message) {
        let field = field.ok()?;
        match field.number {
            1 => first = field.value.bytes()?.to_vec(),
            2 => second = field.value.bytes()?.to_vec(),
            _ => {}
        }
    }
    Some((first, second))
}

fn writable_pairs(bytes: &[u8]) -> Option<Vec<(Vec<u8>, Vec<u8>)>> {
    let mut input = Input::new(bytes);
    let count = input.length()?;
    let mut pairs = Vec::new();
    for _ in 0..count {
        let name = input.vbytes()?.to_vec();
        input.u8()?;
        pairs.push((name, input.vbytes()?.to_vec()));
    }
    Some(pairs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read() {
        let message =
            b"PBUF\x17\x0a\x0b\x0a\x01a\x12\x06\0\0\0\0\0\x01\x0a\x08\x12\x03\x01\x02\x03\x0a\x01b";
        let old = b"\0\0\0\x02\x01a\x01\x06\0\0\0\0\0\x01\x01b\x01\x03\x01\x02\x03";
        for bytes in [&message[..], old] {
            let info = Info::parse(bytes).unwrap();
            assert_eq!(info.get("b"), Some(&[1, 2, 3][..]));
            assert!(info.is_set("b") && !info.is_set("a") && !info.is_set("c"));
            assert_eq!(info.number("a"), None);
            assert_eq!(Info::parse(bytes.split_last().unwrap().1), None);
        }
    }
}
