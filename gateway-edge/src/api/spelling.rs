//! Fields that may be written by several names: a failure tells the one that the caller wrote.

use std::collections::BTreeMap;

use serde::de::IgnoredAny;

/// Names of one field. Where none of them was written, a failure keeps the name it has.
const SAME: &[&[&str]] = &[
    &["provider_name", "provider"],
    &["api_key", "secret"],
    &["is_active", "active"],
    &["is_selected", "selected"],
    &["provider_key_id", "key_id", "key"],
];

/// Returns the name by which the field `name` stands in a query or, as a member, in a JSON body.
pub fn as_written(name: String, query: &str, body: &[u8]) -> String {
    let Some(same) = SAME.iter().find(|same| same.contains(&name.as_str())) else { return name };
    let members: BTreeMap<String, IgnoredAny> = serde_json::from_slice(body).unwrap_or_default();
    let asked = |known: &str| form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == known);
    let written = same.iter().find(|known| members.contains_key(**known) || asked(known));
    written.map_or(name, |known| (*known).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_that_was_written_is_told() {
        for (name, query, body, want) in [
            ("provider", "", r#"{"provider_name":"x"}"#, "provider_name"),
            ("provider_name", "", r#"{"provider":"x"}"#, "provider"),
            ("provider", "a=b&provider_name=x", "", "provider_name"),
            ("api_key", "", r#"{"secret":{"deep":[1]}}"#, "secret"),
            ("is_selected", "selected=x", "", "selected"),
            ("provider", "", "", "provider"),
            ("provider", "", "no JSON", "provider"),
            ("provider", "provider=x", r#"["provider_name"]"#, "provider"),
            ("name", "", r#"{"provider_name":"x"}"#, "name"),
            ("history[0].content", "", r#"{"content":"x"}"#, "history[0].content"),
        ] {
            assert_eq!(as_written(name.into(), query, body.as_bytes()), want, "{name} {query} {body}");
        }
    }
}
