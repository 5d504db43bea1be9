//! A region of a table, and its store files.

use std::fmt::Write as _;

use md5::{Digest, Md5};

use super::TableName;
use crate::hbase::hfile::{Half, Key, Side};
use crate::hbase::protobuf::Fields;

/// A region, as a manifest has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Region {
    pub(crate) table: TableName,
    /// The name of its folder.
    pub(crate) encoded_name: String,
    /// Its rows: from the first on, up to the second, and not with it; empty: without a border.
    pub(crate) start_key: Vec<u8>,
    pub(crate) end_key: Vec<u8>,
    pub(crate) is_offline: bool,
    /// It was split: its daughters have its rows, by references to its files.
    pub(crate) is_split: bool,
    /// 0, or which copy of a region it is, without files of its own.
    pub(crate) replica_id: u64,
    /// Its store files, family by family.
    pub(crate) files: Vec<StoreFile>,
}

/// A store file, as a manifest names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoreFile {
    pub(crate) family: Vec<u8>,
    pub(crate) name: String,
    /// The half that counts, if it is a reference to a file of a parent.
    pub(crate) half: Option<Half>,
    /// Bytes of the file that holds the cells.
    pub(crate) size: Option<u64>,
}

impl Region {
    /// Whether its files are to be read: not those of a parent whose daughters stand beside it.
    pub(crate) fn has_rows(&self) -> bool {
        !self.is_split && self.replica_id == 0
    }

    /// Whether a row is one of its rows.
    pub(crate) fn holds(&self, row: &[u8]) -> bool {
        row >= self.start_key.as_slice()
            && (self.end_key.is_empty() || row < self.end_key.as_slice())
    }

    /// The region of a message: version (1), info (2), families (3).
    ///
    /// A field that is not known makes it `None`, as in every message below it down to store files:
    /// one changed byte could turn a store file into such a field, and nobody would miss it.
    pub(super) fn of_message(message: &[u8]) -> Option<Self> {
        let (mut region, mut files) = (None, Vec::new());
        for field in Fields::of(message) {
            let field = field.ok()?;
            match field.number {
                1 => _ = field.value.varint()?,
                2 => region = Some(Region::of_info(field.value.bytes()?)?),
                3 => files.extend(family_files(field.value.bytes()?)?),
                _ => return None,
            }
        }
        Some(Region { files, ..region? })
    }

    /// The region of an info, without files. Newer releases may have more to say of it.
    fn of_info(message: &[u8]) -> Option<Self> {
        let (mut id, mut table, mut replica_id) = (None, None, 0);
        let (mut start_key, mut end_key) = (Vec::new(), Vec::new());
        let (mut is_offline, mut is_split) = (false, false);
        for field in Fields::of(message) {
            let field = field.ok()?;
            match field.number {
                1 => id = Some(field.value.varint()?),
                2 => table = Some(TableName::of_message(field.value.bytes()?)?),
                3 => start_key = field.value.bytes()?.to_vec(),
                4 => end_key = field.value.bytes()?.to_vec(),
                5 => is_offline = field.value.varint()? != 0,
                6 => is_split = field.value.varint()? != 0,
                7 => replica_id = field.value.varint()?,
                _ => {}
            }
        }
        let (id, table) = (id?, table?);
        let encoded_name = encoded_name(&table, &start_key, id, replica_id);
        let files = Vec::new();
        Some(Region {
            table,
            encoded_name,
            start_key,
            end_key,
            is_offline,
            is_split,
            replica_id,
            files,
        })
    }
}

/// The name of a region's folder: MD5 of the region's name.
/// Source: HBase 2.5.10 `client/RegionInfo.java`, `createRegionName`.
fn encoded_name(table: &TableName, start_key: &[u8], id: u64, replica_id: u64) -> String {
    let mut md5 = Md5::new();
    md5.update(table.to_string());
    md5.update(b",");
    md5.update(start_key);
    md5.update(format!(",{id}"));
    if replica_id > 0 {
        md5.update(format!("_{replica_id:04X}"));
    }
    md5.finalize().iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The store files of a family: its name (1), store files (2).
fn family_files(message: &[u8]) -> Option<Vec<StoreFile>> {
    let (mut family, mut files) = (None, Vec::new());
    for field in Fields::of(message) {
        let field = field.ok()?;
        match field.number {
            1 => family = Some(field.value.bytes()?.to_vec()),
            2 => files.push(store_file(field.value.bytes()?)?),
            _ => return None,
        }
    }
    let family = family?;
    files.iter_mut().for_each(|file: &mut StoreFile| file.family.clone_from(&family));
    Some(files)
}

/// A store file of a message: name (1), reference (2), size (3).
fn store_file(message: &[u8]) -> Option<StoreFile> {
    let (mut name, mut half, mut size) = (None, None, None);
    for field in Fields::of(message) {
        let field = field.ok()?;
        match field.number {
            1 => name = Some(str::from_utf8(field.value.bytes()?).ok()?.to_owned()),
            2 => half = Some(reference(field.value.bytes()?)?),
            3 => size = Some(field.value.varint()?),
            _ => return None,
        }
    }
    Some(StoreFile { family: Vec::new(), name: name?, half, size })
}

/// A reference of a message: the first key of the top half (1), which half (2).
fn reference(message: &[u8]) -> Option<Half> {
    let (mut split_row, mut side) = (None, None);
    for field in Fields::of(message) {
        let field = field.ok()?;
        match field.number {
            1 => split_row = Some(first_row(field.value.bytes()?)?),
            2 if field.value.varint()? == 0 => side = Some(Side::Top),
            2 if field.value.varint()? == 1 => side = Some(Side::Bottom),
            _ => return None,
        }
    }
    Some(Half { split_row: split_row?, side: side? })
}

/// The row of a key that sorts in front of all cells of its row.
fn first_row(key: &[u8]) -> Option<Vec<u8>> {
    let column = Key::of(key)?.column;
    (column.family.is_empty() && column.qualifier.is_empty()).then(|| column.row.to_vec())
}
