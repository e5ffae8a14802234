//! The refused fields of an input.

use std::collections::BTreeMap;

use super::{Invalid, Phrase};

/// The refused fields of one input, by the name that the field has in the form and in the JSON.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields(BTreeMap<String, Phrase>);

impl Fields {
    /// One refused field.
    pub fn one(field: impl Into<String>, reason: impl Into<Phrase>) -> Self {
        let mut fields = Self::default();
        fields.add(field, reason);
        fields
    }

    pub fn add(&mut self, field: impl Into<String>, reason: impl Into<Phrase>) {
        self.0.insert(field.into(), reason.into());
    }

    /// The parsed value, or `None` after recording why `field` was refused. So one pass reports every field of a form.
    pub fn keep<T>(&mut self, field: &str, parsed: Result<T, Invalid>) -> Option<T> {
        parsed.map_err(|invalid| self.add(field, invalid)).ok()
    }

    pub fn get(&self, field: &str) -> Option<&Phrase> {
        self.0.get(field)
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &Phrase)> {
        self.0.iter().map(|(field, reason)| (field.as_str(), reason))
    }
}
