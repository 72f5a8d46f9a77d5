//! The rpc that imports provider keys.

use crate::{
    admin::Administration,
    domain::error::{Error, ErrorKind, Result},
    grpc::call::Call,
    pb,
};

fn not_yet() -> Error {
    Error::new(ErrorKind::NotImplemented, "not yet")
}

pub async fn import(
    _admin: &Administration,
    _call: &Call,
    _request: pb::ImportProviderKeysRequest,
) -> Result<pb::ImportProviderKeysResponse> {
    Err(not_yet())
}
