mod formats;
mod outcomes;
mod properties;
mod verdicts;

use std::collections::BTreeMap;

use super::*;
use crate::{
    admin::key_kinds::{KeyKind, KeyKinds},
    domain::key::KeyParameter,
};

const SCOPE: &[KeyParameter] = &[KeyParameter { name: "scope", values: &["ONE", "TWO"] }];

/// Providers `xai`, `google` and `sber`, the last one with a parameter.
fn kinds() -> KeyKinds {
    let kind = |parameters, variable: &str| KeyKind { parameters, variables: vec![variable.to_owned()], console: "" };
    KeyKinds(BTreeMap::from([
        ("xai".to_owned(), kind(&[], "XAI_API_KEY")),
        ("google".to_owned(), kind(&[], "GEMINI_API_KEY")),
        ("sber".to_owned(), kind(SCOPE, "SBER_AUTH_KEY")),
    ]))
}
