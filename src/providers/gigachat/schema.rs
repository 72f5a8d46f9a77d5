//! Reduces a JSON Schema to the subset GigaChat reads. One word it does not know makes it refuse all functions, so this
//! writes a closed set: references are put in their place, a union becomes its first branch, every type is told.

use std::borrow::Cow;

use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::value::RawValue;

use super::members::{Members, object, text, texts};

/// Most schemas within a schema, references put in their place. A few nested references could mean millions.
const MAX_SCHEMAS: usize = 4096;
/// Most bytes of all of them together.
const MAX_BYTES: usize = 16 << 20;
/// Longest reference that is followed.
const MAX_REFERENCE: usize = 256;
/// How deep schemas may stand in each other.
const MAX_DEPTH: usize = 64;

const KINDS: &[&str] = &["string", "number", "integer", "boolean", "array", "object"];

const FORMATS: &[&str] = &["date", "date-time", "time"];

/// Words that limit what fits and have no counterpart. Titles, examples and the like are left out silently.
const LIMITS: &[&str] = &[
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "pattern",
    "minItems",
    "maxItems",
    "uniqueItems",
    "contains",
    "prefixItems",
    "minProperties",
    "maxProperties",
    "patternProperties",
    "propertyNames",
    "not",
    "if",
    "dependentRequired",
    "dependentSchemas",
];

/// A schema in the subset.
#[derive(Debug, Default, Serialize)]
pub struct Schema<'a> {
    #[serde(rename = "type")]
    kind: Cow<'a, str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    description: Cow<'a, str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    format: Cow<'a, str>,
    #[serde(rename = "enum", skip_serializing_if = "Vec::is_empty")]
    values: Vec<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    items: Option<Box<Schema<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    properties: Option<Properties<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    required: Vec<Cow<'a, str>>,
    /// Values that are no texts, which an `enum` here cannot hold.
    #[serde(skip)]
    other_values: Vec<&'a RawValue>,
}

#[derive(Debug, Default)]
struct Properties<'a>(Vec<(Cow<'a, str>, Schema<'a>)>);

impl Serialize for Properties<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, schema) in &self.0 {
            map.serialize_entry(name, schema)?;
        }
        map.end()
    }
}

/// A schema and whether it allows more or other values than the caller's.
#[derive(Debug)]
pub struct Reduced<'a> {
    pub schema: Schema<'a>,
    pub differs: bool,
}

/// Reduces the schema of an object; an empty text is an object without members. Fails with the reason.
pub fn reduce(json: &str) -> Result<Reduced<'_>, &'static str> {
    let json = if json.trim().is_empty() { "{}" } else { json };
    let root = object(json).ok_or("a schema is a JSON object")?;
    let mut reducer = Reducer { places: vec![("#".to_owned(), root)], ..Reducer::default() };
    let mut schema = Schema::default();
    reducer.absorb(&mut schema, root, 0)?;
    if schema.kind.is_empty() {
        schema.kind = Cow::Borrowed("object");
    }
    let schema = reducer.complete(schema);
    match &*schema.kind {
        "object" => Ok(Reduced { schema, differs: reducer.differs }),
        _ => Err("the provider takes only the schema of an object here"),
    }
}

#[derive(Default)]
struct Reducer<'a> {
    /// What references lead to, beside everything that was followed.
    places: Vec<(String, &'a RawValue)>,
    /// The places whose members are places, too.
    parents: Vec<String>,
    /// The references being followed.
    references: Vec<Cow<'a, str>>,
    schemas: usize,
    bytes: usize,
    differs: bool,
}

impl<'a> Reducer<'a> {
    fn schema(&mut self, raw: &'a RawValue, depth: usize) -> Result<Schema<'a>, &'static str> {
        let mut schema = Schema::default();
        self.absorb(&mut schema, raw, depth)?;
        Ok(self.complete(schema))
    }

    /// Adds what a schema says and `into` does not say yet: its own words first, then what it refers to.
    fn absorb(&mut self, into: &mut Schema<'a>, raw: &'a RawValue, depth: usize) -> Result<(), &'static str> {
        self.schemas += 1;
        self.bytes += raw.get().len();
        if depth > MAX_DEPTH || self.schemas > MAX_SCHEMAS || self.bytes > MAX_BYTES {
            return Err("the schema is too large with its references put in their place");
        }
        // `true` and `false` are schemas, too; they say nothing of a type.
        let members = Members::read(raw.get()).unwrap_or_default();
        for (name, value) in &members.0 {
            match &**name {
                "type" if into.kind.is_empty() => into.kind = self.kind(value),
                "description" if into.description.is_empty() => into.description = text(value).unwrap_or_default(),
                "format" if into.format.is_empty() => into.format = text(value).unwrap_or_default(),
                "enum" => add_values(into, serde_json::from_str(value.get()).unwrap_or_default()),
                "const" => add_values(into, vec![value]),
                "items" if into.items.is_none() => into.items = Some(Box::new(self.items(value, depth)?)),
                "properties" => self.properties(into, value, depth)?,
                "required" => {
                    let new = |name: &Cow<'a, str>| !into.required.contains(name);
                    let names: Vec<_> = texts(value).into_iter().filter(new).take(MAX_SCHEMAS).collect();
                    into.required.extend(names);
                }
                "additionalProperties" => self.differs |= value.get().starts_with('{'),
                word => self.differs |= LIMITS.contains(&word),
            }
        }
        if let Some(reference) = members.get("$ref").and_then(text) {
            self.follow(into, reference, depth)?;
        }
        for branch in members.get("allOf").map(schemas).unwrap_or_default() {
            self.absorb(into, branch, depth + 1)?;
        }
        for union in ["anyOf", "oneOf"] {
            let mut branches =
                members.get(union).map(schemas).unwrap_or_default().into_iter().filter(|branch| !is_null(branch));
            if let Some(first) = branches.next() {
                self.differs |= branches.next().is_some();
                self.absorb(into, first, depth + 1)?;
            }
        }
        Ok(())
    }

    /// Returns the one type; of several the first that is not null.
    fn kind(&mut self, value: &'a RawValue) -> Cow<'a, str> {
        if let Some(kind) = text(value) {
            return kind;
        }
        let mut kinds = texts(value).into_iter().filter(|kind| kind != "null");
        let kind = kinds.next().unwrap_or_default();
        self.differs |= kinds.next().is_some();
        kind
    }

    /// Reads the schema of a list's items; of a schema for each place the first.
    fn items(&mut self, value: &'a RawValue, depth: usize) -> Result<Schema<'a>, &'static str> {
        self.differs |= value.get().starts_with('[');
        self.schema(schemas(value).first().copied().unwrap_or(value), depth + 1)
    }

    fn properties(&mut self, into: &mut Schema<'a>, value: &'a RawValue, depth: usize) -> Result<(), &'static str> {
        let mut properties = into.properties.take().unwrap_or_default();
        for (name, value) in Members::read(value.get()).unwrap_or_default().0 {
            if !properties.0.iter().any(|(known, _)| *known == name) {
                let schema = self.schema(value, depth + 1)?;
                properties.0.push((name, schema));
            }
        }
        into.properties = Some(properties);
        Ok(())
    }

    /// Puts a reference in its place. One that leads back to itself ends there.
    fn follow(&mut self, into: &mut Schema<'a>, reference: Cow<'a, str>, depth: usize) -> Result<(), &'static str> {
        let target = self.target(&reference).filter(|_| !self.references.contains(&reference));
        let Some(target) = target else {
            self.differs = true;
            if into.kind.is_empty() {
                into.kind = Cow::Borrowed("object");
            }
            return Ok(());
        };
        self.references.push(reference);
        let absorbed = self.absorb(into, target, depth + 1);
        self.references.pop();
        absorbed
    }

    /// Returns what a reference within the schema, `#/$defs/Step`, leads to.
    fn target(&mut self, reference: &str) -> Option<&'a RawValue> {
        let find = |places: &[(String, &'a RawValue)]| {
            places.iter().find(|(known, _)| known == reference).map(|(_, place)| *place)
        };
        if let Some(place) = find(&self.places) {
            return Some(place);
        }
        let (parent, _) = reference.rsplit_once('/').filter(|_| reference.len() <= MAX_REFERENCE)?;
        if self.parents.iter().any(|known| known == parent) {
            return None;
        }
        let place = self.target(parent)?;
        self.parents.push(parent.to_owned());
        self.bytes += place.get().len();
        let room = MAX_SCHEMAS.saturating_sub(self.places.len());
        for (name, place) in Members::read(place.get())?.0.into_iter().take(room) {
            self.places.push((format!("{parent}/{}", name.replace('~', "~0").replace('/', "~1")), place));
        }
        find(&self.places)
    }

    /// Fills in what every schema of the subset must have and takes away what it cannot have.
    fn complete(&mut self, mut schema: Schema<'a>) -> Schema<'a> {
        if !KINDS.contains(&&*schema.kind) {
            schema.kind = Cow::Borrowed(implied_kind(&schema));
        }
        if !FORMATS.contains(&&*schema.format) {
            schema.format = Cow::Borrowed("");
        }
        if schema.kind != "string" {
            schema.values.clear();
        }
        if schema.kind == "array" && schema.items.is_none() {
            schema.items = Some(Box::new(Schema { kind: Cow::Borrowed("string"), ..Schema::default() }));
        }
        if schema.kind == "object" {
            let properties = schema.properties.get_or_insert_default();
            schema.required.retain(|name| properties.0.iter().any(|(known, _)| known == name));
        } else {
            (schema.properties, schema.required) = (None, Vec::new());
        }
        if !schema.other_values.is_empty() {
            self.differs = true;
            let values: Vec<_> = schema.other_values.drain(..).map(RawValue::get).collect();
            let description = format!("{} One of: {}.", schema.description, values.join(", "));
            schema.description = Cow::Owned(description.trim_start().to_owned());
        }
        schema
    }
}

fn add_values<'a>(into: &mut Schema<'a>, values: Vec<&'a RawValue>) {
    if !into.values.is_empty() || !into.other_values.is_empty() {
        return;
    }
    for value in values.into_iter().filter(|value| value.get() != "null") {
        match text(value) {
            Some(text) => into.values.push(text),
            None => into.other_values.push(value),
        }
    }
}

/// Returns the type of a schema that tells none, by what else it tells.
fn implied_kind(schema: &Schema<'_>) -> &'static str {
    match schema.other_values.first().map(|value| value.get()) {
        _ if schema.properties.is_some() => "object",
        _ if schema.items.is_some() => "array",
        Some("true" | "false") => "boolean",
        Some(value) if value.starts_with(|c: char| c.is_ascii_digit() || c == '-') => "number",
        Some(_) | None => "string",
    }
}

fn schemas(value: &RawValue) -> Vec<&RawValue> {
    serde_json::from_str(value.get()).unwrap_or_default()
}

fn is_null(branch: &RawValue) -> bool {
    let branch = Members::read(branch.get()).unwrap_or_default();
    branch.get("type").is_some_and(|kind| kind.get() == "\"null\"")
        || branch.get("const").is_some_and(|value| value.get() == "null")
}
