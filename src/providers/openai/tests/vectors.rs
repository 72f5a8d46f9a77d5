//! Request fixtures by name: the client's side read as the edge would, encoded, and compared with the provider's side.

use serde_json::Value;

use super::{
    builders::{encode, normal},
    client,
    support::dialect_of,
};
use crate::providers::{
    openai::{Dialect, vendors::vendor},
    testing::files::fixture,
};

const REQUESTS: &[&str] = &[
    "openai/req-01-minimal",
    "openai/req-02-content-unions",
    "openai/req-03-audio-in-out",
    "openai/req-04-tools-full",
    "openai/req-05-tool-choice-named",
    "openai/req-07-max-tokens-renamed",
    "openai/req-13-stop-array-n2",
    "openai/generic-04-groq-request-scrub",
    "openai/generic-08-mistral-request",
    "xai/deferred-01-start",
    "xai/req-01-basic-and-scrub",
    "xai/req-02-reasoning-model-unsupported",
    "xai/req-03-images",
    "xai/req-04-tools",
    "xai/req-07-scalar-repairs",
    "perplexity/sonar-req-01-scrub",
    "perplexity/sonar-req-02-search-options",
    "perplexity/sonar-req-03-role-alternation",
];

/// Fixtures whose two sides only meet with something the adapter is not told, with what that is.
const DISAGREE: &[(&str, &str)] = &[
    ("openai/req-08-legacy-functions", "the edge turns functions into tools; only what it makes of them is encoded"),
    ("openai/req-12-unknown-field-kept", "unknown members of messages end at the edge; those of the body are encoded"),
    ("openai/generic-24-deepseek-reasoning-echo", "the gateway remembers the thinking; see the tests of reasoning"),
    (
        "perplexity/async-01-submit",
        "background jobs have no call in the contract: they are for answers nobody waits for, and a call waits",
    ),
];

/// The vendor whose dialect a fixture is about, where it is about one.
fn dialect(name: &str) -> Dialect {
    let vendors = ["groq", "mistral", "deepseek"];
    let named = vendors.iter().find(|vendor| name.contains(*vendor)).and_then(|name| vendor(name));
    named.map_or_else(|| dialect_of(name), |vendor| vendor.dialect.clone())
}

fn sides(name: &str, client_side: &Value, provider_side: &Value) -> [Value; 2] {
    let (request, mode) = client::read(client_side);
    let encoded = encode(dialect(name), &request, &request.model, mode).unwrap_or_else(|e| panic!("{name}: {e}"));
    assert_eq!(encoded.path, "/chat/completions", "{name}");
    let ours = serde_json::from_slice(&encoded.body).unwrap_or_else(|e| panic!("{name}: {e}"));
    [normal(ours), normal(provider_side.clone())]
}

#[test]
fn requests() {
    for name in REQUESTS {
        let fixture = fixture(name);
        let [mut ours, mut theirs] = sides(name, &fixture["openai"]["body"], &fixture["provider"]["body"]);
        if *name == "openai/generic-08-mistral-request" {
            // The id in the fixture is only an example of nine letters.
            for side in [&mut ours, &mut theirs] {
                let id = side["messages"][3]["tool_call_id"].take();
                assert_eq!(side["messages"][2]["tool_calls"][0]["id"].take(), id, "{name}");
            }
        }
        assert_eq!(ours, theirs, "{name}");
    }
}

#[test]
fn requests_that_something_else_changes_first() {
    for (name, why) in DISAGREE {
        assert!(!why.is_empty());
        let body = &fixture(name)["provider"]["body"];
        let mut body = if body["request"].is_object() { body["request"].clone() } else { body.clone() };
        if let Some(message) = body["messages"][0].as_object_mut() {
            message.remove("x_trace");
        }
        let [ours, theirs] = sides(name, &body, &body);
        assert_eq!(ours, theirs, "{name}");
    }
}
