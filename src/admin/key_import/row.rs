//! A row of an import before it is judged.

use std::{collections::BTreeMap, fmt};

/// What one row says. Everything is as written, without space around it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Row {
    /// Line where it begins, from 1.
    pub line: u32,
    pub origin: Origin,
    pub secret: String,
    /// Empty when the row has none.
    pub name: String,
    /// Empty when the row has none.
    pub quota_owner: String,
    pub parameters: BTreeMap<String, String>,
    /// Why the row cannot be read. Never any part of it.
    pub problem: Option<&'static str>,
}

/// Whose key a row holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// It names no provider.
    #[default]
    Unnamed,
    Provider(String),
    /// A variable that holds keys of this provider.
    VariableOf(String),
    /// A variable that holds something else.
    Variable(String),
}

impl Row {
    pub fn bad(line: u32, problem: &'static str) -> Self {
        Self { line, problem: Some(problem), ..Self::default() }
    }

    /// Returns the origin of a row that names a provider, or does not.
    pub fn origin(provider: &str) -> Origin {
        if provider.is_empty() { Origin::Unnamed } else { Origin::Provider(provider.to_owned()) }
    }
}

/// Shows no secret, and nothing that may be one in the wrong place.
impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Row").field("line", &self.line).field("problem", &self.problem).finish_non_exhaustive()
    }
}
