//! The error vectors: what the service says of each provider failure, and what the client sees of it.

use std::collections::HashMap;

use serde_json::Value;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use super::*;

/// Vectors we answer differently in one member, and why.
const DISAGREE: &[(&str, &str, &str)] = &[
    (
        "err-02-edge-bad-key",
        "type",
        "the house's error table says authentication_error, as other servers do (section 6)",
    ),
    ("err-08-overloaded", "type", "section 6 allows service_unavailable_error and server_error; the house has one"),
    ("err-09-server-error", "status", "the fault is the provider's: 502 keeps 500 for defects of the gateway"),
    (
        "err-09-server-error",
        "code",
        "upstream_error tells the provider's fault from ours; clients read null and text alike",
    ),
    ("err-12-content-filter", "code", "one code for every provider's policy, content_filter"),
];

fn failure(name: &str) -> Failure {
    let status = |reason: &str, metadata: &[(&str, &str)], millis: u64| {
        let metadata: HashMap<String, String> = metadata.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
        let mut details = ErrorDetails::with_error_info(reason, "aigateway", metadata);
        if millis > 0 {
            details.set_retry_info(Some(Duration::from_millis(millis)));
        }
        Failure::from(Status::with_error_details(Code::Unavailable, "what happened", details))
    };
    match name {
        "err-01-bad-key" => status("UPSTREAM_ERROR", &[("failure_class", "CREDENTIAL")], 0),
        "err-02-edge-bad-key" => status("GATEWAY_KEY_INVALID", &[], 0),
        "err-04-unsupported-parameter" => {
            status("INVALID_REQUEST", &[("param", "max_tokens"), ("code", "unsupported_parameter")], 0)
        }
        "err-06-rate-limit" => status("RATE_LIMITED", &[], 20_000),
        "err-07-quota" => status("PROVIDER_QUOTA_EXCEEDED", &[], 0),
        "err-08-overloaded" => status("UPSTREAM_ERROR", &[("failure_class", "OVERLOAD")], 0),
        "err-09-server-error" => status("UPSTREAM_ERROR", &[("failure_class", "SERVER_ERROR")], 0),
        "err-11-missing-messages" => Failure::missing("messages"),
        "err-12-content-filter" => status("CONTENT_BLOCKED", &[], 0),
        other => panic!("no row for {other}"),
    }
}

#[test]
fn clients_see_the_vectors() {
    let folder = format!("{}/tests/fixtures", env!("CARGO_MANIFEST_DIR"));
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let mut count = 0;
    for path in files.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("err-")) {
        let vector: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let (name, seen) = (vector["name"].as_str().unwrap(), &vector["openai"]);
        let failure = failure(name);
        let ours: Value = serde_json::from_slice(&failure.to_openai_json()).unwrap();
        let mut differ = Vec::new();
        if failure.status().as_u16() != seen["status"] {
            differ.push("status");
        }
        differ.extend(
            ["type", "param", "code"].into_iter().filter(|key| ours["error"][key] != seen["body"]["error"][key]),
        );
        let known: Vec<&str> = DISAGREE.iter().filter(|row| row.0 == name).map(|row| row.1).collect();
        assert_eq!(
            {
                differ.sort_unstable();
                differ
            },
            {
                let mut known = known;
                known.sort_unstable();
                known
            },
            "{name}"
        );
        let response = failure.into_response(Style::OpenAi, "req_1");
        for header in ["x-should-retry", "retry-after", "retry-after-ms"] {
            if let Some(value) = seen["headers"][header].as_str() {
                assert_eq!(response.headers()[header], value, "{name}");
            }
        }
        count += 1;
    }
    println!("{count} error vectors, {} members argued", DISAGREE.len());
    assert_eq!(count, 9);
}
