//! The routes of our own below `/api/v1`: text, keys, activity and usage. One file for each resource; `call` is what all share.

use crate::{
    openapi::{activity as activity_docs, keys as key_docs, provider_keys as docs, text as text_docs},
    routes::route::Route,
};

use handler::{at, unread};

mod activity;
mod call;
mod extract_text;
mod form;
mod gateway_keys;
mod generate_text;
mod handler;
mod key_import;
mod key_tests;
mod pages;
mod provider_keys;
mod upload;
mod usage;
mod watch;

const PROVIDER_KEYS: &str = "/api/v1/provider-keys";
const PROVIDER_KEY: &str = "/api/v1/provider-keys/{id}";

pub fn routes() -> Vec<Route> {
    vec![
        Route::post("/api/v1/chat/generate-text", at(generate_text::generate), text_docs::generate),
        Route::post("/api/v1/vision/extract-text", unread(extract_text::extract), text_docs::extract),
        Route::get(PROVIDER_KEYS, at(provider_keys::list), docs::list),
        Route::post(PROVIDER_KEYS, at(provider_keys::create), docs::create),
        Route::delete(PROVIDER_KEYS, at(provider_keys::delete_all), docs::delete_all),
        Route::get(PROVIDER_KEY, at(provider_keys::get), docs::get),
        Route::patch(PROVIDER_KEY, at(provider_keys::change), docs::change),
        Route::delete(PROVIDER_KEY, at(provider_keys::delete), docs::delete),
        Route::post("/api/v1/provider-keys/{id}/select", at(provider_keys::select), docs::select),
        Route::post("/api/v1/provider-keys/{id}/unselect", at(provider_keys::unselect), docs::unselect),
        Route::post("/api/v1/provider-keys/{id}/test", at(key_tests::one), docs::test),
        Route::post("/api/v1/provider-keys/test", at(key_tests::all), docs::test_all),
        Route::post("/api/v1/provider-keys/import", at(key_import::import), docs::import),
        Route::get("/api/v1/provider-keys/watch", at(watch::provider_keys), docs::watch),
        Route::get("/api/v1/keys", at(gateway_keys::list), key_docs::list),
        Route::post("/api/v1/keys", at(gateway_keys::create), key_docs::create),
        Route::get("/api/v1/keys/{id}", at(gateway_keys::get), key_docs::get),
        Route::patch("/api/v1/keys/{id}", at(gateway_keys::change), key_docs::change),
        Route::delete("/api/v1/keys/{id}", at(gateway_keys::delete), key_docs::delete),
        Route::get("/api/v1/activity-logs", at(activity::list), activity_docs::list),
        Route::get("/api/v1/activity-logs/watch", at(watch::activity), activity_docs::watch),
        Route::get("/api/v1/usage", at(usage::list), activity_docs::usage),
    ]
}

#[cfg(test)]
mod tests;
