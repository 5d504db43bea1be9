//! The dictionaries of a file or stream, as far as they are known.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::Flaw;
use super::fields::Field;
use super::table::ValuesOf;
use crate::tables::array::{Array, Dictionary};

/// Dictionaries by their numbers.
#[derive(Debug, Clone, Default)]
pub(super) struct Dictionaries {
    all: BTreeMap<i64, State>,
    /// Those of columns that are not read.
    unwanted: BTreeSet<i64>,
}

#[derive(Debug, Clone)]
struct State {
    /// What it holds.
    values: Field,
    known: Option<Arc<Dictionary>>,
    /// Whether something that belongs behind its values is lost: what comes would stand at the
    /// wrong indices.
    is_cut: bool,
}

impl Dictionaries {
    /// The dictionaries that columns need, all of them still to come; `is_read` tells the columns, by
    /// their indices, that are read.
    pub(super) fn of(fields: &[Field], is_read: impl Fn(usize) -> bool) -> Self {
        let mut dictionaries = Dictionaries::default();
        for (index, field) in fields.iter().enumerate() {
            let mut found = Vec::new();
            field.add_dictionaries(&mut found);
            for (id, values) in found {
                let state = State { values, known: None, is_cut: false };
                match is_read(index) {
                    true => drop(dictionaries.all.insert(id, state)),
                    false => drop(dictionaries.unwanted.insert(id)),
                }
            }
        }
        dictionaries
    }

    /// Whether this is the dictionary of a column that is not read.
    pub(super) fn is_unwanted(&self, id: i64) -> bool {
        self.unwanted.contains(&id) && !self.all.contains_key(&id)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub(super) fn get(&self, id: i64) -> Option<&Arc<Dictionary>> {
        self.all.get(&id)?.known.as_ref()
    }

    /// What the dictionary of this number holds.
    pub(super) fn values(&self, id: i64) -> Option<&Field> {
        self.all.get(&id).map(|state| &state.values)
    }

    /// Takes values. Errors: nobody knows where they belong.
    pub(super) fn add(&mut self, of: ValuesOf, values: Array) -> Result<(), Flaw> {
        let state = self.all.get_mut(&of.id).ok_or("a dictionary of no column")?;
        if !of.is_delta {
            let mut dictionary = Dictionary::default();
            dictionary.add(values);
            state.known = Some(Arc::new(dictionary));
            state.is_cut = false;
            return Ok(());
        }
        match &mut state.known {
            Some(known) if !state.is_cut => {
                Arc::make_mut(known).add(values);
                Ok(())
            }
            _ => Err("values that belong behind those of a dictionary that is lost"),
        }
    }

    /// Values are lost.
    pub(super) fn lose(&mut self, of: ValuesOf) {
        if let Some(state) = self.all.get_mut(&of.id) {
            state.is_cut = true;
            if !of.is_delta {
                state.known = None;
            }
        }
    }

    /// Messages are lost. In a file values may only be added, so what is known stays.
    pub(super) fn lose_messages(&mut self, is_file: bool) {
        for state in self.all.values_mut() {
            state.is_cut = true;
            if !is_file {
                state.known = None;
            }
        }
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.all.values().filter_map(|state| state.known.as_ref()).map(|it| it.memory_bytes()).sum()
    }
}
