//! A cell as text, as the label of a tag, or as several tags.

use std::{borrow::Cow, ops::Range};

use tsdbproof_core::{ProblemKind, quote};

use super::{Array, Kind, VIEW_BYTES, at, broken};
use crate::number::Fault;
use crate::tables::names;

/// Text that lives as long as its column, or was made.
pub(in crate::tables) type Bytes<'a> = Cow<'a, [u8]>;

/// Bytes of text that stand in a view itself.
const INLINE_BYTES: usize = 12;

fn no_label() -> Fault {
    Fault::new(ProblemKind::BadTag, "a tag value that is neither text nor a whole number")
}

impl Array {
    /// The text of a row, whose characters are not checked; `None` for a null.
    pub(in crate::tables) fn text(&self, row: usize) -> Result<Option<&[u8]>, Fault> {
        let Some((array, row)) = self.plain(row)? else { return Ok(None) };
        array.plain_text(row).map(Some)
    }

    /// The text of a cell that is no null.
    pub(super) fn plain_text(&self, row: usize) -> Result<&[u8], Fault> {
        let text = match self.kind {
            Kind::Text(bytes) => self.range(bytes, row).and_then(|range| self.buffer(1).get(range)),
            Kind::Views => self.view(row),
            _ => return Err(broken("a cell that holds no text")),
        };
        text.ok_or_else(|| broken("text outside of its column"))
    }

    fn view(&self, row: usize) -> Option<&[u8]> {
        let start = row.checked_mul(VIEW_BYTES)?;
        let view = self.buffer(0).get(start..start.checked_add(VIEW_BYTES)?)?;
        let word = |index| at(view, index).map(u32::from_le_bytes);
        let length = usize::try_from(word(0)?).ok()?;
        if length <= INLINE_BYTES {
            return view.get(4..4 + length);
        }
        let (buffer, start) = (usize::try_from(word(2)?).ok()?, usize::try_from(word(3)?).ok()?);
        self.buffers.get(buffer.checked_add(1)?)?.get(start..start.checked_add(length)?)
    }

    /// The row's value of a tag; `None` for a null.
    pub(in crate::tables) fn label(&self, row: usize) -> Result<Option<Bytes<'_>>, Fault> {
        let Some((array, row)) = self.plain(row)? else { return Ok(None) };
        match array.kind {
            Kind::Text(_) | Kind::Views => array.plain_text(row).map(|text| Some(text.into())),
            Kind::Integer(integer) => {
                let number = integer.read(array.buffer(0), row);
                let number = number.ok_or_else(|| broken("a number outside of its column"))?;
                Ok(Some(number.to_string().into_bytes().into()))
            }
            _ => Err(no_label()),
        }
    }

    /// Adds the row's tags, of a column that holds several.
    pub(in crate::tables) fn pairs<'a>(
        &'a self,
        row: usize,
        pairs: &mut Vec<(Bytes<'a>, Bytes<'a>)>,
    ) -> Result<(), Fault> {
        let Some((array, row)) = self.plain(row)? else { return Ok(()) };
        match &array.kind {
            Kind::Map(bytes) => array.map_pairs(*bytes, row, pairs),
            Kind::Struct(names) => {
                for (name, child) in names.iter().zip(&array.children) {
                    // As in a column of its own, no text is no tag.
                    if let Some(value) = child.label(row)?.filter(|value| !value.is_empty()) {
                        pairs.push((name.as_bytes().into(), value));
                    }
                }
                Ok(())
            }
            _ => {
                let found = names::pairs_of_text(array.plain_text(row)?)?;
                pairs.extend(found.into_iter().map(|(key, value)| (key.into(), value.into())));
                Ok(())
            }
        }
    }

    /// Where a row's tags stand among all of them.
    pub(super) fn map_range(&self, bytes: usize, row: usize) -> Result<Range<usize>, Fault> {
        let entries = self.children.first().map_or(0, |entries| entries.length);
        let range = self.range(bytes, row).filter(|range| range.end <= entries);
        let range = range.ok_or_else(|| broken("tags outside of their column"))?;
        match range.len() {
            ..=ROW_PAIRS => Ok(range),
            count => Err(broken(&format!("a row of {count} tags"))),
        }
    }

    fn map_pairs<'a>(
        &'a self,
        bytes: usize,
        row: usize,
        pairs: &mut Vec<(Bytes<'a>, Bytes<'a>)>,
    ) -> Result<(), Fault> {
        let [entries] = self.children.as_slice() else { return Err(no_label()) };
        let [keys, values] = entries.children.as_slice() else { return Err(no_label()) };
        for entry in self.map_range(bytes, row)? {
            match (keys.label(entry)?, values.label(entry)?) {
                (Some(key), Some(value)) => pairs.push((key, value)),
                (Some(_), None) => {}
                (None, value) => {
                    let found = quote(&value.unwrap_or_default());
                    let what = format!("a tag without a key; found the value {found}");
                    return Err(Fault::new(ProblemKind::BadTag, what));
                }
            }
        }
        Ok(())
    }
}

/// The most tags of a row, and the most bytes that name its series: no more are taken by what a
/// damaged offset claims.
const ROW_PAIRS: usize = 4096;
const ROW_BYTES: usize = 1 << 20;

impl Array {
    /// Appends bytes that differ where the text, the label or the tags of cells differ, as long as
    /// dictionaries stay what they are. Errors: a cell that can't be read.
    pub(in crate::tables) fn spell(&self, row: usize, key: &mut Vec<u8>) -> Result<(), Fault> {
        let is_valid = row < self.length && self.is_valid(row);
        key.push(u8::from(is_valid));
        if !is_valid {
            return Ok(());
        }
        match &self.kind {
            Kind::Text(_) | Kind::Views => {
                let text = self.plain_text(row)?;
                if text.len() > ROW_BYTES - key.len().min(ROW_BYTES) {
                    return Err(broken("names of more than a MiB"));
                }
                key.extend_from_slice(&text.len().to_le_bytes());
                key.extend_from_slice(text);
            }
            Kind::Integer(integer) | Kind::Dictionary(integer) => {
                let number = integer.read(self.buffer(0), row);
                let number = number.ok_or_else(|| broken("a number outside of its column"))?;
                key.extend_from_slice(&number.to_le_bytes());
            }
            Kind::Struct(_) => {
                self.children.iter().try_for_each(|child| child.spell(row, key))?;
            }
            Kind::Map(bytes) => {
                let range = self.map_range(*bytes, row)?;
                key.extend_from_slice(&range.len().to_le_bytes());
                for entry in range {
                    for side in self.children.iter().flat_map(|entries| &entries.children) {
                        side.spell(entry, key)?;
                    }
                }
            }
            _ => return Err(no_label()),
        }
        Ok(())
    }
}
