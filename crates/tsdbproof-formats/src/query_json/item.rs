//! The object of a series while it is read: which of its parts is open, and where its points go.

use super::{answer::Keyed, header::Field, header::Header};
use crate::json::cursor::Cursor;
use crate::json::syntax::Place;

/// An open object.
#[derive(Debug)]
pub(super) struct Item {
    /// Where it begins.
    pub(super) at: Cursor,
    pub(super) header: Header,
    /// Where in the object the next byte stands.
    pub(super) place: Place,
    /// The field whose value comes or is open.
    pub(super) field: Field,
    /// The container in it that is read in parts.
    pub(super) inner: Option<Inner>,
    pub(super) points: Points,
}

/// A container of parts that are read one by one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Inner {
    pub(super) role: Role,
    pub(super) place: Place,
    /// In [`Role::Members`]: the time whose value comes, and where it stands.
    pub(super) key: Option<(u64, Cursor)>,
}

/// What stands in a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// `"time":value`.
    Members,
    /// `[time,value]`.
    Items,
    /// Annotations.
    Notes,
}

/// What a whole value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// What should be an object of an answer.
    Stranger,
    /// A key of an object.
    Key,
    /// The value of a field.
    Field,
    /// A key of `dps`.
    Time,
    /// A value of `dps`.
    Value,
    /// An item of `dps`.
    Pair,
}

/// Where the points of an object go.
#[derive(Debug)]
pub(super) enum Points {
    /// Into the answer.
    Given,
    /// Nowhere until the object is over, for it is not known whose they are.
    Held(Vec<Keyed>),
    /// Nowhere.
    Dropped,
}

impl Item {
    /// An object whose first byte was passed.
    pub(super) fn new(at: Cursor) -> Self {
        Item {
            at,
            header: Header::default(),
            place: Place::FirstKey,
            field: Field::Other,
            inner: None,
            points: Points::Dropped,
        }
    }

    /// Where the next byte stands in the innermost container, and whether that is an object.
    pub(super) fn innermost(&mut self) -> (&mut Place, bool) {
        match &mut self.inner {
            Some(inner) => (&mut inner.place, inner.role == Role::Members),
            None => (&mut self.place, true),
        }
    }

    /// What is in the container that the first byte of the field's value opens, if it is read in
    /// parts.
    pub(super) fn role(&self, first: u8) -> Option<Role> {
        match (self.field, first) {
            (Field::Points, b'{') => Some(Role::Members),
            (Field::Points, b'[') => Some(Role::Items),
            (Field::Notes | Field::GlobalNotes, b'[') => Some(Role::Notes),
            _ => None,
        }
    }

    /// Opens a container; its first byte was passed.
    pub(super) fn open(&mut self, role: Role) {
        let place = if role == Role::Members { Place::FirstKey } else { Place::FirstItem };
        self.inner = Some(Inner { role, place, key: None });
    }

    /// Whether its points go nowhere.
    pub(super) fn is_dropped(&self) -> bool {
        matches!(self.points, Points::Dropped)
    }

    /// Bytes of memory, roughly.
    pub(super) fn memory_bytes(&self) -> usize {
        match &self.points {
            Points::Held(points) => points.capacity() * size_of::<Keyed>(),
            Points::Given | Points::Dropped => 0,
        }
    }
}
