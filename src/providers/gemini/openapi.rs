//! From JSON Schema to the subset of OpenAPI 3.0 that models before 2.0 take: references are inlined, alternatives and
//! constants rewritten, and what the subset has no word for is left out and named.

use std::collections::BTreeSet;

use serde_json::Value;

use super::json::Json;

/// In what order the members of an object are written.
const ORDER: &str = "propertyOrdering";

/// Keywords that go as they are.
const KEPT: &[&str] = &[
    "title",
    "description",
    "minItems",
    "maxItems",
    "minProperties",
    "maxProperties",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "pattern",
    "example",
    ORDER,
];

/// Keywords that are rewritten, or that say nothing about values.
const UNDERSTOOD: &[&str] = &[
    "type",
    "format",
    "enum",
    "const",
    "nullable",
    "default",
    "properties",
    "required",
    "items",
    "anyOf",
    "oneOf",
    "definitions",
];

/// How often a chain of references may pass the same one: a recursive schema ends there.
const MAX_UNROLLED: usize = 2;
/// Most schemas that are looked at, so that references cannot blow a small one up.
const MAX_SCHEMAS: usize = 2_000;
const MAX_DEPTH: usize = 64;

type Members = Vec<(String, Json)>;

/// Returns the schema and what was lost on the way. There is no schema for an object without members: the service
/// refuses one. `ordered` objects say in what order their members come.
pub fn convert(schema: &Json, ordered: bool) -> Result<(Option<Json>, BTreeSet<String>), String> {
    let lost = BTreeSet::new();
    let mut converter = Converter { root: schema, ordered, references: Vec::new(), depth: 0, seen: 0, lost };
    let no_members = schema.get("properties").is_none_or(|properties| properties.members().is_empty());
    if schema.get("type").and_then(Json::as_str) == Some("object") && no_members {
        return Ok((None, converter.lost));
    }
    let converted = converter.schema(schema)?;
    Ok((converted, converter.lost))
}

struct Converter<'a> {
    root: &'a Json,
    ordered: bool,
    /// The references that led here.
    references: Vec<String>,
    depth: usize,
    seen: usize,
    lost: BTreeSet<String>,
}

impl Converter<'_> {
    /// Converts a schema; nothing when it cannot be said.
    fn schema(&mut self, schema: &Json) -> Result<Option<Json>, String> {
        if self.depth >= MAX_DEPTH {
            return Err("it is nested too deeply".into());
        }
        let (references, mut members) = (self.references.len(), Members::new());
        self.depth += 1;
        let converted = if self.flatten(schema, &mut members)? { self.flat(members)? } else { None };
        self.depth -= 1;
        self.references.truncate(references);
        Ok(converted)
    }

    /// Adds the members of a schema, of what it refers to and of all it consists of. False where a recursion ends.
    fn flatten(&mut self, schema: &Json, into: &mut Members) -> Result<bool, String> {
        self.seen += 1;
        if self.seen > MAX_SCHEMAS {
            return Err(format!("with its references written out it has more than {MAX_SCHEMAS} schemas"));
        }
        if let Some(reference) = schema.get("$ref").and_then(Json::as_str) {
            let passed = self.references.iter().filter(|known| *known == reference).count();
            let Some(target) = self.root.pointed_to(reference).filter(|_| passed < MAX_UNROLLED) else {
                self.lost.insert(format!("what `{reference}` leads to"));
                return Ok(false);
            };
            self.references.push(reference.to_owned());
            if !self.flatten(target, into)? {
                return Ok(false);
            }
        }
        for part in schema.get("allOf").map_or(&[][..], Json::items) {
            if !self.flatten(part, into)? {
                return Ok(false);
            }
        }
        let own = schema.members().iter().filter(|(name, _)| !name.starts_with('$') && name != "allOf");
        own.for_each(|(name, value)| add(into, name, value));
        Ok(true)
    }

    /// Converts a schema that refers to nothing itself.
    fn flat(&mut self, members: Members) -> Result<Option<Json>, String> {
        let schema = Json::Object(members);
        let (kinds, mut nullable) = kinds(&schema);
        let branches = schema.get("anyOf").or_else(|| schema.get("oneOf")).map_or(&[][..], Json::items);
        let (nulls, branches): (Vec<_>, Vec<_>) = branches.iter().cloned().partition(is_null);
        nullable |= !nulls.is_empty();
        match (&branches[..], &kinds[..]) {
            ([only], _) => return self.schema(&with_branch(&schema, only, nullable)),
            ([], [_, _, ..]) => return self.schema(&with_kinds(&schema, &kinds, nullable)),
            _ => {}
        }
        let mut out = self.kept(&schema);
        out.extend(nullable.then(is_nullable));
        if !branches.is_empty() {
            let mut converted = Vec::new();
            for branch in &branches {
                converted.extend(self.schema(branch)?);
            }
            out.push(("anyOf".into(), Json::List(converted)));
            return Ok(Some(Json::Object(out)));
        }
        let kind = kinds.first().map_or("string", String::as_str);
        out.insert(0, ("type".into(), Json::text(kind)));
        let said = match kind {
            "object" => self.object(&schema, &mut out)?,
            "array" => self.array(&schema, &mut out)?,
            _ => self.scalar(&schema, kind, &mut out),
        };
        Ok(said.then_some(Json::Object(out)))
    }

    fn kept(&mut self, schema: &Json) -> Members {
        let mut kept = Members::new();
        for (name, value) in schema.members() {
            let is_default = name == "default" && *value != Json::Scalar(Value::Null);
            if KEPT.contains(&name.as_str()) || is_default {
                kept.push((name.clone(), value.clone()));
            } else if !UNDERSTOOD.contains(&name.as_str()) {
                self.lost.insert(format!("`{name}`"));
            }
        }
        kept
    }

    fn object(&mut self, schema: &Json, out: &mut Members) -> Result<bool, String> {
        let mut properties = Members::new();
        for (name, property) in schema.get("properties").map_or(&[][..], Json::members) {
            properties.extend(self.schema(property)?.map(|property| (name.clone(), property)));
        }
        if properties.is_empty() {
            self.lost.insert("objects of any form".into());
            return Ok(false);
        }
        let known = |name: &&Json| properties.iter().any(|(known, _)| Some(known.as_str()) == name.as_str());
        let required = schema.get("required").map_or(&[][..], Json::items).iter().filter(known).cloned();
        let required: Vec<_> = required.collect();
        let order = properties.iter().map(|(name, _)| Json::text(name.as_str())).collect();
        out.push(("properties".into(), Json::Object(properties)));
        if !required.is_empty() {
            out.push(("required".into(), Json::List(required)));
        }
        if self.ordered && schema.get(ORDER).is_none() {
            out.push((ORDER.into(), Json::List(order)));
        }
        Ok(true)
    }

    /// Every array must say of what; texts where the caller does not.
    fn array(&mut self, schema: &Json, out: &mut Members) -> Result<bool, String> {
        let items = match schema.get("items") {
            Some(items) => self.schema(items)?,
            None => None,
        };
        let texts = || Json::Object(vec![("type".into(), Json::text("string"))]);
        out.push(("items".into(), items.unwrap_or_else(texts)));
        Ok(true)
    }

    /// Only texts can be listed, and only two of their formats are known.
    fn scalar(&mut self, schema: &Json, kind: &str, out: &mut Members) -> bool {
        let constant = schema.get("const").map(std::slice::from_ref);
        if let Some(values) = constant.or_else(|| schema.get("enum").map(Json::items)) {
            let texts = values.iter().filter(|value| value.as_str().is_some_and(|text| !text.is_empty()));
            let texts: Vec<_> = texts.cloned().collect();
            let all = values.iter().filter(|value| !is_null_value(value)).count();
            if kind == "string" && texts.len() == all {
                out.push(("enum".into(), Json::List(texts)));
            } else {
                self.lost.insert("`enum`".into());
            }
        }
        if let Some(format) = schema.get("format").and_then(Json::as_str) {
            if kind != "string" || ["enum", "date-time"].contains(&format) {
                out.push(("format".into(), Json::text(format)));
            } else {
                self.lost.insert("`format`".into());
            }
        }
        true
    }
}

/// Adds a keyword; the last one counts, except that members and required names add up.
fn add(into: &mut Members, name: &str, value: &Json) {
    let Some((_, known)) = into.iter_mut().find(|(known, _)| known == name) else {
        into.push((name.to_owned(), value.clone()));
        return;
    };
    match (name, known, value) {
        ("properties", Json::Object(known), Json::Object(more)) => {
            more.iter().for_each(|(name, value)| {
                known.retain(|(other, _)| other != name);
                known.push((name.clone(), value.clone()));
            });
        }
        ("required", Json::List(known), Json::List(more)) => known.extend(more.iter().cloned()),
        (_, known, value) => *known = value.clone(),
    }
}

/// Returns the types a value may have, null apart, and whether it may be null.
fn kinds(schema: &Json) -> (Vec<String>, bool) {
    let names: Vec<&str> = match schema.get("type") {
        Some(Json::List(names)) => names.iter().filter_map(Json::as_str).collect(),
        Some(name) => name.as_str().into_iter().collect(),
        None => inferred(schema).into_iter().collect(),
    };
    let nullable = names.contains(&"null")
        || schema.get("nullable") == Some(&Json::Scalar(true.into()))
        || schema.get("enum").is_some_and(|values| values.items().iter().any(is_null_value));
    (names.into_iter().filter(|name| *name != "null").map(str::to_owned).collect(), nullable)
}

/// Returns the type that other keywords give away.
fn inferred(schema: &Json) -> Option<&'static str> {
    if schema.get("properties").is_some() {
        return Some("object");
    }
    if schema.get("items").is_some() {
        return Some("array");
    }
    let value = schema.get("const").or_else(|| schema.get("enum")?.items().first())?;
    match value {
        Json::Object(_) => Some("object"),
        Json::List(_) => Some("array"),
        Json::Scalar(Value::Number(number)) => Some(if number.is_f64() { "number" } else { "integer" }),
        Json::Scalar(Value::Bool(_)) => Some("boolean"),
        Json::Scalar(_) => Some("string"),
    }
}

fn is_null(schema: &Json) -> bool {
    schema.get("type").and_then(Json::as_str) == Some("null")
}

fn is_null_value(value: &Json) -> bool {
    *value == Json::Scalar(Value::Null)
}

/// Joins a schema with its one alternative.
fn with_branch(schema: &Json, branch: &Json, nullable: bool) -> Json {
    let mut members: Members = rest(schema, &["anyOf", "oneOf"]);
    members.push(("allOf".into(), Json::List(vec![branch.clone()])));
    members.extend(nullable.then(is_nullable));
    Json::Object(members)
}

/// Makes an alternative of each type.
fn with_kinds(schema: &Json, kinds: &[String], nullable: bool) -> Json {
    let branch = |kind: &String| {
        let mut members = rest(schema, &["type", "nullable", "description", "title"]);
        members.push(("type".into(), Json::text(kind.as_str())));
        Json::Object(members)
    };
    let mut members: Members = schema
        .members()
        .iter()
        .filter(|(name, _)| ["description", "title"].contains(&name.as_str()))
        .cloned()
        .collect();
    members.push(("anyOf".into(), Json::List(kinds.iter().map(branch).collect())));
    members.extend(nullable.then(is_nullable));
    Json::Object(members)
}

fn is_nullable() -> (String, Json) {
    ("nullable".into(), Json::Scalar(true.into()))
}

fn rest(schema: &Json, without: &[&str]) -> Members {
    schema.members().iter().filter(|(name, _)| !without.contains(&name.as_str())).cloned().collect()
}
