//! `/api/v1/provider-keys`: storing, listing, changing, selecting and deleting them.

use axum::response::Response;

use crate::{
    api::provider_keys::{self, DeletedKeys, FILTERS, NewProviderKey, ProviderKey, ProviderKeyChanges},
    error::Failure,
    pb,
    routes::api::{
        call::{Call, created, gone, shown, silent},
        pages::{Pages, listed},
    },
};

pub async fn list(call: Call) -> Result<Response, Failure> {
    let query = call.query(&FILTERS)?;
    let filter = provider_keys::filter(&query)?;
    let ask = |page_size, page_token| {
        let message = pb::ListProviderKeysRequest { page_size, page_token, ..filter.clone() };
        let (mut client, request) = (call.keys(), call.request(message));
        async move {
            let page = client.list_provider_keys(request).await?.into_inner();
            Ok((page.provider_keys, page.next_page_token))
        }
    };
    Pages::of(&query)?.list(&call, ask, |keys| listed(keys.iter().map(ProviderKey::of))).await
}

pub async fn create(call: Call) -> Result<Response, Failure> {
    let message = call.json::<NewProviderKey>()?.into_request()?;
    let reply = call.keys().create_provider_key(call.request(message)).await?.into_inner();
    let key = reply.provider_key.ok_or_else(silent)?;
    Ok(created("/api/v1/provider-keys", &key.id, &ProviderKey::of(&key)))
}

pub async fn get(call: Call) -> Result<Response, Failure> {
    call.query(&[])?;
    let message = pb::GetProviderKeyRequest { id: call.resource.clone() };
    let reply = call.keys().get_provider_key(call.request(message)).await?.into_inner();
    show(reply.provider_key)
}

/// Selection is a call of its own, so it comes last: what can be refused is refused before it.
pub async fn change(call: Call) -> Result<Response, Failure> {
    let calls = call.json::<ProviderKeyChanges>()?.into_calls(call.resource.clone())?;
    let mut key = None;
    if let Some(message) = calls.update {
        key = call.keys().update_provider_key(call.request(message)).await?.into_inner().provider_key;
    }
    match calls.select {
        Some(true) => set_selected(call).await,
        Some(false) => set_unselected(call).await,
        None => show(key),
    }
}

pub async fn select(call: Call) -> Result<Response, Failure> {
    call.nothing(&[])?;
    set_selected(call).await
}

pub async fn unselect(call: Call) -> Result<Response, Failure> {
    call.nothing(&[])?;
    set_unselected(call).await
}

async fn set_selected(call: Call) -> Result<Response, Failure> {
    let message = pb::SelectProviderKeyRequest { id: call.resource.clone() };
    let reply = call.keys().select_provider_key(call.request(message)).await?.into_inner();
    show(reply.provider_key)
}

async fn set_unselected(call: Call) -> Result<Response, Failure> {
    let message = pb::UnselectProviderKeyRequest { id: call.resource.clone() };
    let reply = call.keys().unselect_provider_key(call.request(message)).await?.into_inner();
    show(reply.provider_key)
}

pub async fn delete(call: Call) -> Result<Response, Failure> {
    call.query(&[])?;
    let message = pb::DeleteProviderKeyRequest { id: call.resource.clone() };
    call.keys().delete_provider_key(call.request(message)).await?;
    Ok(gone())
}

/// Deletes all of one provider, never all of all.
pub async fn delete_all(call: Call) -> Result<Response, Failure> {
    let names = ["provider_name", "provider"];
    let provider = call.query(&names)?.text(&names)?;
    if provider.is_empty() {
        return Err(Failure::missing("provider_name"));
    }
    let message = pb::DeleteProviderKeysRequest { provider };
    let reply = call.keys().delete_provider_keys(call.request(message)).await?.into_inner();
    Ok(shown(&DeletedKeys { deleted_count: reply.deleted_count }))
}

fn show(key: Option<pb::ProviderKey>) -> Result<Response, Failure> {
    Ok(shown(&ProviderKey::of(&key.ok_or_else(silent)?)))
}
