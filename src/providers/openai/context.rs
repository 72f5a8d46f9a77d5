//! What the parts of the encoder share.

use super::{column, dialect::Dialect};
use crate::providers::{support::Field, warnings::Warnings};

/// What is known while a request is written: the dialect, the model, and what had to be changed so far.
#[derive(Debug)]
pub struct Context<'a> {
    pub dialect: &'a Dialect,
    pub model: &'a str,
    pub warnings: Warnings,
}

impl Context<'_> {
    pub fn takes(&self, field: Field) -> bool {
        column::takes(self.dialect, self.model, field)
    }

    /// Returns the value of a field when the provider takes it. Who asked was told otherwise by the review.
    pub fn keep<T>(&self, field: Field, value: Option<T>) -> Option<T> {
        value.filter(|_| self.takes(field))
    }
}
