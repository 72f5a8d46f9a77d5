//! The lists of words as schemas.

use schemars::{Schema, SchemaGenerator, json_schema};

use super::words::{
    ACTIONS, AVAILABILITIES, COST_BASES, DATABASE_STATES, FAILURES, FINISH_REASONS, IMPORT_VERDICTS, ROLES, SCOPES,
    STATES, TEST_VERDICTS, USAGE_SOURCES, WARNING_ACTIONS,
};

/// One word of a list.
pub fn one_of<T>(words: &[(&'static str, T)]) -> Schema {
    let words: Vec<_> = words.iter().map(|(word, _)| *word).collect();
    json_schema!({"type": "string", "enum": words})
}

/// The same where null says that there is none, or one that is newer than this edge.
fn nullable<T>(words: &[(&'static str, T)]) -> Schema {
    let words: Vec<_> = words.iter().map(|(word, _)| Some(*word)).chain([None]).collect();
    json_schema!({"type": ["string", "null"], "enum": words})
}

pub fn role(_: &mut SchemaGenerator) -> Schema {
    one_of(ROLES)
}

pub fn scopes(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "array", "items": one_of(SCOPES)})
}

pub fn state(_: &mut SchemaGenerator) -> Schema {
    nullable(STATES)
}

pub fn failure_class(_: &mut SchemaGenerator) -> Schema {
    nullable(FAILURES)
}

pub fn test_verdict(_: &mut SchemaGenerator) -> Schema {
    nullable(TEST_VERDICTS)
}

pub fn import_verdict(_: &mut SchemaGenerator) -> Schema {
    nullable(IMPORT_VERDICTS)
}

pub fn action(_: &mut SchemaGenerator) -> Schema {
    nullable(ACTIONS)
}

pub fn finish_reason(_: &mut SchemaGenerator) -> Schema {
    nullable(FINISH_REASONS)
}

pub fn usage_source(_: &mut SchemaGenerator) -> Schema {
    nullable(USAGE_SOURCES)
}

pub fn cost_basis(_: &mut SchemaGenerator) -> Schema {
    nullable(COST_BASES)
}

pub fn warning_action(_: &mut SchemaGenerator) -> Schema {
    nullable(WARNING_ACTIONS)
}

pub fn database_state(_: &mut SchemaGenerator) -> Schema {
    nullable(DATABASE_STATES)
}

pub fn availability(_: &mut SchemaGenerator) -> Schema {
    nullable(AVAILABILITIES)
}
