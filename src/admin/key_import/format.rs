//! The formats of imports, and how they are told apart.

use super::{csv, env, lines};
use crate::admin::key_kinds::KeyKinds;

/// How an import is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Csv,
    Env,
    Json,
    /// One secret per line.
    Lines,
}

impl Format {
    pub const ALL: [Self; 4] = [Self::Csv, Self::Env, Self::Json, Self::Lines];

    /// Recognizes the format of a text.
    pub fn of(text: &str, kinds: &KeyKinds) -> Self {
        if text.trim_start().starts_with(['[', '{']) {
            return Self::Json;
        }
        let first = text.lines().find(|line| !csv::is_before_header(line));
        if first.is_some_and(|line| csv::header(line, kinds).is_some()) {
            return Self::Csv;
        }
        let sets = text.lines().filter(|line| !lines::is_nothing(line)).any(|line| sets_a_variable(line, kinds));
        if sets { Self::Env } else { Self::Lines }
    }
}

/// Whether a line sets a variable to something. Secrets in base64 end with `=` or two of them.
fn sets_a_variable(line: &str, kinds: &KeyKinds) -> bool {
    let Some((name, value)) = env::assignment(line) else { return false };
    let named = !name.contains(|c: char| c.is_ascii_lowercase()) || kinds.of_variable(name).is_some();
    named && !value.trim().trim_matches('=').is_empty()
}
