//! The operations of gateway keys.

use serde_json::{Value, json};

use crate::api::gateway_keys::{GatewayKey, GatewayKeyChanges, NewGatewayKey};

use super::{
    errors::{BODY, CREATES, SERVICE},
    examples,
    operation::{Answer, Operation, Parameter},
};

const TAG: &str = "Gateway keys";

fn operation(id: &'static str, summary: &'static str) -> Operation {
    Operation::new(id, TAG, summary).fails(SERVICE)
}

fn of_one(id: &'static str, summary: &'static str) -> Operation {
    operation(id, summary).parameter(Parameter::path("id", examples::GATEWAY_KEY_ID, "The key's id.")).fails(&[404])
}

fn shown() -> Value {
    examples::gateway_key()
}

pub fn list() -> Operation {
    operation("listGatewayKeys", "List gateway keys")
        .about("Keys of the caller's user, oldest first.")
        .parameter(
            Parameter::query("is_active", json!({"type": "boolean"}), "Only keys that are, or are not, active.")
                .also(&["active"]),
        )
        .parameters(examples::pages())
        .answer(Answer::json::<Vec<GatewayKey<'static>>>(200, "The keys.", json!([shown()])).headers(examples::PAGED))
}

pub fn create() -> Operation {
    let mut made = shown();
    made["api_key"] = json!(format!("sk-{}-…", examples::GATEWAY_KEY_ID));
    operation("createGatewayKey", "Make a gateway key")
        .about("The key's text is in `api_key` of the answer, this once.")
        .takes::<NewGatewayKey>(vec![(
            "for a team",
            json!({"name": "team", "scopes": ["models"], "expires_at": "2030-01-01T00:00:00Z"}),
        )])
        .answer(Answer::json::<GatewayKey<'static>>(201, "The key with its text.", made).headers(examples::CREATED))
        .fails(BODY)
        .fails(CREATES)
}

pub fn get() -> Operation {
    of_one("getGatewayKey", "Get a gateway key").answers::<GatewayKey<'static>>("The key.", shown())
}

pub fn change() -> Operation {
    of_one("updateGatewayKey", "Change a gateway key")
        .about("Members that are there are changed; null clears.")
        .takes::<GatewayKeyChanges>(vec![("lock it", json!({"is_active": false}))])
        .answers::<GatewayKey<'static>>("The key as it is now.", shown())
        .fails(BODY)
}

pub fn delete() -> Operation {
    of_one("deleteGatewayKey", "Delete a gateway key").answer(Answer::empty(204, "It is gone.").headers(examples::ID))
}
