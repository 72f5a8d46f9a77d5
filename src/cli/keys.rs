//! `keys`: works on the database directly, so it also works while no gateway runs.

use std::{sync::Arc, time::Duration};

use secrecy::ExposeSecret as _;
use serde_json::json;

use super::{
    args::KeysCommand,
    output::{Failure, block_on, columns, print, print_json, timestamp},
};
use crate::{
    access::{Directory, OWNER_ID},
    admin::{
        gateway_keys::{CreateKey, GatewayKeys},
        users::Users,
    },
    app::now_ms,
    config::Settings,
    domain::{
        key::GatewayKey,
        scope::{ModelPatterns, Scope},
    },
    storage::{DatabaseUrl, Store},
};

pub fn run(settings: &Settings, command: KeysCommand) -> Result<(), Failure> {
    block_on(async {
        let url = DatabaseUrl::parse(settings.database_url.expose_secret())?;
        let (store, directory) = (Store::open(&url, 1).await?, Arc::new(Directory::new()));
        let users = Users::new(store.clone(), directory.clone());
        let keys = GatewayKeys::new(store, directory);
        match command {
            KeysCommand::Create { name, user, scopes, models, expires_in, json } => {
                if let Some(chosen) = &settings.bootstrap_key {
                    // The chosen key is created in an empty store only: after this command it would be too late.
                    keys.bootstrap(Some(chosen.expose_secret()), now_ms()).await?;
                }
                let user_id = match user {
                    Some(user) => users.find(&user).await?.id,
                    None => OWNER_ID.to_owned(),
                };
                let scopes = scopes.into_iter().collect();
                let request = CreateKey { scopes, models: ModelPatterns::new(models), ..CreateKey::named(name) };
                create(&keys, (&user_id, request, expires_in), json).await
            }
            KeysCommand::List { json } => list(&keys, &users, json).await,
            KeysCommand::Revoke { id } => {
                let key = keys.revoke(public_id(&id), now_ms()).await?;
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
    (user_id, request, expires_in): (&str, CreateKey, Option<Duration>),
    json: bool,
) -> Result<(), Failure> {
    let now_ms = now_ms();
    let expires_ms = expires_in.map(|lifetime| now_ms.saturating_add(milliseconds(lifetime)));
    let (key, secret) = keys.issue(user_id, CreateKey { expires_ms, ..request }, now_ms).await?;
    if json {
        let mut value = describe(&key, now_ms);
        value["key"] = json!(secret.expose());
        return print_json(&value);
    }
    eprintln!("created {} ({}); keep the key, it is shown only now:", key.id, key.name);
    print(&format!("{}\n", secret.expose()))
}

async fn list(keys: &GatewayKeys, users: &Users, json: bool) -> Result<(), Failure> {
    let now_ms = now_ms();
    let list = keys.list_all().await?;
    if json {
        return print_json(&list.iter().map(|key| describe(key, now_ms)).collect());
    }
    if list.is_empty() {
        eprintln!("there are no keys yet; make one with `ai-model-gateway keys create --name laptop`");
        return Ok(());
    }
    let users = users.list().await?;
    let name = |id: &str| users.iter().find(|user| user.id == id).map_or(id, |user| &user.name).to_owned();
    let mut rows = vec![["ID", "STATE", "CREATED", "EXPIRES", "LAST USED", "USER", "NAME"].map(str::to_owned).to_vec()];
    rows.extend(list.into_iter().map(|key| {
        let time = |time: Option<i64>| time.map_or_else(|| "never".to_owned(), timestamp);
        let (created, expires, used) = (timestamp(key.created_ms), time(key.expires_ms), time(key.last_used_ms));
        vec![key.id.clone(), state(&key, now_ms).to_owned(), created, expires, used, name(&key.user_id), key.name]
    }));
    print(&columns(&rows))
}

fn describe(key: &GatewayKey, now_ms: i64) -> serde_json::Value {
    json!({
        "id": key.id,
        "name": key.name,
        "user_id": key.user_id,
        "state": state(key, now_ms),
        "scopes": key.scopes.iter().map(Scope::name).collect::<Vec<_>>(),
        "allowed_models": key.models.as_slice(),
        "created_time": timestamp(key.created_ms),
        "expire_time": key.expires_ms.map(timestamp),
        "last_used_time": key.last_used_ms.map(timestamp),
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
