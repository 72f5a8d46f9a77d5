//! How routes fail: every status that a failure can have, in both styles. `error.rs` chooses among them.

use serde_json::{Map, Value, json};

use crate::error::{ApiBody, OpenAiBody, Style};

use super::operation::{SchemaOf, schema_of};

struct Failing {
    status: u16,
    when: &'static str,
    kind: &'static str,
    code: &'static str,
    message: &'static str,
    param: Option<&'static str>,
    headers: &'static [&'static str],
}

const INVALID: &str = "invalid_request_error";
const SERVER: &str = "server_error";
const FINAL: &[&str] = &["x-should-retry"];
const EITHER: &[&str] = &["retry-after", "retry-after-ms", "x-should-retry"];

const fn failing(status: u16, when: &'static str, kind: &'static str, code: &'static str) -> Failing {
    Failing { status, when, kind, code, message: when, param: None, headers: &[] }
}

impl Failing {
    const fn says(self, message: &'static str) -> Self {
        Self { message, ..self }
    }

    const fn param(self, param: &'static str) -> Self {
        Self { param: Some(param), ..self }
    }

    const fn headers(self, headers: &'static [&'static str]) -> Self {
        Self { headers, ..self }
    }

    /// The example of a style.
    fn example(&self, style: Style) -> Value {
        let (message, code) = (self.message, self.code);
        match (style, self.param) {
            (Style::OpenAi, param) => {
                json!({"error": {"message": message, "type": self.kind, "param": param, "code": code}})
            }
            (Style::Api, None) => json!({"detail": message, "code": code, "request_id": ID}),
            (Style::Api, Some(param)) => {
                json!({"detail": message, "code": code, "param": param, "request_id": ID})
            }
        }
    }
}

const ID: &str = "req_0199f0c2b7a57d0e9c5b1a2f3d4e5f60";

const FAILURES: &[Failing] = &[
    failing(400, "The request is wrong; `param` names the field.", INVALID, "missing_required_parameter")
        .says("Missing required parameter: 'name'.")
        .param("name"),
    failing(
        UNKNOWN_CALLER,
        "The gateway key is missing, unknown, expired or inactive.",
        "authentication_error",
        "invalid_api_key",
    )
    .says("the gateway key is not valid")
    .headers(&["www-authenticate"]),
    failing(402, "The budget of the key is used up.", "insufficient_quota", "insufficient_quota").headers(FINAL),
    failing(403, "The key may not do this; its scopes do not cover it.", "permission_error", "permission_error"),
    failing(404, "There is nothing of this name, or it belongs to somebody else.", INVALID, "not_found"),
    failing(408, "The body did not arrive in time.", INVALID, INVALID),
    failing(409, "It is there already.", INVALID, "already_exists").headers(FINAL),
    failing(
        413,
        "The body, or something in it, is larger than its limit; the message names the limit.",
        INVALID,
        INVALID,
    ),
    failing(415, "The content type, a content encoding or the type of a picture is not taken.", INVALID, INVALID),
    failing(429, "Too many requests, or the provider's quota is used up.", "requests", "rate_limit_exceeded")
        .headers(EITHER),
    failing(500, "A defect; the log has the cause under the request id.", SERVER, SERVER).says("internal error"),
    failing(501, "The service behind this address is older and does not know the call.", SERVER, "not_implemented")
        .headers(FINAL),
    failing(
        502,
        "The provider failed, its answer could not be read, or nobody knows whether something was made.",
        SERVER,
        "upstream_error",
    )
    .headers(FINAL),
    failing(503, "The service, its database or all provider keys are away for a while.", SERVER, "service_unavailable")
        .headers(EITHER),
    failing(504, "It took too long.", SERVER, "timeout"),
];

/// The failure of every route that is not open to everybody.
pub const UNKNOWN_CALLER: u16 = 401;
/// Failures beside this of any call of the service.
pub const SERVICE: &[u16] = &[400, 403, 500, 501, 503, 504];
/// Failures beside these of a route that takes a body.
pub const BODY: &[u16] = &[408, 413, 415];
/// Failures beside these of a route that makes something: whether it was made may stay unknown.
pub const CREATES: &[u16] = &[502];
/// Failures beside these of a route that asks a provider.
pub const PROVIDER: &[u16] = &[402, 404, 429, 502];

fn name(style: Style, status: u16) -> String {
    match style {
        Style::OpenAi => format!("OpenAiError{status}"),
        Style::Api => format!("ApiError{status}"),
    }
}

/// Returns a reference to the answer of a failure.
pub fn reference(style: Style, status: u16) -> Value {
    json!({"$ref": format!("#/components/responses/{}", name(style, status))})
}

/// Returns the answers of failures, once for the whole document.
pub fn components(schema: &mut dyn FnMut(SchemaOf) -> Value) -> Map<String, Value> {
    let mut all = Map::new();
    for (style, body) in
        [(Style::OpenAi, schema_of::<OpenAiBody<'static>> as SchemaOf), (Style::Api, schema_of::<ApiBody<'static>>)]
    {
        let schema = schema(body);
        for row in FAILURES {
            let content = json!({"application/json": {"schema": schema, "example": row.example(style)}});
            let headers: Map<_, _> = row.headers.iter().chain(&["x-request-id"]).map(|name| header(name)).collect();
            all.insert(
                name(style, row.status),
                json!({"description": row.when, "headers": headers, "content": content}),
            );
        }
    }
    all
}

/// Returns a reference to a header of the document.
pub fn header(name: &str) -> (String, Value) {
    (name.to_owned(), json!({"$ref": format!("#/components/headers/{name}")}))
}
