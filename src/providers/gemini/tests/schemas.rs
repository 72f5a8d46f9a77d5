//! From JSON Schema to what a family takes, a row for each rule.

use serde_json::{Value, json};

use crate::{
    domain::{
        chat::{ChatRequest, Message, Part, ResponseFormat, Role},
        usage::WarningAction,
    },
    providers::{
        adapter::{Adapter, Mode},
        gemini::{GeminiAdapter, json::Json, openapi},
    },
};

fn subset(schema: &Value) -> (Option<Value>, Vec<String>) {
    let tree: Json = serde_json::from_value(schema.clone()).unwrap();
    let (converted, lost) = openapi::convert(&tree, false).unwrap();
    (converted.map(|schema| serde_json::to_value(schema).unwrap()), lost.into_iter().collect())
}

#[test]
fn writes_the_subset() {
    let text = json!({"type": "string"});
    let rows: &[(&str, Value, Value, &[&str])] = &[
        (
            "kept",
            json!({"type": "string", "minLength": 1, "title": "t"}),
            json!({"type": "string", "minLength": 1, "title": "t"}),
            &[],
        ),
        ("nullable", json!({"type": ["integer", "null"]}), json!({"type": "integer", "nullable": true}), &[]),
        (
            "several types",
            json!({"type": ["string", "array", "null"], "description": "d"}),
            json!({"description": "d", "nullable": true, "anyOf": [text, {"type": "array", "items": text}]}),
            &[],
        ),
        ("constant", json!({"const": "a"}), json!({"type": "string", "enum": ["a"]}), &[]),
        ("constant number", json!({"const": 2}), json!({"type": "integer"}), &["`enum`"]),
        ("numbers in a list", json!({"type": "integer", "enum": [1, 2]}), json!({"type": "integer"}), &["`enum`"]),
        (
            "null in a list",
            json!({"enum": ["a", null]}),
            json!({"type": "string", "enum": ["a"], "nullable": true}),
            &[],
        ),
        ("an empty text in a list", json!({"enum": ["a", ""]}), json!({"type": "string"}), &["`enum`"]),
        ("format", json!({"type": "string", "format": "email"}), text.clone(), &["`format`"]),
        (
            "known format",
            json!({"type": "string", "format": "date-time"}),
            json!({"type": "string", "format": "date-time"}),
            &[],
        ),
        (
            "format of a number",
            json!({"type": "integer", "format": "int64"}),
            json!({"type": "integer", "format": "int64"}),
            &[],
        ),
        (
            "one of",
            json!({"oneOf": [{"type": "string"}, {"type": "number"}]}),
            json!({"anyOf": [{"type": "string"}, {"type": "number"}]}),
            &[],
        ),
        (
            "or null",
            json!({"anyOf": [{"type": "null"}, {"type": "number"}], "default": null}),
            json!({"type": "number", "nullable": true}),
            &[],
        ),
        (
            "all of",
            json!({"allOf": [{"type": "object", "properties": {"a": text}, "required": ["a"]}, {"properties": {"b": text}, "required": ["b"]}]}),
            json!({"type": "object", "properties": {"a": text, "b": text}, "required": ["a", "b"]}),
            &[],
        ),
        (
            "required but unknown",
            json!({"type": "object", "properties": {"a": text}, "required": ["a", "z"]}),
            json!({"type": "object", "properties": {"a": text}, "required": ["a"]}),
            &[],
        ),
        ("a list of anything", json!({"type": "array"}), json!({"type": "array", "items": text}), &[]),
        (
            "no type",
            json!({"properties": {"a": {}, "b": true}}),
            json!({"type": "object", "properties": {"a": text, "b": text}}),
            &[],
        ),
        (
            "unknown keywords",
            json!({"type": "number", "exclusiveMinimum": 0, "not": {}, "$comment": "c"}),
            json!({"type": "number"}),
            &["`exclusiveMinimum`", "`not`"],
        ),
        (
            "a free object inside",
            json!({"type": "object", "properties": {"a": text, "b": {"type": "object"}}, "required": ["b"]}),
            json!({"type": "object", "properties": {"a": text}}),
            &["objects of any form"],
        ),
        (
            "reference",
            json!({"type": "object", "properties": {"a": {"$ref": "#/$defs/x~1y", "description": "d"}}, "$defs": {"x/y": {"type": "string"}}}),
            json!({"type": "object", "properties": {"a": {"type": "string", "description": "d"}}}),
            &[],
        ),
        (
            "a reference to nothing",
            json!({"type": "object", "properties": {"a": {"$ref": "#/$defs/x"}, "b": text}}),
            json!({"type": "object", "properties": {"b": text}}),
            &["what `#/$defs/x` leads to"],
        ),
    ];
    for (name, schema, want, lost) in rows {
        let lost: Vec<_> = lost.iter().map(|word| (*word).to_owned()).collect();
        assert_eq!(subset(schema), (Some(want.clone()), lost), "{name}");
    }
    assert_eq!(subset(&json!({"type": "object", "additionalProperties": true})), (None, vec![]), "no members");
}

#[test]
fn ends_a_recursion() {
    let tree = json!({"$ref": "#/$defs/node", "$defs": {"node": {"type": "object", "required": ["value", "next"],
        "properties": {"value": {"type": "string"}, "next": {"$ref": "#/$defs/node"}}}}});
    let (text, list) = (json!({"type": "string"}), ["value"]);
    let inner = json!({"type": "object", "properties": {"value": text}, "required": list});
    let outer = json!({"type": "object", "properties": {"value": text, "next": inner}, "required": ["value", "next"]});
    assert_eq!(subset(&tree), (Some(outer), vec!["what `#/$defs/node` leads to".to_owned()]));
    assert_eq!(subset(&json!({"$ref": "#"})).0, None);

    let mut wide = json!({"$ref": "#/$defs/n0", "$defs": {}});
    for n in 0..30 {
        let next = json!({"$ref": format!("#/$defs/n{}", n + 1)});
        wide["$defs"][format!("n{n}")] = json!({"type": "object", "properties": {"a": next, "b": next}});
    }
    let wide: Json = serde_json::from_value(wide).unwrap();
    assert!(openapi::convert(&wide, false).is_err(), "doubles thirty times");
    let deep = (0..70).fold(json!({"type": "string"}), |inner, _| json!({"type": "array", "items": inner}));
    assert!(openapi::convert(&serde_json::from_value(deep).unwrap(), false).is_err(), "nested seventy times");
}

fn with_schema(schema: &str, model: &str) -> (String, Vec<WarningAction>) {
    let hello = Message { role: Role::User, parts: vec![Part::Text("Hi".into())], name: String::new() };
    let (name, description) = (String::new(), String::new());
    let format = ResponseFormat::JsonSchema { name, description, schema: schema.into(), strict: None };
    let request = ChatRequest { messages: vec![hello], response_format: Some(format), ..ChatRequest::default() };
    let encoded = GeminiAdapter::default().encode(&request, model, Mode::Unary).unwrap();
    let warnings = encoded.warnings.iter().map(|warning| warning.action).collect();
    (String::from_utf8(encoded.body.to_vec()).unwrap(), warnings)
}

#[test]
fn json_schema_goes_letter_by_letter() {
    let schema = r#"{"type":"object", "properties":{"z":{"type":"integer","minimum":1.50},"a":{"type":"string"}}}"#;
    let (body, warnings) = with_schema(schema, "gemini-3.8-flash");
    assert!(body.contains(&format!(r#""responseJsonSchema":{schema}"#)), "{body}");
    assert_eq!(warnings, []);
}

#[test]
fn nothing_stands_beside_a_reference() {
    let schema = r##"{"properties":{"z":{"$ref":"#/$defs/d","description":"it","$comment":"c"},"$ref":{"type":"string"}},"$defs":{"d":{"type":"string"}}}"##;
    let (body, warnings) = with_schema(schema, "gemini-2.5-flash");
    let sent = schema.replace(r#","description":"it""#, "");
    assert!(body.contains(&format!(r#""responseJsonSchema":{sent}"#)), "{body}");
    assert_eq!(warnings, [WarningAction::Rewritten]);
}

#[test]
fn answers_in_the_older_form_say_their_order() {
    let schema = r#"{"type":"object","properties":{"z":{"type":"string"},"a":{"type":"string"}}}"#;
    let (body, warnings) = with_schema(schema, "gemini-1.5-pro");
    assert!(body.contains(r#""responseSchema":{"type":"object","properties":{"z""#), "{body}");
    assert!(body.contains(r#""propertyOrdering":["z","a"]"#), "{body}");
    assert_eq!(warnings, []);
}
