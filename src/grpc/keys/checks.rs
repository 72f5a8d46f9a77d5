//! The rpcs that test provider keys.

use crate::{
    admin::Administration,
    domain::error::{Error, ErrorKind, Result},
    grpc::call::Call,
    pb,
};

fn not_yet() -> Error {
    Error::new(ErrorKind::NotImplemented, "not yet")
}

pub async fn test(
    _admin: &Administration,
    _call: &Call,
    _request: pb::TestProviderKeyRequest,
) -> Result<pb::TestProviderKeyResponse> {
    Err(not_yet())
}

pub async fn test_all(
    _admin: &Administration,
    _call: &Call,
    _request: pb::TestProviderKeysRequest,
) -> Result<pb::TestProviderKeysResponse> {
    Err(not_yet())
}
