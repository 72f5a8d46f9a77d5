//! The rpcs of gateway keys.

use std::mem::take;

use super::provider::given;
use crate::{
    admin::{Administration, gateway_keys::ListKeys},
    domain::{error::Result, key::GatewayKey},
    grpc::{
        call::Call,
        convert_gateway_keys::{change_of, key_to_pb, new_key_of},
        paging::{PageTokens, Place, page_size},
    },
    pb,
};

pub async fn create(
    admin: &Administration,
    call: &Call,
    request: pb::CreateGatewayKeyRequest,
) -> Result<pb::CreateGatewayKeyResponse> {
    let (key, secret) = admin.gateway_keys.create(&call.actor(), new_key_of(request)?).await?;
    let plaintext = secret.expose().to_owned();
    Ok(pb::CreateGatewayKeyResponse { gateway_key: Some(key_to_pb(key)), plaintext })
}

pub async fn list(
    admin: &Administration,
    call: &Call,
    mut request: pb::ListGatewayKeysRequest,
) -> Result<pb::ListGatewayKeysResponse> {
    let (size, token) = (page_size(take(&mut request.page_size)), take(&mut request.page_token));
    let tokens = PageTokens::of("gateway keys", &request);
    let after = tokens.place_of(&token)?.map(|place| (place.created_ms, place.id));
    // One more than the page holds tells whether there is another page.
    let query = ListKeys { active: request.active, after, limit: size as u32 + 1 };
    let mut keys = admin.gateway_keys.list(&call.actor(), query).await?;
    let more = keys.len() > size;
    keys.truncate(size);
    let place = |key: &GatewayKey| Place { created_ms: key.created_ms, id: key.id.clone() };
    Ok(pb::ListGatewayKeysResponse {
        next_page_token: keys.last().filter(|_| more).map(|key| tokens.token_of(&place(key))).unwrap_or_default(),
        gateway_keys: keys.into_iter().map(key_to_pb).collect(),
    })
}

pub async fn get(
    admin: &Administration,
    call: &Call,
    request: pb::GetGatewayKeyRequest,
) -> Result<pb::GetGatewayKeyResponse> {
    let key = admin.gateway_keys.get(&call.actor(), given(&request.id, "id")?).await?;
    Ok(pb::GetGatewayKeyResponse { gateway_key: Some(key_to_pb(key)) })
}

pub async fn update(
    admin: &Administration,
    call: &Call,
    request: pb::UpdateGatewayKeyRequest,
) -> Result<pb::UpdateGatewayKeyResponse> {
    let (id, change) = change_of(request)?;
    let key = admin.gateway_keys.update(&call.actor(), &id, change).await?;
    Ok(pb::UpdateGatewayKeyResponse { gateway_key: Some(key_to_pb(key)) })
}

pub async fn delete(
    admin: &Administration,
    call: &Call,
    request: pb::DeleteGatewayKeyRequest,
) -> Result<pb::DeleteGatewayKeyResponse> {
    admin.gateway_keys.delete(&call.actor(), given(&request.id, "id")?).await?;
    Ok(pb::DeleteGatewayKeyResponse {})
}
