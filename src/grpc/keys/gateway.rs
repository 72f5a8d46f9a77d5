//! The rpcs of gateway keys.

use crate::{
    admin::Administration,
    domain::error::{Error, ErrorKind, Result},
    grpc::call::Call,
    pb,
};

fn not_yet() -> Error {
    Error::new(ErrorKind::NotImplemented, "not yet")
}

pub async fn create(
    _admin: &Administration,
    _call: &Call,
    _request: pb::CreateGatewayKeyRequest,
) -> Result<pb::CreateGatewayKeyResponse> {
    Err(not_yet())
}

pub async fn list(
    _admin: &Administration,
    _call: &Call,
    _request: pb::ListGatewayKeysRequest,
) -> Result<pb::ListGatewayKeysResponse> {
    Err(not_yet())
}

pub async fn get(
    _admin: &Administration,
    _call: &Call,
    _request: pb::GetGatewayKeyRequest,
) -> Result<pb::GetGatewayKeyResponse> {
    Err(not_yet())
}

pub async fn update(
    _admin: &Administration,
    _call: &Call,
    _request: pb::UpdateGatewayKeyRequest,
) -> Result<pb::UpdateGatewayKeyResponse> {
    Err(not_yet())
}

pub async fn delete(
    _admin: &Administration,
    _call: &Call,
    _request: pb::DeleteGatewayKeyRequest,
) -> Result<pb::DeleteGatewayKeyResponse> {
    Err(not_yet())
}
