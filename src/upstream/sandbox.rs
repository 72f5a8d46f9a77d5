//! Plays the sandbox provider's script: no socket, but the same waits and failures as a real upstream.

use futures_util::stream;
use tokio::time::{Instant, sleep, timeout_at};

use super::fan_out;
use crate::{
    domain::failure::{FailureClass, UpstreamFailure},
    providers::sandbox::{Script, Step},
    routing::transport::EventStream,
};

/// What is to be played.
pub struct Play {
    pub script: Script,
    /// How many choices are wanted; the script gives one.
    pub copies: u32,
    pub streamed: bool,
}

/// Starts a script for each choice. What fails before its first event fails here, like an HTTP status would.
pub(super) async fn play(play: &Play, deadline: Instant) -> Result<EventStream, UpstreamFailure> {
    let one = || one(play.script.clone(), deadline);
    match play.copies {
        0 | 1 => one().await,
        copies => fan_out::open((0..copies).map(|_| one()), !play.streamed).await,
    }
}

async fn one(script: Script, deadline: Instant) -> Result<EventStream, UpstreamFailure> {
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
