//! The document: what is said of all routes, put together once.

use bytes::Bytes;
use http::Method;
use schemars::{Schema, SchemaGenerator, generate::SchemaSettings, transform::RecursiveTransform};
use serde_json::{Map, Value, json};

use super::{
    errors,
    operation::{Content, Operation, Parameter, Place},
};

/// A route and what is said of it.
pub struct Described<'a> {
    pub method: &'a Method,
    pub path: &'a str,
    /// Whether anybody may use it.
    pub is_open: bool,
    pub operation: Operation,
}

/// Groups of routes, in the order that pages show them.
const TAGS: &[(&str, &str)] = &[
    (
        "OpenAI",
        "What OpenAI's SDKs call. A model's name says which provider answers; `GET /v1/models` lists them. The routes are there without `/v1`, too. A caller's own key for a provider goes into the header `x-<provider>-api-key`, such as `x-google-api-key`.",
    ),
    ("Chat and vision", "The short forms: one message or one picture in, one text out."),
    ("Provider keys", "Keys that providers gave to the caller's user. A secret goes in only."),
    ("Gateway keys", "Keys that open this gateway. A key's text is shown once."),
    ("Activity", "What happened to provider keys, and what requests consumed."),
    ("System", "Health, this document, and the contract for gRPC clients. Open to everybody."),
];

const ABOUT: &str = "\
One door to many model providers: OpenAI's REST interface, and a small one of its own below `/api/v1`.

Send the gateway key as `authorization: Bearer sk-…` (`x-api-key` and `api-key` work, too). A trailing slash is \
forgiven; `HEAD` works where `GET` does; `OPTIONS` and a 405 name the methods in `allow`. Answers have an \
`x-request-id`, the caller's own if there was one. Errors below `/v1` have OpenAI's form, errors below `/api/v1` are \
`{detail, code, request_id}`, and `param` where a field is wrong.

The same and more can be had over gRPC: the files of the contract are at [/proto](proto).";

/// Makes the document as JSON.
pub fn document<'a>(routes: impl Iterator<Item = Described<'a>>) -> Bytes {
    let mut schemas = Schemas::new();
    let mut paths = Map::new();
    for Described { method, path, is_open, operation } in routes {
        // The router's sign for the rest of a path is not OpenAPI's.
        let place = paths.entry(path.replace("{*", "{")).or_insert_with(|| json!({}));
        place[method.as_str().to_ascii_lowercase()] = schemas.operation(&operation, is_open);
    }
    let responses = errors::components(&mut |schema| schema(&mut schemas.written).to_value());
    let tags: Vec<_> = TAGS.iter().map(|(name, about)| json!({"name": name, "description": about})).collect();
    let document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "AI Model Gateway",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": {"name": env!("CARGO_PKG_LICENSE"), "identifier": env!("CARGO_PKG_LICENSE")},
        },
        "servers": [{"url": ".", "description": "where this document came from"}],
        "security": [{"gatewayKey": []}],
        "tags": tags,
        "paths": paths,
        "components": {
            "securitySchemes": {"gatewayKey": {
                "type": "http", "scheme": "bearer", "bearerFormat": "sk-…",
                "description": "A gateway key: printed at the first start, made by `POST /api/v1/keys` or by `ai-model-gateway keys create`.",
            }},
            "schemas": schemas.components(),
            "responses": responses,
            "headers": headers(),
        },
    });
    serde_json::to_vec(&document).unwrap_or_default().into()
}

/// Headers of answers.
fn headers() -> Value {
    let count = json!({"type": "integer", "minimum": 0});
    let text = json!({"type": "string"});
    let header = |about: &str, schema: &Value| json!({"description": about, "schema": schema});
    json!({
        "x-request-id": header("Names this request here, in logs and at the service.", &text),
        "x-gateway-provider": header("The provider that answered. Absent from a stream whose head went out before one did.", &text),
        "x-gateway-attempts": header("How often a provider was asked.", &count),
        "x-gateway-warnings": header("How many members of the request were changed to suit the provider; absent for none.", &count),
        "x-next-page-token": header("What the next request sends as `page_token`; absent on the last page.", &text),
        "link": header("Address of the next page, `rel=\"next\"`; absent on the last page.", &text),
        "location": header("Where the new thing is.", &text),
        "www-authenticate": header("How to show a key.", &json!({"const": "Bearer"})),
        "retry-after": header("Seconds to wait, when the wait is known.", &count),
        "retry-after-ms": header("The same in milliseconds.", &count),
        "x-should-retry": header("`false` when trying again is pointless although the status suggests it.", &json!({"const": "false"})),
        "etag": header("Names this version; send it back as `if-none-match`.", &text),
    })
}

/// Schemas of what is read and of what is written: a member that may be left out of one is always there in the other.
struct Schemas {
    read: SchemaGenerator,
    written: SchemaGenerator,
}

impl Schemas {
    fn new() -> Self {
        let settings = SchemaSettings::draft2020_12().with(|settings| {
            settings.definitions_path = "/components/schemas".into();
            settings.meta_schema = None;
        });
        let settings = settings.with_transform(RecursiveTransform(forget_null));
        let (read, written) = (settings.clone().for_deserialize(), settings.for_serialize());
        Self { read: read.into_generator(), written: written.into_generator() }
    }

    fn components(mut self) -> Map<String, Value> {
        let mut all = self.written.take_definitions(true);
        all.extend(self.read.take_definitions(true));
        all
    }

    fn operation(&mut self, operation: &Operation, is_open: bool) -> Value {
        let mut out = json!({
            "operationId": operation.id,
            "tags": [operation.tag],
            "summary": operation.summary,
            "responses": self.responses(operation, is_open),
        });
        if !operation.description.is_empty() {
            out["description"] = json!(operation.description);
        }
        if is_open {
            out["security"] = json!([]);
        }
        if !operation.parameters.is_empty() {
            out["parameters"] = operation.parameters.iter().map(parameter).collect();
        }
        if !operation.bodies.is_empty() {
            out["requestBody"] = json!({"required": true, "content": contents(&operation.bodies, &mut self.read)});
        }
        out
    }

    fn responses(&mut self, operation: &Operation, is_open: bool) -> Value {
        let mut out = Map::new();
        for answer in &operation.answers {
            let headers: Map<_, _> = answer.headers.iter().map(|name| errors::header(name)).collect();
            let mut response = json!({"description": answer.description, "headers": headers});
            if !answer.contents.is_empty() {
                response["content"] = contents(&answer.contents, &mut self.written);
            }
            out.insert(answer.status.to_string(), response);
        }
        let unknown_caller = (!is_open).then_some(&errors::UNKNOWN_CALLER);
        for status in unknown_caller.into_iter().chain(&operation.failures) {
            out.insert(status.to_string(), errors::reference(operation.style, *status));
        }
        Value::Object(out)
    }
}

/// A member that is left out is not null: where null clears, a default would say so.
fn forget_null(schema: &mut Schema) {
    if schema.get("default").is_some_and(Value::is_null) {
        schema.remove("default");
    }
}

fn contents(contents: &[Content], generator: &mut SchemaGenerator) -> Value {
    let mut out = Map::new();
    for Content { media, schema, examples } in contents {
        let mut content = json!({"schema": schema(generator)});
        if !examples.is_empty() {
            content["examples"] =
                examples.iter().map(|(name, value)| ((*name).to_owned(), json!({"value": value}))).collect();
        }
        out.insert((*media).to_owned(), content);
    }
    Value::Object(out)
}

fn parameter(parameter: &Parameter) -> Value {
    let place = match parameter.place {
        Place::Path => "path",
        Place::Query => "query",
        Place::Header => "header",
    };
    let mut description = parameter.description.to_owned();
    if !parameter.also.is_empty() {
        description += &format!(" May be written `{}`.", parameter.also.join("`, `"));
    }
    let mut out = json!({"name": parameter.name, "in": place, "description": description, "schema": parameter.schema});
    if parameter.is_required {
        out["required"] = json!(true);
    }
    if parameter.schema["type"] == "array" {
        // Several in one parameter, parted by commas.
        (out["style"], out["explode"]) = (json!("form"), json!(false));
    }
    out
}

#[cfg(test)]
mod tests;
