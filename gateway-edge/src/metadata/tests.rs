//! What is forwarded, what is not, and which request ids are taken over.

use super::*;

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    pairs.iter().map(|(k, v)| (HeaderName::from_static(k), HeaderValue::from_bytes(v.as_bytes()).unwrap())).collect()
}

#[test]
fn forwards_identity_keys_and_trace_only() {
    let from = headers(&[
        ("authorization", "Bearer sk-1"),
        ("x-google-api-key", "AIza"),
        ("x-anthropic-api-key", "sk-ant"),
        ("traceparent", "00-a-b-01"),
        ("accept-language", "fr-FR, vi-VN;q=0.9, en;q=0.5"),
        ("cookie", "secret"),
        ("openai-organization", "org"),
        ("x-stainless-lang", "python"),
    ]);
    let request = request((), &from, &RequestId::of(&from), Duration::from_secs(5));
    let map = request.metadata();
    for (name, value) in [
        ("authorization", "Bearer sk-1"),
        ("x-google-api-key", "AIza"),
        ("x-anthropic-api-key", "sk-ant"),
        ("accept-language", "vi"),
    ] {
        assert_eq!(map.get(name).unwrap(), value);
    }
    assert!(map.contains_key("traceparent") && map.contains_key("x-request-id") && map.contains_key("grpc-timeout"));
    for name in ["cookie", "openai-organization", "x-stainless-lang"] {
        assert!(!map.contains_key(name), "{name}");
    }
}

#[test]
fn other_headers_for_the_gateway_key_become_a_bearer() {
    for name in ["x-api-key", "api-key"] {
        let from = headers(&[(name, "sk-2")]);
        let request = request((), &from, &RequestId::of(&from), Duration::from_secs(5));
        assert_eq!(request.metadata().get("authorization").unwrap(), "Bearer sk-2", "{name}");
    }
}

#[test]
fn clean_request_ids_are_kept() {
    let long = "a".repeat(129);
    for (given, kept) in [("trace-1/2", true), ("", false), ("a b", false), ("ü", false), (long.as_str(), false)] {
        let id = RequestId::of(&headers(&[("x-request-id", given)]));
        assert_eq!(id.as_str() == given, kept, "{given}");
        if !kept {
            assert!(id.as_str().starts_with("req_") && id.as_str().len() == 36, "{}", id.as_str());
        }
    }
}

#[test]
fn a_shorter_timeout_of_the_client_counts() {
    let limit = Duration::from_secs(600);
    for (name, value, expected) in [
        ("x-stainless-timeout", "60", 61_000),
        ("x-stainless-read-timeout", "1.5", 2_500),
        ("x-stainless-timeout", "599.5", 600_000),
        ("x-stainless-timeout", "900", 600_000),
        ("x-stainless-timeout", "NaN", 600_000),
        ("x-stainless-timeout", "-1", 600_000),
        ("x-stainless-timeout", "inf", 600_000),
        ("x-stainless-timeout", "0", 600_000),
        ("x-stainless-read-timeout", "none", 600_000),
    ] {
        let got = client_deadline(&headers(&[(name, value)]), limit);
        assert_eq!(got, Duration::from_millis(expected), "{name}: {value}");
    }
}

#[test]
fn made_ids_do_not_repeat() {
    let ids: std::collections::HashSet<String> =
        (0..10_000).map(|_| RequestId::of(&HeaderMap::new()).as_str().to_owned()).collect();
    assert_eq!(ids.len(), 10_000);
    assert!(ids.iter().all(|id| id.len() == 36 && id.starts_with("req_")));
}
