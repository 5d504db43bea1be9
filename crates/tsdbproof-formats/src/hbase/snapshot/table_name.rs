//! Names of tables.

use std::fmt;

use crate::hbase::protobuf::Fields;

/// The name of a table in its namespace.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TableName {
    pub(crate) namespace: String,
    pub(crate) name: String,
}

/// The namespace of tables that name none.
const DEFAULT: &str = "default";

impl TableName {
    /// The table of this namespace; without one, of the default namespace.
    pub(super) fn new(namespace: Option<&str>, name: &str) -> Self {
        let namespace = namespace.unwrap_or(DEFAULT).to_owned();
        TableName { namespace, name: name.to_owned() }
    }

    /// The table that `text` names as `namespace:name` or `name`.
    pub(super) fn of_text(text: &str) -> Self {
        match text.split_once(':') {
            Some((namespace, name)) => Self::new(Some(namespace), name),
            None => Self::new(None, text),
        }
    }

    /// The table of a message: namespace (1), name (2).
    pub(super) fn of_message(message: &[u8]) -> Option<Self> {
        let (mut namespace, mut name) = (None, None);
        for field in Fields::of(message) {
            let field = field.ok()?;
            match field.number {
                1 => namespace = Some(str::from_utf8(field.value.bytes()?).ok()?),
                2 => name = Some(str::from_utf8(field.value.bytes()?).ok()?),
                _ => {}
            }
        }
        Some(Self::new(namespace, name?))
    }
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.namespace != DEFAULT {
            write!(f, "{}:", self.namespace)?;
        }
        f.write_str(&self.name)
    }
}
