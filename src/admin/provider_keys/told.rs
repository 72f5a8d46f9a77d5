//! What the activity log is told of changes by owners.

use crate::{
    admin::actor::Actor,
    domain::{
        activity::{Action, ActivityEntry},
        key::StoredKey,
    },
};

/// An entry about a key of the actor's.
pub fn about(actor: &Actor, action: Action, key: &StoredKey, message: impl Into<String>) -> ActivityEntry {
    ActivityEntry {
        provider_key_id: key.id.clone(),
        provider_key_name: key.name.clone(),
        message: message.into(),
        ..actor.entry(action, &key.provider)
    }
}

/// Says what an edit changed, and no value that could be a secret. Empty when it changed nothing.
pub fn changes(before: &StoredKey, after: &StoredKey) -> String {
    let mut said = Vec::new();
    if before.name != after.name {
        said.push(format!(r#"renamed from "{}" to "{}""#, before.name, after.name));
    }
    if before.active != after.active {
        said.push(if after.active { "switched on" } else { "switched off" }.to_owned());
    }
    if before.secret_version != after.secret_version {
        said.push(format!(r#"its secret was replaced, the new one ends in "{}""#, after.hint));
    }
    if before.quota_owner != after.quota_owner {
        said.push(match after.quota_owner.as_str() {
            "" => "it has a quota of its own now".to_owned(),
            owner => format!(r#"it shares the quota of "{owner}" now"#),
        });
    }
    if before.parameters != after.parameters {
        said.push("its parameters were changed".to_owned());
    }
    said.join("; ")
}
