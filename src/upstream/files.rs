//! Sends the files a provider must have before a request, and puts their ids into it.

use http::{Method, header};
use reqwest::{Body, Url};

use super::{
    call::Call,
    form,
    key_hash::KeyHash,
    upload_cache::{FileKey, UploadCache},
};
use crate::{
    domain::failure::{FailureClass, UpstreamFailure},
    providers::adapter::{Encoded, FileAdapter, Reply, Upload},
};

/// Returns the request with the ids of its files. They go one after the other: they share the credential's place.
pub(super) async fn attach(
    call: Call<'_>,
    cache: &UploadCache,
    owner: KeyHash,
    encoded: &Encoded,
) -> Result<Encoded, UpstreamFailure> {
    let Some(adapter) = call.upstream.adapter.files() else {
        return Err(UpstreamFailure::new(FailureClass::Caller, "the provider takes no files"));
    };
    let mut ids = Vec::with_capacity(encoded.uploads.len());
    for upload in &encoded.uploads {
        let file = FileKey::of(owner, upload);
        let id = match cache.get(&file) {
            Some(id) => id,
            None => {
                let id = send(call, adapter, upload).await?;
                cache.put(file, id.clone());
                id
            }
        };
        ids.push(id);
    }
    let body = adapter.attach(encoded, &ids);
    Ok(Encoded { body, uploads: Vec::new(), ..encoded.clone() })
}

/// Forgets the files of a request that was refused: one of them may be gone.
pub(super) fn forget(cache: &UploadCache, owner: KeyHash, encoded: &Encoded) {
    encoded.uploads.iter().for_each(|upload| cache.forget(&FileKey::of(owner, upload)));
}

async fn send(call: Call<'_>, adapter: &dyn FileAdapter, upload: &Upload) -> Result<String, UpstreamFailure> {
    let Some(url) = address(call, adapter) else {
        return Err(UpstreamFailure::new(FailureClass::Caller, "the provider's address for files is no valid address"));
    };
    let (kind, body) = form::encode(adapter.fields(), upload);
    let mut request = call.request(Method::POST, url);
    request.headers_mut().insert(header::CONTENT_TYPE, kind);
    *request.body_mut() = Some(Body::wrap(body));
    let response = call.send(request).await?;
    let (status, headers, body) = call.whole(response).await?;
    adapter.decode_upload(Reply { status, headers: &headers, body: &body })
}

/// The operator's own address for files, or the adapter's path below the base URL.
fn address(call: Call<'_>, adapter: &dyn FileAdapter) -> Option<Url> {
    call.upstream.files_url().cloned().or_else(|| call.upstream.address(adapter.path()))
}
