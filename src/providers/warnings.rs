//! What an encoder drops, rewrites or refuses. A long history repeats itself, so each kind of change is told once.

use crate::domain::usage::{Warning, WarningAction};

/// A request the provider's format has no way to express.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct EncodeError {
    /// Path of the field in the contract, such as `prompt.messages[2].parts[0].audio`.
    pub field: String,
    pub message: String,
}

impl EncodeError {
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}

/// What was changed so far.
#[derive(Debug, Default)]
pub struct Warnings(Vec<Warning>);

impl Warnings {
    pub fn dropped(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.push(field.into(), WarningAction::Dropped, message.into());
    }

    pub fn rewritten(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.push(field.into(), WarningAction::Rewritten, message.into());
    }

    pub fn into_vec(self) -> Vec<Warning> {
        self.0
    }

    fn push(&mut self, field: String, action: WarningAction, message: String) {
        let told = |w: &Warning| w.action == action && w.message == message && top(&w.field) == top(&field);
        if !self.0.iter().any(told) {
            self.0.push(Warning { field, action, message });
        }
    }
}

/// Returns the path up to its first index: `prompt.messages` of `prompt.messages[3].name`.
fn top(field: &str) -> &str {
    field.split('[').next().unwrap_or(field)
}
