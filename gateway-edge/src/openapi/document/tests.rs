use super::{super::operation::schema_of, *};
use crate::{
    api::provider_keys::{NewProviderKey, ProviderKey, ProviderKeyChanges},
    openapi,
};

#[test]
fn what_is_written_is_always_there_and_what_is_read_may_be_left_out() {
    let mut schemas = Schemas::new();
    schema_of::<ProviderKey<'static>>(&mut schemas.written);
    schema_of::<NewProviderKey>(&mut schemas.read);
    schema_of::<ProviderKeyChanges>(&mut schemas.read);
    let all = schemas.components();
    let required = |name: &str| all[name]["required"].as_array().map_or(0, Vec::len);
    assert_eq!(required("ProviderKey"), all["ProviderKey"]["properties"].as_object().unwrap().len());
    assert_eq!(all["NewProviderKey"]["required"], json!(["provider_name", "api_key"]));
    assert_eq!(required("ProviderKeyChanges"), 0);
    assert!(!all["ProviderKeyChanges"].to_string().contains("default"), "{}", all["ProviderKeyChanges"]);
}

/// Two types of one name, one read and one written, would hide each other.
#[test]
fn a_name_means_one_type() {
    let mut schemas = Schemas::new();
    for operation in [
        openapi::openai::chat(),
        openapi::openai::responses(),
        openapi::openai::completions(),
        openapi::openai::embeddings(),
        openapi::openai::list_models(),
        openapi::text::generate(),
        openapi::text::extract(),
        openapi::provider_keys::change(),
        openapi::provider_keys::create(),
        openapi::provider_keys::import(),
        openapi::provider_keys::test(),
        openapi::keys::create(),
        openapi::keys::change(),
        openapi::activity::list(),
        openapi::activity::watch(),
        openapi::activity::usage(),
        openapi::system::health(),
    ] {
        schemas.operation(&operation, false);
    }
    let (read, written) = (schemas.read.take_definitions(true), schemas.written.take_definitions(true));
    let both: Vec<_> = read.keys().filter(|name| written.contains_key(*name)).collect();
    assert!(both.is_empty(), "names of two types: {both:?}");
}
