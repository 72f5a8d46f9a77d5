//! The commit point of a stream: its first visible event. What fails before it can be tried again unnoticed; what fails
//! after it is the caller's to know.

use futures_util::StreamExt as _;

use super::transport::EventStream;
use crate::domain::{
    event::ChatEvent,
    failure::{FailureClass, UpstreamFailure},
};

/// Events before the first visible one that are held at most; more is no stream a provider would send.
const MAX_HELD_EVENTS: usize = 256;

/// An answer that has begun.
pub struct Committed {
    /// What came up to and including the first visible event.
    pub head: Vec<ChatEvent>,
    pub rest: EventStream,
}

/// Waits for the first visible event.
pub async fn commit(mut events: EventStream) -> Result<Committed, UpstreamFailure> {
    let mut head = Vec::with_capacity(4);
    while head.len() < MAX_HELD_EVENTS {
        let Some(event) = events.next().await.transpose()? else {
            return Err(UpstreamFailure::new(
                FailureClass::BadResponse,
                "the provider's answer ended without a result",
            ));
        };
        let visible = event.is_visible();
        head.push(event);
        if visible {
            return Ok(Committed { head, rest: events });
        }
    }
    Err(UpstreamFailure::new(FailureClass::BadResponse, "the provider sent no output among its first events"))
}

#[cfg(test)]
mod tests;
