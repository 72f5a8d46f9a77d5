//! What every part of an encoder needs to know.

use super::{column, dialect::Dialect};
use crate::providers::{
    support::{
        Field,
        Handling::{Dropped, Mapped, Refused, Rewritten},
    },
    warnings::Warnings,
};

/// The dialect, the model, and what was changed so far.
pub struct Context<'d> {
    pub dialect: &'d Dialect,
    pub model: &'d str,
    pub warnings: Warnings,
}

impl<'d> Context<'d> {
    pub fn new(dialect: &'d Dialect, model: &'d str) -> Self {
        Self { dialect, model, warnings: Warnings::default() }
    }

    /// Whether the provider takes the field in any form.
    pub fn takes(&self, field: Field) -> bool {
        match column::support(self.dialect, self.model, field) {
            Mapped | Rewritten(_) => true,
            Dropped(_) | Refused(_) => false,
        }
    }

    /// Returns the value where the provider takes the field. That it was dropped was told already.
    pub fn keep<T>(&self, field: Field, value: Option<T>) -> Option<T> {
        value.filter(|_| self.takes(field))
    }
}
