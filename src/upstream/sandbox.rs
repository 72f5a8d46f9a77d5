//! Plays the sandbox provider's script: no socket, but the same waits and failures as a real upstream.

use futures_util::stream;
use tokio::time::{Instant, sleep, timeout_at};

use crate::{
    domain::failure::{FailureClass, UpstreamFailure},
    providers::sandbox::{Script, Step},
    routing::transport::EventStream,
};

/// Starts the script. What fails before its first event fails here, like an HTTP status would.
pub(super) async fn play(script: Script, deadline: Instant) -> Result<EventStream, UpstreamFailure> {
    let late = || UpstreamFailure::new(FailureClass::Timeout, "sandbox: no answer on purpose");
    timeout_at(deadline, begin(script)).await.unwrap_or_else(|_| Err(late()))
}

async fn begin(mut script: Script) -> Result<EventStream, UpstreamFailure> {
    loop {
        match script.next() {
            Some(Step::Wait(pause)) => sleep(pause).await,
            Some(Step::Fail(failure)) => return Err(failure),
            Some(Step::Hang) => std::future::pending().await,
            Some(Step::Event(event)) => {
                script.put_back(event);
                return Ok(Box::pin(stream::unfold(script, step)));
            }
            None => return Ok(Box::pin(stream::empty())),
        }
    }
}

async fn step(mut script: Script) -> Option<(<EventStream as futures_util::Stream>::Item, Script)> {
    loop {
        match script.next()? {
            Step::Wait(pause) => sleep(pause).await,
            Step::Event(event) => return Some((Ok(event), script)),
            Step::Fail(failure) => return Some((Err(failure), script.ended())),
            Step::Hang => std::future::pending().await,
        }
    }
}
