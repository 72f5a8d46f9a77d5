//! Collects what an encoder drops or rewrites. A long history repeats itself, so each kind of change is told once.

use crate::domain::usage::{Warning, WarningAction};

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
