//! `POST /api/v1/provider-keys/{id}/test` and `POST /api/v1/provider-keys/test`. A key that fails is a result with 200.

use axum::response::Response;

use crate::{
    api::key_tests::TestResult,
    error::Failure,
    pb,
    routes::api::call::{Call, shown, silent},
};

pub async fn one(call: Call) -> Result<Response, Failure> {
    call.nothing(&[])?;
    let message = pb::TestProviderKeyRequest { id: call.resource.clone() };
    let reply = call.keys().test_provider_key(call.request(message)).await?.into_inner();
    Ok(shown(&TestResult::of(&reply.result.ok_or_else(silent)?)))
}

pub async fn all(call: Call) -> Result<Response, Failure> {
    let names = ["provider", "provider_name"];
    let message = pb::TestProviderKeysRequest { provider: call.nothing(&names)?.text(&names)? };
    let reply = call.keys().test_provider_keys(call.request(message)).await?.into_inner();
    let results: Vec<_> = reply.results.iter().map(TestResult::of).collect();
    Ok(shown(&results))
}
