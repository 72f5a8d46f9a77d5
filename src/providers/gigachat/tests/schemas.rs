//! Schemas, reduced to the subset.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::providers::gigachat::schema::reduce;

/// Reduces the schema of a property.
fn property(schema: Value) -> (Value, bool) {
    let object = json!({"type": "object", "properties": {"p": schema}, "$defs": {
        "Tree": {"type": "object", "properties": {"children": {"type": "array", "items": {"$ref": "#/$defs/Tree"}}}},
        "a/b": {"type": "integer", "description": "slash"}}});
    let object = object.to_string();
    let reduced = reduce(&object).unwrap();
    (serde_json::to_value(&reduced.schema).unwrap()["properties"]["p"].clone(), reduced.differs)
}

#[test]
fn reduces_each_word() {
    for (schema, want, differs) in [
        (json!({}), json!({"type": "string"}), false),
        (json!(true), json!({"type": "string"}), false),
        (json!(7), json!({"type": "string"}), false),
        (json!({"type": "null"}), json!({"type": "string"}), false),
        (json!({"type": "odd"}), json!({"type": "string"}), false),
        (json!({"type": ["null", "number"]}), json!({"type": "number"}), false),
        (json!({"type": ["string", "number"]}), json!({"type": "string"}), true),
        (json!({"type": "array"}), json!({"type": "array", "items": {"type": "string"}}), false),
        (json!({"type": "array", "items": {}}), json!({"type": "array", "items": {"type": "string"}}), false),
        (json!({"items": [{"type": "integer"}]}), json!({"type": "array", "items": {"type": "integer"}}), true),
        (json!({"type": "object"}), json!({"type": "object", "properties": {}}), false),
        (json!({"properties": {}, "required": ["x"]}), json!({"type": "object", "properties": {}}), false),
        (json!({"enum": ["a", null, "b"]}), json!({"type": "string", "enum": ["a", "b"]}), false),
        (json!({"const": "a", "title": "A"}), json!({"type": "string", "enum": ["a"]}), false),
        (
            json!({"type": "integer", "enum": [1, 2], "description": "D."}),
            json!({"type": "integer", "description": "D. One of: 1, 2."}),
            true,
        ),
        (json!({"enum": [1.5]}), json!({"type": "number", "description": "One of: 1.5."}), true),
        (json!({"const": false}), json!({"type": "boolean", "description": "One of: false."}), true),
        (json!({"type": "string", "format": "date-time"}), json!({"type": "string", "format": "date-time"}), false),
        (json!({"type": "string", "format": "uri"}), json!({"type": "string"}), false),
        (json!({"type": "integer", "minimum": 1}), json!({"type": "integer"}), true),
        (
            json!({"additionalProperties": {"type": "string"}, "type": "object"}),
            json!({"type": "object", "properties": {}}),
            true,
        ),
        (json!({"anyOf": [{"type": "null"}, {"type": "integer"}]}), json!({"type": "integer"}), false),
        (json!({"oneOf": [{"type": "integer"}, {"type": "string"}]}), json!({"type": "integer"}), true),
        (
            json!({"allOf": [{"properties": {"a": {"type": "string"}}, "required": ["a"]}, {"properties": {"b": {}}}]}),
            json!({"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}}, "required": ["a"]}),
            false,
        ),
        (json!({"$ref": "#/$defs/a~1b"}), json!({"type": "integer", "description": "slash"}), false),
        (
            json!({"$ref": "#/$defs/a~1b", "description": "own"}),
            json!({"type": "integer", "description": "own"}),
            false,
        ),
        (json!({"$ref": "https://example.com/x"}), json!({"type": "object", "properties": {}}), true),
        (
            json!({"$ref": "#/$defs/Tree"}),
            json!({"type": "object", "properties": {"children": {"type": "array",
                "items": {"type": "object", "properties": {}}}}}),
            true,
        ),
    ] {
        assert_eq!(property(schema.clone()), (want, differs), "{schema}");
    }
}

#[test]
fn keeps_the_order_of_properties() {
    let schema = r#"{"properties":{"z":{"type":"string"},"a":{"type":"string"}},"required":["z"]}"#;
    let reduced = serde_json::to_string(&reduce(schema).unwrap().schema).unwrap();
    let want = r#"{"type":"object","properties":{"z":{"type":"string"},"a":{"type":"string"}},"required":["z"]}"#;
    assert_eq!(reduced, want);
    assert_eq!(serde_json::to_value(reduce("").unwrap().schema).unwrap(), json!({"type": "object", "properties": {}}));
}

#[test]
fn refuses_what_is_no_object_or_has_no_end() {
    for schema in ["[]", "{", "1", r#"{"type":"array"}"#, r#"{"enum":["a"],"type":"string"}"#] {
        assert!(reduce(schema).is_err(), "{schema}");
    }
    let deep = format!("{}{}", r#"{"properties":{"a":"#.repeat(70), "{}".to_owned() + &"}}".repeat(70));
    assert!(reduce(&deep).is_err());
    // Each definition holds the next one ten times.
    let level = |n: usize| {
        let members = (0..10).map(|m| format!(r##""p{m}":{{"$ref":"#/$defs/d{}"}}"##, n + 1)).collect::<Vec<_>>();
        format!(r#""d{n}":{{"properties":{{{}}}}}"#, members.join(","))
    };
    let levels = (0..12).map(level).collect::<Vec<_>>().join(",");
    assert!(reduce(&format!(r##"{{"$ref":"#/$defs/d0","$defs":{{{levels}}}}}"##)).is_err());
}

#[test]
fn gives_up_on_references_that_lead_nowhere() {
    for reference in ["#/$defs/x".to_owned(), "#/nowhere/at/all".to_owned(), "/".repeat(1 << 20), "#/".repeat(1 << 20)]
    {
        let schema = json!({"type": "object", "$defs": {"y": {}}, "properties": {
            "a": {"$ref": reference}, "b": {"$ref": reference}, "c": {"$ref": "#/$defs/y"}}});
        let schema = schema.to_string();
        let reduced = reduce(&schema).unwrap();
        assert!(reduced.differs);
        let schema = serde_json::to_value(reduced.schema).unwrap();
        let want = json!({"a": {"type": "object", "properties": {}}, "b": {"type": "object", "properties": {}},
            "c": {"type": "string"}});
        assert_eq!(schema["properties"], want);
    }
}

#[test]
fn follows_a_reference_to_the_whole() {
    let schema = r##"{"type":"object","properties":{"next":{"$ref":"#"}}}"##;
    let reduced = reduce(schema).unwrap();
    assert!(reduced.differs);
    let next = json!({"type": "object", "properties": {"next": {"type": "object", "properties": {}}}});
    assert_eq!(serde_json::to_value(reduced.schema).unwrap()["properties"]["next"], next);
}

const RICH: &str = r##"{"type":"object","$defs":{"S":{"type":"object","properties":{"t":{"type":["string","null"]},
    "self":{"$ref":"#/$defs/S"}},"required":["t"]}},"properties":{"a":{"type":"array","items":{"$ref":"#/$defs/S"}},
    "b":{"anyOf":[{"type":"null"},{"const":3}]},"c":{"allOf":[{"enum":["x",1]},{"minLength":2}]},
    "d":{"format":"date","description":"D"}},"required":["a","b"],"additionalProperties":false}"##;

const EDITS: &[&str] = &[
    "",
    "{",
    "}",
    "[",
    "]",
    "\"",
    ",",
    ":",
    "null",
    "true",
    "1",
    "\"type\":",
    "\"items\":",
    "\"$ref\":\"#\"",
    "array",
    "object",
];

/// Checks that a schema keeps to the subset at every depth.
fn check_subset(schema: &Value) {
    let members = schema.as_object().unwrap();
    let known = ["type", "description", "format", "enum", "items", "properties", "required"];
    assert!(members.keys().all(|name| known.contains(&name.as_str())), "{schema}");
    match schema["type"].as_str().unwrap() {
        "object" => schema["properties"].as_object().unwrap().values().for_each(check_subset),
        "array" => check_subset(&schema["items"]),
        kind => assert!(["string", "number", "integer", "boolean"].contains(&kind), "{schema}"),
    }
    assert!(members.get("enum").is_none_or(|values| values.as_array().unwrap().iter().all(Value::is_string)));
    let required = members.get("required").and_then(Value::as_array).into_iter().flatten();
    required.for_each(|name| assert!(schema["properties"].get(name.as_str().unwrap()).is_some(), "{schema}"));
}

proptest! {
    #[test]
    fn whatever_comes_the_subset_goes(
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0usize..8, prop::sample::select(EDITS)), 0..6),
    ) {
        let mut schema = RICH.as_bytes().to_vec();
        for (place, length, text) in edits {
            let from = place.index(schema.len() + 1);
            let to = (from + length).min(schema.len());
            schema.splice(from..to, text.bytes());
        }
        if let Ok(reduced) = reduce(std::str::from_utf8(&schema).unwrap()) {
            check_subset(&serde_json::to_value(reduced.schema).unwrap());
        }
    }
}

#[test]
fn the_rich_schema_is_reduced() {
    check_subset(&serde_json::to_value(reduce(RICH).unwrap().schema).unwrap());
}
