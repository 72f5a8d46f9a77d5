//! The rpcs of provider keys; tests, imports and watches apart.

use std::mem::take;

use crate::{
    admin::Administration,
    domain::{
        error::{Error, Result},
        key::StoredKey,
    },
    grpc::{
        call::Call,
        convert_keys::{edit_of, filter_of, key_to_pb, new_key_of},
        paging::{PageTokens, Place, page_size},
    },
    pb,
};

pub async fn create(
    admin: &Administration,
    call: &Call,
    request: pb::CreateProviderKeyRequest,
) -> Result<pb::CreateProviderKeyResponse> {
    let actor = call.actor();
    let key = admin.provider_keys.create(&actor, new_key_of(request)?).await?;
    Ok(pb::CreateProviderKeyResponse { provider_key: Some(key_to_pb(key, actor.now_ms)) })
}

pub async fn list(
    admin: &Administration,
    call: &Call,
    mut request: pb::ListProviderKeysRequest,
) -> Result<pb::ListProviderKeysResponse> {
    let actor = call.actor();
    let (size, token) = (page_size(take(&mut request.page_size)), take(&mut request.page_token));
    let tokens = PageTokens::of("provider keys", &request);
    let after = tokens.place_of(&token)?;
    let after = after.as_ref().map(|place| (place.created_ms, place.id.as_str()));
    let mut keys = admin.provider_keys.list(actor.user_id(), &filter_of(request)?, after, actor.now_ms)?;
    let more = keys.len() > size;
    keys.truncate(size);
    let place = |key: &StoredKey| Place { created_ms: key.created_ms, id: key.id.clone() };
    Ok(pb::ListProviderKeysResponse {
        next_page_token: keys.last().filter(|_| more).map(|key| tokens.token_of(&place(key))).unwrap_or_default(),
        provider_keys: keys.into_iter().map(|key| key_to_pb(key, actor.now_ms)).collect(),
    })
}

pub async fn get(
    admin: &Administration,
    call: &Call,
    request: pb::GetProviderKeyRequest,
) -> Result<pb::GetProviderKeyResponse> {
    let actor = call.actor();
    let key = admin.provider_keys.get(actor.user_id(), given(&request.id, "id")?, "id")?;
    Ok(pb::GetProviderKeyResponse { provider_key: Some(key_to_pb(key, actor.now_ms)) })
}

pub async fn update(
    admin: &Administration,
    call: &Call,
    request: pb::UpdateProviderKeyRequest,
) -> Result<pb::UpdateProviderKeyResponse> {
    let actor = call.actor();
    let (id, edit) = edit_of(request)?;
    let key = admin.provider_keys.edit(&actor, &id, edit).await?;
    Ok(pb::UpdateProviderKeyResponse { provider_key: Some(key_to_pb(key, actor.now_ms)) })
}

pub async fn delete(
    admin: &Administration,
    call: &Call,
    request: pb::DeleteProviderKeyRequest,
) -> Result<pb::DeleteProviderKeyResponse> {
    admin.provider_keys.delete(&call.actor(), given(&request.id, "id")?).await?;
    Ok(pb::DeleteProviderKeyResponse {})
}

pub async fn delete_all(
    admin: &Administration,
    call: &Call,
    request: pb::DeleteProviderKeysRequest,
) -> Result<pb::DeleteProviderKeysResponse> {
    let deleted = admin.provider_keys.delete_all(&call.actor(), given(&request.provider, "provider")?).await?;
    Ok(pb::DeleteProviderKeysResponse { deleted_count: deleted.try_into().unwrap_or(u32::MAX) })
}

pub async fn select(
    admin: &Administration,
    call: &Call,
    request: pb::SelectProviderKeyRequest,
) -> Result<pb::SelectProviderKeyResponse> {
    let actor = call.actor();
    let key = admin.provider_keys.select(&actor, given(&request.id, "id")?).await?;
    Ok(pb::SelectProviderKeyResponse { provider_key: Some(key_to_pb(key, actor.now_ms)) })
}

pub async fn unselect(
    admin: &Administration,
    call: &Call,
    request: pb::UnselectProviderKeyRequest,
) -> Result<pb::UnselectProviderKeyResponse> {
    let actor = call.actor();
    let key = admin.provider_keys.unselect(&actor, given(&request.id, "id")?).await?;
    Ok(pb::UnselectProviderKeyResponse { provider_key: Some(key_to_pb(key, actor.now_ms)) })
}

/// Returns a value that must not be empty.
pub fn given<'a>(value: &'a str, field: &str) -> Result<&'a str> {
    if value.is_empty() { Err(Error::invalid(field, format!("{field} is required"))) } else { Ok(value) }
}
