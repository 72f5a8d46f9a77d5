//! What the parts of the encoder share.

use super::dialect::{Dialect, Field};
use crate::{
    domain::usage::{Warning, WarningAction},
    providers::adapter::EncodeError,
};

/// What is known while a request is written: the dialect for the model, and what had to be changed so far.
#[derive(Debug)]
pub struct Context<'a> {
    pub dialect: &'a Dialect,
    pub model: &'a str,
    pub warnings: Vec<Warning>,
}

impl<'a> Context<'a> {
    pub fn new(dialect: &'a Dialect, model: &'a str) -> Self {
        Self { dialect, model, warnings: Vec::new() }
    }

    pub fn supports(&self, field: Field) -> bool {
        let refused_by_model = self.dialect.rule(self.model).is_some_and(|rule| rule.unsupported.contains(&field));
        !refused_by_model && !self.dialect.unsupported.contains(&field)
    }

    /// Returns the value of a field, or drops it with a warning when the provider does not take it.
    pub fn keep<T>(&mut self, field: Field, value: Option<T>) -> Option<T> {
        let value = value?;
        if self.supports(field) {
            return Some(value);
        }
        self.dropped(format!("prompt.{}", field.name()), "the provider does not take this field for the model");
        None
    }

    pub fn dropped(&mut self, field: impl Into<String>, message: &str) {
        let message = message.to_owned();
        self.warnings.push(Warning { field: field.into(), action: WarningAction::Dropped, message });
    }

    pub fn rewritten(&mut self, field: impl Into<String>, message: impl Into<String>) {
        let message = message.into();
        self.warnings.push(Warning { field: field.into(), action: WarningAction::Rewritten, message });
    }
}

/// Refuses what the format cannot express.
pub fn refuse<T>(field: impl Into<String>, message: &str) -> Result<T, EncodeError> {
    Err(EncodeError { field: field.into(), message: message.to_owned() })
}
