//! What a service learns of its call: who calls, until when, and the provider keys among the metadata.

use std::sync::Arc;

use tonic::{Request, Status, metadata::MetadataMap};

use super::{call::Call, status::status_of};
use crate::{
    chat::CallContext,
    domain::{
        error::{Error, ErrorKind},
        key::{RequestKeyScope, RequestKeys},
    },
};

/// Headers that may carry a provider key, and the provider each is for.
pub type KeyHeaders = Arc<[(String, RequestKeyScope)]>;

/// Returns what the layer found out about the call.
pub fn call_of<M>(request: &mut Request<M>) -> Result<Call, Status> {
    let call = request.extensions_mut().remove::<Call>();
    call.ok_or_else(|| status_of(Error::new(ErrorKind::Internal, "a call past its layer"), ""))
}

/// Returns the context the layer and the metadata give.
pub fn context_of<M>(request: &mut Request<M>, headers: &KeyHeaders) -> Result<CallContext, Status> {
    let call = call_of(request)?;
    Ok(CallContext {
        request_keys: request_keys(headers, request.metadata()),
        caller: call.caller,
        request_id: call.request_id,
        deadline: call.deadline,
    })
}

/// Reads the provider keys among the metadata, in the order of `headers`.
fn request_keys(headers: &KeyHeaders, metadata: &MetadataMap) -> RequestKeys {
    let mut sent = Vec::new();
    for (name, value) in metadata.as_ref() {
        let known = headers.iter().position(|(known, _)| name.as_str() == known.as_str());
        if let (Some(at), Ok(secret)) = (known, value.to_str())
            && !secret.trim().is_empty()
        {
            sent.push((at, secret.trim().to_owned()));
        }
    }
    sent.sort_unstable_by_key(|(at, _)| *at);
    RequestKeys(sent.into_iter().map(|(at, secret)| (headers[at].1.clone(), secret.into())).collect())
}
