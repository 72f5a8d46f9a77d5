//! The operations of provider keys.

use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use crate::api::{
    import::{Envelope, Imported},
    key_tests::TestResult,
    provider_keys::{DeletedKeys, NewProviderKey, ProviderKey, ProviderKeyChanges},
    schemas, words,
};

use super::{
    errors::{BODY, CREATES, SERVICE},
    examples,
    operation::{Answer, Operation, Parameter},
    streams,
};

const TAG: &str = "Provider keys";

fn operation(id: &'static str, summary: &'static str) -> Operation {
    Operation::new(id, TAG, summary).fails(SERVICE)
}

fn of_one(id: &'static str, summary: &'static str) -> Operation {
    operation(id, summary).parameter(Parameter::path("id", examples::KEY_ID, "The key's id.")).fails(&[404])
}

fn provider(about: &'static str) -> Parameter {
    Parameter::text("provider_name", "google", about).also(&["provider"])
}

fn words<T>(list: &[(&'static str, T)]) -> Value {
    json!({"type": "array", "items": schemas::one_of(list)})
}

pub fn list() -> Operation {
    operation("listProviderKeys", "List provider keys")
        .about("Keys of the caller's user, oldest first.")
        .parameter(provider("Only keys of this provider."))
        .parameter(Parameter::query("state", words(words::STATES), "Only keys in one of these states."))
        .parameter(
            Parameter::query("selected", json!({"type": "boolean"}), "Only keys that are, or are not, selected.")
                .also(&["is_selected"]),
        )
        .parameter(Parameter::text("text", "work", "Only keys with this in their name."))
        .parameters(examples::pages())
        .answer(
            Answer::json::<Vec<ProviderKey<'static>>>(200, "The keys.", json!([examples::provider_key()]))
                .headers(examples::PAGED),
        )
}

pub fn create() -> Operation {
    let body = json!({"provider_name": "google", "api_key": "AIzaSy-of-an-example", "name": "work"});
    operation("createProviderKey", "Store a provider key")
        .about("`provider` is understood for `provider_name`, and `secret` for `api_key`.")
        .takes::<NewProviderKey>(vec![("a key", body)])
        .answer(
            Answer::json::<ProviderKey<'static>>(201, "The key, without its secret.", examples::provider_key())
                .headers(examples::CREATED),
        )
        .fails(BODY)
        .fails(CREATES)
        .fails(&[409])
}

pub fn get() -> Operation {
    of_one("getProviderKey", "Get a provider key").answers::<ProviderKey<'static>>("The key.", examples::provider_key())
}

pub fn change() -> Operation {
    of_one("updateProviderKey", "Change a provider key")
        .about("Members that are there are changed; null clears. `secret` is understood for `api_key`.")
        .takes::<ProviderKeyChanges>(vec![("rename it", json!({"name": "home"}))])
        .answers::<ProviderKey<'static>>("The key as it is now.", examples::provider_key())
        .fails(BODY)
        .fails(&[409])
}

pub fn delete() -> Operation {
    of_one("deleteProviderKey", "Delete a provider key").answer(Answer::empty(204, "It is gone.").headers(examples::ID))
}

pub fn delete_all() -> Operation {
    operation("deleteProviderKeys", "Delete all keys of a provider")
        .parameter(provider("The provider.").required())
        .answers::<DeletedKeys>("How many there were.", json!({"deleted_count": 2}))
}

pub fn select() -> Operation {
    of_one("selectProviderKey", "Select a provider key")
        .about("The selected key of a provider is tried first.")
        .answers::<ProviderKey<'static>>("The key as it is now.", examples::provider_key())
}

pub fn unselect() -> Operation {
    of_one("unselectProviderKey", "Unselect a provider key")
        .answers::<ProviderKey<'static>>("The key as it is now.", examples::provider_key())
}

pub fn test() -> Operation {
    of_one("testProviderKey", "Test a provider key")
        .about("Asks the provider. 200 whatever came out: `verdict` says it.")
        .answers::<TestResult<'static>>("What came out.", examples::test_result())
        .fails(&[429])
}

pub fn test_all() -> Operation {
    operation("testProviderKeys", "Test all keys, or those of a provider")
        .parameter(provider("Only keys of this provider."))
        .answers::<Vec<TestResult<'static>>>("A result for each key.", json!([examples::test_result()]))
        .fails(&[429])
}

pub fn import() -> Operation {
    let flag = || json!({"type": "boolean"});
    let csv = "provider,key,name\ngoogle,AIzaSy-of-an-example,work\n";
    let envelope = json!({"content": csv, "format": "csv", "dry_run": true});
    operation("importProviderKeys", "Import provider keys")
        .about(
            "Takes the rows as a form with a file, or as the body. 200 also when rows are refused: each row says what became \
             of it. `provider` is understood for `provider_name`, also in the form and in the JSON object.",
        )
        .parameter(provider("The provider of rows that name none."))
        .parameter(Parameter::query("format", schemas::one_of(words::IMPORT_FORMATS).to_value(), "How the rows are written; found out when it is not said."))
        .parameter(Parameter::query("all_or_nothing", flag(), "Store nothing unless every row can be."))
        .parameter(Parameter::query("dry_run", flag(), "Store nothing, and say what would be."))
        .takes_as("application/json", rows, vec![("text with options", envelope)])
        .takes_as("text/csv", text, vec![("rows", json!(csv))])
        .takes_as("text/plain", text, vec![("lines", json!("google=AIzaSy-of-an-example\n"))])
        .takes_as("multipart/form-data", form, vec![])
        .answers::<Imported<'static>>("What became of the rows.", examples::imported())
        .fails(BODY)
        .fails(CREATES)
}

fn text(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "string"})
}

/// The rows themselves, or an object with their text.
fn rows(generator: &mut SchemaGenerator) -> Schema {
    let rows = json_schema!({"type": "array", "items": {"type": "object"}});
    json_schema!({"anyOf": [rows, generator.subschema_for::<Envelope>()]})
}

fn form(_: &mut SchemaGenerator) -> Schema {
    let flag = json_schema!({"type": "string", "enum": ["true", "false"]});
    json_schema!({
        "type": "object",
        "required": ["file"],
        "properties": {
            "file": {"type": "string", "contentMediaType": "text/plain"},
            "provider_name": {"type": "string"},
            "format": schemas::one_of(words::IMPORT_FORMATS),
            "all_or_nothing": flag,
            "dry_run": flag,
        },
        "additionalProperties": false,
    })
}

pub fn watch() -> Operation {
    operation("watchProviderKeys", "Watch provider keys")
        .about(
            "A stream without an end: `provider_key` for each key there is and for each change, `synced` once all were told, \
             `deleted`; `error` is the last event of a stream that breaks.",
        )
        .parameter(provider("Only keys of this provider."))
        .answer(Answer::empty(200, "The events.").or_as("text/event-stream", streams::keys, vec![]).headers(examples::ID))
}
