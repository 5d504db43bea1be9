//! Names of UIDs, as the table `tsdb-uid` holds them.
//!
//! | row | family | qualifier | value |
//! | --- | --- | --- | --- |
//! | name | `id` | `metrics`, `tagk`, `tagv` | UID: the forward mapping |
//! | UID | `name` | the same | name: the reverse mapping, by which rows are read |
//! | 00 | `id` | the same | the greatest UID given so far, 8 bytes |
//! | UID | `name` | `metric_meta`, `tagk_meta`, `tagv_meta` | JSON, which is no name |
//!
//! Names are ISO-8859-1. All UIDs of a kind are equally wide, 1 to 8 bytes.
//!
//! Source: OpenTSDB 2.4.1 `uid/UniqueId.java`; `tools/UidManager.java`, `fsck`.

pub(crate) mod build;
mod check;

/// The greatest width of a UID, in bytes.
pub(super) const MAX_WIDTH: usize = 8;

/// What a UID is one of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum UidKind {
    Metric,
    TagKey,
    TagValue,
}

impl UidKind {
    pub(crate) const ALL: [UidKind; 3] = [UidKind::Metric, UidKind::TagKey, UidKind::TagValue];

    /// Its name in OpenTSDB, and the qualifier of its cells.
    pub(crate) fn name(self) -> &'static str {
        match self {
            UidKind::Metric => "metrics",
            UidKind::TagKey => "tagk",
            UidKind::TagValue => "tagv",
        }
    }
}

/// The names of all UIDs of a database.
#[derive(Debug, Default)]
pub(crate) struct UidTable {
    /// By [`UidKind`].
    kinds: [Names; 3],
}

/// The names of the UIDs of a kind.
#[derive(Debug, Default)]
struct Names {
    /// Bytes of a UID; `None` if there is none.
    width: Option<u8>,
    /// Ascending.
    names: Vec<(u64, Box<str>)>,
}

impl UidTable {
    /// The name of a UID; `None` if it has none, or another width than those of its kind.
    pub(crate) fn name(&self, kind: UidKind, uid: &[u8]) -> Option<&str> {
        let names = self.names(kind);
        if names.width.map(usize::from) != Some(uid.len()) {
            return None;
        }
        let uid = number(uid)?;
        let index = names.names.binary_search_by_key(&uid, |(uid, _)| *uid).ok()?;
        names.names.get(index).map(|(_, name)| &**name)
    }

    /// Bytes of each UID of a kind; `None` if the table has none of it.
    pub(crate) fn width(&self, kind: UidKind) -> Option<u8> {
        self.names(kind).width
    }

    /// UIDs that have a name.
    pub(crate) fn count(&self) -> usize {
        self.kinds.iter().map(|kind| kind.names.len()).sum()
    }

    fn names(&self, kind: UidKind) -> &Names {
        let [metric, tag_key, tag_value] = &self.kinds;
        match kind {
            UidKind::Metric => metric,
            UidKind::TagKey => tag_key,
            UidKind::TagValue => tag_value,
        }
    }
}

/// The number that a UID is; `None` if it is wider than 8 bytes.
fn number(uid: &[u8]) -> Option<u64> {
    let mut bytes = [0; MAX_WIDTH];
    let from = bytes.len().checked_sub(uid.len())?;
    bytes.get_mut(from..)?.copy_from_slice(uid);
    Some(u64::from_be_bytes(bytes))
}

/// Text in ISO-8859-1.
fn latin_1(bytes: &[u8]) -> Box<str> {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

#[cfg(test)]
mod tests;
