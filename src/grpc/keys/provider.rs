//! The rpcs of provider keys, tests and imports apart.

use std::pin::Pin;

use futures_util::Stream;
use tonic::Status;

use crate::{
    admin::Administration,
    domain::error::{Error, ErrorKind, Result},
    grpc::call::Call,
    pb,
};

fn not_yet() -> Error {
    Error::new(ErrorKind::NotImplemented, "not yet")
}

/// The events of a watch.
pub type Watched = Pin<Box<dyn Stream<Item = std::result::Result<pb::WatchProviderKeysResponse, Status>> + Send>>;

pub async fn create(
    _admin: &Administration,
    _call: &Call,
    _request: pb::CreateProviderKeyRequest,
) -> Result<pb::CreateProviderKeyResponse> {
    Err(not_yet())
}

pub async fn list(
    _admin: &Administration,
    _call: &Call,
    _request: pb::ListProviderKeysRequest,
) -> Result<pb::ListProviderKeysResponse> {
    Err(not_yet())
}

pub async fn get(
    _admin: &Administration,
    _call: &Call,
    _request: pb::GetProviderKeyRequest,
) -> Result<pb::GetProviderKeyResponse> {
    Err(not_yet())
}

pub async fn update(
    _admin: &Administration,
    _call: &Call,
    _request: pb::UpdateProviderKeyRequest,
) -> Result<pb::UpdateProviderKeyResponse> {
    Err(not_yet())
}

pub async fn delete(
    _admin: &Administration,
    _call: &Call,
    _request: pb::DeleteProviderKeyRequest,
) -> Result<pb::DeleteProviderKeyResponse> {
    Err(not_yet())
}

pub async fn delete_all(
    _admin: &Administration,
    _call: &Call,
    _request: pb::DeleteProviderKeysRequest,
) -> Result<pb::DeleteProviderKeysResponse> {
    Err(not_yet())
}

pub async fn select(
    _admin: &Administration,
    _call: &Call,
    _request: pb::SelectProviderKeyRequest,
) -> Result<pb::SelectProviderKeyResponse> {
    Err(not_yet())
}

pub async fn unselect(
    _admin: &Administration,
    _call: &Call,
    _request: pb::UnselectProviderKeyRequest,
) -> Result<pb::UnselectProviderKeyResponse> {
    Err(not_yet())
}

pub async fn watch(_admin: &Administration, _call: &Call, _request: pb::WatchProviderKeysRequest) -> Result<Watched> {
    Err(not_yet())
}
