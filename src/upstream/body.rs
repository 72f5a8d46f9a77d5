//! Reads whole bodies, never without a bound.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::time::timeout;

use super::failures::{network, silent};
use crate::domain::failure::{FailureClass, UpstreamFailure};

/// Largest whole reply. An audio or image answer is some megabytes.
pub(super) const MAX_REPLY_BYTES: usize = 64 << 20;
/// Largest error answer that is read; more is cut.
pub(super) const MAX_ERROR_BYTES: usize = 64 << 10;

/// Reads a body of at most `limit` bytes; cuts there when asked to, else fails.
pub(super) async fn read(
    mut response: reqwest::Response,
    idle: Duration,
    limit: usize,
    cut: bool,
) -> Result<Bytes, UpstreamFailure> {
    let Some(first) = chunk(&mut response, idle).await? else { return Ok(Bytes::new()) };
    let Some(second) = chunk(&mut response, idle).await? else { return Ok(first) };
    let mut body = BytesMut::from(first);
    body.extend_from_slice(&second);
    while let Some(more) = chunk(&mut response, idle).await? {
        if body.len() + more.len() > limit {
            if cut {
                break;
            }
            let message = format!("the provider's answer is larger than {limit} bytes");
            return Err(UpstreamFailure::new(FailureClass::BadResponse, message));
        }
        body.extend_from_slice(&more);
    }
    Ok(body.freeze())
}

async fn chunk(response: &mut reqwest::Response, idle: Duration) -> Result<Option<Bytes>, UpstreamFailure> {
    timeout(idle, response.chunk()).await.map_err(|_| silent(idle))?.map_err(network)
}
