//! Arrays of arrow-rs as columns, and their types as headers.

use arrow_buffer::Buffer;
use arrow_data::ArrayData;
use arrow_schema::{DataType, FieldRef, TimeUnit};

use crate::tables::array::{Array, Bits, Integer, Kind};
use crate::tables::columns::Unit;
use crate::tables::resolve::Holds;

/// What a column of this type can hold.
pub(super) fn holds(data_type: &DataType) -> Holds {
    match data_type {
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => Holds::Bytes,
        _ => kind(data_type).holds(),
    }
}

/// What the bytes of a column of this type are.
fn kind(data_type: &DataType) -> Kind {
    let integer = |bytes, is_signed| Kind::Integer(Integer { bytes, is_signed });
    let decimal = |bytes, scale: i8| Kind::Decimal { bytes, scale: scale.into() };
    match data_type {
        DataType::Int8 => integer(1, true),
        DataType::Int16 => integer(2, true),
        DataType::Int32 => integer(4, true),
        DataType::Int64 => integer(8, true),
        DataType::UInt8 => integer(1, false),
        DataType::UInt16 => integer(2, false),
        DataType::UInt32 => integer(4, false),
        DataType::UInt64 => integer(8, false),
        DataType::Float16 => Kind::Float(2),
        DataType::Float32 => Kind::Float(4),
        DataType::Float64 => Kind::Float(8),
        DataType::Decimal32(_, scale) => decimal(4, *scale),
        DataType::Decimal64(_, scale) => decimal(8, *scale),
        DataType::Decimal128(_, scale) => decimal(16, *scale),
        DataType::Decimal256(_, scale) => decimal(32, *scale),
        DataType::Timestamp(unit, _) => Kind::Time(match unit {
            TimeUnit::Second => Unit::Seconds,
            TimeUnit::Millisecond => Unit::Milliseconds,
            TimeUnit::Microsecond => Unit::Microseconds,
            TimeUnit::Nanosecond => Unit::Nanoseconds,
        }),
        DataType::Date32 => Kind::Days,
        DataType::Date64 => Kind::Time(Unit::Milliseconds),
        DataType::Utf8 | DataType::Binary => Kind::Text(4),
        DataType::LargeUtf8 | DataType::LargeBinary => Kind::Text(8),
        DataType::Utf8View | DataType::BinaryView => Kind::Views,
        DataType::Struct(fields) => {
            Kind::Struct(fields.iter().map(|field| field.name().clone()).collect())
        }
        DataType::Map(entries, _) | DataType::List(entries) if is_map(entries) => Kind::Map(4),
        DataType::LargeList(entries) if is_map(entries) => Kind::Map(8),
        _ => Kind::Other,
    }
}

/// Whether the items of a list may be the tags of a row.
fn is_map(entries: &FieldRef) -> bool {
    let is_label = |field: &FieldRef| {
        matches!(holds(field.data_type()), Holds::Text | Holds::Bytes | Holds::Numbers)
    };
    match entries.data_type() {
        DataType::Struct(fields) => fields.len() == 2 && fields.iter().all(is_label),
        _ => false,
    }
}

/// A column of arrow-rs; `None` for one that does not begin where its buffers do, as no decoder
/// gives it.
pub(super) fn array(data: &ArrayData) -> Option<Array> {
    if data.offset() != 0 {
        return None;
    }
    let validity =
        data.nulls().map(|nulls| Bits { buffer: nulls.buffer().clone(), first: nulls.offset() });
    let children = data.child_data().iter().map(array).collect::<Option<_>>()?;
    let buffers: Vec<Buffer> = data.buffers().to_vec();
    let kind = kind(data.data_type());
    Some(Array { kind, length: data.len(), validity, buffers, children, dictionary: None })
}
