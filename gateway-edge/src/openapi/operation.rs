//! What is said of one route: parameters, body, answers and failures. Statuses are those that can occur, and no others.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Value, json};

use crate::error::Style;

/// Makes a schema, or a reference to one that the document has already.
pub type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

pub struct Operation {
    pub id: &'static str,
    pub tag: &'static str,
    pub summary: &'static str,
    pub description: String,
    pub parameters: Vec<Parameter>,
    /// The body in each of the forms that it may have; empty for a route without one.
    pub bodies: Vec<Content>,
    pub answers: Vec<Answer>,
    /// Who reads the failures.
    pub style: Style,
    pub failures: Vec<u16>,
}

#[derive(Clone, Copy)]
pub enum Place {
    Path,
    Query,
    Header,
}

pub struct Parameter {
    pub name: &'static str,
    pub place: Place,
    pub is_required: bool,
    pub description: &'static str,
    pub schema: Value,
    /// Other names that are understood.
    pub also: &'static [&'static str],
}

/// A body in one form.
pub struct Content {
    pub media: &'static str,
    pub schema: SchemaOf,
    /// Named, in the order they are shown.
    pub examples: Vec<(&'static str, Value)>,
}

pub struct Answer {
    pub status: u16,
    pub description: &'static str,
    pub contents: Vec<Content>,
    /// Names of the document's headers.
    pub headers: &'static [&'static str],
}

pub fn schema_of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

impl Operation {
    /// An operation that fails in the style of `/api/v1`.
    pub fn new(id: &'static str, tag: &'static str, summary: &'static str) -> Self {
        Self {
            id,
            tag,
            summary,
            description: String::new(),
            parameters: Vec::new(),
            bodies: Vec::new(),
            answers: Vec::new(),
            style: Style::Api,
            failures: Vec::new(),
        }
    }

    pub fn style(self, style: Style) -> Self {
        Self { style, ..self }
    }

    pub fn about(self, description: impl Into<String>) -> Self {
        Self { description: description.into(), ..self }
    }

    pub fn parameter(mut self, parameter: Parameter) -> Self {
        self.parameters.push(parameter);
        self
    }

    pub fn parameters(mut self, parameters: impl IntoIterator<Item = Parameter>) -> Self {
        self.parameters.extend(parameters);
        self
    }

    /// Takes JSON that is read as `T`.
    pub fn takes<T: JsonSchema>(self, examples: Vec<(&'static str, Value)>) -> Self {
        self.takes_as("application/json", schema_of::<T>, examples)
    }

    pub fn takes_as(mut self, media: &'static str, schema: SchemaOf, examples: Vec<(&'static str, Value)>) -> Self {
        self.bodies.push(Content { media, schema, examples });
        self
    }

    /// Answers 200 with JSON that is written from `T`.
    pub fn answers<T: JsonSchema>(self, description: &'static str, example: Value) -> Self {
        self.answer(Answer::json::<T>(200, description, example))
    }

    pub fn answer(mut self, answer: Answer) -> Self {
        self.answers.push(answer);
        self
    }

    pub fn fails(mut self, statuses: &[u16]) -> Self {
        self.failures.extend(statuses);
        self
    }
}

impl Answer {
    pub fn empty(status: u16, description: &'static str) -> Self {
        Self { status, description, contents: Vec::new(), headers: &[] }
    }

    pub fn json<T: JsonSchema>(status: u16, description: &'static str, example: Value) -> Self {
        Self::empty(status, description).or_as("application/json", schema_of::<T>, vec![("answer", example)])
    }

    pub fn or_as(mut self, media: &'static str, schema: SchemaOf, examples: Vec<(&'static str, Value)>) -> Self {
        self.contents.push(Content { media, schema, examples });
        self
    }

    pub fn headers(self, headers: &'static [&'static str]) -> Self {
        Self { headers, ..self }
    }
}

impl Parameter {
    fn new(name: &'static str, place: Place, schema: Value, description: &'static str) -> Self {
        let is_required = matches!(place, Place::Path);
        Self { name, place, is_required, description, schema, also: &[] }
    }

    pub fn path(name: &'static str, example: &str, description: &'static str) -> Self {
        // An empty segment is another path.
        let schema = json!({"type": "string", "minLength": 1, "examples": [example]});
        Self::new(name, Place::Path, schema, description)
    }

    pub fn query(name: &'static str, schema: Value, description: &'static str) -> Self {
        Self::new(name, Place::Query, schema, description)
    }

    pub fn text(name: &'static str, example: &str, description: &'static str) -> Self {
        Self::query(name, json!({"type": "string", "examples": [example]}), description)
    }

    pub fn header(name: &'static str, schema: Value, description: &'static str) -> Self {
        Self::new(name, Place::Header, schema, description)
    }

    pub fn also(self, also: &'static [&'static str]) -> Self {
        Self { also, ..self }
    }

    pub fn required(self) -> Self {
        Self { is_required: true, ..self }
    }
}
