//! `/api/v1/keys`: gateway keys of the caller's user.

use axum::response::Response;

use crate::{
    api::gateway_keys::{self, FILTERS, GatewayKey, GatewayKeyChanges, NewGatewayKey},
    error::Failure,
    pb,
    routes::api::{
        call::{Call, created, gone, shown, silent},
        pages::{Pages, listed},
    },
};

pub async fn list(call: Call) -> Result<Response, Failure> {
    let query = call.query(&FILTERS)?;
    let filter = gateway_keys::filter(&query)?;
    let ask = |page_size, page_token| {
        let message = pb::ListGatewayKeysRequest { page_size, page_token, ..filter.clone() };
        let (mut client, request) = (call.keys(), call.request(message));
        async move {
            let page = client.list_gateway_keys(request).await?.into_inner();
            Ok((page.gateway_keys, page.next_page_token))
        }
    };
    Pages::of(&query)?.list(&call, ask, |keys| listed(keys.iter().map(GatewayKey::of))).await
}

pub async fn create(call: Call) -> Result<Response, Failure> {
    let message = call.json::<NewGatewayKey>()?.into_request()?;
    let reply = call.keys().create_gateway_key(call.request(message)).await?.into_inner();
    let key = reply.gateway_key.ok_or_else(silent)?;
    Ok(created("/api/v1/keys", &key.id, &GatewayKey::of(&key).with_text(&reply.plaintext)))
}

pub async fn get(call: Call) -> Result<Response, Failure> {
    call.query(&[])?;
    let message = pb::GetGatewayKeyRequest { id: call.resource.clone() };
    let reply = call.keys().get_gateway_key(call.request(message)).await?.into_inner();
    show(reply.gateway_key)
}

pub async fn change(call: Call) -> Result<Response, Failure> {
    let message = call.json::<GatewayKeyChanges>()?.into_request(call.resource.clone())?;
    let reply = call.keys().update_gateway_key(call.request(message)).await?.into_inner();
    show(reply.gateway_key)
}

pub async fn delete(call: Call) -> Result<Response, Failure> {
    call.query(&[])?;
    let message = pb::DeleteGatewayKeyRequest { id: call.resource.clone() };
    call.keys().delete_gateway_key(call.request(message)).await?;
    Ok(gone())
}

fn show(key: Option<pb::GatewayKey>) -> Result<Response, Failure> {
    Ok(shown(&GatewayKey::of(&key.ok_or_else(silent)?)))
}
