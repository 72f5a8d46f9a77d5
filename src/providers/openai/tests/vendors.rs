//! Every row of the table of vendors has a folder of fixtures and every folder a row. Replies, streams and errors of the
//! folders run with all others; here are the requests, and what only a vendor has.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    builders::{encode, normal},
    client,
    support::{decode, run, vendor_fixtures, vendor_folders, vendor_of},
};
use crate::providers::{
    openai::{OpenAiAdapter, vendor::Key, vendors::vendors},
    testing::{
        files::fixture,
        streams::{fold, sse_body},
    },
};

#[test]
fn every_row_has_a_folder_and_every_folder_a_row() {
    let rows: BTreeSet<String> = vendors().map(|vendor| vendor.name.to_owned()).collect();
    assert_eq!(rows.len(), vendors().count(), "two rows of one name");
    assert_eq!(rows, vendor_folders().into_iter().collect());
    for kind in ["request", "response", "stream", "error"] {
        assert_eq!(vendor_fixtures(kind).len(), vendors().count());
    }
}

#[test]
fn requests() {
    for name in vendor_fixtures("request") {
        let (fixture, vendor) = (fixture(&name), vendor_of(&name).expect("a row"));
        let (request, mode) = client::read(&fixture["openai"]["body"]);
        let encoded = encode(vendor.dialect.clone(), &request, &request.model, mode);
        let encoded = encoded.unwrap_or_else(|e| panic!("{name}: {}: {e}", e.field));
        let ours: Value = serde_json::from_slice(&encoded.body).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(normal(ours), normal(fixture["provider"]["body"].clone()), "{name}");
        let url = fixture["provider"]["url"].as_str().expect("an address");
        assert!(url.ends_with(&encoded.path) && url.starts_with(vendor.base_url), "{name}: {}", encoded.path);
        let mut told: Vec<_> = encoded.warnings.into_iter().map(|warning| Value::from(warning.field)).collect();
        told.sort_by_key(Value::to_string);
        assert_eq!(Value::from(told), fixture["warnings"], "{name}");
        check_headers(&name, &fixture["provider"]["headers"]);
    }
}

fn check_headers(name: &str, wanted: &Value) {
    let vendor = vendor_of(name).expect("a row");
    let (key, value) = match vendor.key {
        Key::Bearer | Key::MaybeBearer => ("authorization", "Bearer $UPSTREAM_KEY"),
        Key::Header(header) => (header, "$UPSTREAM_KEY"),
    };
    let ours = vendor.headers.iter().copied().chain([(key, value)]);
    let ours: Value = ours.map(|(name, value)| (name.to_owned(), Value::from(value))).collect();
    assert_eq!(ours, *wanted, "{name}");
}

#[test]
fn a_stream_adds_up_to_the_response() {
    for name in vendor_fixtures("stream") {
        let vendor = vendor_of(&name).expect("a row");
        let adapter = OpenAiAdapter::new(vendor.dialect.clone());
        let (events, result) = run(&adapter, &sse_body(&fixture(&name)["provider"]).0, usize::MAX);
        assert_eq!(result, Ok(()), "{name}");
        let whole = fixture(&name.replace("/stream", "/response"))["provider"]["body"].to_string();
        let whole = fold(decode(&adapter, &whole).unwrap_or_else(|e| panic!("{name}: {e}")));
        assert_eq!(fold(&events), whole, "{name}");
    }
}

#[test]
fn rows_are_well_formed() {
    for vendor in vendors() {
        assert!(!vendor.base_url.ends_with('/'), "{}", vendor.name);
        assert!(vendor.key_variable.ends_with("_API_KEY"), "{}", vendor.name);
        // Operators may set any switch of a row anew, one by one.
        let same = vendor.dialect.with(&serde_json::json!({})).expect("a dialect");
        assert_eq!(same, vendor.dialect, "{}", vendor.name);
        let other = vendor.dialect.with(&serde_json::json!({"top_p_min": 0.5})).expect("a dialect");
        assert_eq!(other.top_p_min, 0.5);
        assert!(vendor.dialect.with(&serde_json::json!({"colour": 1})).is_err());
    }
}
