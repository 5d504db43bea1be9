//! The schema of a table: its families and what they show.

use tsdbproof_core::{Error, Kind, quote};

use super::TableName;
use crate::hbase::hfile::pair;
use crate::hbase::merge::FamilyRules;
use crate::hbase::protobuf::Fields;

/// The schema of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Schema {
    pub(crate) table: Option<TableName>,
    pub(crate) families: Vec<Family>,
}

/// A family of columns.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Family {
    pub(crate) name: Vec<u8>,
    /// Names and values as text, in the order in which they stand there.
    attributes: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Schema {
    /// The schema of a message: name (1), families (3).
    pub(super) fn of_message(message: &[u8]) -> Option<Self> {
        let mut schema = Schema { table: None, families: Vec::new() };
        for field in Fields::of(message) {
            let field = field.ok()?;
            match field.number {
                1 => schema.table = Some(TableName::of_message(field.value.bytes()?)?),
                3 => schema.families.push(Family::of_message(field.value.bytes()?)?),
                _ => {}
            }
        }
        Some(schema)
    }

    /// The family of this name.
    pub(crate) fn family(&self, name: &[u8]) -> Option<&Family> {
        self.families.iter().find(|family| family.name == name)
    }
}

impl Family {
    /// The family of a message: name (1), attributes (2).
    fn of_message(message: &[u8]) -> Option<Self> {
        let mut family = Family::default();
        for field in Fields::of(message) {
            let field = field.ok()?;
            match field.number {
                1 => family.name = field.value.bytes()?.to_vec(),
                2 => family.attributes.push(pair(field.value.bytes()?)?),
                _ => {}
            }
        }
        Some(family)
    }

    /// An attribute's text: VERSIONS, MIN_VERSIONS, TTL, KEEP_DELETED_CELLS, DATA_BLOCK_ENCODING …
    pub(crate) fn attribute(&self, name: &str) -> Option<&[u8]> {
        let is_it = |pair: &&(Vec<u8>, Vec<u8>)| pair.0 == name.as_bytes();
        self.attributes.iter().rfind(is_it).map(|pair| pair.1.as_slice())
    }

    /// What a scan that asks for one version shows.
    ///
    /// Errors: `Unsupported` where a scan follows other rules, or values lie in other files.
    pub(crate) fn rules(&self) -> Result<FamilyRules, Error> {
        let is_on = |name| self.attribute(name).is_some_and(|it| it.eq_ignore_ascii_case(b"true"));
        for (name, what) in [
            ("NEW_VERSION_BEHAVIOR", "markers hide what was written before them"),
            ("IS_MOB", "large values lie in files of their own"),
        ] {
            if is_on(name) {
                let family = quote(&self.name);
                let what = format!("the family {family} has {name}: {what}, which is not read");
                let help = "use Export, which writes what a scan shows";
                return Err(Error::new(Kind::Unsupported, what).help(help));
            }
        }
        let ttl_s = self.number("TTL")?.filter(|ttl| *ttl >= 0 && *ttl != i64::from(i32::MAX));
        let min_versions = self.number("MIN_VERSIONS")?.unwrap_or(0);
        Ok(FamilyRules {
            max_versions: 1,
            min_versions: u32::try_from(min_versions).unwrap_or(0),
            ttl_ms: ttl_s.map(|seconds| seconds.saturating_mul(1000)),
        })
    }

    /// An attribute that is a number. Errors: it is none.
    fn number(&self, name: &str) -> Result<Option<i64>, Error> {
        let Some(text) = self.attribute(name) else { return Ok(None) };
        let number = str::from_utf8(text).ok().and_then(|text| text.trim().parse().ok());
        let bad = || {
            let (family, text) = (quote(&self.name), quote(text));
            super::malformed(format!("the family {family} has a {name} that is no number: {text}"))
        };
        number.map(Some).ok_or_else(bad)
    }
}
