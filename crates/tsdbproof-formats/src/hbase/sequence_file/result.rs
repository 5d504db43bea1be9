//! The value of a record: a Result of HBase's client, which is cells of one row.
//!
//! | form | bytes | written by |
//! | --- | --- | --- |
//! | message | varint of a length, then fields: 1 cell (repeated), 2 count of cells elsewhere, 3 exists, 4 stale, 5 partial | HBase from 0.96 |
//! | cell | fields: 1 row, 2 family, 3 qualifier, 4 timestamp, 5 type, 6 value, 7 tags | |
//! | old | int of a length, then n × (int of a length, KeyValue) | HBase before 0.96 |
//! | KeyValue | int, int (lengths of key and value), key, value; key: u16 + row, u8 + family, qualifier, u64 timestamp, u8 type | |
//!
//! No header tells the form, but the first bytes do: they can't tell the value's length both ways.
//! Source: HBase 2.5.10 `mapreduce/ResultSerialization.java`, `Cell.proto`, `KeyValue.java`.

use tsdbproof_core::ProblemKind;

use crate::hbase::cell::{Cell, CellKind};
use crate::hbase::hex::hex;
use crate::hbase::hfile::Key;
use crate::hbase::protobuf::{Fields, Value, delimited, varint};
use crate::hbase::writable::{count, slice};
use crate::number::Fault;
use crate::prefix;

/// How a Result is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ResultForm {
    /// As a message of protocol buffers: HBase from 0.96.
    Message,
    /// As a buffer of KeyValues: HBase before 0.96.
    KeyValues,
}

impl ResultForm {
    /// The form of a value, by the lengths that stand in front.
    pub(super) fn of(value: &[u8]) -> Option<Self> {
        let mut rest = value;
        if count(&mut rest) == Some(rest.len()) {
            return Some(ResultForm::KeyValues);
        }
        let mut rest = value;
        let length = varint(&mut rest).and_then(|length| usize::try_from(length).ok());
        (length == Some(rest.len())).then_some(ResultForm::Message)
    }
}

/// Takes the cells of a value apart, in order; those that can't be read are faults.
///
/// Errors: what is wrong with the value as a whole, of which no cell is given then.
pub(super) fn read(
    row: &[u8],
    value: &[u8],
    give: &mut dyn FnMut(Result<Cell<'_>, Fault>),
) -> Result<ResultForm, Fault> {
    let form = ResultForm::of(value).ok_or_else(|| {
        let found = hex(value.get(..8).unwrap_or(value));
        let length = value.len();
        bad_record(format!(
            "a value of {length} bytes that is no Result; found {found}, expected its length in front"
        ))
    })?;
    let cells = match form {
        ResultForm::Message => messages(value)?,
        ResultForm::KeyValues => key_values(value)?,
    };
    let mut strays = Strays::default();
    for (index, cell) in cells.iter().enumerate() {
        let cell = match form {
            ResultForm::Message => usual_cell(cell).map_or_else(|| cell_of_message(cell), Ok),
            ResultForm::KeyValues => cell_of_key_value(cell),
        };
        match cell {
            Ok(cell) if prefix::is_same(cell.row, row) => give(Ok(cell)),
            Ok(cell) => strays.take(cell.row),
            Err(fault) => give(Err(at_cell(fault, index, cells.len()))),
        }
    }
    if let Some(fault) = strays.fault(row, cells.len()) {
        give(Err(fault));
    }
    Ok(form)
}

/// Cells of another row than their record. HBase's Import dies of them, so none is given.
#[derive(Default)]
struct Strays<'a> {
    count: usize,
    /// The row of the first one.
    row: &'a [u8],
}

impl<'a> Strays<'a> {
    fn take(&mut self, row: &'a [u8]) {
        if self.count == 0 {
            self.row = row;
        }
        self.count += 1;
    }

    fn fault(self, row: &[u8], count: usize) -> Option<Fault> {
        if self.count == 0 {
            return None;
        }
        let (strays, found, expected) = (self.count, hex(self.row), hex(row));
        let what = format!(
            "{strays} of {count} cells left out: of another row than the record; found {found}, expected {expected}"
        );
        Some(Fault::new(ProblemKind::Disagreement, what))
    }
}

fn at_cell(fault: Fault, index: usize, count: usize) -> Fault {
    let what = format!("cell {} of {count} left out: {}", index + 1, fault.what);
    Fault::new(fault.kind, what)
}

/// The cells of a message, each a message.
fn messages(mut value: &[u8]) -> Result<Vec<&[u8]>, Fault> {
    let message = delimited(&mut value).unwrap_or_default();
    let mut cells = Vec::new();
    let mut rest = message;
    while let Some(cell) = short_field(&mut rest, 1) {
        cells.push(cell);
    }
    let read = message.len() - rest.len();
    for field in Fields::of(rest) {
        let field = field.map_err(|malformed| {
            let at = read + malformed.at;
            bad_record(format!("a Result that can't be read from its byte {at} on"))
        })?;
        match (field.number, field.value) {
            (1, Value::Bytes(cell)) => cells.push(cell),
            (2, Value::Varint(count)) if count > 0 => {
                let what = format!("a Result of {count} cells that stand elsewhere");
                return Err(bad_record(what));
            }
            (1, _) => return Err(bad_record("a Result with a cell that is no message")),
            _ => {}
        }
    }
    Ok(cells)
}

/// The cell of a message whose fields come in the order of their numbers and are short, as HBase writes
/// nearly all: what [`cell_of_message`] makes of it. `None` leaves it to that.
fn usual_cell(message: &[u8]) -> Option<Cell<'_>> {
    let mut rest = message;
    let row = short_field(&mut rest, 1)?;
    let family = short_field(&mut rest, 2)?;
    let qualifier = short_field(&mut rest, 3)?;
    rest = rest.strip_prefix(&[4 << 3])?;
    let timestamp_ms = varint(&mut rest)?.cast_signed();
    let &[KIND, kind, ref behind @ ..] = rest else { return None };
    rest = behind;
    let value = short_field(&mut rest, 6)?;
    let tags = if rest.is_empty() { rest } else { short_field(&mut rest, 7)? };
    let kind = CellKind::of(kind).filter(|_| rest.is_empty())?;
    Some(Cell { row, family, qualifier, timestamp_ms, kind, value, tags, sequence: 0 })
}

/// What stands before the type of a cell.
const KIND: u8 = 5 << 3;

/// Takes the field of this number off the front, if it has less than 128 bytes.
pub(super) fn short_field<'a>(rest: &mut &'a [u8], number: u8) -> Option<&'a [u8]> {
    let &[key, length @ ..0x80, ref behind @ ..] = *rest else { return None };
    let (field, behind) = behind.split_at_checked(usize::from(length))?;
    let is_it = key == number << 3 | 2;
    if is_it {
        *rest = behind;
    }
    is_it.then_some(field)
}

/// A cell of a message. HBase writes every field but the tags, each once.
fn cell_of_message(message: &[u8]) -> Result<Cell<'_>, Fault> {
    let mut parts: [Option<&[u8]>; 5] = [None; 5];
    let [row, family, qualifier, bytes, tags] = &mut parts;
    let (mut timestamp, mut kind) = (None, None);
    for field in Fields::of(message) {
        let field =
            field.map_err(|malformed| bad_cell(format!("broken at its byte {}", malformed.at)))?;
        let is_new = match (field.number, field.value) {
            (1, Value::Bytes(found)) => row.replace(found).is_none(),
            (2, Value::Bytes(found)) => family.replace(found).is_none(),
            (3, Value::Bytes(found)) => qualifier.replace(found).is_none(),
            (4, Value::Varint(found)) => timestamp.replace(found).is_none(),
            (5, Value::Varint(found)) => kind.replace(found).is_none(),
            (6, Value::Bytes(found)) => bytes.replace(found).is_none(),
            (7, Value::Bytes(found)) => tags.replace(found).is_none(),
            (1..=7, _) => false,
            // Of an HBase to come.
            _ => true,
        };
        if !is_new {
            let number = field.number;
            return Err(bad_cell(format!("its field {number} stands twice, or as another type")));
        }
    }
    let [Some(row), Some(family), Some(qualifier), Some(value), tags] = parts else {
        return Err(bad_cell("it lacks its row, family, qualifier or value"));
    };
    let (Some(timestamp), Some(kind)) = (timestamp, kind) else {
        return Err(bad_cell("it lacks its timestamp or its type"));
    };
    Ok(Cell {
        row,
        family,
        qualifier,
        timestamp_ms: timestamp.cast_signed(),
        kind: kind_of(kind)?,
        value,
        tags: tags.unwrap_or_default(),
        sequence: 0,
    })
}

fn kind_of(number: u64) -> Result<CellKind, Fault> {
    u8::try_from(number).ok().and_then(CellKind::of).ok_or_else(|| {
        bad_cell(format!(
            "of a type that no stored cell has; found {number}, expected 4, 8, 10, 12 or 14"
        ))
    })
}

/// The KeyValues of an old value.
fn key_values(mut value: &[u8]) -> Result<Vec<&[u8]>, Fault> {
    let total = value.len();
    let mut cells = Vec::new();
    count(&mut value);
    while !value.is_empty() {
        let at = total - value.len();
        let cell = count(&mut value).and_then(|length| slice(&mut value, length));
        cells.push(cell.ok_or_else(|| {
            bad_record(format!("a Result with a KeyValue beyond its end, from its byte {at} on"))
        })?);
    }
    Ok(cells)
}

fn cell_of_key_value(bytes: &[u8]) -> Result<Cell<'_>, Fault> {
    let wrong = || bad_cell("a KeyValue whose lengths do not add up");
    let (key, value) = key_and_value(bytes).ok_or_else(wrong)?;
    let Key { column, timestamp_ms, kind } = Key::of(key).ok_or_else(wrong)?;
    Ok(Cell {
        row: column.row,
        family: column.family,
        qualifier: column.qualifier,
        timestamp_ms,
        kind: kind_of(u64::from(kind))?,
        value,
        tags: &[],
        sequence: 0,
    })
}

/// The two parts of a KeyValue, which are all of it.
fn key_and_value(mut bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (key_length, value_length) = (count(&mut bytes)?, count(&mut bytes)?);
    let key = slice(&mut bytes, key_length)?;
    (bytes.len() == value_length).then_some((key, bytes))
}

pub(super) fn bad_record(what: impl Into<String>) -> Fault {
    Fault::new(ProblemKind::BadRecord, what)
}

fn bad_cell(what: impl Into<String>) -> Fault {
    Fault::new(ProblemKind::BadCell, what)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hbase::protobuf::tests::CELL;

    #[test]
    fn a_usual_cell_is_what_its_fields_say() {
        assert_eq!(usual_cell(&CELL), cell_of_message(&CELL).ok());
        assert!(usual_cell(&CELL).is_some() && usual_cell(&CELL[..34]).is_some());
        for at in 0..CELL.len() {
            for byte in 0..=u8::MAX {
                let mut message = CELL;
                message[at] = byte;
                for message in [&message[..], &message[..=at]] {
                    if let Some(cell) = usual_cell(message) {
                        assert_eq!(Some(cell), cell_of_message(message).ok(), "{byte} at {at}");
                    }
                }
            }
        }
    }
}
