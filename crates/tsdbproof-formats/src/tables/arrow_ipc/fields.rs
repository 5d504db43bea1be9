//! The columns of a schema: what their bytes are, and which buffers they have.

use std::sync::Arc;

use arrow_ipc::{DateUnit, MetadataVersion, Precision, TimeUnit, Type, UnionMode};

use super::Flaw;
use crate::tables::array::{Integer, Kind};
use crate::tables::columns::Unit;
use crate::tables::resolve::{Header, Holds};

/// A column as its schema tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) layout: Layout,
    pub(super) holds: Holds,
    pub(super) children: Vec<Field>,
    /// The number of its dictionary, and what that holds.
    pub(super) dictionary: Option<(i64, Box<Field>)>,
}

/// The buffers of a column in a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) has_validity: bool,
    /// Behind the validity.
    pub(super) buffers: usize,
    /// Whether the batch tells how many more there are.
    pub(super) has_more: bool,
}

const fn buffers(buffers: usize) -> Layout {
    Layout { has_validity: true, buffers, has_more: false }
}

/// The columns of a schema. Errors: what no schema says.
pub(super) fn fields(
    schema: arrow_ipc::Schema<'_>,
    version: MetadataVersion,
) -> Result<Vec<Field>, Flaw> {
    let fields = schema.fields().into_iter().flatten();
    fields.map(|field| Field::read(field, version)).collect()
}

impl Field {
    /// Its depth is bounded by what a flatbuffer may have.
    fn read(field: arrow_ipc::Field<'_>, version: MetadataVersion) -> Result<Self, Flaw> {
        let mut children = Vec::new();
        for child in field.children().into_iter().flatten() {
            children.push(Field::read(child, version)?);
        }
        let (kind, layout) = kind(field, version, &children)?;
        let name = field.name().unwrap_or_default().to_owned();
        let holds = holds(field.type_type(), &kind, &children);
        let values = Field { name, kind, layout, holds, children, dictionary: None };
        let Some(dictionary) = field.dictionary() else { return Ok(values) };
        let indices = match dictionary.indexType() {
            Some(int) => integer(int)?,
            None => Integer { bytes: 4, is_signed: true },
        };
        Ok(Field {
            name: values.name.clone(),
            kind: Kind::Dictionary(indices),
            layout: buffers(1),
            holds: values.holds,
            children: Vec::new(),
            dictionary: Some((dictionary.id(), Box::new(values))),
        })
    }

    pub(super) fn header(&self) -> Header<'_> {
        Header { name: &self.name, holds: self.holds }
    }

    /// Adds the dictionaries of the column, with what each holds.
    pub(super) fn add_dictionaries(&self, found: &mut Vec<(i64, Field)>) {
        self.children.iter().for_each(|child| child.add_dictionaries(found));
        if let Some((id, values)) = &self.dictionary {
            values.add_dictionaries(found);
            found.push((*id, Field::clone(values)));
        }
    }
}

fn holds(kind_of: Type, kind: &Kind, children: &[Field]) -> Holds {
    match (kind_of, kind) {
        (Type::Binary | Type::LargeBinary | Type::BinaryView, _) => Holds::Bytes,
        (_, Kind::Union { .. }) => {
            let all = children.iter().all(|child| child.holds == Holds::Numbers);
            if all { Holds::Numbers } else { Holds::Other }
        }
        _ => kind.holds(),
    }
}

fn integer(int: arrow_ipc::Int<'_>) -> Result<Integer, Flaw> {
    match int.bitWidth() {
        bits @ (8 | 16 | 32 | 64) => {
            Ok(Integer { bytes: bits as usize / 8, is_signed: int.is_signed() })
        }
        _ => Err("whole numbers of a strange size"),
    }
}

fn unit(unit: TimeUnit) -> Result<Unit, Flaw> {
    match unit {
        TimeUnit::SECOND => Ok(Unit::Seconds),
        TimeUnit::MILLISECOND => Ok(Unit::Milliseconds),
        TimeUnit::MICROSECOND => Ok(Unit::Microseconds),
        TimeUnit::NANOSECOND => Ok(Unit::Nanoseconds),
        _ => Err("times of an unknown unit"),
    }
}

/// What a column's bytes are, and its buffers.
///
/// Source: Arrow's `format/Schema.fbs`; Columnar.html, "Buffer Listing for Each Layout".
fn kind(
    field: arrow_ipc::Field<'_>,
    version: MetadataVersion,
    children: &[Field],
) -> Result<(Kind, Layout), Flaw> {
    const NO_TYPE: Flaw = "a column without its type";
    let bare = |buffers| Layout { has_validity: false, buffers, has_more: false };
    Ok(match field.type_type() {
        Type::Int => (Kind::Integer(integer(field.type_as_int().ok_or(NO_TYPE)?)?), buffers(1)),
        Type::FloatingPoint => {
            let bytes = match field.type_as_floating_point().ok_or(NO_TYPE)?.precision() {
                Precision::HALF => 2,
                Precision::SINGLE => 4,
                Precision::DOUBLE => 8,
                _ => return Err("floats of an unknown size"),
            };
            (Kind::Float(bytes), buffers(1))
        }
        Type::Decimal => {
            let decimal = field.type_as_decimal().ok_or(NO_TYPE)?;
            let bytes = match decimal.bitWidth() {
                bits @ (32 | 64 | 128 | 256) => bits as usize / 8,
                _ => return Err("decimals of a strange size"),
            };
            (Kind::Decimal { bytes, scale: decimal.scale() }, buffers(1))
        }
        Type::Timestamp => {
            let kind = field.type_as_timestamp().ok_or(NO_TYPE)?;
            (Kind::Time(unit(kind.unit())?), buffers(1))
        }
        Type::Date => match field.type_as_date().ok_or(NO_TYPE)?.unit() {
            DateUnit::DAY => (Kind::Days, buffers(1)),
            _ => (Kind::Time(Unit::Milliseconds), buffers(1)),
        },
        Type::Utf8 | Type::Binary => (Kind::Text(4), buffers(2)),
        Type::LargeUtf8 | Type::LargeBinary => (Kind::Text(8), buffers(2)),
        Type::Utf8View | Type::BinaryView => (Kind::Views, Layout { has_more: true, ..buffers(1) }),
        Type::Struct_ => {
            let names: Arc<[String]> = children.iter().map(|child| child.name.clone()).collect();
            (Kind::Struct(names), buffers(0))
        }
        Type::Map | Type::List => (map(4, children), buffers(1)),
        Type::LargeList => (map(8, children), buffers(1)),
        Type::Union => {
            let union = field.type_as_union().ok_or(NO_TYPE)?;
            let is_dense = union.mode() == UnionMode::Dense;
            let ids = match union.typeIds() {
                Some(ids) => ids.iter().collect(),
                None => (0..).take(children.len()).collect(),
            };
            // Before version 5 unions had a validity of their own.
            let has_validity = version < MetadataVersion::V5;
            let layout = Layout { has_validity, ..bare(1 + usize::from(is_dense)) };
            (Kind::Union { ids, is_dense }, layout)
        }
        Type::Null | Type::RunEndEncoded => (Kind::Other, bare(0)),
        Type::FixedSizeList => (Kind::Other, buffers(0)),
        Type::ListView | Type::LargeListView => (Kind::Other, buffers(2)),
        Type::Bool | Type::FixedSizeBinary | Type::Time | Type::Duration | Type::Interval => {
            (Kind::Other, buffers(1))
        }
        _ => return Err("a column of an unknown type"),
    })
}

/// A list whose items may be read as the tags of a row.
fn map(offset_bytes: usize, children: &[Field]) -> Kind {
    let is_label =
        |field: &Field| matches!(field.holds, Holds::Text | Holds::Bytes | Holds::Numbers);
    match children {
        [entries] if matches!(entries.kind, Kind::Struct(_)) => match entries.children.as_slice() {
            [key, value] if is_label(key) && is_label(value) => Kind::Map(offset_bytes),
            _ => Kind::Other,
        },
        _ => Kind::Other,
    }
}
