//! `keys`: works on the database directly, so it also works while no gateway runs.

use std::{sync::Arc, time::Duration};

use secrecy::ExposeSecret as _;
use serde_json::json;

use super::{
    args::KeysCommand,
    output::{Failure, columns, print, print_json, timestamp},
};
use crate::{
    access::{Directory, OWNER_ID},
    admin::gateway_keys::{CreateKey, GatewayKeys},
    app::now_ms,
    config::Settings,
    domain::key::GatewayKey,
    storage::{DatabaseUrl, Store},
};

pub fn run(settings: &Settings, command: KeysCommand) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Failed(error.to_string()))?;
    runtime.block_on(async {
        let url = DatabaseUrl::parse(settings.database_url.expose_secret())?;
        let keys = GatewayKeys::new(Store::open(&url, 1).await?, Arc::new(Directory::new()));
        match command {
            KeysCommand::Create { name, expires_in, json } => create(&keys, settings, (name, expires_in), json).await,
            KeysCommand::List { json } => list(&keys, json).await,
            KeysCommand::Revoke { id } => {
                let key = keys.revoke(public_id(&id)).await?;
                eprintln!("revoked {} ({}); running gateways refuse it within a second", key.id, key.name);
                Ok(())
            }
        }
    })
}

/// Takes the id out of a whole key, which people paste and no message should repeat.
fn public_id(text: &str) -> &str {
    let Some(rest) = text.strip_prefix("sk-") else { return text };
    rest.split_once('-').map_or(rest, |(id, _)| id)
}

async fn create(
    keys: &GatewayKeys,
    settings: &Settings,
    (name, expires_in): (String, Option<Duration>),
    json: bool,
) -> Result<(), Failure> {
    let now_ms = now_ms();
    if let Some(chosen) = &settings.bootstrap_key {
        // The chosen key is created in an empty store only: after this command it would be too late.
        keys.bootstrap(Some(chosen.expose_secret()), now_ms).await?;
    }
    let expires_ms = expires_in.map(|lifetime| now_ms.saturating_add(milliseconds(lifetime)));
    let (key, secret) = keys.create(CreateKey { name, user_id: OWNER_ID.to_owned(), expires_ms }, now_ms).await?;
    if json {
        let mut value = describe(&key, now_ms);
        value["key"] = json!(secret.expose());
        return print_json(&value);
    }
    eprintln!("created {} ({}); keep the key, it is shown only now:", key.id, key.name);
    print(&format!("{}\n", secret.expose()))
}

async fn list(keys: &GatewayKeys, json: bool) -> Result<(), Failure> {
    let now_ms = now_ms();
    let list = keys.list().await?;
    if json {
        return print_json(&list.iter().map(|key| describe(key, now_ms)).collect());
    }
    if list.is_empty() {
        eprintln!("there are no keys yet; make one with `ai-model-gateway keys create --name laptop`");
        return Ok(());
    }
    let mut rows = vec![["ID", "STATE", "CREATED", "EXPIRES", "NAME"].map(str::to_owned).to_vec()];
    rows.extend(list.into_iter().map(|key| {
        let expires = key.expires_ms.map_or_else(|| "never".to_owned(), timestamp);
        vec![key.id.clone(), state(&key, now_ms).to_owned(), timestamp(key.created_ms), expires, key.name]
    }));
    print(&columns(&rows))
}

fn describe(key: &GatewayKey, now_ms: i64) -> serde_json::Value {
    json!({
        "id": key.id,
        "name": key.name,
        "user_id": key.user_id,
        "state": state(key, now_ms),
        "created_time": timestamp(key.created_ms),
        "expire_time": key.expires_ms.map(timestamp),
    })
}

fn state(key: &GatewayKey, now_ms: i64) -> &'static str {
    match key.expires_ms {
        _ if !key.active => "revoked",
        Some(expires) if expires <= now_ms => "expired",
        _ => "active",
    }
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
