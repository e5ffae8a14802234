//! What is wrong with an input, field by field.

use std::collections::BTreeMap;

/// Why one value was refused, as a sentence a person can act on ("Use 3 to 32 characters.").
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Invalid(pub String);

impl Invalid {
    pub fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

/// Refused fields of one input, by the name the field has in the form and in the JSON.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields(BTreeMap<String, String>);

impl Fields {
    /// One refused field.
    pub fn one(field: impl Into<String>, reason: impl Into<String>) -> Self {
        let mut fields = Self::default();
        fields.add(field, reason);
        fields
    }

    pub fn add(&mut self, field: impl Into<String>, reason: impl Into<String>) {
        self.0.insert(field.into(), reason.into());
    }

    /// Keeps the value, or notes why `field` was refused: the way to report every field of a form at once.
    pub fn keep<T>(&mut self, field: &str, parsed: Result<T, Invalid>) -> Option<T> {
        match parsed {
            Ok(value) => Some(value),
            Err(Invalid(reason)) => {
                self.add(field, reason);
                None
            }
        }
    }

    /// The reason for `field`, or an empty string: templates show it beside the input.
    pub fn get(&self, field: &str) -> &str {
        self.0.get(field).map_or("", String::as_str)
    }

    pub fn has(&self, field: &str) -> bool {
        self.0.contains_key(field)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(field, why)| (field.as_str(), why.as_str()))
    }
}
